import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.typing import EventDict

from newswire.clock import SystemClock
from newswire.errors import ConfigurationError, Fault, Fenced, Retryable
from newswire.metrics import Metrics
from newswire.outcomes import RetryReason
from newswire.service import Service, TooManyDead, Worker, back_off_s

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


class Script:
    """A worker that does what its list says, one entry a step; then it has nothing to do."""

    def __init__(self, *steps: Callable[[], float], name: str = "script") -> None:
        self.name = name
        self.steps = list(steps)
        self.done = 0
        self.closed_on: list[str] = []

    def step(self) -> float:
        if self.done >= len(self.steps):
            return 0.005
        self.done += 1
        return self.steps[self.done - 1]()

    def idle(self) -> bool:
        return self.done >= len(self.steps)

    def close(self) -> None:
        self.closed_on.append(threading.current_thread().name)


def does(seconds: float = 0.0) -> Callable[[], float]:
    return lambda: seconds


def raises(error: BaseException) -> Callable[[], float]:
    def step() -> float:
        raise error

    return step


def retryable(retry_after_s: float | None = None) -> Retryable:
    return Retryable(RetryReason.STORE, "busy", retry_after_s=retry_after_s)


def service(
    *workers: Worker,
    metrics: Metrics | None = None,
    stop_after_errors: int = 50,
    drain_s: float = 10,
    hung_up: Callable[[], bool] | None = None,
) -> Service:
    return Service(
        workers,
        clock=SystemClock(),
        metrics=metrics or Metrics(),
        log=structlog.get_logger(),
        stop_after_errors=stop_after_errors,
        drain_s=drain_s,
        hung_up=hung_up,
    )


def errors(metrics: Metrics, kind: str, worker: str = "script") -> float | None:
    return metrics.registry.get_sample_value("newswire_service_errors_total", {"worker": worker, "kind": kind})


def test_until_idle_ends_when_every_worker_is_idle_and_closes_each_on_its_thread() -> None:
    one, two = Script(*[does()] * 20, name="one"), Script(*[does(0.001)] * 20, name="two")
    assert service(one, two).run(until_idle=True) == 0
    assert (one.done, two.done) == (20, 20)
    assert (one.closed_on, two.closed_on) == (["one"], ["two"])


def test_until_idle_waits_for_what_one_worker_gives_the_other() -> None:
    """A stands idle, then gets work from B, which gets it from A again: no look may find both idle in between."""
    passes = 6
    turns: list[str] = []

    class Ball:
        def __init__(self, name: str, parity: int) -> None:
            self.name, self._parity = name, parity

        def _mine(self) -> bool:
            return len(turns) < passes and len(turns) % 2 == self._parity

        def step(self) -> float:
            if not self._mine():
                return 0.002
            time.sleep(0.03)
            turns.append(self.name)
            return 0.0

        def idle(self) -> bool:
            return not self._mine()

        def close(self) -> None:
            pass

    assert service(Ball("b", 1), Ball("a", 0)).run(until_idle=True) == 0
    assert turns == ["a", "b"] * 3


def test_a_retryable_step_is_tried_again_and_counted() -> None:
    metrics = Metrics()
    worker = Script(raises(retryable()), does())
    assert service(worker, metrics=metrics).run(until_idle=True) == 0
    assert worker.done == 2
    assert errors(metrics, "retryable") == 1


def test_a_server_that_is_away_is_said_ever_more_rarely_and_once_when_it_is_back(logs: list[EventDict]) -> None:
    worker = Script(*[raises(retryable())] * 9, raises(Retryable(RetryReason.BUS, "another")), does())
    running = service(worker)
    for _ in range(11):  # one step after another, without the waits between them
        running._step(running._runners[0])
    assert [entry["in_a_row"] for entry in logs if entry["event"] == "will try again"] == [1, 2, 4, 8, 10]
    assert [entry["failures"] for entry in logs if entry["event"] == "works again"] == [10]


