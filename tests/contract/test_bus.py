"""What every bus must keep. An implementation comes in by a `Bed`; a law that it cannot keep is a strict xfail with its reason."""

import itertools
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from newswire.bus import Batch, Bus, Consumer, Delivered, Message, Output
from newswire.bus.embedded import EmbeddedBus
from newswire.bus.kafka import KafkaBus
from newswire.bus.kafka_settings import KafkaSettings, TopicWishes
from newswire.bus.kafka_topics import KafkaTopics
from newswire.bus.size import MESSAGE_LIMIT_BYTES
from newswire.clock import ManualClock, SystemClock
from newswire.errors import Fenced, Permanent, Retryable
from newswire.outcomes import DeadReason
from newswire.topics import ALERTING_GROUP, ITEMS, PROCESSORS_GROUP, REPORTS, Topic
from tests.fakes import NOW, MemoryBus
from tests.servers.kafka import KafkaCluster
from tests.servers.proxy import Mode

LEASE_S = 15.0
PATIENCE_S = 30.0


class Bed(Protocol):
    """One log, and the faults that a test may give it."""

    repeats: bool
    """Whether a commit that fails may leave its outputs on the log: only where they and the offsets cannot be written as one."""

    examples: int
    steps: int
    """How many stories the property test tells on it, and how long they are."""

    def open(self) -> Bus:
        """Another process's handle on the same log."""
        ...

    def silence(self) -> None:
        """Time passes in which no member is heard of."""
        ...

    def tick(self) -> None:
        """A moment passes, long enough for the log's clock to show it."""
        ...

    def failing(self, bus: Bus) -> AbstractContextManager[None]:
        """A block in which nothing of 100 kB can be written."""
        ...

    def is_now(self, at: datetime) -> bool:
        """Whether that is what the log's clock says during the test."""
        ...

    def close(self) -> None: ...


class MemoryBed:
    repeats = False
    examples = 25
    steps = 30

    def __init__(self, _folder: Path) -> None:
        self.bus = MemoryBus()

    def open(self) -> Bus:
        return self.bus

    def silence(self) -> None:
        self.bus.lapse()

    def tick(self) -> None:
        """Its clock stands still."""

    @contextmanager
    def failing(self, bus: Bus) -> Iterator[None]:
        self.bus.fail_commits = 1
        yield

    def is_now(self, at: datetime) -> bool:
        return at == NOW

    def close(self) -> None:
        pass


class EmbeddedBed:
    repeats = False
    examples = 25
    steps = 30

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bus.sqlite3"
        self.clock = ManualClock(NOW)
        self.buses: list[EmbeddedBus] = []

    def open(self) -> EmbeddedBus:
        bus = EmbeddedBus(self.path, clock=self.clock, lease_s=LEASE_S)
        self.buses.append(bus)
        return bus

    def silence(self) -> None:
        self.clock.set(self.clock.now() + timedelta(seconds=LEASE_S + 1))

    def tick(self) -> None:
        self.clock.set(self.clock.now() + timedelta(milliseconds=5))

    @contextmanager
    def failing(self, bus: Bus) -> Iterator[None]:
        """A disk without room, as SQLite meets it."""
        assert isinstance(bus, EmbeddedBus)
        connection = bus._log._writer
        assert connection is not None
        connection.execute("PRAGMA max_page_count=1")
        try:
            yield
        finally:
            connection.execute("PRAGMA max_page_count=1000000000")

    def is_now(self, at: datetime) -> bool:
        return at == NOW

    def close(self) -> None:
        for bus in self.buses:
            bus.close()


