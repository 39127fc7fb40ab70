from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from newswire.bus import Message
from newswire.clock import ManualClock
from newswire.codec import decode, encode
from newswire.consumer import TooManyDead
from newswire.errors import Retryable
from newswire.jail import KillReason
from newswire.metrics import Metrics
from newswire.outcomes import FetchReason, PageOutcome, PageReason, ParseReason, RetryReason, RunStage, Stage
from newswire.records import Basis, DeadLetter, Item, Label, Report
from newswire.store import Store, pages, trail
from newswire.store.hosts import StoreSlots
from newswire.store.pages import DuePage
from newswire.topics import DEAD, Topic
from processors.pages_stage import PageWorker
from tests.fake_pages import BODY, FakeHttp, FakeUnderstanding, InlineJail, an_item, html_page, reports_on
from tests.fakes import NOW, ForgetfulStore, MemoryBus

URL = "https://news.example/a"
ROBOTS = "https://news.example/robots.txt"


@pytest.fixture
def http() -> FakeHttp:
    return FakeHttp()


@pytest.fixture
def jail() -> InlineJail:
    return InlineJail({b"HANG": KillReason.DEADLINE, b"SWELL": KillReason.MEMORY})


@pytest.fixture
def make_worker(
    store: Store, bus: MemoryBus, http: FakeHttp, jail: InlineJail, clock: ManualClock, metrics: Metrics
) -> Callable[..., PageWorker]:
    def make(owner: str = "one", **given: Any) -> PageWorker:
        parts: dict[str, Any] = {
            "understanding": FakeUnderstanding(),
            "store": store,
            "bus": bus,
            "http": http,
            "jail": jail,
            "clock": clock,
            "metrics": metrics,
            "owner": owner,
        }
        return PageWorker(**(parts | given))

    return make


@pytest.fixture
def worker(make_worker: Callable[..., PageWorker]) -> PageWorker:
    return make_worker()


def owe(store: Store, *items: Item) -> None:
    now = NOW.timestamp()
    with store.begin() as connection:
        pages.add(
            connection,
            [
                DuePage(item.item_id, item.revision, item.url or "", (item.url or "//").split("/")[2], encode(item), now, now)
                for item in items
            ],
        )


def work(worker: PageWorker, steps: int = 12) -> None:
    for _ in range(steps):
        if worker.step() == 0.25:  # nothing in flight, nothing due
            return


def owed(store: Store) -> int:
    with store.read() as connection:
        return pages.waiting(connection)[0]


def ends(metrics: Metrics) -> dict[tuple[str, str], float]:
    samples = [sample for family in metrics.pages.collect() for sample in family.samples if sample.name.endswith("_total")]
    return {(sample.labels["outcome"], sample.labels["reason"]): sample.value for sample in samples}


def last_step(store: Store, item: Item) -> trail.Step:
    with store.read() as connection:
        return trail.of_item(connection, item.item_id)[-1]


def test_a_page_is_read_and_its_report_is_final(worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp, metrics: Metrics) -> None:
    http.page(URL, html_page(BODY))
    owe(store, an_item())
    assert not worker.idle()
    work(worker)
    (report,) = reports_on(bus)
    assert (report.basis, report.final, report.page_failure, report.label) == (Basis.PAGE, True, None, Label.DIPLOMACY)
    assert report.text == BODY.strip()
    assert report.language == "en"  # the page's word, as nobody else said
    assert ends(metrics) == {(PageOutcome.REPORTED, ""): 1}
    assert metrics.registry.get_sample_value("newswire_processors_pages_in_total") == 1
    assert (last_step(store, an_item()).stage, last_step(store, an_item()).outcome) == (Stage.READ_PAGE, PageOutcome.REPORTED)
    assert owed(store) == 0
    assert worker.idle()


