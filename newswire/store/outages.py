"""Receivers that were away: whose alerts have waited too long to be told one by one, and who is still away.

Gathering what waited is `newswire.store.digests.gather_old`.
"""

from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from newswire.outcomes import SendState
from newswire.records import MessageKind
from newswire.store.digests import OUTAGE_PREFIX, WAITS_SINCE
from newswire.store.tables import outbox

_UNSETTLED: Final = (SendState.NEW.value, SendState.SENDING.value)

_OVERDUE: Final = (
    select(outbox.c.receiver)
    .where(
        outbox.c.state == SendState.NEW.value,
        outbox.c.kind == MessageKind.PARENT.value,
        bindparam("before") > WAITS_SINCE,
    )
    .distinct()
)
_AWAY: Final = (
    select(outbox.c.receiver)
    .where(outbox.c.state.in_(_UNSETTLED), outbox.c.attempts > 0, outbox.c.created_at < bindparam("before"))
    .distinct()
)
_SUMMARIES: Final = (
    select(outbox.c.gathered_for)
    .where(
        outbox.c.gathered_for.is_not(None), outbox.c.digest_id.is_(None), outbox.c.gathered_for.startswith(OUTAGE_PREFIX, autoescape=True)
    )
    .distinct()
)
_PUT_OFF: Final = (
    update(outbox)
    .where(
        outbox.c.gathered_for == bindparam("name"),
        outbox.c.digest_id.is_(None),
        outbox.c.state == SendState.GATHERED.value,
        outbox.c.next_try_at < bindparam("until"),
    )
    .values(next_try_at=bindparam("until"))
)


def overdue(connection: Connection, before: float) -> list[str]:
    """Return the receivers for which alerts wait that were put in before that time."""
    return sorted(connection.execute(_OVERDUE, {"before": before}).scalars())


def away(connection: Connection, before: float) -> set[str]:
    """Return the receivers that did not take what was put in before that time and tried since."""
    return set(connection.execute(_AWAY, {"before": before}).scalars())


def waiting_for(connection: Connection) -> list[str]:
    """Return the receivers for which a summary waits."""
    return sorted(name.removeprefix(OUTAGE_PREFIX) for name in connection.execute(_SUMMARIES).scalars())


def put_off(connection: Connection, receiver: str, until: float) -> None:
    """Let the receiver's summary wait at least until then."""
    connection.execute(_PUT_OFF, {"name": OUTAGE_PREFIX + receiver, "until": until})
