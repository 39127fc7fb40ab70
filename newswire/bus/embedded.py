"""The embedded bus: a log of topics in one SQLite file, for any number of processes on one machine. No network file systems.

`commit(batch, outputs)` is one transaction: outputs and offsets are on the disk together, or neither is.
"""

import heapq
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count, groupby
from pathlib import Path
from typing import Final

from newswire.bus import Backlog, Batch, Delivered, Message, Output
from newswire.bus.living import Living
from newswire.bus.logfile import COLUMNS, LogFile, delivered
from newswire.bus.members import Membership
from newswire.bus.size import refuse_too_large
from newswire.clock import Clock
from newswire.errors import Fenced, Retryable
from newswire.outcomes import RetryReason
from newswire.sqlite import translated
from newswire.topics import DEAD, GROUPS, TOPICS, Topic

DAY_S: Final = 86_400.0
DEAD_RETENTION_S: Final = 90 * DAY_S  # a dead letter waits for a person

_LOOK_S: Final = 0.02  # how often a waiting consumer looks for what other processes wrote
_SLICE: Final = 500  # rows dropped in one transaction, so that writers are not held up (5.5 ms; 10,000 rows: 108 ms)
_PAST_THE_END: Final = 2**63 - 1
_PAGE: Final = 100  # rows browsed in one read
_NEXT_OF: Final = "SELECT partition, next FROM offsets WHERE topic = ? AND consumers = ?"
_FROM: Final = f"SELECT {COLUMNS} FROM log WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset"  # noqa: S608 -- no foreign text