@pytest.mark.parametrize(
    ("tell", "reason"),
    [
        (lambda http: http.fail(URL, FetchReason.HTTP_4XX), FetchReason.HTTP_4XX),
        (lambda http: http.fail(URL, FetchReason.GONE), FetchReason.GONE),
        (lambda http: http.fail(URL, FetchReason.BLOCKED_ADDRESS), FetchReason.BLOCKED_ADDRESS),
        (lambda http: http.fail(URL, FetchReason.TOO_LARGE), FetchReason.TOO_LARGE),
        (lambda http: http.page(URL, b"%PDF-1.7 ...", "text/html"), PageReason.NOT_HTML),
        (lambda http: http.page(URL, "{}", "application/json"), PageReason.NOT_HTML),
        (lambda http: http.page(URL, bytes(range(256)) * 40, ""), PageReason.NOT_HTML),
        (lambda http: http.page(URL, " \n"), PageReason.NO_TEXT),
        (lambda http: http.page(URL, "<html><body><div id=root></div></body></html>"), PageReason.NO_TEXT),
        (lambda http: http.page(URL, html_page("A wall.")), PageReason.LESS_TEXT),
        (lambda http: http.page(URL, html_page(BODY), led_to="https://news.example/"), FetchReason.REDIRECT),
        (lambda http: http.page(URL, html_page("HANG")), ParseReason.PARSE_KILLED),
        (lambda http: http.page(URL, html_page("SWELL")), ParseReason.PARSE_KILLED),
    ],
)
def test_a_page_that_fails_for_good_makes_the_feeds_report_final(
    worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp, metrics: Metrics, tell: Callable[[FakeHttp], None], reason: str
) -> None:
    tell(http)
    good = "https://other.example/good"
    http.page(good, html_page(BODY))
    owe(store, an_item(), an_item("b", url=good))
    work(worker)
    by_name = {report.item.guid: report for report in reports_on(bus)}
    assert (by_name["a"].basis, by_name["a"].final, by_name["a"].page_failure) == (Basis.FEED, True, reason)
    assert by_name["b"].basis is Basis.PAGE
    assert ends(metrics) == {(PageOutcome.FEED_FINAL, reason): 1, (PageOutcome.REPORTED, ""): 1}
    assert last_step(store, an_item()).reason == reason
    assert owed(store) == 0


@pytest.mark.parametrize(
    "reason", [FetchReason.DNS, FetchReason.CONNECT, FetchReason.HTTP_5XX, FetchReason.RATE_LIMITED, FetchReason.DEADLINE]
)
def test_what_may_pass_is_tried_again_five_times_in_six_hours(
    worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp, clock: ManualClock, metrics: Metrics, reason: FetchReason
) -> None:
    http.fail(URL, reason)
    owe(store, an_item())
    for _ in range(40):
        work(worker)
        clock.set(clock.now() + timedelta(minutes=10))
    assert len(http.asked("/a")) == 5
    assert ends(metrics) == {(PageOutcome.RETRY, reason): 4, (PageOutcome.FEED_FINAL, PageReason.ATTEMPTS): 1}
    assert metrics.registry.get_sample_value("newswire_processors_pages_in_total") == 5
    (report,) = reports_on(bus)
    assert report.page_failure == PageReason.ATTEMPTS


def test_a_page_that_comes_back_is_read(worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp, clock: ManualClock) -> None:
    http.fail(URL, FetchReason.RATE_LIMITED, retry_after_s=1_800)
    http.page(URL, html_page(BODY))
    owe(store, an_item())
    work(worker)
    assert reports_on(bus) == []
    assert worker.idle()  # it is due in half an hour: nobody waits for that
    clock.set(NOW + timedelta(minutes=29))
    work(worker)
    assert reports_on(bus) == []
    clock.set(NOW + timedelta(minutes=31))
    work(worker)
    assert [report.basis for report in reports_on(bus)] == [Basis.PAGE]


def test_a_busy_host_costs_no_attempt(worker: PageWorker, store: Store, http: FakeHttp, clock: ManualClock, metrics: Metrics) -> None:
    for _ in range(9):
        http.fail(URL, FetchReason.HOST_BUSY)
    http.page(URL, html_page(BODY))
    owe(store, an_item())
    for _ in range(12):
        work(worker)
        clock.set(clock.now() + timedelta(seconds=31))
    assert ends(metrics) == {(PageOutcome.RETRY, FetchReason.HOST_BUSY): 9, (PageOutcome.REPORTED, ""): 1}


def test_robots_that_forbid_are_obeyed_and_kept_for_a_day(
    worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp, clock: ManualClock, metrics: Metrics
) -> None:
    http.page(
        ROBOTS, "User-agent: *\nDisallow: /\n\nUser-agent: newswire\nAllow: /open/\nDisallow: /*?print=\nDisallow: /a\n", "text/plain"
    )
    http.page("https://news.example/open/b", html_page(BODY))
    owe(store, an_item("a"), an_item("b", url="https://news.example/open/b"))
    work(worker)
    assert {report.item.guid: report.page_failure for report in reports_on(bus)} == {"a": FetchReason.ROBOTS, "b": None}
    assert http.asked("/a") == []
    clock.set(NOW + timedelta(hours=23))
    owe(store, an_item("c", url="https://news.example/open/c"))
    work(worker)
    assert http.asked("robots.txt") == [ROBOTS]
    clock.set(NOW + timedelta(hours=25))
    owe(store, an_item("d", url="https://news.example/open/d"))
    work(worker)
    assert http.asked("robots.txt") == [ROBOTS, ROBOTS]


