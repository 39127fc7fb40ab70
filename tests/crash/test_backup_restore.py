"""A backup under load, then everything is destroyed, then a restore: each story is told once in its whole life, and open threads go on."""

import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newswire.crash import BACKUP_CRASH_POINTS, RESTORE_CRASH_POINTS
from newswire.store import backups
from tests.acceptance.world import Entry, World, wait_until_ready
from tests.crash.full_disk import limit_files
from tests.crash.pipeline import Desk, rows, title_of, wait_for
from tests.fake_slack import FakeSlack, Posted
from tests.measured import Say
from tests.servers.kafka import KafkaCluster

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

OTHER = "/other"
PARTS = (4, 4, 4, 4)  # rows that come before the backup, about the backup, after it, and after the restore


class SecondOutlet:
    """Carries what the desk's feed carries, under addresses of its own: another report of a story that was told."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._entries: list[Entry] = []
        self._began_at = datetime.now(UTC) - timedelta(minutes=4)
        desk.world.sources(desk.web.base + OTHER, name="other", outlet="Second Herald", country="PK", interval="1s")
        self.publish()

    def publish(self, *numbers: int) -> None:
        for number in numbers:
            row = rows()[number]
            link = self._desk.web.page(f"/second{number}", row["title"], row["text"])
            self._entries.append(Entry(row["title"], row["summary"], link, self._began_at))
        self._desk.web.feed(OTHER, list(reversed(self._entries)))


def told(slack: FakeSlack) -> dict[str, list[Posted]]:
    """Return the stories' own messages by title."""
    found: dict[str, list[Posted]] = {}
    for posted in slack.alerts:
        found.setdefault(title_of(posted.body), []).append(posted)
    return found


def joined(slack: FakeSlack, number: int) -> bool:
    """Return whether the second outlet is heard in the story's thread."""
    of_story = told(slack).get(rows()[number]["title"], [])
    return any("Second Herald" in str(reply.body) for posted in of_story for reply in slack.in_thread(posted.ts))


def alerting(count: int) -> int:
    """Return how many of the first rows are told."""
    return sum((number + 1) % 4 > 0 for number in range(count))


def end(process: "subprocess.Popen[str]", how: signal.Signals) -> int:
    """End a process, and return its status."""
    process.send_signal(how)
    status = process.wait(30)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    return status