class EmbeddedBus:
    """The bus port over one file. Thread-safe; a consumer belongs to one thread.

    Where several processes share a group, a batch must be handled within `lease_s`, or another member takes it over.
    `partitions` counts when the file is made; after that the file's own number holds.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        prefix: str = "",
        partitions: int = 8,
        retention_s: float = 7 * DAY_S,
        lease_s: float = 15.0,
    ) -> None:
        self._clock, self._prefix, self._retention_s, self._lease_s = clock, prefix, retention_s, lease_s
        self._log = LogFile(path, partitions=partitions, clock=clock)
        self._living = Living(path)
        self._reader = self._log.reader()
        self._reading = threading.Lock()
        self._members = count()
        self._living.appear()  # whoever has the log open is seen, also one that only publishes

    def publish(self, topic: Topic, messages: Sequence[Message]) -> None:
        for message in messages:
            refuse_too_large(topic.name, message)
        if messages:
            number = self._number(topic)
            with self._log.writing() as connection:
                self._log.append(connection, number, messages)

    def consumer(self, topic: Topic, group: str) -> "EmbeddedConsumer":
        return EmbeddedConsumer(
            self._log,
            topic,
            self._prefix,
            Membership(
                self._number(topic),
                self._prefix + group,
                f"{self._living.process}-{next(self._members):04}",
                living=self._living,
                clock=self._clock,
                lease_s=self._lease_s,
                partitions=self._log.partitions,
            ),
        )

    def backlog(self, topic: Topic, group: str) -> Backlog:
        records, oldest = 0, None
        number = self._number(topic)
        with translated(RetryReason.BUS, f"the log {self._log.path}"), self._reading:
            after = dict(self._reader.execute(_NEXT_OF, (number, self._prefix + group)))
            for partition in range(self._log.partitions):
                first, waiting = self._reader.execute(
                    "SELECT min(offset), count(*) FROM log WHERE topic = ? AND partition = ? AND offset >= ?",
                    (number, partition, after.get(partition, 0)),
                ).fetchone()
                if waiting:
                    records += waiting
                    oldest = first if oldest is None else min(oldest, first)
            row = self._reader.execute(f"SELECT {COLUMNS} FROM log WHERE offset = ?", (oldest,)).fetchone()  # noqa: S608 -- no foreign text
        return Backlog(records, delivered(topic.name, row).written_at if row is not None else None)

    def browse(self, topic: Topic, *, since: datetime | None = None, offsets: Mapping[int, int] | None = None) -> Iterator[Delivered]:
        number = self._number(topic)
        for partition in range(self._log.partitions) if offsets is None else sorted(offsets):
            after = offsets[partition] if offsets is not None else 0
            if since is not None:
                after = max(after, self._first_since(number, partition, since.timestamp()))
            while True:
                with translated(RetryReason.BUS, f"the log {self._log.path}"), self._reading:
                    rows = self._reader.execute(f"{_FROM} LIMIT {_PAGE}", (number, partition, after)).fetchall()
                if not rows:
                    break
                yield from (delivered(topic.name, row) for row in rows)
                after = rows[-1][0] + 1

    def ping(self) -> None:
        with translated(RetryReason.BUS, f"the log {self._log.path}"), self._reading:
            _version(self._reader)

    def others(self, groups: Sequence[tuple[Topic, str]] = GROUPS) -> int:  # noqa: ARG002 -- a process that only publishes is told here, too
        return self._living.others()

    def maintain(self, now: datetime) -> int:
        self._living.sweep()
        dropped = 0
        for topic in TOPICS:
            retention_s = DEAD_RETENTION_S if topic is DEAD else self._retention_s
            dropped += self._drop(topic, now.timestamp() - retention_s)
        return dropped

    def close(self) -> None:
        self._living.disappear()
        with self._reading:
            self._reader.close()
        self._log.close()

    def _number(self, topic: Topic) -> int:
        return self._log.topic(self._prefix + topic.name)

    def _first_since(self, number: int, partition: int, at: float) -> int:
        """Return the offset of the partition's first record written then or later; past the end where there is none."""
        with translated(RetryReason.BUS, f"the log {self._log.path}"), self._reading:
            row = self._reader.execute(
                "SELECT min(offset) FROM log WHERE topic = ? AND partition = ? AND written_at >= ?", (number, partition, at)
            ).fetchone()
        return int(row[0]) if row[0] is not None else _PAST_THE_END

    def _drop(self, topic: Topic, before: float) -> int:
        """Return how many records of the topic were dropped: older than `before`, and committed by every group that reads it."""
        number, dropped = self._number(topic), 0
        groups = [self._prefix + group for read, group in GROUPS if read is topic]
        for partition in range(self._log.partitions):
            if not self._drop_due(number, partition, before):
                continue
            while True:
                with self._log.writing() as connection:
                    after = [dict(connection.execute(_NEXT_OF, (number, group))).get(partition, 0) for group in groups]
                    gone = connection.execute(
                        """DELETE FROM log WHERE written_at < ? AND offset IN (
                            SELECT offset FROM log WHERE topic = ? AND partition = ? AND offset < ? ORDER BY offset LIMIT ?)""",
                        (before, number, partition, min(after, default=_PAST_THE_END), _SLICE),
                    ).rowcount
                dropped += gone
                if gone < _SLICE:
                    break
        return dropped

    def _drop_due(self, number: int, partition: int, before: float) -> bool:
        with translated(RetryReason.BUS, f"the log {self._log.path}"), self._reading:
            first = self._reader.execute(
                "SELECT written_at FROM log WHERE topic = ? AND partition = ? ORDER BY offset LIMIT 1", (number, partition)
            ).fetchone()
        return first is not None and first[0] < before


