"""One engine and its two kinds of transaction, on SQLite or PostgreSQL."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from newswire.errors import ConfigurationError, Fault, Retryable
from newswire.sqlite import WriteLock, prepare
from newswire.store import backups, schema
from newswire.store.failures import postgresql_misuse, postgresql_refusal, translated

_CONNECTIONS_KEPT: Final = 8  # more are opened while more threads ask, and closed when they are given back


class Store:
    """A handle on the database. Thread-safe: each transaction takes a connection of its own from the pool."""

    def __init__(self, engine: Engine, lock: WriteLock | None = None, *, shared: bool = False) -> None:
        self._engine = engine
        self._lock = lock  # SQLite only
        self._shared = shared  # one connection for all threads: a database in memory
        self._use: Callable[[bool], AbstractContextManager[None]] = _unwatched
        self._writing = threading.local()

    def watch(self, use: Callable[[bool], AbstractContextManager[None]]) -> None:
        """Have every transaction run within what `use` returns, which is told whether it writes: to measure it, and to note how it ends."""
        self._use = use

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield a connection in a write transaction, committed at the end of the block, rolled back where it raises.

        Writers of SQLite wait for each other, before they read anything, so that what they read is what they change. Writers of
        PostgreSQL wait for each other's rows only: who reads in order to write reads `with_for_update()`.

        Raises:
            Retryable: the database is busy, full or gone. Nothing was committed, or, where PostgreSQL went away in the very commit,
                all of it was: what is done in the block must bear to be done twice.

        """
        if getattr(self._writing, "now", False):
            raise RuntimeError("a write transaction is open in this thread already: it would wait for itself")
        self._writing.now = True
        try:
            with self._use(True), translated(), self._exclusive(), self._engine.connect() as connection:
                connection.execution_options(newswire_writes=True)
                with connection.begin():
                    yield connection
                if self._lock is not None:
                    self._lock.checkpoint(_driver_connection(connection))
        finally:
            self._writing.now = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection in a read transaction: one snapshot, which no writer changes and which keeps no writer waiting.

        Raises:
            Retryable: the database is busy or gone.

        """
        guard = self._exclusive() if self._shared and not getattr(self._writing, "now", False) else nullcontext()
        with self._use(False), translated(), guard, self._engine.connect() as connection:
            if self._lock is None:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    def session(self) -> Connection | None:
        """Return a connection outside of the pool, without transactions, for what belongs to a session; None on SQLite, which has no such thing.

        Raises:
            Retryable: the database is gone.

        """
        if self._engine.dialect.name != "postgresql":
            return None
        with translated():
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()
            return connection

    def close(self) -> None:
        """Close the connections and the lock file; the store is not to be used again."""
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()

    def _exclusive(self) -> AbstractContextManager[None]:
        return self._lock if self._lock is not None else nullcontext()


def _unwatched(_writes: bool, /) -> AbstractContextManager[None]:
    return nullcontext()


def open_store(url: str, *, migrate: bool = True, unfinished: bool = False) -> Store:
    """Return the store at an SQLAlchemy URL, its schema checked.

    An SQLite file is made where there is none, and an older schema in it is migrated, unless `migrate` is False.
    PostgreSQL is migrated by `newswire migrate` alone, because other processes may still run the older Newswire.
    Only a restore asks for a store that is `unfinished`.

    Raises:
        ConfigurationError: the URL cannot be used, the server does not let us in, the schema is not the one that this Newswire reads, or
            a restore into it was broken off.
        Retryable: the database cannot be reached now.

    """
    parsed = _parsed(url)
    store = _connected(parsed)
    try:
        with _no_database(parsed):
            if migrate and parsed.get_backend_name() == "sqlite":
                _up_to_date(store)
            with store.read() as connection:
                schema.require_current(connection, _shown(parsed))
                if not unfinished:
                    backups.refuse_unfinished(connection, _shown(parsed))
    except BaseException:
        store.close()
        raise
    return store


def migrate(url: str, *, first: Callable[[Connection], None] | None = None) -> tuple[str | None, str]:
    """Bring the schema at `url` up to date, alone under a lock; return its revision before (None: it was empty) and after.

    What `first` raises leaves all as it is.

    Raises:
        ConfigurationError: the URL cannot be used, or a newer Newswire wrote the schema.
        Retryable: the database cannot be reached now.

    """
    parsed = _parsed(url)
    store = _connected(parsed)
    try:
        with _no_database(parsed), store.begin() as connection:
            if first is not None:
                first(connection)
            return schema.upgrade(connection, _shown(parsed))
    finally:
        store.close()


def _up_to_date(store: Store) -> None:
    with store.read() as connection:
        current = schema.revision(connection)
    if current != schema.HEAD:
        with store.begin() as connection:
            schema.upgrade(connection, "the store")


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = URL.create("unreadable")
    if parsed.drivername not in {"sqlite", "postgresql", "postgresql+psycopg"}:
        raise _unusable("sqlite:///PATH or postgresql+psycopg://HOST/DATABASE is due")
    return parsed


def _connected(url: URL) -> Store:
    if url.get_backend_name() == "postgresql":
        try:
            from newswire.store import postgresql  # noqa: PLC0415 -- its driver is an extra, which SQLite does without
        except ImportError as error:
            raise _unusable(f"PostgreSQL's driver is missing ({error}): pip install 'newswire[postgres]'") from None
        return Store(postgresql.engine(url))
    if not url.database or url.database == ":memory:":
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        lock = WriteLock(None)
    else:
        path = Path(url.database)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = WriteLock(path)
        except OSError as error:
            raise _unusable(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None
        engine = create_engine(url, pool_size=_CONNECTIONS_KEPT, max_overflow=-1)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Store(engine, lock, shared=isinstance(engine.pool, StaticPool))


@contextmanager
def _no_database(url: URL) -> Iterator[None]:
    try:
        yield
    except Retryable as error:
        if (refusal := postgresql_refusal(error.__cause__)) is not None:
            raise _unusable(f"{_shown(url)}: {refusal}") from None
        raise
    except DatabaseError as error:
        if (meaning := postgresql_misuse(error)) is not None:
            raise _unusable(f"{_shown(url)}: {meaning}") from None
        if getattr(error.orig, "sqlite_errorname", "") in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
            raise _unusable(f"{url.database} is not a sound SQLite database: {error.orig}") from None
        raise


def _unusable(message: str) -> ConfigurationError:
    return ConfigurationError([Fault("environment", 0, 0, f"NEWSWIRE_STORE: {message}")])


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    prepare(connection)


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads, then writes, fails with SQLITE_BUSY_SNAPSHOT at once: say what we are about to do.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("newswire_writes") else "BEGIN")


def _driver_connection(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
