"""What became of a message is written down here: the outbox row, the trail, the metrics, and what follows for others.

Never: writes for a process that was replaced. What a receiver has accepted is written down all the same: it is true whoever leads.
"""

from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy import Connection

from alerting import message as messages
from alerting.leadership import ROLE, Leadership
from alerting.receivers.directory import Fallback
from alerting.sender_fold import entry_of, fold
from alerting.sender_redirect import redirect
from alerting.sender_said import Content, content_of
from newswire.clock import Clock
from newswire.crash import crash_point
from newswire.metrics import Metrics
from newswire.outcomes import SendOutcome, SendState, Stage
from newswire.records import MessageKind
from newswire.store import Store, digests, leaders, outbox, trail
from newswire.store.outbox import Queued

DOUBT_MOST_S: Final = 3_600.0
PARENT_FAILED: Final = "parent_failed"
UNREADABLE_ROW: Final = "unreadable_row"

_OF_A_STORY: Final = frozenset({MessageKind.PARENT, MessageKind.EDIT, MessageKind.REPLY})

_log = structlog.get_logger(__name__)


class Ledger:
    """Writes down how attempts end. Thread-safe: each call is a transaction of its own."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        metrics: Metrics,
        leadership: Leadership,
        fallback: Callable[[], Fallback | None],
        doubt_wait_s: float,
    ) -> None:
        self._store, self._clock, self._metrics, self._leadership = store, clock, metrics, leadership
        self._fallback, self._doubt_wait_s = fallback, doubt_wait_s

    def accepted(self, row: Queued, outcome: SendOutcome, channel: str | None, reference: str | None) -> None:
        """Note that the receiver has it."""
        now = self._now()
        with self._store.begin() as connection:
            outbox.mark_sent(connection, row, outcome, channel=channel, reference=reference, at=now)
            _note(connection, row, outcome, None, now)
            _settle_digest(connection, row, now)
        crash_point("send_after_sent")
        self._metrics.sends.labels(row.receiver, outcome).inc()
        self._metrics.receiver_success_at.labels(row.receiver).set(now)
        if row.kind is MessageKind.PARENT:
            seen_at = messages.from_json(row.message).seen_at.timestamp()
            self._metrics.seen_to_told.labels(row.receiver).observe(max(0.0, now - seen_at))

    def again(self, row: Queued, outcome: SendOutcome, reason: str, wait_s: float) -> None:
        """Note that the receiver surely does not have it, and when to try again."""
        with self._store.begin() as connection:
            self._leadership.check(connection)
            outbox.mark_again(connection, row.row_id, outcome, next_try_at=self._now() + wait_s, reason=reason)
        self.ended(row, outcome, reason)

    def doubt(self, row: Queued, reason: str, *, again: bool = False) -> None:
        """Note the doubt; each further one about the same row waits twice as long."""
        now = self._now()
        wait_s = min(self._doubt_wait_s * 2.0 ** min(max(row.attempts - 1, 0), 12), DOUBT_MOST_S) if again else self._doubt_wait_s
        _log.warning("not known whether it arrived, to be read back", alert_id=row.alert_id, kind=row.kind, reason=reason, wait_s=wait_s)
        with self._store.begin() as connection:
            self._leadership.check(connection)
            outbox.mark_doubt(connection, row.row_id, since=row.doubt_since or now, next_try_at=now + wait_s, reason=reason)
            _note(connection, row, SendOutcome.IN_DOUBT, reason, now)

    def refused(self, row: Queued, code: str) -> None:
        """Give the row up; a fallback receiver, where there is one, is told instead."""
        now, fallback = self._now(), self._fallback()
        _log.error(
            "refused for good", receiver=row.receiver, alert_id=row.alert_id, kind=row.kind, code=code, fallback=fallback and fallback.name
        )
        with self._store.begin() as connection:
            leaders.alone(connection, ROLE)  # the stage numbers the story's edits too
            self._leadership.check(connection)
            outbox.mark_failed(connection, row.row_id, code, at=now)
            _note(connection, row, SendOutcome.REFUSED, code, now)
            if fallback and fallback.name != row.receiver and code != UNREADABLE_ROW:
                redirect(connection, row, content_of(row.kind, row.message), fallback, at=now)
            _settle_digest(connection, row, now)

    def told_by_digest(self, row: Queued) -> None:
        """Note that nothing need be said: a digest tells the story here, in its newest words, and has no message that could be changed."""
        now = self._now()
        with self._store.begin() as connection:
            self._leadership.check(connection)
            outbox.mark_spoken_for(connection, row.row_id, SendOutcome.SENT, at=now)

    def told_before(self, row: Queued) -> None:
        """Note that nothing need be said: it was, before the restore."""
        now = self._now()
        with self._store.begin() as connection:
            self._leadership.check(connection)
            outbox.mark_spoken_for(connection, row.row_id, SendOutcome.FOUND, at=now)
            _note(connection, row, SendOutcome.FOUND, "before_restore", now)

    def say_anew(self, row: Queued) -> None:
        """Let an edit bring the message up to date that was taken up: it does not tell all that the row did."""
        with self._store.begin() as connection:
            leaders.alone(connection, ROLE)  # the stage numbers the story's edits too
            self._leadership.check(connection)
            sequence, told = outbox.told(connection, [row.story_id])[row.story_id][row.receiver]
            outbox.put(connection, [entry_of(messages.from_json(told), row, row.receiver, sequence + 1)], self._now())

    def fold(self, row: Queued, content: Content, code: str) -> None:
        """Let an edit of the parent say what a reply in doubt was to say; `code` is why nobody can look for it."""
        now = self._now()
        _log.warning("cannot read back, folded into an edit of its parent", receiver=row.receiver, alert_id=row.alert_id, code=code)
        with self._store.begin() as connection:
            leaders.alone(connection, ROLE)  # the stage numbers the story's edits too
            self._leadership.check(connection)
            fold(connection, row, content, at=now)
            outbox.mark_spoken_for(connection, row.row_id, SendOutcome.FOLDED, at=now)
            _note(connection, row, SendOutcome.FOLDED, code, now)
        self._metrics.replies_folded.labels(row.receiver).inc()
        self.ended(row, SendOutcome.FOLDED, code)

    def mark_repeat(self, row: Queued, message: str) -> None:
        """Let the row say that it may be a repeat, before it is sent again."""
        with self._store.begin() as connection:
            self._leadership.check(connection)
            outbox.replace_message(connection, row.row_id, message)

    def ended(self, row: Queued, outcome: SendOutcome, reason: str | None) -> None:
        """Count an attempt that was not accepted."""
        self._metrics.sends.labels(row.receiver, outcome).inc()
        if outcome not in {SendOutcome.SENT, SendOutcome.FOUND}:
            _log.info("not delivered yet", receiver=row.receiver, alert_id=row.alert_id, outcome=outcome, reason=reason)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _note(connection: Connection, row: Queued, outcome: SendOutcome, reason: str | None, at: float) -> None:
    """Leave it in the trail of the item that caused it; digests and notices are caused by none."""
    if row.kind in _OF_A_STORY:
        detail = {"alert_id": row.alert_id, "sequence": row.sequence}
        step = trail.Step(row.item_id, row.revision, Stage.DELIVER, f"{row.receiver}/{row.kind}", outcome, reason, detail, at)
        trail.record(connection, [step])


def _settle_digest(connection: Connection, row: Queued, at: float) -> None:
    """Settle what a digest tells, once each of its pages is settled: told where every page was, here or at the fallback."""
    if row.kind is not MessageKind.DIGEST:
        return
    pages = outbox.pages(connection, row.story_id)
    if any(state not in {SendState.SENT, SendState.FAILED} for _, state, _ in pages):
        return
    sent = {sequence for sequence, state, _ in pages if state is SendState.SENT}
    lost = [reason for sequence, _, reason in pages if sequence not in sent]
    state, reason = (SendState.FAILED, lost[0]) if lost else (SendState.SENT, None)
    digests.settled(connection, row.story_id, state, reason, at)
