"""How the messages of one story stand, for `newswire why`: a row a receiver and message."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select

from newswire.outcomes import SendState
from newswire.records import MessageKind
from newswire.store.tables import outbox

_OF_STORY: Final = (
    select(
        outbox.c.receiver,
        outbox.c.kind,
        outbox.c.item_id,
        outbox.c.state,
        outbox.c.reason,
        outbox.c.created_at,
        outbox.c.next_try_at,
        outbox.c.settled_at,
        outbox.c.gathered_for,
    )
    .where(outbox.c.story_id == bindparam("story_id"), outbox.c.kind == MessageKind.PARENT.value)
    .order_by(outbox.c.row_id)
)


@dataclass(frozen=True, slots=True)
class Telling:
    """A message that tells a story at a receiver. Times are seconds since 1970 UTC."""

    receiver: str
    item_id: str  # which opened it
    state: SendState
    reason: str | None
    created_at: float
    next_try_at: float
    settled_at: float | None
    gathered_for: str | None  # the digest that tells it


def tellings(connection: Connection, story_id: str) -> list[Telling]:
    """Return the messages that tell this story, in the order in which they were decided."""
    return [
        Telling(
            receiver=row.receiver,
            item_id=row.item_id,
            state=SendState(row.state),
            reason=row.reason,
            created_at=row.created_at,
            next_try_at=row.next_try_at,
            settled_at=row.settled_at,
            gathered_for=row.gathered_for,
        )
        for row in connection.execute(_OF_STORY, {"story_id": story_id})
    ]
