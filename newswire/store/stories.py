"""Stories and which item belongs to which. An item keeps its story for ever."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from newswire.store.tables import stories, story_items
from newswire.store.upsert import upsert

_OF_ITEMS: Final = select(story_items.c.item_id, story_items.c.story_id).where(
    story_items.c.item_id.in_(bindparam("item_ids", expanding=True))
)
_BY_ID: Final = select(stories).where(stories.c.story_id.in_(bindparam("story_ids", expanding=True)))
_NEWEST: Final = select(func.max(stories.c.last_at))
_SINCE: Final = select(stories.c.facts).where(stories.c.last_at >= bindparam("since")).order_by(stories.c.story_id)


@dataclass(frozen=True, slots=True)
class Joining:
    """An item in its story, with the facts by which clustering knows it again (plain JSON data, None: not kept)."""

    story_id: str
    item_id: str
    title: str
    dated_at: float
    facts: Mapping[str, Any] | None


def of_items(connection: Connection, item_ids: Sequence[str]) -> dict[str, str]:
    """Return the story of each of the items that has one."""
    return {row.item_id: row.story_id for row in connection.execute(_OF_ITEMS, {"item_ids": list(item_ids)})}


def beginning_with(connection: Connection, beginning: str, limit: int) -> dict[str, str]:
    """Return the titles, by id, of the stories whose id begins so; `limit` of them at most."""
    named = select(stories.c.story_id, stories.c.title).where(stories.c.story_id.startswith(beginning, autoescape=True)).limit(limit)
    return {row.story_id: row.title for row in connection.execute(named)}


def newest_at(connection: Connection) -> float | None:
    """Return the date of the newest report in any story, None where there is no story."""
    newest: float | None = connection.execute(_NEWEST).scalar()
    return newest


def facts_since(connection: Connection, since: float) -> Iterator[Mapping[str, Any]]:
    """Yield the facts of every member of the stories whose newest report is not older than `since`."""
    for text in connection.execute(_SINCE, {"since": since}).scalars():
        yield from json.loads(text).values()


def join(connection: Connection, joining: Iterable[Joining], at: float, *, members_kept: int) -> None:
    """Put items in their stories, opening those that are new; an item's facts replace the ones it had.

    A story keeps the facts of its first `members_kept` items.
    """
    by_story: dict[str, list[Joining]] = {}
    for one in joining:
        by_story.setdefault(one.story_id, []).append(one)
    if not by_story:
        return
    known = {row.story_id: row for row in connection.execute(_BY_ID, {"story_ids": list(by_story)})}
    rows = []
    for story_id, items in by_story.items():
        row = known.get(story_id)
        facts: dict[str, Any] = json.loads(row.facts) if row else {}
        for item in items:
            if item.facts is not None and (item.item_id in facts or len(facts) < members_kept):
                facts[item.item_id] = item.facts
        last_at = max([*(item.dated_at for item in items), *([row.last_at] if row else [])])
        rows.append(
            {
                "story_id": story_id,
                "opened_at": row.opened_at if row else at,
                "last_at": last_at,
                "title": row.title if row else items[0].title,
                "facts": json.dumps(facts, ensure_ascii=False, separators=(",", ":")),
            }
        )
    upsert(connection, stories, rows, ("story_id",), update=("last_at", "facts"))
    members = [{"item_id": one.item_id, "story_id": one.story_id, "joined_at": at} for items in by_story.values() for one in items]
    upsert(connection, story_items, members, ("item_id",))
