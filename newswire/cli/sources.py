"""Commands on sources: `sources list|add|check`."""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newswire.cli import app, compose
from newswire.cli.options import AsJson, Config, print_json_lines, read_settings
from newswire.config import find_config_folder
from newswire.errors import ConfigurationError, Fault
from newswire.guard import printable
from newswire.outcomes import SourceState
from newswire.store import open_store

if TYPE_CHECKING:
    from collectors.check import SourceCheck

CHECKS_AT_ONCE: Final = 16
_NO_EDGE: Final = 10_000  # columns
_WELL: Final = frozenset({SourceState.OK, SourceState.WAITING})

sources_app = typer.Typer(name="sources", help="What is watched: list it with its health, add to it, check it.", no_args_is_help=True)
app.add_typer(sources_app)


@sources_app.command("list")
def sources_list(config: Config = None, as_json: AsJson = False) -> None:
    """List the sources and how each fares."""
    from newswire.source_state import judged
    from newswire.store import feeds
    from newswire.store.source_health import source_health

    settings = read_settings(config)
    sources = compose.read_sources(find_config_folder(settings.config))
    store = open_store(settings.store_url)
    with store.read() as connection:
        health = feeds.health(connection)
        states = {one.source_id: judged(one).state for one in source_health(connection)}
    store.close()
    rows: list[dict[str, Any]] = []
    for source in sources:
        state = health.get(source.source_id)
        rows.append(
            {
                "url": source.url,
                "outlet": source.outlet,
                "country": source.country,
                "language": source.language,
                "state": states.get(source.source_id, SourceState.WAITING).value,
                "outcome": state.outcome if state else None,
                "reason": state.reason if state else None,
                "failures": state.failures if state else 0,
                "entries": state.entries if state else 0,
                "polled_at": _iso(state.polled_at) if state else None,
                "next_due_at": _iso(state.next_due_at) if state else None,
            }
        )
    if as_json:
        print_json_lines(rows)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("outlet", "country", "lang", "state", "last poll", "outcome", "entries", "url"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        ended = f"{row['outcome']} ({row['reason']})" if row["reason"] else (row["outcome"] or "not yet polled")
        polled = (row["polled_at"] or "")[:16].replace("T", " ")
        whose = (row["outlet"], row["country"] or "", row["language"] or "")
        cells = (*whose, row["state"], polled, ended, str(row["entries"]), row["url"])
        table.add_row(*(Text(str(cell)) for cell in cells), style="" if row["state"] in _WELL else "red")
    console = Console()
    if not console.is_terminal:
        console.width = _NO_EDGE  # who reads a pipe takes a line for a source, and an address whole
    console.print(table)


@sources_app.command("check")
def sources_check(
    urls: Annotated[list[str] | None, typer.Argument(help="Addresses (all configured sources).")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Fetch sources once and say what each gives: entries, newest date, language, or what is wrong. Nothing is stored or sent."""
    from collectors.check import check_source

    settings = read_settings(config)
    with ExitStack() as stack:
        ground = stack.enter_context(compose.open_ground(settings))
        wanted = urls or [source.url for source in compose.read_sources(ground.folder)]
        http, jail = compose.open_http(ground, stack), compose.open_jail(ground, stack)
        bad = 0
        with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
            for found in pool.map(lambda url: check_source(http, jail, url, now=ground.now()), wanted):
                bad += not found.ok
                if as_json:
                    print_json_lines([_found(found)])
                else:
                    print(_sentence(found))
    if not as_json:
        print(f"{len(wanted) - bad} of {len(wanted)} sources can be read.", file=sys.stderr)
    sys.exit(1 if bad else 0)


@sources_app.command("add")
def sources_add(
    url: str,
    config: Config = None,
    outlet: Annotated[str | None, typer.Option(help="Who publishes it.")] = None,
    country: Annotated[str | None, typer.Option(help="Two capital letters, ISO 3166-1.")] = None,
    language: Annotated[str | None, typer.Option(help="Two letters, ISO 639-1.")] = None,
) -> None:
    """Check a feed, then add it to `config/sources/added.yaml`. For a site's address its feed is looked for."""
    from collectors.add import NotAdded, add_source
    from collectors.check import find_source
    from collectors.sources import normalised_url

    settings = read_settings(config)
    with ExitStack() as stack:
        ground = stack.enter_context(compose.open_ground(settings))
        http, jail = compose.open_http(ground, stack), compose.open_jail(ground, stack)
        try:
            normalised_url(url)
        except ValueError as error:
            raise ConfigurationError([Fault(url, 0, 0, str(error))]) from None
        found = find_source(http, jail, url, now=ground.now())
        print(_sentence(found), file=sys.stderr)
        if not found.ok:
            sys.exit(1)
        added = add_source(ground.folder / "sources", found.permanent_url or found.url, outlet=outlet, country=country, language=language)
        if isinstance(added, NotAdded):
            raise ConfigurationError(added.faults)
    print(f"{added.source.url} is in {added.path}; `newswire run` polls it from its next start.")


def _found(found: "SourceCheck") -> dict[str, Any]:
    return {
        "url": found.url,
        "ok": found.ok,
        "reason": found.reason.value if found.reason else None,
        "detail": found.detail,
        "final_url": found.final_url,
        "permanent_url": found.permanent_url,
        "title": found.title,
        "language": found.language,
        "charset": found.charset,
        "entries": found.entries,
        "newest": found.newest.isoformat() if found.newest else None,
        "took_s": round(found.took_s, 3),
    }


def _sentence(found: "SourceCheck") -> str:
    if not found.ok:
        return f"✗ {printable(found.url)}: {found.reason}: {found.detail}"
    newest = f"newest {found.newest:%Y-%m-%d %H:%M}" if found.newest else "undated"
    told = (
        f"✓ {found.url}: {found.entries} entries, {newest}, {found.language or 'no language said'}, {found.charset}, {found.took_s:.1f} s"
    )
    return f"{told}; it has moved for good: write {found.permanent_url}" if found.permanent_url else told


def _iso(at: float | None) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else None
