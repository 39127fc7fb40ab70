"""Fakes that keep the laws of what they stand for: the contract suites run over them too."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from newswire.bus import Backlog, Batch, Delivered, Message, Output
from newswire.errors import Retryable
from newswire.outcomes import RetryReason
from newswire.topics import Topic

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class MemoryBus:
    """A bus of one partition in memory."""

    def __init__(self) -> None:
        self.log: dict[str, list[Delivered]] = defaultdict(list)
        self.committed: dict[tuple[str, str], int] = defaultdict(int)
        self.fail_commits = 0  # so many commits raise Retryable before anything is written

    def publish(self, topic: Topic, messages: Sequence[Message]) -> None:
        log = self.log[topic.name]
        log.extend(Delivered(topic.name, 0, len(log) + n, m.key, m.value, dict(m.headers), NOW) for n, m in enumerate(messages))

    def consumer(self, topic: Topic, group: str) -> "MemoryConsumer":
        return MemoryConsumer(self, topic, group)

    def backlog(self, topic: Topic, group: str) -> Backlog:
        waiting = self.log[topic.name][self.committed[topic.name, group] :]
        return Backlog(len(waiting), waiting[0].written_at if waiting else None)

    def browse(self, topic: Topic) -> Iterator[Delivered]:
        yield from list(self.log[topic.name])

    def maintain(self, now: datetime) -> int:
        return 0

    def close(self) -> None:
        """Keep nothing open."""


class MemoryConsumer:
    """The only member of its group."""

    def __init__(self, bus: MemoryBus, topic: Topic, group: str) -> None:
        self._bus, self._topic, self._group = bus, topic, group
        self.rewind()

    def poll(self, *, timeout_s: float, max_messages: int = 100, max_bytes: int = 8_000_000) -> Batch:
        messages = tuple(self._bus.log[self._topic.name][self._next : self._next + max_messages])
        self._next += len(messages)
        return Batch(messages)

    def commit(self, batch: Batch, outputs: Sequence[Output] = ()) -> None:
        if self._bus.fail_commits:
            self._bus.fail_commits -= 1
            self.rewind()
            raise Retryable(RetryReason.BUS, "the fake was told to fail this commit")
        for output in outputs:
            self._bus.publish(output.topic, [output.message])
        if batch:
            self._bus.committed[self._topic.name, self._group] = batch.messages[-1].offset + 1

    def rewind(self) -> None:
        self._next = self._bus.committed[self._topic.name, self._group]

    def close(self) -> None:
        self.rewind()
