"""A look at the desk's files without understanding them: which there are, and whether a byte of them has changed.

Reads: the configuration folder, a bounded part of each file.
Never: raises for what stands there: a file that is gone or locked in the middle of a look is part of what was seen.
"""

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newswire.config import yaml_files
from newswire.errors import Fault
from newswire.strict_yaml import MAX_BYTES

FOLDERS: Final = ("watchlists", "lists")
ROUTES: Final = "routes.yaml"
_CHUNK_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look saw."""

    digest: str  # of names and bytes: equal where, and only where, loading would read the same
    marks: str  # of inodes and times of change too: equal where nobody wrote in between, not even the same bytes
    parts: frozenset[str]  # which of `watchlists`, `lists` and `routes.yaml` are there


def look(folder: Path) -> Seen:
    """Return what stands in the desk's files now."""
    content, marks = hashlib.sha256(), hashlib.sha256()
    parts = set()
    for name in FOLDERS:
        paths, faults = yaml_files(folder / name)
        if _is_there(folder / name):
            parts.add(name)
        for path in paths:
            _add(path, f"{name}/{path.name}", content, marks)
        for fault in faults:
            _note(content, f"{fault.file} {fault.message}")
    if _is_there(folder / ROUTES):
        parts.add(ROUTES)
        _add(folder / ROUTES, ROUTES, content, marks)
    for name in sorted(parts):
        _note(content, name)
    marks.update(content.digest())
    return Seen(content.hexdigest(), marks.hexdigest(), frozenset(parts))


def gone(folder: Path, before: frozenset[str], now: frozenset[str]) -> tuple[Fault, ...]:
    """Return a fault for each part that was there and without which everything would fall silent, or go elsewhere.

    Such a part is far more often in the middle of being replaced than meant to be gone.
    """
    meant = {
        "watchlists": "this folder was here and is gone; put it back (an empty one is no watchlists)",
        ROUTES: "this file was here and is gone; put it back, or start anew to tell everything on the terminal",
    }
    return tuple(Fault(str(folder / part), 0, 0, message) for part, message in meant.items() if part in before - now)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # what may not be looked at is not known to be gone
        return True


def _add(path: Path, name: str, content: "hashlib._Hash", marks: "hashlib._Hash") -> None:
    """Add one file. Of a file that is too large to be read, no more than shows that it is."""
    _note(content, name)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            _note(content, "not a regular file")
            return
        _note(marks, f"{name} {status.st_ino} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_size}")
        left, body = MAX_BYTES + 1, hashlib.sha256()
        with path.open("rb") as file:
            while left > 0 and (chunk := file.read(min(left, _CHUNK_BYTES))):
                body.update(chunk)
                left -= len(chunk)
        _note(content, body.hexdigest())
    except OSError as error:
        _note(content, f"cannot be read: {error.strerror}")


def _note(digest: "hashlib._Hash", text: str) -> None:
    raw = text.encode("utf-8", "surrogateescape")
    digest.update(len(raw).to_bytes(4, "big") + raw)
