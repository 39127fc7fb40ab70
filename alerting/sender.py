"""The sender: drains the outbox to its receivers, once as far as that can be known, and in order within each story.

Reads / writes: the outbox and the trail; receivers, through their port, as the routes in force list them.
Never: sends before `sending` is durable, or sends again what may have arrived before it was looked for. Rather twice than never, and
counted.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

import structlog

from alerting.leadership import STANDBY_S, Leadership
from alerting.message import from_json, to_json
from alerting.receivers import (
    Accepted,
    Answer,
    BadAccess,
    BadMessage,
    BadRoute,
    FindAnswer,
    NotFound,
    NotSent,
    RateLimited,
    Receiver,
    Unclear,
    Unreadable,
)
from alerting.receivers.directory import Listed
from alerting.sender_redirect import redirect
from newswire.clock import Clock
from newswire.crash import crash_point
from newswire.metrics import Metrics
from newswire.outcomes import SendOutcome, SendState, Stage
from newswire.records import MessageKind
from newswire.store import Store, outbox, trail
from newswire.store.outbox import Queued

LOOK_S: Final = 0.2
"""How often an empty outbox is looked at."""

ACCESS_RETRY_S: Final = 180.0
"""How long nothing is sent to a receiver that refuses our token."""

BACK_OFF_MOST_S: Final = 60.0
DOUBT_MOST_S: Final = 3_600.0
PARENT_FAILED: Final = "parent_failed"
UNKNOWN_RECEIVER: Final = "unknown_receiver"
UNREADABLE_ROW: Final = "unreadable_row"
BUG: Final = "bug"

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Lane:
    """The way to one receiver: when it may be used again, and what is wrong with it."""

    free_at: float = 0.0  # monotonic
    failures: int = 0  # unclear or unsent in a row
    trouble: str | None = None  # the receiver's own word, while it refuses us
    closed: bool = False  # it refuses everything from us
    moved: bool = False  # it led elsewhere before: where the store says that it was told last may be the old place
    begun: Mapping[int, Receiver] = field(default_factory=dict)  # rows that were on their way to the old place then


class SenderWorker:
    """Sends what is due, one row at a time."""

    name = "sender"

    def __init__(
        self,
        *,
        store: Store,
        listed: Callable[[], Listed],
        clock: Clock,
        metrics: Metrics,
        leadership: Leadership,
        doubt_wait_s: float = 30.0,
        back_off_s: float = 0.5,
    ) -> None:
        self._store, self._listed, self._clock, self._metrics = store, listed, clock, metrics
        self._leadership, self._doubt_wait_s, self._back_off_s = leadership, doubt_wait_s, back_off_s
        self._in_use = listed()
        self._lanes = {name: _Lane() for name in self._in_use.receivers}
        self._unknown: frozenset[str] = frozenset()

    def step(self) -> float:
        if not self._leadership.leading():
            self._stand_by()
            return STANDBY_S
        with self._store.read() as connection:
            waiting = outbox.waiting_receivers(connection)
            counts = outbox.counts(connection)
        for state in (SendState.NEW, SendState.SENDING, SendState.FAILED):
            self._metrics.outbox.labels(state).set(counts.get(state, 0))
        # Only after the look at the queue: what waits was decided on a set that is in force by now.
        self._use(self._listed(), waiting)
        worked = False
        for name in sorted(waiting):
            if name in self._in_use.receivers:
                worked = self._serve(name) or worked
            elif name not in self._unknown:
                # Perhaps this process was started without the token: what waits for that receiver is not to be told elsewhere.
                _log.error(
                    "no such receiver here; its queue is kept until routes.yaml names it",
                    receiver=name,
                    known=sorted(self._in_use.receivers),
                )
                self._metrics.receiver_refusing.labels(name).set(1)
                self._unknown |= {name}
        return 0.0 if worked else LOOK_S

    def idle(self) -> bool:
        # A receiver that refuses our token keeps its queue until a person acts: there is nothing to wait for.
        open_to_us = {name for name, lane in self._lanes.items() if not lane.closed}
        with self._store.read() as connection:
            return open_to_us.isdisjoint(outbox.waiting_receivers(connection))

    def close(self) -> None:
        """Hold nothing: what is in the outbox stays there."""

    def troubles(self) -> dict[str, str]:
        """Return the receivers that refuse us now, each with its own word for it: for `/readyz` and the live status."""
        refusing = {name: lane.trouble for name, lane in self._lanes.items() if lane.trouble}
        return refusing | dict.fromkeys(self._unknown, UNKNOWN_RECEIVER)

    def _stand_by(self) -> None:
        """Follow the routes as they change: what is on its way now, another process has begun, and nobody here knows where."""
        listed = self._listed()
        if listed is not self._in_use:
            self._in_use, self._lanes = listed, {name: _Lane() for name in listed.receivers}

    def _use(self, listed: Listed, waiting: Collection[str]) -> None:
        """Go on with these receivers; one that is new, or leads elsewhere than before, begins without the troubles of the old one."""
        before = self._in_use
        for name, receiver in listed.receivers.items() if listed is not before else ():
            if before.receivers.get(name) is not receiver:
                lane = self._moved(name, before.receivers[name]) if name in before.receivers else _Lane()
                self._lanes = self._lanes | {name: lane}
                self._metrics.receiver_refusing.labels(name).set(0)
                self._unknown -= {name}
                _log.info("receiver leads elsewhere now" if lane.moved else "receiver is new here", receiver=name, begun=len(lane.begun))
        for name in listed.left - before.left:
            _log.info("receiver has left the routes; what was decided for it is still told to it", receiver=name, waits=name in waiting)
        self._in_use = listed  # last: where the store was away above, the next step does it all
        for name in listed.left.difference(waiting):
            if (lane := self._lanes[name]).trouble:
                self._trouble(lane, name, None)

    def _moved(self, name: str, old: Receiver) -> _Lane:
        """Return the lane of a receiver that leads elsewhere now: what was begun at the old place is ended there."""
        begun = self._lanes[name].begun
        with self._store.read() as connection:
            return _Lane(moved=True, begun={row_id: begun.get(row_id, old) for row_id in outbox.sending(connection, name)})

    def _serve(self, name: str) -> bool:
        """Do what is due for one receiver; return whether there was something."""
        receiver, lane = self._in_use.receivers[name], self._lanes[name]
        if lane.free_at > self._clock.monotonic():
            return False
        with self._store.read() as connection:
            row = outbox.next_due(connection, name, self._now())
        if row is None:
            return False
        receiver = lane.begun.get(row.row_id, receiver)
        if not _readable(row.message):
            self._refused(row, UNREADABLE_ROW)
        elif row.kind is MessageKind.EDIT:
            self._attempt_edit(receiver, lane, row)
        elif row.state is SendState.NEW:
            self._attempt_post(receiver, lane, row)
        elif row.doubt_since is None and receiver.reads_back:
            # Found `sending`: another life of this process was cut off here. The receiver may still be working on it.
            self._doubt(row, "found_sending")
        else:
            self._attempt_doubtful(receiver, lane, row)
        return True

    def _attempt_post(self, receiver: Receiver, lane: _Lane, row: Queued, *, counted: bool = False) -> None:
        """Send a parent. `counted`: the attempt began with a read-back."""
        message = from_json(row.message)
        if not counted:
            self._metrics.sends_in.labels(receiver.name).inc()
        # What was in doubt is looked for from its first attempt on, however often it is sent.
        mark = row.reference if row.state is SendState.SENDING else receiver.clock_mark()
        if mark is not None and not isinstance(mark, str):
            self._settle(lane, row, mark, SendOutcome.SENT)
            return
        with self._store.begin() as connection:
            self._leadership.check(connection)
            outbox.mark_sending(connection, row, clock_mark=mark)
        crash_point("send_after_sending")
        answer = _answered(lambda: receiver.post(message))
        if isinstance(answer, BadMessage):
            _log.warning("layout refused, sent as plain text", receiver=receiver.name, alert_id=row.alert_id, code=answer.code)
            answer = _answered(lambda: receiver.post(message, plain=True))
        if isinstance(answer, Accepted):
            crash_point("send_after_accepted")
        self._settle(lane, row, answer, SendOutcome.REPEATED if message.possible_repeat else SendOutcome.SENT)

    def _attempt_edit(self, receiver: Receiver, lane: _Lane, row: Queued) -> None:
        with self._store.read() as connection:
            parent = outbox.head_of(connection, row)
        if parent is None or parent.state is not SendState.SENT or not parent.channel or not parent.reference:
            self._refused(row, PARENT_FAILED)
            return
        message = replace(from_json(row.message), sequence=row.sequence)
        self._metrics.sends_in.labels(receiver.name).inc()
        with self._store.begin() as connection:
            self._leadership.check(connection)
            outbox.mark_sending(connection, row, clock_mark=None)
        crash_point("send_after_sending")
        channel, reference = parent.channel, parent.reference
        answer = _answered(lambda: receiver.edit(message, channel, reference))
        if isinstance(answer, BadMessage):
            answer = _answered(lambda: receiver.edit(message, channel, reference, plain=True))
        if isinstance(answer, Accepted):
            crash_point("send_after_accepted")
        self._settle(lane, row, answer, SendOutcome.SENT)

    def _attempt_doubtful(self, receiver: Receiver, lane: _Lane, row: Queued) -> None:
        """Look for a message in doubt, and send it again where it is not there."""
        self._metrics.sends_in.labels(receiver.name).inc()
        with self._store.read() as connection:
            channel = None if lane.moved else outbox.channel_of(connection, row.receiver)
        answer: FindAnswer = receiver.find(row.alert_id, channel=channel, since=row.reference)
        match answer:
            case Accepted():
                self._settle(lane, row, answer, SendOutcome.FOUND)
            case NotFound():
                self._attempt_post(receiver, lane, row, counted=True)
            case Unreadable(code):
                _log.warning("cannot read back, sent again as a possible repeat", receiver=receiver.name, alert_id=row.alert_id, code=code)
                message = to_json(replace(from_json(row.message), possible_repeat=True))
                with self._store.begin() as connection:
                    self._leadership.check(connection)
                    outbox.replace_message(connection, row.row_id, message)
                self._attempt_post(receiver, lane, replace(row, message=message), counted=True)
            case RateLimited(retry_after_s):
                self._hold(lane, max(retry_after_s, receiver.spacing_s))
                self._ended(row, SendOutcome.RATE_LIMITED, None)
            case Unclear(reason):
                self._back_off(lane)
                self._doubt(row, reason, again=True)
                self._ended(row, SendOutcome.IN_DOUBT, reason)
            case BadAccess(code):
                self._refuse_lane(lane, row, code)
                self._ended(row, SendOutcome.RETRY, code)
            case _:
                assert_never(answer)

    def _settle(self, lane: _Lane, row: Queued, answer: Answer, accepted_as: SendOutcome) -> None:
        """Write down what the receiver's answer to a post or an edit means, and keep the pace that it asks for."""
        spacing_s = self._in_use.receivers[row.receiver].spacing_s
        match answer:
            case Accepted(channel, reference):
                self._accepted(row, accepted_as, channel, reference)
                lane.failures = 0
                self._trouble(lane, row.receiver, None)
                lane.closed = False
                self._hold(lane, spacing_s)
            case NotSent(reason):
                self._again(row, SendOutcome.RETRY, reason, self._back_off(lane))
            case RateLimited(retry_after_s):
                wait_s = max(retry_after_s, spacing_s)
                self._again(row, SendOutcome.RATE_LIMITED, "rate_limited", wait_s)
                self._hold(lane, wait_s)  # last: no younger row is due before this one
            case Unclear(reason) if row.kind is MessageKind.EDIT:
                # Doing it twice is harmless, so nothing needs to be looked for.
                self._again(row, SendOutcome.IN_DOUBT, reason, self._back_off(lane))
            case Unclear(reason):
                self._back_off(lane)
                # What cannot be looked for, and may have arrived each time, is repeated ever more rarely.
                self._doubt(row, reason, again=accepted_as is SendOutcome.REPEATED)
                self._ended(row, SendOutcome.IN_DOUBT, reason)
            case BadMessage(code):
                self._refused(row, code)
                self._ended(row, SendOutcome.REFUSED, code)
                self._hold(lane, spacing_s)
            case BadRoute(code):
                self._trouble(lane, row.receiver, code)
                self._refused(row, code)
                self._ended(row, SendOutcome.REFUSED, code)
                self._hold(lane, spacing_s)
            case BadAccess(code):
                self._refuse_lane(lane, row, code)
                self._again(row, SendOutcome.RETRY, code, 0.0)
            case _:
                assert_never(answer)

    def _accepted(self, row: Queued, outcome: SendOutcome, channel: str | None, reference: str | None) -> None:
        now = self._now()
        with self._store.begin() as connection:
            outbox.mark_sent(connection, row, outcome, channel=channel, reference=reference, at=now)
            trail.record(connection, [_step(row, outcome, None, now)])
        crash_point("send_after_sent")
        self._metrics.sends.labels(row.receiver, outcome).inc()
        if row.kind is MessageKind.PARENT:
            seen_at = from_json(row.message).seen_at.timestamp()
            self._metrics.seen_to_told.labels(row.receiver).observe(max(0.0, now - seen_at))

    def _again(self, row: Queued, outcome: SendOutcome, reason: str, wait_s: float) -> None:
        with self._store.begin() as connection:
            self._leadership.check(connection)
            outbox.mark_again(connection, row.row_id, outcome, next_try_at=self._now() + wait_s, reason=reason)
        self._ended(row, outcome, reason)

    def _doubt(self, row: Queued, reason: str, *, again: bool = False) -> None:
        """Note the doubt; each further one about the same row waits twice as long."""
        now = self._now()
        wait_s = min(self._doubt_wait_s * 2.0 ** min(max(row.attempts - 1, 0), 12), DOUBT_MOST_S) if again else self._doubt_wait_s
        _log.warning("not known whether it arrived, to be read back", alert_id=row.alert_id, reason=reason, wait_s=wait_s)
        with self._store.begin() as connection:
            self._leadership.check(connection)
            outbox.mark_doubt(connection, row.row_id, since=row.doubt_since or now, next_try_at=now + wait_s, reason=reason)
            trail.record(connection, [_step(row, SendOutcome.IN_DOUBT, reason, now)])

    def _refused(self, row: Queued, code: str) -> None:
        """Give the row up; a fallback receiver, where there is one, is told instead."""
        now = self._now()
        fallback = self._in_use.fallback
        _log.error("refused for good", receiver=row.receiver, alert_id=row.alert_id, code=code, fallback=fallback)
        with self._store.begin() as connection:
            self._leadership.check(connection)
            outbox.mark_failed(connection, row.row_id, code, at=now)
            trail.record(connection, [_step(row, SendOutcome.REFUSED, code, now)])
            if fallback and fallback != row.receiver and code != UNREADABLE_ROW:
                redirect(connection, row, fallback, at=now)

    def _refuse_lane(self, lane: _Lane, row: Queued, code: str) -> None:
        _log.error("receiver refuses our token; its queue is kept", receiver=row.receiver, code=code, next_try_s=ACCESS_RETRY_S)
        self._trouble(lane, row.receiver, code)
        lane.closed = True
        self._hold(lane, ACCESS_RETRY_S)

    def _trouble(self, lane: _Lane, receiver: str, code: str | None) -> None:
        lane.trouble = code
        self._metrics.receiver_refusing.labels(receiver).set(code is not None)

    def _ended(self, row: Queued, outcome: SendOutcome, reason: str | None) -> None:
        self._metrics.sends.labels(row.receiver, outcome).inc()
        if outcome not in {SendOutcome.SENT, SendOutcome.FOUND}:
            _log.info("not delivered yet", receiver=row.receiver, alert_id=row.alert_id, outcome=outcome, reason=reason)

    def _back_off(self, lane: _Lane) -> float:
        lane.failures += 1
        wait_s = min(self._back_off_s * 2.0 ** min(lane.failures, 10), BACK_OFF_MOST_S)
        self._hold(lane, wait_s)
        return wait_s

    def _hold(self, lane: _Lane, wait_s: float) -> None:
        lane.free_at = self._clock.monotonic() + wait_s

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _answered(call: Callable[[], Answer]) -> Answer:
    """Return the receiver's answer. A receiver raises for nothing that the other side does, so what it raises is a bug of ours, met
    before anything was on the wire: the message is given up, and the queue goes on.
    """
    try:
        return call()
    except Exception:  # noqa: BLE001 -- one message that cannot be put in words must not stop the rest
        _log.exception("message cannot be rendered")
        return BadMessage(BUG)


def _readable(message: str) -> bool:
    try:
        from_json(message)
    except ValueError:
        return False
    return True


def _step(row: Queued, outcome: SendOutcome, reason: str | None, at: float) -> trail.Step:
    detail = {"alert_id": row.alert_id, "sequence": row.sequence}
    return trail.Step(row.item_id, row.revision, Stage.DELIVER, f"{row.receiver}/{row.kind}", outcome, reason, detail, at)
