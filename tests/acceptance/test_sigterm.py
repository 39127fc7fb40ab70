"""Processes that are told to end: with status 0 within half a minute, whatever hangs, and what they had in hand is done by those who come after."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from textwrap import indent
from typing import Final

import pytest
from sqlalchemy.engine import make_url

from tests.acceptance.test_rolling_restart import Stream
from tests.acceptance.world import ROOT, Web, World
from tests.crash.fleet import ENDS_WITHIN_S, STAGES, Fleet, Wire, wait_until
from tests.crash.fleet_day import Day, books, drained, set_out
from tests.fake_slack import FakeSlack
from tests.measured import Say
from tests.servers.kafka import KafkaCluster
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Mode, Proxy

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

MOST: Final = 300
ITEMS_A_STORY: Final = 10
AT_ONCE: Final = 128 + signal.SIGTERM
"""The status of a process that was told twice."""


@pytest.fixture
def sites() -> Iterator[list[Web]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Web()) for _ in range(4)]


def start(fleet: Fleet, *stages: str) -> None:
    for stage in stages:
        fleet.start(stage)
    wait_until(lambda: all(life.ready() for life in fleet.crew), limit_s=90)


@pytest.mark.timeout(480)  # two cores that others use too: 160 s beside two busy loops
def test_told_to_end_under_load_each_ends_with_0_and_nothing_is_lost(world: World, sites: list[Web], slack: FakeSlack, say: Say) -> None:
    day = Day.of(sites, items=MOST, with_page=MOST // 2, told=MOST // ITEMS_A_STORY)
    wire = Wire(sites, day.entries, feeds=8)
    set_out(world, wire, sites, slack)
    ends: list[str] = []
    with Fleet(world) as fleet, world.bus() as bus, world.store() as store:
        with Stream(wire) as stream:
            for how in (signal.SIGTERM, signal.SIGINT):
                for stages in (("run",), STAGES):
                    start(fleet, *stages)
                    told = len(slack.alerts)
                    wait_until(lambda told=told: len(slack.alerts) > told, limit_s=60, look_s=0.01)  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
                    ends.append(f"{how.name} to {' '.join(stages)} {fleet.dismiss_all(how):.1f} s")
        start(fleet, "run")
        came = day.until(stream.out)
        wait_until(lambda: drained(bus, store, len(came.entries)), limit_s=60, look_s=0.5)
        line = books(bus, store, slack, came)
        fleet.dismiss_all()
        assert not fleet.bugs()
    say(f"{line}; {', '.join(ends)}")


def hang(sites: Sequence[Web], slack: FakeSlack) -> None:
    for site in sites:
        site.held = ("/feed3", "/p", "/story")
    slack.faults.extend(["silence"] * 1_000)


def let_go(sites: Sequence[Web], slack: FakeSlack) -> None:
    for site in sites:
        site.held = ()
    slack.faults.clear()


def hanging(sites: Sequence[Web], slack: FakeSlack, before: int) -> bool:
    """Return whether each of the three is being waited for: Slack since it had so many calls."""
    asked = [path for site in sites for path, _ in list(site.requests) if path.startswith(site.held)]
    return len(slack.calls) > before and all(any(path.startswith(what) for path in asked) for what in ("/feed3", "/p"))


def test_told_to_end_while_a_feed_pages_and_slack_hang(embedded: World, sites: list[Web], slack: FakeSlack, say: Say) -> None:
    day = Day.of(sites, items=120, with_page=60, told=12)
    wire = Wire(sites, day.entries, feeds=4)
    set_out(embedded, wire, sites, slack)
    ends: list[str] = []
    with Fleet(embedded) as fleet, embedded.bus() as bus, embedded.store() as store:
        for turn, stages in enumerate((STAGES, ("run",)), 1):
            start(fleet, *stages)
            hang(sites, slack)
            for site in sites:
                site.requests.clear()
            before = len(slack.calls)
            wire.let_out(turn * 40)
            wait_until(lambda before=before: hanging(sites, slack, before), limit_s=60)  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
            ends.append(f"{' '.join(stages)} {fleet.dismiss_all():.1f} s")
            let_go(sites, slack)
        start(fleet, "run")
        hang(sites, slack)
        before = len(slack.calls)
        wire.let_out(120)
        wait_until(lambda: hanging(sites, slack, before), limit_s=60)
        ends.append(f"run, told twice, {end_at_once(fleet):.1f} s")
        let_go(sites, slack)
        start(fleet, "run")
        took_s = wait_until(lambda: drained(bus, store, len(day.entries)), limit_s=100, look_s=0.5)
        line = books(bus, store, slack, day)
        fleet.dismiss_all()
        assert not fleet.bugs()
    say(f"{line}; drained {took_s:.1f} s after all answered again; {', '.join(ends)}")


def end_at_once(fleet: Fleet) -> float:
    """Return how long a process took to end that was told twice: the second time it does not wait for what hangs."""
    (life,) = fleet.crew
    began = time.monotonic()
    life.process.send_signal(signal.SIGTERM)
    wait_until(lambda: b"draining" in life.log.read_bytes(), limit_s=10, look_s=0.01)
    life.process.send_signal(signal.SIGTERM)
    assert life.process.wait(5) == AT_ONCE
    fleet.is_over(life)
    return time.monotonic() - began


@pytest.mark.servers
def test_told_to_end_while_kafka_or_postgresql_is_away(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer, migrated: Callable[[], str], sites: list[Web], slack: FakeSlack, say: Say
) -> None:
    world = World(tmp_path)
    url = migrated()
    world.on_servers(kafka, url)
    day = Day.of(sites, items=100, with_page=50, told=10)
    wire = Wire(sites, day.entries, feeds=4)
    set_out(world, wire, sites, slack)
    ends: list[str] = []
    to_kafka = kafka.brokers[0].proxy
    with Fleet(world) as fleet, world.bus() as bus, world.store() as store, Proxy(("127.0.0.1", postgres.port)) as to_postgres:
        world.environment |= {
            "NEWSWIRE_STORE": make_url(url).set(port=to_postgres.port).render_as_string(hide_password=False),
            "NEWSWIRE_BUS": f"kafka://{kafka.proxied_servers}",
        }
        for turn, (name, proxy, mode) in enumerate((("Kafka", to_kafka, Mode.REFUSE), ("PostgreSQL", to_postgres, Mode.STALL))):
            start(fleet, *STAGES)
            wire.let_out(turn * 50 + 30)
            time.sleep(1)  # it is under way, somewhere
            with proxy.being(mode):
                wire.let_out(turn * 50 + 50)
                wait_until(lambda: not any(life.ready() for life in fleet.crew), limit_s=30)
                ends.append(f"{name} {mode.value}s {fleet.dismiss_all():.1f} s")
        start(fleet, *STAGES)
        took_s = wait_until(lambda: drained(bus, store, len(day.entries)), limit_s=100, look_s=0.5)
        line = books(bus, store, slack, day)
        fleet.dismiss_all()
        assert not fleet.bugs()
    say(f"{line}; drained {took_s:.1f} s after the last return; {', '.join(ends)}")


@pytest.mark.parametrize("stage", ["run", *STAGES])
def test_told_to_end_while_it_starts(embedded: World, stage: str) -> None:
    embedded.sources("http://127.0.0.1:9/feed")
    for later_s in (0.0, 0.2, 0.6, 1.5, 2.5):  # among imports, before the store, while workers start
        process = embedded.start(stage)
        wait_until(lambda process=process: listens_for(process.pid, signal.SIGTERM), limit_s=30, look_s=0.005)  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
        time.sleep(later_s)
        process.terminate()
        _, said = process.communicate(timeout=ENDS_WITHIN_S)
        assert process.returncode == 0, f"told {later_s} s after its start, it ended with {process.returncode}\n{said}"
        assert "Traceback" not in said


def test_told_to_end_while_nobody_reads_what_it_says(embedded: World, sites: list[Web], slack: FakeSlack) -> None:
    day = Day.of(sites, items=40, with_page=5, told=2)
    wire = Wire(sites, day.entries, feeds=1)
    set_out(embedded, wire, sites, slack)
    wire.let_out(40)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x")
    os.set_blocking(writer, True)
    process = subprocess.Popen(embedded.command("run"), env=embedded.full_environment(), cwd=embedded.root, stderr=writer)
    wait_until(lambda: bool(slack.alerts), limit_s=60)
    process.terminate()
    assert process.wait(ENDS_WITHIN_S) == 0
    os.close(reader)
    os.close(writer)


def listens_for(pid: int, what: signal.Signals) -> bool:
    """Return whether a process has a handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    (mask,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(mask, 16) >> (what - 1) & 1)


