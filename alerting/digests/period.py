"""The time that a digest is about, and its moments by the readers' clocks. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

_WEEKDAY_TELLS: Final = 6
"""Within so many days a weekday names just one."""


@dataclass(frozen=True, slots=True)
class Period:
    """The time that a digest is about, [since, until), and the zone of its readers; `following` is when the next one is due."""

    since: datetime
    until: datetime
    zone: str = "UTC"
    following: datetime | None = None


def moment(at: datetime | float, period: Period) -> str:
    """Return `02:14`, and the day before it where it is not the one on which the period ends: `Thu 23:40`, `20 Nov 23:40`."""
    zone = ZoneInfo(period.zone)
    local = (at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)).astimezone(zone)
    days = period.until.astimezone(zone).date() - local.date()
    if not days:
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if abs(days.days) <= _WEEKDAY_TELLS else f"{local:%-d %b %H:%M}"
