"""`newswire silence add`, `list`, `expire`: what is not to be told for a while. A running alerter heeds it with its next report."""

import getpass
import sys
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newswire.cli import EXIT_USAGE, app
from newswire.cli.options import AsJson, Config, print_json, print_json_lines, read_settings
from newswire.clock import SystemClock
from newswire.config import find_config_folder
from newswire.outcomes import SilenceState
from newswire.silence import Silence
from newswire.store import open_store, silences

_UNKNOWN: Final = 1
_STATE_STYLES: Final = {
    SilenceState.ACTIVE: "green",
    SilenceState.ENDING: "yellow",
    SilenceState.PENDING: "cyan",
    SilenceState.ENDED: "dim",
    SilenceState.EXPIRED: "dim",
}

silence_app = typer.Typer(name="silence", help="What is not to be told for a while: add, list, expire.", no_args_is_help=True)
app.add_typer(silence_app)

_Some = list[str] | None


@silence_app.command("add")
def silence_add(
    *,
    watchlist: Annotated[_Some, typer.Option("--watchlist", metavar="NAME", help="What this watchlist matches.")] = None,
    story: Annotated[
        _Some, typer.Option("--story", metavar="ID|URL", help="This story: its id, or the address of an article in it.")
    ] = None,
    country: Annotated[_Some, typer.Option("--country", metavar="CC", help="News whose home or partner is this country.")] = None,
    outlet: Annotated[_Some, typer.Option("--outlet", metavar="NAME", help="News of this outlet, by its name, host or source.")] = None,
    label: Annotated[_Some, typer.Option("--label", metavar="LABEL", help="News of this label: diplomacy, domestic, other.")] = None,
    below: Annotated[str, typer.Option("--below", metavar="SEVERITY", help="Only what is less severe (else critical too).")] = "",
    length: Annotated[str, typer.Option("--for", metavar="TIME", help="How long: 90m, 4h, 2d; 30d at most.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="WHEN", help="Its end instead: 2026-12-01T08:00 or 18:30 (UTC).")] = "",
    begin: Annotated[str, typer.Option("--from", metavar="WHEN", help="When it begins (now).")] = "",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who silences; required.")] = "",
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason; required.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Hold matches back for a while. Each option may be repeated: one of its values must fit, and of several options all."""
    from newswire.cli.silence_asked import Asked, silence_of

    asked = Asked(watchlist or (), story or (), country or (), outlet or (), label or (), below, begin, length, until, by, why)
    settings = read_settings(config)
    folder = find_config_folder(settings.config)
    now = SystemClock().now()
    store = open_store(settings.store_url)
    try:
        with store.begin() as connection:
            wanted = silence_of(asked, folder=folder, connection=connection, now=now)
            added = silences.add(connection, wanted)
    except ValueError as error:
        _refuse(str(error))
    finally:
        store.close()
    if as_json:
        print_json(_as_json(added, 0, now))
        return
    print(f"{added.silence_id}  {_sentence(added, now)}")
    if added.silence_id != wanted.silence_id:
        print("It was there already: nothing to do.", file=sys.stderr)
    else:
        print(
            "A running Newswire heeds it with its next report; what it decided before still goes out. "
            f"To end it: newswire silence expire {added.silence_id}",
            file=sys.stderr,
        )


@silence_app.command("list")
def silence_list(
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended, with who ended them.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the silences, with how many stories each has held."""
    now = SystemClock().now()
    store = open_store(read_settings().store_url)
    try:
        with store.read() as connection:
            found = silences.every(connection) if everything else silences.current(connection, now.timestamp())
            held = silences.stories_held(connection, [one.silence_id for one in found])
    finally:
        store.close()
    if as_json:
        print_json_lines(_as_json(one, held.get(one.silence_id, 0), now) for one in found)
    elif not found:
        print("Nothing is silenced." if not everything else "Nothing was ever silenced.", file=sys.stderr)
    else:
        _print_list(Console(), found, held, now)


@silence_app.command("expire")
def silence_expire(
    silence_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who ends it (else the login name).")] = "",
) -> None:
    """End a silence now. What it held is not sent late: a later report of the story is told again."""
    from newswire.text import clean_line

    now = SystemClock().now()
    who = clean_line(by or _login(), limit=80)
    store = open_store(read_settings().store_url)
    try:
        with store.begin() as connection:
            named = silences.beginning_with(connection, silence_id.strip().lower()) if silence_id.strip() else []
            if len(named) == 1:
                ended = silences.expire(connection, named[0].silence_id, now.timestamp(), who)
                (silence,) = silences.beginning_with(connection, named[0].silence_id)
                held = silences.stories_held(connection, [silence.silence_id]).get(silence.silence_id, 0)
    finally:
        store.close()
    if len(named) != 1:
        print(f"newswire: no single silence's id begins with {silence_id[:60]!r}; see `newswire silence list --all`", file=sys.stderr)
        sys.exit(_UNKNOWN)
    if not ended:
        whose = f", ended by {silence.expired_by}" if silence.expired_by else ""
        print(f"{silence.silence_id} had ended at {_at(silence.ended_at)} UTC{whose}: nothing to do.")
        return
    print(f"{silence.silence_id} has ended; it held {held} {'story' if held == 1 else 'stories'}.")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "unknown"


def _sentence(silence: Silence, now: datetime) -> str:
    from alerting.silences import moment_in_words, said_of

    begin = f"from {moment_in_words(silence.begins_at, now)} " if silence.begins_at > now.timestamp() else ""
    return f"{said_of(silence)}: silent {begin}until {moment_in_words(silence.ends_at, now)}, by {silence.by}: {silence.why}"


def _as_json(silence: Silence, held: int, now: datetime) -> dict[str, Any]:
    from alerting.silences import state_of

    return {
        "silence_id": silence.silence_id,
        "state": state_of(silence, now).value,
        "matchers": {kind: list(values) for kind, values in silence.matchers.items()},
        "below": silence.below.value if silence.below else None,
        "begins_at": _iso(silence.begins_at),
        "ends_at": _iso(silence.ends_at),
        "by": silence.by,
        "why": silence.why,
        "created_at": _iso(silence.created_at),
        "expired_at": None if silence.expired_at is None else _iso(silence.expired_at),
        "expired_by": silence.expired_by,
        "stories_held": held,
    }


def _print_list(console: Console, found: list[Silence], held: dict[str, int], now: datetime) -> None:
    from alerting.silences import said_of, state_of

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "state", "until (UTC)", "held"):
        table.add_column(heading, no_wrap=True)
    table.add_column("what, by whom and why", overflow="fold")
    for one in found:
        state = state_of(one, now)
        said = Text(said_of(one)).append(f"\n{one.by}: {one.why}", style="dim")
        if state is SilenceState.EXPIRED:
            said.append(f"\nended by {one.expired_by}", style="dim")
        if state is SilenceState.PENDING:
            said.append(f"\nfrom {_at(one.begins_at)}", style="dim")
        count = str(held.get(one.silence_id, 0))
        table.add_row(Text(one.silence_id), Text(state.value, style=_STATE_STYLES[state]), Text(_at(one.ended_at)), Text(count), said)
    console.print(table)


def _at(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _refuse(why: str) -> NoReturn:
    print(f"newswire: {why}", file=sys.stderr)
    sys.exit(EXIT_USAGE)
