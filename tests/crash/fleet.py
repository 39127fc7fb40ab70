"""A fleet of real processes on a real Kafka and PostgreSQL: two of each stage, killed and started again; and the web that keeps them busy."""

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psutil

from alerting.watchlists.match import match
from newswire.cli.compose import compile_desk, load_understanding, require_desk
from newswire.records import Item
from processors.extract import carries_full_text
from processors.feed_look import look_at_feed
from tests.acceptance.world import ROOT, Answer, Entry, Web, World, rss

STAGES: Final = ("collect", "process", "alert")
ENDS_WITHIN_S: Final = 30.0  # the promise: who is told to end does so in this time, with status 0
UP: Final = b"serving"  # what a process logs when its workers start
BUG: Final = (b"bug in", b"bug while", b"Traceback", b"worker broken", b"step hangs")

_AT_A_TIME: Final = 10

_FILLER: Final = (
    "The baker kneads the dough until it no longer sticks to the board and leaves it under a cloth.",
    "A second rising makes the crumb finer, and the loaf keeps for a day longer in the pantry.",
    "Rain fell on the lower orchard in the night, and the pears were picked by noon.",
    "The choir sang two encores, and the hall was swept before the last guest had left.",
    "Nobody remembers a warmer spring in the valley, where the cherry trees flower in March.",
    "The museum shows forty quilts, each sewn by hand, and a loom that still works.",
)


@dataclass
class Life:
    """One process from its start to its end, with a log of its own."""

    stage: str
    log: Path
    process: subprocess.Popen[bytes]
    ends_at: float | None = None  # monotonic: when it is to be killed
    leaving: bool = False  # it was told to end
    _up: bool = False

    def up(self) -> bool:
        """Return whether it has come as far as its work, and lives."""
        self._up = self._up or UP in self.log.read_bytes()
        return self._up and self.process.poll() is None

    def ready(self) -> bool:
        """Return what its `/readyz` says; False where it does not serve yet, or no more."""
        found = re.search(rb"http://[^\"\s]+/metrics", self.log.read_bytes())
        if found is None:
            return False
        try:
            with urllib.request.urlopen(found[0].decode().removesuffix("metrics") + "readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@dataclass
class Fleet:
    """The lives so far; the living ones are in `crew`."""

    world: World
    crew: list[Life] = field(default_factory=list)
    ended: list[Life] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    _children: list[psutil.Process] = field(default_factory=list)

    def __enter__(self) -> Self:
        (self.world.root / "logs").mkdir()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for life in self.crew:
            life.process.kill()
            life.process.wait()

    def start(self, stage: str) -> Life:
        """Start one more process of this stage."""
        log = self.world.root / "logs" / f"{len(self.crew) + len(self.ended):03}-{stage}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                self.world.command(stage), env=self.world.full_environment(), cwd=self.world.root, stdout=said, stderr=said
            )
        life = Life(stage, log, process)
        self.crew.append(life)
        return life

    def kill(self, life: Life) -> None:
        """End a process as a power cut would."""
        self._children += psutil.Process(life.process.pid).children(recursive=True)
        life.process.kill()
        life.process.wait()
        self.is_over(life)
        self.kills[life.stage] += 1

    def dismiss(self, life: Life, how: signal.Signals = signal.SIGTERM) -> float:
        """End a process in order, and return how long it took: it drains, and says with its status that it did."""
        began = time.monotonic()
        life.leaving = True
        life.process.send_signal(how)
        self._see_off(life)
        return time.monotonic() - began

    def dismiss_all(self, how: signal.Signals = signal.SIGTERM) -> float:
        """End all of them at once, in order, and return how long the slowest took."""
        began = time.monotonic()
        for life in self.crew:
            life.leaving = True
            life.process.send_signal(how)
        for life in list(self.crew):
            self._see_off(life)
        return time.monotonic() - began

    def storm(self, kills: int, chance: random.Random, *, mean_s: Mapping[str, float], between: Callable[[int], None]) -> None:
        """Kill processes and start others in their place, so many times; `between` is called before each kill, with its number.

        A life ends at any moment after its work has begun: how long it works is drawn from an exponential distribution, which gives many
        lives that end at once and some that last. What a start takes out of the machine, which is most of the time, is not counted.
        """
        for number in range(kills):
            between(number)
            victim = self._next_victim(chance, mean_s)
            self.kill(victim)
            self.start(victim.stage)

    def _next_victim(self, chance: random.Random, mean_s: Mapping[str, float]) -> Life:
        while True:
            for life in self.up():
                if life.ends_at is None:
                    life.ends_at = time.monotonic() + chance.expovariate(1 / mean_s[life.stage])
                if time.monotonic() >= life.ends_at:
                    return life
            time.sleep(0.01)

    def up(self) -> list[Life]:
        for life in self.crew:
            assert life.process.poll() is None, f"ended by itself with {life.process.returncode}:\n{life.log.read_text()[-3_000:]}"
        return [life for life in self.crew if life.up()]

    def bugs(self) -> list[str]:
        """Return the lines of all logs that tell of a bug."""
        lines = [line for life in [*self.ended, *self.crew] for line in life.log.read_bytes().splitlines()]
        return [line.decode(errors="replace")[:2_000] for line in lines if any(word in line for word in BUG)]

    def orphans(self) -> list[psutil.Process]:
        """Return the children of killed processes that live on."""
        return [child for child in self._children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]

    def _see_off(self, life: Life) -> None:
        status = life.process.wait(ENDS_WITHIN_S)
        assert status == 0, f"{life.stage} ended with {status}\n{life.log.read_text()[-3_000:]}"
        self.is_over(life)

    def is_over(self, life: Life) -> None:
        """Count a process among those that have ended."""
        self.crew.remove(life)
        self.ended.append(life)


