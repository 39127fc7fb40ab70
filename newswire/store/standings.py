"""How each receiver stands, as far as the outbox's rows tell: what waits for it, what its last answers were."""

from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, case, func, not_, or_, select, text

from newswire.outcomes import SendOutcome, SendState
from newswire.records import MessageKind
from newswire.store.tables import outbox

_UNSETTLED: Final = outbox.c.state.in_((SendState.NEW.value, SendState.SENDING.value))
_OF_A_THREAD: Final = ("parent_failed", "thread_not_found", "invalid_thread_ts", "cannot_reply_to_message")
_FAILED: Final = and_(
    outbox.c.state == SendState.FAILED.value,
    # An edit that is refused, and a reply whose thread is gone, say nothing about the receiver.
    outbox.c.kind != MessageKind.EDIT.value,
    outbox.c.reason.not_in(_OF_A_THREAD),
)
_FIRST: Final = outbox.c.kind == MessageKind.PARENT.value
_WAITING: Final = (
    select(outbox.c.receiver, func.count().label("waiting"), func.min(outbox.c.created_at).label("oldest_at"))
    .where(_UNSETTLED)
    .group_by(outbox.c.receiver)
)
_SENT: Final = (
    select(outbox.c.receiver, func.max(outbox.c.settled_at).label("last_sent_at"))
    .where(outbox.c.state == SendState.SENT.value, outbox.c.reason.is_(None))  # a superseded edit was never sent
    .group_by(outbox.c.receiver)
)
_LAST_FAILED: Final = (
    select(outbox.c.receiver, func.max(outbox.c.settled_at).label("at"), func.count().filter(_FIRST).label("failed"))
    .where(_FAILED)
    .group_by(outbox.c.receiver)
    .subquery()
)
_FAILURES: Final = select(outbox.c.receiver, outbox.c.reason, _LAST_FAILED.c.at, _LAST_FAILED.c.failed).join(
    _LAST_FAILED, and_(_LAST_FAILED.c.receiver == outbox.c.receiver, _LAST_FAILED.c.at == outbox.c.settled_at, _FAILED)
)
_FIRST_TRIED: Final = (
    select(func.min(outbox.c.row_id).label("row_id"))
    .where(_UNSETTLED, outbox.c.outcome.is_not(None))
    .group_by(outbox.c.receiver)
    .subquery()
)
_TROUBLES: Final = select(outbox.c.receiver, outbox.c.outcome, outbox.c.reason, outbox.c.next_try_at).join(
    _FIRST_TRIED, _FIRST_TRIED.c.row_id == outbox.c.row_id
)
_REFUSED: Final = (
    select(outbox.c.receiver, outbox.c.reason, outbox.c.settled_at)
    .where(_FAILED, outbox.c.settled_at >= bindparam("since"))
    .order_by(outbox.c.settled_at)
)
_REPEATED: Final = (
    select(outbox.c.receiver, outbox.c.settled_at)
    .where(
        text("outcome = 'repeated'"),  # as the index of these few rows is written
        outbox.c.settled_at >= bindparam("since"),
        outbox.c.kind != MessageKind.NOTICE.value,
    )
    .order_by(outbox.c.settled_at)
)
_NOT_SENT: Final = tuple(state.value for state in SendState if state is not SendState.SENT)
_NEWEST_SENT: Final = (
    select(outbox.c.settled_at)
    # So said that the index of the receiver's rows is used, newest first, and none of states: nearly all rows are sent.
    .where(outbox.c.receiver == bindparam("name"), outbox.c.state.not_in(_NOT_SENT), outbox.c.reason.is_(None))
    .order_by(outbox.c.created_at.desc())
    .limit(1)
)
_since_due: Final = case((outbox.c.attempts == 0, outbox.c.next_try_at), else_=outbox.c.created_at)
_OVERDUE: Final = (
    select(outbox.c.receiver, func.min(_since_due).label("since"), func.count().label("rows"))
    .where(
        _UNSETTLED,
        outbox.c.kind != MessageKind.NOTICE.value,
        # What waits on purpose, a reply that gathers more, is late only once its time has come; tried, it tells nothing of when that was.
        or_(outbox.c.next_try_at <= bindparam("now"), outbox.c.attempts > 0),
        not_(and_(outbox.c.kind == MessageKind.REPLY.value, outbox.c.attempts > 0)),
    )
    .group_by(outbox.c.receiver)
)


@dataclass(frozen=True, slots=True)
class Settled:
    """A message that was given up (`code` says for what), or sent as a possible repeat."""

    receiver: str
    at: float  # seconds since 1970 UTC
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """What waits for a receiver and could be sent: since when, and how many messages."""

    since: float  # seconds since 1970 UTC
    rows: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one receiver; moments in seconds since 1970 UTC."""

    waiting: int = 0  # rows that are not settled
    oldest_at: float | None = None
    last_sent_at: float | None = None
    failed: int = 0  # first messages that were given up, and are kept for `newswire dead replay`
    last_failed_at: float | None = None
    last_failed_for: str | None = None
    trouble: SendOutcome | None = None  # what became of the last attempt at the oldest row that waits
    trouble_for: str | None = None
    next_try_at: float | None = None  # of that row


def standings(connection: Connection) -> dict[str, Standing]:
    """Return how each receiver stands that the outbox has rows for, by name."""
    found: dict[str, Standing] = {}

    def known(name: str, **facts: Any) -> None:
        found[name] = replace(found.get(name, Standing()), **facts)

    for row in connection.execute(_WAITING):
        known(row.receiver, waiting=row.waiting, oldest_at=row.oldest_at)
    for row in connection.execute(_SENT):
        known(row.receiver, last_sent_at=row.last_sent_at)
    for row in connection.execute(_FAILURES):
        known(row.receiver, failed=row.failed, last_failed_at=row.at, last_failed_for=row.reason)
    for row in connection.execute(_TROUBLES):
        known(row.receiver, trouble=SendOutcome(row.outcome), trouble_for=row.reason, next_try_at=row.next_try_at)
    return found


def troubled(connection: Connection, since: float) -> dict[str, Standing]:
    """Return how each receiver stands whose oldest waiting row was tried, or that gave an alert up since then; without a look at all that was sent."""
    found: dict[str, Standing] = {}
    for row in connection.execute(_TROUBLES):
        found[row.receiver] = Standing(trouble=SendOutcome(row.outcome), trouble_for=row.reason, next_try_at=row.next_try_at)
    for one in given_up(connection, since):
        before = found.get(one.receiver, Standing())
        found[one.receiver] = replace(before, failed=before.failed + 1, last_failed_at=one.at, last_failed_for=one.code)
    for name, standing in found.items():
        if standing.last_failed_at is not None:
            found[name] = replace(standing, last_sent_at=connection.execute(_NEWEST_SENT, {"name": name}).scalar())
    return found


def given_up(connection: Connection, since: float) -> list[Settled]:
    """Return the alerts that were given up since then and still are, in order of time."""
    return [Settled(row.receiver, row.settled_at, row.reason) for row in connection.execute(_REFUSED, {"since": since})]


def repeated(connection: Connection, since: float) -> list[Settled]:
    """Return what was sent as a possible repeat since then, in order of time; Newswire's own notices do not count."""
    return [Settled(row.receiver, row.settled_at) for row in connection.execute(_REPEATED, {"since": since})]


def overdue(connection: Connection, now: float) -> dict[str, Overdue]:
    """Return by receiver what waits for it and could have been sent; Newswire's own notices do not count."""
    return {row.receiver: Overdue(row.since, row.rows) for row in connection.execute(_OVERDUE, {"now": now})}
