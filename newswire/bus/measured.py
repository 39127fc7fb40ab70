"""A bus that is measured: how long its commits take, and whether it answers. It does all that the bus within it does, and no more."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from newswire.bus import Backlog, Batch, Bus, Consumer, Delivered, Message, Output
from newswire.topics import GROUPS, Topic

Use = Callable[[bool], AbstractContextManager[None]]
"""What a use of the bus runs within; it is told whether the use writes."""


class MeasuredBus:
    """Passes every call on to `bus`."""

    def __init__(self, bus: Bus, *, use: Use, commit: Use) -> None:
        """`use` surrounds calls of the bus, `commit` those of a consumer's commit."""
        self._bus, self._use, self._commit = bus, use, commit

    def publish(self, topic: Topic, messages: Sequence[Message]) -> None:
        with self._use(True):
            self._bus.publish(topic, messages)

    def consumer(self, topic: Topic, group: str) -> Consumer:
        return _MeasuredConsumer(self._bus.consumer(topic, group), self._use, self._commit)

    def backlog(self, topic: Topic, group: str) -> Backlog:
        with self._use(False):
            return self._bus.backlog(topic, group)

    def browse(self, topic: Topic, *, since: datetime | None = None, offsets: Mapping[int, int] | None = None) -> Iterator[Delivered]:
        return self._bus.browse(topic, since=since, offsets=offsets)

    def others(self, groups: Sequence[tuple[Topic, str]] = GROUPS) -> int:
        return self._bus.others(groups)

    def ping(self) -> None:
        with self._use(False):
            self._bus.ping()

    def maintain(self, now: datetime) -> int:
        return self._bus.maintain(now)

    def close(self) -> None:
        self._bus.close()


class _MeasuredConsumer:
    def __init__(self, consumer: Consumer, use: Use, commit: Use) -> None:
        self._consumer, self._use, self._commit = consumer, use, commit

    def poll(self, *, timeout_s: float, max_messages: int = 100, max_bytes: int = 8_000_000) -> Batch:
        with self._use(False):
            return self._consumer.poll(timeout_s=timeout_s, max_messages=max_messages, max_bytes=max_bytes)

    def commit(self, batch: Batch, outputs: Sequence[Output] = ()) -> None:
        with self._commit(True):
            self._consumer.commit(batch, outputs)

    def rewind(self) -> None:
        self._consumer.rewind()

    def close(self) -> None:
        self._consumer.close()
