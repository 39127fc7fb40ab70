"""`make bench-storage`: what an item costs on the disks of a real Kafka and a real PostgreSQL, and how many reports one alerter decides a second.

Articles of the labelled corpus go through the real stages in this process, without the web: items published a poll's handful at a time,
reports a hundred at a time, as the stages do. Printed: bytes a record on each topic (gzip, as Newswire sends them; one copy), bytes an
item in each table with its indexes, and the alerter's rate. `benchmarks/sizing.py` holds these figures as constants.

usage: python -m benchmarks.bench_storage [ITEMS]
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from alerting.desk import Desk
from alerting.leadership import StoreLeadership
from alerting.publisher import PublisherWorker
from alerting.stage import ReportHandler
from benchmarks.bench_pipeline import articles
from newswire.bus import Delivered, Message
from newswire.bus.kafka import KafkaBus
from newswire.bus.kafka_settings import KafkaSettings
from newswire.bus.kafka_topics import KafkaTopics
from newswire.cli import compose
from newswire.clock import SystemClock
from newswire.codec import SCHEMA_HEADER, TRACE_HEADER, encode, schema_of
from newswire.metrics import Metrics
from newswire.outcomes import EntryOutcome, PageOutcome, Stage
from newswire.records import Basis, Item
from newswire.store import Store, open_store, seen, trail
from newswire.store.engine import migrate
from newswire.store.tables import pages
from newswire.store.trail import Step
from newswire.topics import ITEMS, REPORTS, TOPICS
from processors.report import make_report, message_of
from processors.stage import ItemHandler
from processors.understand import Understanding
from tests.servers.kafka import FULL_SPEED, KafkaCluster, kafka_cluster
from tests.servers.postgres import PostgresServer, postgres_server
from tests.servers.processes import ServerUnavailable

ROOT: Final = Path(__file__).resolve().parents[1]
A_POLL: Final = 3  # new items that one poll of a feed finds
A_BATCH: Final = 100  # records that a processor commits together
TEXT_CHARACTERS: Final = 2_500  # 400 words, as the matching benchmark has them
_NEIGHBOURS: Final = 12
TABLES: Final = ("seen", "trail", "archive", "decisions", "stories", "story_items", "matches", "outbox", "pages")
T = TypeVar("T")


def items_of(count: int) -> list[tuple[Item, str]]:
    """Return so many items, each with its article's text."""
    now = datetime.now(UTC)
    made = []
    written = articles(count + _NEIGHBOURS)
    for number, article in enumerate(written[:count]):
        url = f"https://outlet-{number % 100}.example/news/2026/11/{number}-{'-'.join(article['title'].lower().split()[:6])}"
        revision = sha256(article["text"].encode()).hexdigest()[:16]
        item_id = sha256(url.encode()).hexdigest()[:32]
        item = Item(
            item_id=item_id,
            revision=revision,
            source_id=f"{number % 100:012x}",
            source_url=f"https://outlet-{number % 100}.example/feed",
            outlet=f"Outlet {number % 100}",
            outlet_country="PK",
            language_hint=article["language"],
            url=url,
            guid=url,
            title=article["title"],
            summary=article["summary"],
            content="",
            published_at=now - timedelta(minutes=5),
            seen_at=now,
            backlog=False,
            trace_id=item_id[:16] + revision,
        )
        # The corpus holds short texts; an article of the usual length is made of its neighbours', which differ from it as paragraphs do.
        text = article["text"]
        for other in written[number + 1 : number + _NEIGHBOURS]:
            if len(text) >= TEXT_CHARACTERS:
                break
            text += "\n\n" + other["text"]
        made.append((item, text[:TEXT_CHARACTERS]))
    return made


def pieces(values: Sequence[T], size: int) -> Iterator[list[T]]:
    """Yield the values, so many at a time."""
    rest = iter(values)
    while piece := list(islice(rest, size)):
        yield piece


def as_delivered(topic: str, messages: Sequence[Message]) -> list[Delivered]:
    """Return the messages as a stage is handed them."""
    now = datetime.now(UTC)
    return [Delivered(topic, 0, n, message.key, message.value, message.headers, now) for n, message in enumerate(messages)]


def collect(bus: KafkaBus, store: Store, items: Sequence[Item]) -> list[Message]:
    """Publish and mark the items, as collectors do, and return their messages."""
    messages = []
    for piece in pieces(items, A_POLL):
        made = [Message(i.item_id, encode(i), {SCHEMA_HEADER: schema_of(Item), TRACE_HEADER: i.trace_id}) for i in piece]
        bus.publish(ITEMS, made)
        messages += made
        at = time.time()
        with store.begin() as connection:
            seen.mark(connection, [seen.Mark(i.source_id, i.item_id, i.revision, at) for i in piece])
            detail = [{"title": i.title, "outlet": i.outlet, "source": i.source_url} for i in piece]
            steps = [
                Step(i.item_id, i.revision, Stage.COLLECT, "", EntryOutcome.NEW, None, d, at) for i, d in zip(piece, detail, strict=True)
            ]
            trail.record(connection, steps)
    return messages


