"""By what told stories are found again when they return, and what was told of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from newswire.outcomes import SendState
from newswire.records import MessageKind
from newswire.store.tables import outbox, stories, story_marks
from newswire.store.upsert import upsert

_SHARING: Final = (
    select(story_marks.c.story_id)
    .where(story_marks.c.mark.in_(bindparam("marks", expanding=True)), story_marks.c.at >= bindparam("since"))
    .group_by(story_marks.c.story_id)
    .order_by(func.count().desc(), func.max(story_marks.c.at).desc(), story_marks.c.story_id)
    .limit(bindparam("most"))
)
_FACTS: Final = select(stories.c.story_id, stories.c.last_at, stories.c.facts).where(
    stories.c.story_id.in_(bindparam("story_ids", expanding=True))
)
_TOLD: Final = (
    select(outbox.c.receiver, outbox.c.title, outbox.c.created_at)
    .where(
        outbox.c.story_id == bindparam("wanted"),
        outbox.c.kind == MessageKind.PARENT.value,
        outbox.c.state != SendState.FAILED.value,
    )
    .order_by(outbox.c.sequence.desc())
)


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """A story with the facts of its members, as clustering wrote them."""

    story_id: str
    last_at: float  # date of its newest report, in seconds since 1970 UTC
    members: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class FirstTold:
    """What a receiver was first told of a story."""

    title: str
    at: float  # seconds since 1970 UTC


def keep(connection: Connection, story_id: str, marks: Iterable[str], at: float) -> None:
    """Write the marks of a story that is told now; `at` is the date of the report that tells it."""
    rows = [{"mark": mark, "story_id": story_id, "at": at} for mark in marks]
    if rows:
        upsert(connection, story_marks, rows, ("mark", "story_id"))


def sharing(connection: Connection, marks: Sequence[str], since: float, most: int) -> list[StoryFacts]:
    """Return the stories told since then that have one of the marks, those first that have most of them."""
    if not marks:
        return []
    found = list(connection.execute(_SHARING, {"marks": list(marks), "since": since, "most": most}).scalars())
    facts = {row.story_id: row for row in connection.execute(_FACTS, {"story_ids": found})} if found else {}
    return [StoryFacts(key, facts[key].last_at, tuple(json.loads(facts[key].facts).values())) for key in found if key in facts]


def first_told(connection: Connection, story_id: str) -> dict[str, FirstTold]:
    """Return by receiver what it was first told of the story, and when."""
    return {row.receiver: FirstTold(row.title, row.created_at) for row in connection.execute(_TOLD, {"wanted": story_id})}