class KafkaBed:
    """Topics of its own on the one broker of the run, reached through its proxy."""

    repeats = True
    examples = 3
    steps = 20
    numbers = itertools.count()

    def __init__(self, cluster: KafkaCluster) -> None:
        self.proxy = cluster.brokers[0].proxy
        self.prefix = f"t{next(self.numbers)}."
        self.settings = KafkaSettings(
            (cluster.proxied_servers,),
            request_s=1.0,
            delivery_s=1.5,
            session_s=1.5,
            poll_interval_s=2.5,
            probe_s=1.0,
            topics=TopicWishes(partitions=3),
        )
        self.began = datetime.now(UTC)
        self.buses: list[KafkaBus] = []
        with KafkaTopics(self.settings, prefix=self.prefix) as topics:
            topics.create()

    def open(self) -> KafkaBus:
        bus = KafkaBus(self.settings, prefix=self.prefix)
        self.buses.append(bus)
        return bus

    def silence(self) -> None:
        time.sleep(self.settings.poll_interval_s + 0.5)  # the broker's clock cannot be moved

    def tick(self) -> None:
        time.sleep(0.01)

    @contextmanager
    def failing(self, bus: Bus) -> Iterator[None]:
        """No broker, as far as anybody can see."""
        with self.proxy.being(Mode.REFUSE):
            yield

    def is_now(self, at: datetime) -> bool:
        return self.began - timedelta(seconds=1) <= at <= datetime.now(UTC)

    def close(self) -> None:
        for bus in self.buses:
            bus.close()


MakeBed = Callable[[Path], Bed]


@pytest.fixture(params=["memory", "embedded", pytest.param("kafka", marks=[pytest.mark.servers, pytest.mark.timeout(240)])])
def make_bed(request: pytest.FixtureRequest) -> MakeBed:
    if request.param == "kafka":
        cluster: KafkaCluster = request.getfixturevalue("kafka")
        return lambda _folder: KafkaBed(cluster)
    return MemoryBed if request.param == "memory" else EmbeddedBed


@pytest.fixture
def bed(make_bed: MakeBed, tmp_path: Path) -> Iterator[Bed]:
    made = make_bed(tmp_path)
    yield made
    made.close()


def messages(*values: str, key: str | None = None) -> list[Message]:
    return [Message(key or value, value.encode()) for value in values]


def values(batch: Sequence[Delivered]) -> list[str]:
    return [message.value.decode() for message in batch]


def written(bed: Bed, bus: Bus) -> list[str]:
    """Return the outputs that are there; each once, where a commit that was not sure to arrive is done again, outputs and all."""
    found = values(list(bus.browse(REPORTS)))
    return list(dict.fromkeys(found)) if bed.repeats else found


def drain(
    bus: Bus, consumer: Consumer, outputs_to: Topic | None = None, *, topic: Topic = ITEMS, group: str = PROCESSORS_GROUP
) -> list[Delivered]:
    """Poll and commit until the group has nothing left to do."""
    found: list[Delivered] = []
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            batch = consumer.poll(timeout_s=0.01)
            if batch:
                consumer.commit(batch, [Output(outputs_to, Message(m.key, m.value)) for m in batch.messages] if outputs_to else ())
                found.extend(batch.messages)
            elif bus.backlog(topic, group).records == 0:
                return found
        except (Retryable, Fenced):  # as the service would: again
            time.sleep(0.05)
    raise AssertionError(f"{bus.backlog(topic, group)} after {PATIENCE_S} s; came: {values(found)}")


def take(consumer: Consumer, count: int) -> list[Delivered]:
    """Poll until so many have come; a log may give them in pieces."""
    found: list[Delivered] = []
    while len(found) < count:
        batch = consumer.poll(timeout_s=5, max_messages=count - len(found))
        assert batch
        found.extend(batch.messages)
    return found


def test_what_was_published_is_delivered_whole(bed: Bed) -> None:
    bus = bed.open()
    sent = Message("ключ\x00", b"\x00\xff not utf-8, not JSON", {"schema": "item/1", "trace-id": "\u202eé"})
    bus.publish(ITEMS, [sent])

    [got] = bus.consumer(ITEMS, PROCESSORS_GROUP).poll(timeout_s=5).messages

    assert (got.key, got.value, dict(got.headers), got.topic) == (sent.key, sent.value, sent.headers, ITEMS.name)
    assert bed.is_now(got.written_at)


def test_what_was_committed_is_not_delivered_again_and_the_rest_is(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*"abcdef", key="one"))
    first = bus.consumer(ITEMS, PROCESSORS_GROUP)
    first.commit(first.poll(timeout_s=5, max_messages=2))
    first.poll(timeout_s=5, max_messages=2)  # not committed
    first.close()

    assert values(drain(bus, bed.open().consumer(ITEMS, PROCESSORS_GROUP))) == list("cdef")


