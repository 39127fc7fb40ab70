from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from collectors.back_pressure import BackPressure
from collectors.pressure import Degree, Limits
from collectors.sources import Source, make_source
from collectors.stage import CollectWorker
from newswire.bus import Message
from newswire.clock import ManualClock
from newswire.codec import decode
from newswire.errors import Retryable
from newswire.http import Fetched
from newswire.jail import Killed, KillReason
from newswire.metrics import Metrics
from newswire.outcomes import FetchReason, RetryReason, Stage
from newswire.records import Item
from newswire.store import Store, feeds, trail
from newswire.topics import ITEMS, PROCESSORS_GROUP, Topic
from newswire.variables import DiskLow
from tests.fakes import NOW, ForgetfulStore, MemoryBus
from tests.fakes_http import FakeHttp, InlineJail

URL = "https://news.example.pk/feed"


def rss(*items: tuple[str, str], text: str = "A text.") -> str:
    listed = "".join(
        f"<item><title>{title}</title><link>{link}</link><description>{text}</description><pubDate>Mon, 02 Nov 2026 08:00:00 GMT</pubDate></item>"
        for title, link in items
    )
    return f'<rss version="2.0"><channel><title>News</title><link>https://news.example.pk/</link>{listed}</channel></rss>'


def item(n: int, *, query: str = "") -> tuple[str, str]:
    return f"Headline {n}", f"https://news.example.pk/story/{n}{query}"


