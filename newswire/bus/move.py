"""What one bus still owes its readers, published on another: records that no processor or alerter has committed, and dead letters.

Never: moves an offset of the bus it reads, so that whatever breaks off can be done again. Twice on the new bus is harmless: every effect
is keyed by (item id, revision, what), and a dead letter by its id.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from newswire.bus import Bus, Delivered, Message
from newswire.errors import Retryable
from newswire.outcomes import RetryReason
from newswire.topics import DEAD, GROUPS, TOPICS, Topic

PATIENCE_S: Final = 60.0  # without a record, though there are some
_BATCH: Final = 200
_POLL_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Moved:
    """How many records of a topic are on the new bus, and for whom."""

    topic: str
    group: str | None
    records: int


def filled(bus: Bus) -> list[str]:
    """Return the names of the topics that hold a record."""
    return [topic.name for topic in TOPICS if next(iter(bus.browse(topic)), None) is not None]


def move_records(source: Bus, target: Bus) -> Iterator[Moved]:
    """Yield each topic when what is owed of it is durable on `target`, in the order of each key.

    Raises:
        Retryable: one of the two cannot be read or written now; all of it is to be done again.

    """
    for topic, group in GROUPS:
        records = 0
        for batch in _unread(source, topic, group):
            target.publish(topic, _messages(batch))
            records += len(batch)
        yield Moved(topic.name, group, records)
    records = 0
    letters = source.browse(DEAD)
    while batch := list(islice(letters, _BATCH)):
        target.publish(DEAD, _messages(batch))
        records += len(batch)
    yield Moved(DEAD.name, None, records)


def _unread(bus: Bus, topic: Topic, group: str) -> Iterator[Sequence[Delivered]]:
    """Yield what the group has not committed, read as a member that never commits."""
    owed = bus.backlog(topic, group).records
    if not owed:
        return
    consumer = bus.consumer(topic, group)
    try:
        newest: dict[int, int] = {}
        found, until = 0, time.monotonic() + PATIENCE_S
        while found < owed:
            # A member that was put out begins again at what is committed: what came before is passed over.
            batch = [m for m in consumer.poll(timeout_s=_POLL_S, max_messages=_BATCH).messages if m.offset > newest.get(m.partition, -1)]
            if batch:
                newest |= {m.partition: m.offset for m in batch}
                found, until = found + len(batch), time.monotonic() + PATIENCE_S
                yield batch
            elif time.monotonic() > until:
                raise Retryable(
                    RetryReason.BUS, f"{topic.name}: {owed - found:,} records that {group} has not read are there and do not come"
                )
    finally:
        consumer.close()


def _messages(batch: Sequence[Delivered]) -> list[Message]:
    return [Message(record.key, record.value, record.headers) for record in batch]
