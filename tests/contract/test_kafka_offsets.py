"""How far groups have read on a real Kafka, noted and put back."""

import uuid
from collections.abc import Iterator

import pytest

from newswire.bus import Message
from newswire.bus.kafka import KafkaBus
from newswire.bus.kafka_offsets import KafkaOffsets
from newswire.bus.kafka_settings import KafkaSettings, TopicWishes
from newswire.bus.kafka_topics import KafkaTopics
from newswire.errors import Retryable
from newswire.topics import ITEMS, PROCESSORS_GROUP
from tests.servers.kafka import KafkaCluster

pytestmark = pytest.mark.servers


@pytest.fixture
def prefix() -> str:
    return f"{uuid.uuid4().hex[:8]}."


@pytest.fixture
def settings(kafka: KafkaCluster, prefix: str) -> KafkaSettings:
    made = KafkaSettings((kafka.servers,), request_s=3.0, topics=TopicWishes(partitions=3))
    topics = KafkaTopics(made, prefix=prefix)
    topics.create()
    topics.close()
    return made


@pytest.fixture
def bus(settings: KafkaSettings, prefix: str) -> Iterator[KafkaBus]:
    opened = KafkaBus(settings, prefix=prefix)
    yield opened
    opened.close()


@pytest.fixture
def offsets(settings: KafkaSettings, prefix: str) -> Iterator[KafkaOffsets]:
    opened = KafkaOffsets(settings, prefix=prefix)
    yield opened
    opened.close()


def publish(bus: KafkaBus, *keys: str) -> None:
    bus.publish(ITEMS, [Message(key, b"{}") for key in keys])


def read_all(bus: KafkaBus) -> list[str]:
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    read: list[str] = []
    owed = bus.backlog(ITEMS, PROCESSORS_GROUP).records
    while len(read) < owed:
        batch = consumer.poll(timeout_s=1)
        consumer.commit(batch)
        read += [message.key for message in batch.messages]
    consumer.close()
    return sorted(read)


def test_a_group_reads_again_what_came_since(bus: KafkaBus, offsets: KafkaOffsets) -> None:
    assert offsets.committed() == {"news.items": {}, "news.reports": {}}
    publish(bus, *"abcdef")
    assert read_all(bus) == list("abcdef")
    noted = offsets.committed()
    assert sum(noted["news.items"].values()) == 6
    publish(bus, *"ghij")
    assert read_all(bus) == list("ghij")
    assert offsets.put_back(noted) == {"news.items": 0, "news.reports": 0}
    assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 4
    assert read_all(bus) == list("ghij")
    # Never forward: what a group has not read stays to be read.
    later = offsets.committed()
    assert offsets.put_back(noted) is not None
    offsets.put_back(later)
    assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 4


def test_topics_that_were_made_anew_are_read_from_the_beginning(bus: KafkaBus, offsets: KafkaOffsets) -> None:
    publish(bus, *"abc")
    assert offsets.put_back({"news.items": dict.fromkeys(range(3), 1_000)}) == {"news.items": 0, "news.reports": 0}
    assert read_all(bus) == list("abc")
    assert offsets.put_back({}) == {"news.items": 0, "news.reports": 0}
    assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 3


def test_a_group_with_members_is_left_alone(bus: KafkaBus, offsets: KafkaOffsets) -> None:
    publish(bus, *"abc")
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    assert consumer.poll(timeout_s=20)
    with pytest.raises(Retryable, match="cannot be put back"):
        offsets.put_back({})
    consumer.close()
