"""The desk edits while news comes in: nothing that is half written is ever in force, nothing is lost and nothing is said twice."""

import os
import re
import signal
import subprocess
import threading
import time
import urllib.request
from collections import Counter

import pytest

from tests.acceptance.test_back_pressure import Told, until
from tests.acceptance.world import Entry, Web, World
from tests.fake_slack import FakeSlack

pytestmark = [pytest.mark.acceptance]

ROUTES = """receivers:
  - name: desk
    slack: {channel: "#first"}
route: {to: desk}
"""
QUARKS = "title: Quarks\nlabel: any\nwhen: {any: [quark]}\n"
LEPTONS = "title: Leptons\nlabel: any\nto: leptons\nwhen:\n  any: [muon, tauon]\n"
WORDS = (
    "almond", "banjo", "cactus", "dolphin", "emerald", "falcon", "glacier", "harp", "iguana", "jasmine", "kettle", "lantern", "mosaic", "nutmeg",
    "orchid", "pelican", "quilt", "raven", "saffron", "trumpet", "umbrella", "violin", "walnut", "xylophone", "yoghurt", "zebra",
)  # fmt: skip


def title_of(n: int, word: str) -> str:
    """Return a title that shares no word with any other but the one that is watched for, so that no two are one story."""
    first, second = WORDS[n % len(WORDS)], WORDS[(n * 7 + n // len(WORDS)) % len(WORDS)]
    return f"{first}{n} {word} {second}{n}"


class Wire:
    """A feed to which an item is added a little more slowly than Slack takes messages in one channel."""

    def __init__(self, web: Web) -> None:
        self.web, self.titles = web, list[str]()
        self._links: list[Entry] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self.url = web.feed("/feed", [])

    def add(self, word: str) -> str:
        with self._lock:
            n = len(self.titles)
            title = title_of(n, word)
            self.titles.append(title)
            self._links.insert(0, Entry(title, f"{WORDS[n % 26]} {n}", f"https://wire.example/{n}.pdf"))
            self.web.feed("/feed", self._links)
        return title

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._ended.wait(1.2):
            self.add("quark")


class Edited:
    """A running Newswire, and what it says of itself."""

    def __init__(self, told: Told) -> None:
        self.told = told
        until(lambda: told.said("serving"), 40, told)
        self.base = str(re.findall(r"(http://[^\"\s]+)/metrics", told.said("serving") or "")[0])

    def page(self, path: str) -> str:
        with urllib.request.urlopen(self.base + path, timeout=5) as answer:
            body: str = answer.read().decode()
        return body

    def successful(self) -> str:
        found = re.search(r"^newswire_config_last_reload_successful (\S+)", self.page("/metrics"), re.MULTILINE)
        assert found is not None
        return found[1]


def titles(slack: FakeSlack, channel: str) -> list[str]:
    names = {id_: name for name, id_ in slack._ids.items()}
    found = []
    for one in list(slack.posted):
        if names[one.channel] == channel:
            found += re.findall(r"[a-z]+\d+ (?:quark|muon) [a-z]+\d+", str(one.body.get("text")))
    return found


@pytest.mark.timeout(150)
def test_a_half_written_file_under_load_and_its_repair(world: World, web: Web, slack: FakeSlack) -> None:
    for path in [*world.config.glob("watchlists/*.yaml"), *world.config.glob("lists/*.yaml")]:
        path.unlink()
    (world.config / "watchlists" / "quarks.yaml").write_text(QUARKS)
    (world.config / "routes.yaml").write_text(ROUTES)
    wire = Wire(web)
    world.sources(wire.url, interval="1s")
    world.allow_ports(web.port)
    world.slack(slack.url)
    told = Told(world.start("run"))
    try:
        running = Edited(told)
        wire.start()
        until(lambda: len(slack.posted) >= 2, 60, told)
        assert running.successful() == "1.0"

        # Half a file lands, and all else is edited too: nothing of it comes in force. Nobody tells Newswire: it looks by itself.
        (world.config / "watchlists" / "quarks.yaml").write_text(QUARKS.replace("quark", "nothing"))
        (world.config / "watchlists" / "leptons.yaml").write_text(LEPTONS.removesuffix(" tauon]\n"))
        (world.config / "routes.yaml").write_text(ROUTES + "fallback: dekc\n")
        until(lambda: running.successful() == "0.0", 30, told)
        wire.add("muon")
        told_before = len(slack.posted)
        until(lambda: len(slack.posted) >= told_before + 3, 30, told)
        until(lambda: 'newswire_alerting_reports_total{outcome="held"' in running.page("/metrics"), 30, told)
        assert running.successful() == "0.0"
        assert running.page("/readyz").startswith("ready\nconfiguration: 2 faults, the set of ")
        assert told.said("leptons.yaml:5: ")
        assert told.said("routes.yaml:5: ")

        # The repair, told by SIGHUP: watchlists and routes come together.
        (world.config / "watchlists" / "quarks.yaml").write_text(QUARKS)
        (world.config / "watchlists" / "leptons.yaml").write_text(LEPTONS)
        (world.config / "routes.yaml").write_text(
            ROUTES.replace("route:", '  - name: leptons\n    slack: {channel: "#second"}\nroute:').replace(
                "route: {to: desk}", "route: {to: desk, routes: [{match: {watchlist: leptons}, to: leptons}]}"
            )
        )
        told.running.send_signal(signal.SIGHUP)
        until(lambda: running.successful() == "1.0", 30, told)
        new = [wire.add("muon") for _ in range(2)]
        until(lambda: len(titles(slack, "second")) >= 2, 40, told)
        assert told.said("added leptons; routes changed")
    finally:
        wire.end()
        status = told.end()
    assert status == 0
    world.run("run", "--until-idle")  # what was under way when it ended
    quarks = [title for title in wire.titles if "quark" in title]
    assert len(quarks) > 8
    assert Counter(titles(slack, "first")) == Counter(quarks)
    assert Counter(titles(slack, "second")) == Counter(new)
    assert {alert: len(posted) for alert, posted in slack.by_alert().items() if len(posted) > 1} == {}
    assert not any("Traceback" in line for line in told.lines)
    assert sum("faults, the set in force stays" in line for line in told.lines) == 1


@pytest.mark.timeout(60)
def test_a_process_without_watchlists_goes_on_after_a_sighup_and_ends_when_its_terminal_is_closed(world: World, web: Web) -> None:
    world.sources(web.feed("/feed", []))
    world.allow_ports(web.port)
    terminal, its_end = os.openpty()
    running = subprocess.Popen(
        world.command("collect"),
        env=world.full_environment(),
        cwd=world.root,
        stdin=its_end,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(its_end)
    told = Told(running)
    try:
        until(lambda: told.said("serving"), 40, told)
        until(lambda: web.requests, 40, told)
        running.send_signal(signal.SIGHUP)
        until(lambda: told.said("nothing to reload in this process"), 20, told)
        polled = len(web.requests)
        assert running.poll() is None
        assert polled >= 1
        os.close(terminal)
        time.sleep(0.1)
        running.send_signal(signal.SIGHUP)
        assert running.wait(20) == 0
        assert told.said("draining")
    finally:
        if running.poll() is None:
            running.kill()
        told.end()
