"""The search index over the report archive: one row an item, of its newest report. It is filled a little later than the archive.

Whoever archives a report puts its key on the list of what is due (`search_due`); the active alerter reads that list beside its work, so a
decision never waits for the index. What is lost can be put on the list again: the index holds nothing that the archive does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select

from newswire.codec import decode
from newswire.errors import Permanent
from newswire.records import Label, Report
from newswire.search_query import Query
from newswire.search_tokens import words_of
from newswire.store import search_words
from newswire.store.tables import archive, matches, search, search_due
from newswire.store.upsert import upsert

KEY: Final = ("item_id", "revision", "basis", "final")
_key_of: Final = tuple(search_due.c[name] for name in KEY)
_OLDEST: Final = select(func.min(search_due.c.at))
_DUE: Final = select(*_key_of).order_by(search_due.c.at, *_key_of).limit(bindparam("most"))
_REPORTS: Final = (
    select(archive.c.item_id, archive.c.story_id, archive.c.report)
    .where(archive.c.item_id.in_(bindparam("items", expanding=True)))
    .order_by(archive.c.archived_at, archive.c.final)
)
_ARCHIVED: Final = select(archive.c.item_id).where(archive.c.item_id.in_(bindparam("items", expanding=True))).distinct()
_ROWS: Final = select(search.c.row_id, search.c.item_id).where(search.c.item_id.in_(bindparam("items", expanding=True)))
# A key a statement: SQLite looks through the whole list where it is asked for many keys of several columns at once.
_DONE: Final = delete(search_due).where(*(column == bindparam(f"the_{column.name}") for column in _key_of))
_TOLD: Final = (
    select(matches.c.item_id, matches.c.watchlist)
    .where(
        matches.c.story_id.in_(bindparam("stories", expanding=True)),
        matches.c.item_id.in_(bindparam("items", expanding=True)),
        matches.c.reason.is_(None),
    )
    .distinct()
    .order_by(matches.c.item_id, matches.c.watchlist)
)

Key = tuple[str, str, str, bool]


@dataclass(frozen=True, slots=True)
class Document:
    """An item as it is searched for: its words, and what else can be asked of it."""

    item_id: str
    dated_at: float
    label: Label
    countries: str
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Due:
    """Reports that are to be indexed, and the newest one of each of their items."""

    keys: tuple[Key, ...]
    newest: Mapping[str, bytes]  # by item id, encoded


@dataclass(frozen=True, slots=True)
class Filter:
    """What else is asked; None: anything. `since` is in seconds since 1970 UTC."""

    since: float | None = None
    label: Label | None = None
    country: str | None = None
    watchlist: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An item that was found: its newest report, its story, and the watchlists that told it."""

    report: Report
    story_id: str | None
    told_by: tuple[str, ...]


def countries_of(report: Report) -> str:
    """Return its home and partners, each between two blanks, as a row holds them and `names_country` looks for them."""
    return "".join(f" {code} " for code in dict.fromkeys([*([report.home] if report.home else []), *report.partners]))


def document_of(report: Report) -> Document:
    """Return what is indexed of a report."""
    item = report.item
    # What the feed carried is often its summary over again.
    fields = [item.title, *([] if item.summary in report.text else [item.summary]), report.text]
    return Document(item.item_id, item.dated_at.timestamp(), report.label, countries_of(report), words_of(fields))


