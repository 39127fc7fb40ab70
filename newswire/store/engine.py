"""One engine and its two kinds of transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from newswire.store.tables import METADATA


class Store:
    """A handle on the database. Thread-safe: each transaction takes a connection of its own from the pool."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield a connection in a write transaction, committed at the end of the block, rolled back where it raises."""
        with self._engine.connect().execution_options(newswire_writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection in a read transaction: one snapshot."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def open_store(url: str) -> Store:
    """Return the store at an SQLAlchemy URL, its schema up to date."""
    parsed = make_url(url)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin)
    METADATA.create_all(engine)
    return Store(engine)


def _set_up_sqlite(connection: SqliteConnection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads, then writes, fails with SQLITE_BUSY_SNAPSHOT at once: say what we are about to do.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("newswire_writes") else "BEGIN")
