from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.dates import FUTURE_LEEWAY, published_at, read_date
from tests.fakes import NOW


def at(hour: int, minute: int = 0, day: int = 2, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "country", "instant"),
    [
        ("Mon, 02 Nov 2026 15:00:00 PKT", None, at(10)),
        ("Mon, 02 Nov 2026 15:00:00 +0500", None, at(10)),
        ("Mon, 02 Nov 2026 15:00:00 GMT+5", None, at(10)),
        ("Mon, 02 Nov 2026 15:00:00 KST", None, at(6)),
        ("Mon, 02 Nov 2026 15:00:00 MSK", None, at(12)),
        ("Mon, 02 Nov 2026 15:00:00 IST", None, at(9, 30)),
        ("Mon, 02 Nov 2026 15:00:00 IST", "IL", at(13)),
        ("Mon, 02 Nov 2026 15:00:00 CST", "CN", at(7)),
        ("Mon, 02 Nov 2026 15:00:00 CST", "US", at(21)),
        ("Mon, 02 Nov 2026 15:00:00 EST", None, at(20)),
        ("Mon, 02 Nov 2026 15:00:00 Z", None, at(15)),
        ("Mon, 2 Nov 26 15:00 UT", None, at(15)),
        ("Monday, 2 November 2026 15:00:00 GMT", None, at(15)),
        ("02 Nov 2026 15:00:00 GMT (UTC)", None, at(15)),
        ("02-Nov-2026 15:00:00", None, at(15)),
        ("Mon Nov  2 15:00:00 2026", None, at(15)),
        ("Mon Nov 2 15:00:00 PKT 2026", None, at(10)),
        ("November 2, 2026 3:00 PM", None, at(15)),
        ("Nov 2nd, 2026", None, at(0)),
        ("2 November 2026, 12:05 am", None, at(0, 5)),
        ("2026-11-02T15:00:00Z", None, at(15)),
        ("2026-11-02T15:00:00.123456+05:00", None, at(10)),
        ("2026-11-02T15:00+0500", None, at(10)),
        ("2026-11-02 15:00:00 PKT", None, at(10)),
        ("2026-11-02 15:00:00", "PK", at(10)),
        ("2026-11-02", None, at(0)),
        ("2026/11/02 10:00", None, at(10)),
        ("2026.11.02", "KR", at(15, day=1)),
        ("20261102T150000Z", None, at(15)),
        ("20261102", None, at(0)),
        ("1793610000", None, at(9)),
        ("1793610000123", None, at(9)),
        ("2026-11-02T23:59:60Z", None, at(23, 59, second=59)),
        ("02.11.2026 15:00", "RU", at(15)),
        ("02/11/2026", None, at(0)),
        ("Пн, 2 ноября 2026 15:00:00 +0300", None, at(12)),
        ("2 Kasım 2026 15:00", "TR", at(12)),
        ("lundi 2 novembre 2026 à 15:00", None, at(15)),
        ("2. November 2026 um 15:00", None, at(15)),
        ("2 de noviembre de 2026", None, at(0)),
        ("٢ نوفمبر ٢٠٢٦", "SA", at(21, day=1)),
        ("2 نومبر 2026، 15:00", "PK", at(10)),
        ("2026年11月2日 18:00", "CN", at(10)),
        ("2026년 11월 2일", "KR", at(15, day=1)),
    ],
)
def test_a_date_is_read_as_it_is_meant(written: str, country: str | None, instant: datetime) -> None:
    assert read_date(written, country=country) == instant


@pytest.mark.parametrize(
    "written",
    [
        *("", "yesterday", "n/a", "0", "31 Feb 2026", "2026-13-01", "Mon, 02 Nov 2026 25:00:00 GMT", "Mon, 02 Nov 2026 10:00:00 XYZ"),
        *("2026", "10:00", "1", "99999999999999999999", "2026-11-02T10:00:00+99:99", "1" * 100_000, " " * 100_000, ":" * 100_000),
    ],
)
def test_what_is_no_date_is_none(written: str) -> None:
    assert read_date(written) is None


@given(st.text(max_size=60) | st.text(alphabet="0123456789-/: TZ+.novPMm,年月日", max_size=40))
def test_anything_is_read_or_none(written: str) -> None:
    found = read_date(written)
    assert found is None or found.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1996, 1, 1), max_value=datetime(2026, 11, 1)), st.integers(-12 * 60, 14 * 60))  # noqa: DTZ001 -- made aware below
def test_an_iso_date_comes_back_as_it_was(moment: datetime, minutes: int) -> None:
    aware = (moment.replace(tzinfo=UTC) + timedelta(minutes=minutes)).replace(microsecond=0)
    sign = "-" if minutes < 0 else "+"
    written = f"{aware:%Y-%m-%dT%H:%M:%S}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    assert read_date(written) == moment.replace(tzinfo=UTC, microsecond=0)


def test_the_first_date_that_can_be_read_counts() -> None:
    assert published_at(("n/a", "2026-11-01T10:00:00Z"), now=NOW) == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert published_at((), now=NOW) is None


def test_a_date_in_the_future_is_clamped_and_an_absurd_one_is_none() -> None:
    assert published_at(("2026-11-02T23:00:00Z",), now=NOW) == NOW + FUTURE_LEEWAY
    assert published_at(("2031-01-01",), now=NOW) is None
    assert published_at(("1970-01-01T00:00:00Z",), now=NOW) is None
