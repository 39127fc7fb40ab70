"""`newswire promote`: a watchlist comes a step nearer to its readers, by one word in its file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from newswire.cli import app
from newswire.cli.candidate import WATCHLISTS, ReadDesk, own_folder, reader, require_candidate
from newswire.cli.options import Config, read_settings
from newswire.config import yaml_files
from newswire.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from alerting.watchlists.model import Status, Watchlist

RELOADED: Final = "A running Newswire takes it within ten seconds"

_NEXT: Final = {"draft": "staged", "staged": "active"}
_MEANS: Final = {
    "draft": "it is checked and tested only",
    "staged": "what it matches is counted and not sent; `newswire staged {name}` lists it",
    "active": "it alerts from then on",
    "muted": "it sends nothing more; what it matches is counted",
}


@app.command()
def promote(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The watchlist: its file's name without .yaml.")],
    to: Annotated[
        str, typer.Option("--to", metavar="STATUS", help="staged, active, muted or draft (the next of draft → staged → active).")
    ] = "",
    config: Config = None,
) -> None:
    """Put a watchlist live, or a step nearer: rewrites the `status` in its file and nothing else, after a check of all files."""
    folder = own_folder(read_settings(config).config)
    for line in promoted(reader(folder), folder, name, to):
        print(line)


def promoted(read: ReadDesk, folder: Path, name: str, to: str = "") -> list[str]:
    """Rewrite the status in the watchlist's file; return what is to be said of it.

    Raises:
        ConfigurationError: no such watchlist or status, or the files would not all be right afterwards; nothing was written.

    """
    from alerting.watchlists.rewrite import with_status
    from newswire.replace_file import replace_file

    path = _path_of(folder, name)
    before = _read(path)
    watchlist = require_candidate(read, folder, path.stem, before).watchlists[path.stem]
    status = _wanted(path, watchlist.status, to)
    if status is watchlist.status:
        return [f"{path.stem} is {status} already: nothing to do."]
    after = with_status(before, status, str(path))
    _require_tests(path, require_candidate(read, folder, path.stem, after).watchlists[path.stem])
    if _read(path) != before:
        raise _refused(path, "somebody changed the file just now; look at it, then promote again")
    try:
        replace_file(path, after)
    except OSError as error:
        raise _refused(path, f"cannot be written: {(error.strerror or str(error)).lower()}") from None
    return [f"{path.stem}: {watchlist.status} → {status}, in {path}.", f"{RELOADED}: {_MEANS[status].format(name=path.stem)}."]


def _path_of(folder: Path, name: str) -> Path:
    from alerting.watchlists.nearest import unknown

    paths, _ = yaml_files(folder / WATCHLISTS)
    by_name = {path.stem: path for path in paths}
    wanted = name.removesuffix(".yaml")
    if wanted not in by_name:
        raise _refused(folder / WATCHLISTS, unknown("watchlist", wanted, by_name))
    return by_name[wanted]


def _read(path: Path) -> bytes:
    from newswire.strict_yaml import MAX_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refused(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from None


def _wanted(path: Path, status: "Status", to: str) -> "Status":
    """Return the status that is asked for, or else the next one."""
    from alerting.watchlists.model import Status
    from alerting.watchlists.nearest import unknown

    if to and to not in set(Status):
        raise ConfigurationError([Fault("--to", 0, 0, unknown("status", to, Status))])
    if not to and status is Status.MUTED:
        raise _refused(path, f"it is muted: somebody silenced it; `newswire promote {path.stem} --to active` lets it alert again")
    return Status(to or _NEXT.get(status, status))


def _require_tests(path: Path, watchlist: "Watchlist") -> None:
    """Refuse to let alert what no test holds to what it should do, and what it should not."""
    lacking = [alert for alert in (True, False) if alert not in {test.alert for test in watchlist.tests}]
    if watchlist.status == "active" and lacking:
        said = " and one ".join(f"with `alert: {str(alert).lower()}`" for alert in lacking)
        raise _refused(path, f"an active watchlist needs tests both ways; add one {said} under `tests`")


def _refused(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError([Fault(str(path), 0, 0, why)])
