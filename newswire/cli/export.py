"""`newswire export`: alerts or archived reports as JSONL, CSV or an RSS feed, on standard output or into a file that is whole or not there."""

import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer

from newswire.cli import app
from newswire.cli.archive import (
    AtLeast,
    Country,
    Since,
    Until,
    Wanted,
    Watchlist,
    held_alerts,
    iso,
    report_facts,
    told_alerts,
    wanted_alerts,
)
from newswire.cli.options import read_settings
from newswire.cli.reading import open_for_reading
from newswire.clock import SystemClock
from newswire.errors import NewswireError
from newswire.store import Store

_FEED_ENTRIES: Final = 200  # readers poll a feed, and need the newest
_ALERT_COLUMNS: Final = (
    "at", "severity", "title", "url", "watchlists", "countries", "receiver", "state", "reason", "alert_id", "story_id",
)  # fmt: skip
_HELD_COLUMNS: Final = (*_ALERT_COLUMNS, "outlet", "because", "articles")
_REPORT_COLUMNS: Final = (
    "at", "title", "url", "outlet", "outlet_country", "language", "label", "score", "home", "partners", "topics", "summary", "basis", "final",
    "archived_at", "item_id",
)  # fmt: skip

if TYPE_CHECKING:
    from newswire.rss import Entry

Rows = Iterator[dict[str, Any]]

export_app = typer.Typer(name="export", help="Alerts or archived reports as JSONL, CSV or RSS.", no_args_is_help=True)
app.add_typer(export_app)


class Format(StrEnum):
    """What is written."""

    JSONL = "jsonl"
    CSV = "csv"
    RSS = "rss"


AsFormat = Annotated[Format, typer.Option("--format", help="jsonl: all there is; csv: for spreadsheets; rss: a feed of the newest.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write there, in the place of what it held, once all is written.")]
Link = Annotated[str, typer.Option("--link", metavar="URL", help="Of a feed: the page that it belongs to.")]


@export_app.command("alerts")
def export_alerts(
    *,
    since: Since = "",
    until: Until = "",
    watchlist: Watchlist = "",
    country: Country = "",
    severity: AtLeast = None,
    held: Annotated[bool, typer.Option("--held", help="What matched and was told to nobody.")] = False,
    form: AsFormat = Format.JSONL,
    link: Link = "",
    out: Out = None,
) -> None:
    """Write the alerts, as `newswire alerts` lists them; as a feed one entry a story, the newest first."""
    now = SystemClock().now()
    wanted = wanted_alerts(since, until, watchlist, country, severity, now=now)
    with open_for_reading(read_settings()) as store:
        rows = [] if store is None else (held_alerts(store, wanted) if held else told_alerts(store, wanted))
    if form is Format.RSS:
        title = f"Newswire: {'held by' if held else 'alerts of'} {watchlist}" if watchlist else f"Newswire: {'held' if held else 'alerts'}"
        document = _feed_of(title, link or _urn("alerts", watchlist), reversed(rows), _alert_entry, now)
        _write(out, lambda file: file.write(document))
        return
    _write_rows(out, form, _HELD_COLUMNS if held else _ALERT_COLUMNS, iter(rows))


@export_app.command("reports")
def export_reports(
    *,
    since: Since = "",
    until: Until = "",
    watchlist: Watchlist = "",
    country: Country = "",
    form: AsFormat = Format.JSONL,
    link: Link = "",
    out: Out = None,
) -> None:
    """Write the archived reports, oldest first, by when they were archived; as JSONL whole, as `backtest --reports` reads them."""
    now = SystemClock().now()
    wanted = wanted_alerts(since, until, "", country, None, now=now)
    with ExitStack() as stack:
        store = stack.enter_context(open_for_reading(read_settings()))
        name = watchlist.removesuffix(".yaml")
        if form is Format.JSONL:
            whole = (value + b"\n" for value, _ in _reports(store, wanted, name))
            _write(out, lambda file: file.writelines(whole))
            return
        rows = (row for _, row in _reports(store, wanted, name))
        if form is Format.CSV:
            _write_rows(out, form, _REPORT_COLUMNS, rows)
            return
        newest: dict[str, dict[str, Any]] = {}
        for row in rows:  # of an item its newest report; the oldest items make room
            newest.pop(row["item_id"], None)
            newest[row["item_id"]] = row
            if len(newest) > _FEED_ENTRIES:
                del newest[next(iter(newest))]
        title = f"Newswire: reports that {name} matched" if name else "Newswire: reports"
        document = _feed_of(title, link or _urn("reports", name), reversed(newest.values()), _report_entry, now)
        _write(out, lambda file: file.write(document))


