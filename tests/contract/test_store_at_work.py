"""Who is at work and what the status reads of store and bus, over both pairs; and what the doctor says of the servers."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from newswire.bus import Message
from newswire.bus.kafka import KafkaBus
from newswire.bus.kafka_settings import KafkaSettings, TopicWishes
from newswire.bus.kafka_topics import KafkaTopics
from newswire.cli.doctor import server_checks
from newswire.cli.doctor.finding import Level
from newswire.cli.status.read import bus_facts, store_facts
from newswire.clock import ManualClock, SystemClock
from newswire.records import MessageKind
from newswire.settings import Settings
from newswire.store import Store, feeds, leaders, outbox
from newswire.store.at_work import Hearer, LastAlert, Lead, at_work
from newswire.store.outbox import Entry
from newswire.topics import ALERTING_GROUP, DEAD, ITEMS, REPORTS
from tests.doctor_builders import asked, worst
from tests.fakes import NOW
from tests.servers.kafka import KafkaCluster

PREFIXES = count()


def test_who_is_at_work_is_read_off_leases_and_roles(store: Store) -> None:
    now = NOW.timestamp()
    with store.begin() as connection:
        feeds.sync(
            connection,
            [feeds.NewFeed(f"s{number}", f"https://h{number}.example/", f"h{number}.example", 600.0) for number in range(3)],
            now - 50,
        )
        feeds.lease(connection, ["s0"], owner="node-a", now=now, until=now + 60)
        leaders.take(connection, leaders.ALERTER, "node-a", now, 30.0)
        for number in range(7):
            entry = Entry(
                f"story{number}",
                "desk",
                MessageKind.PARENT,
                0,
                f"alert{number}",
                "d",
                "i",
                "r",
                ["w"],
                "high",
                f"Title {number}",
                None,
                "{}",
            )
            outbox.put(connection, [entry], now + number)
        entry = Entry("story6", "ops", MessageKind.PARENT, 0, "alert6o", "d", "i", "r", ["w"], "high", "Title 6", None, "{}")
        outbox.put(connection, [entry], now + 6)
        row = outbox.parent_of(connection, "story6", "desk")
        assert row is not None
        outbox.mark_failed(connection, row.row_id, "msg_too_long", at=now + 9)
    with store.read() as connection:
        found = at_work(connection, now, alerts=5)
    assert found.collecting == (("node-a", 1),)
    assert found.lead == Lead("node-a", now + 30, 1)
    assert (found.sources_due.count, found.sources_due.since) == (2, now - 50)
    assert (found.pages, found.pages_due_since, found.polled_at) == (0, None, None)
    assert [one.title for one in found.alerts] == [f"Title {number}" for number in (6, 5, 4, 3, 2)]
    assert found.alerts[0] == LastAlert(
        "story6", "Title 6", "high", ("w",), now + 6, (Hearer("desk", "failed", "msg_too_long", None), Hearer("ops", "new", None, None))
    )


@pytest.mark.servers
def test_postgresql_is_read_and_examined(postgres: object, migrated: object, tmp_path: Path) -> None:
    url = SecretStr(migrated())  # type: ignore[operator]
    facts = store_facts(Settings(store=url), NOW)
    assert facts is not None
    assert facts.work.lead is None
    assert facts.sizes is not None
    assert facts.sizes.bytes > 0
    assert postgres is not None
    sound = worst(server_checks.postgresql, asked(tmp_path, store=url, clock=SystemClock()))
    assert sound.level is Level.OK, sound
    wrong_clock = worst(server_checks.postgresql, asked(tmp_path, store=url, clock=ManualClock(NOW.replace(year=2001))))
    assert wrong_clock.level is Level.FAIL
    assert "behind PostgreSQL's" in wrong_clock.what


@pytest.mark.servers
@pytest.mark.timeout(120)
def test_kafka_is_read_and_examined(kafka: KafkaCluster, tmp_path: Path) -> None:
    prefix = f"at-work{next(PREFIXES)}."
    what: dict[str, Any] = {"bus": f"kafka://{kafka.servers}", "topic_prefix": prefix}
    wishes = KafkaSettings((kafka.servers,), request_s=3.0, topics=TopicWishes(partitions=2))
    missing = worst(server_checks.kafka, asked(tmp_path, **what, clock=SystemClock()))
    assert (missing.level, "does not exist" in missing.what) == (Level.FAIL, True)
    with KafkaTopics(wishes, prefix=prefix) as topics:
        topics.create()
    what["kafka"] = {"num_partitions": SecretStr("2")}
    sound = worst(server_checks.kafka, asked(tmp_path, **what, clock=SystemClock()))
    assert (sound.level, "1 broker answers, Kafka 4." in sound.what, "its clock is ours" in sound.what) == (Level.OK, True, True), sound
    wrong_clock = worst(server_checks.kafka, asked(tmp_path, **what, clock=ManualClock(NOW.replace(year=2001))))
    assert (wrong_clock.level, "behind Kafka's" in wrong_clock.what) == (Level.FAIL, True)
    bus = KafkaBus(wishes, prefix=prefix)
    bus.publish(REPORTS, [Message("k", b"{}"), Message("l", b"{}")])
    bus.publish(DEAD, [Message("k", b"{}")])
    member = bus.consumer(REPORTS, ALERTING_GROUP)
    while not member.poll(timeout_s=1.0):
        pass
    facts = bus_facts(Settings(bus=what["bus"], topic_prefix=prefix))
    member.close()
    bus.close()
    assert facts is not None
    reports = {queue.topic: queue for queue in facts.queues}[REPORTS.name]
    assert (reports.records, reports.members, reports.oldest_at is not None) == (2, 1, True)
    assert {queue.topic: queue for queue in facts.queues}[ITEMS.name].members == 0
    assert (facts.dead, facts.dead_newest_at is not None, facts.processes) == (1, True, None)
