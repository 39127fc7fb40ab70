"""The end of a process that keeps watch: a server that does not answer any more keeps it for a moment, not for as long as it is silent."""

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from structlog.typing import FilteringBoundLogger

from newswire.cli.bounded import all_within
from newswire.errors import Retryable

LEAVE_S: Final = 10.0
"""After the drain, which takes as long at most: together well within the 30 s after which a supervisor kills."""

R = TypeVar("R")


class Leaving:
    """A block that is left in good time, once `begin` has said that all is done: what is not given back by then ends with the process.

    Sessions, leases and group memberships that are not given back run out by themselves; nothing that was acknowledged hangs on them.
    """

    def __init__(self, *, end: Callable[[int], object] = os._exit) -> None:
        self._end = end
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def begin(self, status: int, log: FilteringBoundLogger, *, within_s: float = LEAVE_S) -> None:
        """End the process with this status when the block has not been left in so many seconds."""

        def leave() -> None:
            log.warning("left without giving everything back: a server does not answer", waited_s=within_s)
            self._end(status)  # nothing is flushed: the log holds nothing back, and another stream may be the one that nobody reads

        self._timer = threading.Timer(within_s, leave)
        self._timer.daemon = True
        self._timer.start()


def soon(asked: Callable[[], R], within_s: float) -> R | None:
    """Return what `asked` returns; None where a server is away or does not answer in time (the question is left to its thread)."""
    answer = all_within(within_s, {"last": asked})["last"]
    if isinstance(answer, TimeoutError | Retryable):
        return None
    if isinstance(answer, Exception):
        raise answer
    return answer
