"""The whole pipeline in processes of its own, on a little web whose news comes in parts: what a fault is done to, and what it is held against."""

import json
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psutil
from sqlalchemy import select

from newswire.codec import decode
from newswire.errors import Retryable
from newswire.records import Item, Report
from newswire.store.tables import archive, decisions
from newswire.topics import ITEMS, REPORTS
from tests.acceptance.world import Entry, Web, World
from tests.fake_slack import FakeSlack

SAMPLE_S: Final = 0.5
WEIGHED_EVERY: Final = 5  # samples
ALERTING: Final = (3, 6, 7, 12, 14, 22, 25, 32, 38, 45, 49, 51)
"""Rows of the corpus, each a story of its own that is told."""
SILENT: Final = (-1, -2, -3, -4)


@cache
def rows() -> Sequence[dict[str, str]]:
    """The news: three stories that are told, then one that is not, and so on."""
    folder = Path(__file__).parents[2] / "corpus"
    names = ("diplomacy-pk", "negatives")
    found = [json.loads(line) for name in names for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]
    told, silent = [found[n] for n in ALERTING], [found[n] for n in SILENT]
    return [row for n, one in enumerate(silent) for row in (*told[3 * n : 3 * n + 3], one)]


@dataclass(frozen=True)
class Outcome:
    """What came of a run, without what differs from one to the next (ports, ids, times)."""

    items: frozenset[str]
    reports: frozenset[tuple[str, str, bool]]
    decided: frozenset[tuple[str, str]]
    archived: frozenset[tuple[str, str]]
    told: Counter[str]  # the titles of the messages that Slack has


class Desk:
    """A world, its web and its Slack. `publish` brings the next rows into the feed."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        self.world = world
        self.web = stack.enter_context(Web())
        self.slack = stack.enter_context(FakeSlack())
        self._entries: list[Entry] = []
        self._began_at = datetime.now(UTC) - timedelta(minutes=5)
        self.world.allow_ports(self.web.port)
        self.world.slack(self.slack.url)
        self.world.sources(self.web.base + "/feed", country="PK", interval="1s")
        self.publish(0)

    def publish(self, count: int) -> None:
        """Let the feed list so many more rows."""
        for row in rows()[len(self._entries) : len(self._entries) + count]:
            link = self.web.page(f"/p{len(self._entries)}", row["title"], row["text"])
            self._entries.append(Entry(row["title"], row["summary"], link, self._began_at))
        self.web.feed("/feed", list(reversed(self._entries)))

    def outcome(self) -> Outcome:
        """Return what came of it, read from bus, store and Slack."""
        with self.world.bus() as bus:
            items = [decode(Item, message.value) for message in bus.browse(ITEMS)]
            reports = [decode(Report, message.value) for message in bus.browse(REPORTS)]
        with self.world.store() as store, store.read() as connection:
            names = {item.item_id: urlsplit(item.url or "").path for item in items}
            decided = frozenset(
                (names[row.item_id], row.basis) for row in connection.execute(select(decisions.c.item_id, decisions.c.basis))
            )
            archived = frozenset((names[row.item_id], row.basis) for row in connection.execute(select(archive.c.item_id, archive.c.basis)))
        return Outcome(
            frozenset(f"{names[item.item_id]} {item.title}" for item in items),
            frozenset((names[one.item.item_id], one.basis.value, one.final) for one in reports),
            decided,
            archived,
            Counter(title_of(posted.body) for posted in self.slack.alerts),
        )

    def done(self, expected: Outcome) -> bool:
        """Return whether everything is told, decided and settled: a look that asks the store only when Slack has all messages."""
        if len(self.slack.alerts) < expected.told.total():
            return False
        try:
            with self.world.store() as store, store.read() as connection:
                rows = connection.execute(select(decisions.c.item_id, decisions.c.basis)).all()
        except Retryable:
            return False
        return len(set(rows)) >= len(expected.decided)


def title_of(body: dict[str, Any]) -> str:
    """Return the first row's title that a message shows."""
    shown = json.dumps(body, ensure_ascii=False)
    return next((row["title"] for row in rows() if json.dumps(row["title"], ensure_ascii=False)[1:-1] in shown), shown[:200])


def undisturbed(root: Path) -> Outcome:
    """Return what comes of a run on the embedded pair that nothing disturbs."""
    with ExitStack() as stack:
        desk = Desk(World(root), stack)
        desk.publish(len(rows()))
        desk.world.run("run", "--until-idle", timeout=120)
        return desk.outcome()


@dataclass
class Sample:
    """What a process said of itself at a moment; `at` is monotonic."""

    at: float
    ready: bool
    healthy: bool
    bytes: int


@dataclass
class Process:
    """One `newswire …` that goes on, its log in a file, looked at twice a second."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path
    samples: list[Sample] = field(default_factory=list)

    def address(self) -> str | None:
        found = re.search(r"http://[^\"\s]+/metrics", self.log.read_text(errors="replace"))
        return found[0].removesuffix("/metrics") if found else None

    def look(self) -> None:
        address = self.address()
        if address is not None:
            at = time.monotonic()
            weighed = not len(self.samples) % WEIGHED_EVERY
            size = _memory(self.popen.pid) if weighed else self.samples[-1].bytes
            self.samples.append(Sample(at, _answers(address + "/readyz"), _answers(address + "/healthz"), size))

    def ready(self) -> bool:
        return bool(self.samples) and self.samples[-1].ready

    def lines(self) -> list[dict[str, Any]]:
        """Return what it logged; a line that is not JSON stands as `{"event": line}`."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"event": line})
        return found

    def end(self) -> int:
        """Ask it to end, and return its status."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(30)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _memory(pid: int) -> int:
    """Return the bytes that a process and its children have to themselves: what they share with others' processes moves as those come and go."""
    total = 0
    with suppress(psutil.Error):
        main = psutil.Process(pid)
        for one in (main, *main.children(recursive=True)):
            with suppress(psutil.Error):
                total += _own(one)
    return total


def _own(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except psutil.AccessDenied:  # a process that knows secrets lets only root look so closely
        return int(process.memory_info().rss)


@contextmanager
def running(world: World, *commands: str, **more: str) -> Iterator[list[Process]]:
    """Yield the processes, sampled from now on; they are ended with SIGTERM, each with status 0, unless the block has ended them."""
    processes = []
    for n, command in enumerate(commands):
        log = world.root / f"{n}-{command}.log"
        with log.open("wb") as file:
            popen = subprocess.Popen(
                world.command(command), env=world.full_environment(**more), cwd=world.root, stdout=subprocess.DEVNULL, stderr=file
            )
        processes.append(Process(f"{command} {n}", popen, log))
    over = threading.Event()

    def sample() -> None:
        while not over.wait(SAMPLE_S):
            for one in processes:
                if one.popen.poll() is None:
                    one.look()

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield processes
        over.set()
        sampler.join()
        for one in processes:
            if one.popen.poll() is None:
                assert one.end() == 0, f"{one.name} ended badly\n{one.log.read_text()[-4000:]}"
    finally:
        over.set()
        sampler.join()
        for one in processes:
            if one.popen.poll() is None:
                one.popen.kill()
                one.popen.wait()


def wait_for(true: Callable[[], bool], what: str, *, limit_s: float) -> float:
    """Return how long it took until it was true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < limit_s, f"{what}: not so after {limit_s:.0f} s"
        time.sleep(0.1)
    return time.monotonic() - began
