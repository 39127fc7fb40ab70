"""Silences: what people asked by command not to be told for a while, who asked, why and until when; and what each has held.

A silence is never changed but by its end: it is expired, or it runs out. What it held stays with its id in `matches`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from newswire.records import Severity
from newswire.silence import Silence, matchers_json
from newswire.store.tables import matches, silences
from newswire.store.upsert import insert_new


@dataclass(frozen=True, slots=True)
class Held:
    """A story of a watchlist that a silence held: its newest words, and how often it matched."""

    silence_id: str
    watchlist: str
    story_id: str
    severity: Severity  # the highest
    title: str
    url: str | None
    outlet: str
    first_at: float  # seconds since 1970 UTC
    last_at: float
    articles: int


_NOT_ENDED: Final = (
    select(silences).where(silences.c.ends_at > bindparam("at"), silences.c.expired_at.is_(None)).order_by(silences.c.ends_at)
)
_ENDED: Final = (
    select(silences)
    .where(
        func.coalesce(silences.c.expired_at, silences.c.ends_at) >= bindparam("since"),
        func.coalesce(silences.c.expired_at, silences.c.ends_at) <= bindparam("at"),
        silences.c.ends_at >= bindparam("since"),  # said for the index: what is expired ends before its end
    )
    .order_by(silences.c.ends_at)
)
_ALL: Final = select(silences).order_by(silences.c.created_at, silences.c.silence_id)
_EXPIRE: Final = (
    update(silences)
    .where(silences.c.silence_id == bindparam("wanted"), silences.c.expired_at.is_(None), silences.c.ends_at > bindparam("at"))
    .values(expired_at=bindparam("at"), expired_by=bindparam("by"))
)
_WARN: Final = update(silences).where(silences.c.silence_id == bindparam("wanted")).values(warned_at=bindparam("at"))
_STORIES_HELD: Final = (
    select(matches.c.silence_id, func.count(matches.c.story_id.distinct()))
    .where(matches.c.silence_id.in_(bindparam("ids", expanding=True)))
    .group_by(matches.c.silence_id)
)
_TITLES_HELD: Final = (
    select(func.max(matches.c.title).label("title"), func.min(matches.c.at).label("at"))
    .where(matches.c.silence_id == bindparam("wanted"))
    .group_by(matches.c.story_id)
    .order_by("at")
    .limit(bindparam("most"))
)
_HELD: Final = (
    select(matches).where(matches.c.silence_id.is_not(None), matches.c.at >= bindparam("since")).order_by(matches.c.at, matches.c.item_id)
)
_IDS_AT_ONCE: Final = 1_000  # bound variables of one statement


def add(connection: Connection, silence: Silence) -> Silence:
    """Write a silence and return it; where the very same is in the store and has not ended, that one is returned and nothing written.

    The same: it asks the same, ends at the same moment, and has the same author and reason.
    """
    for known in current(connection, silence.created_at):
        if _same(known, silence):
            return known
    insert_new(connection, silences, [_row(silence)], ["silence_id"])
    return silence


def current(connection: Connection, at: float) -> list[Silence]:
    """Return the silences that have not ended, also those that are still to begin; the first to end comes first."""
    return [_silence(row) for row in connection.execute(_NOT_ENDED, {"at": at})]


def ended(connection: Connection, since: float, at: float) -> list[Silence]:
    """Return the silences that ended in that time, by their end or by a command."""
    return [_silence(row) for row in connection.execute(_ENDED, {"since": since, "at": at})]


def every(connection: Connection) -> list[Silence]:
    """Return all silences that ever were, oldest first."""
    return [_silence(row) for row in connection.execute(_ALL)]


def beginning_with(connection: Connection, beginning: str) -> list[Silence]:
    """Return those whose id begins so."""
    named = select(silences).where(silences.c.silence_id.startswith(beginning, autoescape=True)).order_by(silences.c.created_at)
    return [_silence(row) for row in connection.execute(named)]


def expire(connection: Connection, silence_id: str, at: float, by: str) -> bool:
    """End a silence now; return whether it had not ended before. One that had stays as it was."""
    return connection.execute(_EXPIRE, {"wanted": silence_id, "at": at, "by": by}).rowcount > 0


def mark_warned(connection: Connection, silence_ids: Sequence[str], at: float) -> None:
    """Remember that it was said of these that they end soon."""
    if silence_ids:
        connection.execute(_WARN, [{"wanted": one, "at": at} for one in silence_ids])


def stories_held(connection: Connection, silence_ids: Sequence[str]) -> dict[str, int]:
    """Return how many stories each of the silences held; one that held none is missing."""
    found: dict[str, int] = {}
    for start in range(0, len(silence_ids), _IDS_AT_ONCE):
        for silence_id, stories in connection.execute(_STORIES_HELD, {"ids": list(silence_ids[start : start + _IDS_AT_ONCE])}):
            found[silence_id] = int(stories)
    return found


def titles_held(connection: Connection, silence_id: str, most: int) -> list[str]:
    """Return a title of each of the first stories that a silence held."""
    return list(connection.execute(_TITLES_HELD, {"wanted": silence_id, "most": most}).scalars())


def held(connection: Connection, since: float) -> list[Held]:
    """Return what silences held since then, one for each story of a watchlist and silence, the first held first."""
    found: dict[tuple[str, str, str], tuple[Held, set[str]]] = {}
    for row in connection.execute(_HELD, {"since": since}):
        key = (row.silence_id, row.watchlist, row.story_id)
        before, items = found.get(key, (None, set()))
        items.add(row.item_id)
        severity = Severity(row.severity)
        found[key] = (
            Held(
                silence_id=row.silence_id,
                watchlist=row.watchlist,
                story_id=row.story_id,
                severity=max(before.severity, severity, key=lambda one: one.rank) if before else severity,
                title=row.title,
                url=row.url,
                outlet=row.outlet,
                first_at=before.first_at if before else row.at,
                last_at=row.at,
                articles=len(items),
            ),
            items,
        )
    return [one for one, _ in found.values()]


def _same(one: Silence, other: Silence) -> bool:
    return (one.matchers, one.below, one.ends_at, one.by, one.why) == (other.matchers, other.below, other.ends_at, other.by, other.why)


def _row(silence: Silence) -> dict[str, Any]:
    return {
        "silence_id": silence.silence_id,
        "matchers": matchers_json(silence.matchers),
        "below": None if silence.below is None else silence.below.value,
        "begins_at": silence.begins_at,
        "ends_at": silence.ends_at,
        "why": silence.why,
        "created_at": silence.created_at,
        "created_by": silence.by,
    }


def _silence(row: Any) -> Silence:
    return Silence(
        matchers={kind: tuple(values) for kind, values in json.loads(row.matchers).items()},
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        by=row.created_by,
        why=row.why,
        created_at=row.created_at,
        below=None if row.below is None else Severity(row.below),
        expired_at=row.expired_at,
        expired_by=row.expired_by,
        warned_at=row.warned_at,
        silence_id=row.silence_id,
    )
