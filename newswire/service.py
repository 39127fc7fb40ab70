"""The service loop: workers on threads, drained on SIGTERM, watched by a watchdog.

Never: waits for ever. A step that hangs ends the process (exit code 75), because a restart is what every stage is built for.
"""

import os
import queue
import random
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, Protocol

from structlog.typing import FilteringBoundLogger

from newswire.clock import Clock
from newswire.consumer import BusUpkeep, ConsumerWorker, Handled, Handler, TooManyDead, guard
from newswire.errors import ConfigurationError, Fenced, Retryable
from newswire.metrics import Metrics
from newswire.outcomes import StepFault

__all__ = ["BusUpkeep", "ConsumerWorker", "Handled", "Handler", "Service", "TooManyDead", "Worker", "guard"]

EXIT_BROKEN: Final = 1  # too many errors in a row
EXIT_HUNG: Final = 75  # EX_TEMPFAIL of sysexits.h: start me again

_BACK_OFF_FIRST_S: Final = 0.25
_BACK_OFF_MOST_S: Final = 60.0
_SERVER_BACK_OFF_MOST_S: Final = 10.0  # for what is `Retryable`: a server that is back is soon found so, and all that waited is soon done
_RETRY_AFTER_MOST_S: Final = 3_600.0
_IDLE_LOOK_S: Final = 0.05
_READY_WITHIN_S: Final = 5.0  # a worker that fails is not doing its work when its last good step is older
_READY_STEP_S: Final = 20.0  # nor is one whose step takes longer: it waits for a server that does not answer


class Worker(Protocol):
    """One loop of a stage. `step` is called again and again on one thread of its own."""

    name: str

    def step(self) -> float:
        """Do one bounded piece of work and return the seconds to wait before the next (0: something was done, at once again).

        Raises:
            Retryable: called again after a back-off.
            Fenced: called again at once.

        """
        ...

    def idle(self) -> bool:
        """Return whether nothing is left to do for `run --until-idle`. Called from another thread."""
        ...

    def close(self) -> None:
        """Give leases back and leave groups; called once, on the worker's thread, after the last step."""
        ...


def back_off_s(failures: int, retry_after_s: float | None, chance: float, *, most_s: float = _BACK_OFF_MOST_S) -> float:
    """Return the seconds to wait after so many failures in a row: doubled each time up to `most_s`, half of it by `chance` (0 to 1).

    What the other side asked for is the least, up to an hour.
    """
    most = min(most_s, _BACK_OFF_FIRST_S * 2.0 ** min(failures - 1, 16))
    return max(most * (0.5 + chance / 2), min(retry_after_s or 0.0, _RETRY_AFTER_MOST_S))