@pytest.mark.servers
@pytest.mark.parametrize("server", ["store", "bus"])
def test_told_to_end_while_it_waits_for_a_server_that_says_nothing(
    tmp_path: Path, kafka: KafkaCluster, migrated: Callable[[], str], server: str, say: Say
) -> None:
    world = World(tmp_path)
    world.on_servers(kafka, migrated())
    world.sources("http://127.0.0.1:9/feed")
    with Fleet(world) as fleet, closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        if server == "bus":
            world.environment["NEWSWIRE_BUS"] = f"kafka://127.0.0.1:{port}"
        else:
            world.environment["NEWSWIRE_STORE"] = make_url(world.environment["NEWSWIRE_STORE"]).set(port=port).render_as_string(False)
        for stage in STAGES:
            fleet.start(stage)
        silent.settimeout(60)
        taken = [silent.accept() for _ in STAGES]  # all of them ask, and nobody answers
        ended_s = fleet.dismiss_all()
        for connection, _ in taken:
            connection.close()
        assert not fleet.bugs()
    say(f"{ended_s:.1f} s")


def ended_by(said: str) -> "subprocess.CompletedProcess[str]":
    """Return how a process ended that says this while it waits to be told to end."""
    told = "import os, signal, time\nfrom newswire.cli import run\nwith run._leave_when_told():\n"
    return subprocess.run(
        [sys.executable, "-c", told + indent(said, "    ")], cwd=ROOT, capture_output=True, text=True, timeout=ENDS_WITHIN_S, check=False
    )


def test_told_to_end_where_python_drops_what_a_handler_raises() -> None:
    done = ended_by("""
class Gone:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)

Gone()
print("goes on", flush=True)
time.sleep(60)
""")
    assert "Exception ignored" in done.stderr
    assert done.stdout == "goes on\n"
    assert done.returncode == 0


def test_told_to_end_where_a_library_makes_another_error_of_it() -> None:
    done = ended_by("""
try:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
except SystemExit as end:  # as modules in C++ do that are just being made
    raise ImportError("initialization failed") from end
""")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_error_of_a_process_that_nobody_told_to_end_is_said() -> None:
    done = ended_by("raise ImportError('no such library')")
    assert done.returncode == 1
    assert "no such library" in done.stderr
