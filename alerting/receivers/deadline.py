"""A total deadline around a call that has none: slack_sdk's timeout is one for each read of the socket, which a drip never meets."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

R = TypeVar("R")

CALLS_AT_ONCE: Final = 4


class NoRoomError(Exception):
    """So many calls hang that no further one is started."""


class Deadlines:
    """Runs each call on a daemon thread and waits no longer than asked; a call that hangs is left behind, and so many at most."""

    def __init__(self) -> None:
        self._room = threading.BoundedSemaphore(CALLS_AT_ONCE)

    def within(self, deadline_s: float, call: Callable[[], R]) -> R:
        """Return what the call returns, or raise what it raises.

        Raises:
            TimeoutError: the deadline passed; the call may still do what it does.
            NoRoomError: the call was not started.

        """
        if not self._room.acquire(blocking=False):
            raise NoRoomError
        future: Future[R] = Future()

        def run() -> None:
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 -- raised again where the result is asked for
                future.set_exception(error)
            finally:
                self._room.release()

        threading.Thread(target=run, name="receiver-call", daemon=True).start()
        return future.result(timeout=deadline_s)
