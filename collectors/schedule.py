"""When a source is polled next. Pure: facts of the poll that ended in, seconds out.

The interval is multiplicative: news shortens it, silence lengthens it, between a floor (politeness) and a ceiling (an hour).
Failures wait longer and longer, up to a day, with jitter so that sources which failed together do not come back together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from newswire.outcomes import FetchReason, ParseReason, PollOutcome

HOUR_S: Final = 3_600.0
DAY_S: Final = 86_400.0
FIRST_FLOORS: Final = 5.0  # a new source starts at so many floors
AT_LEAST_S: Final = 0.001  # the next poll is never at the instant of this one, even with a floor of 0
_NEWS: Final = 0.6
_NO_NEWS: Final = 1.25
_GAP: Final = 0.5
_FAILED_FIRST_S: Final = 1.0  # matters only where tests and demonstrations poll without any wait
_KILLED_TWICE_S: Final = 6 * HOUR_S
_HOST_BUSY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """The facts of one poll that matter for the next."""

    outcome: PollOutcome
    reason: FetchReason | ParseReason | None = None
    news: int = 0
    possible_gap: bool = False
    asked_s: float | None = None  # the longest wait that TTL, Cache-Control or Expires asks for
    retry_after_s: float | None = None
    failures: int = 0  # in a row, this one included
    killed_before: bool = False  # the parse before this one was ended by the jail too


@dataclass(frozen=True, slots=True)
class Next:
    """The adaptive interval to keep, and the wait until the next poll."""

    interval_s: float
    wait_s: float


def first_interval(configured_s: float | None, floor_s: float) -> float:
    """Return the interval that a new source starts with."""
    return max(configured_s, floor_s) if configured_s is not None else min(FIRST_FLOORS * floor_s, ceiling(floor_s))


def ceiling(floor_s: float) -> float:
    """Return the longest adaptive interval; with a floor of 0 (tests, demonstrations) there is no waiting at all."""
    return max(HOUR_S, floor_s) if floor_s > 0 else 0.0


def next_poll(ended: Ended, *, interval_s: float, configured_s: float | None, floor_s: float, jitter: float) -> Next:
    """Return when to poll again. `jitter` is a number from 0 to 1, drawn by the caller."""
    interval_s = _interval(ended, interval_s, configured_s, floor_s)
    if ended.reason is FetchReason.HOST_BUSY:  # nothing was asked of the source yet
        return Next(interval_s, max(AT_LEAST_S, min(ended.retry_after_s or _HOST_BUSY_S, DAY_S)))
    if ended.outcome is PollOutcome.FAILED:
        return Next(interval_s, _after_failure(ended, max(interval_s, floor_s), jitter))
    wait_s = interval_s
    if configured_s is None and ended.asked_s is not None:
        wait_s = max(wait_s, min(ended.asked_s, ceiling(floor_s)))
    if configured_s is None:  # a tenth of jitter keeps sources that started together from being due together for ever
        wait_s *= 1 + 0.1 * jitter
    if ended.retry_after_s is not None:
        wait_s = max(wait_s, min(ended.retry_after_s, DAY_S))
    return Next(interval_s, max(AT_LEAST_S, wait_s))


def _interval(ended: Ended, interval_s: float, configured_s: float | None, floor_s: float) -> float:
    if configured_s is not None:
        return max(configured_s, floor_s)
    if ended.outcome is PollOutcome.FAILED:
        return interval_s
    factor = _GAP if ended.possible_gap else _NEWS if ended.news else _NO_NEWS
    return min(max(interval_s * factor, floor_s), ceiling(floor_s))


def _after_failure(ended: Ended, interval_s: float, jitter: float) -> float:
    wait_s = max(interval_s, _FAILED_FIRST_S) * 2.0 ** min(max(ended.failures - 1, 0), 20)
    if ended.reason is ParseReason.PARSE_KILLED and ended.killed_before:
        wait_s = max(wait_s, _KILLED_TWICE_S)
    wait_s = min(wait_s * (0.75 + 0.5 * jitter), DAY_S)
    return max(wait_s, min(ended.retry_after_s, DAY_S)) if ended.retry_after_s is not None else wait_s


def asked_wait(headers: Mapping[str, str], ttl_s: float | None, now: datetime) -> float | None:
    """Return the longest of the waits that a feed asks for: its TTL, Cache-Control's max-age, or Expires; None where it asks for none."""
    asked = [ttl_s] if ttl_s is not None else []
    directives = [part.strip().lower() for part in headers.get("cache-control", "").split(",")]
    if not {"no-cache", "no-store"} & set(directives):
        age = next((part[8:].strip('"') for part in directives if part.startswith("max-age=")), None)
        if age is not None:
            if age.isascii() and age.isdigit() and len(age) < 10:
                asked.append(float(age))
        else:
            asked.extend(_until(headers.get("expires", ""), now))
    return max(asked, default=None)


def _until(written: str, now: datetime) -> list[float]:
    try:
        expires = parsedate_to_datetime(written[:100])
        wait_s = (expires - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return []
    return [wait_s] if wait_s > 0 else []
