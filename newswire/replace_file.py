"""A file written whole or not at all: whoever reads it meanwhile, and whatever breaks off, sees the old bytes or the new ones."""

import os
import secrets
import stat
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Put the content in the place of a file that is there, with its mode; a link stays a link.

    Raises:
        OSError: it cannot be written; the file is as it was.

    """
    real = path.resolve(strict=True)
    beside = real.with_name(f".{real.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            os.fchmod(file.fileno(), stat.S_IMODE(real.stat().st_mode))
            _write(file.fileno(), content)
        beside.replace(real)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _keep(real.parent)


def create_file(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, and the folders it stands in.

    Raises:
        FileExistsError: it is there already, and stays as it is.
        OSError: it cannot be written.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        try:
            _write(file.fileno(), content)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    _keep(path.parent)


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


def _keep(folder: Path) -> None:
    """Make the name of a file durable: it stands in its folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
