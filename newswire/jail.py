"""Child processes for whatever can hang or swell on foreign bytes: a deadline, a memory limit, killed and replaced."""

import contextlib
import logging
import queue
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from newswire.guard import printable
from newswire.jail_child import MEMORY_EXIT, RAISED, load_task
from newswire.jail_server import Child, ForkServer
from newswire.metrics import Metrics
from newswire.outcomes import JailEnd, JailOutcome

MEMORY_BYTES: Final = 1 << 30
"""What a child may take beyond what it starts with."""

_log: Final = logging.getLogger(__name__)


class KillReason(StrEnum):
    """Why a child was ended."""

    DEADLINE = "deadline"
    MEMORY = "memory"
    CRASH = "crash"  # it died by itself


_COUNTED_AS: Final = {KillReason.DEADLINE: JailEnd.DEADLINE, KillReason.MEMORY: JailEnd.MEMORY, KillReason.CRASH: JailEnd.DIED}


class Killed(Exception):  # noqa: N818 -- it says what happened to the child
    """The task was not finished: its child was ended for `reason` and replaced."""

    def __init__(self, reason: KillReason, task: str) -> None:
        super().__init__(f"{task}: the child was ended ({reason})")
        self.reason = reason


class TaskRaised(Exception):  # noqa: N818 -- it says what the task did
    """The task raised inside the child; the text names the exception. The child lives on."""


class Jail(Protocol):
    """Runs named functions in children. Thread-safe."""

    def submit(self, task: str, *arguments: Any, deadline_s: float) -> "Future[Any]":
        """Start `task` (`package.module:function`) on plain, picklable arguments.

        The future gives the function's plain result, or raises `Killed` or `TaskRaised`. The deadline counts from when a
        child starts on it.
        """
        ...

    def close(self) -> None:
        """End all children at once."""
        ...


@dataclass(frozen=True, slots=True)
class _Call:
    task: str
    arguments: tuple[Any, ...]
    deadline_s: float
    future: "Future[Any]"


class ProcessJail:
    """The `Jail` that runs: children forked from a server that has imported `preload` and the modules of `tasks` once.

    A child has an empty environment, a memory limit above what it starts with, cannot write a byte to a file, and dies with this process.
    Arguments go to it by pickle, since it trusts us. Results come back as JSON and are rebuilt by what the task's annotation says it
    returns, since we do not trust a child that has parsed hostile bytes: pickle would let it call anything here, and marshal may crash
    on rubbish. So a task returns what pydantic can read: builtins, and frozen dataclasses of them.
    """

    def __init__(
        self,
        *,
        tasks: Sequence[str],
        metrics: Metrics,
        workers: int = 2,
        memory_bytes: int = MEMORY_BYTES,
        preload: Sequence[str] = ("feedparser", "trafilatura"),
        recycle_after: int = 2_000,
        idle_s: float = 60.0,
        queue_size: int = 256,
    ) -> None:
        self._results = {name: load_task(name)[1] for name in tasks}
        self._metrics = metrics
        metrics.known("task", tasks)
        self._recycle_after = recycle_after
        self._idle_s = idle_s
        self._calls: queue.Queue[_Call | None] = queue.Queue(queue_size)
        self._server = ForkServer({"tasks": list(tasks), "preload": list(preload), "memory_bytes": memory_bytes})
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._run, name=f"jail-{n}", daemon=True) for n in range(workers)]
        self._started = False
        self._lock = threading.Lock()

    def submit(self, task: str, *arguments: Any, deadline_s: float) -> "Future[Any]":
        """Start `task` on a free child and return its future; waits while `queue_size` calls wait. Children start with the first call.

        Raises:
            ValueError: the task is none of those that the jail was built with.

        """
        if task not in self._results:
            raise ValueError(f"{task!r} is no task of this jail; it knows {', '.join(self._results)}")
        future: Future[Any] = Future()
        with self._lock:
            if self._closing.is_set():
                _give_up(future)
                return future
            if not self._started:
                self._started = True
                for thread in self._threads:
                    thread.start()
        self._calls.put(_Call(task, arguments, deadline_s, future))
        if self._closing.is_set():  # while we waited for room
            self._drain()
        return future

    def close(self) -> None:
        """End all children at once: what runs is `Killed`, what waits is cancelled."""
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
        self._server.close()
        self._drain()
        if self._started:
            for _ in self._threads:
                self._calls.put(None)
            for thread in self._threads:
                thread.join()
        self._drain()

    def _drain(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                call = self._calls.get_nowait()
                if call is not None:
                    _give_up(call.future)

    def _run(self) -> None:
        child: Child | None = None
        while True:
            try:
                call = self._calls.get(timeout=self._idle_s if child is not None else None)
            except queue.Empty:
                self._dismiss(child)  # what a large page made it grow is given back
                child = None
                continue
            if call is None:
                self._dismiss(child)
                return
            if not call.future.set_running_or_notify_cancel():
                continue
            try:
                child = child or self._server.fork()
                alive = self._serve(child, call)
            except Exception as error:  # noqa: BLE001 -- a thread that ends would leave its share of the calls unanswered
                alive = False
                if not call.future.done():
                    call.future.set_exception(error)
            if child is not None and (not alive or child.served >= self._recycle_after):
                self._dismiss(child)
                child = None

    def _serve(self, child: Child, call: _Call) -> bool:
        """Settle the call's future; return whether the child can serve another."""
        began = time.monotonic()
        result: Any = None
        killed: KillReason | None = None
        raised: Exception | None = None
        try:
            kind, answer = child.ask(call.task, call.arguments, call.deadline_s)
            if kind == RAISED:
                raised = TaskRaised(f"{call.task}: {printable(answer.decode('utf-8', 'replace'))}")
            else:
                result = self._results[call.task].validate_json(answer)
        except TimeoutError:
            killed = KillReason.DEADLINE
        except (EOFError, OSError, ValueError, RecursionError):
            killed = KillReason.CRASH  # it is gone, or it says what no child of ours would say
        took_s = time.monotonic() - began
        if killed is not None:
            code = self._server.end(child)
            # A SIGKILL that was not ours came from a kernel that had no memory left.
            if killed is KillReason.CRASH and code in (MEMORY_EXIT, -signal.SIGKILL) and not self._closing.is_set():
                killed = KillReason.MEMORY
            _log.warning("%s: the child was ended after %.2f s (%s)", call.task, took_s, killed)
            raised = Killed(killed, call.task)
        outcome = killed or (JailOutcome.OK if raised is None else JailOutcome.RAISED)
        self._metrics.jail_tasks.labels(call.task, outcome).inc()
        self._metrics.jail_seconds.labels(call.task).inc(took_s)
        if killed is not None:
            self._metrics.jail_kills.labels(call.task, _COUNTED_AS[killed]).inc()
        if raised is None:
            call.future.set_result(result)
        else:
            call.future.set_exception(raised)
        return killed is None

    def _dismiss(self, child: Child | None) -> None:
        if child is not None:
            self._server.end(child)


def _give_up(future: "Future[Any]") -> None:
    if future.cancel():
        future.set_running_or_notify_cancel()  # `cancel` alone does not wake who waits for it
