"""What is written down of a metric: enough to build it, to bound it, and to explain it to whoever is woken by it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newswire.outcomes import RunStage

OTHER: Final = "other"
"""What a value counts as that is outside of its label's closed set, or past the cap of names."""

NO_COUNTRY: Final = "none"
"""The country of a source that has none."""

NAMES_CAP: Final = 200
"""So many names of loaded configuration may be values of one label."""


class Kind(StrEnum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Across(StrEnum):
    """How one figure is made of what several processes show."""

    SUM = "sum"  # each shows its own share
    MAX = "max"  # all show what they share, as each saw it last
    MIN = "min"  # all are right only where each is
    EACH = "each"  # it is about the one process


@dataclass(frozen=True, slots=True)
class Label:
    """A label and where its values come from: a closed set, or (`values` is empty) names that `of` describes, up to `NAMES_CAP`."""

    name: str
    of: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One metric. `pairs` are the values that its last two labels take together, where not every combination of them occurs."""

    name: str
    kind: Kind
    meaning: str
    unit: str
    normal: str
    act: str
    across: Across
    labels: tuple[Label, ...] = ()
    stages: frozenset[RunStage] = frozenset(RunStage)  # a process that runs none of these never sets it
    pairs: tuple[tuple[str, str], ...] = ()
    buckets: tuple[float, ...] = ()
    buckets_because: str = ""


def closed(name: str, kind: type[StrEnum], *, also: Iterable[str] = ()) -> Label:
    """Return the label whose values are those of an enum."""
    return Label(name, kind.__name__, tuple(member.value for member in kind) + tuple(also))


def ended(outcome: str, reasons: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return an outcome with each of the reasons that it may have."""
    return tuple((outcome, str(reason)) for reason in reasons)
