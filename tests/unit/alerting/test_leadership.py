"""Who leads when the leader dies, hangs, or a clock is set back: one that lives goes on, one that is dead is replaced."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import Connection

from alerting.leadership import LEASE_S, STANDBY_S, Presence, StoreLeadership
from newswire.clock import Clock, SystemClock
from newswire.errors import Fenced, Retryable
from newswire.metrics import Metrics
from newswire.outcomes import RetryReason
from newswire.store import Store, leaders
from newswire.store.tables import leaders as leaders_table
from tests.fakes import NOW, JumpingClock


def leadership(store: Store, clock: Clock, owner: str, presence: Presence | None = None) -> StoreLeadership:
    return StoreLeadership(store=store, clock=clock, metrics=Metrics(), owner=owner, presence=presence)


class Presences:
    """A lock that one at a time holds."""

    def __init__(self) -> None:
        self.holder: object = None

    def of(self, owner: str) -> "Presence":
        lock = self

        class One:
            def held(self) -> bool:
                lock.holder = lock.holder or owner
                return lock.holder == owner

            def close(self) -> None:
                lock.holder = None if lock.holder == owner else lock.holder

        return One()


def test_a_leader_that_lives_leads_on_when_the_clock_is_set_back(store: Store) -> None:
    clock = JumpingClock(NOW)
    leader, heir = leadership(store, clock, "leader"), leadership(store, clock, "heir")
    assert leader.leading()
    clock.jump(-3_600)
    for _ in range(30):
        clock.pass_s(1.5)
        assert leader.leading()
        assert not heir.leading()


def test_a_dead_leaders_lease_is_over_in_its_own_time_though_it_ends_in_an_hour(store: Store) -> None:
    clock = JumpingClock(NOW)
    assert leadership(store, clock, "dead").leading()
    clock.jump(-3_600)
    heir = leadership(store, clock, "heir")
    waited_s = 0.0
    while not heir.leading():
        clock.pass_s(1.5)
        waited_s += 1.5
        assert waited_s < 2 * LEASE_S
    assert waited_s > LEASE_S


def test_a_leader_that_renews_just_before_it_would_be_replaced_stays(store: Store) -> None:
    clock = JumpingClock(NOW)
    leader, heir = leadership(store, clock, "leader"), leadership(store, clock, "heir")
    assert leader.leading()
    clock.jump(-3_600)
    heir.leading()
    clock.pass_s(LEASE_S + 1)
    assert leader.leading()
    assert not heir.leading()


def waited_s(heir: StoreLeadership, clock: JumpingClock) -> float:
    """Return how long it takes until the heir leads."""
    waited = 0.0
    while not heir.leading():
        clock.pass_s(1.0)
        waited += 1.0
        assert waited < 3 * LEASE_S
    return waited


def test_a_leader_whose_lock_fell_free_is_followed_long_before_its_lease_ends(store: Store) -> None:
    clock, presences = JumpingClock(NOW), Presences()
    leader = leadership(store, clock, "leader", presences.of("leader"))
    heir = leadership(store, clock, "heir", presences.of("heir"))
    assert leader.leading()
    assert not heir.leading()
    presences.holder = None  # the leader's process was killed
    assert waited_s(heir, clock) <= LEASE_S / 2
    assert not leader.leading()


def test_a_leader_that_hangs_with_its_lock_is_followed_when_its_lease_ends(store: Store) -> None:
    clock, presences = JumpingClock(NOW), Presences()
    assert leadership(store, clock, "leader", presences.of("leader")).leading()
    assert LEASE_S <= waited_s(leadership(store, clock, "heir", presences.of("heir")), clock) <= 1.5 * LEASE_S


def test_a_leader_that_lives_and_lost_its_lock_leads_on(store: Store) -> None:
    clock, presences = JumpingClock(NOW), Presences()
    leader = leadership(store, clock, "leader", presences.of("leader"))
    heir = leadership(store, clock, "heir", presences.of("heir"))
    assert leader.leading()
    presences.holder = "heir"  # the database closed the leader's session, and nothing else
    for _ in range(30):
        clock.pass_s(1.0)
        assert leader.leading()
        assert not heir.leading()


def test_nobody_leads_where_the_data_were_moved_away(store: Store) -> None:
    clock, presences = JumpingClock(NOW), Presences()
    with store.begin() as connection:
        leaders.hold_for_move(connection, "elsewhere", clock.now().timestamp() + 1e9)
    heir = leadership(store, clock, "heir", presences.of("heir"))
    for _ in range(30):
        clock.pass_s(1.0)
        assert not heir.leading()


TAKEN_OVER_WITHIN_S = 15.0
"""The promise."""


@pytest.mark.parametrize("present", [False, True])
def test_whenever_a_leader_is_stopped_another_leads_within_the_promised_time(store: Store, *, present: bool) -> None:
    """At every phase of its renewals and of the other one's questions; what a step takes is left over."""
    longest = 0.0
    for phase in range(0, 30, 3):
        clock, presences = JumpingClock(NOW), Presences()
        leader = leadership(store, clock, f"leader {phase}", presences.of("leader") if present else None)
        heir = leadership(store, clock, f"heir {phase}", presences.of("heir") if present else None)
        with store.begin() as connection:
            connection.execute(leaders_table.delete())
        for _ in range(20 + phase):
            assert leader.leading()
            heir.leading()
            clock.pass_s(0.1)
        longest = max(longest, waited_s(heir, clock))
        assert not leader.leading()  # it goes on, and knows
    assert LEASE_S <= longest <= TAKEN_OVER_WITHIN_S - 2 * STANDBY_S


