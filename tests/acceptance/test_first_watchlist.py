"""A desk's first hour: a configuration, a watchlist from four questions, staged beside one that alerts, and then live."""

import json
import os
import pty
import subprocess

import pytest

from tests.acceptance.test_five_articles import FIVE, said
from tests.acceptance.world import Entry, Web, World
from tests.fake_slack import FakeSlack

pytestmark = pytest.mark.acceptance


def typed(world: World, *arguments: str, answers: str) -> str:
    """Return what a command said on a terminal where these answers were typed."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answers.encode())
        done = subprocess.run(
            world.command(*arguments),
            env=world.full_environment(),
            cwd=world.root,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.timeout(150)
def test_from_nothing_to_a_watchlist_that_is_live(world: World, web: Web, slack: FakeSlack) -> None:
    world.run("init", "desk")
    world.config = world.root / "desk"
    world.environment["NEWSWIRE_CONFIG"] = "desk"
    told = typed(world, "watchlist", "new", "gaming-talks", answers="\ngaming industry, esports\n\nhigh\n")
    assert "Title, above the headline of each message [Gaming talks]:" in told
    assert "any, or none [partner-countries]:" in told
    assert "desk/watchlists/gaming-talks.yaml is written." in told
    assert "It is a draft: checked and tested only; it would alert, high, on diplomacy items" in told
    world.run("check", "--strict")
    assert "tests of 3 watchlists" in world.run("test").stdout
    assert "draft → staged" in world.run("promote", "gaming-talks").stdout

    article = FIVE["demo-us-gaming"]
    link = web.page("/article", article["title"], article["text"])
    (world.config / "sources" / "first.yaml").unlink()
    world.sources(web.feed("/feed", [Entry(article["title"], article["summary"], link)]), outlet="Islamabad Wire", country="PK")
    world.allow_ports(web.port)
    world.slack(slack.url)
    world.run("run", "--until-idle")
    assert len(slack.posted) == 1
    assert "gaming-talks" not in said(slack)

    staged = {one["name"]: one for one in map(json.loads, world.run("staged", "--json").stdout.splitlines())}
    assert set(staged) == {"gaming-partners", "gaming-talks"}
    [story] = staged["gaming-talks"]["would_have_sent"]
    assert (story["title"], story["told_by"]) == (article["title"], ["it-diplomacy"])
    assert "gaming industry" in story["because"]
    verdicts = world.json("why", link)["decision"]["watchlists"]
    assert {(one["watchlist"], one["reason"]) for one in verdicts} == {
        ("it-diplomacy", None),
        ("gaming-partners", "staged"),
        ("gaming-talks", "staged"),
    }

    assert "staged → active" in world.run("promote", "gaming-talks").stdout
    world.run("check", "--strict")
    rows = {one["name"]: one for one in map(json.loads, world.run("watchlist", "list", "--json").stdout.splitlines())}
    assert [(name, rows[name]["status"], rows[name]["alerts_30d"]) for name in sorted(rows)] == [
        ("gaming-partners", "staged", 0),
        ("gaming-talks", "active", 0),
        ("it-diplomacy", "active", 1),
    ]


def test_what_cannot_be_done_ends_with_status_2_and_one_line(world: World) -> None:
    for arguments, words in (
        (("init", "config"), "a configuration is here already"),
        (("promote", "gaming"), "unknown watchlist 'gaming'"),
        (("promote", "gaming-partners", "--to", "life"), "--to: unknown status 'life'"),
        (("watchlist", "new", "Gaming Partners"), "write: newswire watchlist new gaming-partners"),
        (("watchlist", "new", "talks"), "this is no terminal to ask on"),
    ):
        done = world.run(*arguments, status=2)
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert done.stdout == ""
