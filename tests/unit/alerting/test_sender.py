import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from alerting.decide import Told, decide
from alerting.leadership import Leadership
from alerting.message import Message, to_json
from alerting.receivers import Answer, Receiver
from alerting.receivers.directory import Directory, Listed
from alerting.receivers.slack import SlackReceiver
from alerting.receivers.terminal import TerminalReceiver
from alerting.routes import Receiver as Entered
from alerting.routes import Routes
from alerting.sender import SenderWorker
from alerting.sender_lane import ACCESS_RETRY_S
from newswire.clock import ManualClock
from newswire.errors import Fenced
from newswire.metrics import Metrics
from newswire.outcomes import SendOutcome, SendState
from newswire.records import MessageKind, Severity
from newswire.store import Store, outbox, trail
from newswire.store.outbox import Entry, Queued
from tests.alerting_builders import AlwaysLeading, a_match, a_report
from tests.fake_slack import FAULTS, FakeSlack
from tests.fakes import NOW
from tests.inline_calls import InlineCalls

TOKEN = SecretStr("xoxb-test")
DOUBT_S = 30.0
HANGING = {"silence", "accept_then_silence", "accept_drip"}


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        yield running


def put(store: Store, key: str = "one", *, receiver: str = "desk", sequence: int = 0, outlet: str = "The Nation") -> str:
    """Put a parent, or an edit of it, in the outbox and return its alert id."""
    story = key.ljust(32, "0")
    match = a_match(receivers=(receiver,))
    message = decide(a_report(key), matches=[match], story_id=story, told={}, now=NOW).rows[0].message
    if sequence:
        told = {receiver: Told(message, sequence - 1)}
        message = decide(a_report(f"{key}-{sequence}", outlet=outlet), matches=[match], story_id=story, told=told, now=NOW).rows[0].message
    entry = Entry(
        story_id=story,
        receiver=receiver,
        kind=MessageKind.EDIT if sequence else MessageKind.PARENT,
        sequence=sequence,
        alert_id=message.alert_id,
        decision_id="d" * 32,
        item_id=message.item_id,
        revision="r" * 16,
        watchlists=["gaming"],
        severity=Severity.HIGH.value,
        title=message.title,
        url=message.url,
        message=to_json(message),
    )
    with store.begin() as connection:
        outbox.put(connection, [entry], NOW.timestamp())
    return message.alert_id


def desk_at(slack: FakeSlack, name: str = "desk") -> SlackReceiver:
    # A call that is answered may take its time on a loaded machine; only one that hangs is not waited for.
    deadline_s = 0.15 if HANGING & set(slack.faults) else 20.0
    return SlackReceiver(name, channel=f"#{name}", token=TOKEN, base_url=slack.url, deadline_s=deadline_s)


Make = Callable[..., SenderWorker]


@pytest.fixture
def make(store: Store, clock: ManualClock, metrics: Metrics) -> Make:
    def made(*receivers: Receiver, fallback: str | None = None, leadership: Leadership | None = None) -> SenderWorker:
        listed = Listed({one.name: one for one in receivers}, fallback)
        return SenderWorker(
            store=store,
            listed=lambda: listed,
            clock=clock,
            metrics=metrics,
            leadership=leadership or AlwaysLeading(),
            doubt_wait_s=DOUBT_S,
            calls=InlineCalls(),
        )

    return made


def pass_time(clock: ManualClock, seconds: float) -> None:
    clock.set(clock.now() + timedelta(seconds=seconds))


def drain(sender: SenderWorker, clock: ManualClock, *, most_s: float = 1_000) -> float:
    """Step until idle, moving the clock where the sender waits; return the seconds that passed on it."""
    began = clock.monotonic()
    while not sender.idle():
        if sender.step() > 0:
            pass_time(clock, 1.0)
        assert clock.monotonic() - began < most_s, "the outbox does not drain"
    return clock.monotonic() - began


def rows(store: Store) -> list[dict[str, Any]]:
    with store.read() as connection:
        return outbox.alerts(connection)