def test_polling_on_goes_on_and_rewinding_goes_back(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*"abc", key="one"))
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)

    assert values(consumer.poll(timeout_s=5, max_messages=2).messages) == ["a", "b"]
    assert values(consumer.poll(timeout_s=5, max_messages=2).messages) == ["c"]
    consumer.rewind()
    assert values(drain(bus, consumer)) == ["a", "b", "c"]


def test_polling_goes_on_after_the_last_batch_when_an_earlier_one_is_committed(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*"abcde", key="one"))
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    first, second = (consumer.poll(timeout_s=5, max_messages=2) for _ in range(2))
    consumer.commit(first)
    assert values(consumer.poll(timeout_s=5).messages) == ["e"]
    consumer.rewind()
    assert values(consumer.poll(timeout_s=5).messages) == ["c", "d", "e"]
    consumer.commit(second)
    assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 1


def test_an_older_batch_committed_late_moves_nothing_back(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*"abcd", key="one"))
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    first, second = (consumer.poll(timeout_s=5, max_messages=2) for _ in range(2))
    consumer.commit(second)
    consumer.commit(first)
    consumer.close()
    assert not bus.consumer(ITEMS, PROCESSORS_GROUP).poll(timeout_s=0)


def test_rewinding_gives_back_what_had_no_room_in_the_batch_too(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*"abcdefghijkl"))
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    for _ in range(3):
        assert len(consumer.poll(timeout_s=5, max_bytes=1).messages) == 1
        consumer.rewind()
    assert sorted(values(drain(bus, consumer))) == list("abcdefghijkl")


def test_equal_keys_keep_their_order(bed: Bed) -> None:
    bus = bed.open()
    for number in range(60):
        bus.publish(ITEMS, messages(f"{number % 7}/{number:03}", key=str(number % 7)))

    by_key: dict[str, list[str]] = defaultdict(list)
    for message in drain(bus, bus.consumer(ITEMS, PROCESSORS_GROUP)):
        by_key[message.key].append(message.value.decode())

    assert sum(map(len, by_key.values())) == 60
    assert all(found == sorted(found) for found in by_key.values())


def test_groups_do_not_see_each_other_and_a_new_one_starts_at_the_beginning(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*"abc"))
    processors = bus.consumer(ITEMS, PROCESSORS_GROUP)
    assert sorted(values(drain(bus, processors))) == ["a", "b", "c"]
    bus.publish(ITEMS, messages("d"))

    assert sorted(values(drain(bus, bus.consumer(ITEMS, "audit"), group="audit"))) == ["a", "b", "c", "d"]
    assert values(drain(bus, processors)) == ["d"]


def test_outputs_are_durable_with_the_offsets(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*"abc"))

    drain(bus, bus.consumer(ITEMS, PROCESSORS_GROUP), outputs_to=REPORTS)

    assert sorted(written(bed, bed.open())) == ["a", "b", "c"]


def test_a_commit_that_fails_writes_nothing_and_rewinds(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages("a"))
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    batch = consumer.poll(timeout_s=5)

    with bed.failing(bus), pytest.raises(Retryable):
        consumer.commit(batch, [Output(REPORTS, Message("a", b"x" * 100_000))])

    assert list(bus.browse(REPORTS)) == []
    assert values(drain(bus, consumer, outputs_to=REPORTS)) == ["a"]  # healed, without a restart
    assert written(bed, bus) == ["a"]


def test_an_empty_batch_may_carry_outputs(bed: Bed) -> None:
    bus = bed.open()
    bus.consumer(ITEMS, PROCESSORS_GROUP).commit(Batch(()), [Output(REPORTS, Message("k", b"v"))])
    assert values(list(bus.browse(REPORTS))) == ["v"]


def test_outputs_to_several_topics_keep_their_order(bed: Bed) -> None:
    bus = bed.open()
    outputs = [Output(topic, Message("k", str(n).encode())) for n, topic in enumerate([REPORTS, ITEMS, REPORTS, REPORTS, ITEMS])]
    bus.consumer(ITEMS, PROCESSORS_GROUP).commit(Batch(()), outputs)
    assert values(list(bus.browse(REPORTS))) == ["0", "2", "3"]
    assert values(list(bus.browse(ITEMS))) == ["1", "4"]


