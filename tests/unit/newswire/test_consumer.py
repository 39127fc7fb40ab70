from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.typing import EventDict

from newswire.bus import Delivered, Message, Output
from newswire.clock import ManualClock
from newswire.codec import decode
from newswire.consumer import BusUpkeep, ConsumerWorker, DeadLimit, Handled, TooManyDead, guard
from newswire.dead import dead_output
from newswire.errors import Fenced, Permanent, Retryable
from newswire.metrics import Metrics
from newswire.outcomes import DeadReason, RetryReason, Stage
from newswire.records import DeadLetter
from newswire.topics import DEAD, ITEMS, PROCESSORS_GROUP, REPORTS
from tests.fakes import NOW, MemoryBus

CLOCK = ManualClock(NOW)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


class Copying:
    """Copies each record to news.reports, except where `fault` raises for it; `guarded` as a stage does it."""

    def __init__(self, fault: Callable[[bytes], None] = lambda _: None, *, guarded: bool = True) -> None:
        self._fault, self._guarded = fault, guarded
        self.calls: list[int] = []
        self.counted = 0

    def handle(self, messages: Sequence[Delivered]) -> Handled:
        self.calls.append(len(messages))
        outputs = [self._one(message) for message in messages]

        def count() -> None:
            self.counted += len(messages)

        return Handled(outputs, count)

    def _one(self, message: Delivered) -> Output:
        def work() -> Output:
            self._fault(message.value)
            return Output(REPORTS, Message(message.key, message.value))

        if not self._guarded:
            return work()
        result = guard(Stage.READ_FEED, message, CLOCK, work)
        return dead_output(result) if isinstance(result, DeadLetter) else result


def faulty(error: Callable[[], Exception], *values: bytes) -> Callable[[bytes], None]:
    def fault(value: bytes) -> None:
        if value in values:
            raise error()

    return fault


def worker(bus: MemoryBus, handler: Copying, metrics: Metrics, batch: int = 50) -> ConsumerWorker:
    return ConsumerWorker(
        name="processors",
        bus=bus,
        topic=ITEMS,
        group=PROCESSORS_GROUP,
        stage=Stage.READ_FEED,
        handler=handler,
        metrics=metrics,
        clock=CLOCK,
        batch=batch,
    )


def fill(bus: MemoryBus, count: int) -> None:
    bus.publish(ITEMS, [Message(str(n), str(n).encode()) for n in range(count)])


def reports(bus: MemoryBus) -> list[int]:
    return [int(message.value) for message in bus.log[REPORTS.name]]


def buried(bus: MemoryBus) -> list[tuple[str, DeadReason]]:
    return [(letter.key, letter.reason) for letter in (decode(DeadLetter, message.value) for message in bus.log[DEAD.name])]


def dead_letters(metrics: Metrics, reason: str) -> float | None:
    return metrics.registry.get_sample_value("newswire_dead_letters_total", {"stage": "read_feed", "reason": reason})


def test_a_batch_is_handled_committed_and_then_counted(bus: MemoryBus, metrics: Metrics) -> None:
    fill(bus, 70)
    handler = Copying()
    under = worker(bus, handler, metrics)
    assert not under.idle()
    assert under.step() == 0
    assert (reports(bus), handler.counted) == (list(range(50)), 50)
    assert not under.idle()
    assert under.step() == 0
    assert under.step() > 0
    assert under.idle()
    under.close()
    assert reports(bus) == list(range(70))


def test_a_commit_that_fails_is_not_counted_and_the_batch_comes_again(bus: MemoryBus, metrics: Metrics) -> None:
    fill(bus, 3)
    bus.fail_commits = 1
    handler = Copying()
    under = worker(bus, handler, metrics)
    with pytest.raises(Retryable):
        under.step()
    assert (reports(bus), handler.counted) == ([], 0)
    under.step()
    assert (reports(bus), handler.counted) == ([0, 1, 2], 3)


@pytest.mark.parametrize("error", [lambda: Retryable(RetryReason.STORE, "busy"), lambda: Fenced("taken over")])
def test_what_concerns_the_batch_rewinds_all_of_it(bus: MemoryBus, metrics: Metrics, error: Callable[[], Exception]) -> None:
    fill(bus, 3)
    under = worker(bus, Copying(faulty(error, b"1")), metrics)
    for _ in range(2):
        with pytest.raises((Retryable, Fenced)):
            under.step()
    assert (reports(bus), buried(bus), bus.backlog(ITEMS, PROCESSORS_GROUP).records) == ([], [], 3)


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(
    ("error", "reason"),
    [(lambda: Permanent(DeadReason.BAD_RECORD, "not JSON"), DeadReason.BAD_RECORD), (lambda: RecursionError("deep"), DeadReason.BUG)],
)
def test_a_poison_record_is_buried_and_the_rest_goes_through(
    bus: MemoryBus, metrics: Metrics, logs: list[EventDict], *, error: Callable[[], Exception], reason: DeadReason, guarded: bool
) -> None:
    fill(bus, 5)
    handler = Copying(faulty(error, b"2"), guarded=guarded)
    worker(bus, handler, metrics).step()
    assert reports(bus) == [0, 1, 3, 4]
    assert buried(bus) == [("2", reason)]
    assert dead_letters(metrics, reason) == 1
    [said] = [entry for entry in logs if entry["event"] == "record given up"]
    assert said["dead_id"] == bus.log[DEAD.name][0].headers["dead-id"]
    assert bool(said.get("exc_info")) is (reason is DeadReason.BUG)
    assert handler.calls == ([5] if guarded else [5, 1, 1, 1, 1, 1])
    assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 0


