"""`newswire migrate-store`: what waits is told in the new place, an open story goes on in its thread, and nothing is told twice."""

import dataclasses
import json
import signal
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newswire.bus import Message
from newswire.topics import ALERTING_GROUP, ITEMS, PROCESSORS_GROUP, REPORTS
from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import Entry, Web, World, wait_until_ready
from tests.fake_slack import FakeSlack
from tests.servers.kafka import KafkaCluster

pytestmark = [pytest.mark.acceptance, pytest.mark.servers, pytest.mark.timeout(240)]

Migrated = Callable[[], str]


@pytest.fixture
def here(tmp_path: Path, web: Web, slack: FakeSlack) -> World:
    """The embedded pair, told to tell the fake Slack."""
    world = World(tmp_path)
    world.allow_ports(web.port)
    world.slack(slack.url)
    return world


def publish(world: World, web: Web, name: str, outlet: str, title: str = "") -> None:
    """One more feed, of this outlet, with one article and its page."""
    article = FIVE[name]
    title = title or article["title"]
    link = web.page(f"/{outlet}/{name}", title, article["text"])
    world.sources(web.feed(f"/{outlet}.xml", [Entry(title, article["summary"], link)]), name=outlet, outlet=outlet, country="PK")


def settings_of(world: World, **place: str) -> Path:
    """Write the settings of a new place, and return the file."""
    file = world.root / f"{uuid.uuid4().hex[:6]}.env"
    file.write_text("# where it goes\n" + "".join(f'{name}="{value}"\n' for name, value in place.items()), encoding="utf-8")
    return file


def on_servers(world: World, kafka: KafkaCluster, store_url: str) -> dict[str, str]:
    """Return the settings of a place on Kafka and PostgreSQL, its topics made."""
    place = {
        "NEWSWIRE_BUS": f"kafka://{kafka.servers}",
        "NEWSWIRE_STORE": store_url,
        "NEWSWIRE_TOPIC_PREFIX": f"{uuid.uuid4().hex[:8]}.",
        "NEWSWIRE_KAFKA_NUM_PARTITIONS": "4",
        "NEWSWIRE_KAFKA_SESSION_TIMEOUT_MS": "3000",
    }
    world.run("topics", "create", **more(place))
    return place


def more(place: dict[str, str]) -> dict[str, Any]:
    """Return a place as variables for one command alone."""
    return dict(place)


def go_to(world: World, place: dict[str, str]) -> None:
    for name in ("NEWSWIRE_BUS", "NEWSWIRE_STORE", "NEWSWIRE_TOPIC_PREFIX", "NEWSWIRE_DATA"):
        world.environment.pop(name, None)
    world.environment |= place


def waiting(world: World) -> tuple[int, int]:
    with world.bus() as bus:
        return bus.backlog(ITEMS, PROCESSORS_GROUP).records, bus.backlog(REPORTS, ALERTING_GROUP).records


def titles(slack: FakeSlack) -> Counter[str]:
    return Counter(str(message.body["text"]) for message in slack.posted)


def half_way(world: World, web: Web, slack: FakeSlack) -> None:
    """One story told and open, one whose reports wait, one whose item waits, and a letter in `news.dead`."""
    with world.bus() as bus:
        bus.publish(ITEMS, [Message("poison", b"not JSON")])
    publish(world, web, "demo-us-gaming", "first")
    world.run("run", "--until-idle")
    assert len(slack.posted) == 1
    publish(world, web, "demo-korea", "second")
    world.run("collect", "--until-idle")
    world.run("process", "--until-idle")
    publish(world, web, "demo-itu", "third")
    world.run("collect", "--until-idle")
    assert waiting(world) == (1, 2)
    assert len(slack.posted) == 1


def the_rest_is_told_and_the_story_goes_on(world: World, web: Web, slack: FakeSlack, first_ts: str) -> None:
    world.run("run", "--until-idle", timeout=100)
    assert waiting(world) == (0, 0)
    assert len(slack.posted) == 3
    assert slack.posted[0].ts == first_ts
    before = len(slack.posted[0].versions)

    publish(world, web, "demo-us-gaming", "fourth", FIVE["demo-us-gaming"]["title"] + ", minister says")
    world.run("run", "--until-idle", timeout=100)
    assert len([posted for posted in slack.posted if "thread_ts" not in posted.body]) == 3
    assert len(slack.posted[0].versions) > before  # the same message, edited: two outlets now
    assert "2 outlets" in json.dumps(slack.posted[0].body)
    parents = Counter(posted.alert_id for posted in slack.posted if "thread_ts" not in posted.body)
    assert set(parents.values()) == {1}
    [letter] = world.json_lines("dead", "list")
    assert letter["reason"] == "bad_record"
    assert "back on news.items" in world.run("dead", "replay", letter["dead_id"]).stdout


