"""The sender while the routes change: receivers come, leave, and lead elsewhere; what was begun at an old place is ended there."""

from collections.abc import Callable

import pytest

from alerting.receivers import Receiver
from alerting.receivers.directory import Directory
from alerting.receivers.slack import SlackReceiver
from alerting.routes import Receiver as Entered
from alerting.routes import Routes
from alerting.sender import SenderWorker
from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.store import Store
from tests.alerting_builders import AlwaysLeading
from tests.fake_slack import FakeSlack
from tests.inline_calls import InlineCalls
from tests.unit.alerting.test_sender import DOUBT_S, TOKEN, drain, pass_time, put, slack

__all__ = ["slack"]  # a fixture


def routes(**channels: str) -> Routes:
    return Routes.model_validate(
        {
            "receivers": [{"name": name, "slack": {"channel": channel}} for name, channel in channels.items()],
            "route": {"to": list(channels)},
        }
    )


class Role(AlwaysLeading):
    """A leadership that can be taken away."""

    def __init__(self) -> None:
        self.mine = True

    def leading(self) -> bool:
        return self.mine


class Living:
    """A sender whose routes can be changed while it runs."""

    def __init__(self, store: Store, slack: FakeSlack, clock: ManualClock, metrics: Metrics, first: Routes) -> None:
        self.routes = first
        self.role = Role()
        self.made: list[str] = []
        self._slack = slack
        self.sender = SenderWorker(
            store=store,
            listed=Directory(routes=lambda: self.routes, make=self.make).listed,
            clock=clock,
            metrics=metrics,
            leadership=self.role,
            doubt_wait_s=DOUBT_S,
            calls=InlineCalls(),
        )

    def make(self, entry: Entered) -> Receiver:
        assert entry.slack is not None
        self.made.append(entry.slack.channel)
        return SlackReceiver(entry.name, channel=entry.slack.channel, token=TOKEN, base_url=self._slack.url, deadline_s=0.3, spacing_s=0.0)


Live = Callable[[Routes], Living]


@pytest.fixture
def live(store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack) -> Live:
    return lambda first: Living(store, slack, clock, metrics, first)


def channels(slack: FakeSlack) -> list[tuple[str, str | None]]:
    names = {id_: name for name, id_ in slack._ids.items()}
    return [(names[one.channel], one.alert_id) for one in slack.posted]


def refusing(metrics: Metrics, receiver: str) -> float | None:
    return metrics.registry.get_sample_value("newswire_alerting_receiver_refusing", {"receiver": receiver})


def test_a_receiver_that_comes_by_a_change_of_routes_is_told_and_the_others_are_kept(
    live: Live, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack
) -> None:
    living = live(routes(desk="#desk"))
    first = put(store)
    drain(living.sender, clock)
    second = put(store, "two", receiver="cables")
    living.sender.step()
    assert (living.sender.troubles(), refusing(metrics, "cables")) == ({"cables": "unknown_receiver"}, 1)
    living.routes = routes(desk="#desk", cables="#cables")
    drain(living.sender, clock)
    living.sender.step()
    assert channels(slack) == [("desk", first), ("cables", second)]
    assert (living.sender.troubles(), refusing(metrics, "cables")) == ({}, 0)
    assert living.made == ["#desk", "#cables"]  # the one for #desk, and what it knows of Slack's clock, is the same


def test_what_was_decided_for_a_receiver_that_left_is_still_told_to_it(
    live: Live, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack
) -> None:
    living = live(routes(desk="#desk", cables="#cables"))
    first = put(store, receiver="cables")
    drain(living.sender, clock)
    waiting = put(store, "two", receiver="cables")
    living.routes = routes(desk="#desk")
    slack.faults.append("accept_then_reset")
    living.sender.step()
    put(store, receiver="cables", sequence=1, outlet="Dawn")  # the final report takes back what was said there
    drain(living.sender, clock)
    assert channels(slack) == [("cables", first), ("cables", waiting)]
    assert len(slack.posted[0].versions) == 2
    assert living.sender.troubles() == {}


