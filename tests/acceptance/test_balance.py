"""The books balance: at every stage inputs equal outcomes, no item is lost, no label comes from the world."""

import json
import re
import signal
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newswire.store.tables import archive, decisions, pages
from newswire.topics import ITEMS
from tests.acceptance.world import Entry, Web, World
from tests.fake_slack import FakeSlack

pytestmark = pytest.mark.acceptance

PAIRS = (
    ("newswire_collectors_polls", 1),
    ("newswire_collectors_entries", 1),
    ("newswire_processors_items", 1),
    ("newswire_processors_pages", 1),
    ("newswire_alerting_reports", 1),
    ("newswire_alerting_sends", 1),
    ("newswire_http_fetches", 1),
)


def corpus(count: int) -> list[dict[str, str]]:
    names = ("diplomacy-pk", "negatives", "world", "recent", "languages")
    folder = Path(__file__).parents[2] / "corpus"
    rows = [json.loads(line) for name in names for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]
    return [{**rows[n % len(rows)], "number": str(n)} for n in range(count)]


def scrape(address: str) -> dict[str, float]:
    with urllib.request.urlopen(address, timeout=5) as answer:
        text = answer.read().decode()
    return {match[1]: float(match[2]) for match in re.finditer(r"^(newswire_\S+) (\S+)$", text, re.MULTILINE)}


def summed(samples: dict[str, float], name: str) -> float:
    return sum(value for series, value in samples.items() if re.fullmatch(rf"{name}_total(\{{.*\}})?", series))


@pytest.mark.timeout(120)
def test_inputs_equal_outcomes_and_no_label_comes_from_the_world(world: World, web: Web, slack: FakeSlack) -> None:
    entries = [Entry(row["title"], row["summary"], web.page(f"/p{n}", row["title"], row["text"])) for n, row in enumerate(corpus(60))]
    entries.append(Entry("A page that is missing", "Its summary stands.", web.base + "/missing"))
    world.sources(web.feed("/feed", entries), web.base + "/no-such-feed")
    world.allow_ports(web.port)
    world.slack(slack.url)
    running = world.start("run")
    try:
        assert running.stderr is not None
        address = ""
        for line in running.stderr:
            if "/metrics" in line and "serving" in line:
                address = re.findall(r"http://[^\"\s]+/metrics", line)[0]
                break
        samples: dict[str, float] = {}
        for _ in range(600):
            samples = scrape(address)
            ends = summed(samples, "newswire_processors_items"), summed(samples, "newswire_alerting_reports")
            if sum(ends) == 183 and all(summed(samples, f"{name}_in") == summed(samples, name) for name, _ in PAIRS):
                break
            time.sleep(0.1)
        for name, _ in PAIRS:
            assert summed(samples, f"{name}_in") == summed(samples, name) > 0, name
        assert summed(samples, "newswire_collectors_entries") == 61
        assert summed(samples, "newswire_alerting_reports") == 122
        for probe in ("/healthz", "/readyz"):
            with urllib.request.urlopen(address.replace("/metrics", probe), timeout=5) as answer:
                assert answer.status == 200
        labels = " ".join(samples)
        assert "://" not in labels
        assert "127.0.0.1" not in labels
        assert not [row["title"] for row in corpus(60) if row["title"] in labels]
    finally:
        running.send_signal(signal.SIGTERM)
        _, rest = running.communicate(timeout=15)
    assert running.returncode == 0, rest


@pytest.mark.timeout(300)
def test_a_whole_day_ends_item_by_item_in_exactly_one_outcome(world: World, web: Web, slack: FakeSlack) -> None:
    rows = corpus(2000)
    urls = []
    for feed in range(40):
        entries = [
            Entry(f"{row['title']} [{row['number']}]", row["summary"], web.page(f"/p{row['number']}", row["title"], row["text"]))
            for row in rows[feed * 50 : feed * 50 + 50]
        ]
        urls.append(web.feed(f"/feed{feed}", entries))
    world.sources(*urls)
    world.allow_ports(web.port)
    world.run("run", "--until-idle", timeout=280)
    with world.bus() as bus:
        published = [message.key for message in bus.browse(ITEMS)]
    assert len(published) == len(set(published)) == 2000
    with world.store() as store, store.read() as connection:
        finals = Counter(connection.execute(select(archive.c.item_id).where(archive.c.final)).scalars())
        decided = Counter(tuple(row) for row in connection.execute(select(decisions.c.item_id, decisions.c.basis)))
        assert connection.execute(select(func.count()).select_from(pages)).scalar_one() == 0
    assert set(finals) == set(published)
    assert set(finals.values()) == {1}
    assert set(decided.values()) == {1}
    assert len(decided) == 4000
    assert world.json_lines("dead", "list") == []
