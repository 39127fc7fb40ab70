"""One member of a consumer group on Kafka: polls, commits behind durable outputs, and knows what it may still commit.

kafka-python rejoins its group inside `poll` only, so partitions come and go there and nowhere else: work in flight ends before, or is
dropped at its commit. A consumer whose state is in doubt is thrown away; the new one starts at the committed offsets.

What was committed of a topic says nothing of another that was made under its name, yet brokers may keep it, and a commit on its way when
the topic went may still arrive. So each commit carries the id of the topic that was read, and a partition that comes with another's begins
at its beginning.
"""

import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from kafka import TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.errors import KafkaTimeoutError
from kafka.structs import OffsetAndMetadata

from newswire.bus import Batch, Delivered, Output
from newswire.bus.kafka_clients import FAILURES, KafkaClients, commit_once, discard_consumer, topic_id
from newswire.bus.kafka_errors import Action, said, verdict
from newswire.bus.kafka_producer import AcknowledgedProducer
from newswire.bus.size import refuse_too_large
from newswire.errors import Fenced, Retryable
from newswire.outcomes import RetryReason
from newswire.topics import Topic

_LEAVE_S: Final = 2.0
_NO_GENERATION: Final = -1
_OF: Final = "of topic "  # and its id: what stands beside a committed offset; what others commit by hand has no such note, and is believed


class Claims:
    """Which partitions a member owns, and since when. Pure.

    Each time a partition comes, it comes under a new number, which only grows: a batch that was polled under an older one is not
    committed, for somebody else may have had the partition in between.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self._since: dict[int, int] = {}
        self._next: dict[int, int] = {}  # partition → first offset that was delivered and is not committed

    def come(self, partitions: Iterable[int]) -> None:
        """Own these partitions too."""
        self.epoch += 1
        for partition in partitions:
            self._since[partition] = self.epoch
            self._next.pop(partition, None)

    def go(self, partitions: Iterable[int]) -> None:
        """Own these partitions no longer."""
        for partition in partitions:
            self._since.pop(partition, None)
            self._next.pop(partition, None)

    def go_all(self) -> None:
        """Own nothing."""
        self.go(list(self._since))

    def owns(self, partition: int) -> bool:
        return partition in self._since

    def delivered(self, messages: Iterable[Delivered]) -> None:
        """Note what was handed out, in order."""
        for message in messages:
            self._next.setdefault(message.partition, message.offset)

    def committed(self, offsets: Mapping[int, int]) -> None:
        """Note what was committed: partition → next offset."""
        for partition, offset in offsets.items():
            self._next[partition] = max(offset, self._next.get(partition, offset))

    def starts(self) -> Mapping[int, int]:
        """Return where to go on where everything that is not committed is to be delivered again."""
        return dict(self._next)

    def refuse_fenced(self, batch: Batch) -> None:
        """Return where every partition of the batch has been owned since it was polled.

        Raises:
            Fenced: one has not.

        """
        for partition in sorted({message.partition for message in batch.messages}):
            if self._since.get(partition, batch.generation + 1) > batch.generation:
                raise Fenced(f"partition {partition} has moved since this batch was polled")


class _Moves(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types; its class asks to be inherited from
    """Tells a member's claims what its group decides."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self.lost = False
        self.unproved: set[TopicPartition] = set()  # came, and it was not looked at yet whose offsets they begin at

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._claims.come(tp.partition for tp in assigned)
        self.unproved |= set(assigned)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self._claims.go(tp.partition for tp in revoked)

    def on_partitions_lost(self, lost: Collection[TopicPartition]) -> None:
        self._claims.go(tp.partition for tp in lost)
        self.lost = True


