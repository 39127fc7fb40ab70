"""Killed at each named point and started again: the items and the messages are those of a run that nobody disturbed."""

import pytest
from sqlalchemy import select

from newswire.codec import decode
from newswire.crash import CRASH_POINTS
from newswire.records import Item
from newswire.store.tables import decisions
from newswire.topics import ITEMS
from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import Entry, Web, World
from tests.fake_slack import FakeSlack

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]

KILLED = -9
IN_DOUBT = ("send_after_sending", "send_after_accepted")


def serve(world: World, web: Web, slack: FakeSlack) -> None:
    entries = []
    for name, article in FIVE.items():
        entries.append(Entry(article["title"], article["summary"], web.page(f"/{name}", article["title"], article["text"])))
    world.sources(web.feed("/feed", entries), country="PK")
    world.allow_ports(web.port)
    world.slack(slack.url)


def seen_items(world: World) -> set[tuple[str, str]]:
    with world.bus() as bus:
        return {(item.item_id, item.title) for item in (decode(Item, message.value) for message in bus.browse(ITEMS))}


def final_decisions(world: World) -> set[tuple[str, str, str]]:
    with world.store() as store, store.read() as connection:
        rows = connection.execute(select(decisions.c.item_id, decisions.c.basis, decisions.c.kind))
        return {(row.item_id, row.basis, row.kind) for row in rows}


def messages(slack: FakeSlack) -> list[str]:
    return sorted(str(message.body["metadata"]["event_payload"]["alert_id"]) for message in slack.posted)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The titles told, and how many, in a run that nobody disturbs."""
    world = World(tmp_path_factory.mktemp("undisturbed"))
    with Web() as web, FakeSlack() as slack:
        serve(world, web, slack)
        world.run("run", "--until-idle")
        assert len(slack.posted) == 4
        assert len(seen_items(world)) == 5
        return sorted(alert["title"] for alert in world.json_lines("alerts"))


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_kill_loses_nothing_and_tells_nothing_twice(world: World, web: Web, slack: FakeSlack, undisturbed: list[str], point: str) -> None:
    serve(world, web, slack)
    killed = world.run("run", "--until-idle", status=KILLED, NEWSWIRE_CRASH_AT=point)
    assert killed.returncode == KILLED
    # A send in doubt waits half a minute for the channel to show it before anything is sent again.
    world.run("run", "--until-idle", timeout=100 if point in IN_DOUBT else 50)
    assert len(seen_items(world)) == 5
    alerts = world.json_lines("alerts")
    assert sorted(alert["title"] for alert in alerts) == undisturbed
    assert len(messages(slack)) == len(set(messages(slack))) == len(undisturbed)
    assert len({(item, basis) for item, basis, _ in final_decisions(world)}) == 10
    assert all(alert["state"] == "sent" for alert in alerts)
