"""The `newswire` command: the one place that knows every stage and builds everything by hand (`compose`).

Reads: the command line, the environment, the configuration folder.
Writes: data on standard output, talk on standard error.
Never: decides anything; each command calls a stage's plain functions and prints what they return.
"""

import sys
from typing import Annotated, Final

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


def add_commands() -> None:
    """Let every module of commands add its own to `app`."""
    from newswire.cli import (  # noqa: F401 -- importing one adds its commands
        archive,
        ask,
        backtest,
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


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 it could not be done, 2 the command, settings or configuration are wrong."""
    add_commands()
    try:
        app()
    except ConfigurationError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        sys.exit(EXIT_USAGE)
    except NewswireError as error:
        print(f"newswire: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
