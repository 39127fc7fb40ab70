"""One attempt: what a row says is put on the wire, or looked for where an earlier attempt is in doubt, and its end is written down.

Never: sends before `sending` is durable, in the same transaction as the look at who leads; or sends again what may have arrived before it
was looked for. Runs on the thread of its receiver's call, and touches no lane but that receiver's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, assert_never

import structlog

from alerting import message as messages
from alerting.carried import carried_by
from alerting.leadership import Leadership
from alerting.message import Message
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
from alerting.sender_known import place_of_known, told_apart
from alerting.sender_lane import ACCESS_RETRY_S, Lane
from alerting.sender_ledger import PARENT_FAILED, UNREADABLE_ROW, Ledger
from alerting.sender_links import Links
from alerting.sender_recall import Recalls
from alerting.sender_said import Content, Place, bulletin_of, content_of, place_of, readable, repeated, text_of
from alerting.updates import Update
from newswire.clock import Clock
from newswire.crash import crash_point
from newswire.metrics import Metrics
from newswire.outcomes import SendOutcome, SendState
from newswire.records import MessageKind
from newswire.store import Store, outbox
from newswire.store.outbox import Queued
from newswire.store.recalled import Recalled

FRESH_S: Final = 5.0
"""A request begins within so long of the transaction that noted it, or who leads is asked again: a process that was stopped in between has
been replaced, and the other one reads back half a minute after it takes over."""

BUG: Final = "bug"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Try:
    """A row on its way to a receiver, and where its message stands."""

    lane: Lane
    receiver: Receiver
    row: Queued
    content: Content
    place: Place
    head: Queued | None  # of an edit, a reply, a further page: the row of the message that it belongs to


class Attempts:
    """Serves one row at a time to a receiver; thread-safe for different receivers."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        metrics: Metrics,
        leadership: Leadership,
        ledger: Ledger,
        links: Links,
        recalls: Recalls,
        back_off_s: float,
    ) -> None:
        self._store, self._clock, self._metrics, self._leadership = store, clock, metrics, leadership
        self._ledger, self._links, self._recalls, self._back_off_s = ledger, links, recalls, back_off_s

    def serve(self, lane: Lane, row: Queued) -> None:
        """Do what is due about this row.

        Raises:
            Fenced: another process is the alerter now.
            Retryable: the store is away.

        """
        receiver = lane.begun.get(row.row_id, lane.receiver)
        if not readable(row):
            self._ledger.refused(row, UNREADABLE_ROW)
            return
        tried = self._placed(lane, receiver, row)
        if tried is not None and row.state is SendState.NEW and row.kind is not MessageKind.EDIT:
            tried = self._not_told_before(tried)
        if tried is None:
            return
        if row.kind is MessageKind.EDIT or row.state is SendState.NEW:
            self._send(tried)
        elif row.doubt_since is None and receiver.reads_back:
            # Found `sending`: another life of this process was cut off here. The receiver may still be working on it.
            self._ledger.doubt(row, "found_sending")
        else:
            self._look_for(tried)

    def _placed(self, lane: Lane, receiver: Receiver, row: Queued) -> Try | None:
        """Return the row with where it stands; None where its parent was never told, or by a digest: then it has been settled."""
        content = content_of(row.kind, row.message)
        head: Queued | None = None
        if row.kind in {MessageKind.EDIT, MessageKind.REPLY} or (row.kind is MessageKind.DIGEST and row.sequence):
            with self._store.read() as connection:
                head = outbox.head_of(connection, row)
        if head is not None and row.kind in {MessageKind.EDIT, MessageKind.REPLY} and _told_by_digest(head):
            self._ledger.told_by_digest(row)
            return None
        if row.kind is MessageKind.EDIT:
            told = head is not None and head.state is SendState.SENT and head.channel and head.reference
            place = Place(head.channel, head.reference) if head is not None and told else None
        else:
            place = place_of(row, content, head)
        if place is None:
            self._ledger.refused(row, PARENT_FAILED)
            return None
        return Try(lane, receiver, row, content, place, head)

    def _not_told_before(self, tried: Try) -> Try | None:
        """Return what is still to be said where the store was restored; None where all was told before that, or this is to be tried later."""
        row, content = tried.row, tried.content
        if self._recalls.restored() is None:
            return tried
        if isinstance(content, Update):
            return self._reply_not_told_before(tried, content)
        if known := self._recalls.known(row, content):
            self._take_up(tried, known)
            return None
        return self._saying(tried, replace(content, possible_repeat=True)) if self._recalls.perhaps(row, content) else tried

    def _reply_not_told_before(self, tried: Try, update: Update) -> Try | None:
        if not self._recalls.thread_read(tried.lane, tried.row, tried.place, tried.head):
            self._ledger.again(tried.row, SendOutcome.RETRY, "reading_back", self._back_off_s)
            return None
        left = told_apart(update, self._recalls.known(tried.row, update))
        if left is None:
            self._ledger.told_before(tried.row)
            return None
        if self._recalls.perhaps_given(tried.row, tried.head):
            left = replace(left, possible_repeat=True)
        return tried if left is update else self._saying(tried, left)

    def _take_up(self, tried: Try, known: Mapping[str, Recalled]) -> None:
        """Take what was told before for ours: its thread goes on; what a digest told is told."""
        row, content = tried.row, tried.content
        there = place_of_known(content, row.alert_id, known)
        _log.info("told before the restore, and taken up", receiver=row.receiver, alert_id=row.alert_id, kind=row.kind)
        if there.reference is None:
            self._ledger.told_before(row)
            return
        self._metrics.sends_in.labels(tried.receiver.name).inc()
        self._settle(tried, Accepted(there.channel, there.reference), found=True)
        if isinstance(content, Message) and not set(carried_by(content)) <= known.keys():
            self._ledger.say_anew(row)

    def _saying(self, tried: Try, content: Content) -> Try:
        """Return the same row, durably saying something else."""
        text = text_of(content)
        self._ledger.mark_repeat(tried.row, text)
        return replace(tried, row=replace(tried.row, message=text), content=content)

    def _send(self, tried: Try, *, counted: bool = False) -> None:
        """Put it on the wire. `counted`: the attempt began with a read-back."""
        row, receiver = tried.row, tried.receiver
        if not counted:
            self._metrics.sends_in.labels(receiver.name).inc()
        mark = self._clock_mark(tried)
        if mark is not None and not isinstance(mark, str):
            self._settle(tried, mark)
            return
        linked = self._links.linked(tried.content) if isinstance(tried.content, Message) else None
        noted_at = self._moments()
        with self._store.begin() as connection:
            self._leadership.check(connection)
            text = outbox.mark_sending(connection, row, clock_mark=mark)
            if linked is not None and linked is not tried.content and text == row.message:
                text = messages.to_json(linked)
                outbox.replace_message(connection, row.row_id, text)
        crash_point("send_after_sending")
        tried = replace(tried, row=replace(row, message=text), content=content_of(row.kind, text))
        answer = self._on_the_wire(tried, noted_at)
        if isinstance(answer, BadMessage):
            _log.warning("layout refused, sent as plain text", receiver=receiver.name, alert_id=row.alert_id, code=answer.code)
            answer = self._on_the_wire(tried, noted_at, plain=True)
        if isinstance(answer, Accepted):
            crash_point("send_after_accepted")
        self._settle(tried, answer)

    def _clock_mark(self, tried: Try) -> str | Answer | None:
        """Return from which moment on it is looked for, should it be in doubt: of what was in doubt before, from its first attempt on."""
        if tried.row.kind is MessageKind.EDIT:
            return None
        return tried.row.reference if tried.row.state is SendState.SENDING else tried.receiver.clock_mark()

    def _on_the_wire(self, tried: Try, noted_at: tuple[float, float], *, plain: bool = False) -> Answer:
        """Return the receiver's answer to a post, an edit or a bulletin.

        Raises:
            Fenced: this process was stopped since it noted the send, and has been replaced.

        """
        if any(now - noted > FRESH_S for now, noted in zip(self._moments(), noted_at, strict=True)):
            with self._store.begin() as connection:
                self._leadership.check(connection)
        receiver, row, content, place = tried.receiver, tried.row, tried.content, tried.place
        if not isinstance(content, Message):
            bulletin = bulletin_of(content, row.sequence)
            return _answered(lambda: receiver.say(bulletin, channel=place.channel, thread=place.thread, plain=plain))
        if row.kind is MessageKind.PARENT:
            return _answered(lambda: receiver.post(content, plain=plain))
        numbered = replace(content, sequence=row.sequence)
        return _answered(lambda: receiver.edit(numbered, place.channel or "", place.thread or "", plain=plain))

    def _moments(self) -> tuple[float, float]:
        """Return now on both clocks: that which never jumps stands still while a virtual machine does."""
        return self._clock.monotonic(), self._clock.now().timestamp()

    def _look_for(self, tried: Try) -> None:
        """Look for a message in doubt, and send it again where it is not there."""
        row, receiver, lane = tried.row, tried.receiver, tried.lane
        self._metrics.sends_in.labels(receiver.name).inc()
        answer = self._found(tried)
        match answer:
            case Accepted():
                self._settle(tried, answer, found=True)
            case NotFound():
                # Counted, as it is there twice if the receiver shows it only after this look: nobody can know that now.
                self._metrics.resends.labels(receiver.name).inc()
                _log.info("not found, sent again", receiver=receiver.name, alert_id=row.alert_id, kind=row.kind)
                self._send(tried, counted=True)
            case Unreadable(code) if row.kind is MessageKind.REPLY and receiver.reads_back:
                self._ledger.fold(row, tried.content, code)
            case Unreadable(code):
                _log.warning("cannot read back, sent again as a possible repeat", receiver=receiver.name, alert_id=row.alert_id, code=code)
                message = repeated(row, tried.content)
                self._ledger.mark_repeat(row, message)
                again = replace(row, message=message)
                self._send(replace(tried, row=again, content=content_of(row.kind, message)), counted=True)
            case RateLimited(retry_after_s):
                lane.hold(self._clock.monotonic(), max(retry_after_s, receiver.spacing_s))
                self._ledger.ended(row, SendOutcome.RATE_LIMITED, None)
            case Unclear(reason):
                lane.back_off(self._clock.monotonic(), self._back_off_s)
                self._ledger.doubt(row, reason, again=True)
                self._ledger.ended(row, SendOutcome.IN_DOUBT, reason)
            case BadAccess(code):
                self._refuse_lane(lane, code)
                self._ledger.ended(row, SendOutcome.RETRY, code)
            case _:
                assert_never(answer)

    def _found(self, tried: Try) -> FindAnswer:
        row, receiver, place = tried.row, tried.receiver, tried.place
        channel = place.channel
        if channel is None and receiver.reads_back and not tried.lane.moved:
            with self._store.read() as connection:
                channel = outbox.channel_of(connection, row.receiver)
        if isinstance(tried.content, Message):
            return receiver.find(row.alert_id, channel=channel, since=row.reference)
        said = bulletin_of(tried.content, row.sequence)
        return receiver.find_said(said.bulletin_id, channel=channel, thread=place.thread, since=row.reference)

    def _settle(self, tried: Try, answer: Answer, *, found: bool = False) -> None:
        """Write down what the receiver's answer means, and keep the pace that it asks for."""
        lane, row, now = tried.lane, tried.row, self._clock.monotonic()
        match answer:
            case Accepted(channel, reference):
                lane.failures, lane.closed = 0, False
                self.trouble(lane, None)
                lane.spend(now)
                self._ledger.accepted(row, SendOutcome.FOUND if found else _accepted_as(tried), channel, reference)
            case NotSent(reason):
                self._ledger.again(row, SendOutcome.RETRY, reason, lane.back_off(now, self._back_off_s))
            case RateLimited(retry_after_s):
                wait_s = max(retry_after_s, lane.receiver.spacing_s)
                lane.hold(now, wait_s)
                self._ledger.again(row, SendOutcome.RATE_LIMITED, "rate_limited", wait_s)
            case Unclear(reason) if row.kind is MessageKind.EDIT:
                # Doing it twice is harmless, so nothing needs to be looked for.
                self._ledger.again(row, SendOutcome.IN_DOUBT, reason, lane.back_off(now, self._back_off_s))
            case Unclear(reason):
                lane.back_off(now, self._back_off_s)
                # What cannot be looked for, and may have arrived each time, is repeated ever more rarely.
                self._ledger.doubt(row, reason, again=_accepted_as(tried) is SendOutcome.REPEATED)
                self._ledger.ended(row, SendOutcome.IN_DOUBT, reason)
            case BadMessage(code) | BadRoute(code):
                if isinstance(answer, BadRoute):
                    self.trouble(lane, code)
                lane.spend(now)
                self._ledger.refused(row, code)
                self._ledger.ended(row, SendOutcome.REFUSED, code)
            case BadAccess(code):
                self._refuse_lane(lane, code)
                self._ledger.again(row, SendOutcome.RETRY, code, 0.0)
            case _:
                assert_never(answer)

    def trouble(self, lane: Lane, code: str | None) -> None:
        """Keep the receiver's word for why it refuses us; None where it does not."""
        lane.trouble = code
        self._metrics.receiver_refusing.labels(lane.receiver.name).set(code is not None)

    def _refuse_lane(self, lane: Lane, code: str) -> None:
        _log.error("receiver refuses our token; its queue is kept", receiver=lane.receiver.name, code=code, next_try_s=ACCESS_RETRY_S)
        self.trouble(lane, code)
        lane.closed = True
        lane.hold(self._clock.monotonic(), ACCESS_RETRY_S)


def _told_by_digest(head: Queued) -> bool:
    return head.state is SendState.GATHERED or (head.state is SendState.SENT and head.reference is None)


def _accepted_as(tried: Try) -> SendOutcome:
    return SendOutcome.REPEATED if tried.content.possible_repeat and tried.row.kind is not MessageKind.EDIT else SendOutcome.SENT


def _answered(call: Callable[[], Answer]) -> Answer:
    """Return the receiver's answer. A receiver raises for nothing that the other side does, so what it raises is a bug of ours, met
    before anything was on the wire: the message is given up, and the queue goes on.
    """
    try:
        return call()
    except Exception:  # noqa: BLE001 -- one message that cannot be put in words must not stop the rest
        _log.exception("message cannot be rendered")
        return BadMessage(BUG)
