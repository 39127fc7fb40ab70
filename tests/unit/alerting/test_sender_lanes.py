"""The sender's receivers beside each other, on threads and real sockets: what hangs or is held back keeps nobody else waiting."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Connection

from alerting.message import Message
from alerting.receivers import Accepted, Answer, Receiver
from alerting.receivers.directory import Listed
from alerting.receivers.http_post import HttpPost
from alerting.receivers.terminal import TerminalReceiver
from alerting.receivers.webhook import WebhookReceiver
from alerting.sender import CLOSE_S, SenderWorker
from alerting.sender_attempts import FRESH_S
from alerting.sender_calls import Calls, ThreadCalls
from alerting.sender_lane import BURST, Lane
from newswire.clock import ManualClock, SystemClock
from newswire.errors import Fenced, Retryable
from newswire.metrics import Metrics
from newswire.outcomes import RetryReason, SendState
from newswire.store import Store, outbox
from tests.alerting_builders import AlwaysLeading
from tests.fake_slack import FakeSlack
from tests.fake_webhook import FakeWebhook, Says
from tests.inline_calls import InlineCalls
from tests.unit.alerting.test_sender import desk_at, pass_time, put, rows

SOON_S = 2.0
"""In which messages arrive while another channel is held back: the issue's own figure."""


