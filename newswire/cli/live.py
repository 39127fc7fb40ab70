"""The watch at a terminal while `newswire run` is on: one status line under the alerts, and one more while the configuration has faults."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final, Self

from prometheus_client import Counter
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from newswire.bounded import Labelled
from newswire.bus import Bus
from newswire.clock import Clock
from newswire.errors import Retryable
from newswire.topics import GROUPS

REFRESH_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue of the pipeline: how many wait, and for how long the oldest has."""

    name: str
    waiting: int
    age_s: float


@dataclass(frozen=True, slots=True)
class Watch:
    """What the status line says."""

    sources: int
    polled: int
    failing: int
    items: int
    reports: int
    alerts: int
    queues: tuple[Queue, ...]
    held_back: str = ""  # why fewer sources are polled, or none
    configuration: str = ""  # what is wrong with it on disk


def total(metric: Labelled[Counter], **labels: str) -> int:
    """Return the sum of a counter's series, of those with these labels where any are given."""
    return int(
        sum(
            sample.value
            for family in metric.collect()
            for sample in family.samples
            if all(sample.labels.get(name) == value for name, value in labels.items())
        )
    )


def read_queues(bus: Bus, clock: Clock) -> tuple[Queue, ...]:
    """Return the backlog of each consumer group."""
    now = clock.now()
    queues = []
    for topic, group in GROUPS:
        backlog = bus.backlog(topic, group)
        age_s = (now - backlog.oldest_at).total_seconds() if backlog.oldest_at else 0.0
        queues.append(Queue(topic.name.removeprefix("news."), backlog.records, max(0.0, age_s)))
    return tuple(queues)


def describe(watch: Watch) -> Group:
    """Return the status line: counts first, then the queues that are not empty. What is wrong with the configuration is a line above it."""
    line = Text(no_wrap=True, overflow="ellipsis")
    if watch.held_back:
        line.append(f" polling {watch.held_back} ·", style="bold red")
    line.append(f" {watch.polled}/{watch.sources} sources polled", style="bold")
    line.append(f" · {watch.failing} failing", style="red" if watch.failing else "dim")
    line.append(f" · {watch.items:,} items · {watch.reports:,} reports · ")
    line.append(f"{watch.alerts:,} alerts", style="bold green" if watch.alerts else "")
    waiting = [f"{queue.name} {queue.waiting:,} ({_age(queue.age_s)})" for queue in watch.queues if queue.waiting]
    line.append(f" · waiting: {', '.join(waiting)}" if waiting else " · nothing waits", style="yellow" if waiting else "dim")
    above = [Text(f" {watch.configuration}", style="bold red", no_wrap=True, overflow="ellipsis")] if watch.configuration else []
    return Group(*above, line)


def _age(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"


class LiveStatus:
    """Keeps the status line fresh at the foot of a terminal. Use it as a context manager."""

    def __init__(self, console: Console, read: Callable[[], Watch]) -> None:
        self._read = read
        self._live = Live(console=console, transient=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=True)
        self._ended = Event()
        self._thread = Thread(target=self._refresh, name="live-status", daemon=True)

    def __enter__(self) -> Self:
        self._live.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._live.stop()

    def _refresh(self) -> None:
        while not self._ended.wait(REFRESH_S):
            with suppress(Retryable):  # a server is away: the last line stands
                self._live.update(describe(self._read()), refresh=True)