def start(world: World) -> "subprocess.Popen[str]":
    process = world.start("run")
    wait_until_ready(process)
    return process


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose threads go on within a second, and not after a quarter of an hour."""
    with ExitStack() as stack:
        world = World(tmp_path)
        for path in (world.config / "watchlists").glob("*.yaml"):
            text = path.read_text("utf-8")
            if "\nalert:" not in text:
                path.write_text(f"{text}\nalert: {{update_every: 1s}}\n", "utf-8")
        yield Desk(world, stack)


def live_and_die(desk: Desk, destroy: Callable[[], dict[str, str]], say: Say) -> None:
    """Live through a loss of everything but the backup; what is destroyed gives the settings of the new place."""
    world, slack = desk.world, desk.slack
    second = SecondOutlet(desk)
    running = start(world)
    try:
        published = PARTS[0]
        desk.publish(PARTS[0])
        wait_for(lambda: len(slack.alerts) >= alerting(published), "the first news is told", limit_s=60)
        second.publish(0)
        wait_for(lambda: joined(slack, 0), "the second outlet joins", limit_s=60)
        desk.publish(PARTS[1])  # it is under way, somewhere, while the backup is made
        made = world.json("backup", str(world.root / "backups"), "--json")
        at_backup = len(slack.alerts)
        published += PARTS[1] + PARTS[2]
        desk.publish(PARTS[2])
        wait_for(lambda: len(slack.alerts) >= alerting(published), "the news after the backup is told", limit_s=60)
        second.publish(1, 8)  # a thread of before the backup, and one of after it
        wait_for(lambda: joined(slack, 1) and joined(slack, 8), "both threads go on", limit_s=60)
    finally:
        end(running, signal.SIGKILL)
    before = {posted.ts: dict(posted.body) for posted in slack.posted}
    world.environment |= destroy()
    world.run("restore", made["folder"], "--check")
    world.run("restore", made["folder"])
    running = start(world)
    try:
        desk.publish(PARTS[3])
        second.publish(2, 9)  # again a thread of before the backup, and one that the restored store has only read about
        published += PARTS[3]
        wait_for(lambda: len(slack.alerts) >= alerting(published), "the news after the restore is told", limit_s=90)
        wait_for(lambda: joined(slack, 2) and joined(slack, 9), "threads go on after the restore", limit_s=60)
        time.sleep(6)  # what would be told twice has come by now: feeds are polled every second, replies wait at most a few
    finally:
        assert end(running, signal.SIGTERM) == 0
    counted = Counter({title: len(messages) for title, messages in told(slack).items()})
    assert counted == Counter({row["title"]: 1 for n, row in enumerate(rows()[:published]) if (n + 1) % 4})
    replies: Counter[str] = Counter()
    for posted in slack.alerts:
        replies[title_of(posted.body)] += sum("Second Herald" in str(reply.body) for reply in slack.in_thread(posted.ts))
    assert {title: count for title, count in replies.items() if count} == {rows()[n]["title"]: 1 for n in (0, 1, 2, 8, 9)}
    assert "possible repeat" not in str([posted.body for posted in slack.posted]).lower()
    say(
        f"{at_backup} alerts at the backup, {len([ts for ts in before if ts])} messages at the loss, {len(slack.posted)} at the end; none twice"
    )


def test_on_one_machine(desk: Desk, say: Say) -> None:
    def destroy() -> dict[str, str]:
        shutil.rmtree(desk.world.data)
        return {}

    live_and_die(desk, destroy, say)


@pytest.mark.servers
def test_on_kafka_and_postgresql(desk: Desk, kafka: KafkaCluster, migrated: Callable[[], str], postgres: Any, say: Say) -> None:
    desk.world.on_servers(kafka, migrated())
    desk.world.slack(desk.slack.url)
    live_and_die(desk, lambda: {"NEWSWIRE_STORE": postgres.new_database()}, say)


@pytest.mark.servers
def test_postgresql_beside_the_embedded_bus(desk: Desk, migrated: Callable[[], str], postgres: Any, say: Say) -> None:
    desk.world.environment["NEWSWIRE_STORE"] = migrated()

    def destroy() -> dict[str, str]:
        shutil.rmtree(desk.world.data)
        return {"NEWSWIRE_STORE": postgres.new_database()}

    live_and_die(desk, destroy, say)


def refused_by_a_full_disk(world: World, *arguments: str) -> None:
    """Run a command that can write no file past 64 KiB; it says so in words."""
    process = subprocess.Popen(
        world.command(*arguments),
        env=world.full_environment(),
        cwd=world.root,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: limit_files(0, 65_536),  # noqa: PLW1509 -- one thread here, and the limit is to be there from the first byte
    )
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert "Traceback" not in said


def whole(parent: Path) -> list[Path]:
    return sorted(path for path in parent.glob("newswire-*") if (path / "manifest.json").is_file())


def test_a_backup_that_is_killed_or_finds_the_disk_full_leaves_nothing_that_looks_whole(desk: Desk) -> None:
    world = desk.world
    desk.publish(4)
    world.run("run", "--until-idle")
    parent = world.root / "backups"
    for point in BACKUP_CRASH_POINTS:
        if point == "backup_between_tables":
            continue  # of PostgreSQL
        world.run("backup", str(parent), status=-signal.SIGKILL, NEWSWIRE_CRASH_AT=point)
        assert len(whole(parent)) == (point == "backup_after_rename"), point
        if point == "backup_after_rename":
            world.run("restore", str(whole(parent)[0]), "--check")
    with world.store() as store, store.read() as connection:
        assert backups.last_success(connection) is None
    refused_by_a_full_disk(world, "backup", str(world.root / "full"))
    assert whole(world.root / "full") == []
    assert [path.name for path in (world.root / "full").iterdir()] == [".backup.lock"]
    time.sleep(1.1)  # a folder is named by its second
    world.run("backup", str(parent))
    assert [path.name for path in parent.iterdir() if path.name.startswith(".unfinished")] == []
    assert len(whole(parent)) == 2


def test_a_restore_that_is_killed_is_refused_by_every_stage_and_can_be_repeated(desk: Desk) -> None:
    world = desk.world
    desk.publish(4)
    world.run("run", "--until-idle")
    world.run("backup", str(world.root / "backups"))
    [made] = whole(world.root / "backups")
    assert "there is a store" in world.run("restore", str(made), status=2).stderr
    shutil.rmtree(world.data)
    refused_by_a_full_disk(world, "restore", str(made))
    assert list(world.data.iterdir()) == []
    for point in RESTORE_CRASH_POINTS:
        world.run("restore", str(made), status=-signal.SIGKILL, NEWSWIRE_CRASH_AT=point)
        assert "broken off; run `newswire restore DIR` again" in world.run("run", "--until-idle", status=2).stderr
    world.run("restore", str(made))
    world.run("run", "--until-idle")
    assert len(desk.slack.alerts) == 3
    store = made / "store.sqlite3"
    content = bytearray(store.read_bytes())
    content[len(content) // 3] ^= 1
    store.write_bytes(content)
    shutil.rmtree(world.data)
    assert f"{store}: it is damaged" in world.run("restore", str(made), status=2).stderr
    assert not world.data.exists()
