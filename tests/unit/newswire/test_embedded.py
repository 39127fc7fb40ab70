import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newswire.bus import Consumer, Delivered, Message, Output
from newswire.bus.embedded import EmbeddedBus
from newswire.bus.living import Living
from newswire.clock import ManualClock
from newswire.errors import ConfigurationError, Retryable
from newswire.outcomes import RetryReason
from newswire.topics import ALERTS, DEAD, ITEMS, PROCESSORS_GROUP, REPORTS, Topic
from tests.fakes import NOW

Open = Callable[..., EmbeddedBus]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "bus.sqlite3"


@pytest.fixture
def open_bus(path: Path, clock: ManualClock) -> Iterator[Open]:
    opened: list[EmbeddedBus] = []

    def open_one(**settings: object) -> EmbeddedBus:
        opened.append(EmbeddedBus(path, **({"clock": clock} | settings)))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for bus in opened:
        bus.close()


def publish(bus: EmbeddedBus, topic: Topic, count: int, first: int = 0) -> None:
    bus.publish(topic, [Message(str(n), str(n).encode()) for n in range(first, first + count)])


def drain(consumer: Consumer, most: int = 1_000) -> list[int]:
    found: list[Delivered] = []
    while batch := consumer.poll(timeout_s=0, max_messages=most):
        consumer.commit(batch)
        found.extend(batch.messages)
    return sorted(int(message.value) for message in found)


def left(bus: EmbeddedBus, topic: Topic) -> int:
    return sum(1 for _ in bus.browse(topic))


def days(count: float) -> datetime:
    return NOW + timedelta(days=count)


def test_retention_drops_what_is_old_and_committed_and_nothing_else(open_bus: Open, clock: ManualClock) -> None:
    bus = open_bus()
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    publish(bus, ITEMS, 1_300)
    consumer.commit(consumer.poll(timeout_s=0, max_messages=1_200))
    assert bus.maintain(days(7)) == 0  # not older than seven days
    clock.set(days(6))
    publish(bus, ITEMS, 10, first=1_300)

    assert bus.maintain(days(7.5)) == 1_200
    assert drain(consumer) == list(range(1_200, 1_310))
    assert bus.maintain(days(7.5)) == 100
    assert left(bus, ITEMS) == 10  # committed, and younger
    assert bus.maintain(days(20)) == 10


def test_retention_waits_for_no_group_that_is_not_in_the_table(open_bus: Open) -> None:
    bus = open_bus()
    publish(bus, ITEMS, 5)
    slow = bus.consumer(ITEMS, "audit")
    slow.commit(slow.poll(timeout_s=0, max_messages=1))
    assert bus.maintain(days(8)) == 0
    drain(bus.consumer(ITEMS, PROCESSORS_GROUP))
    assert bus.maintain(days(8)) == 5
    assert drain(slow) == []


def test_alerts_and_dead_letters_are_kept_by_age_alone(open_bus: Open) -> None:
    bus = open_bus()
    publish(bus, ALERTS, 3)
    publish(bus, DEAD, 4)
    assert bus.maintain(days(8)) == 3
    assert bus.maintain(days(89)) == 0
    assert bus.maintain(days(91)) == 4


def test_an_offset_is_never_used_twice(open_bus: Open) -> None:
    bus = open_bus()
    publish(bus, ITEMS, 8)
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    drain(consumer)
    assert bus.maintain(days(100)) == 8  # the log is empty
    publish(bus, ITEMS, 8, first=8)
    assert drain(consumer) == list(range(8, 16))


def test_a_full_disk_stops_nothing_for_good(open_bus: Open) -> None:
    bus = open_bus()
    publish(bus, ITEMS, 1)
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    writer = bus._log._writer
    assert writer is not None
    writer.execute("PRAGMA max_page_count=1")
    with pytest.raises(Retryable, match=r"the log .*bus\.sqlite3: the disk is full") as caught:
        bus.publish(ITEMS, [Message("k", b"x" * 200_000)])
    assert caught.value.reason is RetryReason.BUS
    assert drain(consumer) == [0]
    writer.execute("PRAGMA max_page_count=1000000")
    publish(bus, ITEMS, 1, first=1)
    assert drain(consumer) == [1]


def test_a_connection_that_broke_is_opened_anew(open_bus: Open) -> None:
    bus = open_bus()
    publish(bus, ITEMS, 1)

    def break_it() -> None:
        with bus._log.writing() as connection:
            connection.execute("ROLLBACK")
            connection.close()

    with pytest.raises(sqlite3.ProgrammingError):
        break_it()
    publish(bus, ITEMS, 1, first=1)
    assert left(bus, ITEMS) == 2


@pytest.mark.parametrize("where", ["this process", "another"])
def test_a_waiting_poll_wakes_when_something_is_published(open_bus: Open, where: str) -> None:
    bus = open_bus()
    publisher = bus if where == "this process" else open_bus()
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    assert not consumer.poll(timeout_s=0)
    timer = threading.Timer(0.05, publish, (publisher, ITEMS, 1))
    timer.start()
    assert [message.value for message in consumer.poll(timeout_s=30).messages] == [b"0"]
    timer.join()


def test_a_poll_that_finds_nothing_writes_nothing(open_bus: Open, path: Path) -> None:
    bus = open_bus()
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    consumer.poll(timeout_s=0)
    with closing(sqlite3.connect(path)) as watcher:
        before = watcher.execute("PRAGMA data_version").fetchone()
        for _ in range(20):
            consumer.poll(timeout_s=0.001)
        assert watcher.execute("PRAGMA data_version").fetchone() == before


