"""docs/metrics.md, written from the catalogue: what each metric means, what is normal, what to do. A test holds the file to it. Pure."""

from collections.abc import Iterator
from typing import Final

from newswire.catalogue import OF_THE_PROCESS, SECTIONS, Entry
from newswire.catalogue.entry import NAMES_CAP, Across
from newswire.outcomes import RunStage

_ACROSS: Final = {
    Across.SUM: "`sum`",
    Across.MAX: "`max`",
    Across.MIN: "`min`",
    Across.EACH: "each by itself",
}
_INTRODUCTION: Final = (
    "# Metrics",
    (
        "Written from the code by `newswire reference`: `newswire/catalogue/` is what the metrics are built from. docs/operating.md tells how "
        "they are scraped, docs/alarms.md which of them wake somebody, docs/dashboards.md where they are drawn."
    ),
    (
        "Every process serves its own `/metrics`; it answers while store and bus are away, since it asks neither: workers look at them, and "
        "show what they saw. For each stage the sum of `…_total` over its outcomes equals `…_in_total` when nothing is in flight."
    ),
    (
        "**Several processes.** Counters and histograms are each process's own share: `sum`. What is read from the shared store or bus is the "
        "same in all that look, give or take a few seconds: `max`. *Each by itself* is about the one process, which `instance` names. "
        "Only the active alerter shows outbox, silences and what it calls; one that stands by shows none of it."
    ),
    (
        "**No sample** of a gauge means that this process does not know: it does not run that stage, or has not looked yet. Counters are there "
        "from the start, at 0, so that the first event is seen as an increase."
    ),
    (
        f"**Labels** take their values from closed sets (docs/reference.md, Outcomes and reasons), or are names of the loaded configuration, "
        f"{NAMES_CAP} a label at most. Whatever else would be counted counts as `other`: nothing that the world sends makes a series."
    ),
)


def metrics_text() -> str:
    """Return the whole of docs/metrics.md."""
    parts = [*_INTRODUCTION]
    for title, entries in (*SECTIONS.items(), ("The process itself", OF_THE_PROCESS)):
        parts.append(f"## {title}")
        for entry in entries:
            parts += _about(entry)
    return "\n\n".join(parts) + "\n"


def _about(entry: Entry) -> Iterator[str]:
    yield f"### {entry.name}"
    yield entry.meaning
    yield "\n".join(
        (
            f"- {entry.kind} · {entry.unit} · several processes: {_ACROSS[entry.across]}{_by(entry)}",
            *(f"- `{label.name}`: {_values(label.of, label.values)}" for label in entry.labels),
            *([f"- buckets: {', '.join(f'{edge:g}' for edge in entry.buckets)}: {entry.buckets_because}"] if entry.buckets else ()),
            f"- normal: {entry.normal}",
            f"- otherwise: {entry.act}",
        )
    )


def _by(entry: Entry) -> str:
    if entry.stages == frozenset(RunStage):
        return ""
    return f" · of processes that {' or '.join(stage for stage in RunStage if stage in entry.stages)}"


def _values(of: str, values: tuple[str, ...]) -> str:
    if not values:
        return f"{of}, as many as {NAMES_CAP}, else `other`"
    shown = ", ".join(f"`{value}`" for value in values if value)
    return f"{of}: {shown}"
