"""Polled again and again: what has not changed is not new, however the feed shuffles and decorates it."""

import random

import pytest

from newswire.codec import decode
from newswire.records import Item
from newswire.topics import ITEMS
from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import Entry, Web, World
from tests.fake_slack import FakeSlack

pytestmark = pytest.mark.acceptance


def items(world: World) -> list[Item]:
    with world.bus() as bus:
        return [decode(Item, message.value) for message in bus.browse(ITEMS)]


@pytest.mark.timeout(120)
def test_nothing_new_comes_from_repeats_order_and_tracking(world: World, web: Web, slack: FakeSlack) -> None:
    article = FIVE["demo-korea"]
    entries = [Entry(f"{article['title']} ({n})", article["summary"], f"{web.base}/story/{n}?id={n}") for n in range(12)]
    world.sources(web.feed("/feed", entries))
    world.allow_ports(web.port)
    world.slack(slack.url)
    world.run("collect", "--until-idle")
    assert len(items(world)) == 12
    for turn in range(10):
        if turn >= 3:
            shuffled = random.Random(turn).sample(entries, len(entries))
            if turn >= 6:
                shuffled = [
                    Entry(
                        entry.title,
                        entry.summary,
                        f"{entry.link}&utm_source=rss&utm_campaign=turn{turn}&fbclid={turn}#top",
                        entry.published_at,
                    )
                    for entry in shuffled
                ]
            web.feed("/feed", shuffled)
        world.run("collect", "--until-idle")
    assert len([path for path, _ in web.requests if path == "/feed"]) == 11
    assert len(items(world)) == 12
    world.run("run", "--until-idle")
    told = len(slack.alerts)
    assert told > 0, world.run("why", entries[0].link).stdout

    web.feed("/feed", [Entry("Islamabad asks Seoul for help with 6G plan", entries[0].summary, entries[0].link), *entries[1:]])
    world.run("run", "--until-idle")
    after = items(world)
    assert len(after) == 13
    revised = after[-1] if after[-1].title.endswith("6G plan") else next(item for item in after if item.title.endswith("6G plan"))
    assert len({item.item_id for item in after}) == 12
    assert len({item.revision for item in after if item.item_id == revised.item_id}) == 2
    assert len(slack.alerts) == told
    assert [one.thread_ts for one in slack.posted if one.bulletin_id is not None] == [slack.alerts[0].ts], (
        "the new headline is said in the thread"
    )


def test_a_feed_that_says_not_modified_is_not_read_again(world: World, web: Web) -> None:
    world.sources(web.feed("/feed", [Entry("A title", "A summary", f"{web.base}/a")], ETag='W/"v1"'))
    world.allow_ports(web.port)
    world.run("collect", "--until-idle")
    world.run("collect", "--until-idle")
    assert web.requests[-1][1]["if-none-match"] == 'W/"v1"'
    [source] = world.json_lines("sources", "list")
    assert source["outcome"] == "unchanged"
    assert source["failures"] == 0
