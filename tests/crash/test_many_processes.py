"""Two collectors, two processors and two alerters on a real Kafka and PostgreSQL: whoever is killed or added, only the speed changes."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newswire.bus import Bus
from newswire.codec import decode
from newswire.records import Item, Report
from newswire.store import Store, outbox
from newswire.store.tables import archive, decisions, pages
from newswire.text import clean_line
from newswire.topics import ALERTING_GROUP, DEAD, ITEMS, PROCESSORS_GROUP, REPORTS
from newswire.urls import canonical_url, item_id_of_url
from tests.acceptance.world import Entry, Web, World
from tests.crash.fleet import STAGES, Fleet, Story, Wire, filler, seed, stories, wait_until
from tests.fake_slack import FakeSlack
from tests.measured import Say
from tests.servers.kafka import KafkaCluster

pytestmark = [pytest.mark.crash, pytest.mark.servers]

KILLS = int(os.environ.get("FLEET_KILLS", "20"))  # `make fleet` makes it 200, among 10,000 items: ten minutes
ITEMS_A_KILL = 50
LIFE_S = {"collect": 4.0, "process": 4.0, "alert": 7.0}  # how long one works before it is killed, in the mean
SITES = 20
SEND_S = 0.4  # how long the fake Slack takes over a message: so many kills meet one on its way


@pytest.fixture
def world(kafka: KafkaCluster, migrated: Callable[[], str], tmp_path: Path) -> World:
    made = World(tmp_path)
    made.on_servers(kafka, migrated())
    return made


@pytest.fixture
def sites() -> Iterator[list[Web]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Web()) for _ in range(SITES)]


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(slow_s=SEND_S) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Day:
    """What is to be read, and what is to be told of it."""

    entries: list[Entry]
    told: list[Story]

    @classmethod
    def of(cls, sites: Sequence[Web], *, items: int, with_page: int, told: int) -> "Day":
        """Return so many entries in which the stories are spread, some of the others with a page to be fetched, and of those some missing."""
        chosen = stories()[:told]
        assert len(chosen) == told, f"the corpus has {len(chosen)} stories apart"
        entries = [filler(n, whole=n % (items // with_page) != 0, web=sites[n % len(sites)]) for n in range(items - told)]
        for number in range(0, items - told, items // 20):
            sites[number % len(sites)].answers.pop(f"/p{number}", None)
        for number, story in enumerate(chosen):
            entries.insert(number * (items // told) + 1, story.entry(number, sites[number % len(sites)]))
        return cls(entries, chosen)

    def item_ids(self) -> set[str]:
        return {item_id_of_url(canonical_url(entry.link) or "") for entry in self.entries}


def set_out(world: World, wire: Wire, sites: Sequence[Web], slack: FakeSlack) -> None:
    world.sources(*wire.urls, interval="3s")
    world.allow_ports(*(site.port for site in sites))
    world.slack(slack.url)


def final_items(store: Store) -> int:
    """Return how many items have been decided for the last time."""
    with store.read() as connection:
        return connection.execute(select(func.count(archive.c.item_id.distinct())).where(archive.c.final)).scalar_one()


def drained(bus: Bus, store: Store, items: int) -> bool:
    """Return whether everything was read, decided and told, and nothing waits anywhere."""
    with store.read() as connection:
        owed = connection.execute(select(func.count()).select_from(pages)).scalar_one()
        unpublished = connection.execute(select(func.count()).select_from(decisions).where(~decisions.c.published)).scalar_one()
        unsent, _ = outbox.waiting(connection, time.time())
    if final_items(store) < items or owed or unpublished or unsent:
        return False
    return not any(bus.backlog(topic, group).records for topic, group in ((ITEMS, PROCESSORS_GROUP), (REPORTS, ALERTING_GROUP)))


def how_far(bus: Bus, store: Store) -> str:
    with store.read() as connection:
        owed = connection.execute(select(func.count()).select_from(pages)).scalar_one()
        unsent, _ = outbox.waiting(connection, time.time())
    items, reports = bus.backlog(ITEMS, PROCESSORS_GROUP).records, bus.backlog(REPORTS, ALERTING_GROUP).records
    return f"{final_items(store)} items final; behind: {items} items, {reports} reports, {owed} pages, {unsent} messages"


def books(bus: Bus, store: Store, slack: FakeSlack, day: Day) -> str:
    """Return, in a line, what lies on the bus twice; every item is there, ended once, and every story was told once."""
    published = Counter(decode(Item, message.value).item_id for message in bus.browse(ITEMS))
    reported = Counter(
        (report.item.item_id, report.basis, report.final) for report in (decode(Report, one.value) for one in bus.browse(REPORTS))
    )
    with store.read() as connection:
        final = Counter(connection.execute(select(archive.c.item_id).where(archive.c.final)).scalars())
        archived = set(connection.execute(select(archive.c.item_id)).scalars())
        decided = set(connection.execute(select(decisions.c.item_id)).scalars())
        looks = connection.execute(select(func.count()).select_from(archive)).scalar_one()
        decisions_taken = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
        alerts = outbox.alerts(connection)
    assert set(published) == set(final) == archived == decided == day.item_ids()
    assert set(final.values()) == {1}
    assert looks == decisions_taken == len(reported)
    assert not list(bus.browse(DEAD))
    assert {alert["state"] for alert in alerts} == {"sent"}
    assert sorted(alert["title"] for alert in alerts) == sorted(clean_line(story.title, limit=500) for story in day.told)
    told = Counter(message.alert_id for message in slack.alerts)
    assert told == {alert["alert_id"]: 1 for alert in alerts}
    twice = sum(published.values()) - len(published), sum(reported.values()) - len(reported)
    return f"{len(published)} items in, {len(final)} out, {len(told)} stories told once; on the bus twice: {twice[0]} items, {twice[1]} reports"


@pytest.mark.timeout(1_800)
def test_kills_at_any_moment_lose_nothing_and_tell_nothing_twice(world: World, sites: list[Web], slack: FakeSlack, say: Say) -> None:
    number = seed()
    chance = random.Random(number)
    items = KILLS * ITEMS_A_KILL
    day = Day.of(sites, items=items, with_page=items // 10, told=min(60, items // 100))
    wire = Wire(sites, day.entries, feeds=100)
    set_out(world, wire, sites, slack)
    with Fleet(world) as fleet, world.bus() as bus, world.store() as store:
        began = time.monotonic()
        for stage in STAGES * 2:
            fleet.start(stage)

        def let_out(kill: int) -> None:
            wire.let_out((kill + 1) * len(day.entries) // KILLS)
            if kill % 20 == 19:
                say(f"{kill} kills in {time.monotonic() - began:.0f} s: {how_far(bus, store)}")

        fleet.storm(KILLS, chance, mean_s=LIFE_S, between=let_out)
        took_s = wait_until(lambda: drained(bus, store, len(day.entries)), limit_s=300, look_s=0.5)
        line = books(bus, store, slack, day)
        fleet.dismiss_all()
        assert not fleet.bugs()
        assert not fleet.orphans()
    kills = ", ".join(f"{stage} {times}" for stage, times in sorted(fleet.kills.items()))
    say(f"seed {number}: {KILLS} kills ({kills}); {line}; drained {took_s:.1f} s after the last kill")


@pytest.mark.timeout(300)
def test_members_come_and_go_in_good_order(world: World, sites: list[Web], slack: FakeSlack, say: Say) -> None:
    day = Day.of(sites, items=1_000, with_page=200, told=10)
    wire = Wire(sites, day.entries, feeds=20)
    set_out(world, wire, sites, slack)
    with Fleet(world) as fleet, world.bus() as bus, world.store() as store:
        _, first_processor, first_alerter = [fleet.start(stage) for stage in STAGES]
        wire.let_out(400)
        wait_until(lambda: final_items(store) >= 100, limit_s=60)
        fleet.start("process")
        fleet.start("alert")
        wire.let_out(700)
        wait_until(lambda: len(fleet.up()) == 5 and final_items(store) >= 400, limit_s=60)
        wire.let_out(len(day.entries))
        fleet.dismiss(first_processor)
        fleet.dismiss(first_alerter)
        took_s = wait_until(lambda: drained(bus, store, len(day.entries)), limit_s=120, look_s=0.5)
        line = books(bus, store, slack, day)
        fleet.dismiss_all()
        assert not fleet.bugs()
    say(f"one processor and one alerter came, one of each left: {line}; drained {took_s:.1f} s later")
