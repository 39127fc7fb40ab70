"""A disk that is full when a test says so: a small tmpfs where one can be mounted, else a limit on the size of this process's files."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class Disk(Protocol):
    """A folder and the room that is left in it."""

    folder: Path
    name: str

    def leave(self, room: int | None) -> None:
        """Leave so many bytes; None: as many as there are."""
        ...


class SmallDisk:
    """A tmpfs of its own: what does not fit is refused with ENOSPC."""

    name = "tmpfs"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def leave(self, room: int | None) -> None:
        self._ballast.unlink(missing_ok=True)
        if room is not None:
            found = os.statvfs(self.folder)
            with self._ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(1, found.f_bavail * found.f_frsize - room))


class LimitedFiles:
    """RLIMIT_FSIZE: what would make a file longer than it may be is refused with EFBIG."""

    name = "RLIMIT_FSIZE"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def leave(self, room: int | None) -> None:
        shortest = min((path.stat().st_size for path in self.folder.glob("*-wal")), default=0)
        limit_files(os.getpid(), None if room is None else shortest + room)


def longest(folder: Path) -> int:
    """Return the size of the longest file in a folder."""
    return max((path.stat().st_size for path in folder.iterdir()), default=0)


def limit_files(pid: int, size: int | None) -> None:
    """Let no file of a process grow past `size`; None: as far as there is room."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))


@contextmanager
def a_disk(folder: Path, *, mounted: bool, size: str = "16m") -> Iterator[Disk]:
    """Yield a disk; where nothing may be mounted here, one by the limit on files."""
    folder.mkdir()
    if (
        mounted
        and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False, capture_output=True).returncode
        == 0
    ):
        try:
            yield SmallDisk(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
    else:
        limited = LimitedFiles(folder)
        try:
            yield limited
        finally:
            limited.leave(None)
