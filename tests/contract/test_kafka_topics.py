"""The topics on a real broker: made once, looked at, and refused in words; and who is let in at all."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from kafka.cluster import ClusterMetadata
from kafka.coordinator.consumer import ConsumerCoordinator

from newswire.bus import Message
from newswire.bus.kafka import KafkaBus
from newswire.bus.kafka_settings import KafkaSettings, TopicWishes
from newswire.bus.kafka_topics import KafkaTopics
from newswire.errors import ConfigurationError, Retryable
from newswire.topics import ITEMS, PROCESSORS_GROUP
from tests.servers.fixtures import required
from tests.servers.kafka import PASSWORD, KafkaCluster, kafka_cluster
from tests.servers.processes import free_ports

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

PREFIXES = count()
WRONG = "a-password-of-nobody"


@pytest.fixture
def settings(kafka: KafkaCluster) -> KafkaSettings:
    return KafkaSettings((kafka.servers,), request_s=3.0, topics=TopicWishes(partitions=2))


@pytest.fixture
def prefix() -> str:
    return f"topics{next(PREFIXES)}."


@pytest.fixture(scope="module")
def secured() -> Iterator[KafkaCluster]:
    with required(kafka_cluster(secured=True)) as cluster:
        yield cluster


def test_they_are_made_once_and_keep_the_promises(settings: KafkaSettings, prefix: str) -> None:
    with KafkaTopics(settings, prefix=prefix) as topics:
        assert [fault.message for fault in topics.check()] == ["the topic does not exist; `newswire topics create` makes it"] * 4
        names = [f"{prefix}news.items", f"{prefix}news.reports", f"{prefix}news.alerts", f"{prefix}news.dead"]
        assert topics.create() == names
        assert topics.create() == []
        assert topics.check() == []
        topics.require()


def test_what_a_person_has_set_stands_and_is_refused_where_it_breaks_a_promise(
    kafka: KafkaCluster, settings: KafkaSettings, prefix: str
) -> None:
    with KafkaTopics(settings, prefix=prefix) as topics:
        topics.create()
        admin = KafkaAdminClient(bootstrap_servers=kafka.servers)
        admin.alter_configs([ConfigResource("topic", f"{prefix}news.items", {"cleanup.policy": "compact", "retention.ms": "1000"})])
        admin.close()
        assert topics.create() == []
        with pytest.raises(ConfigurationError) as refused:
            topics.require()
    assert [str(fault) for fault in refused.value.faults] == [
        f"{prefix}news.items: cleanup.policy is compact: an item's earlier revisions would be dropped before they are read; delete is due",
        f"{prefix}news.items: retention.ms keeps records for 0 hours: a group may stand still for 3 days",
    ]


def test_fewer_partitions_than_wished_for_are_refused(settings: KafkaSettings, prefix: str) -> None:
    with KafkaTopics(settings, prefix=prefix) as topics:
        topics.create()
    more = replace(settings, topics=TopicWishes(partitions=4))
    with KafkaTopics(more, prefix=prefix) as topics:
        assert len(topics.check()) == 4
    too_many = replace(settings, topics=TopicWishes(replication=3))
    with (
        KafkaTopics(too_many, prefix=f"{prefix}new.") as topics,
        pytest.raises(ConfigurationError, match="DEFAULT_REPLICATION_FACTOR is 3; 1 broker is there"),
    ):
        topics.create()


def test_a_group_far_behind_is_warned_of(settings: KafkaSettings, prefix: str) -> None:
    bus = KafkaBus(settings, prefix=prefix)
    with KafkaTopics(settings, prefix=prefix) as topics:
        topics.create()
        bus.publish(ITEMS, [Message("k", b"v")])
        assert topics.check_lag(datetime.now(UTC)) == []
        [warning] = topics.check_lag(datetime.now(UTC) + timedelta(days=5))
        assert warning.message.startswith(f"the group {prefix}processors is 5 days behind, and records are dropped after 7 days")
    bus.close()


def test_a_topic_that_is_missing_is_said_by_every_call(settings: KafkaSettings, prefix: str) -> None:
    bus = KafkaBus(replace(settings, request_s=1.0, delivery_s=2.0, probe_s=0.5), prefix=prefix)
    for call in (
        lambda: bus.publish(ITEMS, [Message("k", b"v")]),
        lambda: bus.backlog(ITEMS, PROCESSORS_GROUP),
        lambda: list(bus.browse(ITEMS)),
    ):
        with pytest.raises(Retryable, match=rf"{prefix}news\.items"):
            call()
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    with pytest.raises(Retryable, match=rf"the topic {prefix}news\.items was not found within 1 s; `newswire topics create` makes it"):
        consumer.poll(timeout_s=0.5)
    bus.close()


def test_a_member_finds_its_partitions_where_kafka_python_forgets_to_ask_for_them(
    settings: KafkaSettings, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Seen under load: an answer that was on its way when the topic was asked for clears the wish, at the subscription and at the join.
    subscribed, assigned = ClusterMetadata.set_topics, ConsumerCoordinator._perform_assignment

    def forget_at_subscription(cluster: Any, topics: object) -> object:
        asked = subscribed(cluster, topics)
        cluster._need_update = False
        return asked

    def forget_at_join(coordinator: Any, *members: object) -> object:
        assignment = assigned(coordinator, *members)
        coordinator._cluster._need_update = False
        return assignment

    with KafkaTopics(settings, prefix=prefix) as topics:
        topics.create()
    bus = KafkaBus(settings, prefix=prefix)
    bus.publish(ITEMS, [Message("k", b"v")])
    monkeypatch.setattr(ClusterMetadata, "set_topics", forget_at_subscription)
    monkeypatch.setattr(ConsumerCoordinator, "_perform_assignment", forget_at_join)
    assert len(bus.consumer(ITEMS, PROCESSORS_GROUP).poll(timeout_s=10).messages) == 1
    bus.close()


def test_no_broker_is_said_with_the_reason() -> None:
    bus = KafkaBus(KafkaSettings((f"127.0.0.1:{free_ports(1)[0]}",), request_s=1.0))
    with pytest.raises(Retryable, match=r"connecting to Kafka at 127\.0\.0\.1:\d+: the connection to the broker was lost .*ECONNREFUSED"):
        bus.publish(ITEMS, [Message("k", b"v")])
    bus.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_who_has_the_password_is_let_in_and_nobody_else(secured: KafkaCluster, protocol: str, mechanism: str, prefix: str) -> None:
    access: dict[str, Any] = {
        "security_protocol": protocol,
        "sasl_mechanism": mechanism,
        "sasl_plain_username": "newswire",
        "sasl_plain_password": PASSWORD,
    }
    if protocol == "SASL_SSL":
        access["ssl_cafile"] = str(secured.certificate)
    servers = secured.sasl_ssl_servers if protocol == "SASL_SSL" else secured.sasl_servers
    right = KafkaSettings((servers,), access, request_s=3.0, topics=TopicWishes(partitions=1))
    with KafkaTopics(right, prefix=prefix) as topics:
        topics.create()
    bus = KafkaBus(right, prefix=prefix)
    bus.publish(ITEMS, [Message("k", b"v")])
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    batch = consumer.poll(timeout_s=10)
    assert [message.value for message in batch.messages] == [b"v"]
    consumer.commit(batch)
    assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 0
    bus.close()

    wrong = KafkaBus(replace(right, access={**access, "sasl_plain_password": WRONG}, request_s=1.0), prefix=prefix)
    for call in (
        lambda: wrong.publish(ITEMS, [Message("k", b"v")]),
        lambda: wrong.consumer(ITEMS, PROCESSORS_GROUP).poll(timeout_s=0),
        lambda: wrong.backlog(ITEMS, PROCESSORS_GROUP),
    ):
        with pytest.raises((ConfigurationError, Retryable), match="refuses name or password") as refused:
            call()
        assert WRONG not in str(refused.value)
    wrong.close()


def test_a_broker_whose_certificate_nobody_we_trust_has_signed_is_not_talked_to(secured: KafkaCluster) -> None:
    bus = KafkaBus(KafkaSettings((secured.sasl_ssl_servers,), {"security_protocol": "SSL"}, request_s=1.0))
    with pytest.raises(ConfigurationError, match=r"certificate is not trusted; NEWSWIRE_KAFKA_SSL_CAFILE must be"):
        bus.publish(ITEMS, [Message("k", b"v")])
    bus.close()