def test_an_output_that_the_log_refuses_buries_its_input_only(bus: MemoryBus, metrics: Metrics) -> None:
    class Swelling(Copying):
        def handle(self, messages: Sequence[Delivered]) -> Handled:
            outputs = [Output(REPORTS, Message(m.key, m.value * (1_000_000 if m.value == b"1" else 1))) for m in messages]
            return Handled(outputs)

    fill(bus, 3)
    worker(bus, Swelling(), metrics).step()
    assert reports(bus) == [0, 2]
    assert buried(bus) == [("1", DeadReason.TOO_LARGE)]
    assert dead_letters(metrics, DeadReason.TOO_LARGE) == 1
    assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 0


def test_a_poison_record_that_is_tried_often_is_no_broken_stage(bus: MemoryBus, metrics: Metrics) -> None:
    fill(bus, 1)
    bus.fail_commits = 60
    under = worker(bus, Copying(faulty(lambda: ValueError("poison"), b"0")), metrics)
    for _ in range(60):
        with pytest.raises(Retryable):
            under.step()
    under.step()
    assert buried(bus) == [("0", DeadReason.BUG)]
    assert dead_letters(metrics, DeadReason.BUG) == 1


@pytest.mark.parametrize("guarded", [True, False])
def test_a_broken_stage_stops_and_its_topic_keeps_the_records(bus: MemoryBus, metrics: Metrics, guarded: bool) -> None:
    fill(bus, 1_000)

    def broken(_: bytes) -> None:
        raise Permanent(DeadReason.BAD_RECORD, "all of them")

    under = worker(bus, Copying(broken, guarded=guarded), metrics)

    def run_dry() -> None:
        while not under.idle():
            under.step()

    with pytest.raises(TooManyDead, match=r"processors stops, its records stay on news\.items: more than 50 records in a row"):
        run_dry()
    assert len(buried(bus)) == 50
    assert bus.backlog(ITEMS, PROCESSORS_GROUP).records == 950


@given(ends=st.lists(st.sampled_from([None, DeadReason.BUG, DeadReason.BAD_RECORD]), max_size=300), cut=st.integers(0, 300))
def test_the_limit_does_not_depend_on_how_records_are_batched(ends: list[DeadReason | None], cut: int) -> None:
    assert DeadLimit().after(ends) == DeadLimit().after(ends[:cut]).after(ends[cut:])


def test_the_limits_of_a_stage() -> None:
    bad, bug = DeadReason.BAD_RECORD, DeadReason.BUG
    assert DeadLimit().after([bad] * 50).broken() is None
    assert DeadLimit().after([bad] * 51).broken() == "more than 50 records in a row could not be handled"
    assert DeadLimit(most=3).after([bad] * 3).after([bad]).broken() == "more than 3 records in a row could not be handled"
    assert DeadLimit(most=0).after([bad] * 51).broken() is None
    assert DeadLimit(most=0).after([bug] * 51).broken() == "51 of the last 51 records met a bug"
    assert DeadLimit().after([bad, None] * 2_000).broken() is None  # bad records are their writer's fault
    assert DeadLimit().after([bug, None] * 50).broken() is None
    assert DeadLimit().after([bug, None] * 51).broken() == "51 of the last 102 records met a bug"
    assert DeadLimit().after([bug, None] * 50 + [None] * 901 + [bug] * 2).broken() is None  # the first have left the window


def test_upkeep_shows_what_waits_and_how_long(bus: MemoryBus, metrics: Metrics) -> None:
    fill(bus, 4)
    later = ManualClock(NOW.replace(minute=5))
    upkeep = BusUpkeep(bus=bus, metrics=metrics, clock=later)
    assert upkeep.step() > 0
    assert upkeep.idle()
    labels = {"topic": "news.items", "group": "processors"}
    assert metrics.registry.get_sample_value("newswire_bus_backlog_records", labels) == 4
    assert metrics.registry.get_sample_value("newswire_bus_backlog_oldest_seconds", labels) == 300
    upkeep.close()


def test_upkeep_shows_what_waits_on_a_disk_that_is_full_as_it_is_and_not_as_it_was(metrics: Metrics) -> None:
    class Full(MemoryBus):
        def maintain(self, now: datetime) -> int:
            raise Retryable(RetryReason.BUS, f"{now}: disk full")

    full, labels = Full(), {"topic": "news.items", "group": "processors"}
    upkeep = BusUpkeep(bus=full, metrics=metrics, clock=CLOCK)
    for waiting in (4, 8):
        fill(full, 4)
        with pytest.raises(Retryable):
            upkeep.step()
        assert metrics.registry.get_sample_value("newswire_bus_backlog_records", labels) == waiting
