"""Every table of one store copied into another, empty one: SQLite to PostgreSQL, or any other way round.

Never: changes the store it reads, leaves half of a copy behind, or holds more than one batch of rows.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, func, select, text
from sqlalchemy.exc import DataError, IntegrityError

from newswire.errors import NewswireError
from newswire.store.engine import Store
from newswire.store.leaders import alerter_is_active
from newswire.store.search import put_all_due
from newswire.store.tables import METADATA, feeds, hosts, leaders, pages, search, search_due

BATCH: Final = 1_000  # rows in memory at once: archived reports and pages due are the largest, some 10 kB each

_LEASES: Final = (
    (feeds, feeds.c.lease_until, "sources are being polled"),
    (pages, pages.c.lease_until, "article pages are being read"),
    (hosts, hosts.c.held_until, "a request is on its way"),
)
_SESSIONS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'newswire' AND pid <> pg_backend_pid()"
)
_SEQUENCE: Final = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")


@dataclass(frozen=True, slots=True)
class Copied:
    """How many rows of a table are in the new store."""

    table: str
    rows: int


def tables() -> Sequence[Table]:
    """Return every table that is copied. Who leads where is no news for another place; the search index is made anew there."""
    return [table for table in METADATA.sorted_tables if table not in {leaders, search, search_due}]


def in_use(store: Store) -> list[str]:
    """Return, in words, every sign that a stage works on the store now."""
    now = time.time()
    with store.read() as connection:
        signs = [
            f"{meaning} ({table.name})"
            for table, until, meaning in _LEASES
            if connection.execute(select(func.count()).select_from(table).where(until > now)).scalar_one()
        ]
        if alerter_is_active(connection, now):
            signs.append("an alerter is active (leaders)")
        if connection.dialect.name == "postgresql" and (others := connection.execute(_SESSIONS).scalar_one()):
            signs.append(f"{others} other connections named newswire (pg_stat_activity)")
    return signs


def filled(connection: Connection) -> list[str]:
    """Return the names of the tables that hold something."""
    return [table.name for table in tables() if connection.execute(select(table).limit(1)).first() is not None]


def copy_tables(source: Connection, target: Connection) -> Iterator[Copied]:
    """Yield each table when all of its rows are copied and counted, in the transactions that are open: the source's is one snapshot.

    Raises:
        NewswireError: a row does not fit the new store, or fewer arrived than left; the transaction is to be rolled back.

    """
    for table in tables():
        try:
            moved = _copy(source, target, table)
        except (DataError, IntegrityError) as error:
            raise NewswireError(f"table {table.name}: a row does not fit the new store: {str(error.orig).splitlines()[0]}") from error
        arrived = target.execute(select(func.count()).select_from(table)).scalar_one()
        if arrived != moved:
            raise NewswireError(f"table {table.name}: {moved:,} rows were read and {arrived:,} arrived")
        yield Copied(table.name, moved)
    put_all_due(target)


def _copy(source: Connection, target: Connection, table: Table) -> int:
    moved = 0
    write = _writer(target, table)
    for rows in source.execution_options(yield_per=BATCH).execute(select(table)).partitions():
        write(rows)
        moved += len(rows)
    if target.dialect.name == "postgresql":
        _continue_numbering(target, table)
    return moved


def _writer(target: Connection, table: Table) -> Callable[[Sequence[Row[Any]]], None]:
    if target.dialect.name == "postgresql":
        from newswire.store.postgresql import copy_rows  # noqa: PLC0415 -- its driver is an extra, which SQLite does without

        return lambda rows: copy_rows(target, table, rows)

    def insert(rows: Sequence[Row[Any]]) -> None:
        target.execute(table.insert(), [dict(row._mapping) for row in rows])  # noqa: SLF001 -- SQLAlchemy's public name for it

    return insert


def _continue_numbering(target: Connection, table: Table) -> None:
    """Let the rows that come after be numbered after those that were copied with their numbers."""
    column: Any = table.autoincrement_column
    if column is None:
        return
    last = target.execute(select(func.max(column))).scalar()
    if last is not None:
        target.execute(_SEQUENCE, {"table": table.name, "column": column.name, "last": last})
