"""How much room channels have, and which digest tells what finds none."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.gathered import Full, Gathering
from alerting.gathering import HOUR_S, Rooms, capped, gathered_for, says_news
from alerting.message import ShownWatchlist, joined, opened, unsupported
from alerting.routes import Routes
from newswire.outcomes import GatherReason
from newswire.records import Severity
from newswire.store.digests import Recent
from tests.alerting_builders import a_report
from tests.fakes import NOW

RECEIVERS = [
    {"name": "desk", "slack": {"channel": "#desk"}},
    {"name": "trade", "slack": {"channel": "#trade"}},
    {"name": "morning", "digest": {"to": "desk", "at": "07:00", "zone": "Asia/Karachi"}},
    {"name": "evening", "digest": {"to": "desk", "at": "19:00", "zone": "Asia/Karachi"}},
]
ROUTES = Routes.model_validate({"receivers": RECEIVERS, "route": {"to": "desk"}})
DESK, TRADE, MORNING, _ = ROUTES.receivers
KARACHI = "Asia/Karachi"
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)  # 17:00 in Karachi


def second(n: float) -> datetime:
    return datetime.fromtimestamp(n, UTC)


def full_until(rooms: Rooms, watchlists: dict[str, int], at: float, cap: int | None = None) -> Full | None:
    return rooms.full("desk", cap, watchlists, at)


def test_a_watchlist_is_full_until_the_oldest_of_its_messages_is_an_hour_old() -> None:
    rooms = Rooms()
    for at in (100.0, 200.0, 300.0):
        assert full_until(rooms, {"gaming": 3}, at) is None
        rooms.add(Recent("desk", ("gaming",), at))
    assert full_until(rooms, {"gaming": 3}, 400.0) == Full("gaming", 3, second(100.0 + HOUR_S))
    assert full_until(rooms, {"gaming": 2}, 400.0) == Full("gaming", 2, second(200.0 + HOUR_S))
    assert rooms.full("trade", 1, {"gaming": 1}, 400.0) is None
    assert full_until(rooms, {"gaming": 3}, 99.9 + HOUR_S) is not None
    assert full_until(rooms, {"gaming": 3}, 100.0 + HOUR_S) is None


def test_a_clock_that_was_set_back_silences_nobody() -> None:
    rooms = Rooms()
    for at in (100.0, 90_000.0, 90_001.0):
        rooms.add(Recent("desk", ("gaming",), at))
    assert full_until(rooms, {"gaming": 2}, 200.0) is None
    assert full_until(rooms, {"gaming": 1}, 200.0) == Full("gaming", 1, second(100.0 + HOUR_S))


def test_a_story_of_several_watchlists_passes_where_one_has_room_and_the_channel_has() -> None:
    rooms = Rooms()
    rooms.add(Recent("desk", ("gaming",), 100.0))
    rooms.add(Recent("desk", ("gaming", "cables"), 200.0))
    assert full_until(rooms, {"gaming": 1, "cables": 2}, 300.0) is None
    assert full_until(rooms, {"gaming": 2, "cables": 1}, 300.0) == Full("gaming", 2, second(100.0 + HOUR_S))
    assert full_until(rooms, {"gaming": 9}, 300.0, cap=2) == Full(None, 2, second(100.0 + HOUR_S))
    assert full_until(rooms, {"gaming": 1}, 300.0, cap=2) == Full("gaming", 1, second(200.0 + HOUR_S))  # the one that lasts longer
    assert full_until(rooms, {}, 300.0, cap=2) == Full(None, 2, second(100.0 + HOUR_S))
    assert full_until(rooms, {}, 300.0) is None


@given(
    st.lists(st.tuples(st.sampled_from(["gaming", "cables"]), st.integers(0, 900)), max_size=80),
    st.integers(1, 7),
    st.integers(1, 12) | st.none(),
)
def test_no_hour_holds_more_than_the_caps_allow_and_what_is_held_is_held_for_a_reason(
    arrivals: list[tuple[str, int]], most: int, cap: int | None
) -> None:
    rooms, at, told = Rooms(), 0.0, list[tuple[str, float]]()
    for watchlist, gap in arrivals:
        at += gap
        full = full_until(rooms, {watchlist: most}, at, cap)
        of_it = sum(name == watchlist and then > at - HOUR_S for name, then in told)
        of_all = sum(then > at - HOUR_S for _, then in told)
        assert (full is not None) == (of_it >= most or (cap is not None and of_all >= cap))
        if full is None:
            rooms.add(Recent("desk", (watchlist,), at))
            told.append((watchlist, at))
        else:
            assert at < full.until.timestamp() <= at + HOUR_S
            assert full_until(rooms, {watchlist: most}, full.until.timestamp(), cap) is None
    for _, begin in told:
        within = Counter(name for name, then in told if begin <= then < begin + HOUR_S)
        assert max(within.values()) <= most
        assert cap is None or within.total() <= cap


def test_what_is_over_a_cap_waits_for_the_next_digest_of_its_receiver_or_for_one_of_its_own() -> None:
    full = Full("gaming", 30, NOON + HOUR / 2)
    assert capped(DESK, full, ROUTES, None, NOON) == Gathering(
        "evening", GatherReason.CAPPED, datetime(2026, 11, 20, 14, tzinfo=UTC), KARACHI, full=full
    )
    assert capped(TRADE, full, ROUTES, None, NOON) == Gathering("overflow:trade", GatherReason.CAPPED, NOON + HOUR / 2, full=full)
    earlier = NOON + HOUR / 4
    assert capped(TRADE, full, ROUTES, earlier, NOON).due_at == earlier
    assert capped(TRADE, full, ROUTES, NOON + 24 * HOUR, NOON).due_at == full.until


def test_a_digest_gathers_whatever_comes_and_old_news_is_told_in_one_summary() -> None:
    due = datetime(2026, 11, 21, 2, tzinfo=UTC)
    fresh, old = NOON - 6 * HOUR, NOON - 6 * HOUR - timedelta(seconds=1)
    assert gathered_for(MORNING, outside={}, seen_at=old, now=NOON) == Gathering("morning", GatherReason.DIGEST, due, KARACHI)
    assert gathered_for(MORNING, outside={"morning": "duty"}, seen_at=fresh, now=NOON) == Gathering(
        "morning", GatherReason.CALENDAR, due, KARACHI, "duty"
    )
    assert gathered_for(DESK, outside={}, seen_at=fresh, now=NOON) is None
    assert gathered_for(DESK, outside={}, seen_at=old, now=NOON) == Gathering(
        "outage:desk", GatherReason.OUTAGE, NOON + timedelta(minutes=1)
    )


def test_the_trail_keeps_why_and_when() -> None:
    full = Full(None, 60, NOW)
    assert Gathering("overflow:desk", GatherReason.CAPPED, NOON, full=full).facts("desk") == {
        "receiver": "desk",
        "reason": "capped",
        "for": "overflow:desk",
        "due_at": "2026-11-20T12:00:00Z",
        "watchlist": None,
        "per_hour": 60,
    }
    assert (
        Gathering("morning", GatherReason.CALENDAR, NOON, KARACHI, "duty").facts("morning").items()
        >= {"calendar": "duty", "zone": KARACHI}.items()
    )


def test_what_is_news_to_a_reader_of_a_digest() -> None:
    watchlists = [ShownWatchlist("gaming", "Gaming", Severity.HIGH, ())]
    message = opened(a_report(), "s" * 32, "morning", watchlists, [])
    again = joined(message, a_report("two", outlet="Dawn"), watchlists, [])
    higher = joined(message, a_report("two"), [ShownWatchlist("gaming", "Gaming", Severity.CRITICAL, ())], [])
    partner = joined(message, a_report(partners=("US", "KR")), watchlists, [])
    assert [says_news(message, one) for one in (again, higher, partner, unsupported(message, a_report(), "no words"))] == [
        False, True, True, True,
    ]  # fmt: skip
