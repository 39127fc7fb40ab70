"""The embedded pair on a full disk: nothing acknowledged is lost, no file is corrupt, it is said, and it heals without a restart."""

import random
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from newswire.bus import Message, Output
from newswire.bus.embedded import EmbeddedBus
from newswire.clock import SystemClock
from newswire.errors import Retryable
from newswire.outcomes import RetryReason, Stage
from newswire.store import open_store, trail
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS
from tests.acceptance.world import World
from tests.crash.full_disk import a_disk, limit_files, longest
from tests.crash.pipeline import Desk, Process, running, undisturbed, wait_for
from tests.measured import Say

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

ROUNDS = 40
SAID = ("the disk is full", "is it full?")


def assert_sound(folder: Path) -> None:
    for path in folder.glob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path


@pytest.mark.parametrize("mounted", [True, False], ids=["tmpfs", "limit"])
def test_full_at_any_statement_nothing_acknowledged_is_lost(tmp_path: Path, mounted: bool, say: Say) -> None:
    chance = random.Random(11)
    published: set[str] = set()
    copied: set[str] = set()
    written: set[str] = set()
    refused = {RetryReason.BUS: 0, RetryReason.STORE: 0}
    unclear: list[str] = []  # refusals that do not say why
    healed: list[float] = []

    with (
        a_disk(tmp_path / "disk", mounted=mounted) as disk,
        closing(EmbeddedBus(disk.folder / "bus.sqlite3", clock=SystemClock())) as bus,
        closing(open_store(f"sqlite:///{disk.folder / 'store.sqlite3'}")) as store,
    ):
        consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)

        def publish(name: str) -> None:
            bus.publish(ITEMS, [Message(name, b"x" * chance.randrange(4_000))])
            published.add(name)

        def copy(_: str) -> None:
            batch = consumer.poll(timeout_s=0.01, max_messages=3)
            consumer.commit(batch, [Output(REPORTS, Message(one.key, one.value)) for one in batch.messages])
            copied.update(one.key for one in batch.messages)

        def write(name: str) -> None:
            with store.begin() as connection:
                for part in ("a", "b"):
                    detail = {"text": "x" * chance.randrange(3_000)}
                    trail.record(connection, [trail.Step(name, part, Stage.COLLECT, "", "new", None, detail, 1.0)])
            written.add(name)

        def attempt(work: Callable[[str], None], name: str) -> bool:
            try:
                work(name)
            except Retryable as error:
                unclear.extend([str(error)] * (not any(words in str(error) for words in SAID)))
                refused[error.reason] += 1
                return False
            return True

        works = [publish, copy, write]
        for turn in range(ROUNDS):
            disk.leave(chance.randrange(120_000))
            for n in range(60):
                chance.shuffle(works)
                ends = [attempt(work, f"{turn}-{n}") for work in works]
                if not all(ends):
                    break
            disk.leave(None)
            began = time.monotonic()
            for work in works:
                assert attempt(work, f"{turn}-after"), "it did not heal"
            healed.append(time.monotonic() - began)
        while bus.backlog(ITEMS, PROCESSORS_GROUP).records:
            copy("")
        stored = {message.key for message in bus.browse(ITEMS)}
        reports = [message.key for message in bus.browse(REPORTS)]
        with store.read() as connection:
            kept = {name for name in written if [step.revision for step in trail.of_item(connection, name)] == ["a", "b"]}
        consumer.close()
        assert published <= stored
        assert copied <= set(reports)
        assert sorted(reports) == sorted(stored), "lost, or copied twice: offsets and outputs are one transaction"
        assert kept == written
        assert min(refused.values()) > 0, refused
        assert not unclear
        assert_sound(disk.folder)
        how = disk.name
    say(
        f"{how}: {ROUNDS} times full, bus refused {refused[RetryReason.BUS]} and store {refused[RetryReason.STORE]} times, "
        f"{len(published)} records and {len(written)} rows kept, none lost; first write with room again after at most {max(healed):.2f} s"
    )


def fill(one: Process, world: World) -> None:
    """Leave the process's files room for one small transaction more, or two."""
    limit_files(one.popen.pid, longest(world.data) + 8_000)


def is_said(one: Process) -> bool:
    return any(words in str(line.get("error", "")) for line in one.lines() for words in SAID)


def test_the_pipeline_on_a_full_disk_says_so_and_goes_on_when_there_is_room(tmp_path: Path, say: Say) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(1) as threads:
        expected = threads.submit(undisturbed, tmp_path / "undisturbed")
        desk = Desk(World(tmp_path / "full"), stack)
        with running(desk.world, "run") as [process]:
            wait_for(process.ready, "ready", limit_s=90)
            desk.publish(4)
            wait_for(lambda: len(desk.slack.posted) == 3, "told", limit_s=60)
            fill(process, desk.world)
            desk.publish(4)
            said_s = wait_for(lambda: is_said(process), "it is said", limit_s=30)
            unready_s = wait_for(lambda: not process.ready(), "it is not ready", limit_s=30)
            desk.publish(4)
            time.sleep(10)
            assert process.samples[-1].healthy
            assert not process.ready()
            assert_sound(desk.world.data)
            limit_files(process.popen.pid, None)
            healed_s = wait_for(lambda: len(desk.slack.posted) == 9, "told when there is room", limit_s=60)
            ready_s = wait_for(process.ready, "ready again", limit_s=30)
            lines = [line for line in process.lines() if line.get("level") in {"warning", "error", "critical"}]
            assert len(lines) <= 40, lines
            assert not [line for line in lines if "exception" in line], lines
            fill(process, desk.world)
            desk.publish(4)
            time.sleep(5)
            process.popen.kill()
            process.popen.wait()
        assert_sound(desk.world.data)
        with running(desk.world, "run") as [again]:
            wait_for(again.ready, "ready after the kill", limit_s=90)
            wait_for(lambda: desk.done(expected.result()), "all is told", limit_s=90)
        assert_sound(desk.world.data)
        assert desk.outcome() == expected.result()
    say(
        f"a full disk under `newswire run`: said after {said_s:.1f} s, not ready {unready_s:.1f} s later, {len(lines)} warnings in all; "
        f"with room again all is told after {healed_s:.1f} s, ready {ready_s:.1f} s later; killed while full: nothing lost"
    )
