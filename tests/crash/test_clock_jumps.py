"""The machine's clock is set back an hour, and forward, under running processes: everything goes on within its normal times.

Two worlds side by side: the embedded pair in one process, which is killed after the jump and started anew; Kafka and PostgreSQL with each
stage in a process of its own, whose active alerter and whose collector are killed after the jump, so that only lease, role and slot of
a dead one, from the future, are left.
"""

import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tests.crash.pipeline import Desk, Outcome, Process, running, undisturbed, wait_for
from tests.measured import Say
from tests.servers.kafka import KafkaCluster

pytestmark = [pytest.mark.crash, pytest.mark.servers, pytest.mark.timeout(400)]

HOUR = 3_600
TOLD_S = 60.0  # limit for news to be told; a send that a kill left in doubt is looked for after 30 s


class Shifted(World):
    """A world whose commands see the clock that the file `offset` says."""

    def shift(self, seconds: float) -> None:
        fresh = self.root / "offset.new"
        fresh.write_text(str(seconds))
        fresh.replace(self.root / "offset")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(Path(__file__).with_name("shifted_clock.py")), str(self.root / "offset"), *arguments]


def is_active(alerter: Process) -> bool:
    with urllib.request.urlopen(f"{alerter.address()}/metrics", timeout=5) as answer:
        return b"newswire_alerting_active 1.0" in answer.read()


def kill(one: Process) -> None:
    one.popen.kill()
    one.popen.wait()


def told(desk: Desk, count: int, what: str) -> str:
    """Publish four rows more, and return how long it took until so many messages are out."""
    desk.publish(4)
    return f"{what}: {wait_for(lambda: len(desk.slack.alerts) >= count, f'told after {what}', limit_s=TOLD_S):.1f} s"


@contextmanager
def started(desk: Desk, *commands: str) -> Iterator[list[Process]]:
    with running(desk.world, *commands) as processes:
        wait_for(lambda: all(one.ready() for one in processes), "ready", limit_s=90)
        yield processes


def in_one_process(desk: Desk, world: Shifted) -> Sequence[str]:
    times = []
    with started(desk, "run") as [process]:
        times.append(told(desk, 3, "undisturbed"))
        world.shift(-HOUR)
        times.append(told(desk, 6, "set back"))
        world.shift(0)
        times.append(told(desk, 9, "set forward"))
        world.shift(-HOUR)
        kill(process)
    with started(desk, "run"):
        times.append(told(desk, 12, "killed and set back"))
    return times


def in_many(desk: Desk, world: Shifted) -> Sequence[str]:
    times = []
    with started(desk, "collect", "collect", "process", "alert", "alert") as processes:
        times.append(told(desk, 3, "undisturbed"))
        time.sleep(0.5)
        world.shift(-HOUR)
        kill(processes[0])
        kill(next(one for one in processes[3:] if is_active(one)))
        times.append(told(desk, 6, "set back, a collector and the alerter killed"))
        world.shift(HOUR)
        times.append(told(desk, 9, "set forward two hours"))
        world.shift(0)
        times.append(told(desk, 12, "set back again"))
    return times


def test_a_clock_that_is_set_back_and_forward_stops_nothing_and_tells_nothing_twice(
    tmp_path: Path, kafka: KafkaCluster, migrated: Callable[[], str], say: Say, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", logger="kafka")
    ways = (in_one_process, in_many)
    with ExitStack() as stack, ThreadPoolExecutor(3) as threads:
        expected = threads.submit(undisturbed, tmp_path / "undisturbed")
        worlds = [Shifted(tmp_path / way.__name__) for way in ways]
        desks = [Desk(world, stack) for world in worlds]
        for world in worlds:
            world.shift(0)
            world.environment["NEWSWIRE_HOST_SPACING"] = "0.2s"
        worlds[1].on_servers(kafka, migrated())
        lived = [threads.submit(way, desk, world) for way, desk, world in zip(ways, desks, worlds, strict=True)]
        figures = [one.result() for one in lived]
        for desk in desks:
            wait_for(lambda desk=desk: agrees(desk, expected.result()), "all is decided", limit_s=30)  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
    for way, times in zip(ways, figures, strict=True):
        say(f"{way.__name__.replace('_', ' ')}, from news in the feed to Slack: {', '.join(times)}")


def agrees(desk: Desk, expected: Outcome) -> bool:
    return desk.outcome() == expected
