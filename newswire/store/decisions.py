"""What alerting decided about each report: one row for each (item, revision, basis, final)."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, update

from newswire.codec import decode, encode
from newswire.records import Decision
from newswire.store.tables import decisions
from newswire.store.upsert import upsert

_KNOWN: Final = select(decisions.c.decision_id).where(decisions.c.decision_id.in_(bindparam("ids", expanding=True)))
_OF_ITEM: Final = (
    select(decisions.c.record)
    .where(decisions.c.item_id == bindparam("item_id"))
    .order_by(decisions.c.decided_at, decisions.c.basis, decisions.c.decision_id)
)
_UNPUBLISHED: Final = (
    select(decisions.c.record)
    .where(decisions.c.published.is_(False))
    .order_by(decisions.c.decided_at, decisions.c.basis, decisions.c.decision_id)
    .limit(bindparam("most"))
)
_COUNT_UNPUBLISHED: Final = select(func.count()).select_from(decisions).where(decisions.c.published.is_(False))
_MARK: Final = update(decisions).where(decisions.c.decision_id.in_(bindparam("ids", expanding=True))).values(published=True)


def known(connection: Connection, decision_ids: Sequence[str]) -> set[str]:
    """Return which of the decisions have been taken."""
    return set(connection.execute(_KNOWN, {"ids": list(decision_ids)}).scalars())


def keep(connection: Connection, taken: Iterable[Decision]) -> None:
    """Write the decisions; one that was taken before stays as it is."""
    rows = [
        {
            "decision_id": one.decision_id,
            "item_id": one.item_id,
            "revision": one.revision,
            "basis": one.basis.value,
            "story_id": one.story_id,
            "kind": one.kind.value,
            "reason": one.reason.value,
            "record": encode(one),
            "decided_at": one.decided_at.timestamp(),
            "published": False,
        }
        for one in taken
    ]
    if rows:
        upsert(connection, decisions, rows, ("decision_id",))


def decisions_of_item(connection: Connection, item_id: str) -> list[Decision]:
    """Return what was decided about the item, in order of time."""
    return [decode(Decision, value) for value in connection.execute(_OF_ITEM, {"item_id": item_id}).scalars()]


def unpublished(connection: Connection, most: int) -> list[Decision]:
    """Return decisions that are not known to be on `news.alerts`, oldest first."""
    return [decode(Decision, value) for value in connection.execute(_UNPUBLISHED, {"most": most}).scalars()]


def count_unpublished(connection: Connection) -> int:
    """Return how many decisions are not known to be on `news.alerts`."""
    return int(connection.execute(_COUNT_UNPUBLISHED).scalar_one())


def mark_published(connection: Connection, decision_ids: Sequence[str]) -> None:
    """Note that these decisions are on `news.alerts`."""
    connection.execute(_MARK, {"ids": list(decision_ids)})
