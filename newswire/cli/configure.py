"""Commands on the configuration: `check`, `test`, `schemas`, `migrate`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from newswire.cli import EXIT_USAGE, app, compose
from newswire.cli.options import AsJson, Config, print_json, read_settings
from newswire.cli.problems import Form, as_github, as_sarif, as_text, problems_of, summary
from newswire.cli.problems import as_json as problem_values
from newswire.clock import SystemClock
from newswire.config import find_config_folder, shown
from newswire.errors import ConfigurationError, Fault, one_line
from newswire.records import Basis, Item, Report
from newswire.sqlite import WAL_RESET_BUG

if TYPE_CHECKING:
    from alerting.watchlists.inline_tests import InlineResult, ItemFields, Understand
    from alerting.watchlists.load import DeskFiles
    from processors.understand import Understanding

_TEST_SOURCE = "0" * 12


@app.command()
def check(
    config: Config = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors too.")] = False,
    form: Annotated[
        Form, typer.Option("--format", help="How problems are printed: gcc's lines, GitHub's annotations, SARIF, or JSON.")
    ] = Form.TEXT,
    as_json: AsJson = False,
) -> None:
    """Check every file of the configuration, offline: all faults at once with file, line and column, and in words what each watchlist will do."""
    from collectors.sources_file import load_sources

    folder = find_config_folder(read_settings(config).config)
    sources, faults = load_sources(folder / "sources")
    desk, more = _desk_and_taxonomy(folder)
    faults = sorted({*faults, *more, *desk.faults})
    said = {} if more or desk.faults else _in_words(desk)
    problems = problems_of(faults, desk.warnings, strict=strict)
    failed = bool(faults or (strict and desk.warnings))
    machine = _machine_warnings()
    if as_json or form is Form.JSON:
        warnings = problem_values([*desk.warnings, *machine])
        print_json({"ok": not failed, "faults": problem_values(faults), "warnings": warnings, "watchlists": said, "sources": len(sources)})
    elif form is Form.SARIF:
        print_json(as_sarif(problems))
    elif form is Form.GITHUB:
        for problem in problems:
            print(as_github(problem))
    else:
        for problem in problems:
            print(as_text(problem), file=sys.stderr)
        for warning in machine:
            print(f"warning: {warning}", file=sys.stderr)
        for name, words in said.items():
            print(one_line(f"{name}: {words}"))
        if problems:
            print(one_line(f"{shown(folder)}: {summary(problems)}."), file=sys.stderr)
        else:
            found = f"{len(sources)} sources, {len(desk.watchlists)} watchlists, {len(desk.lists)} lists"
            print(one_line(f"{shown(folder)}: {found}: nothing is wrong."))
    if failed:
        sys.exit(EXIT_USAGE)


def _desk_and_taxonomy(folder: Path) -> "tuple[DeskFiles, list[Fault]]":
    """Return the desk's files, and what is wrong with the taxonomy: where something is, no word is known and all are let through."""
    from alerting.watchlists.load import load_desk
    from alerting.watchlists.vocabulary import Vocabulary

    now = SystemClock().now()
    try:
        understanding = compose.load_understanding(folder, reads=False)
    except ConfigurationError as error:
        return load_desk(folder, Vocabulary(), now.date()), list(error.faults)
    return compose.read_desk(folder, understanding, now), []


def _in_words(desk: "DeskFiles") -> dict[str, str]:
    from alerting.watchlists.in_words import in_words

    return {watchlist.name: in_words(watchlist) for watchlist in compose.compile_desk(desk).watchlists}


