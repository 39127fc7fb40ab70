"""The five articles, served as feed and page: four alert, each with its reason; the domestic one stays silent, and says why."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.world import Entry, Web, World
from tests.fake_slack import FakeSlack

pytestmark = pytest.mark.acceptance

FIVE = {
    row["id"]: row
    for row in map(json.loads, (Path(__file__).parents[2] / "newswire/demo/items.jsonl").read_text("utf-8").splitlines())
    if row["id"].startswith("demo-")
}


def serve(world: World, web: Web, slack: FakeSlack, article: dict[str, Any]) -> str:
    link = web.page("/article", article["title"], article["text"])
    world.sources(web.feed("/feed", [Entry(article["title"], article["summary"], link)]), outlet="Islamabad Wire", country="PK")
    world.allow_ports(web.port)
    world.slack(slack.url)
    return link


def serve_all(world: World, web: Web, slack: FakeSlack) -> None:
    """Serve all five in one feed, and poll it until nothing is left to do."""
    entries = [Entry(one["title"], one["summary"], web.page(f"/{name}", one["title"], one["text"])) for name, one in FIVE.items()]
    world.sources(web.feed("/feed", entries), outlet="Islamabad Wire", country="PK")
    world.allow_ports(web.port)
    world.slack(slack.url)
    world.run("run", "--until-idle")


def said(slack: FakeSlack) -> str:
    return json.dumps([message.body for message in slack.posted], ensure_ascii=False)


@pytest.mark.parametrize("looks", ["feed and page", "page missing"])
def test_the_us_and_the_gaming_industry_make_one_message_with_its_reason(world: World, web: Web, slack: FakeSlack, looks: str) -> None:
    article = FIVE["demo-us-gaming"]
    link = serve(world, web, slack, article)
    if looks == "page missing":
        del web.answers["/article"]
    world.run("run", "--until-idle")
    assert len(slack.posted) == 1
    message = said(slack)
    for words in ("United States", "gaming industry", "diplomacy", "partner US", "gaming-partners"):
        assert words in message
    metadata = slack.posted[0].body["metadata"]
    assert metadata["event_type"] == "newswire_alert"
    assert set(metadata["event_payload"]) >= {"alert_id", "story_id", "watchlists"}
    [alert] = world.json_lines("alerts")
    assert alert["state"] == "sent"
    assert alert["alert_id"] == metadata["event_payload"]["alert_id"]
    assert alert["url"] == link
    stages = [(step["stage"], step["outcome"]) for step in world.json("why", link)["stages"]]
    assert ("collect", "new") in stages
    assert ("read_page", "reported" if looks == "feed and page" else "feed_final") in stages
    world.run("run", "--until-idle")
    assert len(slack.posted) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [("demo-itu", ["ITU"]), ("demo-korea", ["Korea", "partner KR"]), ("demo-china", ["China", "partner CN"])],
)
def test_a_partner_or_a_body_alerts(world: World, web: Web, slack: FakeSlack, name: str, words: list[str]) -> None:
    serve(world, web, slack, FIVE[name])
    world.run("run", "--until-idle")
    assert len(slack.posted) == 1
    for word in words:
        assert word in said(slack)


def test_a_domestic_round_table_is_silent_and_why_says_at_which_condition(world: World, web: Web, slack: FakeSlack) -> None:
    link = serve(world, web, slack, FIVE["demo-roundtable"])
    world.run("run", "--until-idle")
    assert slack.posted == []
    told = world.json("why", link)
    assert told["decision"]["kind"] == "hold"
    assert told["decision"]["reason"] == "label"
    assert any("label is domestic" in (verdict["missed"] or "") for verdict in told["decision"]["watchlists"])
    assert "label is domestic" in world.run("why", link).stdout


def test_without_a_token_the_terminal_is_told(world: World, web: Web, slack: FakeSlack) -> None:
    serve(world, web, slack, FIVE["demo-us-gaming"])
    del world.environment["NEWSWIRE_SLACK_TOKEN"]
    done = world.run("run", "--until-idle")
    assert slack.posted == []
    for words in (FIVE["demo-us-gaming"]["title"], "United States", "gaming industry", "partner US"):
        assert words in done.stdout


def test_no_secret_is_printed_anywhere(world: World, web: Web, slack: FakeSlack) -> None:
    serve(world, web, slack, FIVE["demo-us-gaming"])
    done = world.run("run", "--until-idle", NEWSWIRE_LOG="debug")
    assert "xoxb-canary" not in done.stdout + done.stderr
    for path in world.data.rglob("*"):
        if path.is_file():
            assert b"xoxb-canary" not in path.read_bytes(), path
