"""Rows of the outbox as values: what is put in, and how a row stands. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from newswire.codec import decode
from newswire.outcomes import GatherReason, SendOutcome, SendState
from newswire.records import Decision, MessageKind


@dataclass(frozen=True, slots=True)
class Entry:
    """A row to be put in the outbox; `message` is its JSON text."""

    story_id: str
    receiver: str
    kind: MessageKind
    sequence: int
    alert_id: str
    decision_id: str
    item_id: str
    revision: str
    watchlists: Sequence[str]
    severity: str
    title: str
    url: str | None
    message: str
    due_at: float | None = None  # not to be sent before; None: at once
    gathered: "Gathered | None" = None  # None: it is told by a message of its own


@dataclass(frozen=True, slots=True)
class Gathered:
    """For which digest a row is gathered, why, and when that is due (seconds since 1970 UTC)."""

    gathered_for: str
    reason: GatherReason
    due_at: float


@dataclass(frozen=True, slots=True)
class Queued:
    """A row as it stands in the outbox."""

    row_id: int
    story_id: str
    receiver: str
    kind: MessageKind
    sequence: int
    alert_id: str
    decision_id: str
    item_id: str
    revision: str
    title: str
    message: str
    state: SendState
    reason: str | None
    attempts: int
    doubt_since: float | None
    channel: str | None
    reference: str | None
    created_at: float
    settled_at: float | None
    outcome: SendOutcome | None
    trace_id: str = ""
    decision: bytes | None = None


def queued(row: Row[Any]) -> Queued:
    """Return a row of the table as a value; the decision too, where it was joined."""
    record = getattr(row, "record", None)
    return Queued(
        row_id=row.row_id,
        story_id=row.story_id,
        receiver=row.receiver,
        kind=MessageKind(row.kind),
        sequence=row.sequence,
        alert_id=row.alert_id,
        decision_id=row.decision_id,
        item_id=row.item_id,
        revision=row.revision,
        title=row.title,
        message=row.message,
        state=SendState(row.state),
        reason=row.reason,
        attempts=row.attempts,
        doubt_since=row.doubt_since,
        channel=row.channel,
        reference=row.reference,
        created_at=row.created_at,
        settled_at=row.settled_at,
        outcome=SendOutcome(row.outcome) if row.outcome else None,
        trace_id=decode(Decision, record).trace_id if record else "",
        decision=record,
    )
