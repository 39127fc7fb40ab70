"""Time, behind one seam: wall clock for what is said, monotonic for what is waited."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What knows the time. The one implementation that runs is `SystemClock`; tests move their own."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from a clock that never jumps."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told: for tests and for timelines."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._start = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def set(self, now: datetime) -> None:
        self._now = now
