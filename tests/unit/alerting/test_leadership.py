"""Who leads, when clocks are set back: a leader that lives goes on, one that is dead is replaced when its lease was not renewed."""

from alerting.leadership import LEASE_S, StoreLeadership
from newswire.clock import Clock
from newswire.metrics import Metrics
from newswire.store import Store
from tests.fakes import NOW, JumpingClock


def leadership(store: Store, clock: Clock, owner: str) -> StoreLeadership:
    return StoreLeadership(store=store, clock=clock, metrics=Metrics(), owner=owner)


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