class Wire:
    """Feeds that grow by some entries at a time, one feed after the other; each lists all that were let out so far, newest first.

    They are spread over several sites, as a site whose sources a killed process held is left alone until the leases end.
    """

    def __init__(self, sites: Sequence[Web], entries: Sequence[Entry], feeds: int) -> None:
        self._sites, self._entries, self._feeds = sites, entries, feeds
        self._out = 0
        self.urls = [f"{self._site(n).base}/feed{n}" for n in range(feeds)]
        for n in range(feeds):
            self._serve(n)

    def let_out(self, count: int) -> None:
        """Let so many entries be listed, counted from the first."""
        before, self._out = self._out, min(count, len(self._entries))
        for feed in {self._feed(n) for n in range(before, self._out)}:
            self._serve(feed)

    def _feed(self, number: int) -> int:
        return number // _AT_A_TIME % self._feeds

    def _site(self, feed: int) -> Web:
        return self._sites[feed % len(self._sites)]

    def _serve(self, feed: int) -> None:
        out = [entry for number, entry in enumerate(self._entries[: self._out]) if self._feed(number) == feed]
        body = rss(reversed(out)).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        self._site(feed).answers[f"/feed{feed}"] = Answer(body, "application/rss+xml", headers={"ETag": etag})


def filler(number: int, *, whole: bool, web: Web) -> Entry:
    """Return an entry that nobody is to be told of, unlike any other; its text is in the feed, or on its page."""
    chance = random.Random(number)
    text = " ".join(chance.choice(_FILLER) for _ in range(16)) + f" This is note {number}."
    title, summary = f"Notes from the valley, number {number}", f"What the valley did on its day {number}."
    if whole:
        return Entry(title, summary, f"{web.base}/p{number}", published_at=datetime.now(UTC), content=text)
    return Entry(title, summary, web.page(f"/p{number}", title, text), published_at=datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Story:
    """A row of the corpus that alerts, and that no other of its list resembles."""

    title: str
    summary: str
    text: str

    def entry(self, number: int, web: Web) -> Entry:
        """Return it as an entry; every other one carries its text in the feed, where that is long enough to be the whole."""
        link = web.page(f"/story{number}", self.title, self.text)
        content = self.text if number % 2 and carries_full_text(self.text) else ""
        return Entry(self.title, self.summary, link, published_at=datetime.now(UTC), content=content)


@cache
def stories(most: int) -> Sequence[Story]:
    """Return so many stories of the corpus that alert with the shipped configuration, no two of which engage the same states.

    Items whose partners have none in common share a story only where they are copies, so each of these is told by itself.
    """
    folder, now = ROOT / "config", datetime.now(UTC)
    understanding = load_understanding(folder)
    watchlists = compile_desk(require_desk(folder, understanding, now))
    taken: set[str] = set()
    found: list[Story] = []
    for row in (one for one in _corpus() if one["label"] == "diplomacy"):  # to understand an item is what takes time here
        if len(found) == most:
            break
        report = look_at_feed(understanding, _item(row, now), now).report
        partners = set(report.partners)
        if partners and not partners & taken and any(one.tells for one in match(watchlists, report, now)):
            taken |= partners
            found.append(Story(row["title"], row["summary"], row["text"]))
    return tuple(found)


def _corpus() -> list[dict[str, Any]]:
    lines = [line for path in sorted((ROOT / "corpus").glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in lines]


def _item(row: dict[str, Any], now: datetime) -> Item:
    return Item(
        item_id=hashlib.sha256(row["id"].encode()).hexdigest()[:32],
        revision="0" * 16,
        source_id="0" * 12,
        source_url="http://news.example/feed",
        outlet="news.example",
        outlet_country=None,
        language_hint=None,
        url=f"http://news.example/{row['id']}",
        guid=None,
        title=row["title"],
        summary=row["summary"],
        content=row["text"],
        published_at=now,
        seen_at=now,
        backlog=False,
        trace_id="",
    )


def wait_until(true: Callable[[], object], *, limit_s: float, look_s: float = 0.1) -> float:
    """Return how long it took until it was true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < limit_s, f"not so after {limit_s} s"
        time.sleep(look_s)
    return time.monotonic() - began


def busy_s(pid: int) -> float:
    """Return the processor time that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def seed() -> int:
    """Return a number that nobody knew before, to be printed; FLEET_SEED repeats the moments of a run."""
    given = os.environ.get("FLEET_SEED", "")
    return int(given) if given else random.SystemRandom().randrange(2**32)
