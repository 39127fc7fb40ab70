"""Commands that ask what happened: `why`, `dead list|show|replay`."""

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from newswire.bus import Bus
from newswire.cli import app, compose
from newswire.cli.gathered_words import gathered_in_words, telling_in_words
from newswire.cli.options import AsJson, Config, print_json, print_json_lines, read_settings
from newswire.cli.why_words import Stop
from newswire.clock import SystemClock
from newswire.errors import Permanent, one_line
from newswire.guard import printable
from newswire.outcomes import GatherReason, Stage
from newswire.records import DeadLetter
from newswire.store import Store, open_store
from newswire.store.digests import Telling
from newswire.store.trail import Step
from newswire.urls import canonical_url, item_id_of_url

if TYPE_CHECKING:
    from sqlalchemy import Connection

_UNKNOWN: Final = 1
_PLACES: Final = {
    Stage.COLLECT: "stopped at its source",
    Stage.READ_FEED: "stopped at the reading of its feed",
    Stage.READ_PAGE: "stopped at the reading of its page",
    Stage.ALERT: "stopped at the watchlists",
    Stage.DELIVER: "stopped on the way to its receiver",
}
_WAITS: Final = {
    Stage.COLLECT: "still to be read",
    Stage.READ_FEED: "still to be decided",
    Stage.READ_PAGE: "still to be decided",
    Stage.ALERT: "still to be sent",
    Stage.DELIVER: "still to be sent",
}
_LOOKS: Final = {"feed": "by the feed's words", "page": "by the page's text", "feed_final": "by the feed's words: there is no page"}

dead_app = typer.Typer(name="dead", help="What could not be handled: list it, look at it, put it back.", no_args_is_help=True)
app.add_typer(dead_app)


