"""The rules of deploy/prometheus as tests read them: each alarm, what its expression asks for, and what promtool's cases hold of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from newswire.catalogue import CATALOGUE, OF_THE_PROCESS
from newswire.catalogue.entry import Entry
from newswire.outcomes import Dependency, RunStage

ROOT: Final = Path(__file__).parents[1]
RULES: Final = ROOT / "deploy" / "prometheus" / "rules"
CASES: Final = ROOT / "deploy" / "prometheus" / "tests"
RUNBOOKS: Final = ROOT / "docs" / "runbooks"

_OF_EVERY_SERIES: Final = {"job", "instance", "le"}
_OF_HISTOGRAMS: Final = ("_bucket", "_count", "_sum")


@dataclass(frozen=True)
class Rule:
    """One alarm, or one recording rule (then `labels` are what it adds)."""

    name: str
    expression: str
    after: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One of promtool's groups: at which minutes the alarm is looked at, and how many then fire."""

    alarm: str
    looks: Sequence[tuple[float, int]]


def alarms() -> list[Rule]:
    return [
        Rule(one["alert"], one["expr"], one.get("for", "0m"), one["labels"], one["annotations"])
        for group in _groups("alarms.yaml")
        for one in group["rules"]
    ]


def recorded() -> list[Rule]:
    return [
        Rule(one["record"], one["expr"], "", one.get("labels", {}), {}) for group in _groups("recording.yaml") for one in group["rules"]
    ]


def cases() -> list[Case]:
    """Return what promtool is asked, alarm by alarm and in the order of time."""
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        for group in yaml.load(path.read_bytes(), yaml.CSafeLoader)["tests"]:
            looks: dict[str, list[tuple[float, int]]] = {}
            for look in group["alert_rule_test"]:
                looks.setdefault(look["alertname"], []).append((float(look["eval_time"].removesuffix("m")), len(look["exp_alerts"])))
            found += [Case(name, sorted(times)) for name, times in looks.items()]
    return found


def unknown_in(expression: str) -> Iterator[str]:
    """Yield what an expression names and the catalogue does not: metrics, labels, values of closed labels, bounds of buckets."""
    for name, matchers in re.findall(r"\b(newswire[_:][a-z0-9_:]+|process_[a-z_]+|up)\b(?:\{([^}]*)\})?", _without_words(expression)):
        if (known := _labels_of(name)) is None:
            yield f"no metric {name}"
            continue
        for label, operator, number in re.findall(r"(\w+)(=~|!~|!=|=)#(\d+)#", matchers):
            text = _words(expression)[int(number)]
            if label not in known.keys() | {"job", "instance"}:
                yield f"{name} has no label {label}"
                continue
            values = text.split("|") if "~" in operator else [text]
            closed = known.get(label, ())
            yield from (f"{name}: {label} is never {value}" for value in values if closed and value not in closed)
    labels = {label for entry in CATALOGUE.values() for label in _labels_of(entry.name) or {}} | _OF_EVERY_SERIES
    for listed in re.findall(r"\b(?:by|on|without|ignoring) \(([^)]*)\)", expression):
        yield from (f"no label {label}" for label in re.findall(r"\w+", listed) if label not in labels)


def _labels_of(name: str) -> Mapping[str, Sequence[str]] | None:
    """Return the labels of a metric, each with its values where they are a closed set; None where there is no such metric."""
    if name in {"up", *(entry.name for entry in OF_THE_PROCESS)}:
        return {}
    if name.startswith("newswire:"):
        return _RECORDED.get(name)
    entry = CATALOGUE.get(name) or next((CATALOGUE[base] for end in _OF_HISTOGRAMS if (base := name.removesuffix(end)) in CATALOGUE), None)
    return None if entry is None else _labels(entry, bucket=name.endswith("_bucket"))


def _labels(entry: Entry, *, bucket: bool = False) -> Mapping[str, Sequence[str]]:
    labels: dict[str, Sequence[str]] = {label.name: label.values for label in entry.labels}
    return labels | {"le": [str(float(bound)) for bound in entry.buckets]} if bucket else labels


def _without_words(expression: str) -> str:
    """Return an expression with a number for each text in it."""
    count = -1

    def numbered(_: "re.Match[str]") -> str:
        nonlocal count
        count += 1
        return f"#{count}#"

    return re.sub(r'"[^"]*"', numbered, expression)


def _words(expression: str) -> list[str]:
    return re.findall(r'"([^"]*)"', expression)


def _groups(name: str) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.load((RULES / name).read_bytes(), yaml.CSafeLoader)["groups"]
    return groups


_NONE: Final[Mapping[str, Sequence[str]]] = {}
_RECEIVER: Final = {"receiver": ()}
_RECORDED: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "newswire:stage_down": {"stage": list(RunStage)},
    "newswire:dependency_away": {"dependency": list(Dependency)},
    "newswire:sources": _labels(CATALOGUE["newswire_collectors_sources"]),
    "newswire:receiver_refusing": _RECEIVER,
    "newswire:outbox_oldest_seconds": _RECEIVER,
    "newswire:sends_refused:increase1h": _RECEIVER,
    "newswire:dead_letters:increase1h": {**_labels(CATALOGUE["newswire_dead_letters_total"]), "stage": list(RunStage)},
    **{rule.name: _NONE for rule in recorded() if "ratio" in rule.name or rule.name == "newswire:no_active_alerter"},
}