class KafkaMember:
    """The consumer port on Kafka. Not thread-safe."""

    def __init__(self, clients: KafkaClients, producer: AcknowledgedProducer, topic: Topic, group: str, *, prefix: str) -> None:
        self._clients, self._producer, self._prefix = clients, producer, prefix
        self._topic, self._name, self._group = topic, prefix + topic.name, prefix + group
        self._claims = Claims()
        self._moves = _Moves(self._claims)
        self._client: Any | None = None
        self._topic_id = ""  # of the topic that the client reads; empty: not known
        self._fetched: deque[Delivered] = deque()  # more than the last batch had room for
        self._go_back = False
        self._silent_since = time.monotonic()
        self._behind: dict[int, int] = {}  # partition → position, where the last probe saw records that do not come
        self._closed = False

    def poll(self, *, timeout_s: float, max_messages: int = 100, max_bytes: int = 8_000_000) -> Batch:
        if self._closed:
            raise ValueError(f"this consumer of {self._topic.name} is closed")
        client = self._open()
        try:
            self._return_to_uncommitted(client)
            self._fetch(client, timeout_s, max_messages)
        except FAILURES as error:
            self._throw_away()
            raise said(error, f"reading {self._name}") from error
        except Retryable:
            self._throw_away()
            raise
        if self._moves.lost:  # kafka-python would claim what it had before; a new client does not
            self._throw_away()
            return Batch(())
        return self._batch(max_messages, max_bytes)

    def commit(self, batch: Batch, outputs: Sequence[Output] = ()) -> None:
        for output in outputs:
            refuse_too_large(output.topic.name, output.message)
        try:
            if batch:
                self._refuse_fenced(batch)
            # The consumer took no part in this: where it fails, going back to what is not committed is all that is due.
            self._producer.send([(self._prefix + output.topic.name, output.message) for output in outputs])
        except (Fenced, Retryable):
            self.rewind()
            raise
        if batch:
            self._move_offsets(batch)

    def rewind(self) -> None:
        self._go_back = True

    def close(self) -> None:
        self._closed = True
        self._throw_away()

    def _open(self) -> Any:
        if self._client is None:
            self._client = self._clients.consumer(self._group)
            self._moves = _Moves(self._claims)
            self._client.subscribe([self._name], listener=self._moves)
            self._find_topic(self._client)
            self._silent_since = time.monotonic()
        return self._client

    def _find_topic(self, client: Any) -> None:
        """Return when the client knows the topic's partitions.

        kafka-python 3.0.12 forgets the wish for a topic's metadata where it comes while other metadata is on its way, and shares out
        no partition at all until they are fetched again, five minutes later. Asking for an offset makes it ask again.
        """
        request_s = self._clients.settings.request_s
        try:
            client.end_offsets([TopicPartition(self._name, 0)], timeout_ms=request_s * 1_000)
        except KafkaTimeoutError:
            self._throw_away()
            raise Retryable(
                RetryReason.BUS, f"the topic {self._name} was not found within {request_s:.0f} s; `newswire topics create` makes it"
            ) from None
        except FAILURES as error:
            self._throw_away()
            raise said(error, f"reading {self._name}") from error

    def _throw_away(self) -> None:
        client, self._client = self._client, None
        self._topic_id = ""
        self._claims.go_all()
        self._fetched.clear()
        self._behind.clear()
        self._go_back = False
        if client is not None:
            discard_consumer(client, leave_s=_LEAVE_S)

    def _return_to_uncommitted(self, client: Any) -> None:
        if self._go_back:
            self._go_back = False
            assigned, starts = client.assignment(), self._claims.starts()
            # Of a partition that nothing was handed out of, what was fetched is still to come: it is not fetched again.
            self._fetched = deque(message for message in self._fetched if message.partition not in starts)
            for partition, offset in starts.items():
                if TopicPartition(self._name, partition) in assigned:
                    client.seek(TopicPartition(self._name, partition), offset)

    def _fetch(self, client: Any, timeout_s: float, max_messages: int) -> None:
        # Even with enough in hand the group must hear of us; each batch hands out one at least, so this does not grow.
        room = max(1, max_messages - len(self._fetched))
        found = client.poll(timeout_ms=0 if self._fetched else timeout_s * 1_000, max_records=room)
        anew = self._due_anew(client)
        for at in anew:
            client.seek_to_beginning(at)
            found.pop(at, None)
        self._fetched = deque(
            message
            for message in self._fetched
            if self._claims.owns(message.partition) and TopicPartition(self._name, message.partition) not in anew
        )
        for records in found.values():
            self._fetched.extend(delivered(self._topic.name, record) for record in records)
        now = time.monotonic()
        if self._fetched:
            self._silent_since = now
            self._behind.clear()
        elif now - self._silent_since >= self._clients.settings.probe_s:
            self._probe(client)
            self._silent_since = time.monotonic()

    def _due_anew(self, client: Any) -> list[TopicPartition]:
        """Return which of the partitions that came would go on where a reader of an older topic of this name had stopped.

        Raises:
            Retryable: the topic was made anew under this client, whose positions are those in the old one.
            KafkaError: no broker answers.

        """
        now = topic_id(client, self._name)
        if now and self._topic_id and now != self._topic_id:
            raise Retryable(RetryReason.BUS, f"reading {self._name}: the topic was deleted and made anew")
        self._topic_id = now or self._topic_id
        if not self._topic_id:
            return []
        wait_ms = self._clients.settings.request_s * 1_000
        mine = sorted(self._moves.unproved & client.assignment())
        notes = {at: client.committed(at, metadata=True, timeout_ms=wait_ms) for at in mine}
        self._moves.unproved.clear()
        noted = {at: note.metadata or "" for at, note in notes.items() if note is not None}
        return [at for at, said_of in noted.items() if said_of.startswith(_OF) and said_of != self._note()]

    def _note(self) -> str:
        return _OF + self._topic_id if self._topic_id else ""

    def _probe(self, client: Any) -> None:
        """Return where the silence has a reason: kafka-python's `poll` returns nothing, and no error, where no broker is left.

        Raises:
            Retryable: records are there and have not come since the last probe.
            KafkaError: no broker answers.

        """
        assigned = sorted(client.assignment())
        ends = client.end_offsets(assigned or [TopicPartition(self._name, 0)], timeout_ms=self._clients.settings.request_s * 1_000)
        behind = {}
        for at in assigned:
            position = client.position(at, timeout_ms=self._clients.settings.request_s * 1_000)
            if position is not None and position < ends[at]:
                behind[at.partition] = position
        stuck = [partition for partition, position in behind.items() if self._behind.get(partition) == position]
        self._behind = behind
        if stuck:
            raise Retryable(RetryReason.BUS, f"reading {self._name}: partition {stuck[0]} has records that do not come")

    def _batch(self, max_messages: int, max_bytes: int) -> Batch:
        messages: list[Delivered] = []
        while self._fetched and len(messages) < max_messages:
            max_bytes -= len(self._fetched[0].value)
            if messages and max_bytes < 0:
                break
            messages.append(self._fetched.popleft())
        self._claims.delivered(messages)
        return Batch(tuple(messages), self._claims.epoch)

    def _refuse_fenced(self, batch: Batch) -> None:
        self._claims.refuse_fenced(batch)
        # Its own thread learns of an expulsion between two polls; better before the outputs are written than after.
        if self._client is None or self._client.group_metadata().generation_id == _NO_GENERATION:
            self._throw_away()
            raise Fenced(f"the group {self._group} has put this member out")

    def _move_offsets(self, batch: Batch) -> None:
        after: dict[int, int] = {}
        starts = self._claims.starts()
        for message in batch.messages:
            after[message.partition] = max(after.get(message.partition, 0), message.offset + 1)
        after = {partition: max(offset, starts.get(partition, 0)) for partition, offset in after.items()}
        offsets = {
            TopicPartition(self._name, partition): OffsetAndMetadata(offset, self._note(), -1) for partition, offset in after.items()
        }
        client = self._client
        assert client is not None
        try:
            commit_once(client, offsets, self._clients.settings.request_s)
        except FAILURES as error:
            if verdict(error).action is Action.FENCED and client.group_metadata().generation_id != _NO_GENERATION:
                self.rewind()  # it is still a member, and is told its partitions at its next poll
            else:
                self._throw_away()
            raise said(error, f"committing {self._name} for {self._group}") from error
        self._claims.committed(after)


def delivered(topic: str, record: Any) -> Delivered:
    """Return one of kafka-python's records as ours. Keys and headers of strangers may be anything, or missing."""
    headers = {str(name): _text(value) for name, value in record.headers or ()}
    at = datetime.fromtimestamp(max(record.timestamp or 0, 0) / 1_000, UTC)
    return Delivered(topic, record.partition, record.offset, _text(record.key), bytes(record.value or b""), headers, at)


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="backslashreplace")
