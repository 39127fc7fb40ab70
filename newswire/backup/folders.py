"""Folders of backups: one is written under a name that nobody takes for a backup, and gets its own when it is whole and on the disk."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from newswire.backup.manifest import MANIFEST, refused
from newswire.filelock import FileLock

_NAME: Final = "newswire-"
_UNFINISHED: Final = ".unfinished-"
_LOCK: Final = ".backup.lock"


@contextmanager
def writing(parent: Path, at: datetime) -> Iterator[tuple[Path, Callable[[], Path]]]:
    """Yield an empty folder, and what gives it its name (`newswire-20261128T020000Z`) once all in it is on the disk; it is removed otherwise.

    Raises:
        ConfigurationError: the parent is no folder, another backup is being made there, or there is one of this second.
        OSError: the disk is full, or the folder may not be written.

    """
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise refused(parent, "it is no folder; name one where backups are to be kept") from None
    lock = FileLock(parent / _LOCK)
    try:
        if not lock.take():
            raise refused(parent, "another backup is being made here; wait for its end")
        for left in parent.glob(f"{_UNFINISHED}*"):  # by one that was killed: nobody else can be at it
            shutil.rmtree(left, ignore_errors=True)
        name = f"{_NAME}{at:%Y%m%dT%H%M%SZ}"
        folder, final = parent / f"{_UNFINISHED}{name}", parent / name
        if final.exists():
            raise refused(final, "it is there already; a backup is never written over another")
        folder.mkdir(mode=0o700)
        try:
            yield folder, lambda: _named(folder, final)
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # renamed by now, if all went well
    finally:
        lock.close()


def forget_older(made: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups beside the one just made, which stays whatever the clock said; return which went.

    Nothing but whole backups of ours is counted or removed.
    """
    parent = made.parent
    found = sorted(path for path in parent.glob(f"{_NAME}*") if (path / MANIFEST).is_file() and not path.is_symlink() and path != made)
    gone = found[: max(0, len(found) + 1 - keep)]
    for path in gone:
        # What is half removed is no backup, and the next one clears it away.
        shutil.rmtree(path.rename(parent / f"{_UNFINISHED}{path.name}"))
    return gone


def sync(path: Path) -> None:
    """Return when a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(folder: Path) -> None:
    """Return when everything in a folder is on the disk, closed to all but its owner."""
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o700 if path.is_dir() else 0o600)
        sync(path)


def _named(folder: Path, final: Path) -> Path:
    sync_all(folder)
    folder.rename(final)
    sync(final.parent)
    return final
