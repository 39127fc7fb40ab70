"""The bus port: what a stage may ask of a log of records, whichever log it is.

Reads / writes: topics of `newswire.topics`, as bytes.
Never: decodes a value (a record that cannot be decoded must still reach its stage, which dead-letters it).

The one call that matters is `Consumer.commit(batch, outputs)`: the outputs are durable **before** the input offsets move.
So a replay is possible, and harmless, because every effect is keyed by (item id, revision, what).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from newswire.topics import GROUPS, Topic


@dataclass(frozen=True, slots=True)
class Message:
    """One record on its way out: `key` chooses the partition; equal keys keep their order."""

    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Output:
    """A message and the topic it goes to."""

    topic: Topic
    message: Message


@dataclass(frozen=True, slots=True)
class Delivered:
    """One record as it lies on the log."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: Mapping[str, str]
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """What one poll gave, in order within each partition. Falsy when empty. `generation` fences a member that was replaced."""

    messages: tuple[Delivered, ...]
    generation: int = 0

    def __bool__(self) -> bool:
        return bool(self.messages)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a group has not committed yet on one topic: how many records, and when the oldest of them was written."""

    records: int
    oldest_at: datetime | None


class Consumer(Protocol):
    """One member of a consumer group. Not thread-safe: one thread polls and commits."""

    def poll(self, *, timeout_s: float, max_messages: int = 100, max_bytes: int = 8_000_000) -> Batch:
        """Return the next records of the partitions this member owns; empty when `timeout_s` passed.

        Polling again without a commit goes on after the last batch; `rewind` goes back.

        Raises:
            Retryable: the log cannot be read now.

        """
        ...

    def commit(self, batch: Batch, outputs: Sequence[Output] = ()) -> None:
        """Make `outputs` durable, then move the group's offsets past `batch`.

        Raises:
            Fenced: another member owns one of the partitions now; the consumer has rewound, nothing is to be done.
            Retryable: nothing is known to be committed; the consumer has rewound to the committed offsets.

        """
        ...

    def rewind(self) -> None:
        """Forget what was polled and not committed: the next poll gives it again."""
        ...

    def close(self) -> None:
        """Leave the group, so that others take over at once."""
        ...


class Bus(Protocol):
    """A log of topics. Thread-safe."""

    def publish(self, topic: Topic, messages: Sequence[Message]) -> None:
        """Append the messages; they are durable when this returns.

        Raises:
            Retryable: it is not known that all of them are on the log; publishing them again is harmless.
            Permanent: a message is too large for the log (`too_large`).

        """
        ...

    def consumer(self, topic: Topic, group: str) -> Consumer:
        """Return a new member of the group, which starts at the group's committed offsets (the beginning where there are none)."""
        ...

    def backlog(self, topic: Topic, group: str) -> Backlog:
        """Return what the group has still to commit."""
        ...

    def browse(self, topic: Topic, *, since: datetime | None = None, offsets: Mapping[int, int] | None = None) -> Iterator[Delivered]:
        """Yield every record now on the topic, oldest first in each partition, without joining a group and without moving any offset.

        `since` begins in each partition at the first record that was written then or later; `offsets` (partition → offset) begins
        there, and leaves the other partitions out.

        Raises:
            Retryable: the log cannot be read now.

        """
        ...

    def others(self, groups: Sequence[tuple[Topic, str]] = GROUPS) -> int:
        """Return how many others work with this log now, as far as the log can tell: processes that have it open, members of the groups.

        Raises:
            Retryable: the log cannot be read now.

        """
        ...

    def ping(self) -> None:
        """Return where the log answers, within a few seconds either way.

        Raises:
            Retryable: it does not.

        """
        ...

    def maintain(self, now: datetime) -> int:
        """Drop records past their retention that every group has committed; return how many. Cheap when nothing is due."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...
