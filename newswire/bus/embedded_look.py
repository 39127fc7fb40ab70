"""The embedded bus looked at from outside, by a connection that can only read: nothing is made, joined or moved.

Never: appears as a process that works with the log, or gives a topic a number.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from newswire.bus import Backlog
from newswire.bus.logfile import refuse_newer, unusable
from newswire.filelock import is_locked
from newswire.outcomes import RetryReason
from newswire.sqlite import translated
from newswire.topics import DEAD, GROUPS, Topic

_BUSY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Group:
    """One consumer group: what it has still to commit, and how many living members it has."""

    topic: Topic
    name: str
    backlog: Backlog
    members: int


@dataclass(frozen=True, slots=True)
class Look:
    """The log as it stands."""

    processes: int  # that have it open
    groups: tuple[Group, ...]
    dead: int  # letters on `news.dead`
    dead_newest_at: datetime | None


def look(path: Path, prefix: str = "") -> Look | None:
    """Return how the log stands, None where there is no such file.

    Raises:
        Retryable: it cannot be read now.
        ConfigurationError: it is no log of Newswire, or one of a newer Newswire.

    """
    if not path.is_file():
        return None
    try:
        with translated(RetryReason.BUS, f"the log {path}"), reading(path) as connection:
            return _looked(path, connection, prefix)
    except sqlite3.DatabaseError as error:
        raise unusable(path, f"not a log of Newswire, or a damaged one: {error}") from None


def _looked(path: Path, connection: sqlite3.Connection, prefix: str) -> Look:
    refuse_newer(path, connection.execute("PRAGMA user_version").fetchone()[0])
    living = {file.name.rpartition(".member-")[2] for file in path.parent.glob(f"{path.name}.member-*") if is_locked(file)}
    numbers = dict(connection.execute("SELECT name, topic FROM topics"))
    groups = []
    for topic, name in GROUPS:
        number, group = numbers.get(prefix + topic.name, -1), prefix + name
        processes = connection.execute("SELECT process FROM members WHERE topic = ? AND consumers = ?", (number, group)).fetchall()
        members = sum(process in living for (process,) in processes)
        groups.append(Group(topic, name, _backlog(connection, number, group), members))
    dead, newest = connection.execute(
        "SELECT count(*), max(written_at) FROM log WHERE topic = ?", (numbers.get(prefix + DEAD.name, -1),)
    ).fetchone()
    return Look(len(living), tuple(groups), dead, datetime.fromtimestamp(newest, UTC) if newest is not None else None)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection that cannot write, in one snapshot."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, timeout=_BUSY_S)
    try:
        connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


def _backlog(connection: sqlite3.Connection, number: int, group: str) -> Backlog:
    after = dict(connection.execute("SELECT partition, next FROM offsets WHERE topic = ? AND consumers = ?", (number, group)))
    partitions = connection.execute("SELECT value FROM facts WHERE name = 'partitions'").fetchone()[0]
    records, oldest = 0, None
    for partition in range(partitions):
        waiting, first = connection.execute(
            "SELECT count(*), min(offset) FROM log WHERE topic = ? AND partition = ? AND offset >= ?",
            (number, partition, after.get(partition, 0)),
        ).fetchone()
        records += waiting
        oldest = first if oldest is None else min(oldest, first or oldest)
    if oldest is None:
        return Backlog(0, None)
    [written_at] = connection.execute("SELECT written_at FROM log WHERE offset = ?", (oldest,)).fetchone()
    return Backlog(records, datetime.fromtimestamp(written_at, UTC))