def test_a_redirect_is_followed_where_the_robots_of_its_host_let_us(
    worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp
) -> None:
    http.page("https://open.example/robots.txt", "User-agent: *\nDisallow: /private\n", "text/plain")
    http.page("https://open.example/a", html_page(BODY), led_to="https://open.example/a")
    for name, led_to in {
        "a": "https://open.example/a",
        "b": "https://open.example/private/b",
        "c": "https://news.example/d",
        "d": "https://news.example/c",
        "e": "https://open.example/e?1",
        "f": "file:///etc/passwd",
    }.items():
        http.moves(f"https://news.example/{name}", led_to)
    for hop in range(1, 9):
        http.moves(f"https://open.example/e?{hop}", f"https://open.example/e?{hop + 1}")
    owe(store, *(an_item(name) for name in "abcef"))
    work(worker, 40)
    assert {report.item.guid: report.page_failure for report in reports_on(bus)} == {
        "a": None,
        "b": FetchReason.ROBOTS,
        "c": FetchReason.REDIRECT,  # in a circle
        "e": FetchReason.REDIRECT,  # too often
        "f": FetchReason.REDIRECT,
    }
    assert http.asked("robots.txt") == [ROBOTS, "https://open.example/robots.txt"]
    assert http.asked("/private/b") == []
    assert http.asked("e?5") == ["https://open.example/e?5"]
    assert http.asked("e?6") == []
    assert owed(store) == 0


def test_a_redirect_while_the_store_is_away_is_tried_again(
    make_worker: Callable[..., PageWorker], store: Store, bus: MemoryBus, http: FakeHttp, clock: ManualClock
) -> None:
    class AwayStore(ForgetfulStore):
        away = False

        @contextmanager
        def read(self) -> Iterator[Connection]:
            if self.away and http.asked("/a"):
                self.away = False
                raise Retryable(RetryReason.STORE, "as told")
            with super().read() as connection:
                yield connection

    unsteady = AwayStore(store)
    worker = make_worker(store=unsteady)
    http.moves(URL, "https://open.example/a")
    http.page("https://open.example/a", html_page(BODY), led_to="https://open.example/a")
    owe(store, an_item())
    unsteady.away = True
    work(worker)
    assert reports_on(bus) == []
    assert not unsteady.away
    clock.set(NOW + timedelta(minutes=1))
    work(worker)
    assert [report.basis for report in reports_on(bus)] == [Basis.PAGE]


def test_a_crawl_delay_is_the_hosts_spacing_for_all_who_ask_it(
    worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp, clock: ManualClock
) -> None:
    http.page(ROBOTS, "User-agent: *\nCrawl-delay: 20\n", "text/plain")
    http.page("https://other.example/robots.txt", "User-agent: *\nCrawl-Delay: 86400\n", "text/plain")
    for url in (URL, "https://other.example/b"):
        http.page(url, html_page(BODY))
    owe(store, an_item(), an_item("b", url="https://other.example/b"))
    work(worker)
    assert len(reports_on(bus)) == 2
    elsewhere = StoreSlots(store=store, clock=clock, owner="another process", spacing_s=2.0)
    assert elsewhere.settle(["news.example", "other.example"], []) == [20.0, 60.0]
    clock.set(NOW + timedelta(seconds=61))
    assert elsewhere.settle(["news.example"], []) == [0]
    elsewhere.settle([], [("news.example", None, False)])
    assert elsewhere.acquire("news.example") == 20.0


def test_robots_that_cannot_be_had_make_the_page_wait(
    worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp, clock: ManualClock, metrics: Metrics
) -> None:
    http.fail(ROBOTS, FetchReason.HTTP_5XX)
    http.page(ROBOTS, "", "text/plain")
    http.page(URL, html_page(BODY))
    owe(store, an_item())
    work(worker)
    assert http.asked("/a") == []
    assert ends(metrics) == {(PageOutcome.RETRY, FetchReason.HTTP_5XX): 1}
    clock.set(NOW + timedelta(minutes=6))
    work(worker)
    assert [report.basis for report in reports_on(bus)] == [Basis.PAGE]


def test_one_robots_fetch_serves_all_pages_of_a_host(worker: PageWorker, store: Store, http: FakeHttp, bus: MemoryBus) -> None:
    http.hold = True
    names = "abcd"
    for name in names:
        http.page(f"https://news.example/{name}", html_page(BODY))
    owe(store, *(an_item(name) for name in names))
    worker.step()
    assert http.asked() == [ROBOTS]
    http.let_go()
    worker.step()
    http.hold = False
    http.let_go()
    work(worker)
    assert len(http.asked("robots.txt")) == 1
    assert len(reports_on(bus)) == 4


