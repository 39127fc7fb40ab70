"""What the sender asks of the outbox, and writes into it: which row is due, and `new → sending → sent | failed`.

Within a story, at a receiver: a parent and its edits go out one after the other, and of several edits the last alone; replies stand in
their parent's thread in their order, and wait for nothing but it; the pages of a digest follow its first.
"""

from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, func, not_, or_, select, update

from newswire.errors import Fenced
from newswire.outcomes import SendOutcome, SendState
from newswire.records import MessageKind
from newswire.store.outbox_rows import Queued, queued
from newswire.store.tables import outbox

SUPERSEDED: Final = "superseded"
"""The reason of a row that a later edit, or a digest, spoke for."""

_UNSETTLED: Final = (SendState.NEW.value, SendState.SENDING.value)

_other: Final = outbox.alias("other")


def _is(kind: MessageKind, table: Table = outbox) -> ColumnElement[bool]:
    return table.c.kind == kind.value


_before: Final = _other.c.sequence < outbox.c.sequence
_open: Final = _other.c.state.in_(_UNSETTLED)
_same_alert: Final = _other.c.alert_id == outbox.c.alert_id
_waits_for_another: Final = (
    select(_other.c.row_id)
    .where(
        _other.c.story_id == outbox.c.story_id,
        _other.c.receiver == outbox.c.receiver,
        or_(
            # An edit waits for its parent, as does a story told anew for how it was told before.
            and_(
                outbox.c.kind.in_((MessageKind.PARENT.value, MessageKind.EDIT.value)),
                _other.c.kind == MessageKind.PARENT.value,
                _before,
                _open,
            ),
            # It waits for an edit that is on its way, and gives way to a later one, which says all that it does.
            and_(
                _is(MessageKind.EDIT),
                _other.c.kind == MessageKind.EDIT.value,
                _other.c.row_id != outbox.c.row_id,
                or_(
                    _other.c.state == SendState.SENDING.value,
                    and_(_same_alert, not_(_before), _other.c.state == SendState.NEW.value, outbox.c.state == SendState.NEW.value),
                ),
            ),
            # A reply waits for its parent, and for the replies before it.
            and_(
                _is(MessageKind.REPLY),
                _same_alert,
                or_(_other.c.kind == MessageKind.PARENT.value, and_(_other.c.kind == MessageKind.REPLY.value, _before)),
                _open,
            ),
            and_(_is(MessageKind.DIGEST), _other.c.kind == MessageKind.DIGEST.value, _before, _open),
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
_OF_ALERT: Final = select(outbox).where(
    outbox.c.story_id == bindparam("story_id"),
    outbox.c.receiver == bindparam("receiver"),
    outbox.c.alert_id == bindparam("alert_id"),
    outbox.c.kind == bindparam("kind"),
    outbox.c.sequence == func.coalesce(bindparam("sequence"), outbox.c.sequence),
)
_PARENT_BELOW: Final = (
    select(outbox)
    .where(
        outbox.c.story_id == bindparam("story_id"),
        outbox.c.receiver == bindparam("receiver"),
        _is(MessageKind.PARENT),
        outbox.c.sequence < bindparam("sequence"),
    )
    .order_by(outbox.c.sequence.desc())
    .limit(1)
)
_CHANNEL: Final = (
    select(outbox.c.channel)
    .where(outbox.c.receiver == bindparam("receiver"), outbox.c.channel.is_not(None))  # as only what was sent has one
    .order_by(outbox.c.created_at.desc())
    .limit(1)
)
_SENDING: Final = select(outbox.c.row_id).where(outbox.c.receiver == bindparam("receiver"), outbox.c.state == SendState.SENDING.value)
_WAITING: Final = select(outbox.c.receiver).where(outbox.c.state.in_(_UNSETTLED)).distinct()
_WAITING_NOW: Final = _WAITING.where(or_(outbox.c.attempts > 0, outbox.c.next_try_at <= bindparam("now")))
_ON_THE_WIRE: Final = (
    update(outbox)
    .where(
        outbox.c.row_id == bindparam("row"),
        outbox.c.state == bindparam("as_read"),
        outbox.c.attempts == bindparam("attempts_read"),
    )
    .values(
        state=SendState.SENDING.value,
        attempts=outbox.c.attempts + 1,
        doubt_since=None,
        reference=bindparam("clock_mark"),
    )
    .returning(outbox.c.message)
)
_SUPERSEDE: Final = (
    update(outbox)
    .where(
        outbox.c.story_id == bindparam("story"),
        outbox.c.receiver == bindparam("to"),
        outbox.c.alert_id == bindparam("alert"),
        outbox.c.kind == MessageKind.EDIT.value,
        outbox.c.sequence < bindparam("before"),
        outbox.c.state == SendState.NEW.value,
    )
    .values(state=SendState.SENT.value, reason=SUPERSEDED, outcome=SendOutcome.SENT.value, settled_at=bindparam("at"), published=True)
)
_PAGES: Final = (
    select(outbox.c.sequence, outbox.c.state, outbox.c.reason)
    .where(outbox.c.story_id == bindparam("digest_id"), _is(MessageKind.DIGEST))
    .order_by(outbox.c.row_id)
)


def next_due(connection: Connection, receiver: str, now: float) -> Queued | None:
    """Return the receiver's oldest row that can be sent now: a parent before its edits, the last of several edits."""
    row = connection.execute(_NEXT, {"receiver": receiver, "now": now}).first()
    return queued(row) if row else None


def head_of(connection: Connection, row: Queued) -> Queued | None:
    """Return the row of the message that this one belongs to: what an edit changes, in whose thread a reply or a further page stands."""
    asked = {"story_id": row.story_id, "receiver": row.receiver}
    if row.kind is MessageKind.EDIT:
        found = connection.execute(_PARENT_BELOW, asked | {"sequence": row.sequence}).first()
    else:
        digest = row.kind is MessageKind.DIGEST
        kind = MessageKind.DIGEST if digest else MessageKind.PARENT
        asked |= {"alert_id": row.alert_id, "kind": kind.value}
        found = connection.execute(_OF_ALERT, asked | {"sequence": 0 if digest else None}).first()
    return queued(found) if found else None


def channel_of(connection: Connection, receiver: str) -> str | None:
    """Return the channel id that the receiver answered last."""
    channel: str | None = connection.execute(_CHANNEL, {"receiver": receiver}).scalar()
    return channel


def sending(connection: Connection, receiver: str) -> list[int]:
    """Return the ids of the receiver's rows that are on the wire or in doubt."""
    return list(connection.execute(_SENDING, {"receiver": receiver}).scalars())


def waiting_receivers(connection: Connection, now: float | None = None) -> list[str]:
    """Return the receivers that have unsettled rows; with `now`, without those whose rows all wait for a later moment, untried."""
    if now is None:
        return list(connection.execute(_WAITING).scalars())
    return list(connection.execute(_WAITING_NOW, {"now": now}).scalars())


def pages(connection: Connection, digest_id: str) -> list[tuple[int, SendState, str | None]]:
    """Return sequence, state and reason of a digest's pages, at every receiver that was to have them, in the order in which they were put in."""
    return [(row.sequence, SendState(row.state), row.reason) for row in connection.execute(_PAGES, {"digest_id": digest_id})]


def mark_sending(connection: Connection, row: Queued, *, clock_mark: str | None) -> str:
    """Note that the row goes on the wire now, and return what it says: it may have grown since it was read.

    `clock_mark` is the newest moment known on the receiver's own clock: a read-back looks from there on. It stands in `reference`
    until the receiver's answer takes its place.

    Raises:
        Fenced: the row is not as it was read: somebody else sends it, or has.

    """
    told: str | None = connection.execute(
        _ON_THE_WIRE, {"row": row.row_id, "as_read": row.state.value, "attempts_read": row.attempts, "clock_mark": clock_mark}
    ).scalar()
    if told is None:
        raise Fenced(f"row {row.row_id} of the outbox was taken by another")
    return told


def mark_sent(connection: Connection, row: Queued, outcome: SendOutcome, *, channel: str | None, reference: str | None, at: float) -> None:
    """Note that the receiver has it, and that with an edit all earlier ones are said. One that another has noted as sent stays so."""
    connection.execute(
        update(outbox)
        .where(outbox.c.row_id == row.row_id, outbox.c.state != SendState.SENT.value)
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
    if row.kind is MessageKind.EDIT:
        connection.execute(_SUPERSEDE, {"story": row.story_id, "to": row.receiver, "alert": row.alert_id, "before": row.sequence, "at": at})


def mark_spoken_for(connection: Connection, row_id: int, outcome: SendOutcome, *, at: float) -> None:
    """Note that another message says what the row was to say."""
    connection.execute(
        update(outbox)
        .where(outbox.c.row_id == row_id)
        .values(
            state=SendState.SENT.value,
            outcome=outcome.value,
            reason=SUPERSEDED,
            reference=None,
            doubt_since=None,
            settled_at=at,
        ),
    )


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