def _reports(store: Store | None, wanted: Wanted, watchlist: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield the reports, encoded, with what a line says of each; read page by page, so that no transaction lasts."""
    from newswire.codec import encode
    from newswire.store import archive, matches, search

    after: archive.Place | None = None
    while store is not None:
        with store.read() as connection:
            page = archive.page(connection, wanted.begin, after)
            matched = matches.items_of(connection, watchlist, [place.item_id for place, _ in page]) if watchlist else None
        if not page:
            return
        for place, value in page:
            if wanted.end is not None and place.archived_at >= wanted.end:
                return
            report = search.readable(value)
            if report is None:
                print(f"warning: archive, item {place.item_id}: the report cannot be read, and is left out", file=sys.stderr)
                continue
            row = {**report_facts(report), "summary": report.item.summary, "basis": report.basis.value, "final": report.final}
            countries = [*([report.home] if report.home else []), *report.partners]
            if (matched is None or place.item_id in matched) and wanted.names(countries):
                yield encode(report), {**row, "archived_at": iso(place.archived_at)}
        after = page[-1][0]


def _write_rows(out: Path | None, form: Format, columns: tuple[str, ...], rows: Rows) -> None:
    import json

    from newswire import csv_rows

    def write(file: BinaryIO) -> None:
        if form is Format.CSV:
            file.write(csv_rows.header(columns).encode())
        while batch := list(islice(rows, 500)):
            text = (
                csv_rows.lines(columns, batch)
                if form is Format.CSV
                else "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in batch)
            )
            file.write(text.encode())

    _write(out, write)


def _feed_of(title: str, link: str, rows: Iterable[dict[str, Any]], entry: "Callable[[dict[str, Any]], Entry]", now: datetime) -> bytes:
    from newswire import rss

    stories: set[str] = set()
    entries: list[Entry] = []
    for row in rows:
        known_by = row.get("story_id") or row["item_id"]
        if known_by not in stories and len(entries) < _FEED_ENTRIES:
            stories.add(known_by)
            entries.append(entry(row))
    return rss.feed(title, link, "Written by newswire export.", entries, built_at=now)


def _alert_entry(row: dict[str, Any]) -> "Entry":
    from newswire import rss

    because = f" because {', '.join(row['because'])}" if row.get("because") else ""
    about = f"{' with '.join(row['countries'][:2])}. " if row["countries"] else ""
    held = f" Held: {row['reason']}." if row["state"] == "held" else ""
    said = f"{about}{row['severity'].capitalize()}, by {', '.join(row['watchlists'])}{because}.{held}"
    guid = row["alert_id"] or f"held-{row['watchlists'][0]}-{row['story_id']}"
    return rss.Entry(guid, row["title"], row["url"], datetime.fromisoformat(row["at"]), said, (row["severity"], *row["watchlists"]))


def _report_entry(row: dict[str, Any]) -> "Entry":
    from newswire import rss

    said = row["summary"] or f"{row['outlet']}: {row['label']} {row['score']:.2f}"
    return rss.Entry(row["item_id"], row["title"], row["url"], datetime.fromisoformat(row["at"]), said, (row["label"], *row["topics"]))


def _urn(kind: str, watchlist: str) -> str:
    return f"urn:newswire:{kind}{f':{watchlist}' if watchlist else ''}"


def _write(out: Path | None, write: Callable[[BinaryIO], Any]) -> None:
    """Let `write` fill standard output, or a file beside the one named, which then takes its place."""
    if out is None:
        try:
            write(sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # whoever reads has enough, as `head` has
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    beside = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        try:
            with beside.open("xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(out)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise NewswireError(f"{out} cannot be written: {(error.strerror or str(error)).lower()}") from error