class World:
    """One collector over fakes, and what can be seen of it."""

    def __init__(self, store: Store, bus: MemoryBus, clock: ManualClock, metrics: Metrics) -> None:
        self.store, self.bus, self.clock, self.metrics = store, bus, clock, metrics
        self.http, self.jail = FakeHttp(), InlineJail()

    def pressure(self, *, slow_after_s: float, stop_after_s: float) -> BackPressure:
        limits = Limits(slow_after_s, stop_after_s, DiskLow())
        return BackPressure(bus=self.bus, clock=self.clock, metrics=self.metrics, limits=limits)

    def worker(
        self,
        *sources: Source,
        floor_s: float = 0.0,
        once: bool = True,
        in_flight: int = 400,
        owner: str = "one",
        back_pressure: BackPressure | None = None,
    ) -> CollectWorker:
        return CollectWorker(
            sources=sources or [make_source(URL, outlet="The News", country="PK", language="en")],
            store=self.store,
            bus=self.bus,
            http=self.http,
            jail=self.jail,
            clock=self.clock,
            metrics=self.metrics,
            owner=owner,
            floor_s=floor_s,
            in_flight=in_flight,
            once=once,
            back_pressure=back_pressure,
        )

    def run(self, *sources: Source, floor_s: float = 0.0) -> CollectWorker:
        """Poll every due source once, a minute after the last time."""
        self.clock.set(self.clock.now() + timedelta(minutes=1))
        worker = self.worker(*sources, floor_s=floor_s)
        for _ in range(50):
            worker.step()
            if worker.idle():
                break
        assert worker.idle()
        worker.close()
        return worker

    def items(self) -> list[Item]:
        return [decode(Item, message.value) for message in self.bus.log[ITEMS.name]]

    def count(self, metric: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(metric, labels) or 0.0

    def total(self, metric: str) -> float:
        return sum(s.value for family in self.metrics.registry.collect() for s in family.samples if s.name == metric)

    def state(self, url: str = URL) -> feeds.FeedHealth:
        with self.store.read() as connection:
            return feeds.health(connection)[make_source(url).source_id]


@pytest.fixture
def world(store: Store, bus: MemoryBus, clock: ManualClock, metrics: Metrics) -> Iterator[World]:
    made = World(store, bus, clock, metrics)
    yield made
    # Whatever a test did: every poll and every entry ended in exactly one outcome.
    if not made.http.held:
        assert made.total("newswire_collectors_polls_in_total") == made.total("newswire_collectors_polls_total")
    assert made.total("newswire_collectors_entries_in_total") == made.total("newswire_collectors_entries_total")


def test_a_new_source_gives_its_entries_once_as_backlog(world: World) -> None:
    world.http.serve(URL, rss(item(1), item(2)))
    world.run()
    world.run()
    assert [(found.title, found.backlog, found.outlet, found.outlet_country) for found in world.items()] == [
        ("Headline 1", True, "The News", "PK"),
        ("Headline 2", True, "The News", "PK"),
    ]
    world.http.serve(URL, rss(item(3), item(1), item(2)))
    world.run()
    assert [(found.title, found.backlog) for found in world.items()[2:]] == [("Headline 3", False)]


def test_ten_polls_reordered_and_with_new_tracking_parameters_give_nothing_new(world: World) -> None:
    world.http.serve(URL, rss(*(item(n) for n in range(20))))
    for _ in range(10):
        world.run()
    world.http.serve(URL, rss(*(item(n) for n in reversed(range(20)))))
    world.run()
    world.http.serve(URL, rss(*(item(n, query=f"?utm_source=rss&amp;utm_campaign={n}#comments") for n in range(20))))
    world.run()
    assert len(world.items()) == 20
    assert world.count("newswire_collectors_entries_total", outcome="unchanged") == 40  # the same bytes are not even parsed
    assert world.count("newswire_collectors_possible_gaps_total") == 0


def test_a_changed_title_is_one_revision_and_changing_back_is_none(world: World) -> None:
    world.http.serve(URL, rss(item(1)))
    world.run()
    world.http.serve(URL, rss(("Headline 1, corrected", item(1)[1])))
    world.run()
    world.run()
    world.http.serve(URL, rss(item(1)))
    world.run()
    first, second = world.items()
    assert first.item_id == second.item_id
    assert first.revision != second.revision
    assert second.title == "Headline 1, corrected"
    with world.store.read() as connection:
        steps = trail.of_item(connection, first.item_id)
    assert [(step.stage, step.outcome) for step in steps] == [(Stage.COLLECT, "new"), (Stage.COLLECT, "revised")]
    assert steps[0].detail == {
        "source": make_source(URL).source_id,
        "outlet": "The News",
        "title": "Headline 1",
        "url": "https://news.example.pk/story/1",
    }


def test_an_item_of_two_sources_is_published_once(world: World) -> None:
    other = "https://other.example.pk/feed"
    world.http.serve(URL, rss(item(1)))
    world.http.serve(other, rss(item(1), text="Another summary."))
    world.run(make_source(URL), make_source(other))
    assert len(world.items()) == 1
    assert world.count("newswire_collectors_entries_total", outcome="duplicate") == 1


def test_one_entry_twice_in_a_document_is_one_item(world: World) -> None:
    world.http.serve(URL, rss(item(1), item(1, query="?utm_medium=x")))
    world.run()
    assert len(world.items()) == 1
    assert world.count("newswire_collectors_entries_total", outcome="repeated") == 1


def test_validators_go_back_byte_for_byte_and_a_304_is_unchanged(world: World) -> None:
    world.http.serve(URL, rss(item(1)), etag='W/"a,b"', headers={"last-modified": "Mon, 2 Nov 2026 08:00:00 GMT"})
    world.run()
    world.run()
    assert dict(world.http.requests[1].headers) == {
        "accept": world.http.requests[0].headers["accept"],
        "if-none-match": 'W/"a,b"',
        "if-modified-since": "Mon, 2 Nov 2026 08:00:00 GMT",
    }
    assert world.count("newswire_collectors_polls_total", outcome="unchanged", reason="not_modified") == 1


def test_a_poll_without_a_known_entry_is_a_possible_gap(world: World) -> None:
    world.http.serve(URL, rss(item(1), item(2)))
    world.run()
    world.http.serve(URL, rss(item(8), item(9)))
    world.run()
    assert world.count("newswire_collectors_possible_gaps_total") == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html><body>Not found</body></html>", "not_a_feed"),
        (b"", "not_a_feed"),
        (b"{not json", "not_a_feed"),
        (bytes(range(256)) * 10, "undecodable"),
    ],
)
def test_a_body_that_is_no_feed_fails_with_a_reason_and_the_next_source_is_read(world: World, body: bytes, reason: str) -> None:
    good = "https://good.example.pk/feed"
    world.http.serve(URL, body)
    world.http.serve(good, rss(item(1)))
    world.run(make_source(URL), make_source(good))
    assert world.state().reason == reason
    assert world.state().failures == 1
    assert len(world.items()) == 1


def test_a_feed_that_kills_its_parser_twice_waits_for_hours(world: World) -> None:
    world.jail.kill = Killed(KillReason.DEADLINE, "read_feed")
    world.http.serve(URL, b"<rss><broken")
    world.run()
    assert world.state().reason == "parse_killed"
    world.run()
    assert world.state().next_due_at - world.clock.now().timestamp() > 4 * 3600


def test_gone_retires_the_source(world: World) -> None:
    world.http.fail(URL, FetchReason.GONE, status=410)
    world.run()
    world.clock.set(world.clock.now() + timedelta(days=30))
    world.run()
    assert len(world.http.asked(URL)) == 1
    assert world.state().gone_at is not None


