"""A topic that was deleted and made anew on a real Kafka: what a group had read of the old one passes over nothing of the new one."""

import time
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import CoordinatorNotAvailableError
from kafka.structs import OffsetAndMetadata

from newswire.bus import Consumer, Message
from newswire.bus.kafka import KafkaBus
from newswire.bus.kafka_settings import KafkaSettings, TopicWishes
from newswire.bus.kafka_topics import KafkaTopics
from newswire.errors import Fenced, Retryable
from newswire.topics import ITEMS, PROCESSORS_GROUP
from tests.servers.kafka import KafkaCluster

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

PARTITIONS = 3
OLD = [f"old-{number}" for number in range(30)]
NEW = [f"new-{number}" for number in range(60)]


class World:
    """A bus whose topic can be made anew, and the group's offsets in the hands of an administrator."""

    def __init__(self, servers: str) -> None:
        self.prefix = f"{uuid.uuid4().hex[:8]}."
        self.settings = KafkaSettings((servers,), request_s=3.0, probe_s=1.0, topics=TopicWishes(partitions=PARTITIONS))
        self.name, self.group = self.prefix + ITEMS.name, self.prefix + PROCESSORS_GROUP
        self.admin = KafkaAdminClient(bootstrap_servers=servers)
        self.create()
        self.bus = KafkaBus(self.settings, prefix=self.prefix)

    def create(self) -> list[str]:
        with KafkaTopics(self.settings, prefix=self.prefix) as topics:
            return topics.create()

    def make_anew(self) -> None:
        self.admin.delete_topics([self.name])
        while self.name not in self.create():  # it may be there still
            time.sleep(0.1)

    def publish(self, keys: list[str]) -> None:
        left = list(keys)
        while left:
            try:
                self.bus.publish(ITEMS, [Message(key, b"{}") for key in left])
                left = []
            except Retryable:
                time.sleep(0.2)

    def notes(self) -> set[str]:
        """What stands beside the group's offsets."""
        found = self.admin.list_group_offsets({self.group: [TopicPartition(self.name, number) for number in range(PARTITIONS)]})
        return {one.metadata for one in found[self.group].values() if one.offset >= 0}

    def move(self, offset: int, note: str) -> None:
        wanted = {TopicPartition(self.name, number): OffsetAndMetadata(offset, note, -1) for number in range(PARTITIONS)}
        for _ in range(100):  # a broker that has only just begun makes the place for offsets first
            try:
                self.admin.alter_group_offsets(self.group, wanted)
            except CoordinatorNotAvailableError:
                time.sleep(0.2)
            else:
                return
        raise AssertionError("the group has no coordinator")


@pytest.fixture
def world(kafka: KafkaCluster) -> Iterator[World]:
    made = World(kafka.servers)
    yield made
    made.bus.close()
    made.admin.close()


def read(consumer: Consumer, *, until: int) -> Counter[str]:
    """Return the keys that come until so many different ones have; a reader goes on after errors as a stage does."""
    found: Counter[str] = Counter()
    ends = time.monotonic() + 90
    while len(found) < until:
        assert time.monotonic() < ends, f"{len(found)} of {until}: {sorted(found)}"
        try:
            batch = consumer.poll(timeout_s=0.5)
            consumer.commit(batch)
        except (Retryable, Fenced):
            time.sleep(0.1)
            continue
        found.update(message.key for message in batch.messages)
    return found


def test_offsets_of_the_old_topic_that_are_there_still_are_not_gone_on_from(world: World) -> None:
    reader = world.bus.consumer(ITEMS, PROCESSORS_GROUP)
    world.publish(OLD)
    assert read(reader, until=len(OLD)) == Counter(OLD)
    reader.close()
    [note] = world.notes()
    world.make_anew()
    world.publish(NEW)
    per_partition = Counter(message.partition for message in world.bus.browse(ITEMS))
    assert min(per_partition.values()) > 3
    assert len(per_partition) == PARTITIONS
    world.move(3, note)  # a broker that kept it, or a commit that came late
    reader = world.bus.consumer(ITEMS, PROCESSORS_GROUP)
    assert read(reader, until=len(NEW)) == Counter(NEW)
    reader.close()
    [new] = world.notes()
    assert new != note


def test_offsets_that_somebody_set_by_hand_are_gone_on_from(world: World) -> None:
    world.publish(NEW)
    world.move(3, "")
    reader = world.bus.consumer(ITEMS, PROCESSORS_GROUP)
    assert set(read(reader, until=len(NEW) - 3 * PARTITIONS)) < set(NEW)
    assert not reader.poll(timeout_s=1)
    reader.close()


def test_a_member_that_was_there_all_the_while_begins_anew(world: World) -> None:
    reader = world.bus.consumer(ITEMS, PROCESSORS_GROUP)
    world.publish(OLD)
    read(reader, until=len(OLD))
    world.make_anew()
    world.publish(NEW)
    assert set(NEW) <= set(read(reader, until=len(NEW)))
    reader.close()
