"""`make bench-search`: what the search index costs a report, and how long a search takes beside a plain LIKE over the same archive.

Articles of the labelled corpus, made as long as an article usually is, are archived in an SQLite store (with `--store`, in the empty database
at that URL). Printed: the alerting stage's time for a report with the index's list and without it, the index's own time and bytes for a
report, and for each query the middle of five searches by the index and one LIKE scan of the archived reports, in the same run.

usage: python -m benchmarks.bench_search [--reports 100000] [--staged 2000] [--store URL]
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from alerting.archive_upkeep import IndexWorker
from alerting.desk import Desk
from alerting.stage import ReportHandler
from benchmarks.bench_pipeline import articles
from newswire.clock import SystemClock
from newswire.metrics import Metrics
from newswire.records import Label, Report
from newswire.search_query import parse
from newswire.store import Store, archive, open_store, search
from newswire.store.archive import Archived
from newswire.store.engine import migrate
from newswire.store.search import Filter
from tests.alerting_builders import GAMING, TELECOM, AlwaysLeading, a_report, a_set, delivered, routes_to

TEXT_CHARACTERS: Final = 2_500  # 400 words
A_BATCH: Final = 100
RUNS: Final = 5
QUERIES: Final = (
    ("a common word", "minister", "minister"),
    ("two words", "submarine cable", "submarine"),
    ("a phrase", '"artificial intelligence"', "artificial intelligence"),
    ("a prefix", "satellit*", "satellit"),
    ("Chinese", "人工智能", "人工智能"),
    ("Arabic", "الاتصالات", "الاتصالات"),
    ("nothing there", "zyzzyvas", "zyzzyvas"),
)


def reports(count: int) -> Iterator[Report]:
    """Yield so many different reports, oldest first."""
    now, rng, written = SystemClock().now(), random.Random(7), articles(min(count, 4_000))
    for number in range(count):
        article = written[number % len(written)]
        body = "\n\n".join([article["text"], *(rng.choice(written)["text"] for _ in range(6))])[:TEXT_CHARACTERS]
        at = now - timedelta(seconds=count - number)
        made = a_report(
            f"n{number}",
            title=f"{article['title']} {number}",
            lead=article["summary"],
            text=body,
            label=Label.DIPLOMACY if number % 10 == 0 else Label.OTHER,
            language=article["language"],
        )
        yield replace(made, item=replace(made.item, published_at=at, seen_at=at), reported_at=at)


def batches(values: Iterator[Report]) -> Iterator[list[Report]]:
    batch: list[Report] = []
    for value in values:
        batch.append(value)
        if len(batch) == A_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def handler_of(store: Store) -> ReportHandler:
    desk = Desk(a_set(gaming=GAMING, telecom=TELECOM), routes_to("desk"))
    return ReportHandler(desk=lambda: desk, store=store, clock=SystemClock(), metrics=Metrics(), leadership=AlwaysLeading())


def indexed(store: Store) -> float:
    """Index all that is due; return the seconds that it took."""
    worker = IndexWorker(store=store, clock=SystemClock(), metrics=Metrics(), leadership=AlwaysLeading())
    started = time.perf_counter()
    while not worker.idle():
        worker.step()
    return time.perf_counter() - started


def stage(folder: Path, count: int) -> None:
    """Print what the alerting stage takes for a report, a batch by turns with and without the list of what is to be indexed."""
    put_due = search.put_due
    stores = {kind: open_store(f"sqlite:///{folder / kind}.sqlite3") for kind in ("with", "without")}
    handlers = {kind: handler_of(store) for kind, store in stores.items()}
    took = dict.fromkeys(stores, 0.0)
    for batch in batches(reports(count)):
        for kind, handler in handlers.items():
            # Patched: there is no switch that leaves the list out, and there is to be none.
            search.put_due = put_due if kind == "with" else lambda *_: None
            messages = delivered(*batch)
            started = time.perf_counter()
            handler.handle(messages)
            took[kind] += time.perf_counter() - started
    search.put_due = put_due
    index_s = indexed(stores["with"])
    for store in stores.values():
        store.close()
    with_list, without = (took[kind] / count * 1e3 for kind in ("with", "without"))
    print(f"alerting stage, {count:,} reports of {TEXT_CHARACTERS:,} characters, SQLite")
    print(f"  a report without the index's list   {without:7.3f} ms")
    print(f"  a report with it                    {with_list:7.3f} ms   ({with_list / without:.2f} times)")
    print(f"  its index, beside the stage         {index_s / count * 1e3:7.3f} ms")


def size(store: Store, url: str) -> int:
    with store.begin() as connection:
        if connection.dialect.name == "postgresql":
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    path = Path(url.removeprefix("sqlite:///"))
    return path.stat().st_size + Path(f"{path}-wal").stat().st_size


def filled(store: Store, url: str, count: int) -> None:
    """Archive so many reports and index them; print what that takes."""
    started = time.perf_counter()
    for batch in batches(reports(count)):
        with store.begin() as connection:
            archive.keep(connection, [Archived(report, None) for report in batch], batch[-1].reported_at.timestamp())
    archive_s, archive_bytes = time.perf_counter() - started, size(store, url)
    index_s = indexed(store)
    index_bytes = size(store, url) - archive_bytes
    print(f"archive of {count:,} reports")
    print(f"  archived   {archive_s / count * 1e3:7.3f} ms and {archive_bytes / count:7,.0f} bytes a report")
    print(f"  indexed    {index_s / count * 1e3:7.3f} ms and {index_bytes / count:7,.0f} bytes a report")


def middle_s(work: Callable[[], Any], runs: int) -> float:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def searched(store: Store) -> None:
    """Print each query's time by the index and by a LIKE over the archived reports."""
    scan = "SELECT count(*) FROM archive WHERE {} LIKE :what"
    with store.read() as connection:
        value = "convert_from(report, 'UTF8')" if connection.dialect.name == "postgresql" else "CAST(report AS TEXT)"
        print(f"searches, newest 20 with their reports: middle of {RUNS}, beside one LIKE scan")
        for kind, query, word in QUERIES:
            asked = parse(query)
            index_s = middle_s(lambda asked=asked: search.find(connection, asked, Filter(), 20), RUNS)  # type: ignore[misc]
            like = text(scan.format(value))
            like_s = middle_s(lambda like=like, word=word: connection.execute(like, {"what": f"%{word}%"}).scalar_one(), 1)  # type: ignore[misc]
            hits = len(search.find(connection, asked, Filter(), 1_000_000))
            print(
                f"  {kind:14} {query:28} {hits:7,} found {index_s * 1e3:9.1f} ms   LIKE {like_s * 1e3:9.0f} ms   {like_s / index_s:7.0f} times"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--staged", type=int, default=2_000)
    parser.add_argument("--store", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        stage(Path(made), asked.staged)
        url = asked.store or f"sqlite:///{made}/search.sqlite3"
        migrate(url)
        store = open_store(url)
        filled(store, url, asked.reports)
        searched(store)
        store.close()


if __name__ == "__main__":
    main()
