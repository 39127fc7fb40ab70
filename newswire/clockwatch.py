"""Sees to it that a clock which is set back stops nothing: the worker that every process has for it.

Reads: the machine's two clocks; the times in the store.
Writes: the store, where it tells of the future.
"""

from typing import Final

import structlog

from newswire.clock import Clock
from newswire.store import Store, clocks

LOOK_S: Final = 1.0
MEND_EVERY_S: Final = 60.0  # for what another machine's clock, or one of another day, has left there
JUMP_S: Final = 5.0

_log = structlog.get_logger(__name__)


class ClockWatch:
    """Looks at the store when this machine's clock was set back, at the start, and once a minute."""

    name = "clock"

    def __init__(self, *, store: Store, clock: Clock, spacing_s: float) -> None:
        self._store, self._clock, self._spacing_s = store, clock, spacing_s
        self._offset: float | None = None  # of the wall clock against the one that never jumps, as far forward as it was
        self._mend_at = 0.0  # monotonic

    def step(self) -> float:
        monotonic, now = self._clock.monotonic(), self._clock.now().timestamp()
        offset = now - monotonic
        if self._offset is None or offset < self._offset - JUMP_S or monotonic >= self._mend_at:
            self._mend(now)
            self._mend_at = monotonic + MEND_EVERY_S
            self._offset = offset
        self._offset = max(self._offset, offset)  # set forward first, then back
        return LOOK_S

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing."""

    def _mend(self, now: float) -> None:
        with self._store.read() as connection:
            needed = clocks.needs_mending(connection, now, spacing_s=self._spacing_s)
        if needed:
            with self._store.begin() as connection:
                mended = clocks.mend(connection, now, spacing_s=self._spacing_s)
            _log.warning("the clock was set back: what stood in the future is counted from now", **mended)
