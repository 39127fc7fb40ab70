"""What a backup says of itself, and whether it is still what it was. The manifest is written last: a folder without one is no backup."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from newswire.errors import ConfigurationError, Fault

MANIFEST: Final = "manifest.json"
STORE: Final = "store.sqlite3"
BUS: Final = "bus.sqlite3"
CONFIG: Final = "config"

FORMAT: Final = 1
Offsets = dict[str, dict[int, int]]
"""Of the groups on Kafka, by topic without prefix: partition → the next record that the group reads."""

_MOST_BYTES: Final = 16 << 20
_CHUNK: Final = 1 << 20
_YEAR_10000: Final = 253_402_300_800.0


def _inside_the_backup(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise ValueError("a path that leads out of the backup")
    return name


@dataclass(frozen=True, slots=True)
class File:
    """A file of the backup, as it was written."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    format: int
    newswire: str  # the version that wrote it
    schema: str  # of the store
    backed_up_at: Annotated[float, Field(ge=0, lt=_YEAR_10000)]  # seconds since 1970 UTC: a moment before which everything is in it
    bus: Literal["embedded", "kafka"]
    store: str  # `sqlite` or `postgresql`
    topic_prefix: str
    offsets: Offsets  # empty where the bus is in the backup
    rows: dict[str, int]  # by table
    files: dict[Annotated[str, AfterValidator(_inside_the_backup)], File] = field(default_factory=dict)  # by path inside the backup


_ADAPTER: Final = TypeAdapter(Manifest)


def to_json(manifest: Manifest) -> bytes:
    """Return the manifest as it is written."""
    return json.dumps(_ADAPTER.dump_python(manifest, mode="json"), indent=2, ensure_ascii=False).encode() + b"\n"


def read(folder: Path) -> Manifest:
    """Return what the backup says of itself.

    Raises:
        ConfigurationError: it is none, or one that a newer Newswire wrote.

    """
    path = folder / MANIFEST
    try:
        with open(path, "rb", opener=_only_a_file) as file:
            text = file.read(_MOST_BYTES)
        if isinstance(found := json.loads(text), dict) and isinstance(found.get("format"), int) and found["format"] > FORMAT:
            raise refused(path, f"a backup of format {found['format']}, which a newer Newswire wrote: restore it with that one")
        return _ADAPTER.validate_json(text)
    except FileNotFoundError:
        raise refused(folder, f"there is no {MANIFEST}: it is no backup, or one that was never ended{_inside(folder)}") from None
    except OSError as error:
        raise refused(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, ValidationError, RecursionError):
        raise refused(path, "it is damaged: not the manifest of a backup") from None


def described(folder: Path) -> dict[str, File]:
    """Return each file of the folder but the manifest, as it is now."""
    return {str(path.relative_to(folder)): _described(path) for path in _files(folder) if path.name != MANIFEST or path.parent != folder}


def damages(folder: Path, manifest: Manifest) -> list[Fault]:
    """Return every file that is not as it was written: changed, missing, or added."""
    faults = []
    for name, wanted in sorted(manifest.files.items()):
        try:
            found = _described(folder / name)
        except OSError as error:
            faults.append(Fault(str(folder / name), 0, 0, f"cannot be read: {(error.strerror or str(error)).lower()}"))
            continue
        if found != wanted:
            what = f"{found.bytes:,} bytes where {wanted.bytes:,} were written" if found.bytes != wanted.bytes else "its bytes have changed"
            faults.append(Fault(str(folder / name), 0, 0, f"it is damaged: {what}; use another backup"))
    known = {folder / name for name in manifest.files} | {folder / MANIFEST}
    return faults + [Fault(str(path), 0, 0, "it is no part of the backup") for path in _files(folder) if path not in known]


def refused(path: Path, what: str) -> ConfigurationError:
    """Return the error that says what is wrong with a path."""
    return ConfigurationError([Fault(str(path), 0, 0, what)])


def _files(folder: Path) -> Iterator[Path]:
    """Yield all that is no folder, links to folders too, which are not followed."""
    for there, folders, files in os.walk(folder):
        links = [name for name in folders if Path(there, name).is_symlink()]
        yield from (Path(there, name) for name in sorted((*files, *links)))


def _described(path: Path) -> File:
    digest, size = hashlib.sha256(), 0
    with open(path, "rb", opener=_only_a_file) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return File(digest.hexdigest(), size)


def _only_a_file(path: str, flags: int) -> int:
    """Open a regular file: no link is followed, and no pipe or device is waited for."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise OSError(errno.EINVAL, "no regular file")
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _inside(folder: Path) -> str:
    """Return, in words, which of the folders in it is the newest backup."""
    found = sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))
    return f"; the newest in it is {folder / found[-1]}" if found else ""
