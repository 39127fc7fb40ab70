import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import psutil
import pytest

from newswire.jail import Killed, KillReason, ProcessJail, TaskRaised
from newswire.metrics import Metrics
from newswire.outcomes import JailEnd
from tests.jail_tasks import TASKS, Shape

MEMORY_BYTES = 512 << 20


@pytest.fixture(scope="module")
def counted() -> Metrics:
    return Metrics()


@pytest.fixture(scope="module")
def jail(counted: Metrics) -> Iterator[ProcessJail]:
    built = ProcessJail(tasks=TASKS, metrics=counted, memory_bytes=MEMORY_BYTES, preload=())
    yield built
    built.close()


def ask(jail: ProcessJail, task: str, *arguments: Any, deadline_s: float = 5.0) -> Any:
    return jail.submit(f"tests.jail_tasks:{task}", *arguments, deadline_s=deadline_s).result(timeout=20)


def ended(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def killed(metrics: Metrics, task: str) -> dict[JailEnd, float]:
    found = metrics.registry.get_sample_value
    return {end: found("newswire_jail_kills_total", {"task": f"tests.jail_tasks:{task}", "reason": end}) or 0.0 for end in JailEnd}


def busy(metrics: Metrics, task: str) -> float:
    return metrics.registry.get_sample_value("newswire_jail_busy_seconds_total", {"task": f"tests.jail_tasks:{task}"}) or 0.0


def count(metrics: Metrics, task: str, outcome: str) -> float:
    return metrics.registry.get_sample_value("newswire_jail_tasks_total", {"task": f"tests.jail_tasks:{task}", "outcome": outcome}) or 0.0


def test_a_task_answers_with_its_result(jail: ProcessJail) -> None:
    assert ask(jail, "add", 2, 3) == 5
    assert ask(jail, "length", b"\x00\xff" * 3_000_000) == 6_000_000


def test_a_result_is_rebuilt_by_its_annotation(jail: ProcessJail) -> None:
    assert ask(jail, "shape", "ü\n\x00") == Shape("ü\n\x00", ((1, 0.5), (2, 1.5)))
    assert ask(jail, "shape", "") is None


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("hang", KillReason.DEADLINE),
        ("hang_in_c", KillReason.DEADLINE),
        ("swell", KillReason.MEMORY),
        ("leave", KillReason.CRASH),
        ("crash", KillReason.CRASH),
    ],
)
def test_a_child_that_goes_wrong_is_ended_and_replaced(
    jail: ProcessJail, counted: Metrics, caplog: pytest.LogCaptureFixture, task: str, reason: KillReason
) -> None:
    before, kills, busy_s = count(counted, task, reason), killed(counted, task), busy(counted, task)
    with pytest.raises(Killed) as raised:
        ask(jail, task, deadline_s=0.3 if reason is KillReason.DEADLINE else 10.0)
    assert raised.value.reason is reason
    assert next(record.message for record in caplog.records if task in record.message).endswith(f"({reason})")
    assert count(counted, task, reason) == before + 1
    end = JailEnd.DIED if reason is KillReason.CRASH else JailEnd(reason.value)
    assert killed(counted, task) == kills | {end: kills[end] + 1}
    assert busy(counted, task) - busy_s >= (0.3 if reason is KillReason.DEADLINE else 0.0)
    assert ask(jail, "add", 1, 1) == 2


def test_a_task_that_raises_leaves_its_child_alive(jail: ProcessJail, counted: Metrics) -> None:
    with pytest.raises(TaskRaised, match=r"tests\.jail_tasks:throw: ValueError: bad \?\[31m"):
        ask(jail, "throw", "bad \x1b[31m")
    with pytest.raises(TaskRaised, match="SystemExit"):
        ask(jail, "leave_by_exit")
    with pytest.raises(TaskRaised, match="PydanticSerialization"):
        ask(jail, "lie")
    with pytest.raises(TaskRaised, match="TypeError"):
        ask(jail, "add", 1)
    assert count(counted, "throw", "raised") == 1


