"""`newswire status`: reads, judges, prints; the exit status is the answer."""

import logging
import sys

from rich.console import Console

from newswire.cli import app
from newswire.cli.options import AsJson, Config, print_json, read_settings
from newswire.cli.redacted import redacted
from newswire.cli.status.as_json import as_json as json_of
from newswire.cli.status.judge import judge
from newswire.cli.status.read import read_facts
from newswire.cli.status.render import rendered
from newswire.clock import SystemClock


@app.command()
def status(config: Config = None, as_json: AsJson = False) -> None:
    """Say whether the watch is whole, why not, and how each part of it stands. Only looks. Exit status: 0 it is whole, 1 it is not."""
    settings = read_settings(config)
    logging.getLogger("kafka").addHandler(logging.NullHandler())  # what it would say is why the bus is away
    found = judge(read_facts(settings, SystemClock()))
    if as_json:
        print_json(redacted(json_of(found), settings))
    else:
        console = Console(highlight=False)
        for line in rendered(found, console.width, lambda text: str(redacted(text, settings))):
            console.print(line, soft_wrap=True)
    sys.stdout.flush()
    sys.exit(0 if found.whole else 1)
