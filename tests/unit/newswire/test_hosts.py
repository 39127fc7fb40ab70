import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from newswire.clock import ManualClock, SystemClock
from newswire.store import Store
from newswire.store.hosts import (
    BACKOFF_CAP_S,
    BUSY_HOSTS,
    FORGET_AFTER_S,
    RETRY_AFTER_CAP_S,
    Host,
    Pace,
    StoreSlots,
    busy_hosts,
    forget,
    freed,
    held,
    wait_s,
)
from newswire.store.tables import feeds, hosts
from tests.fakes import NOW

T = NOW.timestamp()
PACE = Pace(spacing_s=2.0)


@pytest.fixture
def slots(store: Store, clock: ManualClock) -> StoreSlots:
    return StoreSlots(store=store, clock=clock, owner="a", spacing_s=2.0)


@pytest.fixture
def others(store: Store, clock: ManualClock) -> StoreSlots:
    """Slots as another process sees them."""
    return StoreSlots(store=store, clock=clock, owner="b", spacing_s=2.0)


def later(clock: ManualClock, seconds: float) -> None:
    clock.set(clock.now() + timedelta(seconds=seconds))


def test_one_in_flight_a_host_whoever_asks(slots: StoreSlots, others: StoreSlots) -> None:
    assert slots.acquire("a.example") == 0
    assert slots.acquire("b.example") == 0
    assert others.acquire("a.example") == 2.0
    assert slots.acquire("a.example") == 2.0


def test_the_next_request_waits_for_the_spacing(slots: StoreSlots, others: StoreSlots, clock: ManualClock) -> None:
    slots.acquire("a.example")
    later(clock, 5)
    slots.release("a.example")
    assert others.acquire("a.example") == 2.0
    later(clock, 1.5)
    assert others.acquire("a.example") == 0.5
    later(clock, 0.5)
    assert others.acquire("a.example") == 0


def test_the_hold_of_a_dead_process_ends_by_itself(slots: StoreSlots, others: StoreSlots, clock: ManualClock) -> None:
    slots.acquire("a.example")
    later(clock, 59.5)
    assert others.acquire("a.example") == 0.5
    later(clock, 0.5)
    assert others.acquire("a.example") == 0
    slots.release("a.example")  # too late: the slot is another's now
    later(clock, 3)
    assert slots.acquire("a.example") > 0


def test_retry_after_holds_the_host_back_for_a_day_at_most(slots: StoreSlots, clock: ManualClock) -> None:
    slots.acquire("a.example")
    slots.release("a.example", retry_after_s=600)
    assert slots.acquire("a.example") == 600
    slots.release("b.example", retry_after_s=1e9)
    assert slots.acquire("b.example") == RETRY_AFTER_CAP_S


def test_failures_in_a_row_back_off_and_a_success_forgets_them(slots: StoreSlots, clock: ManualClock) -> None:
    waits = []
    for _ in range(12):
        assert slots.acquire("a.example") == 0
        slots.release("a.example", failed=True)
        waits.append(slots.acquire("a.example"))
        later(clock, waits[-1])
    assert waits[:4] == [2, 30, 60, 120]
    assert waits[-1] == BACKOFF_CAP_S
    assert slots.acquire("a.example") == 0
    slots.release("a.example")
    later(clock, 2)
    assert slots.acquire("a.example") == 0
    slots.release("a.example", failed=True)
    assert slots.acquire("a.example") == 2.0


def test_many_are_settled_at_once_and_each_sees_those_before_it(slots: StoreSlots) -> None:
    assert slots.settle(["a", "b", "a"], []) == [0, 0, 2.0]
    assert slots.settle(["a", "c"], [("a", None, False), ("b", 30.0, True)]) == [2.0, 0]
    assert slots.settle(["b"], []) == [30.0]
    assert slots.settle([], []) == []


def test_a_host_may_ask_for_a_longer_spacing_and_not_for_a_shorter() -> None:
    for asked_s, spaced_s in ((10.0, 10.0), (0.5, 2.0), (None, 2.0)):
        host = freed(held(Host(asks_s=asked_s), "a", PACE, T), "a", PACE, T + 1, retry_after_s=None, failed=False)
        assert host.asks_s == asked_s
        assert wait_s(host, PACE, T + 1) == spaced_s
        assert wait_s(host, PACE, T + 1 + spaced_s) == 0
    unspaced = Pace(0.0)
    assert wait_s(freed(Host(asks_s=10.0), "a", unspaced, T, retry_after_s=None, failed=False), unspaced, T) == 0


