"""Faults of a real Kafka: whatever was acknowledged is stored, and what went in is what came out. Each prints its time to recover."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from newswire.bus import Delivered, Message
from newswire.bus.kafka import KafkaBus
from newswire.bus.kafka_topics import KafkaTopics
from newswire.errors import Fenced, Retryable
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS
from tests.crash.kafka_flow import QUICK, Flow, backlog_is_empty, compare, flowing, wait_until
from tests.measured import Say
from tests.servers.fixtures import required
from tests.servers.kafka import KafkaCluster, kafka_cluster
from tests.servers.proxy import Mode

pytestmark = [pytest.mark.crash, pytest.mark.servers, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("KAFKA_KILLS", "10"))  # `make fleet` makes it 20


@pytest.fixture
def broker() -> Iterator[KafkaCluster]:
    """One broker that a test may kill."""
    with required(kafka_cluster()) as cluster:
        yield cluster


def start_member(servers: str) -> subprocess.Popen[str]:
    """A process that copies, and says so when it has its first batch."""
    script = Path(__file__).parents[1] / "contract" / "bus_member.py"
    return subprocess.Popen(
        [sys.executable, str(script), f"kafka://{servers}", "copy"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(script.parents[2])},
    )


def commits_again(flow: Flow) -> float:
    """Return how long it takes from now until a commit succeeds."""
    before = flow.committed
    return wait_until(lambda: flow.committed > before, limit_s=60, flow=flow)


def test_kills_of_the_broker_in_the_middle_of_a_commit_lose_nothing(broker: KafkaCluster, say: Say) -> None:
    chance = random.Random(5)
    recovered: list[float] = []
    with flowing(broker.servers) as flow:
        for _ in range(KILLS):
            commits_again(flow)
            flow.committing.wait(30)
            time.sleep(chance.uniform(0, 0.01))
            broker.brokers[0].kill()
            broker.restart(0)
            recovered.append(commits_again(flow))
    say(f"{KILLS} kills: {compare(broker.servers, flow)}")
    say(f"from the broker's return to the next commit: median {median(recovered):.2f} s, most {max(recovered):.2f} s")


def test_one_broker_of_three_is_killed_and_the_others_go_on(say: Say) -> None:
    with required(kafka_cluster(brokers=3)) as cluster:
        recovered: list[float] = []
        with flowing(cluster.servers) as flow:
            for node in range(3):
                commits_again(flow)
                cluster.brokers[node].kill()
                recovered.append(commits_again(flow))  # two copies of three are in step: enough
                assert away(cluster.servers) == [node + 1]
                cluster.restart(node)
                commits_again(flow)
        say(f"three brokers, each killed once: {compare(cluster.servers, flow)}")
        say(f"from the kill to the next commit: {', '.join(f'{s:.2f}' for s in recovered)} s")


def away(servers: str) -> Sequence[int]:
    """Return the brokers that `newswire doctor` warns of, which is no failure."""
    with KafkaTopics(replace(QUICK, servers=tuple(servers.split(",")))) as topics:
        return topics.examine(datetime.now(UTC)).silent


def test_members_that_are_killed_lose_nothing(broker: KafkaCluster, say: Say) -> None:
    chance = random.Random(7)
    with flowing(broker.servers, members=0) as flow:
        members = [start_member(broker.servers) for _ in range(3)]
        for turn in range(KILLS):
            victim = members[turn % 3]
            assert victim.stdout is not None
            assert victim.stdout.readline() == "working\n"
            time.sleep(chance.uniform(0, 0.1))
            victim.kill()
            victim.communicate()
            members[turn % 3] = start_member(broker.servers)
        flow.stop_publishing.set()
        took_s = wait_until(lambda: backlog_is_empty(flow.bus), limit_s=90)
        for member in members:
            member.communicate()
    say(f"{KILLS} kills of members: {compare(broker.servers, flow)}; all caught up {took_s:.1f} s after the last")


@pytest.mark.parametrize("mode", [Mode.REFUSE, Mode.STALL])
def test_brokers_that_cannot_be_reached_for_long_are_waited_for(broker: KafkaCluster, mode: Mode, say: Say) -> None:
    # Sixty seconds against the times of the default settings (30 s for a delivery) are these against the shortened ones (4 s).
    away_s = 60 * QUICK.delivery_s / 30
    proxy = broker.brokers[0].proxy
    with flowing(broker.proxied_servers) as flow:
        commits_again(flow)
        threads = threading.active_count()
        with proxy.being(mode):
            time.sleep(0.5)
            sure = len(flow.acknowledged)
            time.sleep(away_s)
            assert len(flow.acknowledged) <= sure + 10, "acknowledged while no broker could be reached"
            assert threading.active_count() <= threads + 4, "clients that failed have left their threads"
        recovered = commits_again(flow)
    say(f"{mode.value} for {away_s:.0f} s: {compare(broker.servers, flow)}")
    say(f"from the return to the next commit: {recovered:.2f} s")


def test_a_broker_that_hangs_makes_records_expire_and_none_is_acknowledged(broker: KafkaCluster, say: Say) -> None:
    with flowing(broker.servers) as flow:
        commits_again(flow)
        broker.brokers[0].pause()
        bus = KafkaBus(replace(QUICK, servers=(broker.servers,)))
        before = time.monotonic()
        with pytest.raises(Retryable, match="no broker answered in time"):
            bus.publish(ITEMS, [Message("expired", b"expired")])
        say(f"a hanging broker is noticed after {time.monotonic() - before:.1f} s")
        bus.close()
        time.sleep(QUICK.delivery_s + QUICK.request_s)
        broker.brokers[0].go_on()
        recovered = commits_again(flow)
    say(f"{compare(broker.servers, flow)}; from its waking to the next commit: {recovered:.2f} s")


def test_a_member_that_sleeps_too_long_is_replaced_and_its_commit_refused(broker: KafkaCluster, say: Say) -> None:
    settings = replace(QUICK, servers=(broker.servers,), poll_interval_s=3.0)
    with KafkaTopics(settings) as topics:
        topics.create()
    bus = KafkaBus(settings)
    bus.publish(ITEMS, [Message(str(n), str(n).encode()) for n in range(200)])
    sleeper = bus.consumer(ITEMS, PROCESSORS_GROUP)
    held = sleeper.poll(timeout_s=10, max_messages=50)
    assert held
    began = time.monotonic()
    with flowing(broker.servers, settings=settings) as flow:
        flow.stop_publishing.set()
        wait_until(lambda: flow.committed >= 200, limit_s=60)
        say(f"its partitions were handed over {flow.committed_at - began:.1f} s after its last poll (time allowed: 3 s)")
        with pytest.raises(Fenced):
            sleeper.commit(held)
    sleeper.close()
    bus.close()
    say(compare(broker.servers, flow))


def test_what_strangers_write_arrives_whatever_it_is(broker: KafkaCluster) -> None:
    settings = replace(QUICK, servers=(broker.servers,))
    with KafkaTopics(settings) as topics:
        topics.create()
    bus = KafkaBus(settings)
    stranger = KafkaProducer(bootstrap_servers=broker.servers)
    bus.publish(ITEMS, [Message("good", b"before")])
    for key, value, headers in [
        (None, b"\xff\xfe", []),
        (b"\xff", b"", [("schema", b"\xff"), ("schema", b"twice")]),
        (b"tombstone", None, []),
        (b"k", b"{" * 100_000, [("", b"")]),
    ]:
        stranger.send(ITEMS.name, key=key, value=value, headers=headers).get(10)
    stranger.close()
    bus.publish(ITEMS, [Message("good", b"after")])
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    found: list[Delivered] = []
    while len(found) < 6:
        batch = consumer.poll(timeout_s=10)
        assert batch
        consumer.commit(batch)
        found.extend(batch.messages)
    bus.close()
    assert sorted((message.key, message.value[:6], dict(message.headers)) for message in found if message.value) == [
        ("", b"\xff\xfe", {}),
        ("good", b"after", {}),
        ("good", b"before", {}),
        ("k", b"{{{{{{", {"": ""}),
    ]
    assert {message.key: dict(message.headers) for message in found if not message.value} == {r"\xff": {"schema": "twice"}, "tombstone": {}}


def test_a_topic_that_is_deleted_and_made_anew_is_gone_on_with(broker: KafkaCluster, say: Say) -> None:
    settings = replace(QUICK, servers=(broker.servers,))
    with flowing(broker.servers) as flow:
        commits_again(flow)
        admin = KafkaAdminClient(bootstrap_servers=broker.servers)
        admin.delete_topics([ITEMS.name])
        time.sleep(3)
        sure = set(flow.acknowledged)
        time.sleep(2)
        assert flow.acknowledged == sure, "acknowledged by a topic that is gone"
        with KafkaTopics(settings) as topics:
            assert [str(fault) for fault in topics.check()] == ["news.items: the topic does not exist; `newswire topics create` makes it"]
            assert topics.create() == [ITEMS.name]
        made = time.monotonic()
        commits_again(flow)
        say(f"from the topic's return to the next commit: {time.monotonic() - made:.1f} s")
        admin.close()
        time.sleep(1)
    bus = KafkaBus(settings)
    items = {message.value.decode() for message in bus.browse(ITEMS)}
    reports = {message.value.decode() for message in bus.browse(REPORTS)}
    bus.close()
    assert flow.acknowledged - sure <= items
    assert items <= reports, "what the new topic holds was not copied"


def test_a_producer_that_the_broker_has_lost_the_thread_of_is_replaced(broker: KafkaCluster, say: Say) -> None:
    settings = replace(QUICK, servers=(broker.servers,))
    with KafkaTopics(settings) as topics:
        topics.create()
    bus = KafkaBus(settings)
    acknowledged = []
    for number in range(6):
        if number == 3:  # the next sequence number skips some: the broker answers OUT_OF_ORDER_SEQUENCE_NUMBER
            producer = bus._producer._producer
            assert producer is not None
            sequences = producer._transaction_manager._sequence_numbers
            for partition in list(sequences):
                sequences[partition] += 5
        value = str(number)
        while value not in acknowledged:
            try:
                bus.publish(ITEMS, [Message("one", value.encode())])
                acknowledged.append(value)
            except Retryable as error:
                say(str(error))
    stored = [message.value.decode() for message in bus.browse(ITEMS)]
    bus.close()
    assert sorted(set(stored)) == acknowledged


def test_a_producer_that_the_broker_has_forgotten_goes_on(say: Say) -> None:
    """Its records were deleted and its id has expired: brokers since 2.5 take what it sends next, older ones say UNKNOWN_PRODUCER_ID."""
    forgetful = "producer.id.expiration.ms=500\nproducer.id.expiration.check.interval.ms=100\n"
    with required(kafka_cluster(properties=forgetful)) as cluster:
        settings = replace(QUICK, servers=(cluster.servers,))
        with KafkaTopics(settings) as topics:
            topics.create()
        bus = KafkaBus(settings)
        admin = KafkaAdminClient(bootstrap_servers=cluster.servers)
        acknowledged: list[str] = []
        refused: list[str] = []

        def publish(value: str) -> float:
            began = time.monotonic()
            while value not in acknowledged:
                try:
                    bus.publish(ITEMS, [Message("one", value.encode())])
                    acknowledged.append(value)
                except Retryable as error:
                    refused.append(str(error))
            return time.monotonic() - began

        for value in ("1", "2", "3"):
            publish(value)
        [(partition, last)] = {(message.partition, message.offset) for message in bus.browse(ITEMS) if message.value == b"3"}
        admin.delete_records({TopicPartition(ITEMS.name, partition): last + 1})
        known = producers(admin, partition)
        assert known
        wait_until(lambda: not producers(admin, partition), limit_s=20)
        took_s = [publish(value) for value in ("4", "5", "6")]
        stored = [message.value.decode() for message in bus.browse(ITEMS)]
        bus.close()
        admin.close()
    assert stored == ["4", "5", "6"]
    say(f"a producer that was forgotten: {len(refused)} refusals, its next record acknowledged after {took_s[0]:.2f} s")


def producers(admin: KafkaAdminClient, partition: int) -> list[int]:
    """Return the ids of the producers that the broker knows on a partition of `news.items`."""
    at = TopicPartition(ITEMS.name, partition)
    return [one.producer_id for one in admin.describe_producers([at])[at].active_producers]