@app.command("test")
def run_watchlist_tests(
    names: Annotated[list[str] | None, typer.Argument(help="Watchlists (all of them).")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests that stand inside the watchlists, on the real matching and understanding."""
    from alerting.watchlists.explain import lines
    from alerting.watchlists.inline_tests import run_tests
    from alerting.watchlists.nearest import unknown

    folder = find_config_folder(read_settings(config).config)
    clock = SystemClock()
    understanding = compose.load_understanding(folder)
    desk = compose.require_desk(folder, understanding, clock.now())
    for name in names or ():
        if name not in desk.watchlists:
            print(f"newswire: {unknown('watchlist', name, desk.watchlists)}", file=sys.stderr)
            sys.exit(EXIT_USAGE)
    chosen = {name: watchlist for name, watchlist in desk.watchlists.items() if not names or name in names}
    results = run_tests(compose.compile_desk(desk), chosen, understand_with(understanding), clock.now())
    failed = [result for result in results if not result.passed]
    if as_json:
        print_json({"tests": [_result(result) for result in results], "passed": len(results) - len(failed), "failed": len(failed)})
    else:
        console = Console()
        for result in failed:
            console.print(Text(f"✗ {result.watchlist}: {result.test}", style="bold red"))
            console.print(Text(f"  {result.fault}"))
            for line in lines(result.table):
                console.print(Text(f"    {line}"))
        console.print(Text(f"{len(results) - len(failed)} of {len(results)} tests of {len(chosen)} watchlists passed."))
    sys.exit(1 if failed else 0)


topics_app = typer.Typer(name="topics", help="Kafka's topics: make them, check them.", no_args_is_help=True)
app.add_typer(topics_app)


@topics_app.command("create")
def topics_create() -> None:
    """Make the topics that are missing on the Kafka of NEWSWIRE_BUS; one that is there is left as it is."""
    with compose.open_topics(read_settings()) as topics:
        made = topics.create()
    print("\n".join(f"made {name}" for name in made) if made else "Every topic is there.")


@topics_app.command("check")
def topics_check() -> None:
    """Check that the topics can keep Newswire's promises: copies, retention, sizes."""
    with compose.open_topics(read_settings()) as topics:
        faults = topics.check()
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        sys.exit(EXIT_USAGE)
    print("The topics can keep the promises.")


@app.command()
def migrate() -> None:
    """Bring the store's tables up to this version. SQLite is also brought up to date at each start."""
    from newswire.store.engine import migrate as migrate_store

    before, after = migrate_store(read_settings().store_url)
    print(f"The store is at revision {after}." if before == after else f"The store went from revision {before or 'none'} to {after}.")


@app.command(hidden=True)
def schemas(folder: Annotated[Path, typer.Argument(help="Where to write them.")] = Path("config/schemas")) -> None:
    """Write the JSON Schemas that editors complete from; for developers."""
    for name, schema in all_schemas().items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        print(path)


def all_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of every kind of file, by the name of its file under `config/schemas/`."""
    from alerting.schemas import schemas as desk_schemas
    from collectors.schemas import schemas as source_schemas

    return {**desk_schemas(), **source_schemas()}


def understand_with(understanding: "Understanding") -> "Understand":
    """Return what makes a report of a test's item, by the real understanding, as if it had just been seen."""
    from collectors.sources import normalised_url
    from processors.report import make_report

    now = SystemClock().now()

    def understand(fields: "ItemFields") -> Report:
        item = Item(
            item_id="0" * 32,
            revision="0" * 16,
            source_id=_TEST_SOURCE,
            source_url=normalised_url(fields.source_url) if fields.source_url and "://" in fields.source_url else (fields.source_url or ""),
            outlet=fields.outlet or "",
            outlet_country=None,
            language_hint=fields.language,
            url=None,
            guid=None,
            title=fields.title,
            summary=fields.summary,
            content="",
            published_at=fields.published_at or now,
            seen_at=now,
            backlog=False,
            trace_id="",
        )
        return make_report(understanding, item, fields.text, basis=Basis.PAGE, final=True, now=now)

    return understand


def _machine_warnings() -> list[Fault]:
    import sqlite3

    if not WAL_RESET_BUG:
        return []
    return [
        Fault(
            "this machine",
            0,
            0,
            f"SQLite {sqlite3.sqlite_version} is older than 3.51.3 (rare WAL corruption, sqlite.org/wal.html#walresetbug); Newswire works around it with a file lock",
        )
    ]


def _result(result: "InlineResult") -> dict[str, Any]:
    from alerting.watchlists.explain import lines

    return {
        "watchlist": result.watchlist,
        "test": result.test,
        "passed": result.passed,
        "fault": result.fault,
        "table": list(lines(result.table)),
    }