def test_without_spacing_any_number_is_in_flight_but_retry_after_counts(store: Store, clock: ManualClock) -> None:
    slots = StoreSlots(store=store, clock=clock, owner="a", spacing_s=0)
    assert slots.settle(["a"] * 50, []) == [0] * 50
    slots.settle([], [("a", None, True)] * 50)
    assert slots.acquire("a") == 0
    slots.release("a", retry_after_s=30)
    assert slots.acquire("a") == 30


def test_two_owners_at_once_never_hold_one_host_both(store: Store) -> None:
    in_flight, most, granted, lock = 0, 0, 0, threading.Lock()

    def work(owner: str) -> None:
        nonlocal in_flight, most, granted
        slots = StoreSlots(store=store, clock=SystemClock(), owner=owner, spacing_s=0.0001)
        for _ in range(40):
            if slots.acquire("a.example") > 0:
                continue
            with lock:
                in_flight, granted = in_flight + 1, granted + 1
                most = max(most, in_flight)
            with lock:
                in_flight -= 1
            slots.release("a.example")

    threads = [threading.Thread(target=work, args=(owner,)) for owner in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert granted > 1


def test_busy_hosts_are_those_that_may_not_be_asked_now(store: Store, slots: StoreSlots, clock: ManualClock) -> None:
    slots.settle(["held", "spaced", "down", "free"], [])
    slots.settle([], [("spaced", None, False), ("down", 600.0, False), ("free", None, False)])
    with store.read() as connection:
        assert busy_hosts(connection, T + 1) == {"held", "spaced", "down", "free"}
        assert busy_hosts(connection, T + 3) == {"held", "down"}
        assert busy_hosts(connection, T + 90) == {"down"}
        due = select(feeds.c.source_id).where(feeds.c.host.not_in(BUSY_HOSTS))
        assert connection.execute(due, {"now": T}).all() == []


def test_hosts_that_nothing_is_asked_of_are_forgotten(store: Store, slots: StoreSlots, clock: ManualClock) -> None:
    slots.settle(["old", "robots"], [])
    with store.begin() as connection:
        connection.execute(hosts.update().where(hosts.c.host == "robots").values(robots_until=T + FORGET_AFTER_S))
    later(clock, FORGET_AFTER_S + 100)
    slots.acquire("new")
    with store.begin() as connection:
        assert set(connection.execute(select(hosts.c.host)).scalars()) == {"robots", "new"}
        assert forget(connection, clock.now().timestamp() + 2 * FORGET_AFTER_S) == 2


def test_a_clock_that_jumped_back_holds_nothing_for_longer_than_it_ever_could() -> None:
    a_day_ahead = Host(next_at=T + 86_400, held_until=T + 86_460, owner="a", down_until=T + 10 * 86_400)
    assert wait_s(a_day_ahead, PACE, T) == RETRY_AFTER_CAP_S
    assert wait_s(Host(next_at=T + 86_400), PACE, T) == 2.0


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 120), st.none() | st.floats(-10, 1e6), st.booleans()), max_size=40),
    st.sampled_from([0.5, 2.0, 30.0]),
)
def test_no_two_hold_a_slot_and_no_two_requests_come_too_soon(moves: list[tuple[str, float, float | None, bool]], spacing_s: float) -> None:
    pace = Pace(spacing_s)
    host, now = Host(), T
    holder, taken_at, freed_at = None, 0.0, 0.0
    for owner, passes_s, retry_after_s, failed in moves:
        now += passes_s
        wait = wait_s(host, pace, now)
        assert 0 <= wait <= RETRY_AFTER_CAP_S
        if wait == 0:
            assert holder is None or now >= taken_at + pace.hold_s
            assert now >= freed_at + spacing_s
            host, holder, taken_at = held(host, owner, pace, now), owner, now
        elif holder == owner:
            host = freed(host, owner, pace, now, retry_after_s=retry_after_s, failed=failed)
            holder, freed_at = None, now
