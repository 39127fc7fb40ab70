"""The SQLite file that the embedded bus keeps its log in: its tables, its connections, its transactions.

`log.offset` is one sequence for the whole file (AUTOINCREMENT: never used twice, even after retention emptied a topic) and follows
the order of commits, because writers take turns. So an offset seen is final, and no smaller one appears behind it.
"""

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from newswire.bus import Delivered, Message
from newswire.clock import Clock
from newswire.errors import ConfigurationError, Fault
from newswire.outcomes import RetryReason
from newswire.sqlite import WriteLock, prepare, translated

_VERSION: Final = 1  # PRAGMA user_version
_SCHEMA: Final = (
    "CREATE TABLE topics (topic INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    """CREATE TABLE log (
        offset INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL, partition INTEGER NOT NULL,
        key TEXT NOT NULL, value BLOB NOT NULL, headers TEXT, written_at REAL NOT NULL)""",
    "CREATE INDEX log_by_partition ON log (topic, partition)",
    """CREATE TABLE offsets (
        topic INTEGER NOT NULL, consumers TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
        PRIMARY KEY (topic, consumers, partition))""",
    "CREATE TABLE groups (topic INTEGER NOT NULL, consumers TEXT NOT NULL, epoch INTEGER NOT NULL, PRIMARY KEY (topic, consumers))",
    """CREATE TABLE members (
        topic INTEGER NOT NULL, consumers TEXT NOT NULL, member TEXT NOT NULL, process TEXT NOT NULL, beats INTEGER NOT NULL,
        PRIMARY KEY (topic, consumers, member))""",
    """CREATE TABLE claims (
        topic INTEGER NOT NULL, consumers TEXT NOT NULL, partition INTEGER NOT NULL, member TEXT NOT NULL, generation INTEGER NOT NULL,
        PRIMARY KEY (topic, consumers, partition))""",
    f"PRAGMA user_version={_VERSION}",
)

_INSERT: Final = "INSERT INTO log (topic, partition, key, value, headers, written_at) VALUES (?, ?, ?, ?, ?, ?)"
COLUMNS: Final = "offset, partition, key, value, headers, written_at"
"""What `delivered` reads, in this order."""


class LogFile:
    """The open file. Thread-safe: one connection writes, under a lock; each reader has its own."""

    def __init__(self, path: Path, *, partitions: int, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._lock = WriteLock(path)
        self._writer: sqlite3.Connection | None = None
        self._topics: dict[str, int] = {}
        self._changed = threading.Condition()
        self._changes = 0
        self.partitions = self._set_up(partitions)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in a write transaction, on the disk when the block has ended; rolled back where it raises.

        Raises:
            Retryable: the file is busy, the disk is full, …; nothing is known to be written.

        """
        with translated(RetryReason.BUS, f"the log {self.path}"), self._lock:
            connection = self._writer or self._open()
            self._writer = connection
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._roll_back(connection)
                raise
            self._lock.checkpoint(connection)
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def reader(self) -> sqlite3.Connection:
        """Return a new connection to read with, from one thread at a time; whoever asks closes it."""
        with translated(RetryReason.BUS, f"the log {self.path}"):
            return self._open()

    def topic(self, name: str) -> int:
        """Return the number that stands for a topic in this file; it is given one where it has none."""
        known = self._topics.get(name)
        if known is None:
            with self.writing() as connection:
                connection.execute("INSERT OR IGNORE INTO topics (name) VALUES (?)", (name,))
                known = int(connection.execute("SELECT topic FROM topics WHERE name = ?", (name,)).fetchone()[0])
            self._topics[name] = known  # only now: it is on the disk
        return known

    def append(self, connection: sqlite3.Connection, topic: int, messages: Sequence[Message]) -> None:
        """Write the messages at the end of the log, inside a write transaction."""
        now = self._clock.now().timestamp()
        connection.executemany(_INSERT, [(topic, self._partition(m.key), m.key, m.value, _headers_text(m.headers), now) for m in messages])

    def changes(self) -> int:
        """Return a number that grows with each write of this process."""
        return self._changes

    def wait_for_change(self, seen: int, timeout_s: float) -> None:
        """Return when this process has written since `changes` returned `seen`, or after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._changes != seen, timeout_s)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._lock.close()

    def _partition(self, key: str) -> int:
        # A fixed hash: Python's own differs from process to process.
        return zlib.crc32(key.encode()) % self.partitions

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=64)
        try:
            prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:  # SQLite ends it by itself after some errors
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._writer = None
            with suppress(sqlite3.Error):
                connection.close()

    def _set_up(self, partitions: int) -> int:
        """Return the number of partitions: the file's own wins, or the order by key and whole partitions would be lost."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.writing() as connection:
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    for statement in _SCHEMA:
                        connection.execute(statement)
                    connection.execute("INSERT INTO facts VALUES ('partitions', ?)", (partitions,))
                refuse_newer(self.path, version)
                return int(connection.execute("SELECT value FROM facts WHERE name = 'partitions'").fetchone()[0])
        except sqlite3.DatabaseError as error:
            self.close()
            raise unusable(self.path, f"not a log of Newswire: {error}") from None
        except BaseException:
            self.close()
            raise


def refuse_newer(path: Path, version: int) -> None:
    """Return where this Newswire reads logs of that version.

    Raises:
        ConfigurationError: it does not.

    """
    if version > _VERSION:
        raise unusable(path, f"a log of version {version}, written by a newer Newswire: upgrade this one")


def unusable(path: Path, why: str) -> ConfigurationError:
    """Return that the file cannot be used as a log, and why."""
    return ConfigurationError([Fault(str(path), 0, 0, why)])


def delivered(topic: str, row: tuple[Any, ...]) -> Delivered:
    """Return the record of a row of `COLUMNS`."""
    offset, partition, key, value, headers, written_at = row
    return Delivered(topic, partition, offset, key, value, json.loads(headers) if headers else {}, datetime.fromtimestamp(written_at, UTC))


def _headers_text(headers: Mapping[str, str]) -> str | None:
    return json.dumps(dict(headers), separators=(",", ":")) if headers else None