def test_one_that_was_stopped_and_goes_on_is_refused_in_its_next_transaction(store: Store) -> None:
    clock = JumpingClock(NOW)
    leader, heir = leadership(store, clock, "leader"), leadership(store, clock, "heir")
    assert leader.leading()
    heir.leading()
    clock.pass_s(LEASE_S + 0.1)
    assert heir.leading()
    with pytest.raises(Fenced), store.begin() as connection:  # though its own look at the lease is not due
        leader.check(connection)
    with pytest.raises(Fenced, match="not the active alerter"), store.begin() as connection:
        leader.check(connection)


def test_many_threads_ask_while_the_role_changes_hands(store: Store) -> None:
    """Neither is locked out by the other: who looks inside a transaction never waits for who asks the store."""
    clock = SystemClock()
    leader, heir = leadership(store, clock, "leader"), leadership(store, clock, "heir")

    def ask(one: StoreLeadership) -> int:
        checked = 0
        for _ in range(20):
            if one.leading():
                with suppress(Fenced), store.begin() as connection:
                    checked += one.check(connection) > 0
        return checked

    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(ask, [leader, heir] * 4))
    assert sum(asked) >= 20
    assert [one.leading() for one in (leader, heir)].count(True) == 1


class CutOff(Store):
    """A store that this process alone cannot reach, while it is said so."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_cut_off = False

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        if self.is_cut_off:
            raise Retryable(RetryReason.STORE, "no route to host")
        with self._store.begin() as connection:
            yield connection


def test_a_leader_that_is_cut_off_from_the_store_shows_itself_as_active_for_no_longer_than_its_lease(store: Store) -> None:
    """Else whoever is woken reads of two active alerters, and sees the queue as it was when the old one was cut off."""
    clock, cut, metrics = JumpingClock(NOW), CutOff(store), Metrics()
    leader = StoreLeadership(store=cut, clock=clock, metrics=metrics, owner="leader")
    assert leader.leading()
    metrics.outbox_oldest.labels("desk").set(400)
    cut.is_cut_off = True
    shown = []
    for _ in range(round(LEASE_S) + 3):
        clock.pass_s(1.0)
        with suppress(Retryable):
            leader.leading()
        shown.append(metrics.registry.get_sample_value("newswire_alerting_active"))
    assert shown == [1] * (round(LEASE_S) - 1) + [0] * 4
    assert b'receiver="desk"' not in metrics.exposition()
    cut.is_cut_off = False
    assert leader.leading()  # nobody else took the role meanwhile
    assert metrics.registry.get_sample_value("newswire_alerting_active") == 1
