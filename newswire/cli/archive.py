"""Commands that look back: `newswire alerts` (told and held) and `newswire search` over the report archive."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newswire.cli import EXIT_USAGE, app
from newswire.cli.moments import moment
from newswire.cli.options import AsJson, print_json_lines, read_settings
from newswire.cli.reading import open_for_reading
from newswire.clock import SystemClock
from newswire.field_types import CountryCode
from newswire.outcomes import SendState
from newswire.records import Label, Report, Severity
from newswire.store import Store

if TYPE_CHECKING:
    from newswire.search_query import Query
    from newswire.store.digests import GatheredRow
    from newswire.store.search import Found

_MOST_RESULTS: Final = 1_000
_LATE_S: Final = 120.0
_COUNTRY: Final = TypeAdapter[str](CountryCode)

Since = Annotated[
    str, typer.Option("--since", metavar="WHEN", help="From then on: so long ago (7d), or a moment (2026-11-20, 2026-11-20T08:00; UTC).")
]
Until = Annotated[str, typer.Option("--until", metavar="WHEN", help="Before then, written as --since is.")]
Watchlist = Annotated[str, typer.Option("--watchlist", metavar="NAME", help="Of this watchlist alone.")]
Country = Annotated[str, typer.Option("--country", metavar="CC", help="With this country as home or partner: PK, US.")]
AtLeast = Annotated[Severity | None, typer.Option("--severity", help="This severe or more.")]


@app.command()
def alerts(
    *,
    since: Since = "",
    until: Until = "",
    watchlist: Watchlist = "",
    country: Country = "",
    severity: AtLeast = None,
    held: Annotated[
        bool, typer.Option("--held", help="What matched and was told to nobody, or waits for a digest, with the reason.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the alerts, or with --held what matched and was not told, or not yet: one line each, oldest first."""
    wanted = wanted_alerts(since, until, watchlist, country, severity, now=SystemClock().now())
    with open_for_reading(read_settings()) as store:
        rows = [] if store is None else (held_alerts(store, wanted) if held else told_alerts(store, wanted))
    if as_json:
        print_json_lines(rows)
    elif not rows:
        asked = " that was asked for" if wanted.narrowed else ""
        print(f"Nothing was held{asked}." if held else f"No alert{asked or ' yet'}.", file=sys.stderr)
    else:
        _print_alerts(Console(), rows, ("reason", "told by") if held else ("state", "receiver"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts or reports are asked for; begin and end in seconds since 1970 UTC, empty texts and None for any."""

    begin: float
    end: float | None
    watchlist: str
    country: str
    severity: Severity | None

    @property
    def narrowed(self) -> bool:
        return bool(self.begin or self.end or self.watchlist or self.country or self.severity)

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Return whether an alert is one of them."""
        return (
            (not self.watchlist or self.watchlist in row["watchlists"])
            and self.names(row["countries"])
            and (self.severity is None or Severity(row["severity"]).rank >= self.severity.rank)
        )

    def names(self, countries: Sequence[str]) -> bool:
        """Return whether the country asked for is among these."""
        return not self.country or self.country in countries


def wanted_alerts(since: str, until: str, watchlist: str, country: str, severity: Severity | None, *, now: datetime) -> Wanted:
    """Return what the options ask for; a wrong one ends the command in one line."""
    begin, end = _when("--since", since, now), _when("--until", until, now)
    if begin is not None and end is not None and end <= begin:
        refuse("--until is not after --since: nothing lies between them")
    return Wanted(
        begin.timestamp() if begin else 0.0,
        end.timestamp() if end else None,
        watchlist.removesuffix(".yaml"),
        _country(country),
        severity,
    )


def told_alerts(store: Store, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the alerts as `--json` prints them, oldest first."""
    from newswire.store import outbox

    with store.read() as connection:
        found = outbox.alerts(connection, wanted.begin, wanted.end)
    return [{**row, "at": iso(row["at"])} for row in found if wanted.fits(row)]


def held_alerts(store: Store, wanted: Wanted) -> list[dict[str, Any]]:
    """Return what was held as `--json` prints it, oldest first: the fields of an alert, and those that say why it matched."""
    from newswire.store import digests, matches

    end = SystemClock().now().timestamp() + _LATE_S if wanted.end is None else wanted.end
    with store.read() as connection:
        found = matches.held(connection, wanted.begin, end)
        gathered = digests.held(connection, wanted.begin, end)
    rows = [
        {
            "alert_id": None,
            "story_id": one.story_id,
            "watchlists": [one.watchlist],
            "severity": one.severity.value,
            "receiver": None,
            "state": "held",
            "reason": one.reason.value,
            "at": iso(one.at),
            "title": one.title,
            "url": one.url,
            "countries": list(one.countries),
            "outlet": one.outlet,
            "because": list(one.because),
            "articles": one.articles,
            "silence_id": one.silence_id,
            "item_id": one.item_id,
            "gathered_for": None,
            "due_at": None,
        }
        for one in found
    ]
    rows += [_gathered(one) for one in gathered]
    return sorted((row for row in rows if wanted.fits(row)), key=lambda row: str(row["at"]))


def _gathered(row: "GatheredRow") -> dict[str, Any]:
    from newswire.store.outbox import countries_in

    message = json.loads(row.message)
    return {
        "alert_id": row.alert_id,
        "story_id": row.story_id,
        "watchlists": list(row.watchlists),
        "severity": row.severity,
        "receiver": row.receiver,
        "state": SendState.GATHERED.value,
        "reason": row.reason.value,
        "at": iso(row.created_at),
        "title": row.title,
        "url": row.url,
        "countries": countries_in(row.message),
        "outlet": message.get("outlet"),
        "because": list(dict.fromkeys(word for shown in message.get("watchlists", ()) for word in shown.get("because", ()))),
        "articles": len(message.get("carriers", ())),
        "silence_id": None,
        "item_id": row.item_id,
        "gathered_for": row.gathered_for,
        "due_at": iso(row.due_at),
    }


def _print_alerts(console: Console, rows: Iterable[Mapping[str, Any]], how: Sequence[str]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("at", "severity", *how, "watchlists", "title"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        cells = (
            row["at"][:16].replace("T", " "),
            row["severity"],
            *(_told_by(row) if name == "told by" else row[name] or "" for name in how),
            ", ".join(row["watchlists"]),
            row["title"],
        )
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def _told_by(row: Mapping[str, Any]) -> str:
    return f"{row['gathered_for']}, {row['due_at'][:16].replace('T', ' ')}" if row["gathered_for"] else ""


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help='Words, "a phrase", a prefix*, -word to leave out; in any script.')],
    *,
    since: Since = "",
    label: Annotated[Label | None, typer.Option("--label", help="With this label alone.")] = None,
    country: Country = "",
    watchlist: Watchlist = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=_MOST_RESULTS, metavar="N", help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Search the archived reports: every word must be found, in title, summary or text; newest first, the words found marked."""
    from newswire.search_query import parse
    from newswire.store import search as index

    if wrong := next((word for word in words if word.startswith("--")), None):
        refuse(f"no such option: {wrong} (`newswire search --help` lists them)")
    now = SystemClock().now()
    begin = _when("--since", since, now)
    asked = index.Filter(begin.timestamp() if begin else None, label, _country(country) or None, watchlist.removesuffix(".yaml") or None)
    try:
        query = parse(" ".join(words))
    except ValueError as error:
        refuse(str(error))
    found: list[Found] = []
    waiting = None
    with open_for_reading(read_settings()) as store:
        if store is not None:
            with store.read() as connection:
                found = index.find(connection, query, asked, limit)
                waiting = index.oldest_due(connection)
    if waiting is not None and now.timestamp() - waiting > _LATE_S:
        print(
            f"warning: reports archived since {iso(waiting)[:16]} are not all indexed yet; a running `newswire run` or `alert` does it",
            file=sys.stderr,
        )
    results = [_result(one, query) for one in found]
    if as_json:
        print_json_lines(results)
    elif not results:
        print("Nothing found." if store is not None else "Nothing found: nothing was archived here yet.", file=sys.stderr)
    else:
        _print_results(Console(highlight=False), results)


def _result(found: "Found", query: "Query") -> dict[str, Any]:
    from newswire.search_excerpt import excerpt
    from newswire.search_query import marks

    report, item = found.report, found.report.item
    text = next((one for one in (report.text, item.summary) if marks(query, one)), report.text or item.summary)
    shown = excerpt(text, marks(query, text))
    return {
        **report_facts(report),
        "story_id": found.story_id,
        "alerted": bool(found.told_by),
        "watchlists": list(found.told_by),
        "title_marks": marks(query, item.title),
        "excerpt": shown.text,
        "excerpt_marks": list(shown.marks),
    }


def report_facts(report: Report) -> dict[str, Any]:
    """Return what a line of a list says of a report."""
    item = report.item
    return {
        "item_id": item.item_id,
        "at": iso(item.dated_at.timestamp()),
        "title": item.title,
        "url": item.url,
        "outlet": item.outlet,
        "outlet_country": item.outlet_country,
        "language": report.language,
        "label": report.label.value,
        "score": round(report.score, 3),
        "home": report.home,
        "partners": list(report.partners),
        "topics": list(report.topics),
    }


def _print_results(console: Console, results: Iterable[Mapping[str, Any]]) -> None:
    for place, row in enumerate(results):
        if place:
            console.print()
        told = f"alerted: {', '.join(row['watchlists'])}" if row["alerted"] else "not alerted"
        about = " ".join([*([row["home"]] if row["home"] else []), *row["partners"]])
        facts = [row["at"][:16].replace("T", " "), row["outlet"], f"{row['label']} {row['score']:.2f}", about, told]
        console.print(_marked(console, row["title"], row["title_marks"], "bold"), soft_wrap=True)
        console.print(Text(" · ".join(fact for fact in facts if fact), style="cyan"), soft_wrap=True)
        if row["excerpt"]:
            console.print(_marked(console, row["excerpt"], row["excerpt_marks"], ""), soft_wrap=True)
        places = [*([row["url"]] if row["url"] else []), *([f"story {row['story_id']}"] if row["story_id"] else [])]
        console.print(Text("  ".join(places), style="dim"), soft_wrap=True)


def _marked(console: Console, text: str, marks: Sequence[tuple[int, int]], style: str) -> Text:
    """Return the text with what was found in colour on a terminal, and between asterisks elsewhere."""
    line, at = Text(style=style), 0
    for start, end in marks:
        line.append(text[at:start])
        word = text[start:end]
        line.append(word if console.is_terminal else f"*{word}*", style="black on yellow")
        at = end
    return line.append(text[at:])


def _country(text: str) -> str:
    if not text:
        return ""
    try:
        return _COUNTRY.validate_python(text)
    except ValidationError as error:
        refuse(f"--country: {error.errors()[0]['msg'].removeprefix('Value error, ')}")


def _when(option: str, text: str, now: datetime) -> datetime | None:
    try:
        return moment(text, now)
    except ValueError as error:
        refuse(f"{option}: {error}")


def iso(at: float) -> str:
    """Return the moment as programs read it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def refuse(why: str) -> NoReturn:
    """End the command: it was asked for what cannot be."""
    print(f"newswire: {why}", file=sys.stderr)
    sys.exit(EXIT_USAGE)
