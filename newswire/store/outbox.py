"""The outbox: what is to be said, to whom, in which order, and what became of it.

One row per (story, receiver, kind, sequence), `new → sending → sent | failed`, or `gathered → sent | failed` where a digest tells it
(`newswire.store.digests`). Sequence 0 is the parent, 1 and on are its edits; a
later edit holds all that an earlier one says, so that an earlier one which was not sent yet need not be.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, case, func, not_, or_, select, update

from newswire.codec import decode
from newswire.outcomes import GatherReason, SendOutcome, SendState
from newswire.records import Decision, MessageKind
from newswire.store.tables import decisions, outbox
from newswire.store.upsert import upsert

SUPERSEDED: Final = "superseded"
"""The reason of a row that a later edit spoke for."""

_KEYS: Final = ("story_id", "receiver", "kind", "sequence")
_UNSETTLED: Final = (SendState.NEW.value, SendState.SENDING.value)

_other: Final = outbox.alias("other")
_same: Final = and_(_other.c.story_id == outbox.c.story_id, _other.c.receiver == outbox.c.receiver)
_waits_for_another: Final = (
    select(_other.c.row_id)
    .where(
        _same,
        or_(
            # An edit waits for its parent, and for an edit that is on its way; it gives way to a later one.
            and_(_other.c.sequence < outbox.c.sequence, _other.c.kind == MessageKind.PARENT.value, _other.c.state.in_(_UNSETTLED)),
            and_(_other.c.row_id != outbox.c.row_id, _other.c.state == SendState.SENDING.value),
            and_(
                _other.c.sequence > outbox.c.sequence,
                _other.c.state == SendState.NEW.value,
                outbox.c.state == SendState.NEW.value,
                outbox.c.kind == MessageKind.EDIT.value,
            ),
        ),
    )
    .exists()
)
_NEXT: Final = (
    select(outbox)
    .where(
        outbox.c.receiver == bindparam("receiver"),
        outbox.c.state.in_(_UNSETTLED),
        outbox.c.next_try_at <= bindparam("now"),
        not_(_waits_for_another),
    )
    .order_by(outbox.c.row_id)
    .limit(1)
)
_TOLD: Final = (
    select(outbox.c.story_id, outbox.c.receiver, outbox.c.sequence, outbox.c.message)
    .where(
        outbox.c.story_id.in_(bindparam("story_ids", expanding=True)), outbox.c.kind.in_((MessageKind.PARENT.value, MessageKind.EDIT.value))
    )
    .order_by(outbox.c.sequence)
)
_PARENT: Final = select(outbox).where(
    outbox.c.story_id == bindparam("story_id"), outbox.c.receiver == bindparam("receiver"), outbox.c.kind == MessageKind.PARENT.value
)
_CHANNEL: Final = (
    select(outbox.c.channel)
    .where(outbox.c.receiver == bindparam("receiver"), outbox.c.channel.is_not(None), outbox.c.state == SendState.SENT.value)
    .order_by(outbox.c.row_id.desc())
    .limit(1)
)
_SENDING: Final = select(outbox.c.row_id).where(outbox.c.receiver == bindparam("receiver"), outbox.c.state == SendState.SENDING.value)
_WAITING: Final = select(outbox.c.receiver).where(outbox.c.state.in_(_UNSETTLED)).distinct()
_WAITING_COUNT: Final = select(func.count().label("rows"), func.min(outbox.c.created_at).label("oldest")).where(
    outbox.c.state.in_((SendState.NEW, SendState.SENDING))
)
_COUNTS: Final = (
    select(outbox.c.state, func.count().label("rows"))
    .where(outbox.c.state.in_((*_UNSETTLED, SendState.FAILED.value)))
    .group_by(outbox.c.state)
)
_UNPUBLISHED: Final = (
    select(outbox, decisions.c.record)
    .join(decisions, decisions.c.decision_id == outbox.c.decision_id, isouter=True)
    .where(outbox.c.published.is_(False), outbox.c.state.in_((SendState.SENT.value, SendState.FAILED.value)))
    .order_by(outbox.c.settled_at, outbox.c.row_id)
    .limit(bindparam("most"))
)
_SUPERSEDE: Final = (
    update(outbox)
    .where(
        outbox.c.story_id == bindparam("story"),
        outbox.c.receiver == bindparam("to"),
        outbox.c.kind == MessageKind.EDIT.value,
        outbox.c.sequence < bindparam("before"),
        outbox.c.state == SendState.NEW.value,
    )
    .values(state=SendState.SENT.value, reason=SUPERSEDED, outcome=SendOutcome.SENT.value, settled_at=bindparam("at"), published=True)
)
_ALERTS: Final = (
    select(outbox)
    .where(outbox.c.kind == MessageKind.PARENT.value, outbox.c.created_at >= bindparam("since"), outbox.c.created_at < bindparam("until"))
    .order_by(outbox.c.created_at, outbox.c.row_id)
)
_LATEST_EDITS: Final = (
    select(outbox.c.alert_id, outbox.c.watchlists, outbox.c.severity, outbox.c.title, outbox.c.url, outbox.c.message)
    .where(outbox.c.kind == MessageKind.EDIT.value, outbox.c.created_at >= bindparam("since"))
    .order_by(outbox.c.sequence)
)
_REVIVE: Final = (
    update(outbox)
    .where(outbox.c.alert_id == bindparam("alert"), outbox.c.state == SendState.FAILED.value)
    .values(
        state=case((outbox.c.gathered_for.is_(None), SendState.NEW.value), else_=SendState.GATHERED.value),
        reason=outbox.c.gather_reason,
        outcome=None,
        settled_at=None,
        doubt_since=None,
        next_try_at=bindparam("at"),
        published=False,
        digest_id=None,
    )
)


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


def put(connection: Connection, entries: Iterable[Entry], at: float) -> None:
    """Put rows in the outbox, due at once, or with their digest; one that is there already stays as it is."""
    rows = [
        {
            "story_id": one.story_id,
            "receiver": one.receiver,
            "kind": one.kind.value,
            "sequence": one.sequence,
            "alert_id": one.alert_id,
            "decision_id": one.decision_id,
            "item_id": one.item_id,
            "revision": one.revision,
            "watchlists": json.dumps(list(one.watchlists)),
            "severity": one.severity,
            "title": one.title,
            "url": one.url,
            "message": one.message,
            "state": (SendState.GATHERED if one.gathered else SendState.NEW).value,
            "reason": one.gathered.reason.value if one.gathered else None,
            "attempts": 0,
            "next_try_at": one.gathered.due_at if one.gathered else at,
            "created_at": at,
            "published": False,
            "gathered_for": one.gathered.gathered_for if one.gathered else None,
            "gathered_at": at if one.gathered else None,
            "gather_reason": one.gathered.reason.value if one.gathered else None,
        }
        for one in entries
    ]
    if rows:
        upsert(connection, outbox, rows, _KEYS)


def told(connection: Connection, story_ids: Sequence[str]) -> dict[str, dict[str, tuple[int, str]]]:
    """Return, by story and receiver, the newest sequence and its message: what was said, or soon will be."""
    newest: dict[str, dict[str, tuple[int, str]]] = {}
    for row in connection.execute(_TOLD, {"story_ids": list(story_ids)}):
        newest.setdefault(row.story_id, {})[row.receiver] = (row.sequence, row.message)
    return newest


def next_due(connection: Connection, receiver: str, now: float) -> Queued | None:
    """Return the receiver's oldest row that can be sent now: a parent before its edits, the last of several edits."""
    row = connection.execute(_NEXT, {"receiver": receiver, "now": now}).first()
    return _queued(row) if row else None


