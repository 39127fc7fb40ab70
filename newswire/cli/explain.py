"""`newswire explain`: what one watchlist makes of one item, row by row."""

import sys
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from newswire import log
from newswire.cli import EXIT_USAGE, app, compose
from newswire.cli.explain_subject import Html, Subject, Words, read_subject
from newswire.cli.known import load_names
from newswire.cli.options import AsJson, Config, print_json, read_settings
from newswire.cli.reading import open_for_reading
from newswire.clock import SystemClock
from newswire.config import find_config_folder
from newswire.errors import ConfigurationError, Fault, NewswireError
from newswire.http import FetchFailed, Request
from newswire.jail import Jail, Killed, ProcessJail, TaskRaised
from newswire.metrics import Metrics
from newswire.records import Basis, Item, Report
from newswire.settings import Settings
from newswire.urls import canonical_url, item_id_of_url

if TYPE_CHECKING:
    from processors.understand import Understanding

EXIT_SILENT: Final = 1
_EXTRACT: Final = "processors.jailed:extract_article"
_EXTRACT_S: Final = 10.0
_PAGE_BYTES: Final = 4 << 20
_PAGE_S: Final = 40.0
_ACCEPT: Final = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"}


@app.command()
def explain(
    watchlist: Annotated[str, typer.Argument(metavar="WATCHLIST", help="Its name: that of its file, without .yaml.")],
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|URL|-",
            help="A report or an item as JSON, a text (its first line the title), an HTML page, an article's address, or - for standard input.",
        ),
    ],
    line: Annotated[int | None, typer.Option("--line", metavar="N", min=1, help="Which line of a JSONL file.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a watchlist alerts on one item, and why: what it asks, what holds, on which words, and how near the rest came.

    The clock stands where the item was published or reported, so that its age today does not matter. A draft is explained as if it were
    active. Exit status, as with grep: 0 it alerts, 1 it stays silent, 2 something is wrong.
    """
    from alerting.escape import plain
    from newswire.cli.truth import as_json as truth_as_json
    from newswire.cli.truth import show, show_understood, truth_of, understood

    settings = read_settings(config)
    log.set_up(level="error", secrets=tuple(settings.secret_values()))
    try:
        folder = find_config_folder(settings.config)
        subjects = _subjects(settings, what, line)
        desk = compose.require_desk(folder, load_names(folder), SystemClock().now())
        _require_name(watchlist, desk.watchlists)
        understanding = cache(lambda: compose.load_understanding(folder))
        reports = [one if isinstance(one, Report) else _report_of(one, understanding()) for one in subjects]
    except NewswireError as error:
        _end_on(error)
    watchlists = compose.compile_desk(desk)
    truths = [(report, truth_of(watchlists, watchlist, report, report.reported_at)) for report in reports]
    if as_json:
        told = [{**_about(report), "understood": understood(report), **truth_as_json(truth)} for report, truth in truths]
        print_json({"watchlist": watchlist, "alerts": any(truth.alerts for _, truth in truths), "reports": told})
    else:
        console = Console(highlight=False)
        for report, truth in truths:
            console.print(Text(plain(report.item.title, limit=600) or "(no title)", style="bold"))
            console.print(Text(plain(_origin(report), limit=3_000), style="dim"), soft_wrap=True)
            show(console, truth)
            console.print(Text("  What was understood", style="bold"))
            show_understood(console, report)
    sys.exit(0 if any(truth.alerts for _, truth in truths) else EXIT_SILENT)


def _end_on(error: NewswireError) -> NoReturn:
    """Say what is wrong and end with 2: 1 would mean that the watchlist is silent."""
    faults: Sequence[object] = error.faults if isinstance(error, ConfigurationError) else [f"newswire: {error}"]
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(EXIT_USAGE)


def _require_name(name: str, known: Collection[str]) -> None:
    from alerting.watchlists.nearest import unknown

    if name not in known:
        raise NewswireError(unknown("watchlist", name, known))


def _subjects(settings: Settings, what: str, line: int | None) -> "list[Subject]":
    """Return what is asked about: of an address the archived reports, else its page, fetched once."""
    if not what.startswith(("http://", "https://")):
        return [read_subject(what, line)]
    url = canonical_url(what)
    if url is None:
        raise ConfigurationError([Fault(what[:200], 0, 0, "is no address of an article")])
    archived, shortened = _archived(settings, url)
    if archived and not shortened:
        return [*archived]
    why = "is in the archive without its text (NEWSWIRE_KEEP_TEXT)" if shortened else "is not in the archive"
    print(f"{url} {why}; its page is fetched now, once.", file=sys.stderr)
    return [_fetched(settings, url)]


def _archived(settings: Settings, url: str) -> tuple[list[Report], bool]:
    """Return the archived reports of an address, and whether retention has taken the text out of one."""
    from newswire.store import archive

    with open_for_reading(settings) as store:
        if store is None:
            return [], False
        item_id = item_id_of_url(url)
        with store.read() as connection:
            return archive.of_item(connection, item_id), archive.shortened(connection, item_id)


def _fetched(settings: Settings, url: str) -> Html:
    from processors.extract_charset import charset_named

    with ExitStack() as stack:
        ground = stack.enter_context(compose.open_ground(settings))
        answer = compose.open_http(ground, stack).submit(Request(url, _PAGE_BYTES, _PAGE_S, _ACCEPT)).result()
    if isinstance(answer, FetchFailed):
        raise NewswireError(f"{url} cannot be fetched: {answer.reason}: {answer.detail}")
    return Html(answer.body, answer.url, charset_named(answer.headers.get("content-type", "")))


def _report_of(subject: Item | Words | Html, understanding: "Understanding") -> Report:
    from processors.feed_look import look_at_feed

    now = SystemClock().now()
    match subject:
        case Item():
            return look_at_feed(understanding, subject, subject.seen_at).report
        case Html():
            return _read(_article_of(subject), understanding, now)
        case Words():
            return _read(subject, understanding, subject.published_at or now)


def _article_of(page: Html) -> Words:
    """Return the article of a page, found in the jail: a page is hostile wherever it lies."""
    from processors.extract import Article

    jail: Jail = ProcessJail(workers=1, tasks=(_EXTRACT,), metrics=Metrics())
    try:
        found = jail.submit(_EXTRACT, page.body, page.url, page.charset, deadline_s=_EXTRACT_S).result()
    except (Killed, TaskRaised) as error:
        raise NewswireError(f"the page cannot be read: {error}") from None
    finally:
        jail.close()
    if not isinstance(found, Article) or not (found.text or found.title):
        raise NewswireError("no article is found on the page")
    return Words(found.title or "", text=found.text, language=found.language or "", url=page.url)


def _read(words: Words, understanding: "Understanding", now: datetime) -> Report:
    """Return the report that the processors would make of it, seen at that moment."""
    from processors.report import make_report
    from processors.source_country import country_of_url

    source = words.source_url or words.url
    url = canonical_url(words.url or words.source_url)
    item = Item(
        item_id=item_id_of_url(url) if url else "0" * 32,
        revision="0" * 16,
        source_id="0" * 12,
        source_url=source,
        outlet=words.outlet,
        outlet_country=understanding.country_of_outlet(words.outlet) or country_of_url(source),
        language_hint=words.language or None,
        url=url,
        guid=None,
        title=words.title,
        summary=words.summary,
        content="",
        published_at=words.published_at,
        seen_at=now,
        backlog=False,
        trace_id="",
    )
    return make_report(understanding, item, words.text, basis=Basis.PAGE, final=True, now=now)


def _origin(report: Report) -> str:
    """Return who published it, when, and from which of its texts this is read."""
    item = report.item
    read_from = "from the feed's own words" if report.basis is Basis.FEED else "from the article's text"
    parts = [item.outlet, f"{item.dated_at:%Y-%m-%d %H:%M}", read_from, item.url or ""]
    return " · ".join(part for part in parts if part)


def _about(report: Report) -> dict[str, object]:
    item = report.item
    return {
        "title": item.title,
        "url": item.url,
        "outlet": item.outlet,
        "basis": report.basis.value,
        "final": report.final,
        "at": report.reported_at.isoformat(timespec="seconds"),
    }
