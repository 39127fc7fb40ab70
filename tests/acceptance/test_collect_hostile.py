"""Hostile feeds through the real client, the real jail and the real store: each ends in one counted outcome, and the good one is read meanwhile."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from collectors.jailed import FIND_FEEDS, READ_FEED
from collectors.sources import make_source
from collectors.stage import CollectWorker
from newswire.clock import SystemClock
from newswire.guard import Guard
from newswire.http import GuardedHttp
from newswire.jail import ProcessJail
from newswire.metrics import Metrics
from newswire.outcomes import RunStage
from newswire.store import Store, feeds
from newswire.store.hosts import StoreSlots
from newswire.topics import ITEMS
from tests.acceptance.world import Answer, Entry, Web
from tests.fakes import MemoryBus
from tests.series import series_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

HEAD, TAIL = b'<rss version="2.0"><channel><title>T</title>', b"</channel></rss>"
ITEM = b"<item><title>A&nbsp;title <br></title><link>https://x.example/%d</link></item>"
LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "'
    + b"ha" * 1_000
    + b'">]>'
    + HEAD
    + b"<item><title>"
    + b"&a;" * 2_000
    + b"</title><guid>1</guid></item>"
    + TAIL
)
HOSTILE = {
    # Each with the reasons that it may end in; `ok` where it can be read after all.
    "forty-thousand-attributes": (
        HEAD + b"<item " + b" ".join(b"a%d=''" % n for n in range(40_000)) + b"><title>a<br></title></item>" + TAIL,
        {"parse_killed"},
    ),
    "three-hundred-thousand-attributes": (
        HEAD + b"<item " + b" ".join(b"a%d=''" % n for n in range(300_000)) + b"><title>a</title></item>" + TAIL,
        {"ok"},
    ),
    "a-million-brackets": (HEAD + b"<" * 1_000_000 + TAIL, {"parse_killed", "ok", "parse_error", "not_a_feed"}),
    "a-small-blow-up": (LAUGHS, {"ok"}),
    "nested-elements": (HEAD + b"<a>" * 100_000 + TAIL, {"ok", "parse_killed", "parse_error"}),
    "past-the-cap": (HEAD + b" " * (9 << 20) + TAIL, {"too_large"}),
    "a-million-items": (HEAD + b"<item/>" * 1_000_000 + TAIL, {"ok", "parse_killed"}),
    "many-broken-items": (HEAD + b"".join(ITEM % n for n in range(20_000)) + TAIL, {"ok", "parse_killed"}),
    "bad-charset-name": (b'<?xml version="1.0" encoding="undefined"?>' + HEAD + TAIL, {"ok"}),
    "garbage": (bytes(range(256)) * 4_000, {"undecodable"}),
    "digits": (HEAD + b"<item><title>&#" + b"9" * 1_000_000 + b";x<br></title></item>" + TAIL, {"ok"}),
}


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


@pytest.fixture
def jail(metrics: Metrics) -> Iterator[ProcessJail]:
    running = ProcessJail(tasks=(READ_FEED, FIND_FEEDS), metrics=metrics, workers=2)
    yield running
    running.close()


def test_each_hostile_feed_ends_in_one_outcome_and_the_good_one_is_read(
    web: Web, jail: ProcessJail, store: Store, bus: MemoryBus, metrics: Metrics
) -> None:
    for name, (body, _) in HOSTILE.items():
        web.answers[f"/{name}"] = Answer(body, "application/rss+xml")
    good = web.feed("/good", [Entry("Ministers meet", "They agreed.", "https://x.example/good")])
    clock = SystemClock()
    http = GuardedHttp(
        guard=Guard([ip_network("127.0.0.0/8")], [web.port]),
        slots=StoreSlots(store=store, clock=clock, owner="test", spacing_s=0),
        metrics=metrics,
        user_agent="newswire-test",
        clock=clock,
    )
    sources = [make_source(good), *(make_source(f"{web.base}/{name}") for name in HOSTILE)]
    worker = CollectWorker(
        sources=sources, store=store, bus=bus, http=http, jail=jail, clock=clock, metrics=metrics, owner="test", floor_s=0, once=True
    )
    metrics.runs(RunStage.COLLECT)
    before = series_of(metrics)
    while not worker.idle():
        worker.step()
    worker.close()
    http.close()

    with store.read() as connection:
        health = feeds.health(connection)
    ended = {name: health[make_source(f"{web.base}/{name}").source_id].reason for name in HOSTILE}
    assert {name: reason for name, reason in ended.items() if reason not in HOSTILE[name][1]} == {}
    assert health[make_source(good).source_id].reason == "ok"
    assert any(b"Ministers meet" in message.value for message in bus.log[ITEMS.name])
    assert all(len(message.value) < 900_000 for message in bus.log[ITEMS.name])
    assert series_of(metrics) == before
    samples = {s.name: 0.0 for family in metrics.registry.collect() for s in family.samples}
    for family in metrics.registry.collect():
        for sample in family.samples:
            samples[sample.name] += sample.value
    assert samples["newswire_collectors_polls_in_total"] == samples["newswire_collectors_polls_total"] == len(sources)
    assert samples["newswire_collectors_entries_in_total"] == samples["newswire_collectors_entries_total"]
