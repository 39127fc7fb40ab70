"""When a digest is due, by the clocks of its zone. Pure.

A local time that a day does not have (clocks go forward over it) is the first moment after the gap; one that a day has twice is the first.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from alerting.calendars import Day, minute_of
from alerting.routes import Digest

_AROUND: Final = timedelta(days=9)
"""A week has each of its days, and a zone may have skipped one: Samoa had no 30 December 2011."""

_SECOND: Final = timedelta(seconds=1)


def next_time(digest: Digest, after: datetime) -> datetime:
    """Return the first time, in UTC, at which the digest is due after this moment, an aware one; never the moment itself."""
    return min(due for due in _times_around(digest, after) if due > after)


def last_time(digest: Digest, before: datetime) -> datetime:
    """Return the last time, in UTC, at which the digest was due before this moment, an aware one; never the moment itself."""
    return max(due for due in _times_around(digest, before) if due < before)


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which the clocks of the zone show this time on this day."""
    local = datetime.combine(day, at, tzinfo=zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # By the offset of before the gap it is a moment after it, by the offset of after the gap a moment before it.
    return _change(local.replace(fold=1).astimezone(UTC), moment, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment after `before` that has the offset of `after`."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def _times_around(digest: Digest, moment: datetime) -> Iterator[datetime]:
    zone = ZoneInfo(digest.zone)
    minutes = minute_of(digest.at)
    at = time(minutes // 60, minutes % 60)
    day, last = (moment.astimezone(zone).date() + sign * _AROUND for sign in (-1, 1))
    while day <= last:
        if digest.days is None or list(Day)[day.weekday()] in digest.days:
            yield moment_of(day, at, zone)
        day += timedelta(days=1)
