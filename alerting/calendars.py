"""Calendars: on which days and in which hours of a zone something holds. Pure: a calendar and a moment give the answer."""

import re
from datetime import datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from alerting.watchlists.faults import UnusableError
from alerting.watchlists.fields import Maybe, one_of
from alerting.watchlists.model import NAME_PATTERN
from alerting.watchlists.strict import STRICT

_DAY_MINUTES: Final = 24 * 60
_TIME: Final = re.compile("([01][0-9]|2[0-4]):([0-5][0-9])")
_HOURS_SHAPE: Final = "^([01][0-9]|2[0-4]):[0-5][0-9]-([01][0-9]|2[0-4]):[0-5][0-9]$"


class Day(StrEnum):
    """A day of the week, Monday first as in `datetime.weekday`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


DayField = Annotated[Day, BeforeValidator(one_of(Day, "day")), WithJsonSchema({"enum": [*map(str, Day)]})]


def _zone(raw: object) -> str:
    if not isinstance(raw, str):
        raise UnusableError("the name of a time zone is due here, such as Asia/Karachi")
    try:
        ZoneInfo(raw)
    except (OSError, ValueError, LookupError):
        near = get_close_matches(raw[:60], available_timezones(), n=1, cutoff=0.6)
        hint = f"did you mean {near[0]!r}?" if near else "it is named as in the IANA database, such as Asia/Karachi"
        raise UnusableError(f"unknown time zone {raw[:60]!r}; {hint}") from None
    return raw


Zone = Annotated[str, BeforeValidator(_zone), WithJsonSchema({"type": "string", "examples": ["Asia/Karachi", "UTC"]})]
"""A time zone's name in the IANA database."""


def minute_of(text: str) -> int:
    """Return the minute of the day of `07:00`: 420. `24:00` is the end of the day.

    Raises:
        UnusableError: it is no time of day.

    """
    found = _TIME.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else -1
    if not 0 <= minutes <= _DAY_MINUTES:
        raise UnusableError(f"a time of day is due here, such as 07:00 or 22:30, not {text[:40]!r}")
    return minutes


def _time_of_day(raw: object) -> str:
    if not isinstance(raw, str):
        raise UnusableError("a time of day is due here, such as 07:00")
    if minute_of(raw) == _DAY_MINUTES:
        raise UnusableError("a time of day is due here; the day begins at 00:00")
    return raw


TimeOfDay = Annotated[str, BeforeValidator(_time_of_day), WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})]


def _hours(raw: object) -> str:
    parts = raw.split("-") if isinstance(raw, str) else []
    if len(parts) != 2:
        raise UnusableError(f'hours are written as "08:00-20:00", not {str(raw)[:40]!r}')
    begin, end = (minute_of(part.strip()) for part in parts)
    if begin in (end, _DAY_MINUTES):
        raise UnusableError(f'{raw!r} is no time at all; the whole day is "00:00-24:00"')
    return f"{parts[0].strip()}-{parts[1].strip()}"


Hours = Annotated[str, BeforeValidator(_hours), WithJsonSchema({"type": "string", "pattern": _HOURS_SHAPE, "examples": ["08:00-20:00"]})]
"""From a time of day up to another, which is that of the next day where it is the earlier one: `22:00-06:00`."""


class Calendar(BaseModel):
    """Days and hours by a zone's clocks, daylight saving included. Hours over midnight belong to the day on which they begin."""

    model_config = STRICT
    name: Annotated[str, Field(pattern=f"^{NAME_PATTERN}$", description="how routes name it under `during`")]
    zone: Annotated[Zone, Field(description="whose clocks count: Asia/Karachi")]
    days: Annotated[
        Maybe[Annotated[tuple[DayField, ...], Field(min_length=1)]], Field(description="[mon, tue, …]; every day where it is missing")
    ] = None
    hours: Annotated[
        Maybe[Annotated[tuple[Hours, ...], Field(min_length=1)]], Field(description='["08:00-20:00"]; the whole day where it is missing')
    ] = None

    def covers(self, at: datetime) -> bool:
        """Return whether the moment, an aware time, lies in the calendar."""
        local = at.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        today, yesterday = (list(Day)[(local - back).weekday()] for back in (timedelta(0), timedelta(days=1)))
        for hours in self.hours or ("00:00-24:00",):
            begin, end = (minute_of(part) for part in hours.split("-"))
            if begin < end:
                if self._on(today) and begin <= minute < end:
                    return True
            elif (self._on(today) and minute >= begin) or (self._on(yesterday) and minute < end):
                return True
        return False

    def _on(self, day: Day) -> bool:
        return self.days is None or day in self.days