@contextmanager
def open_store_only() -> Iterator[Store]:
    """Yield the store of the environment's settings."""
    store = open_store(read_settings().store_url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def open_bus_only() -> Iterator[Bus]:
    """Yield the bus of the environment's settings."""
    settings = read_settings()
    with ExitStack() as stack:
        bus = compose.open_bus(settings, SystemClock())
        stack.callback(bus.close)
        yield bus


@app.command()
def why(
    url: Annotated[str, typer.Argument(help="The article's address, as a feed or a reader gave it.")],
    watchlist: Annotated[
        str, typer.Option("--watchlist", metavar="NAME", help="Show the truth table of this watchlist, matched or not.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what happened to an item at every stage, and why it did or did not alert; each watchlist's truth table, as it stands today."""
    from newswire.cli import why_stop
    from newswire.cli.why_facts import facts_of
    from newswire.cli.why_tables import NoTables, show_tables, tables_of

    settings = read_settings(config)
    store = open_store(settings.store_url)
    try:
        told = why_of(store, url)
        stop = why_stop.stop_of(facts_of(settings, store, told))
        tables = tables_of(settings, store, told["decision"], watchlist) if told["decision"] else ()
    finally:
        store.close()
    if as_json:
        print_json(
            {
                **told,
                "stopped": why_stop.as_json(stop),
                "tables": [] if isinstance(tables, NoTables) else [table.as_json() for table in tables],
            }
        )
    else:
        print_why(Console(), told, stop)
    if isinstance(tables, NoTables):
        print(f"newswire: {tables.why}", file=sys.stderr)
    elif not as_json:
        show_tables(Console(highlight=False), tables)
    if not told["stages"]:
        sys.exit(_UNKNOWN)


@dead_app.command("list")
def dead_list(as_json: AsJson = False) -> None:
    """List what is in `news.dead`."""
    from newswire.dead import letters

    with open_bus_only() as bus:
        found = [_letter(letter) for letter in letters(bus)]
    if as_json:
        print_json_lines(found)
        return
    if not found:
        print("Nothing is in news.dead.", file=sys.stderr)
    for letter in found:
        print(f"{letter['dead_id']}  {letter['at'][:19]}  {letter['stage']}  {letter['reason']}  {letter['topic']}  {letter['error']}")


@dead_app.command("show")
def dead_show(dead_id: str) -> None:
    """Print one dead letter whole, with the record that could not be handled."""
    from newswire.dead import letters

    with open_bus_only() as bus:
        for letter in letters(bus):
            if letter.dead_id.startswith(dead_id):
                value = base64.b64decode(letter.value_base64)
                print_json({**_letter(letter), "headers": letter.headers, "value": value.decode("utf-8", "backslashreplace")})
                return
    _unknown_letter(dead_id)


@dead_app.command("replay")
def dead_replay(
    dead_ids: Annotated[list[str] | None, typer.Argument(help="Ids, or their beginnings.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every letter.")] = False,
) -> None:
    """Put records back on the topic they came from, to be handled again."""
    from newswire.dead import letters, put_back

    if not dead_ids and not everything:
        print("newswire: name the letters to replay (see `newswire dead list`), or say --all", file=sys.stderr)
        sys.exit(2)
    with open_bus_only() as bus, open_store_only() as store:
        known = {letter.dead_id: letter for letter in letters(bus)}
        wanted = list(known) if everything else [_only(list(known), beginning) for beginning in dead_ids or ()]
        refused = 0
        for dead_id in wanted:
            letter = known[dead_id]
            if letter.stage is Stage.DELIVER:
                print(f"{dead_id}  {_revived(store, letter)}")
                continue
            try:
                put_back(bus, letter)
            except Permanent as error:
                refused += 1
                print(f"{dead_id}  {error}", file=sys.stderr)
            else:
                print(f"{dead_id}  back on {letter.topic}")
    if refused:
        sys.exit(1)


def _revived(store: Store, letter: DeadLetter) -> str:
    """Put a refused message back in the outbox and say so: what a receiver refused is sent again from there, not from the bus."""
    from alerting.publisher import ALERT_HEADER
    from newswire.store import outbox

    with store.begin() as connection:
        rows = outbox.revive(connection, letter.headers.get(ALERT_HEADER, ""), SystemClock().now().timestamp())
    return f"{rows} messages are in the outbox again" if rows else "nothing of this alert waits: it was told since"


def _only(known: list[str], beginning: str) -> str:
    found = [dead_id for dead_id in known if dead_id.startswith(beginning)]
    if len(found) != 1:
        _unknown_letter(beginning)
    return found[0]


def _unknown_letter(dead_id: str) -> None:
    print(f"newswire: no single letter in news.dead begins with {dead_id!r}; see `newswire dead list`", file=sys.stderr)
    sys.exit(_UNKNOWN)


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "dead_id": letter.dead_id,
        "at": letter.at.isoformat(),
        "stage": letter.stage.value,
        "reason": letter.reason.value,
        "topic": letter.topic,
        "key": letter.key,
        "attempts": letter.attempts,
        "error": letter.error,
    }


def why_of(store: Store, url: str) -> dict[str, Any]:
    """Return `{url, item_id, stages, decision, gathered}`: every step of the item at this address, and the last decision about it (None: none yet).

    `gathered` is how it stands now with all that digests tell, or told, of its story.
    """
    from newswire.codec import encode
    from newswire.store import decisions, digests, trail

    canonical = canonical_url(url)
    item_id = item_id_of_url(canonical) if canonical else url
    with store.read() as connection:
        steps = trail.of_item(connection, item_id)
        taken = decisions.decisions_of_item(connection, item_id)
        stories = sorted({one.story_id for one in taken if one.story_id})
        later = digests.tellings(connection, stories) if stories else []
        stages = [_with_older(connection, _step(step)) for step in steps]
    return {
        "url": canonical or printable(url),
        "item_id": item_id if canonical else printable(url),
        "stages": stages,
        "decision": json.loads(encode(taken[-1])) if taken else None,
        "gathered": [_telling(one) for one in later],
    }


def _telling(one: Telling) -> dict[str, Any]:
    return {
        "receiver": one.row.receiver,
        "reason": one.reason or one.row.reason.value,
        "for": one.row.gathered_for,
        "due_at": _iso(one.row.due_at),
        "state": one.state.value,
        "told_at": _iso(one.settled_at) if one.settled_at is not None else None,
    }


def _with_older(connection: "Connection", shown: dict[str, Any]) -> dict[str, Any]:
    """Return a step with headline, address and day of the item that the story goes back to, where one is known to do so."""
    from newswire.store import decisions

    found = shown.get("detail", {}).get("returns_to")
    taken = decisions.decisions_of_item(connection, found["nearest"]) if found else ()
    if not taken:
        return shown
    first = taken[0]
    older = {**found, "title": first.title, "url": first.url, "at": first.decided_at.isoformat(timespec="seconds")}
    return {**shown, "detail": {**shown["detail"], "returns_to": older}}


def _step(step: Step) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "stage": step.stage.value,
        "outcome": step.outcome,
        "reason": step.reason,
        "at": _iso(step.at),
        "revision": step.revision,
    }
    if step.step:
        shown["step"] = step.step
    if step.detail:
        shown["detail"] = step.detail
    return shown


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def print_why(console: Console, told: dict[str, Any], stop: Stop) -> None:
    """Print for a person what became of an item and what would have to be otherwise; then its travel, a line a step."""
    title = next((step["detail"]["title"] for step in told["stages"] if step.get("detail", {}).get("title")), None)
    if title:
        console.print(Text(title, style="bold"), soft_wrap=True)
    console.print(Text(told["url"], style="" if title else "bold"), soft_wrap=True)
    console.print(_answer(stop, seen=bool(told["stages"])))
    if stop.otherwise:
        remedy = f"{stop.otherwise[0].upper()}{stop.otherwise[1:]}." if stop.told else f"To change that: {stop.otherwise}."
        console.print(Padding(Text(remedy), (0, 0, 0, 2), expand=False))
    for step in told["stages"]:
        console.print(_line(step), soft_wrap=True)
        if step["stage"] == Stage.ALERT:
            for verdict in step.get("detail", {}).get("watchlists", ()):
                console.print(_verdict(verdict), soft_wrap=True)
            for facts in step.get("detail", {}).get("gathered", ()):
                console.print(Text("              → ", style="yellow").append(gathered_in_words(facts, step["at"])), soft_wrap=True)
            if returned := step.get("detail", {}).get("returns_to"):
                console.print(Text("              ↩ ", style="cyan").append(_returned_in_words(returned)), soft_wrap=True)
    for telling in told["gathered"]:
        console.print(Text("  now: ", style="dim").append(telling_in_words(telling)), soft_wrap=True)


def _answer(stop: Stop, *, seen: bool) -> Text:
    """Return the first line: whether it was told, where it stopped, and why."""
    reason = f"({stop.reason})" if stop.reason else ""
    if stop.told:
        return Text("✓ Told", style="bold green").append(f" to {stop.said} {reason}".rstrip() + ".", style="not bold default")
    stage = Stage(stop.stage or Stage.COLLECT)
    if stop.waits:
        where = "kept for a digest" if stop.reason in {*GatherReason} else _WAITS[stage]
        return Text("… Not told yet", style="bold yellow").append(
            f" · {where} {reason}".rstrip() + f": {stop.said}.", style="not bold default"
        )
    if stage is Stage.COLLECT and not seen:
        return Text("✗ Never seen", style="bold red").append(f" {reason}".rstrip() + f": {stop.said}.", style="not bold default")
    return Text("✗ Not told", style="bold red").append(
        f" · {_PLACES[stage]} {reason}".rstrip() + f": {stop.said}.", style="not bold default"
    )


def _line(step: dict[str, Any]) -> Text:
    line = Text(f"  {step['at'][11:19]}  ", style="dim")
    line.append(f"{step['stage']:<10} ", style="bold cyan")
    line.append(f"{step['outcome']}", style="bold")
    if step["reason"]:
        line.append(f" ({step['reason']})")
    said = _detail(step)
    if said:
        line.append(f"  {said}", style="dim")
    return line


def _returned_in_words(found: dict[str, Any]) -> str:
    """Return which story comes back with this item; whoever was told of that one is pointed at it."""
    older = f"“{one_line(found['title'])}” of {found['at'][:10]}" if found.get("title") else f"story {found['story_id']}"
    where = f" ({one_line(found['url'])})" if found.get("url") else ""
    return f"goes back to {older}{where}: who was told of that one is pointed at it (log-odds {found['log_odds']:.2f})"


def _detail(step: dict[str, Any]) -> str:
    detail = step.get("detail") or {}
    if "label" in detail:
        by = {"evidence": " by evidence", "reader": " by the reader"}.get(detail.get("decided_by", ""), "")
        parts = [f"{detail['label']} {detail['score']:.2f}{by}", detail.get("language") or ""]
        if detail.get("home") or detail.get("partners"):
            parts.append(f"{detail.get('home') or '?'} with {', '.join(detail.get('partners') or ()) or 'nobody abroad'}")
        parts.extend(", ".join(detail[name]) for name in ("organisations", "topics") if detail.get(name))
        return " · ".join(part for part in parts if part)
    if step["stage"] == Stage.COLLECT:
        return str(detail.get("outlet") or "")
    if step["stage"] == Stage.DELIVER:
        return str(step.get("step", ""))
    if step["stage"] == Stage.ALERT and detail.get("receivers"):
        return f"{_LOOKS.get(step.get('step', ''), '')}: {detail.get('severity')} to {', '.join(detail['receivers'])}"
    return _LOOKS.get(step.get("step", ""), str(step.get("step", "")))


def _verdict(verdict: dict[str, Any]) -> Text:
    if verdict["matched"]:
        line = Text("              ✓ ", style="green").append(verdict["watchlist"], style="bold")
        line.append(f": {', '.join(verdict['because'])}")
        if verdict.get("missed"):
            line.append(f", but {verdict['missed']}")
        return line
    line = Text("              ✗ ", style="red").append(verdict["watchlist"], style="bold")
    return line.append(f": {verdict['missed']}")