class _Runner:
    """A worker on its thread, and how it fares."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.thread: threading.Thread | None = None
        self.steps = 0  # ended, well or not
        self.worked = 0  # of them, those that did something or failed
        self.failures = 0  # in a row, of any kind
        self.bugs = 0  # in a row
        self.succeeded_at: float | None = None  # monotonic
        self.said: str | None = None  # the reason of the failure that was logged last
        self.step_began_at: float | None = None  # on the watchdog's time


class Service:
    """Runs workers until a signal, until all are idle, or until one of them is broken."""

    def __init__(
        self,
        workers: Sequence[Worker],
        *,
        clock: Clock,
        metrics: Metrics,
        log: FilteringBoundLogger,
        hung_up: Callable[[], bool] | None = None,
        stop_after_errors: int = 50,
        step_limit_s: float = 180,
        drain_s: float = 10,
    ) -> None:
        """`hung_up` is called when SIGHUP comes, on the thread of `run`, and returns whether to go on; without it SIGHUP drains as SIGTERM does."""
        self._runners = [_Runner(worker) for worker in workers]
        metrics.known("worker", [worker.name for worker in workers])
        self._clock, self._metrics, self._log = clock, metrics, log
        self._hung_up = hung_up or (lambda: False)
        self._stop_after_errors, self._step_limit_s, self._drain_s = stop_after_errors, step_limit_s, drain_s
        self._stopping = threading.Event()
        self._ended = threading.Event()
        # SimpleQueue.put may be called from a signal handler while the same thread waits in get; an Event may not.
        self._requests: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._signals = 0
        self._broken = False
        self._watched_s = 0.0

    def run(self, *, until_idle: bool = False) -> int:
        """Return the exit code: 0 after SIGTERM, SIGINT, `stop` or (where asked for) when nothing is left to do; 1 when a worker is broken.

        Signals are handled while it runs, if it runs on the main thread; a second one ends the process at once.
        """
        with self._signal_handlers():
            for runner in self._runners:
                thread = threading.Thread(target=self._loop, args=(runner,), name=runner.worker.name, daemon=True)
                thread.start()
                runner.thread = thread
            watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            watchdog.start()
            code = self._wait(until_idle=until_idle)
            self._drain()
            self._ended.set()
            watchdog.join()
            return code if not self._broken else EXIT_BROKEN

    def stop(self) -> None:
        """Ask the service to drain and end, as SIGTERM does. Callable from any thread."""
        self._requests.put(0)

    def healthy(self) -> bool:
        """Return whether the process should live on (`/healthz`): every worker's thread runs, none is broken."""
        return not self._broken and all(
            runner.thread is None or runner.thread.is_alive() or self._stopping.is_set() for runner in self._runners
        )

    def ready(self) -> bool:
        """Return whether it does its work (`/readyz`): every worker has ended a step well and goes on doing so, and no drain has begun."""
        now = self._clock.monotonic()
        return not self._stopping.is_set() and self.healthy() and all(self._works(runner, now) for runner in self._runners)

    def _works(self, runner: _Runner, now: float) -> bool:
        began_at, succeeded_at = runner.step_began_at, runner.succeeded_at
        if succeeded_at is None or (began_at is not None and self._watched_s - began_at > _READY_STEP_S):
            return False
        return not runner.failures or now - succeeded_at <= _READY_WITHIN_S

    def _loop(self, runner: _Runner) -> None:
        try:
            while not self._stopping.is_set():
                runner.step_began_at = self._watched_s
                wait_s = self._step(runner)
                runner.step_began_at = None
                runner.steps += 1
                if wait_s > 0:
                    self._stopping.wait(wait_s)
        finally:
            runner.step_began_at = None
            if not self._stopping.is_set():  # something that is no Exception ended the thread
                self._log.critical("worker broken", worker=runner.worker.name, error="its thread ended")
                self._break()
            self._close(runner.worker)

    def _step(self, runner: _Runner) -> float:
        name = runner.worker.name
        try:
            wait_s = runner.worker.step()
        except Fenced as error:
            self._count(runner, StepFault.FENCED)
            self._log.info("fenced", worker=name, error=str(error))
            # At once the first time; a worker that is fenced again and again must not spin.
            return 0.0 if runner.failures == 1 else back_off_s(runner.failures - 1, None, _chance())
        except Retryable as error:
            self._count(runner, StepFault.RETRYABLE)
            wait_s = back_off_s(runner.failures, error.retry_after_s, _chance(), most_s=_SERVER_BACK_OFF_MOST_S)
            if self._is_news(runner, error.reason):
                self._log.warning(
                    "will try again", worker=name, reason=error.reason, error=str(error), in_a_row=runner.failures, wait_s=round(wait_s, 2)
                )
            return wait_s
        except TooManyDead as error:
            self._count(runner, StepFault.TOO_MANY_DEAD)
            self._log.critical("worker broken", worker=name, error=str(error))
            self._break()
            return 0.0
        except ConfigurationError as error:  # a password that was changed, a right that was taken away: perhaps a restart knows the new one
            self._count(runner, StepFault.CONFIGURATION)
            if self._is_news(runner, "configuration"):
                self._log.error("refused", worker=name, error=str(error), in_a_row=runner.failures)
            return self._after_error(runner, error)
        except Exception as error:  # noqa: BLE001 -- counted, logged, tried again; too many stop the service
            self._count(runner, StepFault.BUG)
            self._log.exception("bug in a step", worker=name, error=repr(error), in_a_row=runner.bugs + 1)
            return self._after_error(runner, error)
        if runner.failures > 1:
            self._log.info("works again", worker=name, failures=runner.failures)
        runner.succeeded_at = self._clock.monotonic()
        self._metrics.worker_success_at.labels(name).set(self._clock.now().timestamp())
        runner.failures = runner.bugs = 0
        runner.said = None
        if wait_s <= 0:
            runner.worked += 1
        return wait_s

    def _after_error(self, runner: _Runner, error: Exception) -> float:
        runner.bugs += 1
        if runner.bugs >= self._stop_after_errors:
            self._log.critical("worker broken", worker=runner.worker.name, error=f"{runner.bugs} errors in a row, the last: {error!r}")
            self._break()
            return 0.0
        return back_off_s(runner.failures, None, _chance())

    def _is_news(self, runner: _Runner, reason: str) -> bool:
        """Return whether a failure is to be logged: the first of its reason, then the second, fourth, eighth … in a row."""
        news = runner.said != reason or runner.failures & (runner.failures - 1) == 0
        runner.said = reason
        return news

    def _count(self, runner: _Runner, kind: StepFault) -> None:
        runner.failures += 1
        runner.worked += 1
        self._metrics.worker_errors.labels(runner.worker.name, kind).inc()

    def _break(self) -> None:
        self._broken = True
        self._stopping.set()
        self._requests.put(0)

    def _close(self, worker: Worker) -> None:
        try:
            worker.close()
        except (Retryable, Fenced) as error:
            self._log.info("closed without giving everything back", worker=worker.name, error=str(error))
        except Exception:  # noqa: BLE001 -- the others are to be closed too
            self._log.exception("bug while closing", worker=worker.name)

    def _wait(self, *, until_idle: bool) -> int:
        """Return when something asks for the end: a signal, `stop`, a broken worker, or two looks that found all idle."""
        before: list[int] | None = None
        while True:
            try:
                signum = self._requests.get(timeout=_IDLE_LOOK_S if until_idle else 1.0)
            except queue.Empty:
                if not until_idle:
                    continue
                look = self._look()
                if look is not None and look == before:
                    self._log.info("nothing left to do")
                    return 0
                before = look
            else:
                if signum == signal.SIGHUP and self._hung_up():
                    continue
                if signum:
                    self._log.info("draining", signal=signal.Signals(signum).name)
                return 0

    def _look(self) -> list[int] | None:
        """Return how often each worker has done something so far, where all are idle now; None where one is not."""
        worked = [runner.worked for runner in self._runners]
        for runner in self._runners:
            try:
                if runner.steps == 0 or not runner.worker.idle():
                    return None
            except Retryable:
                return None  # it could not be found out; its own step says why
            except Exception:  # noqa: BLE001 -- its step goes on; only the end by idleness waits
                self._log.exception("bug while asking whether idle", worker=runner.worker.name)
                return None
        return worked

    def _drain(self) -> None:
        self._stopping.set()
        deadline = self._clock.monotonic() + self._drain_s
        for runner in self._runners:
            assert runner.thread is not None
            runner.thread.join(max(0.0, deadline - self._clock.monotonic()))
            if runner.thread.is_alive():
                self._log.warning("left in the middle of a step: what it did not commit is done again", worker=runner.worker.name)

    def _watch(self) -> None:
        tick_s = min(1.0, self._step_limit_s / 4)
        before = self._clock.monotonic()
        while not self._ended.wait(tick_s):
            now = self._clock.monotonic()
            # A process that was stopped or starved as a whole did not hang: no tick counts for more than ten.
            self._watched_s += min(now - before, 10 * tick_s)
            before = now
            for runner in self._runners:
                began_at = runner.step_began_at
                if began_at is not None and self._watched_s - began_at > self._step_limit_s:
                    self._end_hung(runner)

    def _end_hung(self, runner: _Runner) -> None:
        frame = sys._current_frames().get(runner.thread.ident or 0) if runner.thread is not None else None  # noqa: SLF001 -- the documented way to another thread's stack
        stack = "".join(traceback.format_stack(frame)) if frame is not None else "(gone)"
        self._log.critical("step hangs, ending the process", worker=runner.worker.name, limit_s=self._step_limit_s, stack=stack)
        os._exit(EXIT_HUNG)

    @contextmanager
    def _signal_handlers(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: dict[int, Any] = {
            signum: signal.signal(signum, self._on_signal) for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    def _on_signal(self, signum: int, _frame: FrameType | None) -> None:
        if signum != signal.SIGHUP:
            self._signals += 1
        if self._signals > 1:
            os._exit(128 + signum)
        self._requests.put(signum)


def _chance() -> float:
    return random.random()  # noqa: S311 -- jitter, not a secret
