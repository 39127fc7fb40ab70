"""A clock that was set back: whatever waits in the future waits no longer than was meant, and whatever does not is left alone."""

import pytest
from sqlalchemy import insert, select

from newswire.clockwatch import MEND_EVERY_S, ClockWatch
from newswire.outcomes import SendState
from newswire.store import Store, clocks, feeds, pages
from newswire.store.hosts import StoreSlots
from newswire.store.tables import digest_times, hosts, outbox
from newswire.store.tables import feeds as feeds_table
from newswire.store.tables import pages as pages_table
from tests.fakes import NOW, JumpingClock

HOUR = 3_600.0
THEN = NOW.timestamp()
BACK = THEN - HOUR


def mend(store: Store, now: float, *, spacing_s: float = 2.0) -> dict[str, int]:
    with store.read() as connection:
        needed = clocks.needs_mending(connection, now, spacing_s=spacing_s)
    with store.begin() as connection:
        mended = clocks.mend(connection, now, spacing_s=spacing_s)
    assert needed == bool(mended)
    return mended


def state(**values: object) -> dict[str, object]:
    return {
        "url": "https://x/",
        "host": "x",
        "interval_s": 600.0,
        "lease_until": 0.0,
        "failures": 0,
        "entries": 0,
        "configured": True,
    } | values


def test_what_was_polled_in_the_future_is_due_and_what_a_dead_one_leased_is_soon_free(store: Store) -> None:
    with store.begin() as connection:
        rows = [
            state(source_id="polled", next_due_at=THEN + 600, polled_at=THEN, lease_until=0.0),
            state(source_id="new", next_due_at=THEN, polled_at=None),
            state(source_id="leased", next_due_at=BACK - 5, polled_at=BACK - 600, lease_until=THEN + 10),
            state(source_id="long since", next_due_at=BACK + 86_400, polled_at=BACK - 600),
        ]
        for row in rows:
            connection.execute(insert(feeds_table).values(row))
        assert feeds.due(connection, due_before=BACK, now=BACK, per_host=9, most=9) == []
    assert mend(store, BACK) == {"feeds": 3}
    with store.read() as connection:
        assert set(feeds.due(connection, due_before=BACK, now=BACK, per_host=9, most=9)) == {"polled", "new"}
        assert "leased" in feeds.due(connection, due_before=BACK, now=BACK + clocks.RENEWED_WITHIN_S, per_host=9, most=9)
    assert mend(store, BACK) == {}


def test_pages_added_in_the_future_are_due_and_their_leases_run_out(store: Store) -> None:
    with store.begin() as connection:
        pages.add(connection, [pages.DuePage("a", "1", "https://x/", "x", b"{}", THEN, THEN + 30)])
        pages.add(connection, [pages.DuePage("b", "1", "https://y/", "y", b"{}", BACK - 60, BACK - 60)])
        connection.execute(pages_table.update().where(pages_table.c.item_id == "b").values(lease_owner="dead", lease_until=THEN + 10))
    assert mend(store, BACK) == {"pages": 2}
    with store.begin() as connection:
        taken = pages.lease(connection, now=BACK + clocks.RENEWED_WITHIN_S, owner="me", until=BACK + 20, most=9, per_host=9)
    assert {page.item_id for page in taken} == {"a", "b"}


def test_a_host_waits_for_what_was_left_of_what_its_server_asked_for(store: Store) -> None:
    clock = JumpingClock(NOW)
    slots = StoreSlots(store=store, clock=clock, owner="me", spacing_s=2.0)
    for host, asked in (("asked", 300.0), ("free", None)):
        assert slots.acquire(host) == 0
        slots.release(host, retry_after_s=asked)
    assert slots.acquire("held") == 0
    clock.jump(-HOUR)
    assert mend(store, BACK) == {"hosts": 3}
    with store.read() as connection:
        found = {row.host: row for row in connection.execute(select(hosts))}
    assert found["asked"].down_until == pytest.approx(BACK + 300)
    assert found["free"].down_until == 0
    assert found["free"].next_at == BACK + 2
    assert found["held"].held_until == BACK + clocks.RENEWED_WITHIN_S
    assert mend(store, BACK) == {}