def parent_of(connection: Connection, story_id: str, receiver: str) -> Queued | None:
    """Return the parent row of a story at a receiver."""
    row = connection.execute(_PARENT, {"story_id": story_id, "receiver": receiver}).first()
    return _queued(row) if row else None


def channel_of(connection: Connection, receiver: str) -> str | None:
    """Return the channel id that the receiver answered last."""
    channel: str | None = connection.execute(_CHANNEL, {"receiver": receiver}).scalar()
    return channel


def sending(connection: Connection, receiver: str) -> list[int]:
    """Return the ids of the receiver's rows that are on the wire or in doubt."""
    return list(connection.execute(_SENDING, {"receiver": receiver}).scalars())


def waiting_receivers(connection: Connection) -> list[str]:
    """Return the receivers that have unsettled rows."""
    return list(connection.execute(_WAITING).scalars())


def waiting(connection: Connection) -> tuple[int, float | None]:
    """Return how many rows are not settled, and when the oldest of them was put in."""
    row = connection.execute(_WAITING_COUNT).one()
    return row.rows, row.oldest


def counts(connection: Connection) -> dict[SendState, int]:
    """Return how many rows are new, sending and failed."""
    return {SendState(row.state): row.rows for row in connection.execute(_COUNTS)}


def mark_sending(connection: Connection, row_id: int, *, clock_mark: str | None) -> None:
    """Note that the row goes on the wire now.

    `clock_mark` is the newest moment known on the receiver's own clock: a read-back looks from there on. It stands in `reference`
    until the receiver's answer takes its place.
    """
    connection.execute(
        update(outbox)
        .where(outbox.c.row_id == row_id)
        .values(state=SendState.SENDING.value, attempts=outbox.c.attempts + 1, doubt_since=None, reference=clock_mark),
    )


