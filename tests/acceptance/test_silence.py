"""A silence is added while Newswire runs: it holds the next story, another watchlist still tells, and after it the next one tells."""

import re
import threading
import time
import urllib.request

import pytest

from tests.acceptance.test_back_pressure import Told, until
from tests.acceptance.test_reload import title_of, titles
from tests.acceptance.world import Entry, Web, World
from tests.fake_slack import FakeSlack

pytestmark = [pytest.mark.acceptance]

ROUTES = """receivers:
  - name: desk
    slack: {channel: "#first"}
route: {to: desk}
"""


class Wire:
    """A feed to which items are added by hand."""

    def __init__(self, web: Web) -> None:
        self._web, self._entries, self._lock = web, list[Entry](), threading.Lock()
        self.url = web.feed("/feed", [])

    def add(self, word: str) -> tuple[str, str]:
        """Return the title and the address of a new item."""
        with self._lock:
            n = len(self._entries)
            title, link = title_of(n, word), f"https://wire.example/{n}.pdf"
            self._entries.insert(0, Entry(title, f"{title.split()[0]} of the day", link))
            self._web.feed("/feed", self._entries)
        return title, link


def gauge(told: Told, name: str) -> str:
    base = re.findall(r"(http://[^\"\s]+/metrics)", told.said("serving") or "")[0]
    with urllib.request.urlopen(base, timeout=5) as answer:
        found = re.search(rf"^{re.escape(name)} (\S+)", answer.read().decode(), re.MULTILINE)
    return found[1] if found else ""


@pytest.mark.timeout(180)
def test_a_silence_added_while_it_runs_holds_the_next_story_and_no_later_one(world: World, web: Web, slack: FakeSlack) -> None:
    for path in [*world.config.glob("watchlists/*.yaml"), *world.config.glob("lists/*.yaml")]:
        path.unlink()
    for word in ("quark", "muon"):
        (world.config / "watchlists" / f"{word}s.yaml").write_text(f"title: {word}s\nlabel: any\nwhen: {{any: [{word}]}}\n")
    (world.config / "routes.yaml").write_text(ROUTES)
    wire = Wire(web)
    world.sources(wire.url, interval="1s")
    world.allow_ports(web.port)
    world.slack(slack.url)
    before, _ = wire.add("quark")
    told = Told(world.start("run"))
    try:
        until(lambda: before in titles(slack, "first"), 60, told)

        added = world.json("silence", "add", "--watchlist", "quarks", "--for", "10m", "--by", "Ayesha", "--why", "summit week")
        held, held_at = wire.add("quark")
        other, _ = wire.add("muon")
        until(lambda: other in titles(slack, "first"), 30, told)
        until(lambda: gauge(told, 'newswire_alerting_reports_total{outcome="held",reason="silenced"}'), 30, told)
        assert titles(slack, "first") == [before, other]
        until(lambda: gauge(told, 'newswire_alerting_silences{state="ending"}') == "1.0", 30, told)
        until(lambda: told.said("silence ends soon"), 10, told)

        why = world.run("why", held_at).stdout
        assert re.search(r"held \(silenced\)", why)
        assert re.search(r"quarks: quark, but silenced by Ayesha until .* UTC: summit week", " ".join(why.split()))
        (one,) = world.json_lines("silence", "list")
        assert (one["silence_id"], one["state"], one["stories_held"]) == (added["silence_id"], "ending", 1)

        world.run("silence", "expire", added["silence_id"], "--by", "Omar")
        after, _ = wire.add("quark")
        until(lambda: after in titles(slack, "first"), 30, told)

        # One that runs out by itself.
        world.run("silence", "add", "--watchlist", "quarks", "--for", "6s", "--by", "Ayesha", "--why", "a moment")
        time.sleep(7)
        last, _ = wire.add("quark")
        until(lambda: last in titles(slack, "first"), 30, told)
        until(lambda: told.said("silence has ended"), 30, told)
    finally:
        status = told.end()
    assert status == 0
    assert titles(slack, "first") == [before, other, after, last]  # nothing of what was held came late
    assert held not in titles(slack, "first")
    assert not any("Traceback" in line for line in told.lines)
    (line,) = [one for one in world.json_lines("silence", "list", "--all") if one["silence_id"] == added["silence_id"]]
    assert (line["state"], line["by"], line["expired_by"]) == ("expired", "Ayesha", "Omar")
