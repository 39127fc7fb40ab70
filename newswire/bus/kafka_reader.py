"""Looking at topics without joining a group: how far a group is behind, and every record that is there.

Never: moves an offset.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from kafka import TopicPartition
from kafka.admin import OffsetSpec

from newswire.bus import Backlog, Delivered
from newswire.bus.kafka_admin import KafkaAdmin
from newswire.bus.kafka_clients import FAILURES, KafkaClients, discard_consumer
from newswire.bus.kafka_consumer import delivered
from newswire.bus.kafka_errors import said
from newswire.errors import Retryable
from newswire.outcomes import RetryReason

_PAGE: Final = 500


class KafkaReader:
    """Answers questions about topics. Thread-safe; one question at a time, a browse beside it."""

    def __init__(self, clients: KafkaClients) -> None:
        self._clients = clients
        self._lock = threading.Lock()
        self._admin = KafkaAdmin(clients)
        self._consumer: Any | None = None
        self._written: dict[TopicPartition, tuple[int, float]] = {}  # the record at an offset, and when it was written

    def backlog(self, name: str, group: str) -> Backlog:
        """Return what the group has not committed on the topic.

        Raises:
            Retryable: no broker answers, or the topic does not exist.

        """
        with self._lock:
            partitions = self._partitions(name)
            committed = self._admin.ask(f"asking for the offsets of {group}", lambda admin: admin.list_group_offsets({group: partitions}))[
                group
            ]
            starts = self._offsets(name, partitions, OffsetSpec.EARLIEST)
            ends = self._offsets(name, partitions, OffsetSpec.LATEST)
            waiting: dict[TopicPartition, int] = {}
            records = 0
            for at in partitions:
                first = max(starts[at], committed[at].offset if at in committed else 0)
                if first < ends[at]:
                    waiting[at] = first
                    records += ends[at] - first
            oldest = min(self._times(name, waiting).values(), default=None)
        return Backlog(records, datetime.fromtimestamp(oldest, UTC) if oldest is not None else None)

    def members(self, groups: Sequence[str]) -> int:
        """Return how many members these groups have now.

        Raises:
            Retryable: no broker answers.

        """
        with self._lock:
            found = self._admin.ask("asking for the members of the groups", lambda admin: admin.describe_groups(list(groups)))
        return sum(len(one["members"]) for one in found.values())

    def browse(
        self, name: str, topic: str, *, since: datetime | None = None, offsets: Mapping[int, int] | None = None
    ) -> Iterator[Delivered]:
        """Yield every record now on the topic from there on, oldest first in each partition; `topic` is how it is called in them.

        Raises:
            Retryable: no broker answers, or the topic does not exist.

        """
        with self._lock:
            partitions = self._partitions(name)
            starts, ends = (self._offsets(name, partitions, which) for which in (OffsetSpec.EARLIEST, OffsetSpec.LATEST))
            if since is not None:
                starts = self._first_since(name, partitions, since)
        if offsets is not None:
            starts = {at: max(first, offsets[at.partition]) for at, first in starts.items() if at.partition in offsets and first >= 0}
        left = {at: start for at, start in starts.items() if 0 <= start < ends[at]}
        if not left:
            return
        consumer = self._clients.consumer()
        try:
            for record in self._until(consumer, name, left, ends):
                yield delivered(topic, record)
        finally:
            discard_consumer(consumer, leave_s=0)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            self._admin.close()
            consumer, self._consumer = self._consumer, None
        if consumer is not None:
            discard_consumer(consumer, leave_s=0)

    def _partitions(self, name: str) -> Sequence[TopicPartition]:
        [found] = self._admin.ask(f"asking for the topic {name}", lambda admin: admin.describe_topics([name]))
        if found["error_code"] or not found["partitions"]:
            raise Retryable(RetryReason.BUS, f"the topic {name} does not exist; `newswire topics create` makes it")
        return sorted(TopicPartition(name, one["partition_index"]) for one in found["partitions"])

    def _offsets(self, name: str, partitions: Sequence[TopicPartition], which: OffsetSpec) -> Mapping[TopicPartition, int]:
        wait_ms = self._clients.settings.request_s * 1_000
        found = self._admin.ask(
            f"asking for the offsets of {name}",
            lambda admin: admin.list_partition_offsets(dict.fromkeys(partitions, which), timeout_ms=wait_ms),
        )
        return {at: found[at].offset for at in partitions}

    def _first_since(self, name: str, partitions: Sequence[TopicPartition], since: datetime) -> Mapping[TopicPartition, int]:
        """Return the offset of the first record written then or later, by partition; -1 where there is none."""
        at_ms = max(0, int(since.timestamp() * 1_000))  # as finely as the brokers know it
        wait_ms = self._clients.settings.request_s * 1_000
        found = self._admin.ask(
            f"asking for the offsets of {name} at a time",
            lambda admin: admin.list_partition_offsets(dict.fromkeys(partitions, at_ms), timeout_ms=wait_ms),
        )
        return {at: found[at].offset for at in partitions}

    def _times(self, name: str, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, float]:
        """Return when the record at each offset was written, in seconds; read once for each offset."""
        wanted = {at: offset for at, offset in offsets.items() if self._written.get(at, (-1, 0.0))[0] != offset}
        if wanted:
            if self._consumer is None:
                # One record of each partition is wanted; the broker sends one batch at least.
                self._consumer = self._clients.consumer(max_partition_fetch_bytes=1)
            try:
                for record in self._until(self._consumer, name, wanted, {at: offset + 1 for at, offset in wanted.items()}):
                    at = TopicPartition(name, record.partition)
                    self._written[at] = (offsets[at], max(record.timestamp or 0, 0) / 1_000)
            except Retryable:
                discard_consumer(self._consumer, leave_s=0)
                self._consumer = None
                raise
        return {at: self._written[at][1] for at in offsets if at in self._written}

    def _until(self, consumer: Any, name: str, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> Iterator[Any]:
        """Yield the records from `starts` up to, not with, `ends`.

        Raises:
            Retryable: none has come for as long as a request may take.

        """
        left = set(starts)
        try:
            consumer.assign(sorted(left))
            for at, offset in starts.items():
                consumer.seek(at, offset)
            until = time.monotonic() + self._clients.settings.request_s
            while left:
                found = consumer.poll(timeout_ms=100, max_records=_PAGE)
                for at, records in found.items():
                    yield from (record for record in records if at in left and record.offset < ends[at])
                done = {at for at in left if (consumer.position(at, timeout_ms=1_000) or 0) >= ends[at]}
                if found or done:
                    until = time.monotonic() + self._clients.settings.request_s
                elif time.monotonic() > until:
                    raise Retryable(RetryReason.BUS, f"reading {name}: records are there and do not come")
                if done and (left := left - done):
                    consumer.assign(sorted(left))
        except FAILURES as error:
            raise said(error, f"reading {name}") from error
