"""Seen marks: which items each source has listed, in which revision, and when it listed them last."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select, tuple_

from newswire.outcomes import Stage
from newswire.store.tables import seen, trail
from newswire.store.upsert import upsert

_IDS_A_QUERY: Final = 1_000

_MARKS: Final = select(seen.c.item_id, seen.c.source_id, seen.c.revision).where(seen.c.item_id.in_(bindparam("ids", expanding=True)))
_REVISIONS: Final = select(trail.c.item_id, trail.c.revision).where(
    trail.c.item_id.in_(bindparam("ids", expanding=True)), trail.c.stage == Stage.COLLECT.value
)
_READ_SINCE: Final = select(seen.c.source_id).group_by(seen.c.source_id).having(func.max(seen.c.listed_at) >= bindparam("before"))
_FORGET: Final = delete(seen).where(
    tuple_(seen.c.source_id, seen.c.item_id).in_(
        select(seen.c.source_id, seen.c.item_id)
        .where(seen.c.listed_at < bindparam("before"), seen.c.source_id.in_(_READ_SINCE))
        .limit(bindparam("most"))
    )
)


@dataclass(frozen=True, slots=True)
class Mark:
    """An item as a source listed it. `at` is when; it is kept as the first time only where the item was not marked before."""

    source_id: str
    item_id: str
    revision: str
    at: float


def marks_of(connection: Connection, item_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return, for each item that is known, the revision that each source listed last, by the source's id."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for ids in _chunks(item_ids):
        for item_id, source_id, revision in connection.execute(_MARKS, {"ids": ids}):
            found[item_id][source_id] = revision
    return dict(found)


def revisions_of(connection: Connection, item_ids: Iterable[str]) -> dict[str, set[str]]:
    """Return, for each item, the revisions that were published, as far back as the trail is kept."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for ids in _chunks(item_ids):
        for item_id, revision in connection.execute(_REVISIONS, {"ids": ids}):
            found[item_id].add(revision)
    return dict(found)


def mark(connection: Connection, marks: Iterable[Mark]) -> None:
    """Mark the items seen, in this revision, and listed now."""
    rows = (
        {"source_id": one.source_id, "item_id": one.item_id, "revision": one.revision, "first_seen_at": one.at, "listed_at": one.at}
        for one in marks
    )
    upsert(connection, seen, rows, ("source_id", "item_id"), update=("revision", "listed_at"))


def forget(connection: Connection, before: float, most: int = 5_000) -> int:
    """Drop marks of items not listed since `before`, of sources that were read since then; return how many went.

    What a source that cannot be reached listed last stays known, however long ago: it will list it again when it is back.
    """
    return connection.execute(_FORGET, {"before": before, "most": most}).rowcount


def _chunks(item_ids: Iterable[str]) -> Iterator[Sequence[str]]:
    ids = iter(dict.fromkeys(item_ids))
    while chunk := list(islice(ids, _IDS_A_QUERY)):
        yield chunk
