"""Commands on the configuration: `check`, `topics`, `schemas`, `migrate`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from newswire.cli import EXIT_USAGE, app, compose
from newswire.cli.options import AsJson, Config, print_json, read_settings
from newswire.clock import SystemClock
from newswire.config import find_config_folder
from newswire.errors import Fault
from newswire.sqlite import WAL_RESET_BUG


@app.command()
def check(
    config: Config = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check every file of the configuration, offline: all faults at once with file and line, and in words what each watchlist will do."""
    from alerting.watchlists.in_words import in_words
    from collectors.sources_file import load_sources

    folder = find_config_folder(read_settings(config).config)
    clock = SystemClock()
    sources, faults = load_sources(folder / "sources")
    understanding = compose.load_understanding(folder)
    desk = compose.read_desk(folder, understanding, clock.now())
    faults = sorted([*faults, *desk.faults, *desk.timeline_faults])
    warnings = sorted([*desk.warnings, *_machine_warnings()])
    said: dict[str, str] = {}
    if not faults:
        compiled = compose.compile_desk(desk)
        said = {name: in_words(compiled.named(name)) for name in desk.watchlists}
    failed = bool(faults or (strict and desk.warnings))
    if as_json:
        print_json(
            {"ok": not failed, "faults": _as_json(faults), "warnings": _as_json(warnings), "watchlists": said, "sources": len(sources)}
        )
    else:
        for fault in faults:
            print(fault, file=sys.stderr)
        for warning in warnings:
            print(f"warning: {warning}", file=sys.stderr)
        for name, words in said.items():
            print(f"{name}: {words}")
        if not faults:
            print(f"{folder}: {len(sources)} sources, {len(desk.watchlists)} watchlists, {len(desk.lists)} lists: nothing is wrong.")
    if failed:
        sys.exit(EXIT_USAGE)


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


def _as_json(faults: list[Fault]) -> list[dict[str, Any]]:
    return [{"file": fault.file, "line": fault.line, "column": fault.column, "message": fault.message} for fault in faults]
