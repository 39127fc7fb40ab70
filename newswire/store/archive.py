"""The report archive: every report that alerting has read, whole, for back-tests and for finding out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from newswire.codec import decode, encode
from newswire.records import Report
from newswire.store.tables import archive
from newswire.store.upsert import upsert

_KEYS: Final = ("item_id", "revision", "basis", "final")
_REPORTS_AT_ONCE: Final = 500  # in memory, of an archive that may not fit
_OF_ITEM: Final = select(archive.c.report).where(archive.c.item_id == bindparam("item_id")).order_by(archive.c.archived_at, archive.c.final)
_SINCE: Final = (
    select(archive.c.report).where(archive.c.archived_at >= bindparam("since")).order_by(archive.c.archived_at, archive.c.item_id)
).execution_options(yield_per=_REPORTS_AT_ONCE)
_PLACE: Final = (archive.c.archived_at, archive.c.item_id, archive.c.revision, archive.c.basis, archive.c.final)
_FROM: Final = select(*_PLACE, archive.c.report).order_by(*_PLACE).limit(bindparam("most"))
_FIRST: Final = _FROM.where(archive.c.archived_at >= bindparam("since"))
_EXPIRED: Final = delete(archive).where(archive.c.archived_at < bindparam("before"))


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
    """Archive the reports; one that is there already stays as it is."""
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
        upsert(connection, archive, rows, _KEYS)


def of_item(connection: Connection, item_id: str) -> list[Report]:
    """Return the item's reports in the order in which they were read."""
    return [decode(Report, value) for value in connection.execute(_OF_ITEM, {"item_id": item_id}).scalars()]


def since(connection: Connection, at: float) -> Iterator[Report]:
    """Yield the reports archived from `at` on, oldest first."""
    for value in connection.execute(_SINCE, {"since": at}).scalars():
        yield decode(Report, value)


def page(connection: Connection, at: float, after: Place | None = None, most: int = _REPORTS_AT_ONCE) -> list[tuple[Place, bytes]]:
    """Return the next reports archived from `at` on, encoded, each with its place; `after` is the last place of the page before.

    For long reading beside a running service: each page is a short transaction, where one of minutes would keep the WAL from shrinking.
    """
    if after is None:
        rows = connection.execute(_FIRST, {"since": at, "most": most})
    else:
        rows = connection.execute(_FROM.where(archive.c.archived_at >= after.archived_at, tuple_(*_PLACE) > tuple_(*after)), {"most": most})
    return [(Place(*row[:-1]), row[-1]) for row in rows]


def forget(connection: Connection, before: float) -> int:
    """Delete reports archived before that time and return how many there were."""
    return connection.execute(_EXPIRED, {"before": before}).rowcount
