from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.schedule import DAY_S, Ended, Next, asked_wait, ceiling, first_interval, next_poll
from newswire.outcomes import FetchReason, ParseReason, PollOutcome
from tests.fakes import NOW

READ = Ended(PollOutcome.READ, FetchReason.OK)


def after(ended: Ended, *, interval_s: float = 600, configured_s: float | None = None, floor_s: float = 120, jitter: float = 0) -> Next:
    return next_poll(ended, interval_s=interval_s, configured_s=configured_s, floor_s=floor_s, jitter=jitter)


def test_news_shortens_the_interval_and_silence_lengthens_it() -> None:
    assert first_interval(None, 120) == 600
    assert after(Ended(PollOutcome.READ, FetchReason.OK, news=3)).interval_s == pytest.approx(360)
    assert after(Ended(PollOutcome.UNCHANGED, FetchReason.NOT_MODIFIED)).interval_s == pytest.approx(750)
    assert after(Ended(PollOutcome.READ, FetchReason.OK, news=30, possible_gap=True)).interval_s == pytest.approx(300)


def test_an_interval_of_the_configuration_is_used_as_given_but_never_under_the_floor() -> None:
    assert first_interval(900, 120) == 900
    assert after(READ, configured_s=900, jitter=1) == Next(900, 900)
    assert after(READ, configured_s=30) == Next(120, 120)
    assert after(Ended(PollOutcome.READ, FetchReason.OK, asked_s=7200), configured_s=900).wait_s == 900


def test_a_floor_of_nothing_stays_nothing() -> None:
    assert first_interval(None, 0) == 0
    assert after(READ, interval_s=0, floor_s=0) == Next(0, 0.001)


def test_what_the_feed_asks_for_lengthens_the_wait_up_to_the_ceiling() -> None:
    assert after(Ended(PollOutcome.READ, FetchReason.OK, asked_s=1800)).wait_s == 1800
    assert after(Ended(PollOutcome.READ, FetchReason.OK, asked_s=1_000_000)).wait_s == ceiling(120) == 3600
    assert after(Ended(PollOutcome.READ, FetchReason.OK, asked_s=1)).wait_s == 750


def test_retry_after_is_honoured_up_to_a_day() -> None:
    limited = Ended(PollOutcome.FAILED, FetchReason.RATE_LIMITED, retry_after_s=7200, failures=1)
    assert after(limited).wait_s == 7200
    assert after(Ended(PollOutcome.FAILED, FetchReason.RATE_LIMITED, retry_after_s=1e9, failures=1)).wait_s == DAY_S


def test_a_busy_host_is_asked_again_soon() -> None:
    assert after(Ended(PollOutcome.FAILED, FetchReason.HOST_BUSY, failures=9)).wait_s == 5
    assert after(Ended(PollOutcome.FAILED, FetchReason.HOST_BUSY, retry_after_s=40, failures=9)).wait_s == 40


def test_a_parser_killed_twice_in_a_row_waits_for_hours() -> None:
    killed = Ended(PollOutcome.FAILED, ParseReason.PARSE_KILLED, failures=2, killed_before=True)
    assert after(killed).wait_s >= 4 * 3600
    assert after(Ended(PollOutcome.FAILED, ParseReason.PARSE_KILLED, failures=1)).wait_s < 3600


ended = st.builds(
    Ended,
    outcome=st.sampled_from(PollOutcome),
    reason=st.sampled_from([*FetchReason, *ParseReason]),
    news=st.integers(0, 1000),
    possible_gap=st.booleans(),
    asked_s=st.none() | st.floats(-1e9, 1e12),
    retry_after_s=st.none() | st.floats(0, 1e12),
    failures=st.integers(0, 10_000),
    killed_before=st.booleans(),
)


@given(ended, st.floats(0, 1e6), st.none() | st.floats(0, 1e6), st.floats(0, 86_400), st.floats(0, 1))
def test_the_next_poll_is_ahead_and_within_bounds(
    facts: Ended, interval_s: float, configured_s: float | None, floor_s: float, jitter: float
) -> None:
    found = next_poll(facts, interval_s=interval_s, configured_s=configured_s, floor_s=floor_s, jitter=jitter)
    longest = max(DAY_S, configured_s or 0, interval_s, ceiling(floor_s) * 1.1)
    assert 0.001 <= found.wait_s <= longest
    if facts.outcome is not PollOutcome.FAILED:
        assert found.interval_s >= floor_s
        assert found.wait_s >= floor_s or facts.reason is FetchReason.HOST_BUSY


@given(st.floats(60, 3600), st.integers(1, 40))
def test_back_off_grows_with_failures(interval_s: float, failures: int) -> None:
    def wait(count: int) -> float:
        return after(Ended(PollOutcome.FAILED, FetchReason.HTTP_5XX, failures=count), interval_s=interval_s, jitter=0.5).wait_s

    assert wait(failures) <= wait(failures + 1) <= DAY_S


@pytest.mark.parametrize(
    ("headers", "ttl_s", "asked_s"),
    [
        ({}, None, None),
        ({"cache-control": "public, max-age=300"}, None, 300),
        ({"cache-control": 'max-age="300"'}, 900, 900),
        ({"cache-control": "no-cache, max-age=300"}, None, None),
        ({"cache-control": "max-age=-5"}, None, None),
        ({"cache-control": "max-age=999999999999999999999"}, None, None),
        ({"expires": format_datetime(NOW + timedelta(minutes=10), usegmt=True)}, None, 600),
        ({"expires": "0"}, None, None),
        ({"expires": format_datetime(NOW - timedelta(minutes=10), usegmt=True)}, None, None),
        ({"expires": "Mon, 02 Nov 2026 10:00:00"}, None, None),  # no zone: unusable, and no error
    ],
)
def test_what_a_feed_asks_for(headers: dict[str, str], ttl_s: float | None, asked_s: float | None) -> None:
    assert asked_wait(headers, ttl_s, NOW) == asked_s