def test_what_only_a_person_can_put_right_is_one_line_without_traceback_and_stops_in_the_end(logs: list[EventDict]) -> None:
    metrics = Metrics()
    refusal = ConfigurationError([Fault("NEWSWIRE_BUS", 0, 0, "the broker refuses name or password")])
    assert service(Script(*[raises(refusal)] * 9), metrics=metrics, stop_after_errors=2).run() == 1
    assert errors(metrics, "configuration") == 2
    refused = [entry for entry in logs if entry["event"] == "refused"]
    assert refused[0]["error"] == "NEWSWIRE_BUS: the broker refuses name or password"
    assert not any("exc_info" in entry for entry in refused)


def test_one_failure_is_no_reason_not_to_be_ready_and_a_step_that_hangs_is() -> None:
    running = service(Script())
    [runner] = running._runners
    now = 100.0
    assert not running._works(runner, now)  # nothing is known of it
    runner.succeeded_at = now
    assert running._works(runner, now + 1_000)  # idle, or waiting for long
    runner.failures = 1
    assert running._works(runner, now + 2)
    assert not running._works(runner, now + 6)
    runner.failures, runner.step_began_at, running._watched_s = 0, 50.0, 60.0
    assert running._works(runner, now + 10)
    running._watched_s = 71.0
    assert not running._works(runner, now + 21)


def test_a_fenced_step_is_tried_again_at_once_and_counted() -> None:
    metrics = Metrics()
    worker = Script(raises(Fenced("taken over")), does())
    assert service(worker, metrics=metrics).run(until_idle=True) == 0
    assert errors(metrics, "fenced") == 1


def test_a_bug_is_counted_logged_with_its_traceback_and_the_others_go_on(logs: list[EventDict]) -> None:
    metrics = Metrics()
    broken, sound = Script(raises(KeyError("x")), does(), name="broken"), Script(*[does()] * 10, name="sound")
    assert service(broken, sound, metrics=metrics).run(until_idle=True) == 0
    assert (broken.done, sound.done) == (2, 10)
    assert errors(metrics, "bug", "broken") == 1
    [entry] = [entry for entry in logs if entry["event"] == "bug in a step"]
    assert entry["exc_info"]


def test_bugs_in_a_row_stop_the_service() -> None:
    worker, other = Script(*[raises(ValueError("always"))] * 9), Script(name="other")
    assert service(worker, other, stop_after_errors=2).run() == 1
    assert worker.done == 2
    assert worker.closed_on
    assert other.closed_on


def test_a_step_that_succeeds_forgives_the_bugs_before_it() -> None:
    worker = Script(raises(ValueError("now and then")), does(), raises(ValueError("now and then")), does())
    assert service(worker, stop_after_errors=2).run(until_idle=True) == 0


def test_a_stage_that_gives_too_much_up_stops_the_service() -> None:
    assert service(Script(raises(TooManyDead("51 in a row")))).run() == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_stops_the_service() -> None:
    class Odd(BaseException):
        pass

    assert service(Script(raises(Odd()))).run() == 1


def test_an_error_while_closing_keeps_no_other_from_closing() -> None:
    class Sticky(Script):
        def close(self) -> None:
            raise ValueError("sticks")

    other = Script(name="other")
    assert service(Sticky(), other).run(until_idle=True) == 0
    assert other.closed_on


def test_an_idle_that_raises_is_not_idle() -> None:
    class Unsure(Script):
        asked = 0

        def idle(self) -> bool:
            self.asked += 1
            if self.asked < 3:
                raise retryable() if self.asked == 1 else ValueError("bug")
            return True

    unsure = Unsure()
    assert service(unsure).run(until_idle=True) == 0
    assert unsure.asked > 3


def test_sigterm_lets_the_step_in_progress_finish_and_ends_with_0() -> None:
    ended = threading.Event()

    def long_step() -> float:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)
        ended.set()
        return 0.0

    before = signal.getsignal(signal.SIGTERM)
    worker = Script(does(), long_step, does())
    assert service(worker).run() == 0
    assert ended.is_set()
    assert worker.done == 2
    assert signal.getsignal(signal.SIGTERM) is before


def test_sighup_is_asked_about_on_the_thread_of_run_and_the_work_goes_on() -> None:
    before = signal.getsignal(signal.SIGHUP)
    asked: list[str] = []
    heard = threading.Event()

    def hung_up() -> bool:
        asked.append(threading.current_thread().name)
        heard.set()
        return True

    def hang_up() -> float:
        heard.clear()
        os.kill(os.getpid(), signal.SIGHUP)
        assert heard.wait(20)
        return 0.0

    worker = Script(hang_up, hang_up, does())
    assert service(worker, hung_up=hung_up).run(until_idle=True) == 0
    assert asked == [threading.main_thread().name] * 2
    assert worker.done == 3
    assert signal.getsignal(signal.SIGHUP) is before