def mark_sent(connection: Connection, row: Queued, outcome: SendOutcome, *, channel: str | None, reference: str | None, at: float) -> None:
    """Note that the receiver has it, and that with it all earlier edits are said."""
    connection.execute(
        update(outbox)
        .where(outbox.c.row_id == row.row_id)
        .values(
            state=SendState.SENT.value,
            outcome=outcome.value,
            reason=None,
            channel=channel,
            reference=reference,
            doubt_since=None,
            settled_at=at,
        ),
    )
    connection.execute(_SUPERSEDE, {"story": row.story_id, "to": row.receiver, "before": row.sequence, "at": at})


def mark_doubt(connection: Connection, row_id: int, *, since: float, next_try_at: float, reason: str) -> None:
    """Note that it is not known whether the receiver has it; after `next_try_at` it is read back."""
    connection.execute(
        update(outbox)
        .where(outbox.c.row_id == row_id)
        .values(
            state=SendState.SENDING.value,
            outcome=SendOutcome.IN_DOUBT.value,
            reason=reason[:64],
            doubt_since=since,
            next_try_at=next_try_at,
        ),
    )


def mark_again(connection: Connection, row_id: int, outcome: SendOutcome, *, next_try_at: float, reason: str) -> None:
    """Note that the receiver surely does not have it, and when to try again."""
    connection.execute(
        update(outbox)
        .where(outbox.c.row_id == row_id)
        .values(
            state=SendState.NEW.value,
            outcome=outcome.value,
            reason=reason[:64],
            doubt_since=None,
            reference=None,
            next_try_at=next_try_at,
        ),
    )


def mark_failed(connection: Connection, row_id: int, reason: str, *, at: float) -> None:
    """Note that it is given up, with the receiver's own code."""
    connection.execute(
        update(outbox)
        .where(outbox.c.row_id == row_id)
        .values(
            state=SendState.FAILED.value,
            outcome=SendOutcome.REFUSED.value,
            reason=reason[:64],
            doubt_since=None,
            reference=None,
            settled_at=at,
        ),
    )


def replace_message(connection: Connection, row_id: int, message: str) -> None:
    """Let the row say something else."""
    connection.execute(update(outbox).where(outbox.c.row_id == row_id).values(message=message))


def revive(connection: Connection, alert_id: str, at: float) -> int:
    """Make the failed rows of an alert due again, by a digest what a digest was to tell; return how many there were."""
    return connection.execute(_REVIVE, {"alert": alert_id, "at": at}).rowcount


def unpublished(connection: Connection, most: int) -> list[Queued]:
    """Return settled rows whose delivery is not known to be on `news.alerts`, in the order in which they were settled."""
    return [_queued(row) for row in connection.execute(_UNPUBLISHED, {"most": most})]


def mark_published(connection: Connection, row_ids: Sequence[int]) -> None:
    """Note that the deliveries of these rows are on `news.alerts`."""
    connection.execute(update(outbox).where(outbox.c.row_id.in_(row_ids)).values(published=True))


def alerts(connection: Connection, since: float | None = None, until: float | None = None) -> list[dict[str, Any]]:
    """Return one object per alert of [since, until), oldest first; `at` is in seconds since 1970 UTC.

    State and reason are the parent's; watchlists, severity, title and countries are the newest that were put in the outbox.
    """
    bound = {"since": since or 0.0}
    newest = {row.alert_id: row for row in connection.execute(_LATEST_EDITS, bound)}
    bound["until"] = math.inf if until is None else until
    found = []
    for parent in connection.execute(_ALERTS, bound):
        row = newest.get(parent.alert_id, parent)
        found.append(
            {
                "alert_id": parent.alert_id,
                "story_id": parent.story_id,
                "watchlists": json.loads(row.watchlists),
                "severity": row.severity,
                "receiver": parent.receiver,
                "state": parent.state,
                "reason": parent.reason,
                "at": parent.created_at,
                "title": row.title,
                "url": row.url,
                "countries": _countries(row.message),
            }
        )
    return found


def _countries(message: str) -> list[str]:
    """Return home and partners of a message, home first."""
    told = json.loads(message)
    return [code for code in (told.get("home"), *told.get("partners", ())) if code]


def _queued(row: Row[Any]) -> Queued:
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
