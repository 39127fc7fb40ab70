"""The bus port on Kafka, for any number of processes on any number of machines.

`commit(batch, outputs)` waits until the outputs are acknowledged by every copy in step, then moves the offsets; a crash in between
repeats the batch. Retention is the brokers'; `newswire topics check` holds it against the groups.
"""

import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from newswire.bus import Backlog, Delivered, Message
from newswire.bus.kafka_admin import KafkaAdmin
from newswire.bus.kafka_clients import KafkaClients
from newswire.bus.kafka_consumer import KafkaMember
from newswire.bus.kafka_producer import AcknowledgedProducer
from newswire.bus.kafka_reader import KafkaReader
from newswire.bus.kafka_settings import KafkaSettings
from newswire.bus.kafka_topics import KafkaTopics
from newswire.bus.size import refuse_too_large
from newswire.topics import GROUPS, Topic

_LAG_LOOK_S: Final = 300.0
_PING_S: Final = 3.0

_log = structlog.get_logger(__name__)


class KafkaBus:
    """The bus port over a Kafka cluster. Thread-safe; a consumer belongs to one thread. Nothing is connected before it is needed."""

    def __init__(self, settings: KafkaSettings, *, prefix: str = "") -> None:
        self._clients, self._prefix = KafkaClients(settings), prefix
        self._producer = AcknowledgedProducer(self._clients)
        self._reader = KafkaReader(self._clients)
        self._topics = KafkaTopics(settings, prefix=prefix)
        # A connection of its own: a question that waits ten seconds for its answer must not keep this one waiting.
        self._pinger = KafkaAdmin(KafkaClients(replace(settings, request_s=min(_PING_S, settings.request_s))))
        self._pinging = threading.Lock()
        self._lag_due_at = 0.0
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

    def browse(self, topic: Topic, *, since: datetime | None = None, offsets: Mapping[int, int] | None = None) -> Iterator[Delivered]:
        return self._reader.browse(self._prefix + topic.name, topic.name, since=since, offsets=offsets)

    def others(self, groups: Sequence[tuple[Topic, str]] = GROUPS) -> int:
        return self._reader.members([self._prefix + group for _, group in groups])

    def ping(self) -> None:
        with self._pinging:
            self._pinger.ask("asking whether Kafka is there", lambda admin: admin.describe_cluster())

    def maintain(self, now: datetime) -> int:
        """Return 0: the brokers drop what is old. Where they will soon drop what a group has not read, the log says so."""
        if time.monotonic() >= self._lag_due_at:
            self._lag_due_at = time.monotonic() + _LAG_LOOK_S
            for warning in self._topics.check_lag(now):
                _log.warning("records will be lost to retention", topic=warning.file, fault=warning.message)
        return 0

    def close(self) -> None:
        for member in list(self._members):
            member.close()
        self._producer.close()
        self._reader.close()
        self._topics.close()
        with self._pinging:
            self._pinger.close()