def read_pages(store: Store, understanding: Understanding, items: Sequence[tuple[Item, str]]) -> list[Message]:
    """Return the page's report of each item; its row is gone, its step kept."""
    now = datetime.now(UTC)
    reports = []
    for piece in pieces(items, A_BATCH):
        made = [make_report(understanding, item, text, basis=Basis.PAGE, final=True, now=now) for item, text in piece]
        reports += [message_of(report) for report in made]
        with store.begin() as connection:
            for report in made:
                detail = {"label": report.label, "score": report.score, "language": report.language, "model": report.model}
                step = Step(report.item.item_id, report.item.revision, Stage.READ_PAGE, "", PageOutcome.REPORTED, None, detail, time.time())
                trail.record(connection, [step])
            connection.execute(pages.delete())
    return reports


def decide(store: Store, bus: KafkaBus, understanding: Understanding, reports: Sequence[Message]) -> tuple[float, float]:
    """Let an alerter decide the reports and publish its decisions; return how many it decided a second, and its processor time for each."""
    clock, metrics = SystemClock(), Metrics()
    files = compose.require_desk(ROOT / "config", understanding, clock.now())
    desk = Desk(compose.compile_desk(files), files.routes.with_terminal())
    leadership = StoreLeadership(store=store, clock=clock, metrics=metrics, owner="bench")
    leadership.leading()
    handler = ReportHandler(desk=lambda: desk, store=store, clock=clock, metrics=metrics, leadership=leadership)
    began, began_cpu = time.perf_counter(), time.process_time()
    for piece in pieces(reports, A_BATCH):
        leadership.leading()
        handler.handle(as_delivered(REPORTS.name, piece))
    rate, each_s = len(reports) / (time.perf_counter() - began), (time.process_time() - began_cpu) / len(reports)
    publisher = PublisherWorker(store=store, bus=bus, clock=clock, leadership=leadership)
    while not publisher.idle():
        publisher.step()
    return rate, each_s


def say_topics(kafka: KafkaCluster, bus: KafkaBus) -> None:
    """Print the bytes a record of each topic takes in one broker's log."""
    data = kafka.brokers[0].folder / "data"
    print("topic            records   bytes a record   as JSON")
    for topic in TOPICS:
        there = [len(message.value) for message in bus.browse(topic)]
        on_disk = sum(file.stat().st_size for folder in data.glob(f"{topic.name}-*") for file in folder.glob("*.log"))
        if there:
            print(f"{topic.name:<16} {len(there):>7,}   {on_disk / len(there):>14,.0f}   {sum(there) / len(there):>7,.0f}")


def say_tables(postgres: PostgresServer, url: str, items: int) -> None:
    """Print the bytes that an item takes in each table, indexes and all."""
    database = url.rpartition("/")[2]
    print("table            rows an item   bytes an item")
    for table in TABLES:
        rows = int(postgres.run_sql(f"SELECT count(*) FROM {table}", database))
        size = int(postgres.run_sql(f"SELECT pg_total_relation_size('{table}')", database))
        if rows:
            print(f"{table:<16} {rows / items:>12.2f}   {size / items:>13,.0f}")


def main() -> None:
    """Measure on servers of its own, and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            kafka_cluster(folder=Path(folder), java=FULL_SPEED) as kafka,
            postgres_server() as postgres,
        ):
            settings = KafkaSettings((kafka.servers,))
            with KafkaTopics(settings) as topics:
                topics.create()
            url = postgres.new_database()
            migrate(url)
            bus, store = KafkaBus(settings), open_store(url)
            understanding = compose.load_understanding(ROOT / "config")
            made = items_of(count)
            messages = collect(bus, store, [item for item, _ in made])
            handler = ItemHandler(understanding=understanding, store=store, clock=SystemClock(), metrics=Metrics())
            first: list[Message] = []
            for piece in pieces(messages, A_BATCH):
                first += [output.message for output in handler.handle(as_delivered(ITEMS.name, piece)).outputs]
            second = read_pages(store, understanding, made)
            for reports in (first, second):
                for batch in pieces(reports, A_BATCH):
                    bus.publish(REPORTS, batch)
            rate, each_s = decide(store, bus, understanding, [*first, *second])
            say_topics(kafka, bus)
            say_tables(postgres, url, count)
            print(f"one alerter decides {rate:,.0f} reports a second, {1_000 * each_s:.2f} ms of its own processor time each")
            store.close()
            bus.close()
    except ServerUnavailable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
