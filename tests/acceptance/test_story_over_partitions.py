"""Forty outlets carry one press release, over six partitions and past two alerters: one story, one message."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newswire.codec import decode
from newswire.records import Report
from newswire.store import Store, outbox
from newswire.store.tables import archive, leaders, stories
from newswire.topics import REPORTS
from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import Entry, Web, World
from tests.crash.fleet import Fleet, Life, wait_until
from tests.fake_slack import FakeSlack
from tests.servers.kafka import KafkaCluster

pytestmark = [pytest.mark.acceptance, pytest.mark.servers, pytest.mark.timeout(240)]

COPIES = 40
PARTITIONS = 6
TOWNS = ("ISLAMABAD", "KARACHI", "LAHORE", "PESHAWAR", "QUETTA", "MULTAN", "SIALKOT", "GILGIT")


@pytest.fixture
def world(kafka: KafkaCluster, migrated: Callable[[], str], tmp_path: Path) -> World:
    made = World(tmp_path)
    made.on_servers(kafka, migrated(), partitions=PARTITIONS)
    return made


def copy(number: int, web: Web) -> Entry:
    """Return the release as one outlet prints it: its own dateline and headline, a paragraph cut, its page or its text in the feed."""
    release = FIVE["demo-us-gaming"]
    dateline, _, rest = str(release["text"]).partition(": ")
    assert dateline == "ISLAMABAD"
    paragraphs = f"{TOWNS[number % len(TOWNS)]}: {rest}".split("\n\n")
    if number % 3 == 1:
        del paragraphs[2]
    text = "\n\n".join([*paragraphs, f"Copyright Gazette {number}, with input from agencies."])
    headlines = (
        release["title"],
        f"{release['title']}: minister",
        "Pakistan and US agree to widen IT, telecom cooperation",
        f"{release['title']} - Gazette {number}",
    )
    link = web.page(f"/gazette{number}/it-telecom", headlines[number % 4], text)
    return Entry(headlines[number % 4], release["summary"], link, content=text if number % 2 else "")


def active(store: Store, fleet: Fleet) -> Life:
    """Return the alerter that holds the role."""
    with store.read() as connection:
        owner = connection.execute(select(leaders.c.owner)).scalar_one()
    [life] = [life for life in fleet.crew if f"-{life.process.pid}-" in owner]
    return life


def final_looks(store: Store) -> int:
    """Return how many copies have been decided for the last time."""
    with store.read() as connection:
        return connection.execute(select(func.count(archive.c.item_id.distinct())).where(archive.c.final)).scalar_one()


def unsent(store: Store) -> int:
    with store.read() as connection:
        return outbox.waiting(connection, time.time())[0]


@pytest.mark.parametrize("active_one", ["lives", "is killed half-way"])
def test_forty_copies_are_one_story_and_one_message(world: World, web: Web, slack: FakeSlack, active_one: str) -> None:
    copies = [copy(number, web) for number in range(COPIES)]
    for number, entry in enumerate(copies):
        there = [entry] if number < COPIES // 2 or active_one == "lives" else []
        world.sources(web.feed(f"/feed{number}", there), name=f"gazette-{number}", outlet=f"Gazette {number}", country="PK", interval="1s")
    world.allow_ports(web.port)
    world.slack(slack.url)
    slack.slow_s = 0.5
    with Fleet(world) as fleet, world.store() as store:
        for stage in ("alert", "alert", "collect", "process", "process"):
            fleet.start(stage)
        if active_one == "is killed half-way":
            wait_until(lambda: final_looks(store) >= COPIES // 4, limit_s=60, look_s=0.02)
            fleet.kill(active(store, fleet))
            for number in range(COPIES // 2, COPIES):
                web.feed(f"/feed{number}", [copies[number]])
        wait_until(lambda: final_looks(store) == COPIES and not unsent(store), limit_s=150)
        fleet.dismiss_all()
        assert not fleet.bugs()
    with world.bus() as bus:
        places = {(message.partition, decode(Report, message.value).item.item_id) for message in bus.browse(REPORTS)}
    assert {partition for partition, _ in places} == set(range(PARTITIONS))
    assert len({item_id for _, item_id in places}) == len(places) == COPIES
    with world.store() as store, store.read() as connection:
        assert connection.execute(select(func.count()).select_from(stories)).scalar_one() == 1
    [message] = slack.alerts
    assert f"{COPIES} outlets" in json.dumps(message.body)
