"""How much the collectors hold back: from how far the pipeline behind them has fallen back, and from the space left on the disk. Pure.

Between a soft and a hard age fewer and fewer polls are made; past the hard one, or where the disk is nearly full, none. An age, not a
number of records, is what people can judge, and what retention is about (Fluent Bit's `mem_buf_limit` and Logstash's `queue.max_bytes`
bound bytes, because there the buffer is their own).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newswire.outcomes import PressureCause
from newswire.variables import DiskLow

_SLOWEST: Final = 0.99  # of a share that is not a stop
_NEVER_STOPPED: Final = 8  # soft ages to the slowest, where there is no hard one
_CALM: Final = 0.8  # of the soft age: below it, what was slow is said to be well again
_LIFTED: Final = 0.5  # of the way from the soft to the hard age: below it, what was stopped polls again


class Degree(StrEnum):
    """What the collectors do."""

    GO = "go"
    SLOW = "slow"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Limits:
    """When to slow down and when to stop; an age of 0 is never reached."""

    slow_after_s: float
    stop_after_s: float
    disk_low: DiskLow


@dataclass(frozen=True, slots=True)
class Behind:
    """How old the oldest record is that a stage has not taken yet; 0 where none waits."""

    cause: PressureCause
    age_s: float


@dataclass(frozen=True, slots=True)
class Disk:
    """The room on the disk of a folder that Newswire fills."""

    folder: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Pressure:
    """How much to hold back: `share` from 0 (not at all) to 1 (no new polls), by the cause that counts most, said in words."""

    degree: Degree = Degree.GO
    share: float = 0.0
    cause: PressureCause | None = None
    why: str = ""

    @property
    def stretch(self) -> float:
        """By how much of its own interval a due source is made to wait: so `1 - share` of the polls are left."""
        return self.share / (1 - self.share) if self.share < 1 else math.inf

    def room(self, most: int) -> int:
        """Return how many polls may be under way, of `most`: at least one while it is not a stop."""
        return 0 if self.degree is Degree.STOP else max(1, math.floor(most * (1 - self.share)))


def decide(behind: Sequence[Behind], disks: Sequence[Disk], limits: Limits, before: Pressure) -> Pressure:
    """Return the pressure of the cause that holds back most. `before` keeps it from going to and fro at a limit."""
    found = [*(_of_age(one, limits, before) for one in behind), *(_of_disk(disk, limits, before) for disk in disks)]
    return max(found, key=lambda pressure: (pressure.share, pressure.degree is not Degree.GO), default=Pressure())


def _of_age(one: Behind, limits: Limits, before: Pressure) -> Pressure:
    soft, hard = limits.slow_after_s, limits.stop_after_s
    most = hard or _NEVER_STOPPED * soft
    share = min(max((one.age_s - soft) / (most - soft), 0.0), _SLOWEST) if 0 < soft < most else 0.0
    same = before.cause is one.cause
    if 0 < hard <= one.age_s or (same and before.degree is Degree.STOP and share > _LIFTED):
        return Pressure(Degree.STOP, 1.0, one.cause, f"{_waits(one)}, NEWSWIRE_STOP_AFTER is {said(hard)}; {_WHAT_TO_DO[one.cause]}")
    if share > 0 or (same and before.degree is not Degree.GO and one.age_s > _CALM * soft > 0):
        return Pressure(Degree.SLOW, share, one.cause, f"{_waits(one)}, NEWSWIRE_SLOW_AFTER is {said(soft)}; {_WHAT_TO_DO[one.cause]}")
    return Pressure()


def _of_disk(disk: Disk, limits: Limits, before: Pressure) -> Pressure:
    low = max(limits.disk_low.size_bytes, limits.disk_low.share * disk.total_bytes)
    if before.cause is PressureCause.DISK and before.degree is Degree.STOP:
        low *= 2  # room for a while, once there is room again
    if low <= 0 or disk.free_bytes >= low:
        return Pressure()
    free = f"the disk of {disk.folder} has {_size(disk.free_bytes)} free ({disk.free_bytes / max(disk.total_bytes, 1):.0%})"
    return Pressure(
        Degree.STOP, 1.0, PressureCause.DISK, f"{free}, {_size(low)} are due (NEWSWIRE_DISK_LOW); {_WHAT_TO_DO[PressureCause.DISK]}"
    )


_WHO: Final = {PressureCause.PROCESSORS: "the processors are", PressureCause.ALERTING: "alerting and its archive is"}
_WHAT_TO_DO: Final = {
    PressureCause.PROCESSORS: "start more `newswire process`, or look into their log",
    PressureCause.ALERTING: "see that `newswire alert` runs and its database keeps up",
    PressureCause.DISK: "make room; polling goes on by itself at twice as much",
}


def _waits(one: Behind) -> str:
    return f"{_WHO[one.cause]} {said(one.age_s)} behind"


def said(seconds: float) -> str:
    """Return a duration as the settings write it, in one unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g}{unit}"
    return f"{seconds:.3g}s"


def _size(count: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} B"
