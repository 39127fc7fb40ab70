"""What each watchlist matched: one row for each report of each of them, told or held, for counting and for what is only staged.

Nothing that decides reads this table. An alert of a watchlist is a story that it told, dated by the first report that told it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, bindparam, case, exists, func, not_, select

from newswire.outcomes import HoldReason
from newswire.records import Basis, Severity
from newswire.store.tables import matches
from newswire.store.upsert import upsert

_KEYS: Final = ("watchlist", "item_id", "revision", "basis", "final")
_STORIES_AT_ONCE: Final = 1_000  # bound variables of one statement

_first_told: Final = (
    select(matches.c.watchlist, func.min(matches.c.at).label("at"))
    .where(matches.c.reason.is_(None))
    .group_by(matches.c.watchlist, matches.c.story_id)
    .subquery()
)
_TOLD: Final = select(
    _first_told.c.watchlist,
    func.sum(case((_first_told.c.at >= bindparam("since"), 1), else_=0)).label("alerts"),
    func.max(_first_told.c.at).label("last_at"),
).group_by(_first_told.c.watchlist)

_of_staged: Final = (matches.c.watchlist == bindparam("watchlist"), matches.c.reason == HoldReason.STAGED.value)
_STAGED: Final = (
    select(matches)
    .where(
        *_of_staged,
        matches.c.story_id.in_(
            select(matches.c.story_id).where(*_of_staged).group_by(matches.c.story_id).having(func.min(matches.c.at) >= bindparam("since"))
        ),
    )
    .order_by(matches.c.at, matches.c.item_id, matches.c.basis, matches.c.final)
)
_TOLD_BY: Final = (
    select(matches.c.story_id, matches.c.watchlist)
    .where(matches.c.story_id.in_(bindparam("story_ids", expanding=True)), matches.c.reason.is_(None))
    .distinct()
    .order_by(matches.c.story_id, matches.c.watchlist)
)
_FIRST: Final = select(func.min(matches.c.at))
_ITEMS: Final = (
    select(matches.c.item_id)
    .where(matches.c.watchlist == bindparam("watchlist"), matches.c.item_id.in_(bindparam("items", expanding=True)))
    .distinct()
)
_other: Final = matches.alias("other")
_HELD: Final = (
    select(matches)
    .where(
        matches.c.at >= bindparam("since"),
        matches.c.at < bindparam("until"),
        matches.c.reason.is_not(None),
        not_(exists().where(_other.c.story_id == matches.c.story_id, _other.c.watchlist == matches.c.watchlist, _other.c.reason.is_(None))),
    )
    .order_by(matches.c.at, matches.c.watchlist, matches.c.item_id, matches.c.basis, matches.c.final)
)


@dataclass(frozen=True, slots=True)
class Matched:
    """A report that a watchlist matched. `reason` says what held it, or would hold it if it were not staged; None: it was told."""

    watchlist: str
    item_id: str
    revision: str
    basis: Basis
    final: bool
    story_id: str
    severity: Severity
    reason: HoldReason | None
    content_hash: str
    because: tuple[str, ...]
    title: str
    url: str | None
    outlet: str
    silence_id: str | None = None  # of the silence that held it
    countries: str | None = None  # home and partners, as `newswire.store.search.countries_of` writes them


@dataclass(frozen=True, slots=True)
class Told:
    """How many stories a watchlist told since a moment, and when it first told its newest one, at any time."""

    alerts: int
    last_at: float


@dataclass(frozen=True, slots=True)
class HeldStory:
    """A story that a watchlist matched and did not tell: its first report, its highest severity, and what held the newest one."""

    watchlist: str
    story_id: str
    at: float  # seconds since 1970 UTC
    severity: Severity
    reason: HoldReason
    item_id: str
    title: str
    url: str | None
    outlet: str
    because: tuple[str, ...]
    countries: tuple[str, ...]
    articles: int
    silence_id: str | None  # of the silence that held the newest report


@dataclass(frozen=True, slots=True)
class StagedStory:
    """A story that a staged watchlist would have told: its first report, its highest severity, how many articles matched."""

    story_id: str
    at: float  # seconds since 1970 UTC
    severity: Severity
    title: str
    url: str | None
    outlet: str
    because: tuple[str, ...]
    content_hash: str
    articles: int
    told_by: tuple[str, ...]  # other watchlists that told the story


def keep(connection: Connection, matched: Iterable[Matched], at: float) -> None:
    """Write the matches; one that is there already stays as it is."""
    rows = [
        {
            "watchlist": one.watchlist,
            "item_id": one.item_id,
            "revision": one.revision,
            "basis": one.basis.value,
            "final": one.final,
            "story_id": one.story_id,
            "at": at,
            "severity": one.severity.value,
            "reason": None if one.reason is None else one.reason.value,
            "content_hash": one.content_hash,
            "because": json.dumps(one.because, ensure_ascii=False),
            "title": one.title,
            "url": one.url,
            "outlet": one.outlet,
            "countries": one.countries,
            "silence_id": one.silence_id,
        }
        for one in matched
    ]
    if rows:
        upsert(connection, matches, rows, _KEYS)


def told(connection: Connection, since: float) -> dict[str, Told]:
    """Return by watchlist how many stories it told since then; those that never told one are missing."""
    return {row.watchlist: Told(int(row.alerts), row.last_at) for row in connection.execute(_TOLD, {"since": since})}


def first_at(connection: Connection) -> float | None:
    """Return when the first match of any watchlist was written, None where there is none."""
    first: float | None = connection.execute(_FIRST).scalar()
    return first


def staged(connection: Connection, watchlist: str, since: float) -> list[StagedStory]:
    """Return the stories that a watchlist matched for the first time since then while it was staged, newest first."""
    by_story: dict[str, list[tuple[str, StagedStory]]] = {}
    for row in connection.execute(_STAGED, {"watchlist": watchlist, "since": since}):
        because = tuple(json.loads(row.because))
        severity = Severity(row.severity)
        story = StagedStory(row.story_id, row.at, severity, row.title, row.url, row.outlet, because, row.content_hash, 1, ())
        by_story.setdefault(row.story_id, []).append((row.item_id, story))
    told_by = _told_by(connection, list(by_story))
    found = [_joined(of_story, told_by.get(story_id, ())) for story_id, of_story in by_story.items()]
    return sorted(found, key=lambda story: (-story.at, story.story_id))


def items_of(connection: Connection, watchlist: str, item_ids: Sequence[str]) -> set[str]:
    """Return which of the items the watchlist matched, told or held."""
    return set(connection.execute(_ITEMS, {"watchlist": watchlist, "items": list(item_ids)}).scalars()) if item_ids else set()


def held(connection: Connection, since: float, until: float) -> list[HeldStory]:
    """Return what watchlists matched in [since, until) and never told, oldest first, one for each story of each watchlist."""
    found: dict[tuple[str, str], HeldStory] = {}
    items: dict[tuple[str, str], set[str]] = {}
    for row in connection.execute(_HELD, {"since": since, "until": until}):
        key = (row.watchlist, row.story_id)
        items.setdefault(key, set()).add(row.item_id)
        severity, reason = Severity(row.severity), HoldReason(row.reason)
        earlier = found.get(key)
        if earlier is not None:
            highest = max(earlier.severity, severity, key=lambda one: one.rank)
            found[key] = replace(earlier, severity=highest, reason=reason, articles=len(items[key]), silence_id=row.silence_id)
            continue
        because, countries = tuple(json.loads(row.because)), tuple((row.countries or "").split())
        found[key] = HeldStory(
            *key, row.at, severity, reason, row.item_id, row.title, row.url, row.outlet, because, countries, 1, row.silence_id
        )
    return list(found.values())


def _joined(of_story: Sequence[tuple[str, StagedStory]], told_by: Sequence[str]) -> StagedStory:
    first = of_story[0][1]
    severity = max((story.severity for _, story in of_story), key=lambda one: one.rank)
    return replace(first, severity=severity, articles=len({item_id for item_id, _ in of_story}), told_by=tuple(told_by))


def _told_by(connection: Connection, story_ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for start in range(0, len(story_ids), _STORIES_AT_ONCE):
        for row in connection.execute(_TOLD_BY, {"story_ids": list(story_ids[start : start + _STORIES_AT_ONCE])}):
            found.setdefault(row.story_id, []).append(row.watchlist)
    return found
