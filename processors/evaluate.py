"""Predictions against labels: what `newswire evaluate` shows, in the rows and columns that the README quotes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from processors.item_sets import By, sets_of
from processors.labelled import FOR_SCORING, read_labelled
from processors.mistakes import mistakes_of
from processors.reliability import reliability_of
from processors.scores import Counts, Record, Scores

if TYPE_CHECKING:
    from processors.assess import Cluster
    from processors.understand import Understanding

_COLUMNS: Final = {
    "f1": "F1",
    "precision": "prec.",
    "recall": "recall",
    "accuracy": "3 labels",
    "partners": "partners",
    "organisations": "organis.",
    "topics": "topics",
    "home": "home",
    "stories": "stories",
    "pairs": "pairs",
}
_NAME: Final = 24  # width of a set's name


class Part(Protocol):
    """Something shown under the table: mistakes, reliability."""

    def as_text(self) -> str:
        """Return it for a terminal."""
        ...

    def as_json(self) -> Any:
        """Return it as plain data."""
        ...


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores by system and by set of items, in the order in which they are shown; notes say what a reader must know of them."""

    rows: tuple[tuple[str, str, Scores], ...]  # system, set, scores
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)

    def with_part(self, name: str, part: Part) -> "Evaluation":
        """Return the evaluation with one more part under its table."""
        return replace(self, parts={**self.parts, name: part})

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain data, rounded to three places."""
        figures: dict[str, dict[str, Any]] = {}
        for system, name, scores in self.rows:
            figures.setdefault(system, {})[name] = plain(scores)
        parts = {name: part.as_json() for name, part in self.parts.items()}
        return {"provenance": dict(self.provenance), "notes": list(self.notes), "figures": figures, **parts}

    def as_text(self) -> str:
        """Return the figures as a table for a terminal, the bounds of each under it."""
        lines: list[str] = []
        before = None
        for system, name, scores in self.rows:
            if system != before:
                lines += ["", f"{system:<{_NAME}}{'items':>6}" + "".join(f"{title:>10}" for title in _COLUMNS.values())]
            lines += _lines(name, scores)
            before = system
        lines += ["", *self.notes]
        for part in self.parts.values():
            lines += ["", part.as_text()]
        return "\n".join(lines).strip("\n")


def _lines(name: str, scores: Scores) -> Iterator[str]:
    shown = [scores.figures.get(column) for column in _COLUMNS]
    yield f"  {name[: _NAME - 3]:<{_NAME - 2}}{scores.items:>6}" + "".join(
        "–".rjust(10) if one is None else f"{one.value:10.3f}" for one in shown
    )
    bounds = ["" if one is None else f"{_bound(one.low)}–{_bound(one.high)}" for one in shown]
    yield (" " * (_NAME + 6) + "".join(f"{one:>10}" for one in bounds)).rstrip()


def _bound(value: float) -> str:
    return "1" if value > 0.9995 else f"{value:.3f}".removeprefix("0")


def plain(scores: Scores) -> dict[str, Any]:
    """Return scores as plain data: the three figures of diplomacy under that name, the others under theirs, all bounds under `intervals`."""
    values = {name: round(one.value, 3) for name, one in scores.figures.items()}
    of_diplomacy = ("f1", "precision", "recall")
    return {
        "items": scores.items,
        "diplomacy": {name: values[name] for name in of_diplomacy if name in values},
        **{name: value for name, value in values.items() if name not in of_diplomacy},
        "intervals": {name: [round(one.low, 3), round(one.high, 3)] for name, one in scores.figures.items()},
        "confusion": {true: dict(found) for true, found in scores.confusion.items()},
    }


def recorded(figures: Mapping[str, Any], name: str) -> float | None:
    """Return a figure from what `plain` made of scores; None where it was not taken."""
    value = figures.get("diplomacy", {}).get(name, figures.get(name))
    return float(value) if isinstance(value, int | float) and not math.isnan(value) else None


def evaluation(
    understanding: "Understanding",
    files: Sequence[Path],
    *,
    cluster: "Cluster | None" = None,
    by: By | None = None,
    errors: bool = False,
    reliability: bool = False,
) -> Evaluation:
    """Return the scores of the shipped weights on labelled files.

    Raises:
        ConfigurationError: lines that are no labelled records, with their numbers.

    """
    from processors.assess import beside, explained, give_stories, understand  # noqa: PLC0415 -- scoring alone needs no understanding

    records = read_labelled(files, needed=FOR_SCORING)
    understood = understand(understanding, records)
    predictions = [explained(record, found) for record, found in zip(records, understood, strict=True)]
    if cluster:
        give_stories(records, predictions, cluster, known=[beside(found) for found in understood])
    seen = [path.name for path in files if understanding.was_trained_on(path)]
    notes = (f"The shipped weights were trained on {', '.join(seen)}: these figures are no measure; --cross-validate is.",) if seen else ()
    rows = tuple(("Shipped weights", *row) for row in score_sets(records, predictions, stories=cluster is not None, by=by))
    out = Evaluation(rows, notes)
    if reliability:
        out = out.with_part("reliability", reliability_of(records, predictions))
    return out.with_part("errors", mistakes_of(records, predictions)) if errors else out


def score_sets(
    records: Sequence[Record], predictions: Sequence[Record], *, stories: bool = False, by: By | None = None
) -> list[tuple[str, Scores]]:
    """Return the scores of every set of items that has any."""
    counts = Counts(records, predictions, stories=stories)
    return [(name, counts.scores(chosen)) for name, chosen in sets_of(records, by) if chosen]
