"""The `newswire` command: the one place that knows every stage and builds everything by hand (`compose`).

Reads: the command line, the environment, the configuration folder.
Writes: data on standard output, talk on standard error.
Never: decides anything; each command calls a stage's plain functions and prints what they return.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

from newswire import __version__
from newswire.errors import ConfigurationError, NewswireError

EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130

app = typer.Typer(
    name="newswire",
    help="Watches the world's news for IT and telecom diplomacy and tells a team in Slack: once per story, with the reason.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newswire {__version__}")
        raise typer.Exit


@app.callback()
def newswire(
    _version: Annotated[bool, typer.Option("--version", help="Print the version and end.", callback=_say_version, is_eager=True)] = False,
) -> None:
    """Hold the options that stand before any command."""


HOMES: Final[dict[str, tuple[str, ...]]] = {
    "--version": (),
    "alert": ("run",),
    "alerts": ("archive",),
    "assess": ("judge",),
    "backtest": ("backtest",),
    "backup": ("backup",),
    "check": ("configure",),
    "collect": ("run",),
    "dead": ("ask",),
    "demo": ("demo",),
    "doctor": ("doctor.command",),
    "evaluate": ("judge",),
    "explain": ("explain",),
    "export": ("export",),
    "init": ("init",),
    "migrate": ("configure",),
    "migrate-store": ("move",),
    "process": ("run",),
    "promote": ("promote",),
    "receivers": ("receivers",),
    "replay": ("replay",),
    "restore": ("backup",),
    "run": ("run",),
    "search": ("archive",),
    "silence": ("silence",),
    "sources": ("sources",),
    "staged": ("staged",),
    "status": ("status.command",),
    "test": ("tests",),
    "topics": ("configure",),
    "train": ("judge",),
    "watchlist": ("watchlists", "new_watchlist"),
    "why": ("ask",),
}
"""Where the commands stand, so that one does not wait for the others to load. For what is not listed, or where help is asked, all modules are loaded."""


def add_commands(typed: Sequence[str] = ()) -> None:
    """Let the modules of commands add theirs to `app`: those of the command that was typed, or all."""
    homes = HOMES.get(typed[0]) if typed else None
    if homes is not None:
        for home in homes:
            import_module(f"newswire.cli.{home}")
        return
    from newswire.cli import (  # noqa: F401 -- importing one adds its commands
        archive,
        ask,
        backtest,
        backup,
        configure,
        demo,
        explain,
        export,
        init,
        judge,
        move,
        new_watchlist,
        promote,
        receivers,
        reference,
        replay,
        run,
        silence,
        sources,
        staged,
        tests,
        watchlists,
    )
    from newswire.cli.doctor import command as doctor_command  # noqa: F401 -- as above
    from newswire.cli.status import command as status_command  # noqa: F401 -- as above


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 it could not be done, 2 the command, settings or configuration are wrong."""
    add_commands(sys.argv[1:])
    if sys.stdout is None:  # closed by who called: it wants the exit status alone
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- it is open for as long as the process lives
    print_whatever_comes(sys.stdout)
    try:
        app()
    except ConfigurationError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        sys.exit(EXIT_USAGE)
    except NewswireError as error:
        print(f"newswire: {error}", file=sys.stderr)
        sys.exit(1)
    except (
        OSError
    ) as error:  # a disk that is full, a folder that may not be entered: the machine's fault, and a traceback would not say more
        print(f"newswire: {_os_words(error)}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(EXIT_INTERRUPTED)
    except SystemExit as end:  # by which typer ends whatever happens
        if end.code == EXIT_INTERRUPTED:
            _say_interrupted()
        raise


def _os_words(error: OSError) -> str:
    words = (error.strerror or str(error) or type(error).__name__).lower()
    return f"{error.filename}: {words}" if isinstance(error.filename, str) else words


def _say_interrupted() -> None:
    print("newswire: interrupted", file=sys.stderr)


def print_whatever_comes(stream: TextIO) -> None:
    """Let a letter that the terminal's encoding does not have be printed as its number: Urdu in a Latin-1 locale is no reason to stop."""
    if isinstance(stream, TextIOWrapper) and (stream.errors == "strict" or stream.encoding.lower() != "utf-8"):
        stream.reconfigure(errors="backslashreplace")
