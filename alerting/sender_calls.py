"""Calls to receivers, one at a time to each and many side by side: one that hangs keeps only its own receiver waiting.

Never: waits at the process's end for a call that hangs (its threads are daemons), or starts more calls than there are receivers.
"""

import queue
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

CALLS_AT_ONCE: Final = 32
"""Threads at most. Where more receivers than this are due, those that have waited longest go first."""


class Calls(Protocol):
    """Where the sender's calls run. Used from one thread, but `busy`, which any may ask."""

    def busy(self) -> frozenset[str]:
        """Return the receivers that are being called."""
        ...

    def has_room(self) -> bool:
        """Return whether one more may be started."""
        ...

    def start(self, name: str, call: Callable[[], None]) -> None:
        """Start a call to a receiver that is not being called."""
        ...

    def ended(self, wait_s: float) -> list[Exception | None]:
        """Return what the calls raised, or None, that ended since the last look; wait until one does, or so many seconds."""
        ...

    def oldest_s(self) -> float:
        """Return for how long the oldest of the calls has been on its way; 0 where there is none."""
        ...


class ThreadCalls:
    """Each call on a thread of its own."""

    def __init__(self, most: int = CALLS_AT_ONCE) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._began: dict[str, float] = {}
        self._ended: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def busy(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._began)

    def has_room(self) -> bool:
        with self._lock:
            return len(self._began) < self._most

    def start(self, name: str, call: Callable[[], None]) -> None:
        with self._lock:
            self._began[name] = time.monotonic()
        try:
            threading.Thread(target=self._run, args=(name, call), name=f"send-{name}", daemon=True).start()
        except RuntimeError:  # the machine has no thread left
            with self._lock:
                del self._began[name]
            raise

    def ended(self, wait_s: float) -> list[Exception | None]:
        found: list[Exception | None] = []
        try:
            found.append(self._ended.get(timeout=wait_s))
            while True:
                found.append(self._ended.get_nowait())
        except queue.Empty:
            return found

    def oldest_s(self) -> float:
        with self._lock:
            return time.monotonic() - min(self._began.values()) if self._began else 0.0

    def _run(self, name: str, call: Callable[[], None]) -> None:
        fault: Exception | None = None
        try:
            call()
        except Exception as error:  # noqa: BLE001 -- it is raised again where the sender asks what has ended
            fault = error
        with self._lock:
            del self._began[name]
        self._ended.put(fault)
