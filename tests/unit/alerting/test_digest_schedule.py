"""When a digest is due: by its zone's clocks, over both changes of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.calendars import Day
from alerting.digests.schedule import last_time, moment_of, next_time
from alerting.routes import Digest

ZONES = (
    "UTC",
    "Asia/Karachi",
    "Asia/Kathmandu",
    "Europe/Brussels",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Tehran",
    "Pacific/Apia",
    "Pacific/Chatham",
)
MOMENTS = st.integers(946_684_800, 2_114_380_800).map(lambda second: datetime.fromtimestamp(second, UTC))  # 2000 to 2036
DAYS = st.one_of(st.none(), st.sets(st.sampled_from(Day), min_size=1).map(tuple))
DIGESTS = st.builds(
    lambda minute, days, zone: digest(f"{minute // 60:02}:{minute % 60:02}", days, zone),
    st.integers(0, 1_439),
    DAYS,
    st.sampled_from(ZONES),
)


def digest(at: str, days: Sequence[Day] | None = None, zone: str = "UTC") -> Digest:
    return Digest.model_validate({"to": "desk", "at": at, "zone": zone} | ({"days": days} if days else {}))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_digest_is_due_at_its_zones_time_and_never_at_the_moment_asked_from() -> None:
    karachi = digest("07:00", zone="Asia/Karachi")
    assert next_time(karachi, utc("2026-11-27 01:59")) == utc("2026-11-27 02:00")
    assert next_time(karachi, utc("2026-11-27 02:00")) == utc("2026-11-28 02:00")
    assert last_time(karachi, utc("2026-11-27 02:00")) == utc("2026-11-26 02:00")
    assert last_time(karachi, utc("2026-11-27 02:01")) == utc("2026-11-27 02:00")


def test_days_are_those_of_the_zone() -> None:
    # Monday 00:30 in Karachi is Sunday 19:30 in UTC.
    weekdays = digest("00:30", (Day.MON, Day.TUE, Day.WED, Day.THU, Day.FRI), "Asia/Karachi")
    assert next_time(weekdays, utc("2026-11-27 12:00")) == utc("2026-11-29 19:30")
    assert next_time(digest("07:00", (Day.SAT,)), utc("2026-11-28 07:00")) == utc("2026-12-05 07:00")


@pytest.mark.parametrize(
    ("zone", "at", "day", "due"),
    [
        ("Europe/Brussels", "02:30", "2026-03-29", "2026-03-29 01:00"),  # 02:00 to 03:00 is not there: at 03:00
        ("Europe/Brussels", "02:30", "2026-10-25", "2026-10-25 00:30"),  # 02:30 is there twice: the first
        ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-03 15:30"),  # half an hour is missing
        ("Asia/Beirut", "00:00", "2026-03-29", "2026-03-28 22:00"),  # midnight itself is missing
        ("Pacific/Apia", "07:00", "2011-12-30", "2011-12-30 10:00"),  # the whole day is missing: at midnight after it
    ],
)
def test_a_time_that_is_missing_or_there_twice(zone: str, at: str, day: str, due: str) -> None:
    assert moment_of(datetime.fromisoformat(day).date(), time.fromisoformat(at), ZoneInfo(zone)) == utc(due)
    everyday = digest(at, zone=zone)
    assert next_time(everyday, utc(due) - timedelta(minutes=1)) == utc(due)
    assert next_time(everyday, utc(due)) > utc(due) + timedelta(hours=6)


@given(DIGESTS, MOMENTS)
def test_the_next_time_is_after_and_the_last_one_before_and_nothing_lies_between(asked: Digest, moment: datetime) -> None:
    following, previous = next_time(asked, moment), last_time(asked, moment)
    assert previous < moment < following
    assert next_time(asked, previous) in (moment, following)
    assert last_time(asked, following) in (moment, previous)
    assert next_time(asked, following - timedelta(microseconds=1)) == following


@given(DIGESTS, MOMENTS)
def test_the_clocks_show_the_time_that_was_asked_or_one_just_after_a_gap(asked: Digest, moment: datetime) -> None:
    zone = ZoneInfo(asked.zone)
    due = next_time(asked, moment)
    local = due.astimezone(zone)
    if f"{local:%H:%M}" == asked.at:
        assert local.fold == 0
        assert asked.days is None or list(Day)[local.weekday()] in asked.days
    else:
        before = (due - timedelta(seconds=1)).astimezone(zone)
        skipped = local.replace(tzinfo=None) - before.replace(tzinfo=None)
        assert skipped > timedelta(seconds=1)
        assert f"{before:%Y-%m-%d %H:%M}" < f"{local:%Y-%m-%d} {asked.at}" or local.date() > before.date()