def test_a_member_that_was_replaced_is_fenced_and_writes_nothing(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages("a"))
    paused, other = bus.consumer(ITEMS, PROCESSORS_GROUP), bed.open().consumer(ITEMS, PROCESSORS_GROUP)
    batch = paused.poll(timeout_s=5)
    assert not other.poll(timeout_s=0)  # a living member keeps what it has in its hands
    bed.silence()
    assert values(drain(bus, other, outputs_to=REPORTS)) == ["a"]

    with pytest.raises(Fenced):
        paused.commit(batch, [Output(REPORTS, Message("a", b"late"))])

    assert written(bed, bus) == ["a"]
    assert not paused.poll(timeout_s=0)


def test_a_member_that_got_its_partitions_back_is_fenced_for_what_it_polled_before(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages("a", "b", key="one"))
    paused, other = bus.consumer(ITEMS, PROCESSORS_GROUP), bed.open().consumer(ITEMS, PROCESSORS_GROUP)
    old = paused.poll(timeout_s=5, max_messages=1)
    other.poll(timeout_s=0)
    bed.silence()
    assert values(drain(bus, other, outputs_to=REPORTS)) == ["a", "b"]
    other.close()
    assert not paused.poll(timeout_s=0)  # it owns the partition again; there is nothing new

    with pytest.raises(Fenced):
        paused.commit(old, [Output(REPORTS, Message("a", b"late"))])
    assert written(bed, bus) == ["a", "b"]


def test_a_member_that_leaves_hands_over_at_once(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*"abcdefgh"))
    leaving, staying = bus.consumer(ITEMS, PROCESSORS_GROUP), bed.open().consumer(ITEMS, PROCESSORS_GROUP)
    assert len(take(leaving, 8)) == 8
    assert not staying.poll(timeout_s=0)
    leaving.close()
    assert sorted(values(take(staying, 8))) == list("abcdefgh")


def test_a_batch_is_bounded_in_records_and_in_bytes_but_never_starved(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*["x" * 1_000] * 10, key="one"))
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    assert len(consumer.poll(timeout_s=5, max_messages=3).messages) == 3
    assert len(consumer.poll(timeout_s=5, max_bytes=2_500).messages) == 2
    assert len(consumer.poll(timeout_s=5, max_bytes=10).messages) == 1
    assert len(consumer.poll(timeout_s=5).messages) == 4


def test_a_record_above_the_limit_is_refused_and_nothing_with_it_is_written(bed: Bed) -> None:
    bus = bed.open()
    fits, too_large = Message("k", b"x" * (MESSAGE_LIMIT_BYTES - 1)), Message("k", b"x" * MESSAGE_LIMIT_BYTES)
    with pytest.raises(Permanent, match=r"900,001 bytes for news\.items .* 900,000 are allowed") as refused:
        bus.publish(ITEMS, [fits, too_large])
    assert refused.value.reason is DeadReason.TOO_LARGE
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    with pytest.raises(Permanent):
        consumer.commit(Batch(()), [Output(ITEMS, too_large)])
    assert not consumer.poll(timeout_s=0)

    bus.publish(ITEMS, [fits])
    assert len(consumer.poll(timeout_s=5).messages) == 1


def test_browsing_begins_where_it_is_told_and_moves_no_offset(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*"abc", key="one"))
    bed.tick()
    bus.publish(ITEMS, messages(*"de", key="one"))
    there = list(bus.browse(ITEMS))
    middle, [partition] = there[2], {message.partition for message in there}

    assert values(list(bus.browse(ITEMS, offsets={partition: middle.offset}))) == list("cde")
    assert list(bus.browse(ITEMS, offsets={partition: there[-1].offset + 1})) == []
    assert list(bus.browse(ITEMS, offsets={partition + 1_000: 0})) == []
    assert values(list(bus.browse(ITEMS, since=there[0].written_at))) == list("abcde")
    later = [message for message in there if message.written_at >= there[3].written_at]  # all of them, where the clock stands still
    assert list(bus.browse(ITEMS, since=there[3].written_at)) == later
    assert list(bus.browse(ITEMS, since=there[-1].written_at + timedelta(days=1))) == []
    assert list(bus.browse(ITEMS, since=there[-1].written_at + timedelta(days=1), offsets={partition: 0})) == []
    assert values(list(bus.browse(ITEMS, since=there[0].written_at, offsets={partition: middle.offset}))) == list("cde")
    assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 5


