"""The report archive: every report that alerting has read, for back-tests and for finding out; whole, until retention takes out its text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select, tuple_

from newswire.codec import decode, encode
from newswire.records import Report
from newswire.store import search
from newswire.store.tables import archive
from newswire.store.upsert import upsert

_REPORTS_AT_ONCE: Final = 500  # in memory, of an archive that may not fit
_OF_ITEM: Final = select(archive.c.report).where(archive.c.item_id == bindparam("item_id")).order_by(archive.c.archived_at, archive.c.final)
_SHORTENED: Final = select(archive.c.item_id).where(archive.c.item_id == bindparam("item_id"), ~archive.c.whole).limit(1)
_PLACE: Final = (archive.c.archived_at, archive.c.item_id, archive.c.revision, archive.c.basis, archive.c.final)
_FROM: Final = select(*_PLACE, archive.c.report).order_by(*_PLACE).limit(bindparam("most"))
_FIRST: Final = _FROM.where(archive.c.archived_at >= bindparam("since"))


@dataclass(frozen=True, slots=True)
class Archived:
    """A report and the story it was placed in, None where it was not clustered."""

    report: Report
    story_id: str | None


class Place(NamedTuple):
    """Where a report stands in the archive, oldest first."""

    archived_at: float
    item_id: str
    revision: str
    basis: str
    final: bool


def keep(connection: Connection, reports: Iterable[Archived], at: float) -> None:
    """Archive the reports, to be indexed soon; one that is there already stays as it is."""
    rows = [
        {
            "item_id": one.report.item.item_id,
            "revision": one.report.item.revision,
            "basis": one.report.basis.value,
            "final": one.report.final,
            "report": encode(one.report),
            "story_id": one.story_id,
            "label": one.report.label.value,
            "score": one.report.score,
            "dated_at": one.report.item.dated_at.timestamp(),
            "archived_at": at,
        }
        for one in reports
    ]
    if rows:
        upsert(connection, archive, rows, search.KEY)
        search.put_due(connection, [{**{name: row[name] for name in search.KEY}, "at": at} for row in rows])


def of_item(connection: Connection, item_id: str) -> list[Report]:
    """Return the item's reports in the order in which they were read."""
    return [decode(Report, value) for value in connection.execute(_OF_ITEM, {"item_id": item_id}).scalars()]


def shortened(connection: Connection, item_id: str) -> bool:
    """Return whether retention has taken the text out of a report of the item."""
    return connection.execute(_SHORTENED, {"item_id": item_id}).first() is not None


def page(
    connection: Connection, at: float, after: Place | None = None, most: int = _REPORTS_AT_ONCE, *, whole: bool = False
) -> list[tuple[Place, bytes]]:
    """Return the next reports archived from `at` on, encoded, each with its place; `after` is the last place of the page before.

    With `whole`, those whose text was taken out are left out: a watchlist would judge them by their titles.
    For long reading beside a running service: each page is a short transaction, where one of minutes would keep the WAL from shrinking.
    """
    if after is None:
        asked, bound = _FIRST, {"since": at, "most": most}
    else:
        asked, bound = _FROM.where(archive.c.archived_at >= after.archived_at, tuple_(*_PLACE) > tuple_(*after)), {"most": most}
    rows = connection.execute(asked.where(archive.c.whole) if whole else asked, bound)
    return [(Place(*row[:-1]), row[-1]) for row in rows]
