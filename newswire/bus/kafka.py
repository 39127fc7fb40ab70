"""The bus port on Kafka, for any number of processes on any number of machines.

`commit(batch, outputs)` waits until the outputs are acknowledged by every copy in step, then moves the offsets; a crash in between
repeats the batch. Retention is the brokers'; `newswire topics check` holds it against the groups.
"""

import weakref
from collections.abc import Iterator, Sequence
from datetime import datetime

from newswire.bus import Backlog, Delivered, Message
from newswire.bus.kafka_clients import KafkaClients
from newswire.bus.kafka_consumer import KafkaMember
from newswire.bus.kafka_producer import AcknowledgedProducer
from newswire.bus.kafka_reader import KafkaReader
from newswire.bus.kafka_settings import KafkaSettings
from newswire.bus.size import refuse_too_large
from newswire.topics import Topic


class KafkaBus:
    """The bus port over a Kafka cluster. Thread-safe; a consumer belongs to one thread. Nothing is connected before it is needed."""

    def __init__(self, settings: KafkaSettings, *, prefix: str = "") -> None:
        self._clients, self._prefix = KafkaClients(settings), prefix
        self._producer = AcknowledgedProducer(self._clients)
        self._reader = KafkaReader(self._clients)
        self._members: weakref.WeakSet[KafkaMember] = weakref.WeakSet()

    def publish(self, topic: Topic, messages: Sequence[Message]) -> None:
        for message in messages:
            refuse_too_large(topic.name, message)
        self._producer.send([(self._prefix + topic.name, message) for message in messages])

    def consumer(self, topic: Topic, group: str) -> KafkaMember:
        member = KafkaMember(self._clients, self._producer, topic, group, prefix=self._prefix)
        self._members.add(member)
        return member

    def backlog(self, topic: Topic, group: str) -> Backlog:
        return self._reader.backlog(self._prefix + topic.name, self._prefix + group)

    def browse(self, topic: Topic) -> Iterator[Delivered]:
        return self._reader.browse(self._prefix + topic.name, topic.name)

    def maintain(self, now: datetime) -> int:
        """Drop nothing: the brokers keep the log."""
        return 0

    def close(self) -> None:
        for member in list(self._members):
            member.close()
        self._producer.close()
        self._reader.close()