def test_two_workers_share_the_pages(make_worker: Callable[..., PageWorker], store: Store, bus: MemoryBus, http: FakeHttp) -> None:
    one, two = make_worker("one", in_flight=20), make_worker("two", in_flight=20)
    items = [an_item(f"n{n}", url=f"https://h{n}.example/p") for n in range(30)]
    for item in items:
        http.page(str(item.url), html_page(BODY))
    owe(store, *items)
    http.hold = True
    one.step()
    two.step()
    assert (one.status().in_flight, two.status().in_flight) == (20, 10)
    http.hold = False
    http.let_go()
    for _ in range(8):
        one.step()
        two.step()
    assert sorted(report.item.item_id for report in reports_on(bus)) == sorted(item.item_id for item in items)
    assert owed(store) == 0


def test_a_host_with_many_pages_leaves_room_for_the_others(worker: PageWorker, store: Store, http: FakeHttp) -> None:
    http.hold = True
    owe(store, *(an_item(f"n{n}") for n in range(40)), an_item("z", url="https://other.example/z"))
    worker.step()
    assert worker.status().in_flight == 17  # a quarter of what may be in flight, and the other host's


class BrokenBus(MemoryBus):
    """A bus whose next publish fails, before or after the messages are on the log."""

    failing: str | None = None

    def publish(self, topic: Topic, messages: Sequence[Message]) -> None:
        failing, self.failing = self.failing, None
        if failing != "before":
            super().publish(topic, messages)
        if failing:
            raise Retryable(RetryReason.BUS, "as told")


@pytest.mark.parametrize("failing", ["before", "after"])
def test_a_publish_that_fails_is_done_again_and_the_row_stays_until_then(
    make_worker: Callable[..., PageWorker], store: Store, http: FakeHttp, metrics: Metrics, failing: str
) -> None:
    bus = BrokenBus()
    worker = make_worker(bus=bus)
    bus.failing = failing
    http.page(URL, html_page(BODY))
    owe(store, an_item())
    with pytest.raises(Retryable):
        work(worker)
    assert owed(store) == 1
    assert ends(metrics) == {}
    assert not worker.idle()
    work(worker)
    assert owed(store) == 0
    assert ends(metrics) == {(PageOutcome.REPORTED, ""): 1}
    assert len({report.item.item_id for report in reports_on(bus)}) == 1


def test_a_process_that_died_after_publishing_is_followed_by_one_that_deletes(
    make_worker: Callable[..., PageWorker], store: Store, bus: MemoryBus, http: FakeHttp, clock: ManualClock
) -> None:
    class DyingStore(Store):
        """Dies on its way to the transaction that deletes."""

        def __init__(self) -> None:
            self.writes = 0

        def begin(self) -> Any:
            self.writes += 1
            if self.writes == 2:
                raise KeyboardInterrupt
            return store.begin()

        def read(self) -> Any:
            return store.read()

    http.page(URL, html_page(BODY))
    owe(store, an_item())
    with pytest.raises(KeyboardInterrupt):
        work(make_worker("dead", store=DyingStore()))
    assert len(reports_on(bus)) == 1
    heir = make_worker("heir")
    work(heir)
    assert owed(store) == 1  # leased by the dead one
    clock.set(NOW + timedelta(minutes=6))
    work(heir)
    assert owed(store) == 0
    first, second = reports_on(bus)
    assert (first.item, first.text, first.basis) == (second.item, second.text, second.basis)


def test_a_lease_whose_answer_was_lost_is_not_renewed_and_falls_free(
    make_worker: Callable[..., PageWorker], store: Store, http: FakeHttp, clock: ManualClock
) -> None:
    forgetful = ForgetfulStore(store)
    worker = make_worker(store=forgetful)
    http.hold = True
    owe(store, an_item())
    worker.step()
    owe(store, an_item("b", url="https://other.example/b"))
    clock.set(NOW + timedelta(seconds=1))
    forgetful.lost = 1
    with pytest.raises(Retryable):
        worker.step()
    assert worker.status().in_flight == 1
    for seconds in (4, 8, 12):
        clock.set(NOW + timedelta(seconds=seconds))
        worker.step()
    assert http.asked() == [ROBOTS, "https://other.example/robots.txt"]
    assert worker.status().in_flight == 2


