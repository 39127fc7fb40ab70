"""Moments, lengths, sizes and faults as a person reads them. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from newswire.errors import Fault, one_line

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def length(seconds: float) -> str:
    """Return how long that is, in one unit: `40 s`, `12 min`, `5 h`, `3 days`."""
    if seconds < 100:
        return f"{max(0.0, seconds):.0f} s"
    if seconds < 100 * _MINUTE:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.0f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.0f} days"


def many(count: int, noun: str) -> str:
    """Return `1 source`, `12,345 sources`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Return the first of them, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def age(seconds: float) -> str:
    """Return how long ago that was."""
    return f"{length(seconds)} ago"


def moment(at: float, now: float, zone: tzinfo | None, *, ago: bool = True) -> str:
    """Return the moment by the clocks of `zone` (None: this machine's), with its day where that is another one, and how long ago it was."""
    shown, today = (datetime.fromtimestamp(one, UTC).astimezone(zone) for one in (at, now))
    text = f"{shown:%H:%M}" if shown.date() == today.date() else f"{shown:%d %b %H:%M}"
    if abs(shown - today) > timedelta(days=300):
        text = f"{shown:%d %b %Y}"
    return f"{text} ({age(now - at)})" if ago and now >= at else text


def size(count: float | None) -> str:
    """Return so many bytes in one unit."""
    for unit, step in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count is not None and count >= step:
            return f"{count / step:.3g} {unit}"
    return f"{count or 0:.0f} B"


def fault_in_words(fault: Fault) -> str:
    """Return the fault with the file that it is in; one of the environment names its variable itself."""
    return one_line(fault.message) if fault.file in {"environment", "NEWSWIRE_BUS"} else str(fault)
