"""What became of one condition, and why."""

from dataclasses import dataclass

from alerting.watchlists.facts import Spot


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition and a report: whether it holds, `because` of what and where, else what was missed."""

    key: str
    holds: bool
    because: tuple[str, ...] = ()
    spots: tuple[Spot, ...] = ()
    missed: str = ""