def test_prefixes_keep_installations_apart(open_bus: Open) -> None:
    one, two = open_bus(prefix="one."), open_bus(prefix="two.")
    publish(one, ITEMS, 3)
    [first, *_] = one.consumer(ITEMS, PROCESSORS_GROUP).poll(timeout_s=0).messages
    assert first.topic == "news.items"
    assert not two.consumer(ITEMS, PROCESSORS_GROUP).poll(timeout_s=0)
    assert two.backlog(ITEMS, PROCESSORS_GROUP).records == 0


def test_the_number_of_partitions_is_the_files_own(open_bus: Open) -> None:
    publish(open_bus(partitions=3), ITEMS, 50)
    bus = open_bus(partitions=8)
    assert drain(bus.consumer(ITEMS, PROCESSORS_GROUP)) == list(range(50))
    assert {message.partition for message in bus.browse(ITEMS)} == {0, 1, 2}


def test_a_log_of_a_newer_version_is_refused_in_one_line(open_bus: Open, path: Path) -> None:
    open_bus().close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(ConfigurationError, match=r"bus\.sqlite3: a log of version 99, written by a newer Newswire: upgrade this one$"):
        open_bus()


@pytest.mark.parametrize("content", [b"not a database, but long enough to look at" * 100, b"SQLite format 3\x00" + b"\xff" * 4_000])
def test_a_file_that_is_no_log_is_refused_in_one_line(open_bus: Open, path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"bus\.sqlite3: not a log of Newswire: "):
        open_bus()


class JumpingClock:
    """A wall clock that jumps while the monotonic one goes on."""

    def __init__(self) -> None:
        self.wall, self.seconds = NOW, 0.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        self.seconds += 0.001
        return self.seconds


def test_a_wall_clock_that_jumps_puts_nobody_out_and_loses_nothing(open_bus: Open) -> None:
    clock = JumpingClock()
    one, two = open_bus(clock=clock), open_bus(clock=clock)
    members = [one.consumer(ITEMS, PROCESSORS_GROUP), two.consumer(ITEMS, PROCESSORS_GROUP)]
    found: list[int] = []
    for turn, jump in enumerate([0, 365, -730, 9_000, -9_000]):
        clock.wall += timedelta(days=jump)
        publish(one, ITEMS, 40, first=40 * turn)
        for member in members:
            batch = member.poll(timeout_s=0)
            one.maintain(clock.wall)
            member.commit(batch)  # not Fenced
            found += [int(message.value) for message in batch.messages]
    found += drain(members[0]) + drain(members[1])
    assert sorted(found) == list(range(200))


def test_members_share_the_partitions_and_give_back_what_is_too_much(open_bus: Open) -> None:
    one, two = open_bus(), open_bus()
    first = one.consumer(ITEMS, PROCESSORS_GROUP)
    publish(one, ITEMS, 100)
    in_hand = first.poll(timeout_s=0, max_messages=100)
    second = two.consumer(ITEMS, PROCESSORS_GROUP)
    assert not second.poll(timeout_s=0)
    assert not first.poll(timeout_s=0)  # it has all partitions in its hands, and keeps them
    first.commit(in_hand)
    publish(one, ITEMS, 100, first=100)
    ours = [int(message.value) for message in first.poll(timeout_s=0).messages]
    theirs = [int(message.value) for message in second.poll(timeout_s=0).messages]
    assert sorted(ours + theirs) == list(range(100, 200))
    assert ours
    assert theirs


def test_threads_may_publish_at_once(open_bus: Open) -> None:
    bus = open_bus()

    def publish_twenty(first: int) -> None:
        for n in range(first, first + 20):
            publish(bus, ITEMS, 1, first=n)

    threads = [threading.Thread(target=publish_twenty, args=(first,)) for first in (0, 20, 40, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drain(bus.consumer(ITEMS, PROCESSORS_GROUP)) == list(range(80))


def test_a_closed_consumer_says_so(open_bus: Open) -> None:
    consumer = open_bus().consumer(ITEMS, PROCESSORS_GROUP)
    consumer.close()
    consumer.close()
    with pytest.raises(ValueError, match=r"this consumer of news\.items is closed"):
        consumer.poll(timeout_s=0)


def test_files_of_dead_processes_are_swept_and_those_of_the_living_stay(open_bus: Open, path: Path) -> None:
    bus = open_bus()
    bus.consumer(ITEMS, PROCESSORS_GROUP)
    dead = path.with_name("bus.sqlite3.member-0000")
    dead.touch()
    other = Living(path)
    other.appear()
    assert other.lives(bus._living.process)
    assert not other.lives("0000")
    bus.maintain(NOW)
    assert not dead.exists()
    assert len(list(path.parent.glob("*.member-*"))) == 2
    other.disappear()
    bus.close()
    assert list(path.parent.glob("*.member-*")) == []


def test_outputs_and_offsets_of_many_batches_are_each_there_once(open_bus: Open) -> None:
    bus = open_bus()
    publish(bus, ITEMS, 500)
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    while batch := consumer.poll(timeout_s=0, max_messages=7):
        consumer.commit(batch, [Output(REPORTS, Message(m.key, m.value)) for m in batch.messages])
    assert sorted(int(message.value) for message in bus.browse(REPORTS)) == list(range(500))
