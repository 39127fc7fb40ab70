"""Fakes that keep the laws of what they stand for: the contract suites run over them too."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from newswire.bus import Backlog, Batch, Delivered, Message, Output
from newswire.bus.size import refuse_too_large
from newswire.errors import Fenced, Retryable
from newswire.outcomes import RetryReason
from newswire.store import Store
from newswire.topics import GROUPS, Topic

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class ForgetfulStore(Store):
    """A store whose connection breaks in some commits: all of it was written, and nobody was told."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.lost = 0  # so many of the next commits' answers are lost

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self._store.begin() as connection:
            yield connection
        if self.lost:
            self.lost -= 1
            raise Retryable(RetryReason.STORE, "the fake lost the answer of a commit")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._store.read() as connection:
            yield connection

    def close(self) -> None:
        """Leave the store open: it is somebody else's."""


class JumpingClock:
    """A clock whose wall time can be set, as a machine's is; the other one goes on, whatever is done to it."""

    def __init__(self, now: datetime) -> None:
        self._now, self._monotonic = now, 1_000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def pass_s(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class MemoryBus:
    """A bus of one partition in memory. The member of a group that polled first owns it, until it closes or `lapse` puts it out."""

    def __init__(self) -> None:
        self.log: dict[str, list[Delivered]] = defaultdict(list)
        self.committed: dict[tuple[str, str], int] = defaultdict(int)
        self.owners: dict[tuple[str, str], MemoryConsumer] = {}
        self.generations: dict[tuple[str, str], int] = defaultdict(int)
        self.fail_commits = 0  # so many commits raise Retryable before anything is written

    def publish(self, topic: Topic, messages: Sequence[Message]) -> None:
        for message in messages:
            refuse_too_large(topic.name, message)
        log = self.log[topic.name]
        for message in messages:
            log.append(Delivered(topic.name, 0, len(log), message.key, message.value, dict(message.headers), NOW))

    def consumer(self, topic: Topic, group: str) -> "MemoryConsumer":
        return MemoryConsumer(self, topic, group)

    def backlog(self, topic: Topic, group: str) -> Backlog:
        waiting = self.log[topic.name][self.committed[topic.name, group] :]
        return Backlog(len(waiting), waiting[0].written_at if waiting else None)

    def browse(self, topic: Topic, *, since: datetime | None = None, offsets: Mapping[int, int] | None = None) -> Iterator[Delivered]:
        there = list(self.log[topic.name]) if offsets is None or 0 in offsets else []
        first = next((m.offset for m in there if since is None or m.written_at >= since), len(there))
        yield from there[max(first, (offsets or {}).get(0, 0)) :]

    def others(self, groups: Sequence[tuple[Topic, str]] = GROUPS) -> int:
        return sum((topic.name, group) in self.owners for topic, group in groups)

    def lapse(self) -> None:
        """Put every member out, as after a silence longer than its lease."""
        self.owners.clear()

    def ping(self) -> None:
        """Be there."""

    def maintain(self, now: datetime) -> int:
        return 0

    def close(self) -> None:
        """Keep nothing open."""


class MemoryConsumer:
    """A member of a group; it never waits."""

    def __init__(self, bus: MemoryBus, topic: Topic, group: str) -> None:
        self._bus, self._topic, self._group = bus, topic, (topic.name, group)
        self._next = bus.committed[self._group]

    def poll(self, *, timeout_s: float, max_messages: int = 100, max_bytes: int = 8_000_000) -> Batch:
        if self._group not in self._bus.owners:
            self._bus.owners[self._group] = self
            self._bus.generations[self._group] += 1
            self.rewind()
        if self._bus.owners[self._group] is not self:
            return Batch(())
        messages: list[Delivered] = []
        for message in self._bus.log[self._topic.name][self._next : self._next + max_messages]:
            max_bytes -= len(message.value)
            if messages and max_bytes < 0:
                break
            messages.append(message)
        self._next += len(messages)
        return Batch(tuple(messages), self._bus.generations[self._group])

    def commit(self, batch: Batch, outputs: Sequence[Output] = ()) -> None:
        for output in outputs:
            refuse_too_large(output.topic.name, output.message)
        if self._bus.fail_commits:
            self._bus.fail_commits -= 1
            self.rewind()
            raise Retryable(RetryReason.BUS, "the fake was told to fail this commit")
        if batch and (self._bus.owners.get(self._group) is not self or batch.generation != self._bus.generations[self._group]):
            self.rewind()
            raise Fenced("another member owns the partition")
        for output in outputs:
            self._bus.publish(output.topic, [output.message])
        if batch:
            self._bus.committed[self._group] = max(self._bus.committed[self._group], batch.messages[-1].offset + 1)
            self._next = max(self._next, self._bus.committed[self._group])

    def rewind(self) -> None:
        self._next = self._bus.committed[self._group]

    def close(self) -> None:
        self.rewind()
        if self._bus.owners.get(self._group) is self:
            del self._bus.owners[self._group]
