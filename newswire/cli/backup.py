"""`newswire backup` and `newswire restore`: a copy of all that is known, made while everything runs, and the way back."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from newswire.backup import manifest
from newswire.backup.manifest import Manifest
from newswire.backup.restore import Target, checked, restore
from newswire.backup.take import Made, Sources, require_embedded, take
from newswire.cli import app, compose
from newswire.cli.options import AsJson, Config, counted, print_json, read_settings
from newswire.clock import SystemClock
from newswire.config import find_config_folder
from newswire.errors import ConfigurationError, Fault
from newswire.settings import Settings
from newswire.store import open_store

if TYPE_CHECKING:
    from newswire.bus.kafka_offsets import KafkaOffsets

_MEBIBYTE: Final = 1 << 20
_MISSED_S: Final = 5.0  # beyond the session, until the brokers have put a member out


@app.command("backup")
def backup_command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where backups are kept: each gets a folder of its own in it, named by its moment (UTC).")
    ],
    keep: Annotated[int | None, typer.Option("--keep", metavar="N", min=1, help="Then remove all but the newest N backups in DIR.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Copy store, embedded bus, offsets and configuration as they are at one moment, while everything runs. No secret is written."""
    settings = read_settings(config)
    bus = require_embedded(settings.data / "bus.sqlite3") if settings.bus == "embedded" else None
    with ExitStack() as stack:
        offsets = {}
        if bus is None:
            # Before the store is looked at: what moved an offset until now is in it.
            offsets = stack.enter_context(_kafka_offsets(settings)).committed()
        _require_store(settings)
        store = open_store(settings.store_url, migrate=False)
        stack.callback(store.close)
        sources = Sources(store, bus, offsets, find_config_folder(settings.config), settings.topic_prefix)
        made = take(sources, folder, SystemClock(), keep=keep)
    if as_json:
        print_json(
            {"folder": str(made.folder), "bytes": made.bytes, "removed": [str(path) for path in made.removed], **_said(made.manifest)}
        )
    else:
        _print(made)


@app.command("restore")
def restore_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="One backup: a folder that `newswire backup` made.")],
    check: Annotated[
        bool, typer.Option("--check", help="Only look whether every byte is as it was written, and whether it can be restored here.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fill an empty data folder or database from a backup. What readers were told since is looked for in Slack, and not told again."""
    settings = read_settings()
    found = checked(folder)
    gone: dict[str, int] = {}
    if not check:
        gone = _restore(folder, found, settings)
    if as_json:
        print_json({"folder": str(folder), "restored": not check, "records_gone": gone, **_said(found)})
        return
    at = f"{datetime.fromtimestamp(found.backed_up_at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if check:
        print(f"{folder} is whole: {counted(len(found.files), 'file')}, of {at}, schema {found.schema}.")
        return
    for topic, records in gone.items():
        if records:
            print(f"{topic}: {counted(records, 'record')} that came after the backup are on Kafka no more, and are lost.")
    print(
        f"Restored to {at}. What was in the feeds since is collected again; what was told since is looked for in Slack before anything is told."
    )
    print(f"The configuration of then is in {folder / manifest.CONFIG}: it was not put anywhere.")


def _restore(folder: Path, found: Manifest, settings: Settings) -> dict[str, int]:
    """Fill the place that the settings name.

    Raises:
        ConfigurationError: it is in use or holds something; or the backup is another Newswire's.

    """
    if found.topic_prefix != settings.topic_prefix:
        raise ConfigurationError(
            [Fault("environment", 0, 0, f"NEWSWIRE_TOPIC_PREFIX: the backup was made with {found.topic_prefix!r}: give the same")]
        )
    bus = settings.data / "bus.sqlite3"
    if settings.bus == "embedded":
        return restore(folder, found, Target(settings.store_url, bus, None), SystemClock())
    if others := _others(settings):
        raise ConfigurationError([Fault("restore", 0, 0, f"the bus is in use: {others} others work with it; stop every stage first")])
    with _kafka_offsets(settings) as offsets:
        return restore(folder, found, Target(settings.store_url, bus, offsets.put_back), SystemClock())


def _others(settings: Settings) -> int:
    """Return how many others work with Kafka. Who was killed counts as one until the brokers miss him: so long is waited."""
    from newswire.bus.kafka_settings import kafka_settings

    until = time.monotonic() + kafka_settings(settings.bus, settings.kafka).session_s + _MISSED_S
    opened = compose.open_bus(settings, SystemClock())
    try:
        if others := opened.others():
            print(
                f"newswire: the bus has {counted(others, 'member')} still; waiting until those that were killed are missed", file=sys.stderr
            )
        while others and time.monotonic() < until:
            time.sleep(1)
            others = opened.others()
        return others
    finally:
        opened.close()


@contextmanager
def _kafka_offsets(settings: Settings) -> "Iterator[KafkaOffsets]":
    from newswire.bus.kafka_offsets import KafkaOffsets
    from newswire.bus.kafka_settings import kafka_settings

    offsets = KafkaOffsets(kafka_settings(settings.bus, settings.kafka), prefix=settings.topic_prefix)
    try:
        yield offsets
    finally:
        offsets.close()


def _require_store(settings: Settings) -> None:
    """Refuse a store that is not there: opening it would make an empty one."""
    path = settings.store_url.removeprefix("sqlite:///").partition("?")[0]
    if settings.store_url.startswith("sqlite:///") and not Path(path).is_file():
        raise ConfigurationError([Fault("environment", 0, 0, f"NEWSWIRE_STORE: there is no {path}")])


def _said(found: Manifest) -> dict[str, Any]:
    said = asdict(found)
    said["backed_up_at"] = datetime.fromtimestamp(found.backed_up_at, UTC).isoformat()
    return {name: value for name, value in said.items() if name not in {"files", "format"}} | {"files": sorted(found.files)}


def _print(made: Made) -> None:
    rows = {name: count for name, count in made.manifest.rows.items() if count}
    print(
        f"{made.folder}: {made.bytes / _MEBIBYTE:,.1f} MiB, {counted(len(made.manifest.files), 'file')}, {counted(sum(rows.values()), 'row')} in {counted(len(rows), 'table')}"
    )
    for path in made.removed:
        print(f"removed {path}")
