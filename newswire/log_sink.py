"""Where the log's lines go: written whole, from any thread, and never waited for longer than a moment."""

import contextlib
import os
import select
import threading
from collections.abc import Callable
from typing import Final, TextIO

_PATIENCE_S: Final = 1.0  # for who reads a full pipe; while he does not come back, nobody waits for him again
_PIECE_BYTES: Final = 4_096  # a pipe that says it has room takes so many without waiting (PIPE_BUF of Linux)


class Sink:
    """A stream that is gone, or full because nobody reads it, costs the lines, not the work.

    A log collector that stands still leaves a full pipe behind. Whoever wrote into it would stand still too: pollers, senders, and the end
    that a signal asks for. `lost` is told how many lines were not written, once there is room again.
    """

    def __init__(self, stream: TextIO, lost: Callable[[int], object] = int, *, patience_s: float = _PATIENCE_S) -> None:
        self._stream = stream
        self._lost = lost
        self._patience_s = patience_s
        self._lines_lost = 0
        self._cut = False  # the last thing written is a part of a line
        self._lock = threading.Lock()
        self._room: select.poll | None = None
        with contextlib.suppress(OSError, ValueError):  # of what is in memory, which always has room
            number = stream.fileno()
            self._room = select.poll()
            self._room.register(number, select.POLLOUT)

    def write(self, text: str) -> int:
        """Write one line; return 0 where it could not be."""
        lost = 0
        try:
            with self._lock:
                if self._room is None:
                    self._stream.write(text)
                    self._stream.flush()
                elif self._written(text, self._room):
                    lost, self._lines_lost = self._lines_lost, 0
                else:
                    self._lines_lost += 1
                    return 0
        except (OSError, ValueError):
            return 0
        if lost:
            self._lost(lost)
        return len(text)

    def flush(self) -> None:
        """Do nothing: each write flushes."""

    def isatty(self) -> bool:
        """Return whether a terminal is there, for those who colour what they write."""
        return self._stream.isatty()

    def _written(self, text: str, room: select.poll) -> bool:
        number = self._stream.fileno()  # asked each time: of a stream that was closed, the number may be another file's by now
        data = (b"\n" if self._cut else b"") + text.encode(self._stream.encoding or "utf-8", "backslashreplace")
        whole = len(data)
        while data:
            if not room.poll(0 if self._lines_lost else self._patience_s * 1_000):
                self._cut = self._cut or len(data) < whole
                return False
            data = data[os.write(number, data[:_PIECE_BYTES]) :]
        self._cut = False
        return True