@pytest.mark.parametrize("hung_up", [None, lambda: False])
def test_sighup_that_nobody_wants_to_survive_drains(hung_up: Callable[[], bool] | None) -> None:
    def hang_up() -> float:
        os.kill(os.getpid(), signal.SIGHUP)
        return 30.0

    worker = Script(hang_up, does())
    assert service(worker, hung_up=hung_up).run() == 0
    assert (worker.done, worker.closed_on) == (1, ["script"])


def test_a_step_longer_than_the_drain_is_left_behind() -> None:
    go_on = threading.Event()
    running: list[Service] = []

    def endless() -> float:
        running[0].stop()
        go_on.wait(30)
        return 0.0

    worker = Script(endless)
    running.append(service(worker, drain_s=0.05))
    assert running[0].run() == 0
    assert worker.closed_on == []
    go_on.set()


def test_it_runs_beside_the_main_thread_and_tells_how_it_fares() -> None:
    codes: list[int] = []
    gate = threading.Event()

    def first() -> float:
        gate.wait(10)
        return 0.0

    running = service(Script(first))
    thread = threading.Thread(target=lambda: codes.append(running.run()))
    thread.start()
    assert not running.ready()
    assert running.healthy()
    gate.set()
    while not running.ready():
        time.sleep(0.001)
    running.stop()
    thread.join()
    assert codes == [0]
    assert not running.ready()


def test_it_is_not_ready_while_a_worker_fails_again_and_again() -> None:
    class Failing(Script):
        def step(self) -> float:
            raise Fenced("again")

    running = service(Failing(), Script(name="sound"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while running._runners[0].failures < 5:
        time.sleep(0.005)
    assert not running.ready()
    assert running.healthy()
    running.stop()
    thread.join()


@given(failures=st.integers(1, 10_000), asked=st.none() | st.floats(0, 1e9), chance=st.floats(0, 1))
def test_backing_off_is_bounded_and_honours_what_was_asked(failures: int, asked: float | None, chance: float) -> None:
    wait_s = back_off_s(failures, asked, chance)
    assert 0.125 <= wait_s <= 3_600
    assert wait_s >= min(asked or 0, 3_600)
    if asked is None:
        assert wait_s <= 60
        assert back_off_s(failures + 1, None, chance) >= wait_s


PROGRAM = """
import os, signal, sys, time, structlog
from newswire.clock import SystemClock
from newswire.metrics import Metrics
from newswire.service import Service

class Hanging:
    name = "hanging"
    def step(self):
        print("stepping", flush=True)
        time.sleep(60)
        return 0.0
    def idle(self): return False
    def close(self): pass

sys.exit(Service([Hanging()], clock=SystemClock(), metrics=Metrics(), log=structlog.get_logger(), step_limit_s=float(sys.argv[1])).run())
"""


def program(step_limit_s: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(step_limit_s)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "stepping\n"
    return process


def test_a_step_that_hangs_ends_the_process_and_says_where() -> None:
    with program(0.2) as process:
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 75
    assert "step hangs" in said
    assert "time.sleep(60)" in said or "in step" in said


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_second_signal_ends_the_process_at_once(signum: signal.Signals, code: int) -> None:
    with program(60) as process:
        process.send_signal(signum)
        assert process.stdout is not None
        assert "draining" in process.stdout.readline()
        process.send_signal(signum)
        process.communicate(timeout=30)
    assert process.returncode == code


def test_when_each_worker_last_ended_a_step_well_is_shown(metrics: Metrics) -> None:
    began = time.time()
    assert service(
        Script(does(), raises(retryable(0.01)), name="well"), Script(raises(TooManyDead("x")), name="ill"), metrics=metrics
    ).run()
    ended_well = {
        one: metrics.registry.get_sample_value("newswire_worker_last_success_timestamp_seconds", {"worker": one}) for one in ("well", "ill")
    }
    assert ended_well["ill"] is None
    assert began <= (ended_well["well"] or 0.0) <= time.time()
