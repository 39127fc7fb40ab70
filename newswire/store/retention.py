"""What is kept too long already, dropped a little at a time. Each function is one short transaction's work and can be repeated.

Never: what still decides. A decision stands for the record on the bus that must not be decided twice, so it is kept longer than any bus keeps
one; a story goes only where nobody will look it up: out of the reach of clustering, no item of it new, nothing of it unsent or unpublished.
"""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, func, not_, select, text, tuple_, update

from newswire.codec import encode
from newswire.records import Report
from newswire.store import search, trail
from newswire.store.tables import archive, decisions, matches, outbox, recalled, silences, stories, story_items, story_marks, watch_marks

_BEFORE: Final[BindParameter[Any]] = bindparam("before")
_MOST: Final[BindParameter[Any]] = bindparam("most")
_ARCHIVE_KEY: Final = tuple(archive.c[name] for name in search.KEY)
_MATCH_KEY: Final = tuple(matches.c[name] for name in ("watchlist", *search.KEY))

_WITH_TEXT: Final = (
    select(*_ARCHIVE_KEY, archive.c.report)
    .where(archive.c.whole.is_(True), archive.c.archived_at < _BEFORE)
    .order_by(archive.c.archived_at)
    .limit(_MOST)
)
_SHORTENED: Final = (
    update(archive)
    .where(*(column == bindparam(f"the_{column.name}") for column in _ARCHIVE_KEY))
    .values(report=bindparam("shorter"), whole=False)
)
_OLD_REPORTS: Final = (
    delete(archive)
    .where(
        tuple_(*_ARCHIVE_KEY).in_(select(*_ARCHIVE_KEY).where(archive.c.archived_at < _BEFORE).order_by(archive.c.archived_at).limit(_MOST))
    )
    .returning(archive.c.item_id)
)
_OLD_DECISIONS: Final = delete(decisions).where(
    decisions.c.decision_id.in_(
        select(decisions.c.decision_id)
        .where(
            decisions.c.decided_at < _BEFORE,
            decisions.c.published.is_not(False),  # so said that no index of it is used: it is true of nearly all
            decisions.c.decision_id.not_in(select(outbox.c.decision_id).where(outbox.c.published.is_(False))),
        )
        .order_by(decisions.c.decided_at)
        .limit(_MOST)
    )
)
_OLD_MATCHES: Final = delete(matches).where(
    tuple_(*_MATCH_KEY).in_(select(*_MATCH_KEY).where(matches.c.at < _BEFORE).order_by(matches.c.at).limit(_MOST))
)
_OLD_SILENCES: Final = delete(silences).where(
    silences.c.ends_at < _BEFORE,  # who ends one by a command does so before
    not_(exists().where(matches.c.silence_id == silences.c.silence_id)),
)
_OLD_STORIES: Final = (
    select(stories.c.story_id)
    .where(
        stories.c.last_at < _BEFORE,
        stories.c.opened_at < _BEFORE,
        not_(exists().where(story_items.c.story_id == stories.c.story_id, story_items.c.joined_at >= _BEFORE)),
        not_(
            exists().where(
                outbox.c.story_id == stories.c.story_id,
                (outbox.c.published.is_(False)) | (func.coalesce(outbox.c.settled_at, _BEFORE) >= _BEFORE),
            )
        ),
    )
    .order_by(stories.c.last_at)
    .limit(_MOST)
)
_OLD_BULLETINS: Final = delete(outbox).where(
    outbox.c.row_id.in_(
        select(outbox.c.row_id)
        .where(text("kind IN ('digest', 'notice')"), outbox.c.settled_at < _BEFORE)  # the very words of its index
        .order_by(outbox.c.settled_at)
        .limit(_MOST)
    )
)
_OLD_MARKS: Final = delete(watch_marks).where(
    watch_marks.c.at.in_(select(watch_marks.c.at).where(watch_marks.c.at < _BEFORE).order_by(watch_marks.c.at).limit(_MOST))
)
_OLD_RECALLED: Final = delete(recalled).where(recalled.c.at < _BEFORE)


def shorten_reports(connection: Connection, before: float, most: int, at: float) -> int:
    """Take the text out of reports archived before that time, to be indexed again without it; return how many there were."""
    rows = list(connection.execute(_WITH_TEXT, {"before": before, "most": most}))
    if not rows:
        return 0
    changed = [
        {**{f"the_{column.name}": row._mapping[column.name] for column in _ARCHIVE_KEY}, "shorter": _without_text(row.report)}  # noqa: SLF001 -- SQLAlchemy's public name for it
        for row in rows
    ]
    connection.execute(_SHORTENED, changed)
    search.put_due(connection, [{**{name: row._mapping[name] for name in search.KEY}, "at": at} for row in rows])  # noqa: SLF001 -- as above
    return len(rows)


def forget_reports(connection: Connection, before: float, most: int) -> int:
    """Drop reports archived before that time, and what is indexed of items that have no other; return how many reports there were."""
    gone = list(connection.execute(_OLD_REPORTS, {"before": before, "most": most}).scalars())
    items = list(dict.fromkeys(gone))
    if items:
        kept = search.still_archived(connection, items)
        search.forget(connection, [item_id for item_id in items if item_id not in kept])
    return len(gone)


def forget_decisions(connection: Connection, before: float, most: int) -> int:
    """Drop decisions taken before that time that are on `news.alerts` and that no message waits for; return how many there were."""
    return connection.execute(_OLD_DECISIONS, {"before": before, "most": most}).rowcount


def forget_matches(connection: Connection, before: float, most: int) -> int:
    """Drop what watchlists matched before that time, then the silences of then that hold nothing; return how many rows there were."""
    gone = connection.execute(_OLD_MATCHES, {"before": before, "most": most}).rowcount
    return gone or connection.execute(_OLD_SILENCES, {"before": before}).rowcount


def forget_trail(connection: Connection, before: float, most: int) -> int:
    """Drop steps taken before that time; return how many there were."""
    return trail.forget(connection, before, most)


def forget_stories(connection: Connection, before: float, most: int) -> int:
    """Drop stories that ended before that time, with their items and what was sent of them; return how many rows there were."""
    gone = list(connection.execute(_OLD_STORIES, {"before": before, "most": most}).scalars())
    if not gone:
        return 0
    return sum(
        connection.execute(delete(table).where(table.c.story_id.in_(gone))).rowcount
        for table in (outbox, story_items, story_marks, stories)
    )


def forget_digests(connection: Connection, before: float, most: int) -> int:
    """Drop digests and notices settled before that time, then the watch's own marks of then, then what was read back then after a restore;
    return how many rows there were.
    """
    gone = connection.execute(_OLD_BULLETINS, {"before": before, "most": most}).rowcount
    gone = gone or connection.execute(_OLD_MARKS, {"before": before, "most": most}).rowcount
    return gone or connection.execute(_OLD_RECALLED, {"before": before}).rowcount


def _without_text(value: bytes) -> bytes:
    """Return the report without its text; one that cannot be read is left as it is."""
    report: Report | None = search.readable(value)
    return value if report is None else encode(replace(report, text=""))
