"""A server away for a minute, and back: nothing acknowledged is lost, memory stays, `/readyz` tells the truth, and all is soon drained.

Three worlds side by side, so that a minute is waited for once: Kafka refuses (each stage in processes of its own, one alerter standing
by), Kafka takes connections and says nothing, PostgreSQL is stopped.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from newswire.store.engine import migrate
from tests.acceptance.world import World
from tests.crash.pipeline import Desk, Outcome, Process, running, undisturbed, wait_for
from tests.measured import Say
from tests.servers.fixtures import required
from tests.servers.kafka import KafkaCluster, kafka_cluster
from tests.servers.postgres import postgres_server
from tests.servers.proxy import Mode

pytestmark = [pytest.mark.crash, pytest.mark.servers, pytest.mark.timeout(400)]

AWAY_S = 60.0
NOTICED_S = 15.0  # measured: up to 9 s
DRAINED_S = 60.0
SETTLED_S = 20.0  # by then a young process has loaded what it needs
MOST_GROWTH_BYTES = 32 << 20  # of a process with its children, from then to the outage's end; measured over 150 s: flat
MOST_GROWTH_IN_ALL_BYTES = 96 << 20  # from the outage's beginning to the end of the draining; measured: up to 65 MiB, most of it first use
MOST_LINES = 60  # of one process, during the outage and the draining: 3 to 6 a worker


@dataclass(frozen=True)
class Outage:
    """One world and its fault."""

    name: str
    desk: Desk
    commands: Sequence[str]
    begin: Callable[[], None]
    end: Callable[[], None]


def through_proxy(desk: Desk, cluster: KafkaCluster) -> None:
    """Let the world reach its Kafka through the proxy alone."""
    desk.world.environment["NEWSWIRE_BUS"] = f"kafka://{cluster.proxied_servers}"


def endure(outage: Outage, expected: Callable[[], Outcome]) -> str:
    """Live through the outage, hold what came of it against `expected`, and return the figures in words."""
    desk = outage.desk
    with running(desk.world, *outage.commands) as processes:
        wait_for(lambda: all(one.ready() for one in processes), f"{outage.name}: ready", limit_s=90)
        desk.publish(4)
        wait_for(lambda: len(desk.slack.posted) == 3, f"{outage.name}: the first news is told", limit_s=60)
        desk.publish(4)
        time.sleep(1.5)  # it is under way, somewhere
        outage.begin()
        began_at = time.monotonic()
        time.sleep(5)
        desk.publish(4)
        time.sleep(AWAY_S - 5)
        ended_at = time.monotonic()
        outage.end()
        back_at = time.monotonic()
        desk.publish(4)
        wait_for(lambda: desk.done(expected()), f"{outage.name}: drained", limit_s=DRAINED_S)
        drained_at = time.monotonic()
        wait_for(lambda: all(one.ready() for one in processes), f"{outage.name}: ready again", limit_s=30)
        words = [truth(one, began_at, ended_at, back_at) for one in processes]
    assert desk.outcome() == expected()
    assert Counter(posted.alert_id for posted in desk.slack.alerts).most_common(1)[0][1] == 1, "a story was told twice"
    return (
        f"{outage.name}: away {ended_at - began_at:.0f} s, drained {drained_at - back_at:.1f} s after the return\n      "
        + "\n      ".join(words)
    )


def truth(one: Process, began_at: float, ended_at: float, back_at: float) -> str:
    """Return how soon a process told of the outage and of its end; it told the truth in between, and kept its size and its calm."""
    during = [sample for sample in one.samples if began_at <= sample.at <= ended_at]
    assert all(sample.healthy for sample in one.samples), f"{one.name}: a restart would not have helped"
    noticed_at = next(sample.at for sample in during if not sample.ready)
    assert noticed_at - began_at <= NOTICED_S, f"{one.name}: ready for {noticed_at - began_at:.1f} s without its server"
    assert not any(sample.ready for sample in during if sample.at > noticed_at), f"{one.name}: ready in the middle of the outage"
    ready_at = next(sample.at for sample in one.samples if sample.at > back_at and sample.ready)
    settled = [sample.bytes for sample in during if sample.at >= began_at + SETTLED_S]
    assert max(settled) - settled[0] <= MOST_GROWTH_BYTES, f"{one.name}: grows by {(max(settled) - settled[0]) >> 20} MiB while it waits"
    before, most = during[0].bytes, max(sample.bytes for sample in one.samples if sample.at >= began_at)
    assert most - before <= MOST_GROWTH_IN_ALL_BYTES, f"{one.name}: grew by {(most - before) >> 20} MiB"
    lines = [line for line in one.lines() if line.get("level") in {"warning", "error", "critical"} or "level" not in line]
    assert len(lines) <= MOST_LINES, f"{one.name}: {len(lines)} lines\n" + "\n".join(str(line)[:300] for line in lines[:100])
    assert not [line for line in lines if "exception" in line or "bug" in line["event"]], lines
    return (
        f"{one.name}: not ready after {noticed_at - began_at:.1f} s, ready {ready_at - back_at:.1f} s after the return, "
        f"{before >> 20} → {most >> 20} MiB, {len(lines)} warnings"
    )


def test_kafka_or_postgresql_away_for_a_minute(
    tmp_path: Path, kafka: KafkaCluster, migrated: Callable[[], str], say: Say, caplog: pytest.LogCaptureFixture
) -> None:
    # Captured lines of kafka-python would be thirty thousand.
    caplog.set_level("CRITICAL", logger="kafka")
    with ExitStack() as stack, ThreadPoolExecutor(4) as threads:
        refusing, stalling = (stack.enter_context(required(kafka_cluster())) for _ in range(2))
        stopping = stack.enter_context(required(postgres_server()))
        migrate(stopping.url)
        desks = [Desk(World(tmp_path / name), stack) for name in ("refuse", "stall", "stop")]
        for desk, cluster, url in zip(desks, (refusing, stalling, kafka), (migrated(), migrated(), stopping.url), strict=True):
            desk.world.on_servers(cluster, url)
        outages = []
        for desk, cluster, mode in zip(desks, (refusing, stalling), (Mode.REFUSE, Mode.STALL), strict=False):
            through_proxy(desk, cluster)
            proxy = cluster.brokers[0].proxy
            commands = ("collect", "process", "alert", "alert") if mode is Mode.REFUSE else ("run",)
            outages.append(
                Outage(f"Kafka {mode.value}s", desk, commands, lambda p=proxy, m=mode: p.set(m), lambda p=proxy: p.set(Mode.PASS))  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
            )
        outages.append(Outage("PostgreSQL stopped", desks[2], ("run",), stopping.stop, stopping.start))
        expected = threads.submit(undisturbed, tmp_path / "undisturbed")
        figures = [one.result() for one in [threads.submit(endure, outage, expected.result) for outage in outages]]
    for words in figures:
        say(words)