def test_a_result_beyond_all_measure_is_refused(jail: ProcessJail) -> None:
    with pytest.raises(TaskRaised, match="the result is larger than"):
        ask(jail, "much", 64, deadline_s=20)


def test_only_the_tasks_of_the_jail_are_run(jail: ProcessJail) -> None:
    with pytest.raises(ValueError, match="'os:getpid' is no task of this jail"):
        jail.submit("os:getpid", deadline_s=1)


def test_no_variable_reaches_a_child_and_it_can_write_nothing(jail: ProcessJail, tmp_path: Path) -> None:
    assert "HOME" in os.environ
    assert set(ask(jail, "environment")) <= {"LC_CTYPE"}
    with pytest.raises(TaskRaised, match="OSError"):
        ask(jail, "write_file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == b""
    assert ask(jail, "limits") == (0, 0, True)


def test_arguments_that_cannot_be_sent_fail_their_own_call_only(jail: ProcessJail) -> None:
    with pytest.raises((TypeError, AttributeError)):
        ask(jail, "length", threading.Lock())
    assert ask(jail, "add", 1, 1) == 2


def test_many_threads_may_submit_and_each_gets_its_own_answer(jail: ProcessJail) -> None:
    answers: dict[int, int] = {}

    def work(number: int) -> None:
        for step in range(20):
            answers[number * 100 + step] = ask(jail, "add", number * 100, step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 120
    assert all(answers[number] == number for number in answers)


def test_a_task_waits_for_nobody_but_its_worker(jail: ProcessJail) -> None:
    slow = jail.submit("tests.jail_tasks:hang", deadline_s=0.5)
    assert ask(jail, "add", 1, 1) == 2
    assert not slow.done()
    with pytest.raises(Killed):
        slow.result(timeout=5)


def test_a_child_is_recycled_and_dismissed_when_idle() -> None:
    jail = ProcessJail(tasks=TASKS, metrics=Metrics(), workers=1, preload=(), recycle_after=2, idle_s=0.1)
    pids = [ask(jail, "whose") for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]
    wait_until(lambda: not psutil.pid_exists(pids[3]))
    assert ask(jail, "add", 1, 1) == 2
    jail.close()


def test_a_fork_server_that_was_ended_is_started_again() -> None:
    jail = ProcessJail(tasks=TASKS, metrics=Metrics(), workers=1, preload=())
    child = psutil.Process(ask(jail, "whose"))
    server = child.parent()
    assert server is not None
    server.kill()
    wait_until(lambda: ended(child))
    with pytest.raises(Killed):  # its child died with it; the next call finds that out
        ask(jail, "whose")
    assert ask(jail, "whose") != child.pid
    jail.close()


def test_closing_ends_what_runs_and_cancels_what_waits() -> None:
    metrics = Metrics()
    jail = ProcessJail(tasks=TASKS, metrics=metrics, workers=1, preload=())
    child = psutil.Process(ask(jail, "whose"))
    futures: list[Future[Any]] = [jail.submit("tests.jail_tasks:hang", deadline_s=60) for _ in range(3)]
    wait_until(futures[0].running)
    jail.close()
    assert len(wait(futures, timeout=5).done) == 3
    with pytest.raises(Killed):
        futures[0].result()
    assert futures[1].cancelled()
    assert futures[2].cancelled()
    assert ended(child)
    assert jail.submit("tests.jail_tasks:add", 1, 1, deadline_s=1).cancelled()


def test_a_jail_that_cannot_import_says_so() -> None:
    jail = ProcessJail(tasks=TASKS, metrics=Metrics(), workers=1, preload=("no_such_module",))
    with pytest.raises(RuntimeError, match="the jail cannot start: ModuleNotFoundError: No module named 'no_such_module'"):
        ask(jail, "add", 1, 1)
    jail.close()
