"""What the world sends makes no series: hostile feeds, pages and records, through the whole of a running watch."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from newswire.bus import Message
from newswire.topics import ITEMS
from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import Answer, Entry, Web, World, rss
from tests.fake_slack import FakeSlack
from tests.measured import Say
from tests.series import scraped, series_in, summed
from tests.servers.processes import free_ports

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

RSS = "application/rss+xml"
EMPTY = Answer(rss([]).encode(), RSS)
FAILING = {
    "/garbage": Answer(bytes(range(256)) * 400, RSS),
    "/not-a-feed": Answer(b"<html><body><p>No feed here", "text/html"),
    "/too-large": Answer(b"<rss><channel>" + b" " * (9 << 20) + b"</channel></rss>", RSS),
    "/private": Answer(b"", status=302, headers={"Location": "http://10.0.0.1:80/"}),
    "/file": Answer(b"", status=302, headers={"Location": "file:///etc/passwd"}),
    "/teapot": Answer(b"", status=418),
    "/refuses": Answer(b"", status=403),
    "/broken": Answer(b"", status=500),
    "/later": Answer(b"", status=429, headers={"Retry-After": "3600"}),
    "/gone": Answer(b"", status=410),
}


def strange(web: Web) -> Answer:
    """A feed whose words, languages, names and pages are nobody's: all of it can be read."""
    web.answers["/many-h1"] = Answer(b"<html><body>" + b"<h1>a</h1>" * 200_000 + b"</body></html>")
    web.answers["/attributes"] = Answer(b"<html><body><p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">x</p></body></html>")
    web.answers["/pdf"] = Answer(b"%PDF-1.7\n" + b"\0" * 1_000, "application/pdf")
    entries = [
        Entry("Ꮳꮃꭹ ꭶꮼꮒꭿꮝꮧ ꭰꮥꮃ", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ " * 20, web.base + "/cherokee"),
        Entry('"} 1\n# TYPE evil counter\nevil{a="b', "x" * 5_000, web.base + "/attributes"),
        Entry("Ambassador of Atlantis meets telecom minister of Narnia", "They agreed on gaming. " * 30, web.base + "/many-h1"),
        Entry("<!channel> \u202e\x1b[31m diplomacy", "A text.", web.base + "/pdf"),
        *(Entry(f"Tlhlngan Hol {n} xq’ vuvul", "", f"{web.base}/none/{n}?language=x-{n}") for n in range(40)),
    ]
    body = rss(entries).replace("<description>d</description>", "<description>d</description><language>x-evil</language>")
    return Answer(body.replace("\x1b", "&#27;").encode(), RSS)


def metrics_address(running: "subprocess.Popen[str]") -> str:
    assert running.stderr is not None
    serving = next(line for line in running.stderr if "serving" in line)
    return str(re.findall(r"http://[^\"\s]+/metrics", serving)[0])


def once(address: str, holds: Callable[[str], bool]) -> str:
    """Return the first exposition of which something holds."""
    shown = ""
    for _ in range(400):
        shown = scraped(address)
        if holds(shown):
            return shown
        time.sleep(0.1)
    raise AssertionError("never so: " + "\n".join(line for line in shown.splitlines() if re.search(r"^newswire_[^ ]* [^0]", line)))


@pytest.fixture
def apart() -> Iterator[dict[str, Web]]:
    """A host of its own for each answer: one that refuses must not hold the others back."""
    with ExitStack() as stack:
        yield {path: stack.enter_context(Web(f"127.0.2.{n}")) for n, path in enumerate(FAILING, 1)}


def test_after_hostile_inputs_the_number_of_series_is_what_it_was(
    world: World, web: Web, apart: dict[str, Web], slack: FakeSlack, say: Say
) -> None:
    article = FIVE["demo-us-gaming"]
    good = web.feed("/good", [Entry(article["title"], article["summary"], web.page("/article", article["title"], article["text"]))])
    web.answers["/strange"] = EMPTY
    for one in apart.values():
        one.answers["/feed"] = EMPTY
    world.sources(good, f"{web.base}/strange", *(f"{one.base}/feed" for one in apart.values()), country="PK", interval="1s")
    world.allow_ports(web.port, *(one.port for one in apart.values()))
    world.slack(slack.url)
    running = world.start("run")
    try:
        address = metrics_address(running)
        # One ordinary item has gone all the way, and every worker has looked.
        before = once(
            address,
            lambda shown: (
                summed(shown, "newswire_alerting_sends_total", 'outcome="sent"') >= 1
                and summed(shown, "newswire_alerting_reports_total") >= 2
                and summed(shown, "newswire_collectors_sources", 'state="ok"') == len(FAILING) + 2
                and all(name in shown for name in ("newswire_disk_bytes ", "newswire_alerting_search_lag_seconds ", 'state="ending"'))
            ),
        )
        failed = summed(before, "newswire_collectors_polls_total", 'outcome="failed"')
        items = summed(before, "newswire_processors_items_total")
        web.answers["/strange"] = strange(web)
        for path, answer in FAILING.items():
            apart[path].answers["/feed"] = answer
        with world.bus() as bus:
            bus.publish(
                ITEMS, [Message("no-item", b"\xff\x00 no JSON"), Message("newer", json.dumps({"schema": 99, "x" * 50: 1}).encode())]
            )
        after = once(
            address,
            lambda shown: (
                summed(shown, "newswire_collectors_polls_total", 'outcome="failed"') >= failed + len(FAILING)
                and summed(shown, "newswire_processors_items_total") >= items + 2 + 44
                and summed(shown, "newswire_dead_letters_total") >= 2
                and summed(shown, "newswire_processors_pages_total") == summed(shown, "newswire_processors_pages_in_total") >= 44
                and summed(shown, "newswire_alerting_reports_total") >= 2 + 2 * 43 + 1  # one feed text is whole
            ),
        )
    finally:
        running.send_signal(signal.SIGTERM)
        _, rest = running.communicate(timeout=20)
    assert running.returncode == 0, rest
    assert series_in(after) ^ series_in(before) == set()
    assert "evil" not in after
    assert len(series_in(before)) < 2_000
    say(f"{len(series_in(before))} series of one process with all stages, before hostile inputs and after")


def test_a_process_whose_store_is_away_from_the_start_shows_its_stage_and_what_it_waits_for(world: World) -> None:
    """Else the alarm would ask for a process to be started that is there, and say nothing of the server that is not."""
    [port] = free_ports(1)
    world.sources()
    running = world.start("collect", NEWSWIRE_STORE=f"postgresql+psycopg://newswire@127.0.0.1:{port}/news")
    try:
        shown = once(metrics_address(running), lambda shown: 'newswire_dependency_up{dependency="store"}' in shown)
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=20)
    assert 'newswire_dependency_up{dependency="store"} 0.0' in shown
    assert 'newswire_stage_up{stage="collect"} 1.0' in shown
    assert "newswire_ready 0.0" in shown
    assert 'newswire_dependency_up{dependency="bus"}' not in shown  # nobody has tried
