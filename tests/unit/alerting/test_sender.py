import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import Connection

from alerting.decide import Told, decide
from alerting.leadership import Leadership
from alerting.message import Message, to_json
from alerting.receivers import Answer, Receiver
from alerting.receivers.directory import Fallback, Listed
from alerting.receivers.slack import SlackReceiver
from alerting.receivers.terminal import TerminalReceiver
from alerting.sender import SHOW_S, SenderWorker
from alerting.sender_lane import ACCESS_RETRY_S
from alerting.watchlists.telling import Explain
from newswire.catalogue.sending import OPEN_STATES
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
    def made(
        *receivers: Receiver, fallback: str | None = None, sees: Explain = Explain.FULL, leadership: Leadership | None = None
    ) -> SenderWorker:
        listed = Listed({one.name: one for one in receivers}, Fallback(fallback, sees) if fallback else None)
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


def shown(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"newswire_alerting_{name}", {"receiver": "desk", **labels})


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
    assert shown(metrics, "receiver_last_success_timestamp_seconds") == clock.now().timestamp()
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


@pytest.mark.parametrize(("fault", "there"), [("accept_then_500", 2), ("reset", 1)])
def test_what_is_not_found_is_sent_again_and_counted_for_slack_may_show_it_too_late(
    make: Make, store: Store, clock: ManualClock, metrics: Metrics, fault: str, there: int
) -> None:
    with FakeSlack(faults=["ok", fault], visible_after_s=3_600) as slack:
        put(store, "one")
        late = put(store, "two")
        drain(make(desk_at(slack)), clock)
        assert [one.alert_id for one in slack.posted].count(late) == there
    assert metrics.registry.get_sample_value("newswire_alerting_resends_total", {"receiver": "desk"}) == 1


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
    assert slack.posted[0].body["text"].startswith("[high] ")
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
        assert shown(metrics, "receiver_refusing") == 1
        pass_time(clock, SHOW_S)
        sender.step()
        assert {state: shown(metrics, "outbox_rows", state=state) for state in OPEN_STATES} == {
            "new": 0,
            "gathered": 0,
            "sending": 0,
            "failed": 1,
        }
        assert shown(metrics, "receiver_last_success_timestamp_seconds") is None
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


def test_a_look_at_a_long_queue_that_takes_a_second_is_taken_every_ten(store: Store, clock: ManualClock, metrics: Metrics) -> None:
    class Slow(Store):
        def __init__(self) -> None: ...

        @contextmanager
        def read(self) -> Iterator[Connection]:
            with store.read() as connection:
                yield connection
            pass_time(clock, 1.0)

    sender = SenderWorker(store=Slow(), listed=lambda: Listed({}, None), clock=clock, metrics=metrics, leadership=AlwaysLeading())
    put(store)
    shown_at = []
    for _ in range(60):
        began = clock.monotonic()
        metrics.outbox.clear()
        sender.step()
        if shown(metrics, "outbox_rows", state=SendState.NEW) is not None:
            shown_at.append(began)
    between = [after - before for before, after in pairwise(shown_at)]
    assert len(between) > 4
    assert all(10 <= one <= 13 for one in between), between
