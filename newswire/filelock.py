"""A lock file that the kernel gives back when its holder dies, however it dies (`flock`)."""

import contextlib
import fcntl
import os
import weakref
from pathlib import Path


class FileLock:
    """One open lock file. Threads that share it are not kept apart by it: the lock belongs to the open file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        _open.add(self)
        if os.geteuid() == 0:
            self._hand_over()

    def take(self) -> bool:
        """Return whether the lock is now held here alone; never waits."""
        return self._lock(fcntl.LOCK_EX)

    def release(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def in_place(self) -> bool:
        """Return whether the file still stands at its path: it may have been removed between opening and locking."""
        try:
            return self.file.stat().st_ino == os.fstat(self._descriptor).st_ino
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Close the file, which gives the lock back. Does nothing the second time."""
        _open.discard(self)
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _hand_over(self) -> None:
        """Give what root has made to whom its folder belongs, as SQLite does with its WAL: else a look of root's would lock the service out."""
        folder = self.file.parent.stat()
        if os.fstat(self._descriptor).st_uid == 0 != folder.st_uid:
            with contextlib.suppress(OSError):  # root of a container, which may not
                os.fchown(self._descriptor, folder.st_uid, folder.st_gid)

    def _lock(self, how: int) -> bool:
        try:
            fcntl.flock(self._descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_locked(file: Path) -> bool:
    """Return whether somebody holds the lock of that file alone; a file that is not there is not locked."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two that look at the same time do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


_open: "weakref.WeakSet[FileLock]" = weakref.WeakSet()


def _close_in_child() -> None:
    # A forked child shares the open file: were its parent killed, the child would go on holding the lock.
    for lock in list(_open):
        lock.close()


os.register_at_fork(after_in_child=_close_in_child)
