"""The second look over real sockets: the guarded client, host slots in the store, the jail, a site that misbehaves."""

import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from newswire.clock import SystemClock
from newswire.codec import encode
from newswire.guard import Guard, host_key
from newswire.http import GuardedHttp
from newswire.jail import ProcessJail
from newswire.metrics import Metrics
from newswire.outcomes import FetchReason, PageOutcome, PageReason
from newswire.records import Report
from newswire.store import Store, pages, trail
from newswire.store.hosts import StoreSlots
from newswire.store.pages import DuePage
from processors.pages_stage import PageWorker
from tests.acceptance.world import Answer, Web
from tests.fake_pages import BODY, FakeUnderstanding, an_item, html_page, reports_on
from tests.fakes import MemoryBus

pytestmark = pytest.mark.acceptance


@pytest.fixture
def site() -> Iterator[Web]:
    with Web() as web:
        yield web


@pytest.fixture
def forbidden() -> Iterator[Web]:
    with Web("127.0.0.2") as web:
        yield web


@pytest.fixture
def worker(store: Store, bus: MemoryBus, metrics: Metrics, site: Web, forbidden: Web) -> Iterator[PageWorker]:
    clock = SystemClock()
    http = GuardedHttp(
        guard=Guard((ip_network("127.0.0.1/32"),), frozenset((site.port, forbidden.port))),
        slots=StoreSlots(store=store, clock=clock, owner="test", spacing_s=0),
        metrics=metrics,
        user_agent="newswire/test",
        clock=clock,
    )
    jail = ProcessJail(
        workers=1,
        tasks=("processors.jailed:extract_article", "processors.jailed:robots_allow", "processors.jailed:robots_delay"),
        metrics=metrics,
    )
    worker = PageWorker(
        understanding=FakeUnderstanding(), store=store, bus=bus, http=http, jail=jail, clock=clock, metrics=metrics, owner="test"
    )
    yield worker
    worker.close()
    http.close()
    jail.close()


def owe(store: Store, site: Web, *names: str) -> None:
    now = time.time()
    due = []
    for name in names:
        item = an_item(name, url=f"{site.base}/{name}")
        due.append(DuePage(item.item_id, item.revision, str(item.url), host_key(str(item.url)) or "", encode(item), now, now))
    with store.begin() as connection:
        pages.add(connection, due)


def reports_of(worker: PageWorker, bus: MemoryBus) -> dict[str, Report]:
    until = time.monotonic() + 20
    while not worker.idle():
        worker.step()
        assert time.monotonic() < until
    return {str(report.item.guid): report for report in reports_on(bus)}


def test_each_page_of_a_misbehaving_site_ends_and_the_good_ones_are_read(
    worker: PageWorker, store: Store, bus: MemoryBus, site: Web, forbidden: Web
) -> None:
    site.answers = {
        "/robots.txt": Answer(b"User-agent: *\nDisallow: /private\n", "text/plain"),
        "/good": Answer(html_page(BODY).encode()),
        "/koi8": Answer(html_page("Министр принял посла. " * 20).encode("koi8-r"), "text/html; charset=koi8-r"),
        "/private": Answer(html_page(BODY).encode()),
        "/moved": Answer(b"", status=301, headers={"Location": "/good"}),
        "/inward": Answer(b"", status=302, headers={"Location": f"{forbidden.base}/secret"}),
        "/metadata": Answer(b"", status=302, headers={"Location": "http://169.254.169.254/latest/"}),
        "/endless": Answer(b"<p>" + b"x" * (5 << 20)),
        "/film": Answer(b"\0\0\0\x18ftypmp42", "video/mp4"),
        "/front": Answer(b"", status=302, headers={"Location": "/"}),
        "/": Answer(html_page(BODY).encode()),
    }
    owe(store, site, "good", "koi8", "private", "moved", "inward", "metadata", "endless", "film", "front", "missing")
    found = reports_of(worker, bus)
    assert {name: report.page_failure for name, report in found.items()} == {
        "good": None,
        "koi8": None,
        "private": FetchReason.ROBOTS,
        "moved": None,
        "inward": FetchReason.BLOCKED_ADDRESS,
        "metadata": FetchReason.BLOCKED_ADDRESS,
        "endless": FetchReason.TOO_LARGE,
        "film": PageReason.NOT_HTML,
        "front": FetchReason.REDIRECT,
        "missing": FetchReason.HTTP_4XX,
    }
    assert all(report.final for report in found.values())
    assert found["koi8"].text.startswith("Министр принял посла.")
    assert forbidden.requests == []
    asked = [path for path, _ in site.requests]
    assert asked.count("/robots.txt") == 1
    assert "/private" not in asked


def test_a_site_that_asks_to_be_left_alone_is(worker: PageWorker, store: Store, bus: MemoryBus, site: Web) -> None:
    site.answers = {"/a": Answer(b"", status=503, headers={"Retry-After": "900"})}
    owe(store, site, "a")
    assert reports_of(worker, bus) == {}  # idle, since nothing is to be done for a quarter of an hour
    owe(store, site, "b")
    worker.step()
    assert worker.status().in_flight == 0
    assert [path for path, _ in site.requests] == ["/robots.txt", "/a"]
    with store.read() as connection:
        (step,) = trail.of_item(connection, an_item("a").item_id)
        assert pages.waiting(connection)[0] == 2
    assert (step.outcome, step.reason) == (PageOutcome.RETRY, FetchReason.RATE_LIMITED)
