"""Pages that hang and swell the parsers, through the real jail: each ends within its deadline with one counted reason, and the next page is served."""

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from newswire.clock import SystemClock
from newswire.codec import encode
from newswire.jail import Jail, ProcessJail
from newswire.metrics import Metrics
from newswire.outcomes import PageOutcome, PageReason, ParseReason, RunStage
from newswire.records import Basis
from newswire.store import Store, pages, trail
from newswire.store.pages import DuePage
from processors.pages_stage import EXTRACT_DEADLINE_S, PageWorker
from tests.fake_pages import BODY, FakeHttp, FakeUnderstanding, an_item, html_page, reports_on
from tests.fakes import MemoryBus
from tests.series import series_of

pytestmark = pytest.mark.acceptance

TASKS = ("processors.jailed:extract_article", "processors.jailed:robots_allow")


def json_ld_authors(depth: int = 5_000) -> bytes:
    """134 kB that take trafilatura's metadata 18 s; they are never read by us."""
    author = '"author":{"@type":"Person",' * depth
    return f"<html><head><script type='application/ld+json'>{{{author}</script></head><body><article><p>{BODY}</p></article></body></html>".encode()


def attributes(count: int) -> bytes:
    """More attributes than libxml2's HTML parser can compare in time: it is C, and holds its thread."""
    return b"<html><body><p " + b" ".join(b"a%d=1" % n for n in range(count)) + b">x</p></body></html>"


JAIL_METRICS = Metrics()  # of the one jail that all cases share
KILLED = (PageOutcome.FEED_FINAL, ParseReason.PARSE_KILLED)
READ = (PageOutcome.REPORTED, None)  # a machine several times faster than ours ends in time
HOSTILE: dict[str, tuple[Any, ...]] = {
    "json-ld": (json_ld_authors(), READ),
    "attributes": (attributes(100_000), KILLED),
    "headings": (b"<html><body>" + b"<h1>x</h1>" * 200_000, KILLED, READ),
    "flat": (b"<html><body>" + b"<div>line</div>" * 130_000, KILLED, READ),
    "links": (b"<html><body>" + b"<a href=/x>A headline of some length</a>" * 50_000, (PageOutcome.FEED_FINAL, PageReason.NO_TEXT)),
    "random": (random.Random(7).randbytes(300_000), (PageOutcome.FEED_FINAL, PageReason.NOT_HTML)),
    "pdf": (b"%PDF-1.7\n" + random.Random(8).randbytes(300_000), (PageOutcome.FEED_FINAL, PageReason.NOT_HTML)),
    "deep": (b"<html><body>" + b"<div>" * 100_000 + b"x", (PageOutcome.FEED_FINAL, PageReason.NO_TEXT)),
}


@pytest.fixture(scope="module")
def jail() -> Iterator[Jail]:
    opened = ProcessJail(workers=1, tasks=TASKS, metrics=JAIL_METRICS)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_ends_in_time_and_the_next_is_served(name: str, jail: Jail, store: Store, bus: MemoryBus, metrics: Metrics) -> None:
    body, *ends = HOSTILE[name]
    http = FakeHttp()
    bad, good = an_item("bad", url="https://bad.example/bad"), an_item("good", url="https://good.example/good")
    http.page(str(bad.url), body)
    http.page(str(good.url), html_page(BODY))
    now = time.time()
    with store.begin() as connection:
        for place, item in enumerate((bad, good)):
            due = DuePage(item.item_id, item.revision, str(item.url), f"{item.guid}.example", encode(item), now, now - 10 + place)
            pages.add(connection, [due])
    worker = PageWorker(
        understanding=FakeUnderstanding(), store=store, bus=bus, http=http, jail=jail, clock=SystemClock(), metrics=metrics, owner="test"
    )
    worker.step()  # what is due is shown from here on
    for counting in (metrics, JAIL_METRICS):
        counting.runs(RunStage.PROCESS)
    before = series_of(metrics) | series_of(JAIL_METRICS)
    began = time.monotonic()
    while not worker.idle():
        worker.step()
        assert time.monotonic() - began < EXTRACT_DEADLINE_S + 6
    assert series_of(metrics) | series_of(JAIL_METRICS) == before
    by_name = {report.item.guid: report for report in reports_on(bus)}
    assert by_name["good"].basis is Basis.PAGE
    assert by_name["bad"].final
    with store.read() as connection:
        (step,) = trail.of_item(connection, bad.item_id)
    assert (step.outcome, step.reason) in ends
    ended = [sample.value for family in metrics.pages.collect() for sample in family.samples if sample.name.endswith("_total")]
    assert sum(ended) == metrics.registry.get_sample_value("newswire_processors_pages_in_total") == 2
