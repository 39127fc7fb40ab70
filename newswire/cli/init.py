"""`newswire init`: a small configuration to begin with, whose comments teach."""

from pathlib import Path
from shlex import quote
from typing import Annotated, Final

import typer

from newswire.cli import app
from newswire.cli.new_watchlist import STARTING
from newswire.config import shipped_folder
from newswire.errors import ConfigurationError, Fault
from newswire.replace_file import create_file

README: Final = "README.md"
SCHEMAS: Final = "schemas"

_PARTS: Final = ("watchlists", "lists", "sources", "tests", SCHEMAS, "routes.yaml", "taxonomy", "model")
"""What makes a folder a configuration: where one of these is, another one began already."""


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write it to, such as config; made where there is none.")],
) -> None:
    """Write a commented starting configuration: watchlists, a list, routes, sources, schemas for editors. It overwrites nothing."""
    for path in begun(directory):
        print(path)
    shown = f" --config {quote(str(directory))}" if directory != Path("config") else ""
    print(f"\nNext: `newswire check{shown}` and `newswire test{shown}`, then edit. {directory / README} says how to go on.")


def begun(directory: Path) -> list[Path]:
    """Write the files and return them. A README that is there already is left out.

    Raises:
        ConfigurationError: a configuration is there already, or the folder cannot be written.

    """
    if directory.exists() and not directory.is_dir():
        raise _refused(directory, "this is not a folder; name one, such as config")
    there = [part for part in _PARTS if (directory / part).exists() or (directory / part).is_symlink()]
    if there:
        raise _refused(directory, f"a configuration is here already ({', '.join(there)}); name another folder")
    written: list[Path] = []
    try:
        for name, content in _files(directory):
            path = directory / name
            if path.name == README and path.exists():
                continue
            create_file(path, content)
            written.append(path)
    except OSError as error:
        for path in written:  # a part of a configuration would keep the next attempt away
            path.unlink()
        raise _refused(directory, f"cannot be written: {(error.strerror or str(error)).lower()}") from None
    return written


def _files(directory: Path) -> list[tuple[Path, bytes]]:
    """Return every file of the starting configuration, by its name there."""
    quoted = quote(str(directory)).encode("utf-8", "surrogateescape")
    templates, schemas = STARTING / "config", shipped_folder() / SCHEMAS
    found = [(path.relative_to(templates), path.read_bytes()) for path in sorted(templates.rglob("*")) if path.is_file()]
    found += [(Path(SCHEMAS) / path.name, path.read_bytes()) for path in sorted(schemas.glob("*.json"))]
    return [(name, content.replace(b"@DIR@", quoted) if name.name == README else content) for name, content in found]


def _refused(directory: Path, why: str) -> ConfigurationError:
    return ConfigurationError([Fault(str(directory), 0, 0, why)])
