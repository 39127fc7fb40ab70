"""A watchlist's file that is to be written, judged before it is: by the real loader, among all the other files as they stand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from newswire.cli import compose
from newswire.cli.known import load_names
from newswire.clock import SystemClock
from newswire.config import find_config_folder, shipped_folder
from newswire.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from alerting.watchlists.load import DeskFiles

WATCHLISTS: Final = "watchlists"

ReadDesk = Callable[[Path], "DeskFiles"]
"""Reads and checks the desk's files of a configuration folder."""


def own_folder(named: Path | None) -> Path:
    """Return the configuration folder, which is to be written to.

    Raises:
        ConfigurationError: it is not there, or it is the copy inside the installation, which the next upgrade replaces.

    """
    folder = find_config_folder(named)
    if folder.name == "_shipped" and folder.resolve() == shipped_folder().resolve():
        message = "the configuration that came with Newswire is not to be written to; make your own: newswire init config"
        raise ConfigurationError([Fault("config", 0, 0, message)])
    return folder


def reader(folder: Path) -> ReadDesk:
    """Return the real loader, with the names that this configuration's understanding knows; they are read when it is first used."""
    names = cache(lambda: load_names(folder))
    return lambda trial: compose.read_desk(trial, names(), SystemClock().now())


def require_candidate(read: ReadDesk, folder: Path, name: str, content: bytes) -> "DeskFiles":
    """Return the desk's files as they would be with this content as `watchlists/NAME.yaml`.

    Raises:
        ConfigurationError: with every fault of every file: a running Newswire takes all of them or none.

    """
    desk = judged(read, folder, name, content)
    if desk.faults:
        raise ConfigurationError(desk.faults)
    return desk


def judged(read: ReadDesk, folder: Path, name: str, content: bytes) -> "DeskFiles":
    """Return the desk's files as they would be, with every fault at the file that it would be in."""
    with _beside(folder, name, content) as trial:
        desk = read(trial)
    return replace(desk, faults=tuple(_moved(fault, trial, folder) for fault in desk.faults))


@contextmanager
def _beside(folder: Path, name: str, content: bytes) -> Iterator[Path]:
    """Yield a folder with links to all that the configuration holds, and the new file in its place."""
    with TemporaryDirectory(prefix="newswire-") as made:
        trial = Path(made)
        watchlists = trial / WATCHLISTS
        watchlists.mkdir()
        for entry in folder.iterdir():
            if entry.name != WATCHLISTS:
                (trial / entry.name).symlink_to(entry.resolve())
        here = folder / WATCHLISTS
        for entry in here.iterdir() if here.is_dir() else ():
            if entry.name != f"{name}.yaml":
                (watchlists / entry.name).symlink_to(entry.resolve())
        (watchlists / f"{name}.yaml").write_bytes(content)
        yield trial


def _moved(fault: Fault, trial: Path, folder: Path) -> Fault:
    """Return the fault with the name of the file that it will be in."""
    file = Path.cwd() / fault.file
    return replace(fault, file=str(folder / file.relative_to(trial))) if file.is_relative_to(trial) else fault
