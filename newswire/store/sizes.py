"""How much room the data take, and how far back what is kept reaches. In bounded time, however large the store is.

Sizes come from the file system and the catalogue, ages from the ends of indexes; no table is read through. Pages of an SQLite file are
counted by table (`dbstat`) only where the file is small enough for that, since each page is looked at.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import Column, Connection, func, select, text
from sqlalchemy.exc import OperationalError

from newswire.store.tables import METADATA, archive, decisions, matches

BY_TABLE_MOST_BYTES: Final = 256 << 20
"""An SQLite file up to this size is counted by table: every page of it is looked at, from a cold disk too."""

_WAL: Final = ("", "-wal", "-shm")
_DATABASE: Final = text("SELECT pg_database_size(current_database())")
_TABLE: Final = text("SELECT pg_total_relation_size(to_regclass(:name))")
_DBSTAT: Final = text(
    "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name WHERE s.aggregate = 1 GROUP BY 1"
)
_KEPT: Final = {
    "text": archive.c.archived_at,
    "reports": archive.c.archived_at,
    "decisions": decisions.c.decided_at,
    "matches": matches.c.at,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """From when to when something is kept, in seconds since 1970 UTC; None where there is none of it."""

    oldest_at: float | None
    newest_at: float | None


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a store takes."""

    bytes: int  # of an SQLite file with its WAL, or of the database
    tables: dict[str, int] = field(default_factory=dict)  # bytes with their indexes; empty where that cannot be had in bounded time
    kept: dict[str, Kept] = field(default_factory=dict)  # text, reports, decisions, matches


@dataclass(frozen=True, slots=True)
class Disk:
    """What is free of a disk."""

    free_bytes: int  # for us, who are not root
    bytes: int


def sizes(connection: Connection) -> Sizes:
    """Return what the store takes and how far back it reaches. Bounded: see above.

    Raises:
        Retryable: the database is gone, where the connection is of `Store.read`.

    """
    total = store_bytes(connection)
    return Sizes(total, _tables(connection, total), {name: _kept(connection, name, column) for name, column in _KEPT.items()})


def store_bytes(connection: Connection) -> int:
    """Return the bytes of the SQLite file with its WAL, or of the database. Quick: a few calls, whatever it holds."""
    if connection.dialect.name == "postgresql":
        return int(connection.execute(_DATABASE).scalar_one())
    file = connection.execute(text("PRAGMA database_list")).first()[2]  # type: ignore[index]  # the main one comes first; a connection that sorted on disk has `temp` too
    if not file:
        return int(connection.execute(text("PRAGMA page_count")).scalar_one()) * int(
            connection.execute(text("PRAGMA page_size")).scalar_one()
        )
    return file_bytes(Path(file))


def bus_bytes(data: Path) -> int | None:
    """Return the bytes of the embedded bus in a data folder with its WAL; None where there is none, as with Kafka."""
    return file_bytes(data / "bus.sqlite3") or None


def file_bytes(path: Path) -> int:
    """Return the bytes of an SQLite file with what stands beside it; 0 where there is none."""
    return sum(_size(Path(f"{path}{end}")) for end in _WAL)


def disk(folder: Path) -> Disk | None:
    """Return what is free on the disk of a folder, or of the nearest folder above it that is there; None where nobody can say."""
    for place in (folder.absolute(), *folder.absolute().parents):
        try:
            found = os.statvfs(place)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return Disk(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)
    return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _tables(connection: Connection, total: int) -> dict[str, int]:
    if connection.dialect.name == "postgresql":
        found = {table.name: connection.execute(_TABLE, {"name": table.name}).scalar() for table in METADATA.sorted_tables}
        return {name: int(size) for name, size in found.items() if size is not None}
    if total > BY_TABLE_MOST_BYTES:
        return {}
    try:
        return {name: int(size) for name, size in connection.execute(_DBSTAT)}
    except OperationalError:  # an SQLite that was compiled without it
        return {}


def _kept(connection: Connection, name: str, column: "Column[float]") -> Kept:
    """Return the two ends of an index: SQLite and PostgreSQL find each at once, if they are asked apart."""
    whole = archive.c.whole.is_(True) if name == "text" else True
    oldest, newest = (connection.execute(select(end(column)).where(whole)).scalar() for end in (func.min, func.max))  # type: ignore[arg-type]  # True is every row
    return Kept(oldest, newest)
