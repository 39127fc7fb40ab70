from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from collectors.back_pressure import LOOK_EVERY_S, PATIENCE_S, BackPressure
from collectors.pressure import Behind, Degree, Disk, Limits, Pressure, decide
from newswire.bus import Backlog
from newswire.clock import ManualClock
from newswire.errors import Retryable
from newswire.metrics import Metrics
from newswire.outcomes import PressureCause, RetryReason
from newswire.topics import ITEMS, Topic
from newswire.variables import DiskLow
from tests.fakes import NOW, MemoryBus

LIMITS = Limits(900.0, 7_200.0, DiskLow(0.05, 500_000_000))
GB = 10**9
MINUTE = 60.0


def after(age_s: float, before: Pressure | None = None, cause: PressureCause = PressureCause.PROCESSORS) -> Pressure:
    return decide([Behind(cause, age_s)], [], LIMITS, before or Pressure())


def on_disk(free: float, total: float, before: Pressure | None = None) -> Pressure:
    return decide([], [Disk("var", int(free), int(total))], LIMITS, before or Pressure())


@pytest.mark.parametrize(
    ("age_s", "degree", "share", "room"),
    [
        (0, Degree.GO, 0.0, 400),
        (15 * MINUTE, Degree.GO, 0.0, 400),
        (67.5 * MINUTE, Degree.SLOW, 0.5, 200),
        (119 * MINUTE, Degree.SLOW, 0.99, 4),
        (120 * MINUTE, Degree.STOP, 1.0, 0),
        (1e9, Degree.STOP, 1.0, 0),
    ],
)
def test_an_age_slows_then_stops(age_s: float, degree: Degree, share: float, room: int) -> None:
    found = after(age_s)
    assert (found.degree, round(found.share, 2), found.room(400)) == (degree, share, room)


def test_what_was_stopped_polls_again_half_way_down_and_what_was_slow_says_so_until_it_is_well() -> None:
    stopped = after(7_200)
    assert after(5_000, stopped).degree is Degree.STOP
    slow = after(3_900, stopped)
    assert (slow.degree, slow.share < 0.5) == (Degree.SLOW, True)
    assert (after(800, slow).degree, after(800, slow).share) == (Degree.SLOW, 0.0)
    assert after(700, slow) == Pressure()
    assert after(800) == Pressure()


@pytest.mark.parametrize(
    ("free", "total", "degree"),
    [
        (6 * GB, 100 * GB, Degree.GO),
        (4.9 * GB, 100 * GB, Degree.STOP),  # 5 % are more than 500 MB
        (0.6 * GB, 4 * GB, Degree.GO),
        (0.49 * GB, 4 * GB, Degree.STOP),  # 500 MB are more than 5 %
        (0, 0, Degree.STOP),
    ],
)
def test_a_disk_that_is_nearly_full_stops(free: float, total: float, degree: Degree) -> None:
    assert on_disk(free, total).degree is degree


def test_a_disk_is_taken_again_at_twice_as_much() -> None:
    stopped = on_disk(4 * GB, 100 * GB)
    assert on_disk(9.9 * GB, 100 * GB, stopped).degree is Degree.STOP
    assert on_disk(10 * GB, 100 * GB, stopped) == Pressure()


def test_the_worst_cause_counts_and_is_said_with_limit_and_remedy() -> None:
    ages = [Behind(PressureCause.PROCESSORS, 1_200.0), Behind(PressureCause.ALERTING, 6_000.0)]
    found = decide(ages, [Disk("/srv/var", 40 * GB, 100 * GB)], LIMITS, Pressure())
    assert (found.cause, found.degree) == (PressureCause.ALERTING, Degree.SLOW)
    assert "100m behind" in found.why
    assert "NEWSWIRE_SLOW_AFTER is 15m" in found.why
    assert "newswire alert" in found.why
    found = decide(ages, [Disk("/srv/var", 1 * GB, 100 * GB)], LIMITS, Pressure())
    assert found.cause is PressureCause.DISK
    assert "the disk of /srv/var has 1 GB free (1%), 5 GB are due (NEWSWIRE_DISK_LOW)" in found.why


def test_limits_of_zero_are_never_reached() -> None:
    off = Limits(0.0, 0.0, DiskLow())
    assert decide([Behind(PressureCause.ALERTING, 1e9)], [Disk("var", 0, 1)], off, Pressure()) == Pressure()
    never_stopped = decide([Behind(PressureCause.ALERTING, 1e9)], [], Limits(900.0, 0.0, DiskLow()), Pressure())
    assert (never_stopped.degree, never_stopped.share, never_stopped.room(400)) == (Degree.SLOW, 0.99, 4)