def test_a_refusing_receiver_that_left_is_no_trouble_any_more(
    live: Live, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack
) -> None:
    living = live(routes(desk="#desk", cables="#cables"))
    slack.faults.append("error:channel_not_found")
    put(store, receiver="cables")
    living.sender.step()
    assert refusing(metrics, "cables") == 1
    living.routes = routes(desk="#desk")
    living.sender.step()
    assert (living.sender.troubles(), refusing(metrics, "cables")) == ({}, 0)


def test_a_corrected_channel_is_tried_at_once(live: Live, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack) -> None:
    living = live(routes(desk="#dekc"))
    slack.faults.append("error:token_revoked")  # a refusal that would be waited out for minutes
    alert_id = put(store)
    living.sender.step()
    assert refusing(metrics, "desk") == 1
    living.routes = routes(desk="#desk")
    while not slack.posted:
        assert living.sender.step() == 0.0
    assert channels(slack) == [("desk", alert_id)]
    assert refusing(metrics, "desk") == 0


def test_what_was_begun_at_the_old_channel_is_looked_for_and_ended_there(
    live: Live, store: Store, clock: ManualClock, slack: FakeSlack
) -> None:
    living = live(routes(desk="#old"))
    known = put(store)
    drain(living.sender, clock)
    slack.faults.extend(["accept_then_reset", "reset"])
    arrived, lost = put(store, "two"), put(store, "three")
    while len(slack.calls) < 4:
        if living.sender.step() > 0:
            pass_time(clock, 1.0)
    living.routes = routes(desk="#new")
    later = put(store, "four")
    drain(living.sender, clock)
    assert sorted(channels(slack)) == sorted([("old", known), ("old", arrived), ("old", lost), ("new", later)])


def test_a_doubt_about_the_first_message_at_a_new_channel_is_looked_for_there(
    live: Live, store: Store, clock: ManualClock, slack: FakeSlack
) -> None:
    """The store knows the old channel as the one that was told last."""
    living = live(routes(desk="#old"))
    first = put(store)
    drain(living.sender, clock)
    living.routes = routes(desk="#new")
    slack.faults.append("accept_then_reset")
    second = put(store, "two")
    drain(living.sender, clock)
    assert channels(slack) == [("old", first), ("new", second)]


def test_a_doubt_at_a_new_channel_outlives_a_kill_and_is_looked_for_there(
    live: Live, store: Store, clock: ManualClock, slack: FakeSlack
) -> None:
    first = put(store)
    drain(live(routes(desk="#old")).sender, clock)
    slack.faults.append("accept_then_reset")
    second = put(store, "two")
    while len(slack.posted) < 2:
        live(routes(desk="#new")).sender.step()  # a life that ends here
    drain(live(routes(desk="#new")).sender, clock)
    assert channels(slack) == [("old", first), ("new", second)]


def test_a_standby_that_takes_over_after_a_change_of_channel_looks_for_what_the_other_began(
    live: Live, store: Store, clock: ManualClock, slack: FakeSlack
) -> None:
    """The other sent to the new channel while this one stood by, and died before it knew whether that arrived."""
    active, standby = live(routes(desk="#old")), live(routes(desk="#old"))
    standby.role.mine = False
    first = put(store)
    drain(active.sender, clock)
    standby.sender.step()
    active.routes = standby.routes = routes(desk="#new")
    slack.faults.append("accept_then_reset")
    second = put(store, "two")
    while len(slack.posted) < 2:
        active.sender.step()
    standby.sender.step()
    standby.role.mine = True
    drain(standby.sender, clock)
    assert channels(slack) == [("old", first), ("new", second)]


def test_an_edit_goes_to_where_its_parent_stands(live: Live, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    living = live(routes(desk="#old"))
    put(store)
    drain(living.sender, clock)
    living.routes = routes(desk="#new")
    put(store, sequence=1, outlet="Dawn")
    drain(living.sender, clock)
    assert [len(one.versions) for one in slack.posted] == [2]