def test_a_busy_host_is_no_failure_and_the_source_stays_due(world: World) -> None:
    world.http.fail(URL, FetchReason.HOST_BUSY, retry_after_s=2)
    worker = world.worker()
    worker.step()
    assert not worker.idle()
    assert worker.status().failing == 0
    worker.step()
    assert len(world.http.asked(URL)) == 1  # not before the two seconds are over
    world.http.serve(URL, rss(item(1)))
    world.clock.set(world.clock.now() + timedelta(seconds=3))
    worker.step()
    worker.step()
    assert worker.idle()
    assert len(world.items()) == 1


def test_hanging_hosts_do_not_delay_the_others(world: World) -> None:
    slow = [f"https://slow{n}.example.pk/feed" for n in range(50)]
    for url in slow:
        world.http.hang(url)
    world.http.serve(URL, rss(item(1)))
    worker = world.worker(*(make_source(url) for url in slow), make_source(URL))
    worker.step()
    worker.step()
    assert len(world.items()) == 1
    assert not worker.idle()
    assert worker.status().in_flight == 50
    worker.close()


def test_a_large_feed_does_not_starve_the_others(world: World) -> None:
    large = [f"https://large{n}.example.pk/feed" for n in range(2)]
    for number, url in enumerate(large):
        world.http.serve(url, rss(*(item(number * 10_000 + n) for n in range(1_100))))
    world.http.serve(URL, rss(item(1_000_000)))
    world.run(*(make_source(url) for url in large), make_source(URL))
    assert len(world.items()) == 2_001
    assert world.count("newswire_collectors_entries_total", outcome="overflow") == 200


def test_two_workers_never_poll_one_source_at_a_time(world: World) -> None:
    world.http.hang(URL)
    first, second = world.worker(owner="one"), world.worker(owner="two")
    first.step()
    second.step()
    assert len(world.http.asked(URL)) == 1
    first.close()  # gives the lease back
    world.clock.set(world.clock.now() + timedelta(seconds=1))
    second.step()
    assert len(world.http.asked(URL)) == 2
    second.close()


def test_a_lease_is_renewed_while_its_poll_goes_on_and_soon_free_where_its_holder_died(world: World) -> None:
    world.http.hang(URL)
    first, second = world.worker(owner="one"), world.worker(owner="two")
    first.step()
    for _ in range(10):
        world.clock.set(world.clock.now() + timedelta(seconds=4))
        first.step()
        second.step()
    assert len(world.http.asked(URL)) == 1
    for _ in range(4):  # the first one was killed
        world.clock.set(world.clock.now() + timedelta(seconds=4))
        second.step()
    assert len(world.http.asked(URL)) == 2
    second.close()


def test_a_lease_whose_answer_was_lost_is_not_renewed_and_falls_free(world: World) -> None:
    slow = "https://slow.example.pk/feed"
    world.http.hang(slow)
    world.http.serve(URL, rss(item(1)))
    world.run(floor_s=10)
    world.store = forgetful = ForgetfulStore(world.store)
    worker = world.worker(make_source(slow), make_source(URL), once=False, floor_s=10)
    worker.step()
    world.clock.set(world.clock.now() + timedelta(minutes=1))
    forgetful.lost = 2
    for _ in range(2):  # the renewal of the slow one's lease, then the lease of the other, which is due again
        with pytest.raises(Retryable):
            worker.step()
    assert len(world.http.asked(URL)) == 1
    for _ in range(3):
        world.clock.set(world.clock.now() + timedelta(seconds=4))
        worker.step()
    assert len(world.http.asked(URL)) == 2
    assert len(world.http.asked(slow)) == 1  # what it knows of, it kept
    worker.close()


def test_few_sources_of_one_host_are_leased_at_a_time(world: World) -> None:
    urls = [f"https://one.example.pk/feed/{n}" for n in range(20)]
    for url in urls:
        world.http.hang(url)
    worker = world.worker(*(make_source(url) for url in urls))
    worker.step()
    assert worker.status().in_flight == 4
    worker.close()


def test_a_pipeline_that_falls_behind_slows_the_polls_then_stops_them_and_lets_them_go_on(world: World) -> None:
    source = make_source(URL, interval_s=600)
    world.http.serve(URL, rss(item(1)))
    world.run(source, floor_s=60)  # at 9:01, and nobody reads the item
    worker = world.worker(source, once=False, floor_s=60, back_pressure=world.pressure(slow_after_s=600, stop_after_s=1_200))
    for minutes in (15, 17.5, 25, 60):  # it was due at 9:11
        world.clock.set(NOW + timedelta(minutes=minutes))
        worker.step()
        assert len(world.http.asked(URL)) == 1
    assert worker.status().pressure.degree is Degree.STOP
    world.bus.committed[ITEMS.name, PROCESSORS_GROUP] = 1
    world.clock.set(NOW + timedelta(minutes=61))
    for _ in range(3):
        worker.step()
    assert len(world.http.asked(URL)) == 2
    assert worker.status().pressure.degree is Degree.GO
    worker.close()