def test_closing_gives_pages_back_and_counts_them(
    make_worker: Callable[..., PageWorker], store: Store, bus: MemoryBus, http: FakeHttp, metrics: Metrics
) -> None:
    http.hold = True
    http.page(URL, html_page(BODY))
    owe(store, an_item())
    first = make_worker("first")
    first.step()
    first.close()
    http.close()
    assert ends(metrics) == {(PageOutcome.RETRY, PageReason.RELEASED): 1}
    http.hold = False
    work(make_worker("second"))
    assert len(reports_on(bus)) == 1
    assert metrics.registry.get_sample_value("newswire_processors_pages_in_total") == sum(ends(metrics).values()) == 2


def test_a_fetch_that_never_comes_back_is_let_go_and_looked_at_again(
    worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp, clock: ManualClock, metrics: Metrics
) -> None:
    http.hold = True
    http.page(URL, html_page(BODY))
    owe(store, an_item())
    worker.step()
    clock.set(NOW + timedelta(minutes=6))
    worker.step()
    assert ends(metrics) == {(PageOutcome.RETRY, PageReason.RELEASED): 1}
    http.hold = False
    http.let_go()
    work(worker)
    clock.set(NOW + timedelta(minutes=7))
    work(worker)
    assert len(reports_on(bus)) == 1
    assert owed(store) == 0


def test_a_page_whose_item_cannot_be_read_is_a_dead_letter_and_the_next_is_read(
    worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp, metrics: Metrics
) -> None:
    good = "https://other.example/b"
    http.page(URL, html_page(BODY))
    http.page(good, html_page(BODY))
    owe(store, an_item(title="poison"), an_item("b", url=good))
    work(worker)
    assert [report.item.guid for report in reports_on(bus)] == ["b"]
    (letter,) = (decode(DeadLetter, message.value) for message in bus.log[DEAD.name])
    assert (letter.stage, letter.topic, letter.reason) == (Stage.READ_PAGE, "news.items", "bug")
    assert ends(metrics) == {(PageOutcome.DEAD, "bug"): 1, (PageOutcome.REPORTED, ""): 1}
    assert owed(store) == 0


def test_a_stage_that_can_read_nothing_stops_and_keeps_its_pages(
    make_worker: Callable[..., PageWorker], store: Store, http: FakeHttp
) -> None:
    items = [an_item(f"n{n}", title="poison", url=f"https://h{n}.example/p") for n in range(120)]
    for item in items:
        http.page(str(item.url), html_page(BODY))
    owe(store, *items)
    with capture_logs(), pytest.raises(TooManyDead):
        work(make_worker(), 40)
    assert owed(store) > 60


def test_the_longer_text_of_feed_and_page_is_read(worker: PageWorker, store: Store, bus: MemoryBus, http: FakeHttp) -> None:
    http.page(URL, html_page(BODY))
    http.page("https://news.example/b", html_page(BODY))
    owe(store, an_item("a", content=BODY * 3), an_item("b", content=BODY[:200] + " […]"))
    work(worker)
    by_name: dict[str | None, Report] = {report.item.guid: report for report in reports_on(bus)}
    assert (by_name["a"].basis, by_name["a"].text, by_name["a"].page_failure) == (Basis.FEED, BODY * 3, PageReason.LESS_TEXT)
    assert (by_name["b"].basis, by_name["b"].text) == (Basis.PAGE, BODY.strip())


def test_a_report_that_waited_for_a_page_in_vain_is_not_timed_as_one_of_the_feeds_text(
    worker: PageWorker, store: Store, http: FakeHttp, metrics: Metrics
) -> None:
    """Else every paywall would look as if the first look had become slow."""
    metrics.runs(RunStage.PROCESS)
    http.fail(URL, FetchReason.HTTP_4XX)
    owe(store, an_item())
    work(worker)
    timed = {basis: metrics.registry.get_sample_value("newswire_seen_to_reported_seconds_count", {"basis": basis}) for basis in Basis}
    assert timed == {Basis.FEED: 0, Basis.PAGE: 1}


def test_what_is_due_is_shown_and_for_how_long_the_first_has_been(
    worker: PageWorker, store: Store, http: FakeHttp, clock: ManualClock, metrics: Metrics
) -> None:
    def due() -> tuple[float | None, float | None]:
        found = metrics.registry.get_sample_value
        return found("newswire_processors_pages_due"), found("newswire_processors_pages_due_oldest_seconds")

    http.fail(URL, FetchReason.HTTP_5XX)
    owe(store, an_item())
    clock.set(NOW + timedelta(seconds=90))
    worker.step()
    assert due() == (1, 90)
    work(worker)
    clock.set(NOW + timedelta(seconds=100))
    worker.step()
    assert due() == (1, 0)  # it waits for its next try
