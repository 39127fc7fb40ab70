"""How a story is told that has no message of its own: by which digest, why, and when. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from newswire.outcomes import GatherReason


@dataclass(frozen=True, slots=True)
class Full:
    """A cap that is reached: of a watchlist at a receiver, or of the receiver itself."""

    watchlist: str | None  # None: the receiver's own
    per_hour: int
    until: datetime  # there is room again


@dataclass(frozen=True, slots=True)
class Gathering:
    """The digest that tells a story, and why no message of its own does."""

    gathered_for: str  # a digest receiver, `overflow:RECEIVER` or `outage:RECEIVER`
    reason: GatherReason
    due_at: datetime
    zone: str | None = None  # whose clocks the digest goes by
    calendar: str | None = None  # outside of which it came
    full: Full | None = None

    def facts(self, receiver: str) -> dict[str, Any]:
        """Return what the trail keeps of it, JSON values only."""
        found: dict[str, Any] = {
            "receiver": receiver,
            "reason": self.reason.value,
            "for": self.gathered_for,
            "due_at": self.due_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        if self.zone is not None:
            found["zone"] = self.zone
        if self.calendar is not None:
            found["calendar"] = self.calendar
        if self.full is not None:
            found |= {"watchlist": self.full.watchlist, "per_hour": self.full.per_hour}
        return found