def test_polls_under_way_at_a_stop_are_published_and_one_who_works_until_idle_ends_with_the_reason(world: World) -> None:
    other = "https://other.example.pk/feed"
    world.http.hang(URL)
    world.http.serve(other, rss(item(2)))
    worker = world.worker(make_source(URL), back_pressure=world.pressure(slow_after_s=60, stop_after_s=120))
    worker.step()
    world.bus.publish(ITEMS, [Message("an older item", b"")])
    world.clock.set(world.clock.now() + timedelta(minutes=5))
    late = world.worker(make_source(URL), make_source(other), owner="two", back_pressure=world.pressure(slow_after_s=60, stop_after_s=120))
    late.step()
    worker.step()
    assert worker.status().pressure.degree is Degree.STOP
    world.http.let_go(URL, Fetched(URL, 200, {}, rss(item(1)).encode(), None, 0.01))
    worker.step()
    assert len(world.bus.log[ITEMS.name]) == 2
    assert worker.idle()
    assert not late.idle()
    assert world.http.asked(other) == []
    world.clock.set(world.clock.now() + timedelta(minutes=1))
    late.step()  # the item that the other one published has moved something
    world.clock.set(world.clock.now() + timedelta(minutes=1))
    late.step()
    assert late.idle()
    assert "the processors are 7m behind" in (late.stuck() or "")
    assert world.http.asked(other) == []
    worker.close()
    late.close()


class _DeafBus(MemoryBus):
    def __init__(self) -> None:
        super().__init__()
        self.deaf = 0

    def publish(self, topic: Topic, messages: object) -> None:
        if self.deaf:
            self.deaf -= 1
            raise Retryable(RetryReason.BUS, "the fake was told to be deaf")
        super().publish(topic, messages)  # type: ignore[arg-type]


def test_what_could_not_be_published_is_published_later(world: World) -> None:
    bus = _DeafBus()
    bus.deaf = 2
    world.bus = bus
    world.http.serve(URL, rss(item(1)))
    worker = world.worker()
    worker.step()
    for _ in range(2):
        with pytest.raises(Retryable):
            worker.step()
    assert not worker.idle()
    worker.step()
    assert len(world.items()) == 1
    assert worker.idle()
    assert len(world.http.asked(URL)) == 1


def test_a_source_taken_out_of_the_configuration_is_polled_no_more(world: World) -> None:
    other = "https://other.example.pk/feed"
    world.http.serve(URL, rss(item(1)))
    world.http.serve(other, rss(item(2)))
    world.run(make_source(URL), make_source(other))
    world.run(make_source(other))
    world.run(make_source(URL), make_source(other))
    assert len(world.http.asked(URL)) == 2
    assert len(world.http.asked(other)) == 3
    assert len(world.items()) == 2


def test_a_permanent_redirect_is_learned_at_the_third_time_and_given_up_when_it_fails(world: World) -> None:
    new = "https://new.example.pk/feed"
    for n in range(3):
        world.http.serve(URL, rss(item(n)), permanent_url=new)
        world.run()
    assert world.state().learned_url == new
    world.http.fail(new, FetchReason.HTTP_4XX)
    for _ in range(3):
        world.clock.set(world.clock.now() + timedelta(hours=1))
        world.run()
    assert world.state().learned_url is None
    world.clock.set(world.clock.now() + timedelta(hours=1))
    world.run()
    assert len(world.http.asked(URL)) == 4
    assert len(world.http.asked(new)) == 3


def test_failures_in_a_row_wait_longer_and_longer(world: World) -> None:
    world.http.fail(URL, FetchReason.HTTP_5XX)
    waits: list[float] = []
    for _ in range(6):
        world.clock.set(world.clock.now() + timedelta(days=2))
        world.run(floor_s=120)
        waits.append(world.state().next_due_at - world.clock.now().timestamp())
    assert all(later > earlier for earlier, later in zip(waits[::2], waits[2::2], strict=False))
    assert max(waits) <= 86_400


@pytest.mark.parametrize("feed_xml", [rss, lambda *items: rss(*items).replace("A text.", "A&nbsp;text.")])
def test_the_same_entries_have_the_same_ids_whichever_reader_read_them(world: World, feed_xml: Callable[..., str]) -> None:
    world.http.serve(URL, rss(item(1), item(2)).replace("A text.", "A\u00a0text."))
    world.run()
    world.http.serve(URL, feed_xml(item(1), item(2)) + "<!-- changed -->")
    world.run()
    assert len(world.items()) == 2
