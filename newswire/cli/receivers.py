"""`newswire receivers`: who can be told, how each stands, and a test message to one of them."""

import secrets
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
from newswire.cli.watchlists import iso, store_if_there
from newswire.clock import SystemClock
from newswire.config import find_config_folder, load
from newswire.errors import ConfigurationError, Fault, one_line
from newswire.settings import Settings
from newswire.store.standings import Standing, standings

if TYPE_CHECKING:
    from alerting.message import Message
    from alerting.receivers import Answer
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
    if (store := store_if_there(settings)) is not None:
        with store.read() as connection:
            known = standings(connection)
        store.close()
    rows = [*_rows(routes, settings, known, SystemClock().now())]
    if as_json:
        print_json_lines(rows)
    else:
        _print_list(Console(), rows)


@receivers_app.command("test")
def receivers_test(
    name: Annotated[str, typer.Argument(help="A receiver's name in routes.yaml.")], config: Config = None, as_json: AsJson = False
) -> None:
    """Send one receiver a message that is marked as a test, and say what came back. Exit status 1 where it was not taken."""
    from alerting.receivers import Accepted
    from alerting.variables import lacking_of

    settings = read_settings(config)
    entry = _entry(read_routes(find_config_folder(settings.config)), name)
    if entry.digest is not None:
        raise ConfigurationError([_fault(f"{name!r} is a digest, which gathers; test the receiver that hears it: {entry.digest.to}")])
    lacks = [ON_TERMINAL] if entry.slack is not None and settings.slack_token is None else list(lacking_of(entry, settings))
    if lacks:
        raise ConfigurationError([Fault("environment", 0, 0, words) for words in lacks])
    clock = SystemClock()
    answer = make_receiver(settings, entry, now=clock.now, test=True).post(test_message(name, clock.now()))
    taken = isinstance(answer, Accepted)
    if as_json:
        print_json({"receiver": name, "kind": entry.kinds[0], "taken": taken} | _answer_values(answer))
    else:
        print(one_line(f"{name}: {answer_in_words(answer)}"), file=sys.stdout if taken else sys.stderr)
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


def test_message(receiver: str, now: datetime) -> "Message":
    """Return a message that nobody can take for news."""
    from alerting.message import Carrier, Message, Quote, ShownWatchlist
    from newswire.records import Basis, Label, Severity

    said = "This is a test: it was asked for by `newswire receivers test`, and nothing has happened."
    return Message(
        alert_id=secrets.token_hex(16),
        story_id=secrets.token_hex(16),
        severity=Severity.INFO,
        watchlists=(ShownWatchlist("newswire-test", "TEST of Newswire", Severity.INFO, ("test",)),),
        item_id="test",
        title=f"Test message for the receiver “{receiver}”",
        url=None,
        outlet="Newswire",
        country=None,
        language="en",
        published_at=now,
        seen_at=now,
        label=Label.OTHER,
        score=0.0,
        home=None,
        partners=(),
        organisations=(),
        topics=(),
        quote=Quote(said, ((10, 14),)),
        carriers=(Carrier("test", "test", Basis.FEED, "Newswire", None, None),),
    )


def answer_in_words(answer: "Answer") -> str:
    """Return what a receiver answered, what it means and what to do."""
    from alerting.receivers import Accepted, BadAccess, BadMessage, BadRoute, NotSent, RateLimited, Unclear
    from alerting.receivers.advice import what_to_do

    match answer:
        case Accepted():
            return "the test message was taken."
        case RateLimited(retry_after_s):
            return f"not taken: rate limited, it wants {retry_after_s:.0f} s of silence."
        case NotSent(reason):
            return f"not sent: {reason}; {what_to_do(reason)}."
        case Unclear(reason):
            return f"not known whether it was taken: {reason}; {what_to_do(reason)}."
        case BadMessage(code) | BadRoute(code) | BadAccess(code):
            return f"refused: {code}; {what_to_do(code)}."


def _answer_values(answer: "Answer") -> dict[str, Any]:
    from alerting.receivers import Accepted, NotSent, RateLimited, Unclear
    from alerting.receivers.advice import what_to_do

    match answer:
        case Accepted():
            return {"answer": "Accepted", "reason": None, "do": None}
        case RateLimited(retry_after_s):
            return {"answer": "RateLimited", "reason": "rate_limited", "do": what_to_do("rate_limited"), "retry_after_s": retry_after_s}
        case NotSent(reason) | Unclear(reason):
            return {"answer": type(answer).__name__, "reason": reason, "do": what_to_do(reason)}
        case _:
            return {"answer": type(answer).__name__, "reason": answer.code, "do": what_to_do(answer.code)}


def _entry(routes: "Routes", name: str) -> "Receiver":
    from alerting.watchlists.nearest import unknown

    entry = routes.receiver(name)
    if entry is None:
        raise ConfigurationError([_fault(unknown("receiver", name, frozenset(one.name for one in routes.receivers)))])
    return entry


def _rows(routes: "Routes", settings: Settings, known: dict[str, Standing], now: datetime) -> Iterable[dict[str, Any]]:
    from alerting.receivers.standing import LIMITS, Shown, State, place_of, shown
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
    for name in sorted(known.keys() - names):
        if known[name].waiting:
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
        kind = f"{row['kind'] or ''}{' (' + row['limits'] + ')' if row['limits'] else ''}"
        table.add_row(
            Text(row["name"]),
            Text(kind),
            Text(one_line(row["to"] or "")),
            Text(row["state"], style=_STYLES.get(row["state"], "red")),
            Text(str(row["waiting"])),
            Text(str(row["failed"])),
            Text((row["last_sent_at"] or "")[:16].replace("T", " ")),
        )
    console.print(table)
    for row in rows:
        if row["why"]:
            until = f" until {row['until']}" if row["until"] else ""
            do = f"; {row['do']}" if row["do"] else ""
            console.print(Text(one_line(f"{row['name']}: {row['state']}{until}: {row['why']}{do}")), soft_wrap=True)


def _fault(message: str) -> Fault:
    return Fault("routes.yaml", 0, 0, message)