def test_others_that_work_with_the_log_are_counted(bed: Bed) -> None:
    bus = bed.open()
    assert bus.others() == 0
    bus.publish(ITEMS, messages("a"))
    other = bed.open()
    consumer = other.consumer(ITEMS, PROCESSORS_GROUP)
    assert consumer.poll(timeout_s=5)
    assert bus.others() == 1
    consumer.close()
    other.close()
    assert bus.others() == 0


def test_publishing_nothing_is_nothing(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, [])
    assert list(bus.browse(ITEMS)) == []


def test_backlog_is_what_was_not_committed(bed: Bed) -> None:
    bus = bed.open()
    assert (bus.backlog(ITEMS, PROCESSORS_GROUP).records, bus.backlog(ITEMS, PROCESSORS_GROUP).oldest_at) == (0, None)
    bus.publish(ITEMS, messages(*"abcde", key="one"))
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    batch = consumer.poll(timeout_s=5, max_messages=2)
    waiting = bus.backlog(ITEMS, PROCESSORS_GROUP)
    assert waiting.records == 5
    assert waiting.oldest_at is not None
    assert bed.is_now(waiting.oldest_at)
    consumer.commit(batch)
    assert bed.open().backlog(ITEMS, PROCESSORS_GROUP).records == 3
    drain(bus, consumer)
    assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 0
    assert bus.backlog(ITEMS, "audit").records == 5


def test_browsing_joins_no_group_and_moves_nothing(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*map(str, range(250)), key="one"))
    drain(bus, bus.consumer(ITEMS, PROCESSORS_GROUP))
    assert values(list(bus.browse(ITEMS))) == [str(n) for n in range(250)]
    assert list(bus.browse(REPORTS)) == []


def test_retention_drops_nothing_that_a_group_has_still_to_read(bed: Bed) -> None:
    bus = bed.open()
    bus.publish(ITEMS, messages(*map(str, range(40))))
    later = NOW + timedelta(days=1_000)
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    assert bus.maintain(later) == 0  # the group has never committed
    read = consumer.poll(timeout_s=5, max_messages=11)
    consumer.commit(read)
    bus.maintain(later)

    assert len(drain(bus, consumer)) == 40 - len(read.messages)
    assert len(drain(bus, bus.consumer(REPORTS, ALERTING_GROUP), topic=REPORTS, group=ALERTING_GROUP)) == 0