def sends(metrics: Metrics) -> dict[str, float]:
    families = text_string_to_metric_families(generate_latest(metrics.registry).decode())
    return {
        sample.labels["outcome"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "newswire_alerting_sends_total" and sample.value
    }


def begun(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value("newswire_alerting_sends_in_total", {"receiver": "desk"}) or 0


def test_a_parent_is_sent_once_and_its_edit_after_it(
    make: Make, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack
) -> None:
    alert_id = put(store)
    put(store, sequence=1, outlet="Dawn")
    sender = make(desk_at(slack))
    assert sender.step() == 0
    assert not sender.idle()
    pass_time(clock, 1.0)
    drain(sender, clock)
    (posted,) = slack.posted
    assert posted.alert_id == alert_id
    assert len(posted.versions) == 2
    assert [one["state"] for one in rows(store)] == ["sent"]
    assert sends(metrics) == {"sent": 2}
    assert begun(metrics) == 2
    with store.read() as connection:
        parent = outbox.parent_of(connection, "one".ljust(32, "0"), "desk")
        steps = trail.of_item(connection, a_report().item.item_id)
    assert parent is not None
    assert (parent.channel, parent.reference, parent.outcome) == (posted.channel, posted.ts, SendOutcome.SENT)
    assert [(step.step, step.outcome) for step in steps] == [("desk/parent", "sent"), ("desk/edit", "sent")]


def test_of_several_edits_only_the_last_is_sent(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    put(store)
    sender = make(desk_at(slack))
    drain(sender, clock)
    for n in (1, 2, 3):
        put(store, sequence=n, outlet=f"Outlet {n}")
    drain(sender, clock)
    assert len(slack.posted[0].versions) == 2
    assert "Outlet 3" in str(slack.posted[0].body)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_of_twelve_faults_ends_in_exactly_one_message(
    make: Make, *, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack, fault: str
) -> None:
    slack.faults.append(fault)
    alert_ids = [put(store, key) for key in ("one", "two")]
    drain(make(desk_at(slack)), clock)
    assert sorted(str(one.alert_id) for one in slack.posted) == sorted(alert_ids)
    outcomes = sends(metrics)
    assert outcomes.pop("sent", 0) + outcomes.pop("found", 0) == 2
    assert set(outcomes) <= {"in_doubt", "rate_limited"}
    assert sum(sends(metrics).values()) == begun(metrics)


def test_nothing_is_sent_again_before_the_wait_has_passed(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    slack.faults.append("accept_then_500")
    put(store)
    sender = make(desk_at(slack))
    sender.step()
    pass_time(clock, DOUBT_S - 2)
    sender.step()
    assert slack.calls == ["auth.test", "chat.postMessage"]
    pass_time(clock, 5)
    sender.step()
    assert slack.calls[-1] == "conversations.history"
    assert slack.calls.count("chat.postMessage") == 1
    assert sender.idle()


def test_a_row_found_sending_is_looked_for_first(make: Make, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack) -> None:
    """Another life of the process was cut off after Slack had accepted, and this one does not even know the channel's id."""
    put(store)
    first = make(desk_at(slack))
    slack.faults.append("accept_then_reset")
    first.step()
    with store.begin() as connection:  # as it stands right after `sending` was committed
        row = outbox.next_due(connection, "desk", NOW.timestamp() + 1_000)
        assert row is not None
        outbox.mark_sending(connection, row, clock_mark=row.reference)
    assert drain(make(desk_at(slack)), clock) >= DOUBT_S
    assert len(slack.posted) == 1
    assert sends(metrics)["found"] == 1


def test_a_history_that_cannot_be_read_makes_a_marked_and_counted_repeat(
    make: Make, store: Store, clock: ManualClock, metrics: Metrics
) -> None:
    with FakeSlack(faults=["accept_then_500"], history_error="missing_scope") as slack:
        put(store)
        drain(make(desk_at(slack)), clock)
        assert len(slack.posted) == 2
        assert "Possible repeat" not in str(slack.posted[0].body)
        assert "Possible repeat" in str(slack.posted[1].body)
        assert sends(metrics) == {"in_doubt": 1, "repeated": 1}


def test_an_edit_in_doubt_is_simply_done_again(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    put(store)
    put(store, sequence=1, outlet="Dawn")
    slack.faults.extend(["ok", "accept_then_500"])
    assert drain(make(desk_at(slack)), clock) < DOUBT_S
    assert len(slack.posted[0].versions) == 3
    assert slack.calls.count("conversations.history") == 0


def test_rate_limits_hold_their_channel_alone_and_keep_the_order(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    slack.faults.append("rate_limited:60")
    ids = [put(store, key) for key in ("one", "two", "three")]
    other = put(store, "four", receiver="ops")
    sender = make(desk_at(slack), desk_at(slack, "ops"))
    sender.step()
    assert [one.alert_id for one in slack.posted] == [other]
    assert drain(sender, clock) >= 60
    assert [one.alert_id for one in slack.posted] == [other, *ids]


def test_a_refused_layout_is_said_as_plain_text(make: Make, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack) -> None:
    slack.faults.append("error:invalid_blocks")
    put(store)
    drain(make(desk_at(slack)), clock)
    assert "blocks" not in slack.posted[0].body
    assert slack.posted[0].body["text"].startswith("[high] Gaming industry")
    assert sends(metrics) == {"sent": 1}


def test_what_is_refused_twice_fails_and_the_queue_goes_on(
    make: Make, store: Store, clock: ManualClock, metrics: Metrics, slack: FakeSlack
) -> None:
    slack.faults.extend(["error:msg_too_long"] * 2)
    put(store)
    put(store, sequence=1, outlet="Dawn")
    put(store, "two")
    drain(make(desk_at(slack)), clock)
    assert [(one["state"], one["reason"]) for one in rows(store)] == [("failed", "msg_too_long"), ("sent", None)]
    assert len(slack.posted) == 1
    assert sends(metrics) == {"refused": 1, "sent": 1}


def test_a_bad_route_goes_to_the_fallback_with_its_edits(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeSlack(channels=("archive",)) as slack:
        put(store)
        put(store, sequence=1, outlet="Dawn")
        sender = make(desk_at(slack), desk_at(slack, "archive"), fallback="archive")
        drain(sender, clock)
        (posted,) = slack.posted
        assert len(posted.versions) == 2
        assert "Dawn" in str(posted.body)
        assert [(one["receiver"], one["state"], one["reason"]) for one in rows(store)] == [
            ("desk", "failed", "channel_not_found"),
            ("archive", "sent", None),
        ]
        assert sender.troubles() == {"desk": "channel_not_found"}


def test_without_a_fallback_a_bad_route_fails_and_can_be_revived(make: Make, store: Store, clock: ManualClock, metrics: Metrics) -> None:
    with FakeSlack(channels=()) as slack:
        alert_id = put(store)
        sender = make(desk_at(slack))
        drain(sender, clock)
        assert rows(store)[0]["state"] == "failed"
        assert metrics.registry.get_sample_value("newswire_alerting_receiver_refusing", {"receiver": "desk"}) == 1
        slack.channels = None
        with store.begin() as connection:
            assert outbox.revive(connection, alert_id, clock.now().timestamp()) == 1
        drain(sender, clock)
        assert [one.alert_id for one in slack.posted] == [alert_id]
        assert sender.troubles() == {}


def test_a_refused_token_keeps_the_queue_and_tries_every_few_minutes(
    make: Make, store: Store, clock: ManualClock, slack: FakeSlack
) -> None:
    slack.faults.append("error:token_revoked")
    ids = [put(store, key) for key in ("one", "two")]
    sender = make(desk_at(slack))
    sender.step()
    assert sender.troubles() == {"desk": "token_revoked"}
    calls = len(slack.calls)
    for _ in range(5):
        pass_time(clock, 10)
        sender.step()
    assert len(slack.calls) == calls
    assert sender.idle()  # nothing can be done before a person has
    pass_time(clock, ACCESS_RETRY_S)
    sender.step()
    assert not sender.idle() or len(slack.posted) == 2
    drain(sender, clock)
    assert sender.troubles() == {}
    assert [one.alert_id for one in slack.posted] == ids


def test_the_queue_of_a_receiver_that_is_not_here_is_kept_and_said(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    put(store, receiver="forgotten")
    put(store, "two")
    sender = make(desk_at(slack), fallback="desk")
    drain(sender, clock)
    assert len(slack.posted) == 1
    assert [(one["receiver"], one["state"]) for one in rows(store)] == [("forgotten", "new"), ("desk", "sent")]
    assert sender.troubles() == {"forgotten": "unknown_receiver"}
    drain(make(desk_at(slack, "forgotten")), clock)
    assert len(slack.posted) == 2


def test_a_row_that_cannot_be_read_or_rendered_fails_and_the_queue_goes_on(
    make: Make, store: Store, clock: ManualClock, slack: FakeSlack
) -> None:
    class Broken(SlackReceiver):
        def post(self, message: Message, *, plain: bool = False) -> Answer:
            if message.story_id.startswith("two"):
                raise KeyError("a bug")
            return super().post(message, plain=plain)

    put(store)
    put(store, "two")
    put(store, "three")
    with store.begin() as connection:
        row = outbox.next_due(connection, "desk", NOW.timestamp())
        assert row is not None
        outbox.replace_message(connection, row.row_id, "{}")
    drain(make(Broken("desk", channel="#desk", token=TOKEN, base_url=slack.url), fallback=None), clock)
    assert [one["reason"] for one in rows(store)] == ["unreadable_row", "bug", None]
    assert len(slack.posted) == 1


def test_the_terminal_is_told_at_once(make: Make, store: Store, clock: ManualClock) -> None:
    stream = io.StringIO()
    put(store, receiver="terminal")
    put(store, "two", receiver="terminal")
    sender = make(TerminalReceiver(stream=stream))
    assert drain(sender, clock) == 0
    assert stream.getvalue().count("Gaming industry with partner countries") == 2


def test_who_does_not_lead_sends_nothing(make: Make, store: Store, clock: ManualClock, slack: FakeSlack) -> None:
    class Standby(AlwaysLeading):
        def leading(self) -> bool:
            return False

    put(store)
    sender = make(desk_at(slack), leadership=Standby())
    assert sender.step() > 0
    assert not sender.idle()
    assert slack.calls == []


def test_who_was_replaced_in_the_meantime_writes_nothing(make: Make, store: Store, slack: FakeSlack) -> None:
    class Replaced(AlwaysLeading):
        def check(self, connection: object) -> int:
            raise Fenced("another leads")

    put(store)
    sender = make(desk_at(slack), leadership=Replaced())
    with pytest.raises(Fenced):
        sender.step()
    assert slack.posted == []
    with store.read() as connection:
        row: Queued | None = outbox.next_due(connection, "desk", NOW.timestamp())
    assert row is not None
    assert (row.state, row.attempts) == (SendState.NEW, 0)


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