ages = st.floats(0, 20_000)
befores = st.builds(after, ages) | st.builds(on_disk, st.floats(0, GB), st.just(GB)) | st.just(Pressure())


@given(ages, ages, ages, st.floats(0, GB), befores, st.integers(1, 500))
def test_more_backlog_and_less_room_never_poll_more(
    one: float, other: float, more: float, free: float, before: Pressure, most: int
) -> None:
    def found(first: float, second: float, free: float) -> Pressure:
        behind = [Behind(PressureCause.PROCESSORS, first), Behind(PressureCause.ALERTING, second)]
        return decide(behind, [Disk("var", int(free), GB)], LIMITS, before)

    less = found(one, other, free)
    for worse in (found(one + more, other, free), found(one, other + more, free), found(one, other, free / 2)):
        assert worse.room(most) <= less.room(most)
        assert worse.stretch >= less.stretch
        assert (worse.room(most) == 0) is (worse.degree is Degree.STOP)


class _AgedBus(MemoryBus):
    """A bus that says how far a group is behind; None: it does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[str, Backlog] | None = {}
        self.asked = 0

    def backlog(self, topic: Topic, group: str) -> Backlog:
        self.asked += 1
        if self.waiting is None:
            raise Retryable(RetryReason.BUS, "as told")
        return self.waiting.get(topic.name, Backlog(0, None))


class Desk:
    def __init__(self, clock: ManualClock, metrics: Metrics) -> None:
        self.bus, self.clock, self.metrics = _AgedBus(), clock, metrics
        self.disk = Disk("var", 50 * GB, 100 * GB)
        self.pressure = BackPressure(
            bus=self.bus, clock=clock, metrics=metrics, limits=LIMITS, folders=[Path("var")], free=lambda _: self.disk
        )

    def after(self, seconds: float = LOOK_EVERY_S) -> Pressure:
        self.clock.set(self.clock.now() + timedelta(seconds=seconds))
        return self.pressure.look()

    def shown(self) -> dict[str, float]:
        return {cause: self.metrics.pressure.labels(cause)._value.get() for cause in PressureCause}


@pytest.fixture
def desk(clock: ManualClock, metrics: Metrics) -> Desk:
    return Desk(clock, metrics)


def test_a_change_is_said_once_and_shown(desk: Desk) -> None:
    with capture_logs() as said:
        assert desk.after() == Pressure()
        desk.bus.waiting = {ITEMS.name: Backlog(9, NOW - timedelta(hours=1))}
        assert desk.after(1) == Pressure()  # no look so soon
        for _ in range(3):
            assert desk.after().degree is Degree.SLOW
        assert 0.4 < desk.shown()["processors"] < 0.5
        desk.disk = Disk("var", 1 * GB, 100 * GB)
        assert desk.after().degree is Degree.STOP
        assert desk.shown() == {"processors": 0.0, "alerting": 0.0, "disk": 1.0}
        desk.disk, desk.bus.waiting = Disk("var", 50 * GB, 100 * GB), {}
        assert desk.after() == Pressure()
    assert [(line["event"], line.get("cause") or line.get("after")) for line in said] == [
        ("fewer feeds are polled", "processors"),
        ("no feed is polled", "disk"),
        ("polling as usual again", "disk"),
    ]
    assert sum(desk.shown().values()) == 0


def test_a_bus_that_does_not_answer_leaves_the_pressure_as_it_was(desk: Desk) -> None:
    desk.bus.waiting = {ITEMS.name: Backlog(9, NOW - timedelta(hours=3))}
    assert desk.after().degree is Degree.STOP
    desk.bus.waiting = None
    assert desk.after().degree is Degree.STOP


def test_a_stop_is_stuck_when_nothing_has_moved_for_a_while(desk: Desk) -> None:
    desk.bus.waiting = {ITEMS.name: Backlog(9, NOW - timedelta(hours=3))}
    desk.after()
    assert not desk.pressure.stuck()
    desk.bus.waiting = {ITEMS.name: Backlog(8, NOW - timedelta(hours=3))}
    desk.after(PATIENCE_S - 1)  # the processors are at it
    desk.after(PATIENCE_S - 1)
    assert not desk.pressure.stuck()
    desk.after(2)
    assert desk.pressure.stuck()
    desk.bus.waiting = {}
    desk.after()
    assert not desk.pressure.stuck()


def test_the_room_on_a_real_disk_is_read_before_the_folder_is_made(clock: ManualClock, metrics: Metrics, tmp_path: Path) -> None:
    much = Limits(0.0, 0.0, DiskLow(0.0, 10**18))
    pressure = BackPressure(bus=MemoryBus(), clock=clock, metrics=metrics, limits=much, folders=[tmp_path / "not" / "yet"])
    with capture_logs():
        assert str(tmp_path) in pressure.look().why