def test_what_waits_is_told_on_kafka_and_postgresql_and_an_open_story_goes_on(
    here: World, web: Web, slack: FakeSlack, kafka: KafkaCluster, migrated: Migrated
) -> None:
    half_way(here, web, slack)
    first = dataclasses.replace(slack.posted[0])
    place = on_servers(here, kafka, migrated())
    file = settings_of(here, **place)

    moved = here.json("migrate-store", "--to", str(file))
    assert [(one["name"], one["moved"]) for one in moved["bus"]] == [("news.items", 1), ("news.reports", 2), ("news.dead", 1)]
    counts = {one["name"]: one["moved"] for one in moved["store"]}
    assert counts["feeds"] == 3
    assert counts["outbox"] >= 1
    assert waiting(here) == (1, 2)  # the old place is as it was …
    refused = here.run("run", "--until-idle", status=2)
    assert "has moved its data to" in refused.stderr  # … and tells nothing
    again = here.run("migrate-store", "--to", str(file), status=2)
    assert "the new store is not empty: archive, decisions" in again.stderr

    go_to(here, place)
    assert waiting(here) == (1, 2)
    assert len(here.json_lines("alerts")) == 1
    the_rest_is_told_and_the_story_goes_on(here, web, slack, first.ts)


def test_the_way_back_to_one_machine(here: World, web: Web, slack: FakeSlack, kafka: KafkaCluster, migrated: Migrated) -> None:
    go_to(here, on_servers(here, kafka, migrated()))
    half_way(here, web, slack)
    place = {"NEWSWIRE_DATA": str(here.root / "back")}
    told = here.run("migrate-store", "--to", str(settings_of(here, **place)), timeout=100).stdout
    assert "1 record that processors had not read" in told
    go_to(here, place)
    the_rest_is_told_and_the_story_goes_on(here, web, slack, slack.posted[0].ts)


def test_the_store_alone_moves_and_the_bus_stays(here: World, web: Web, slack: FakeSlack, postgres: Any) -> None:
    half_way(here, web, slack)
    place = {"NEWSWIRE_DATA": str(here.data), "NEWSWIRE_STORE": postgres.new_database()}  # empty: its tables are made
    moved = here.json("migrate-store", "--to", str(settings_of(here, **place)))
    assert moved["bus"] == []
    here.environment |= place
    the_rest_is_told_and_the_story_goes_on(here, web, slack, slack.posted[0].ts)


def test_a_move_that_broke_off_is_done_again_and_nothing_is_told_before(
    here: World, web: Web, slack: FakeSlack, kafka: KafkaCluster, migrated: Migrated
) -> None:
    half_way(here, web, slack)
    place = on_servers(here, kafka, migrated())
    file = settings_of(here, **place)
    broken = here.run("migrate-store", "--to", str(file), status=-signal.SIGKILL, NEWSWIRE_CRASH_AT="move_after_records")
    assert "news.dead" in broken.stdout
    for elsewhere in ({}, place):
        refused = here.run("alert", "--until-idle", status=2, **more(elsewhere))
        assert "migrate-store" in refused.stderr

    here.run("migrate-store", "--to", str(file))
    go_to(here, place)
    assert waiting(here) == (2, 4)  # each of them twice on the new bus, which is harmless
    the_rest_is_told_and_the_story_goes_on(here, web, slack, slack.posted[0].ts)


def test_a_place_in_use_is_not_moved(here: World, web: Web, slack: FakeSlack, kafka: KafkaCluster, migrated: Migrated) -> None:
    half_way(here, web, slack)
    place = on_servers(here, kafka, migrated())
    file = settings_of(here, **place)
    running = here.start("collect")
    try:
        wait_until_ready(running)
        refused = here.run("migrate-store", "--to", str(file), status=2)
    finally:
        running.terminate()
        running.communicate(timeout=30)
    assert "the old place is in use: 1 others work with its bus" in refused.stderr
    assert "Traceback" not in refused.stderr
    other = here.start("alert", **place)
    try:
        wait_until_ready(other)
        refused = here.run("migrate-store", "--to", str(file), status=2)
    finally:
        other.terminate()
        other.communicate(timeout=30)
    assert "the new place is in use: " in refused.stderr
    assert len(slack.posted) == 1