@pytest.mark.parametrize(("sending", "due_at"), [(False, BACK), (True, BACK + clocks.DOUBT_S)])
def test_what_is_to_be_told_is_told(store: Store, sending: bool, due_at: float) -> None:
    row = dict.fromkeys(("story_id", "receiver", "kind", "alert_id", "decision_id", "item_id", "revision", "watchlists"), "x")
    row |= {"severity": "high", "title": "t", "message": "{}", "state": (SendState.SENDING if sending else SendState.NEW).value}
    times = {"sequence": 0, "attempts": 1, "next_try_at": THEN + 30, "created_at": THEN, "published": False}
    with store.begin() as connection:
        connection.execute(insert(outbox).values({**row, **times, "doubt_since": THEN if sending else None}))
    assert mend(store, BACK) == {"outbox": 1}
    with store.read() as connection:
        assert connection.execute(select(outbox.c.next_try_at)).scalar_one() == due_at
    assert mend(store, BACK) == {}


def a_row(state: SendState, **values: object) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(("story_id", "receiver", "kind", "alert_id", "decision_id", "item_id", "revision"), "x")
    times = {"sequence": 0, "attempts": 0, "next_try_at": THEN, "created_at": THEN, "published": False}
    return {**row, "watchlists": "[]", "severity": "high", "title": "t", "message": "{}", "state": state.value, **times, **values}


def test_a_reply_that_gathers_for_hours_is_left_to_gather(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(insert(outbox).values(a_row(SendState.NEW, kind="reply", next_try_at=THEN + 6 * HOUR)))
    assert mend(store, THEN) == {}
    assert mend(store, THEN + 60) == {}


def test_what_was_gathered_in_the_future_is_told_in_time(store: Store) -> None:
    gathered = {"kind": "parent", "gather_reason": "capped", "gathered_at": THEN}
    with store.begin() as connection:
        for name, due_at in (("overflow:desk", THEN + HOUR), ("outage:desk", THEN + 60), ("morning", THEN + 12 * HOUR)):
            row = a_row(SendState.GATHERED, story_id=name, gathered_for=name, next_try_at=due_at, **gathered)
            connection.execute(insert(outbox).values(row))
    assert mend(store, THEN) == {}
    assert mend(store, THEN - 24 * HOUR) == {"outbox": 3}
    with store.read() as connection:
        due = {row.gathered_for: row.next_try_at - THEN for row in connection.execute(select(outbox))}
    assert due == {"overflow:desk": -24 * HOUR, "outage:desk": -24 * HOUR, "morning": 12 * HOUR}


def test_a_digest_told_in_the_future_has_its_next_times_all_the_same(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(insert(digest_times).values(name="morning", schedule="07:00", first_at=THEN - 99 * HOUR, told_at=THEN))
    assert mend(store, THEN - HOUR / 2) == {}  # that time was told: it has no second digest
    assert mend(store, THEN - 24 * HOUR) == {"digest_times": 1}
    with store.read() as connection:
        assert connection.execute(select(digest_times.c.told_at)).scalar_one() == THEN - 24 * HOUR


def test_nothing_is_touched_while_clocks_go_on(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(
            insert(feeds_table).values(state(source_id="a", next_due_at=THEN + 86_400, polled_at=THEN, lease_until=THEN + 60))
        )
        pages.add(connection, [pages.DuePage("a", "1", "https://x/", "x", b"{}", THEN, THEN + 3_600)])
        connection.execute(insert(hosts).values(host="x", next_at=THEN + 2, held_until=THEN + 60, down_until=THEN + 86_400))
        connection.execute(insert(hosts).values(host="slow", next_at=THEN + 600, crawl_delay_s=600.0))  # as its robots.txt asks
    assert mend(store, THEN - 30) == {}  # a machine whose clock is half a minute behind
    assert mend(store, THEN + HOUR) == {}


def test_the_watch_mends_at_once_where_its_own_clock_jumps_and_each_minute_otherwise(store: Store) -> None:
    clock = JumpingClock(NOW)
    watch = ClockWatch(store=store, clock=clock, spacing_s=2.0)

    def polled_in_the_future() -> None:
        with store.begin() as connection:
            connection.execute(feeds_table.delete())
            connection.execute(insert(feeds_table).values(state(source_id="a", next_due_at=THEN + 9_999, polled_at=THEN + 9_000)))

    def is_due() -> bool:
        watch.step()
        now = clock.now().timestamp()
        with store.read() as connection:
            return bool(feeds.due(connection, due_before=now, now=now, per_host=9, most=9))

    polled_in_the_future()
    assert is_due()  # at the start
    polled_in_the_future()
    assert not is_due()
    clock.jump(-10)
    assert is_due()  # at once
    clock.jump(20)
    polled_in_the_future()
    assert not is_due()
    clock.jump(-10)
    assert is_due()  # though it is further than where it began
    polled_in_the_future()
    clock.pass_s(MEND_EVERY_S)
    assert is_due()  # left by another machine
