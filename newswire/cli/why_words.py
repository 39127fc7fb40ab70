"""The answer of `newswire why` in one sentence and its remedy, and how moments are written in it."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """Where an item's way ended."""

    stage: str | None  # None: it came through
    reason: str | None  # of the closed sets of `newswire.outcomes`, or a receiver's own word
    said: str
    otherwise: str  # what would have to be otherwise; empty where nothing need be
    told: bool = False
    waits: bool = False  # it is on its way: nothing stopped it


def moment(at: float) -> str:
    """Return a moment in words, in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%d %b %Y %H:%M} UTC"
