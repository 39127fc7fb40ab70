"""`make bench-pipeline`: feeds and article pages through the embedded pipeline to their decisions.

A web server (one process) lists 5,000 items in 100 feeds, each with an article page made from the labelled corpus. `newswire run
--until-idle` takes them all the way. Printed: items a second, p99 of the time from seen to decided (by the feed's text, by the
page), memory as the sum of PSS, and beside them what trafilatura alone takes on the same pages with as many processes.
"""

import argparse
import json
import multiprocessing
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psutil

from newswire.demo.pages import article_page, feed_document

ROOT = Path(__file__).resolve().parents[1]
MEASURED = ("diplomacy-pk", "negatives", "world", "recent", "languages")
TARGET_ITEMS_PER_S = 60
TARGET_PSS_MIB = 400


def articles(count: int) -> list[dict[str, str]]:
    """`count` different articles: corpus items whose paragraphs are shuffled and whose titles carry a number."""
    rows = [json.loads(line) for name in MEASURED for line in (ROOT / "corpus" / f"{name}.jsonl").read_text("utf-8").splitlines()]
    rng = random.Random(20261127)
    made = []
    for number in range(count):
        row = rows[number % len(rows)]
        paragraphs = row["text"].split("\n\n")
        rng.shuffle(paragraphs)
        made.append(
            {"title": f"{row['title']} ({number})", "summary": row["summary"], "text": "\n\n".join(paragraphs), "language": row["lang"]}
        )
    return made


def page_of(article: dict[str, str], published: datetime) -> str:
    return article_page(
        outlet="Bench", language=article["language"], title=article["title"], text=article["text"], published_at=published, related=()
    )


def serve(items: int, feeds: int, ready: "multiprocessing.connection.Connection") -> None:
    made = articles(items)
    published = datetime.now(UTC) - timedelta(minutes=5)
    share = items // feeds
    pages = [page_of(article, published).encode() for article in made]
    bodies: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path
            body = pages[int(path[3:])] if path.startswith("/a/") else bodies.get(path, b"")
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8" if path.startswith("/a/") else "application/rss+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the standard library's
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 1024
        daemon_threads = True

    server = Server(("", 0), Handler)
    port = server.server_address[1]
    for feed in range(feeds):
        entries = [
            (made[n]["title"], made[n]["summary"], f"http://127.0.{feed}.1:{port}/a/{n}", published)
            for n in range(feed * share, (feed + 1) * share)
        ]
        bodies[f"/f/{feed}"] = feed_document("Bench", made[feed * share]["language"], entries).encode()
    ready.send(port)
    server.serve_forever()


def sum_of_pss(process: psutil.Process) -> int:
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.NoSuchProcess:  # one that denies access is no zero: its memory is for root to measure
            continue
    return total


def extract(html: str) -> int:
    import trafilatura  # noqa: PLC0415 -- in the children only

    document = trafilatura.bare_extraction(html, fast=True, with_metadata=False, include_comments=False)
    return len(getattr(document, "text", None) or "")


def trafilatura_alone(items: int, processes: int) -> float:
    """Seconds that trafilatura takes on the same pages, on `processes` warm processes."""
    published = datetime.now(UTC)
    pages = [page_of(article, published) for article in articles(items)]
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(extract, pages[:40], chunksize=10))
        begun = time.perf_counter()
        list(pool.map(extract, pages, chunksize=50))
        return time.perf_counter() - begun


def latencies(store: Path, basis: str) -> list[float]:
    """Seconds from first seen to decided, of every report of that basis."""
    with sqlite3.connect(store) as connection:
        rows = connection.execute(
            "select d.decided_at - min(s.first_seen_at) from decisions d join seen s on s.item_id = d.item_id where d.basis = ? group by d.decision_id",
            (basis,),
        ).fetchall()
    return sorted(row[0] for row in rows)


def percentile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--feeds", type=int, default=100)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    parent, child = context.Pipe()
    server = context.Process(target=serve, args=(options.items, options.feeds, child), daemon=True)
    server.start()
    port = parent.recv()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        config.mkdir()
        for name in ("taxonomy", "model", "watchlists", "lists", "schemas", "routes.yaml"):
            (config / name).symlink_to(ROOT / "config" / name)
        (config / "sources").mkdir()
        (config / "sources" / "bench.yaml").write_text(
            "sources:\n"
            + "".join(f"  - url: http://127.0.{feed}.1:{port}/f/{feed}\n    outlet: Bench {feed}\n" for feed in range(options.feeds))
        )
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NEWSWIRE_")},
            "NEWSWIRE_CONFIG": str(config),
            "NEWSWIRE_DATA": str(Path(folder) / "var"),
            "NEWSWIRE_ALLOW_NETWORKS": "127.0.0.0/8",
            "NEWSWIRE_ALLOW_PORTS": str(port),
            "NEWSWIRE_HOST_SPACING": "0s",
            "NEWSWIRE_HTTP_ADDRESS": "127.0.0.1:0",
            "PYTHONPATH": str(ROOT),
        }
        samples: list[int] = []
        begun = time.perf_counter()
        with (Path(folder) / "log").open("wb") as log:
            run = subprocess.Popen(
                [sys.executable, "-m", "newswire", "run", "--until-idle"], env=environment, cwd=folder, stdout=log, stderr=log
            )
            watched = psutil.Process(run.pid)
            ended = False

            def sample() -> None:
                while not ended:
                    samples.append(sum_of_pss(watched))
                    time.sleep(2)

            sampler = Thread(target=sample, daemon=True)
            sampler.start()
            status = run.wait()
            ended = True
        took = time.perf_counter() - begun
        if status != 0:
            sys.exit(f"newswire run ended with {status}:\n{(Path(folder) / 'log').read_text()[-4000:]}")
        store = Path(folder) / "var" / "newswire.sqlite3"
        feed, page = latencies(store, "feed"), latencies(store, "page")
    server.terminate()
    alone = trafilatura_alone(options.items, 2)
    rate = options.items / took
    print(f"items                     {options.items:>8,} in {options.feeds} feeds, each with its page; start-up included")
    print(f"to their decisions        {took:>8.1f} s   {rate:.1f} items/s   (limit: ≥ {TARGET_ITEMS_PER_S})")
    print(f"decided by feed / page    {len(feed):>8,} / {len(page):,}")
    print(
        f"seen → decided, feed      {percentile(feed, 0.5):>8.2f} s median   {percentile(feed, 0.99):.2f} s p99   (all items arrive at once)"
    )
    print(f"seen → decided, page      {percentile(page, 0.5):>8.2f} s median   {percentile(page, 0.99):.2f} s p99")
    print(
        f"memory, sum of PSS        {statistics.median(samples) / 2**20:>8.0f} MiB median   {max(samples) / 2**20:.0f} MiB most   (limit: < {TARGET_PSS_MIB})"
    )
    print(
        f"trafilatura alone         {alone:>8.1f} s on 2 processes: {alone / took:.0%} of the pipeline's time   ({options.items / alone:.0f} pages/s)"
    )


if __name__ == "__main__":
    main()
