"""All stages replaced, one process at a time, while news comes steadily: nothing is lost, nothing told twice, and who stays is ready all the time."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Self

import pytest

from tests.acceptance.world import Web, World
from tests.crash.fleet import STAGES, Fleet, Life, Wire, wait_until
from tests.crash.fleet_day import Day, books, drained, set_out
from tests.fake_slack import FakeSlack
from tests.measured import Say

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

ITEMS_A_SECOND: Final = 5.0
ITEMS_A_STORY: Final = (
    10  # so a story every two seconds: a channel of Slack takes a message a second, and some stories are told with an edit
)
MOST: Final = 400  # more than a run lets out
LOOK_S: Final = 0.25


@pytest.fixture
def sites() -> Iterator[list[Web]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Web()) for _ in range(4)]


@dataclass
class Stream:
    """News that comes steadily, from a thread of its own, until the block ends."""

    wire: Wire
    a_second: float = ITEMS_A_SECOND
    most: int = MOST
    out: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._flow, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _flow(self) -> None:
        while self.out < self.most and not self._over.wait(1 / self.a_second):
            self.wire.let_out(self.out + 1)
            self.out += 1


@contextmanager
def watched(fleet: Fleet) -> Iterator[dict[int, float]]:
    """Yield for how long at a time each living process, once it was ready, was not; asked four times a second."""
    over = threading.Event()
    ready: set[int] = set()
    since: dict[int, float] = {}
    longest: dict[int, float] = {}

    def look() -> None:
        while not over.wait(LOOK_S):
            for life in list(fleet.crew):
                pid, at = life.process.pid, time.monotonic()
                if life.ready():
                    ready.add(pid)
                    since.pop(pid, None)
                elif pid in ready and not life.leaving:
                    longest[pid] = max(longest.get(pid, 0.0), at - since.setdefault(pid, at))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield longest
    finally:
        over.set()
        thread.join()


def replace(fleet: Fleet, old: Life, *, new_first: bool) -> tuple[Life, float]:
    """Return who took a process's place, ready, and how long the old one took to end."""
    if new_first:
        new = fleet.start(old.stage)
        wait_until(new.ready, limit_s=60)
        return new, fleet.dismiss(old)
    ended_s = fleet.dismiss(old)
    new = fleet.start(old.stage)
    wait_until(new.ready, limit_s=60)
    return new, ended_s


def silences(slack: FakeSlack, stream_ended_at: float) -> Sequence[float]:
    """Return the seconds between one message and the next, while news came."""
    moments = sorted(float(one.ts) for one in slack.alerts if float(one.ts) <= stream_ended_at)
    return [after - before for before, after in pairwise(moments)]


@pytest.mark.timeout(480)  # two cores that others use too: 130 s beside two busy loops
def test_all_stages_are_replaced_under_a_steady_stream_of_news(world: World, sites: list[Web], slack: FakeSlack, say: Say) -> None:
    day = Day.of(sites, items=MOST, with_page=MOST // 5, told=MOST // ITEMS_A_STORY)
    wire = Wire(sites, day.entries, feeds=8)
    set_out(world, wire, sites, slack)
    with Fleet(world) as fleet, world.bus() as bus, world.store() as store:
        crew = {stage: fleet.start(stage) for stage in STAGES}
        wait_until(lambda: all(life.ready() for life in crew.values()), limit_s=90)
        with watched(fleet) as unready, Stream(wire) as stream:
            wait_until(lambda: len(slack.alerts) >= 3, limit_s=60)
            undisturbed_s = max(silences(slack, time.time()))
            ends = []
            for new_first in (True, False):
                for stage in STAGES:
                    crew[stage], ended_s = replace(fleet, crew[stage], new_first=new_first)
                    ends.append(f"{stage} {ended_s:.1f}")
            time.sleep(2)
        stopped_at = time.time()
        came = day.until(stream.out)
        took_s = wait_until(lambda: drained(bus, store, len(came.entries)), limit_s=60, look_s=0.5)
        line = books(bus, store, slack, came)
        fleet.dismiss_all()
        assert not fleet.bugs()
    assert stream.out < MOST, "the news ended before the last process was replaced"
    assert not unready, "seconds for which a process that was to stay was not ready"
    say(
        f"six processes replaced in {stream.out / ITEMS_A_SECOND:.0f} s: {line}; the longest silence {max(silences(slack, stopped_at)):.1f} s "
        f"(before the first replacement {undisturbed_s:.1f} s); drained {took_s:.1f} s after the last news; seconds to end: {', '.join(ends)}"
    )
