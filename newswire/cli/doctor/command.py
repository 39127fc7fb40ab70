"""`newswire doctor`: reads the settings itself, as what is wrong with them is its first finding; examines; prints."""

import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from newswire.cli import app
from newswire.cli.doctor.catalogue import CATALOGUE
from newswire.cli.doctor.finding import Asked, CheckName, Finding, Level
from newswire.cli.doctor.network_checks import resolve
from newswire.cli.doctor.render import as_json as json_of
from newswire.cli.doctor.render import failed, rendered
from newswire.cli.doctor.run import examine
from newswire.cli.options import AsJson, Config, print_json, read_settings_quietly
from newswire.cli.receivers import read_routes
from newswire.cli.redacted import redacted
from newswire.cli.status.words import fault_in_words
from newswire.clock import SystemClock
from newswire.config import find_config_folder
from newswire.errors import ConfigurationError
from newswire.settings import Settings

FAULTY_SETTINGS = ("no command works with it", "write it as docs/reference.md has it")


@app.command()
def doctor(
    config: Config = None,
    as_json: AsJson = False,
    deep: Annotated[bool, typer.Option("--deep", help="Read every page of the SQLite files, however long it takes.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Send a test message to whom `ops:` names, and look for it.")] = False,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="With --send: to this receiver instead.")] = "",
) -> None:
    """Look at everything that Newswire stands on, and say what is amiss, why it matters and what to do. Exit status 1 where anything fails.

    Nothing is changed, and nothing is sent without --send.
    """
    clock, environ = SystemClock(), dict(os.environ)
    for name in ("newswire", "kafka", "slack_sdk"):
        logging.getLogger(name).addHandler(logging.NullHandler())  # what they would say is a finding
    settings = Settings()
    try:
        settings = read_settings_quietly(config)
        folder = find_config_folder(settings.config)
    except ConfigurationError as error:
        findings = [Finding(CheckName.SETTINGS, Level.FAIL, fault_in_words(fault), *FAULTY_SETTINGS) for fault in error.faults]
    else:
        asked = Asked(settings, folder, environ, clock, resolve, deep=deep)
        findings = examine(replace(asked, send_to=to or _ops(folder)) if send or to else asked, CATALOGUE)
    if as_json:
        print_json(redacted(json_of(findings, clock.now()), settings))
    else:
        console = Console(highlight=False)
        for line in rendered(findings, console.width, lambda text: str(redacted(text, settings))):
            console.print(line, soft_wrap=True)
    sys.stdout.flush()
    sys.exit(1 if failed(findings) else 0)


def _ops(folder: Path) -> str:
    """Return who hears of Newswire itself, else the first receiver."""
    try:
        routes = read_routes(folder)
    except ConfigurationError:  # the configuration's own finding
        return ""
    return routes.ops or routes.receivers[0].name
