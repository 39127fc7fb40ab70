"""Commands on the configuration: `check`, `topics`, `schemas`, `migrate`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newswire.cli import EXIT_USAGE, app, compose
from newswire.cli.compose_receivers import lacking_here
from newswire.cli.known import load_names, understanding_faults
from newswire.cli.options import AsJson, Config, counted, print_json, read_settings
from newswire.cli.problems import Form, as_github, as_sarif, as_text, problems_of, summary
from newswire.cli.problems import as_json as problem_values
from newswire.clock import SystemClock
from newswire.config import find_config_folder, shown
from newswire.errors import ConfigurationError, Fault, one_line
from newswire.sqlite import WAL_RESET_BUG

if TYPE_CHECKING:
    from alerting.watchlists.load import DeskFiles


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

    settings = read_settings(config)
    folder = find_config_folder(settings.config)
    sources, faults = load_sources(folder / "sources")
    desk, more = desk_and_taxonomy(folder)
    faults = sorted({*faults, *more, *desk.faults, *desk.timeline_faults})
    said = {} if more or desk.faults else _in_words(desk)
    problems = problems_of(faults, desk.warnings, strict=strict)
    failed = bool(faults or (strict and desk.warnings))
    machine = [*_machine_warnings(), *lacking_here(desk.routes, settings)]  # not of the files: no error for the strict
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
            found = ", ".join(
                (counted(len(sources), "source"), counted(len(desk.watchlists), "watchlist"), counted(len(desk.lists), "list"))
            )
            print(one_line(f"{shown(folder)}: {found}: nothing is wrong{_but_missing(len(sources), len(desk.watchlists))}."))
    if failed:
        sys.exit(EXIT_USAGE)


def _but_missing(sources: int, watchlists: int) -> str:
    """Return what a configuration without a fault still lacks to tell anybody of anything."""
    lacks = [*(["no source is watched"] if not sources else []), *(["no watchlist would alert anybody"] if not watchlists else [])]
    return f", but {' and '.join(lacks)}" if lacks else ""


def desk_and_taxonomy(folder: Path) -> "tuple[DeskFiles, list[Fault]]":
    """Return the desk's files, and what is wrong with the taxonomy: where it cannot be read, no word is known and all are let through."""
    from alerting.watchlists.load import load_desk
    from alerting.watchlists.vocabulary import Vocabulary

    now = SystemClock().now()
    faults = understanding_faults(folder)
    try:
        names = load_names(folder)
    except ConfigurationError:  # among the faults
        return load_desk(folder, Vocabulary(), now.date()), faults
    return compose.read_desk(folder, names, now), faults


def _in_words(desk: "DeskFiles") -> dict[str, str]:
    from alerting.watchlists.in_words import in_words

    return {watchlist.name: in_words(watchlist, desk.routes) for watchlist in compose.compile_desk(desk).watchlists}


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
    """Return the JSON Schema of every kind of file, and of what a webhook gets, by the name of its file under `config/schemas/`."""
    from alerting.receivers.webhook_body import schema as webhook_schema
    from alerting.schemas import schemas as desk_schemas
    from collectors.schemas import schemas as source_schemas
    from processors.schemas import schemas as taxonomy_schemas

    return {**desk_schemas(), **source_schemas(), **taxonomy_schemas(), "webhook": webhook_schema()}


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
