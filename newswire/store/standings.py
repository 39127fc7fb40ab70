"""How each receiver stands, as far as the outbox's rows tell: what waits for it, what its last answers were."""

from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, and_, func, select

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
