"""Links the first message of a story to the older one that it returns to, and keeps by what this one is to be found again."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from alerting.decide import Outcome
from alerting.message import Earlier, EarlierKind
from alerting.stories_member import Member
from alerting.stories_return import CANDIDATES, REACH_S, OlderStory, Return, marks_of, returns_to
from newswire.records import MessageKind
from newswire.store import story_marks
from newswire.store.story_marks import FirstTold


def linked(connection: Connection, outcome: Outcome, member: Member | None, *, told_before: bool) -> tuple[Outcome, Return | None]:
    """Return the outcome with its first messages linked, and the story that returns with it, None where none does.

    Asks the store only where a story is told for the first time. A receiver is pointed at what it was told itself: what another one was told
    may not be for its eyes.
    """
    if member is None or told_before or not any(row.kind is MessageKind.PARENT for row in outcome.rows):
        return outcome, None
    found = _older(connection, member)
    at = member.dated_at if member.dated_at is not None else outcome.decision.decided_at.timestamp()
    story_marks.keep(connection, member.story_id, marks_of(member), at)
    if found is None:
        return outcome, None
    told = story_marks.first_told(connection, found.story_id)
    rows = tuple(
        replace(row, message=replace(row.message, earlier=_earlier(found, row.receiver, told[row.receiver])))
        if row.kind is MessageKind.PARENT and row.message.earlier is None and row.receiver in told
        else row
        for row in outcome.rows
    )
    return replace(outcome, rows=rows), found


def returned_facts(found: Return | None) -> dict[str, Any]:
    """Return what the trail says of a return; nothing where there was none."""
    return (
        {}
        if found is None
        else {"returns_to": {"story_id": found.story_id, "nearest": found.nearest, "log_odds": round(found.log_odds, 2)}}
    )


def _older(connection: Connection, member: Member) -> Return | None:
    """Return the story that comes back; those that share most marks are looked at."""
    if member.dated_at is None:
        return None
    # A story is marked when it is told, and may have gone on for long after that.
    since = member.dated_at - 2 * REACH_S
    sharing = story_marks.sharing(connection, marks_of(member), since, CANDIDATES)
    stories = [OlderStory(one.story_id, one.last_at, [Member.from_facts(facts) for facts in one.members]) for one in sharing]
    return returns_to(member, [story for story in stories if story.story_id != member.story_id])


def _earlier(found: Return, receiver: str, told: FirstTold) -> Earlier:
    return Earlier(EarlierKind.RETURNED, found.story_id, receiver, datetime.fromtimestamp(told.at, UTC), told.title)