class Promise(RuleBasedStateMachine):
    """Whatever happens in whatever order: a record is delivered until it is committed, and never again after that."""

    bed_of: MakeBed

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.bed = type(self).bed_of(Path(self.folder.name))
        self.numbers = itertools.count()
        self.published: set[str] = set()
        self.committed: set[str] = set()
        self.silent = False

    @initialize()
    def start(self) -> None:
        self.buses = [self.bed.open(), self.bed.open()]
        self.members = [bus.consumer(ITEMS, PROCESSORS_GROUP) for bus in self.buses]
        self.in_hand: list[list[Batch]] = [[], []]

    @rule(key=st.sampled_from("abcdef"), size=st.integers(1, 4))
    def publish(self, key: str, size: int) -> None:
        sent = [f"{next(self.numbers):05}" for _ in range(size)]
        self.buses[0].publish(ITEMS, messages(*sent, key=key))
        self.published.update(sent)

    @rule(who=st.integers(0, 1), most=st.integers(1, 5))
    def poll(self, who: int, most: int) -> None:
        try:
            batch = self.members[who].poll(timeout_s=0, max_messages=most)
        except Retryable:
            self.in_hand[who].clear()
            return
        assert not self.committed.intersection(values(batch.messages))
        in_hand = {value for held in self.in_hand[who] for value in values(held.messages)}
        if not self.silent:  # a member that was put out starts anew, and is fenced for what it has in its hands
            assert not in_hand.intersection(values(batch.messages))
        if batch:
            self.in_hand[who].append(batch)

    @rule(who=st.integers(0, 1))
    def commit(self, who: int) -> None:
        if not self.in_hand[who]:
            return
        batch = self.in_hand[who].pop(0)
        try:
            self.members[who].commit(batch, [Output(REPORTS, Message(m.key, m.value)) for m in batch.messages])
        except (Fenced, Retryable):
            self.in_hand[who].clear()
        else:
            assert not self.committed.intersection(values(batch.messages))
            self.committed.update(values(batch.messages))

    @rule(who=st.integers(0, 1))
    def fail_to_commit(self, who: int) -> None:
        if not self.in_hand[who]:
            return
        with self.bed.failing(self.buses[who]), pytest.raises((Retryable, Fenced)):
            self.members[who].commit(self.in_hand[who][0], [Output(REPORTS, Message("k", b"x" * 100_000))])
        self.in_hand[who].clear()

    @rule(who=st.integers(0, 1))
    def rewind(self, who: int) -> None:
        self.members[who].rewind()
        self.in_hand[who].clear()

    @rule(who=st.integers(0, 1))
    def restart(self, who: int) -> None:
        self.members[who].close()
        self.members[who] = self.buses[who].consumer(ITEMS, PROCESSORS_GROUP)
        self.in_hand[who].clear()

    @rule()
    def silence(self) -> None:
        self.bed.silence()
        self.silent = True

    @invariant()
    def outputs_are_what_was_committed_each_once(self) -> None:
        if hasattr(self, "buses"):
            outputs = Counter(values(list(self.buses[0].browse(REPORTS))))
            if self.bed.repeats:
                assert self.committed <= set(outputs) <= self.published
            else:
                assert outputs == Counter(self.committed)

    def teardown(self) -> None:
        if hasattr(self, "buses"):
            for who in (0, 1):
                self.members[who].close()
            rest = values(drain(self.buses[1], self.buses[1].consumer(ITEMS, PROCESSORS_GROUP)))
            assert Counter(rest) == Counter(self.published - self.committed)
        self.bed.close()
        self.folder.cleanup()


def test_every_record_is_delivered_until_committed_and_never_after(make_bed: MakeBed, tmp_path: Path) -> None:
    machine = type("Promise", (Promise,), {"bed_of": staticmethod(make_bed)})
    bed = make_bed(tmp_path)
    bed.close()
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=bed.examples, stateful_step_count=bed.steps, deadline=None, suppress_health_check=list(HealthCheck)),
    )


@contextmanager
def member_process(path: Path, task: str) -> Iterator[subprocess.Popen[str]]:
    script = Path(__file__).with_name("bus_member.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(path), task],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(script.parents[2])},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def says_working(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == "working\n"


def test_processes_share_a_group_and_each_record_is_handled_once(tmp_path: Path) -> None:
    bus = EmbeddedBus(tmp_path / "bus.sqlite3", clock=SystemClock())
    bus.publish(ITEMS, messages(*(f"first {n}" for n in range(100))))
    with member_process(tmp_path / "bus.sqlite3", "copy") as one, member_process(tmp_path / "bus.sqlite3", "copy") as two:
        for n in itertools.count():  # until both have their share of the partitions
            bus.publish(ITEMS, messages(f"later {n}"))
            if len({message.headers["member"] for message in bus.browse(REPORTS)}) == 2:
                break
            time.sleep(0.005)
        published = values(list(bus.browse(ITEMS)))
        while bus.backlog(ITEMS, PROCESSORS_GROUP).records:
            time.sleep(0.01)
        for process in (one, two):
            process.communicate()
            assert process.returncode == 0

    assert Counter(values(list(bus.browse(REPORTS)))) == Counter(published)
    bus.close()


def test_the_partitions_of_a_killed_process_are_taken_over_at_once(tmp_path: Path) -> None:
    bus = EmbeddedBus(tmp_path / "bus.sqlite3", clock=SystemClock(), lease_s=3_600)
    bus.publish(ITEMS, messages(*"abcdefgh"))
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    with member_process(tmp_path / "bus.sqlite3", "hold") as holding:
        assert says_working(holding)
        assert not consumer.poll(timeout_s=0)
        holding.kill()
        holding.wait()
        taken: list[Delivered] = []
        while len(taken) < 8:  # the lease of an hour plays no part
            taken += consumer.poll(timeout_s=0.01).messages
    consumer.close()
    bus.close()