class EmbeddedConsumer:
    """One member of a group. Not thread-safe."""

    def __init__(self, log: LogFile, topic: Topic, prefix: str, membership: Membership) -> None:
        self._log, self._topic, self._prefix, self._membership = log, topic, prefix, membership
        self._number = log.topic(prefix + topic.name)
        self._group = membership.group
        self._reader: sqlite3.Connection | None = log.reader()
        self._committed: dict[int, int] = {}  # partition → next offset to commit, of the partitions owned
        self._position: dict[int, int] = {}  # partition → next offset to poll

    def poll(self, *, timeout_s: float, max_messages: int = 100, max_bytes: int = 8_000_000) -> Batch:
        # The wait is real even where a test holds the clock.
        until = time.monotonic() + timeout_s
        with translated(RetryReason.BUS, f"the log {self._log.path}"):
            while True:
                reader = self._open_reader()
                seen = self._log.changes(), _version(reader)
                self._attend(reader)
                batch = self._read(reader, max_messages, max_bytes)
                if batch or not self._wait(reader, seen, until):
                    return batch

    def commit(self, batch: Batch, outputs: Sequence[Output] = ()) -> None:
        for output in outputs:
            refuse_too_large(output.topic.name, output.message)
        after: dict[int, int] = {}
        for message in batch.messages:
            after[message.partition] = max(after.get(message.partition, 0), message.offset + 1)
        try:
            by_topic = [
                (self._log.topic(self._prefix + topic.name), [o.message for o in of]) for topic, of in groupby(outputs, lambda o: o.topic)
            ]
            with self._log.writing() as connection:
                self._membership.refuse_fenced(connection, after, batch.generation)
                for number, messages in by_topic:
                    self._log.append(connection, number, messages)
                connection.executemany(
                    """INSERT INTO offsets VALUES (?, ?, ?, ?)
                    ON CONFLICT (topic, consumers, partition) DO UPDATE SET next = max(next, excluded.next)""",
                    [(self._number, self._group, partition, offset) for partition, offset in after.items()],
                )
        except (Fenced, Retryable):
            self.rewind()
            raise
        for partition, offset in after.items():
            self._committed[partition] = max(offset, self._committed.get(partition, 0))
            self._position[partition] = max(offset, self._position.get(partition, 0))
        self._membership.hands_are_empty()

    def rewind(self) -> None:
        self._position.clear()
        self._committed.clear()
        self._membership.forget()

    def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
            self.rewind()
            with self._log.writing() as connection:
                self._membership.leave(connection)

    def _open_reader(self) -> sqlite3.Connection:
        if self._reader is None:
            raise ValueError(f"this consumer of {self._topic.name} is closed")
        return self._reader

    def _attend(self, reader: sqlite3.Connection) -> None:
        member = self._membership
        if not (member.due() or member.changed(reader)):
            return
        in_flight = [partition for partition, position in self._position.items() if position != self._committed[partition]]
        before = dict(member.owned)
        try:
            with self._log.writing() as connection:
                member.attend(connection, in_flight)
        except BaseException:
            member.forget()
            raise
        for partition in [p for p in self._position if member.owned.get(p) != before.get(p)]:
            del self._position[partition], self._committed[partition]

    def _read(self, reader: sqlite3.Connection, max_messages: int, max_bytes: int) -> Batch:
        owned = self._membership.owned
        messages: list[Delivered] = []
        room = max_bytes
        cursors: list[sqlite3.Cursor] = []
        reader.execute("BEGIN")  # one snapshot for offsets and records
        try:
            self._find_positions(reader)
            cursors.extend(reader.execute(_FROM, (self._number, p, self._position[p])) for p in owned)
            # Offsets are one sequence for the whole log, so merging by offset gives the partitions in the order of writing.
            for row in heapq.merge(*cursors):
                room -= len(row[3])
                if len(messages) == max_messages or (messages and room < 0):
                    break
                messages.append(delivered(self._topic.name, row))
        finally:
            for cursor in cursors:
                cursor.close()
            reader.execute("COMMIT")
        for message in messages:
            self._position[message.partition] = message.offset + 1
        return Batch(tuple(messages), max((owned[message.partition] for message in messages), default=0))

    def _find_positions(self, reader: sqlite3.Connection) -> None:
        missing = [partition for partition in self._membership.owned if partition not in self._position]
        if missing:
            after = dict(reader.execute(_NEXT_OF, (self._number, self._group)))
            for partition in missing:
                self._position[partition] = self._committed[partition] = after.get(partition, 0)

    def _wait(self, reader: sqlite3.Connection, seen: tuple[int, int], until: float) -> bool:
        """Return True as soon as there may be something new, False when the time is over."""
        while True:
            left_s = until - time.monotonic()
            if left_s <= 0:
                return False
            self._log.wait_for_change(seen[0], min(left_s, _LOOK_S))
            if (self._log.changes(), _version(reader)) != seen or self._membership.due():
                return True


def _version(reader: sqlite3.Connection) -> int:
    """Return a number that changes when any other connection has written."""
    return int(reader.execute("PRAGMA data_version").fetchone()[0])
