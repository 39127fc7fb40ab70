"""Five hundred stories in a minute: the cap's number of messages, then one digest, in whose thread every remaining one is named."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.test_back_pressure import Told, until
from tests.acceptance.test_reload import title_of
from tests.acceptance.world import Entry, Web, World
from tests.fake_slack import FakeSlack, Posted

pytestmark = [pytest.mark.acceptance]

STORIES, CAP = 500, 10
ROUTES = """receivers:
  - name: desk
    slack: {{channel: "#first"}}
    cap: {{per_hour: 3600}}
  - name: morning
    digest: {{to: desk, at: "{at}", zone: UTC}}
route: {{to: desk}}
"""
WATCHLIST = f"title: Quarks\nlabel: any\nwhen: {{any: [quark]}}\nalert: {{cap: {{per_hour: {CAP}, overflow: digest}}}}\n"


def digests(slack: FakeSlack) -> list[Posted]:
    return [one for one in slack.posted if one.body["metadata"]["event_type"] == "newswire_digest"]


def named(posted: Posted) -> list[str]:
    """Return the titles that a message names, by the word that each of them has."""
    return re.findall(r"\w+\d+ quark \w+\d+", json.dumps(posted.body.get("attachments", []), ensure_ascii=False))


@pytest.mark.timeout(420)
def test_a_flood_is_told_up_to_the_cap_and_the_rest_in_one_digest(world: World, web: Web, slack: FakeSlack) -> None:
    for path in [*world.config.glob("watchlists/*.yaml"), *world.config.glob("lists/*.yaml"), *world.config.glob("tests/*.yaml")]:
        path.unlink()
    (world.config / "watchlists" / "quarks.yaml").write_text(WATCHLIST)
    at = datetime.now(UTC) + timedelta(seconds=150)  # the flood is over by then, on the slower pair too
    (world.config / "routes.yaml").write_text(ROUTES.format(at=f"{at:%H:%M}"))
    titles = [title_of(n, "quark") for n in range(STORIES)]
    entries = [Entry(title, f"{title.split()[0]} of the day", f"https://wire.example/{n}.pdf") for n, title in enumerate(titles)]
    world.sources(web.feed("/feed", entries), outlet="The Wire", country="PK", interval="5s")
    world.allow_ports(web.port)
    world.slack(slack.url)
    told = Told(world.start("run"))
    try:
        until(lambda: len(slack.posted) >= CAP, 120, told)
        until(lambda: digests(slack), 240, told)
        pages = int(re.findall(r"page 1 of (\d+)", json.dumps(digests(slack)[0].body))[0])
        until(lambda: len(digests(slack)) == pages, 120, told)
        until(lambda: not [one for one in world.json_lines("alerts") if one["state"] != "sent"], 40, told)
    finally:
        status = told.end()
    assert status == 0

    first, *more = digests(slack)
    at_once = [one for one in slack.posted if one.body["metadata"]["event_type"] == "newswire_alert"]
    assert len(at_once) == CAP
    assert first.thread_ts is None
    assert {page.thread_ts for page in more} == {first.ts}
    assert len({page.body["metadata"]["event_payload"]["bulletin_id"] for page in digests(slack)}) == pages
    told_at_once = [title for one in at_once for title in named(one)[:1]]
    in_the_digest = [title for page in digests(slack) for title in named(page)]
    assert sorted({*told_at_once}) == sorted(told_at_once)
    assert sorted([*told_at_once, *in_the_digest]) == sorted(titles)
    assert re.search(rf"{STORIES - CAP} stories", first.body["text"])

    alerts = world.json_lines("alerts")
    assert sorted(one["title"] for one in alerts) == sorted(titles)
    assert {one["state"] for one in alerts} == {"sent"}
    assert sum(one["reason"] == "capped" for one in alerts) == STORIES - CAP
    assert not any("Traceback" in line for line in told.lines)
