"""Publishes what was decided and delivered, from the stored rows, to `news.alerts`; and what was refused for good, to `news.dead`.

Reads: decisions and settled outbox rows that are not marked as published.
Never: marks a row before its record is durable on the bus, so a crash in between publishes it twice, under the same id.
"""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Final

from alerting.leadership import STANDBY_S, Leadership
from newswire.bus import Bus, Message
from newswire.clock import Clock
from newswire.codec import SCHEMA_HEADER, TRACE_HEADER, encode, schema_of
from newswire.crash import crash_point
from newswire.dead import dead_output
from newswire.outcomes import DeadReason, SendOutcome, SendState, Stage
from newswire.records import DeadLetter, Decision, Delivery
from newswire.store import Store, decisions, outbox
from newswire.store.outbox import Queued
from newswire.topics import ALERTS, DEAD

BATCH: Final = 200
LOOK_S: Final = 0.2

ALERT_HEADER: Final = "alert-id"
"""On the letter of a refused message: which alert is to be revived when it is replayed."""


class PublisherWorker:
    """Drains the rows that are not on the bus yet."""

    name = "publisher"

    def __init__(self, *, store: Store, bus: Bus, clock: Clock, leadership: Leadership) -> None:
        self._store, self._bus, self._clock, self._leadership = store, bus, clock, leadership

    def step(self) -> float:
        if not self._leadership.leading():
            return STANDBY_S
        with self._store.read() as connection:
            taken = decisions.unpublished(connection, BATCH)
            settled = outbox.unpublished(connection, BATCH)
        if not taken and not settled:
            return LOOK_S
        self._bus.publish(ALERTS, [*map(_decision_message, taken), *map(_delivery_message, settled)])
        letters = [_dead_letter(row, self._clock.now()) for row in settled if row.state is SendState.FAILED]
        if letters:
            self._bus.publish(DEAD, [dead_output(letter).message for letter in letters])
        crash_point("publish_after_alerts")
        with self._store.begin() as connection:
            self._leadership.check(connection)
            decisions.mark_published(connection, [one.decision_id for one in taken])
            outbox.mark_published(connection, [row.row_id for row in settled])
        return 0.0

    def idle(self) -> bool:
        with self._store.read() as connection:
            return not decisions.unpublished(connection, 1) and not outbox.unpublished(connection, 1)

    def close(self) -> None:
        """Hold nothing: what is not marked is published next time."""


def delivery_of(row: Queued) -> Delivery:
    """Return the record of a settled row."""
    return Delivery(
        alert_id=row.alert_id,
        story_id=row.story_id,
        receiver=row.receiver,
        kind=row.kind,
        sequence=row.sequence,
        outcome=row.outcome or SendOutcome.REFUSED,
        reason=row.reason,
        channel=row.channel,
        reference=row.reference,
        at=datetime.fromtimestamp(row.settled_at or row.created_at, UTC),
        trace_id=row.trace_id,
    )


def _decision_message(decision: Decision) -> Message:
    return Message(decision.story_id or decision.item_id, encode(decision), _headers(Decision, decision.trace_id))


def _delivery_message(row: Queued) -> Message:
    return Message(row.story_id, encode(delivery_of(row)), _headers(Delivery, row.trace_id))


def _dead_letter(row: Queued, now: datetime) -> DeadLetter:
    """Return the letter of a message that a receiver refused; it holds the decision that the message was to carry out."""
    return DeadLetter(
        dead_id=hashlib.sha256(f"{Stage.DELIVER}|{row.alert_id}|{row.kind}|{row.sequence}".encode()).hexdigest()[:32],
        stage=Stage.DELIVER,
        topic=ALERTS.name,
        key=row.story_id,
        value_base64=base64.b64encode(row.decision or b"").decode(),
        headers={**_headers(Decision, row.trace_id), ALERT_HEADER: row.alert_id},
        reason=DeadReason.REFUSED,
        error=f"{row.receiver} refused {row.kind} {row.sequence} of alert {row.alert_id}: {row.reason}",
        attempts=row.attempts,
        at=now,
        trace_id=row.trace_id,
    )


def _headers(kind: type, trace_id: str) -> dict[str, str]:
    headers = {SCHEMA_HEADER: schema_of(kind)}
    return headers | {TRACE_HEADER: trace_id} if trace_id else headers
