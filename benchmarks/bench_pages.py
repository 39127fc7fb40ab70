"""`make bench-pages`: article pages through the second look, beside trafilatura alone on the same pages with as many processes.

The median of several rounds. The pages are the golden ones of tests/golden/pages, each with other paragraphs. They come from memory, so that no client is measured;
the jail, the bus, the store and the understanding are the real ones. Printed: pages a second of both, their ratio, memory (sum of PSS).
"""

import argparse
import html
import json
import logging
import multiprocessing
import random
import re
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

from newswire.bus.embedded import EmbeddedBus
from newswire.clock import SystemClock
from newswire.codec import encode
from newswire.http import Fetched, FetchFailed, Request
from newswire.jail import ProcessJail
from newswire.metrics import Metrics
from newswire.outcomes import FetchReason
from newswire.records import Item
from newswire.store import Store, open_store, pages
from newswire.store.pages import DuePage
from processors.pages_stage import PageWorker
from processors.report import Understanding

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden" / "pages"
TASKS = ("processors.jailed:extract_article", "processors.jailed:robots_allow")
TARGET_PAGES_PER_S = 120
TARGET_RATIO = 0.85


def made_pages(count: int) -> list[tuple[str, bytes]]:
    """Return `count` pages with their URLs: golden pages in UTF-8, each with another article of the corpus in its own language."""
    bodies: dict[str, list[list[str]]] = {}
    for file in sorted((ROOT / "corpus").glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            paragraphs = [part for part in record["text"].split("\n") if part.strip()]
            if paragraphs:
                bodies.setdefault(record["lang"], []).append(paragraphs)
    templates = []
    for file in sorted(GOLDEN.glob("*.html")):
        wanted = json.loads(file.with_suffix(".json").read_text("utf-8"))
        try:
            templates.append((wanted, file.read_bytes().decode("utf-8")))
        except UnicodeDecodeError:
            continue
    rng = random.Random(20261127)
    made = []
    for number in range(count):
        wanted, page = templates[number % len(templates)]
        others = rng.choice(bodies[wanted["language"]])
        for place, paragraph in enumerate(wanted["contains"]):
            page = page.replace(html.escape(paragraph), html.escape(others[place % len(others)]))
        page = re.sub(r"</title>", f" {number}</title>", page, count=1)
        made.append((f"https://h{number % 500}.example/{number}", page.encode()))
    return made


def trafilatura_alone(page: bytes) -> int:
    from trafilatura import bare_extraction  # noqa: PLC0415 -- in the pool's processes only, so that ours stays as small as in service

    logging.disable(logging.CRITICAL)
    document: Any = bare_extraction(page, fast=True, with_metadata=False, include_comments=False)
    return len(document.text or "") if document is not None else 0


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took. The processor's time is steadier than the wall's on a machine that others use too."""

    pages_per_s: float
    cpu_ms: float  # a page, all processes together
    most_mib: float = 0.0
    ended: dict[str, int] = field(default_factory=dict)


def trafilatura_in_processes(made: list[tuple[str, bytes]], processes: int) -> Run:
    """Return what a pool takes that does nothing but `bare_extraction`."""
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        list(pool.map(trafilatura_alone, [page for _, page in made[: 8 * processes]], chunksize=4))  # start and import
        cpu_s, began = _cpu_s(), time.perf_counter()
        list(pool.map(trafilatura_alone, [page for _, page in made], chunksize=4))
        return Run(len(made) / (time.perf_counter() - began), (_cpu_s() - cpu_s) * 1_000 / len(made))


class MemoryWeb:
    """Answers at once, from memory."""

    def __init__(self, made: list[tuple[str, bytes]]) -> None:
        self._pages = dict(made)

    def submit(self, request: Request) -> "Future[Fetched | FetchFailed]":
        future: Future[Fetched | FetchFailed] = Future()
        body = self._pages.get(request.url)
        if body is None:
            future.set_result(FetchFailed(request.url, FetchReason.HTTP_4XX, "not here", 404))
        else:
            future.set_result(Fetched(request.url, 200, {"content-type": "text/html"}, body, None, 0.0))
        return future

    def close(self) -> None:
        """Hold nothing."""


def an_item(number: int, url: str) -> Item:
    now = datetime.now(UTC)
    return Item(
        item_id=f"{number:032x}",
        revision="0" * 16,
        source_id="0" * 12,
        source_url="https://bench.example/feed",
        outlet="Bench",
        outlet_country=None,
        language_hint=None,
        url=url,
        guid=None,
        title="The minister receives the ambassador",
        summary="They spoke of digital services.",
        content="",
        published_at=now,
        seen_at=now,
        backlog=False,
        trace_id="bench",
    )


def second_looks(made: list[tuple[str, bytes]], processes: int, understanding: Understanding) -> Run:
    """Return what the page worker takes, and its most memory in MiB: the sum of PSS, with the jail's children."""
    with tempfile.TemporaryDirectory() as folder:
        clock, metrics = SystemClock(), Metrics()
        store = open_store(f"sqlite:///{folder}/store.sqlite3")
        bus = EmbeddedBus(Path(folder) / "bus.sqlite3", clock=clock)
        jail = ProcessJail(workers=processes, tasks=TASKS, metrics=metrics)
        worker = PageWorker(
            understanding=understanding,
            store=store,
            bus=bus,
            http=MemoryWeb(made),
            jail=jail,
            clock=clock,
            metrics=metrics,
            owner="bench",
        )
        _drain(worker, store, made[: 8 * processes], offset=len(made))  # start and import
        before = _ended(metrics)
        cpu_s, began = _cpu_s(), time.perf_counter()
        most_mib = _drain(worker, store, made, offset=0)
        took_s, cpu_s = time.perf_counter() - began, _cpu_s() - cpu_s
        ended = {end: count - before.get(end, 0) for end, count in _ended(metrics).items()}
        worker.close()
        jail.close()
        bus.close()
        store.close()
    return Run(len(made) / took_s, cpu_s * 1_000 / len(made), most_mib, ended)


def _drain(worker: PageWorker, store: Store, made: list[tuple[str, bytes]], offset: int) -> float:
    now = time.time()
    with store.begin() as connection:
        due = []
        for number, (url, _) in enumerate(made):
            item = an_item(offset + number, url)
            due.append(DuePage(item.item_id, item.revision, url, url.split("/")[2], encode(item), now, now))
        pages.add(connection, due)
    most, steps = 0.0, 0
    while not worker.idle():
        for _ in range(20):
            worker.step()
        steps += 1
        if steps % 5 == 0:
            most = max(most, _pss_mib())
    return most


def _sum_of(measure: Callable[[psutil.Process], float]) -> float:
    process = psutil.Process()
    total = 0.0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += measure(member)
        except psutil.Error:
            continue
    return total


def _pss_mib() -> float:
    return _sum_of(lambda process: process.memory_full_info().pss / (1 << 20))


def _cpu_s() -> float:
    return _sum_of(lambda process: process.cpu_times().user + process.cpu_times().system)


def _ended(metrics: Metrics) -> dict[str, int]:
    samples = [sample for family in metrics.pages.collect() for sample in family.samples if sample.name.endswith("_total")]
    return {f"{sample.labels['outcome']} {sample.labels['reason']}".strip(): int(sample.value) for sample in samples}


def load_understanding(name: str) -> Understanding:
    """Return the shipped understanding, or with `none` one that understands nothing at no cost."""
    if name == "none":
        from tests.fake_pages import FakeUnderstanding  # noqa: PLC0415 -- a benchmark of what is shipped needs no test code

        return FakeUnderstanding()
    shipped: Any = import_module("processors.understand")
    understanding: Understanding = shipped.Understanding.load(ROOT / "config")
    return understanding


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=1_500)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--understanding", choices=("shipped", "none"), default="shipped")
    options = parser.parse_args()
    understanding = load_understanding(options.understanding)
    made = made_pages(options.pages)
    size_kb = sum(len(page) for _, page in made) / len(made) / 1_000
    print(f"{options.pages:,} pages of {size_kb:.0f} kB, {options.processes} processes, understanding: {options.understanding}")
    rounds = []
    for number in range(options.rounds):  # in turns, since a shared machine is faster in one minute than in the next
        peer = trafilatura_in_processes(made, options.processes)
        ours = second_looks(made, options.processes, understanding)
        ratio = ours.pages_per_s / peer.pages_per_s
        print(f"round {number + 1}: trafilatura {peer.pages_per_s:.0f}, second looks {ours.pages_per_s:.0f} pages/s, ratio {ratio:.2f}")
        rounds.append((ratio, peer, ours))
    ratio, peer, ours = sorted(rounds, key=lambda found: found[0])[len(rounds) // 2]
    print(f"trafilatura alone  {peer.pages_per_s:8.1f} pages/s  {peer.cpu_ms:6.2f} ms of CPU a page")
    print(f"second looks       {ours.pages_per_s:8.1f} pages/s  {ours.cpu_ms:6.2f} ms of CPU a page  (target {TARGET_PAGES_PER_S} pages/s)")
    print(f"ratio              {ratio:8.2f}          {peer.cpu_ms / ours.cpu_ms:6.2f} by CPU              (target {TARGET_RATIO})")
    print(f"memory             {ours.most_mib:8.0f} MiB, sum of PSS of this process (which holds the pages) and its children")
    print(f"ends               {ours.ended}")


if __name__ == "__main__":
    main()
