"""The other version that a back-test is held against: a file, a folder, or a revision of the configuration folder in git."""

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from newswire.cli import compose
from newswire.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from alerting.watchlists.load import DeskFiles
    from processors.names import Names

_DESK: Final = ("watchlists", "lists", "routes.yaml")
"""What of a configuration folder decides who is told of what."""

_GIT_S: Final = 30.0
_MOST_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Other:
    """A configuration folder to be read, and how its files are called in messages."""

    name: str
    folder: Path
    shown: str  # stands before a file's path inside the folder
    replaced: str | None = None  # the watchlist whose file is the one given


@contextmanager
def other_version(folder: Path, against: str, names: list[str]) -> Iterator[Other]:
    """Yield the version that `against` names; what had to be copied is gone at the end.

    `names` are the watchlists asked for: a file alone does not say which of them it is another version of.

    Raises:
        ConfigurationError: there is no such file, folder or revision, or it holds no watchlists.

    """
    path = Path(against)
    is_folder, is_file = _kind_of(path)
    with tempfile.TemporaryDirectory(prefix="newswire-") as scratch:
        if is_folder:
            if not (path / "watchlists").is_dir():
                _refuse(against, "is no configuration folder: it has no watchlists/ in it")
            yield Other(against, path, "")
        elif is_file:
            yield _with_file(folder, path, names, Path(scratch))
        else:
            yield _of_revision(folder, against, Path(scratch))


def _kind_of(path: Path) -> tuple[bool, bool]:
    """Return whether it is a folder, and whether a file; what no file system could hold is neither."""
    try:
        return path.is_dir(), path.is_file()
    except OSError:
        return False, False


def read_other(other: Other, known: "Names", now: datetime) -> "DeskFiles":
    """Return the desk's files of the other version.

    Raises:
        ConfigurationError: with every fault of every file, under the names by which they were asked for.

    """
    desk = compose.read_desk(other.folder, known, now)
    if desk.faults:
        raise ConfigurationError([_renamed(fault, other) for fault in desk.faults])
    return desk


def _renamed(fault: Fault, other: Other) -> Fault:
    if not other.shown:
        return fault
    path = Path(fault.file).absolute()
    inside = str(path.relative_to(other.folder)) if path.is_relative_to(other.folder) else fault.file
    file = other.name if other.replaced and inside == f"watchlists/{other.replaced}.yaml" else f"{other.shown}{inside}"
    return Fault(file, fault.line, fault.column, fault.message)


def _with_file(folder: Path, path: Path, names: list[str], scratch: Path) -> Other:
    """Return the configuration with one watchlist's file put in the place of its own."""
    known = {one.stem for one in (folder / "watchlists").glob("*.yaml")}
    name = names[0] if len(names) == 1 else path.stem
    if len(names) > 1 or (not names and name not in known):
        _refuse(str(path), "another version of which watchlist? Name it: newswire backtest NAME --against FILE")
    try:
        for part in _DESK:
            if (folder / part).is_dir():
                shutil.copytree(folder / part, scratch / part)
            elif (folder / part).is_file():
                shutil.copyfile(folder / part, scratch / part)
        (scratch / "watchlists").mkdir(exist_ok=True)
        shutil.copyfile(path, scratch / "watchlists" / f"{name}.yaml")
    except OSError as error:
        _refuse(str(path), f"it and {folder} cannot be copied: {error.strerror or error}")
    return Other(str(path), scratch, f"{folder}/", replaced=name)


def _of_revision(folder: Path, revision: str, scratch: Path) -> Other:
    what = "no file or folder is called so"
    if revision.startswith("-") or not revision.strip():
        _refuse(revision, f"{what}, and no revision of git can be")
    if shutil.which("git") is None:
        _refuse(revision, f"{what}, and git is not installed, which would know a revision of this name")
    if _git(folder, "rev-parse", "--is-inside-work-tree") is None:
        _refuse(revision, f"{what}, and {_why_unknown(folder)}")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit is None:
        _refuse(revision, f"{what}, and git knows no such revision (git log --oneline lists them)")
    sha = commit.decode("ascii", "replace").strip()
    listed = (_git(folder, "ls-tree", "--name-only", sha) or b"").decode("utf-8", "replace").splitlines()
    parts = [part for part in _DESK if part in listed]
    if "watchlists" not in parts:
        _refuse(revision, f"{folder} has no watchlists/ in that revision")
    packed = _git(folder, "archive", "--format=tar", sha, "--", *parts)
    if packed is None or len(packed) > _MOST_BYTES:
        _refuse(revision, f"git cannot give {folder} as it was in that revision")
    try:
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(scratch, filter="data")  # no link leads out of the folder
    except (tarfile.TarError, OSError) as error:
        _refuse(revision, f"{folder} as it was in that revision cannot be laid out: {error}")
    return Other(revision, scratch, f"{revision}:{folder}/")


def _why_unknown(folder: Path) -> str:
    """Return why git knows no revision of the folder at all."""
    done = _git_run(folder, "rev-parse", "--is-inside-work-tree")
    if done is not None and b"safe.directory" in done.stderr:  # git's refusal of a repository that another user owns (CVE-2022-24765)
        return (
            f"the repository of {folder} belongs to another user, so git does not read it (git config --global --add safe.directory FOLDER)"
        )
    return f"{folder} is in no git repository that would know a revision of this name"


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints, None where it refuses. It only reads."""
    done = _git_run(folder, *arguments)
    return done.stdout if done is not None and done.returncode == 0 else None


def _git_run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes] | None":
    command = ["git", "-C", str(folder), "--no-optional-locks", *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=_GIT_S, stdin=subprocess.DEVNULL)  # noqa: S603 -- no shell, and a revision never begins with a dash
    except (OSError, subprocess.TimeoutExpired):
        return None


def _refuse(what: str, why: str) -> NoReturn:
    raise ConfigurationError([Fault(f"--against {what[:100]}", 0, 0, why)])
