"""Which processes that share a log are alive: each holds the lock of a file of its own, which the kernel gives back when it dies.

So the partitions of a process that was killed are free at once, whatever the clocks say. One that is alive but does nothing is found by
its missing heartbeats (`newswire.bus.members`).
"""

import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from newswire.filelock import FileLock, is_locked


class Living:
    """The lock file of this process, and a look at those of the others. `path` is the log's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: FileLock | None = None
        self.process = secrets.token_hex(8)

    def appear(self) -> None:
        """Take this process's lock, if it does not hold it already."""
        while self._lock is None:
            lock = FileLock(self._file(self.process))
            if lock.take() and lock.in_place():
                self._lock = lock
            else:  # another process looked at it, or swept it away, between the two calls
                lock.close()
                time.sleep(0.001)

    def disappear(self) -> None:
        """Give the lock back and remove its file."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.file.unlink(missing_ok=True)
            lock.close()

    def lives(self, process: str) -> bool:
        """Return whether that process still holds its lock."""
        return process == self.process or is_locked(self._file(process))

    def others(self) -> int:
        """Return how many other processes hold their locks."""
        return sum(file != self._file(self.process) and is_locked(file) for file in self._files())

    def sweep(self) -> None:
        """Remove the files that dead processes left."""
        for file in self._files():
            if file != self._file(self.process) and not is_locked(file):
                file.unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        return self._path.parent.glob(f"{self._path.name}.member-*")

    def _file(self, process: str) -> Path:
        return self._path.with_name(f"{self._path.name}.member-{process}")
