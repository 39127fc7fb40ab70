"""Two collectors, two processors and two alerters on a real Kafka and PostgreSQL: whoever is killed or added, only the speed changes."""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.world import Web, World
from tests.crash.fleet import STAGES, Fleet, Wire, seed, wait_until
from tests.crash.fleet_day import Day, books, drained, final_items, how_far, set_out
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
