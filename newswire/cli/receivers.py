"""`newswire receivers`: who can be told, how each stands, and a test message to one of them."""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newswire.cli import app
from newswire.cli.compose_receivers import make_receiver
from newswire.cli.options import AsJson, Config, print_json, print_json_lines, read_settings
from newswire.cli.receiver_steps import Step, steps
from newswire.cli.watchlists import iso, store_if_there
from newswire.clock import SystemClock
from newswire.config import find_config_folder, load
from newswire.errors import ConfigurationError, Fault, one_line
from newswire.settings import Settings
from newswire.store.standings import Standing, standings

if TYPE_CHECKING:
    from alerting.receivers.standing import Shown
    from alerting.routes import Receiver, Routes

ON_TERMINAL: Final = "NEWSWIRE_SLACK_TOKEN is not set: what is for this channel is printed on the terminal"
_STYLES: Final = {"ok": "green", "unused": "dim", "rate limited": "yellow", "in doubt": "yellow"}

receivers_app = typer.Typer(name="receivers", help="Who can be told: how each stands, and a test message.", no_args_is_help=True)
app.add_typer(receivers_app)


@receivers_app.command("list")
def receivers_list(config: Config = None, as_json: AsJson = False) -> None:
    """List the receivers of routes.yaml: kind, where each leads, and its state: ok, rate limited until, refused with why and what to do."""
    settings = read_settings(config)
    routes = read_routes(find_config_folder(settings.config))
    known: dict[str, Standing] = {}
    now = SystemClock().now()
    if (store := store_if_there(settings)) is not None:
        with store.read() as connection:
            known = standings(connection, now.timestamp())
        store.close()
    rows = [*receiver_rows(routes, settings, known, now)]
    if as_json:
        print_json_lines(rows)
    else:
        _print_list(Console(), rows)


@receivers_app.command("test")
def receivers_test(
    name: Annotated[str, typer.Argument(help="A receiver's name in routes.yaml.")], config: Config = None, as_json: AsJson = False
) -> None:
    """Send one receiver a message that is marked as a test, and say what came back. Exit status 1 where it was not taken.

    A receiver that has threads also gets a reply in its thread and an edit; what a Slack bot said is then looked for.
    """
    from alerting.variables import lacking_of

    settings = read_settings(config)
    entry = _entry(read_routes(find_config_folder(settings.config)), name)
    if entry.digest is not None:
        raise ConfigurationError([_fault(f"{name!r} is a digest, which gathers; test the receiver that hears it: {entry.digest.to}")])
    lacks = [ON_TERMINAL] if entry.slack is not None and settings.slack_token is None else list(lacking_of(entry, settings))
    if lacks:
        raise ConfigurationError([Fault("environment", 0, 0, words) for words in lacks])
    clock = SystemClock()
    done: list[Step] = []
    for step in steps(make_receiver(settings, entry, now=clock.now, test=True), clock.now()):
        done.append(step)
        if not as_json:
            print(one_line(f"{name}: {step.words}."), file=sys.stdout if step.good else sys.stderr)
    taken = all(step.good for step in done if step.telling)
    if as_json:
        said = [{"step": step.step, "good": step.good, **step.values} for step in done]
        print_json({"receiver": name, "kind": entry.kinds[0], "taken": taken, **done[0].values, "steps": said})
    if not taken:
        sys.exit(1)


def read_routes(folder: Path) -> "Routes":
    """Return what routes.yaml says; everything to the terminal where there is none.

    Raises:
        ConfigurationError: with every fault of the file.

    """
    from alerting.routes import TERMINAL_ONLY, Routes

    path = folder / "routes.yaml"
    if not path.exists():
        return TERMINAL_ONLY
    routes, faults = load(Routes, path)
    if routes is None:
        raise ConfigurationError(faults)
    return routes


def _entry(routes: "Routes", name: str) -> "Receiver":
    from alerting.watchlists.nearest import unknown

    entry = routes.receiver(name)
    if entry is None:
        raise ConfigurationError([_fault(unknown("receiver", name, frozenset(one.name for one in routes.receivers)))])
    return entry


def receiver_rows(routes: "Routes", settings: Settings, known: dict[str, Standing], now: datetime) -> Iterable[dict[str, Any]]:
    """Yield how each receiver stands, as `--json` prints it: those of routes.yaml, and those that left it while something waits for them."""
    from alerting.receivers.standing import LIMITS, Shown, State, place_of, shown
    from alerting.routes import TERMINAL_NAME
    from alerting.variables import lacking_of

    names = {entry.name for entry in routes.receivers}
    for entry in routes.receivers:
        standing = known.get(entry.name, Standing())
        lacks = ON_TERMINAL if entry.slack is not None and settings.slack_token is None else next(lacking_of(entry, settings), None)
        state = shown(standing, lacks=lacks, now=now.timestamp())
        kind = entry.kinds[0]
        place: dict[str, str | None] = {
            "kind": kind,
            "to": place_of(entry, settings),
            "limits": LIMITS.get(kind),
            "explain": str(entry.explain),
        }
        yield {"name": entry.name} | place | _facts(state, standing)
    # The terminal stands in for Slack's channels while there is no token: what gathers for it there waits for nothing.
    stands_in = {TERMINAL_NAME} if settings.slack_token is None and any(entry.slack for entry in routes.receivers) else set()
    for name in sorted(known.keys() - names - stands_in):
        if known[name].waiting or known[name].gathering:
            why = "it is in routes.yaml no more; what was decided for it before waits until it is there again"
            place = dict.fromkeys(("kind", "to", "limits", "explain"))
            yield {"name": name} | place | _facts(Shown(State.NOT_LISTED, why), known[name])


def _facts(state: "Shown", standing: Standing) -> dict[str, Any]:
    return {
        "state": str(state.state),
        "until": _moment(state.until),
        "why": state.why,
        "do": state.do,
        "waiting": standing.waiting,
        "gathering": standing.gathering,
        "waiting_since": _moment(standing.oldest_at),
        "last_sent_at": _moment(standing.last_sent_at),
        "failed": standing.failed,
    }


def _moment(at: float | None) -> str | None:
    return None if at is None else iso(at)


def _print_list(console: Console, rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "kind", "to"):
        table.add_column(heading, overflow="fold")
    table.add_column("state", no_wrap=True)
    for heading in ("waiting", "failed"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("last sent", no_wrap=True)
    for row in rows:
        table.add_row(
            Text(row["name"]),
            Text(row["kind"] or ""),
            Text(one_line(row["to"] or "")),
            Text(row["state"], style=_STYLES.get(row["state"], "red")),
            Text(_waiting(row["waiting"], row["gathering"])),
            Text(str(row["failed"])),
            Text((row["last_sent_at"] or "")[:16].replace("T", " ")),
        )
    console.print(table)
    for row in rows:
        if row["limits"]:
            console.print(Text(one_line(f"{row['name']}: {row['kind']} has {row['limits']}"), style="dim"), soft_wrap=True)
    for row in rows:
        if row["why"]:
            until = f" until {row['until']}" if row["until"] else ""
            do = f"; {row['do']}" if row["do"] else ""
            console.print(Text(one_line(f"{row['name']}: {row['state']}{until}: {row['why']}{do}")), soft_wrap=True)


def _waiting(waiting: int, gathering: int) -> str:
    """Return how many messages could be sent, and how many wait for their time on purpose."""
    if not gathering:
        return str(waiting)
    return f"{waiting} + {gathering} gathering" if waiting else f"{gathering} gathering"


def _fault(message: str) -> Fault:
    return Fault("routes.yaml", 0, 0, message)