def put_due(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put reports on the list of what is due: rows with the key of the archive and `at`."""
    upsert(connection, search_due, rows, KEY, update=("at",))


def put_all_due(connection: Connection) -> None:
    """Put every archived report on the list, and empty the index: it is made anew."""
    search_words.empty(connection)
    connection.execute(delete(search))
    connection.execute(delete(search_due))
    rows = select(*(archive.c[name] for name in KEY), archive.c.archived_at)
    connection.execute(insert(search_due).from_select([*KEY, "at"], rows))


def due(connection: Connection, most: int) -> Due:
    """Return at most `most` reports that are due, those that have waited longest first."""
    keys = tuple((row.item_id, row.revision, row.basis, row.final) for row in connection.execute(_DUE, {"most": most}))
    newest = {}
    if keys:
        rows = connection.execute(_REPORTS, {"items": list(dict.fromkeys(key[0] for key in keys))})
        newest = {row.item_id: row.report for row in rows}
    return Due(keys, newest)


def oldest_due(connection: Connection) -> float | None:
    """Return since when the report has waited that has waited longest, None where none does."""
    oldest: float | None = connection.execute(_OLDEST).scalar()
    return oldest


def put(connection: Connection, documents: Sequence[Document], done: Sequence[Key]) -> None:
    """Index the documents, each in the place of what its item had, and take these keys off the list.

    A key that was put on the list meanwhile is another one, and stays; an item that has left the archive meanwhile is not indexed.
    """
    archived = still_archived(connection, [one.item_id for one in documents])
    documents = [one for one in documents if one.item_id in archived]
    rows = [{"item_id": one.item_id, "dated_at": one.dated_at, "label": one.label.value, "countries": one.countries} for one in documents]
    upsert(connection, search, rows, ("item_id",), update=("dated_at", "label", "countries"))
    if documents:
        row_ids = {row.item_id: row.row_id for row in connection.execute(_ROWS, {"items": [one.item_id for one in documents]})}
        search_words.put(connection, [(row_ids[one.item_id], one.words) for one in documents])
    if done:
        connection.execute(_DONE, [{f"the_{name}": value for name, value in zip(KEY, key, strict=True)} for key in done])


def still_archived(connection: Connection, item_ids: Sequence[str]) -> set[str]:
    """Return which of the items have a report in the archive."""
    return set(connection.execute(_ARCHIVED, {"items": list(item_ids)}).scalars()) if item_ids else set()


def forget(connection: Connection, item_ids: Sequence[str]) -> int:
    """Drop what is indexed of these items; return how many there were."""
    row_ids = [row.row_id for row in connection.execute(_ROWS, {"items": list(item_ids)})] if item_ids else []
    search_words.delete(connection, row_ids)
    if row_ids:
        connection.execute(delete(search).where(search.c.row_id.in_(row_ids)))
    return len(row_ids)


def find(connection: Connection, query: Query, asked: Filter, limit: int) -> list[Found]:
    """Return at most `limit` items, newest first by their own date; one whose report cannot be read any more is left out."""
    wanted = select(search.c.item_id).where(search_words.found(connection.dialect.name, query))
    if asked.since is not None:
        wanted = wanted.where(search.c.dated_at >= asked.since)
    if asked.label is not None:
        wanted = wanted.where(search.c.label == asked.label.value)
    if asked.country is not None:
        wanted = wanted.where(search.c.countries.contains(f" {asked.country} "))
    if asked.watchlist is not None:
        wanted = wanted.where(exists().where(matches.c.watchlist == asked.watchlist, matches.c.item_id == search.c.item_id))
    found = list(connection.execute(wanted.order_by(search.c.dated_at.desc(), search.c.item_id).limit(limit)).scalars())
    if not found:
        return []
    rows = {row.item_id: row for row in connection.execute(_REPORTS, {"items": found})}
    told: dict[str, list[str]] = {}
    stories = [row.story_id for row in rows.values() if row.story_id is not None]
    for row in connection.execute(_TOLD, {"stories": stories, "items": found}) if stories else ():
        told.setdefault(row.item_id, []).append(row.watchlist)
    return [
        Found(report, rows[item_id].story_id, tuple(told.get(item_id, ())))
        for item_id in found
        if item_id in rows and (report := readable(rows[item_id].report)) is not None
    ]


def readable(value: bytes) -> Report | None:
    """Return the report, None where it cannot be decoded."""
    try:
        return decode(Report, value)
    except Permanent:
        return None