class Named(TerminalReceiver):
    """A receiver of any name that keeps what it is told, at no pace."""

    def __init__(self, name: str, *, before: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.name = name
        self.told: list[str] = []
        self._before = before

    def post(self, message: Message, *, plain: bool = False) -> Answer:
        self._before()
        self.told.append(message.alert_id)
        return Accepted(self.name, message.alert_id)


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """What a receiver waits for that hangs; set at the end, so that no thread outlives the test for long."""
    event = threading.Event()
    yield event
    event.set()


def sender_of(store: Store, metrics: Metrics, *receivers: Receiver, calls: Calls | None = None, close_s: float = CLOSE_S) -> SenderWorker:
    listed = Listed({one.name: one for one in receivers})
    return SenderWorker(
        store=store,
        listed=lambda: listed,
        clock=SystemClock(),
        metrics=metrics,
        leadership=AlwaysLeading(),
        calls=calls,
        close_s=close_s,
    )


def step_until(sender: SenderWorker, true: Callable[[], object], *, limit_s: float = 20.0) -> float:
    """Step until it is true; return how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < limit_s, f"not so after {limit_s} s"
        time.sleep(min(0.02, sender.step()))
    return time.monotonic() - began


def put_for(store: Store, receiver: str, *keys: str) -> None:
    for key in keys:
        put(store, f"{receiver}{key}".encode().hex(), receiver=receiver)


def test_a_channel_that_is_to_be_left_alone_for_half_a_minute_keeps_three_others_not_waiting(store: Store, metrics: Metrics) -> None:
    with FakeSlack(faults=["rate_limited:30"]) as slack:
        held, others = "first", ("second", "third", "fourth")
        sender = sender_of(store, metrics, *(desk_at(slack, name) for name in (held, *others)))
        put_for(store, held, "1", "2")
        step_until(sender, lambda: not slack.faults)
        for name in others:
            put_for(store, name, "1", "2")
        assert step_until(sender, lambda: len(slack.posted) == 6) < SOON_S
        with store.read() as connection:
            row = outbox.next_due(connection, held, SystemClock().now().timestamp() + 40)
        assert row is not None
        assert (row.state, row.reason) == (SendState.NEW, "rate_limited")
        assert held not in {str(one.body["channel"]).removeprefix("#") for one in slack.posted}
        sender.close()


def test_a_webhook_that_hangs_keeps_a_channel_not_waiting(store: Store, metrics: Metrics) -> None:
    with FakeSlack() as slack, FakeWebhook([Says(then="silence")]) as hook:
        webhook = WebhookReceiver("hook", post=HttpPost(hook.url, user_agent="x"), secret=SecretStr("s"), now=SystemClock().now)
        sender = sender_of(store, metrics, webhook, desk_at(slack))
        put_for(store, "hook", "1")
        step_until(sender, lambda: hook.taken)
        put_for(store, "desk", "1", "2", "3")
        step_until(sender, lambda: len(slack.posted) == 3)
        assert metrics.registry.get_sample_value("newswire_alerting_lanes_busy") == 1  # the one that hangs
        assert not sender.idle()
    sender.close()


def test_one_call_at_a_time_goes_to_a_receiver_and_order_is_kept(store: Store, metrics: Metrics) -> None:
    at_once = threading.Semaphore(1)

    def alone() -> None:
        assert at_once.acquire(blocking=False), "two calls at once"
        time.sleep(0.01)
        at_once.release()

    receiver = Named("desk", before=alone)
    keys = [f"{n}" for n in range(12)]
    put_for(store, "desk", *keys)
    sender = sender_of(store, metrics, receiver)
    step_until(sender, sender.idle)
    assert receiver.told == [one["alert_id"] for one in rows(store)]


def test_at_the_end_what_hangs_is_left_in_state_sending_for_the_next_life(store: Store, metrics: Metrics, hanging: threading.Event) -> None:
    slow, quick = Named("slow", before=hanging.wait), Named("quick")
    put_for(store, "slow", "1")
    put_for(store, "quick", "1")
    sender = sender_of(store, metrics, slow, quick, close_s=0.05)
    step_until(sender, lambda: quick.told)
    step_until(sender, lambda: {one["receiver"]: one["state"] for one in rows(store)} == {"slow": "sending", "quick": "sent"})
    sender.close()
    assert {one["receiver"]: one["state"] for one in rows(store)} == {"slow": "sending", "quick": "sent"}
    hanging.set()
    step_until(sender, sender.idle)


def test_at_the_end_what_is_answered_in_time_is_written_down(store: Store, metrics: Metrics, hanging: threading.Event) -> None:
    slow = Named("slow", before=hanging.wait)
    put_for(store, "slow", "1")
    sender = sender_of(store, metrics, slow)
    step_until(sender, lambda: [one["state"] for one in rows(store)] == ["sending"])
    threading.Timer(0.05, hanging.set).start()
    sender.close()
    assert [one["state"] for one in rows(store)] == ["sent"]


def test_more_receivers_than_threads_are_served_in_turn(store: Store, metrics: Metrics) -> None:
    room = threading.Semaphore(2)

    def in_room() -> None:
        assert room.acquire(blocking=False), "three calls at once"
        time.sleep(0.005)
        room.release()

    receivers = [Named(f"r{n}", before=in_room) for n in range(9)]
    for one in receivers:
        put_for(store, one.name, "1", "2")
    sender = sender_of(store, metrics, *receivers, calls=ThreadCalls(most=2))
    step_until(sender, sender.idle)
    assert [len(one.told) for one in receivers] == [2] * 9


def test_a_store_that_is_away_stops_the_step_and_no_threads_pile_up(metrics: Metrics, store: Store, hanging: threading.Event) -> None:
    class Away(Store):
        """A store that answers no reader any more."""

        def __init__(self) -> None:
            self.away = False

        @contextmanager
        def begin(self) -> Iterator[Connection]:
            with store.begin() as connection:
                yield connection

        @contextmanager
        def read(self) -> Iterator[Connection]:
            if self.away:
                raise Retryable(RetryReason.STORE, "gone")
            with store.read() as connection:
                yield connection

    kept = Away()
    calls = ThreadCalls()
    slow = Named("slow", before=hanging.wait)
    put_for(store, "slow", "1", "2")
    sender = SenderWorker(
        store=kept, listed=lambda: Listed({"slow": slow}), clock=SystemClock(), metrics=metrics, leadership=AlwaysLeading(), calls=calls
    )
    step_until(sender, calls.busy)
    kept.away = True
    for _ in range(5):
        with pytest.raises(Retryable):
            sender.step()
    assert calls.busy() == {"slow"}
    kept.away = False
    hanging.set()
    step_until(sender, sender.idle)


def test_a_bug_that_one_receivers_rows_meet_leaves_the_others_their_turn(store: Store, metrics: Metrics) -> None:
    class Broken(Named):
        def clock_mark(self) -> str | Answer | None:
            raise KeyError("a bug")

    broken, sound = Broken("broken"), Named("sound")
    put_for(store, "broken", "1")
    sender = sender_of(store, metrics, broken, sound)
    with pytest.raises(KeyError):
        step_until(sender, lambda: False)
    put_for(store, "sound", "1", "2", "3")
    step_until(sender, lambda: len(sound.told) == 3)  # the broken one is left alone for longer each time
    assert {one["receiver"]: one["state"] for one in rows(store)} == {"broken": "new", "sound": "sent"}


class Stopped(AlwaysLeading):
    """The leadership of a process that another replaces while its commit takes long."""

    def __init__(self) -> None:
        self.lost = False

    def check(self, connection: object) -> int:
        if self.lost:
            raise Fenced("another leads")
        return 1


class Stopping(Store):
    """A store after whose commits the process is stopped for a while."""

    def __init__(self, store: Store, stop: Callable[[], None]) -> None:
        self._kept, self._stop = store, stop

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self._kept.begin() as connection:
            yield connection
        self._stop()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._kept.read() as connection:
            yield connection


@pytest.mark.parametrize(("stopped_s", "told"), [(FRESH_S - 1, 1), (FRESH_S + 40, 0)])
def test_who_was_stopped_between_the_commit_and_the_request_and_replaced_sends_nothing(
    store: Store, metrics: Metrics, clock: ManualClock, stopped_s: float, told: int
) -> None:
    role, receiver = Stopped(), Named("desk")

    def stop() -> None:
        pass_time(clock, stopped_s)
        role.lost = True

    put_for(store, "desk", "1")
    sender = SenderWorker(
        store=Stopping(store, stop),
        listed=lambda: Listed({"desk": receiver}),
        clock=clock,
        metrics=metrics,
        leadership=role,
        calls=InlineCalls(),
    )
    if told:
        sender.step()
    else:
        with pytest.raises(Fenced):
            sender.step()
    assert len(receiver.told) == told


def test_who_read_a_row_that_another_has_sent_in_the_meantime_sends_nothing(store: Store, metrics: Metrics, clock: ManualClock) -> None:
    """It was stopped after it had read the row, the other one died later, and it leads again, in an epoch of its own."""
    first, second = Named("desk"), Named("desk")
    put_for(store, "desk", "1")
    held: list[Callable[[], None]] = []

    class Later(InlineCalls):
        def start(self, name: str, call: Callable[[], None]) -> None:
            held.append(lambda: super(Later, self).start(name, call))

    listed = Listed({"desk": first})
    stopped = SenderWorker(store=store, listed=lambda: listed, clock=clock, metrics=metrics, leadership=AlwaysLeading(), calls=Later())
    stopped.step()
    other = Listed({"desk": second})
    SenderWorker(store=store, listed=lambda: other, clock=clock, metrics=metrics, leadership=AlwaysLeading(), calls=InlineCalls()).step()
    held.pop()()
    with pytest.raises(Fenced, match="taken by another"):
        stopped.step()
    assert (len(first.told), len(second.told)) == (0, 1)


def test_a_receiver_that_leads_elsewhere_changes_when_its_call_has_ended(store: Store, metrics: Metrics, hanging: threading.Event) -> None:
    old, new = Named("desk", before=hanging.wait), Named("desk")
    listed = [Listed({"desk": old})]
    put_for(store, "desk", "1", "2")
    sender = SenderWorker(store=store, listed=lambda: listed[0], clock=SystemClock(), metrics=metrics, leadership=AlwaysLeading())
    step_until(sender, lambda: [one["state"] for one in rows(store)] == ["sending", "new"])
    listed[0] = Listed({"desk": new})
    sender.step()
    assert (old.told, new.told) == ([], [])
    hanging.set()
    step_until(sender, sender.idle)
    assert (len(old.told), len(new.told)) == (1, 1)


@given(
    spacing_s=st.sampled_from([0.5, 1.0, 2.0]),
    steps=st.lists(st.tuples(st.floats(0, 10), st.sampled_from(["send", "send", "send", "hold"])), max_size=60),
)
def test_no_stretch_of_time_has_more_messages_than_its_length_and_a_burst(spacing_s: float, steps: list[tuple[float, str]]) -> None:
    receiver = Named("desk")
    receiver.spacing_s = spacing_s
    lane, now, sent = Lane(receiver), 100.0, list[float]()
    for later_s, what in steps:
        now += later_s / 4
        if what == "hold":
            lane.hold(now, 3.0)
        elif lane.free_at() <= now:
            lane.spend(now)
            sent.append(now)
    for n, begin in enumerate(sent):
        for count, end in enumerate(sent[n:], 1):
            assert count <= BURST + (end - begin) / spacing_s + 1e-6


def test_after_a_wait_that_was_asked_for_messages_follow_at_their_pace() -> None:
    receiver = Named("desk")
    receiver.spacing_s = 1.0
    lane = Lane(receiver)
    lane.hold(100.0, 30.0)
    assert lane.free_at() == 130.0
    lane.spend(130.0)
    assert lane.free_at() == 131.0


def test_a_receiver_without_a_pace_is_never_waited_for() -> None:
    lane = Lane(Named("terminal"))
    for _ in range(100):
        lane.spend(5.0)
    assert lane.free_at() <= 5.0
