"""Makes a backup while everything runs.

What is in it is the state of one moment. With the embedded bus its write lock is held for the instant in which both snapshots are opened:
the bus cannot change in it, so the store's snapshot, whenever within the instant it was taken, and the bus's belong together. That is the
state which `kill -9` of every process at that moment would have left, and every order of durability that holds then holds here. On Kafka
the records stay where they are; the groups' offsets are noted before the store's snapshot is opened, so that whatever moved an offset
before it was noted is in the store, and whatever came after is read again.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, StaticPool, create_engine, func, select, text

from newswire import __version__
from newswire.backup import folders, manifest
from newswire.backup.manifest import BUS, CONFIG, MANIFEST, STORE, Manifest, Offsets, refused
from newswire.clock import Clock
from newswire.crash import crash_point
from newswire.errors import ConfigurationError, Fault
from newswire.outcomes import RetryReason
from newswire.sqlite import WriteLock, prepare, translated
from newswire.store import Store, backups, copy, failures, schema, sizes
from newswire.store.engine import migrate
from newswire.store.tables import METADATA

_MEBIBYTE: Final = 1 << 20
_PIN: Final = "SELECT count(*) FROM sqlite_master"  # a snapshot begins with the first read


@dataclass(frozen=True, slots=True)
class Sources:
    """What is backed up: where the bus is, the groups' offsets where it is Kafka, the open store and the configuration."""

    store: Store
    bus: Path | None  # the embedded bus; None: Kafka
    offsets: Offsets
    config: Path
    topic_prefix: str


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is whole, and which older ones went."""

    folder: Path
    manifest: Manifest
    removed: tuple[Path, ...] = ()

    @property
    def bytes(self) -> int:
        """What it takes on the disk."""
        return sum(file.bytes for file in self.manifest.files.values())


def take(sources: Sources, parent: Path, clock: Clock, *, keep: int | None = None) -> Made:
    """Return the backup once it is whole, on the disk and noted in the store; it stands in a folder of its own in `parent`.

    Raises:
        ConfigurationError: it cannot be written there.
        Retryable: store or bus are busy, or the disk is full. Nothing is left that looks like a backup.
        OSError: likewise, of the file system.

    """
    if parent.resolve().is_relative_to(sources.config.resolve()):
        raise refused(parent, "it is inside the configuration folder, of which each backup has a copy; name a folder elsewhere")
    now = clock.now().astimezone(UTC)
    with folders.writing(parent, now) as (folder, ended):
        _require_room(sources, parent)
        written = _write(sources, folder, now)
        crash_point("backup_before_manifest")
        (folder / MANIFEST).write_bytes(manifest.to_json(written))
        crash_point("backup_after_manifest")
        final = ended()
    crash_point("backup_after_rename")
    with sources.store.begin() as connection:
        backups.succeeded(connection, written.backed_up_at)
    removed = folders.forget_older(final, keep) if keep is not None else []
    return Made(final, written, tuple(removed))


def _require_room(sources: Sources, parent: Path) -> None:
    """Return where what is known of the backup's size is free: who fills the disk that the store stands on stops the watch.

    Raises:
        ConfigurationError: it is not.

    """
    with sources.store.read() as connection:
        store = sizes.store_bytes(connection) if connection.dialect.name == "sqlite" else 0
    needed = store + (sizes.file_bytes(sources.bus) if sources.bus is not None else 0)
    disk = sizes.disk(parent)
    if disk is not None and disk.free_bytes < needed:
        raise refused(
            parent, f"the disk has not enough room: {disk.free_bytes / _MEBIBYTE:,.1f} MiB free, {needed / _MEBIBYTE:,.1f} needed"
        )


def _write(sources: Sources, folder: Path, now: datetime) -> Manifest:
    """Write everything but the manifest into the folder, and return that."""
    with ExitStack() as stack:
        bus = None
        if sources.bus is None:
            store = _pinned_store(sources.store, stack)
        else:
            with translated(RetryReason.BUS, f"the log {sources.bus}"), _standing_still(sources.bus):
                bus = _pinned(sources.bus, stack)
                store = _pinned_store(sources.store, stack)
        dialect, revision = store.dialect.name, schema.revision(store)
        if dialect == "sqlite":
            driver = store.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            with translated(RetryReason.STORE, "the backup"):
                _copy_pages(driver, folder / STORE)
        else:
            _copy_rows(store, folder / STORE)
        crash_point("backup_after_store")
        if bus is not None:
            with translated(RetryReason.BUS, "the backup"):
                _copy_pages(bus, folder / BUS)
        crash_point("backup_after_bus")
    _copy_config(sources.config, folder / CONFIG)
    return Manifest(
        format=manifest.FORMAT,
        newswire=__version__,
        schema=revision or "",
        backed_up_at=now.timestamp(),
        bus="kafka" if sources.bus is None else "embedded",
        store=dialect,
        topic_prefix=sources.topic_prefix,
        offsets=sources.offsets,
        rows=rows_of(folder / STORE),
        files=manifest.described(folder),
    )


@contextmanager
def _standing_still(path: Path) -> Iterator[None]:
    """Let nobody write to the SQLite file for as long as the block takes."""
    lock = WriteLock(path)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            prepare(connection)
            with lock:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield
                finally:
                    connection.execute("ROLLBACK")
    finally:
        lock.close()


def _pinned(path: Path, stack: ExitStack) -> sqlite3.Connection:
    """Return a connection that sees the file as it is now, until the stack ends."""
    connection = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
    prepare(connection)
    connection.execute("BEGIN")
    connection.execute(_PIN).fetchone()
    return connection


def _pinned_store(store: Store, stack: ExitStack) -> Connection:
    """Return a connection that sees the store as it is now, until the stack ends."""
    connection = stack.enter_context(store.read())
    connection.execute(text("SELECT 1 FROM alembic_version")).all()
    return connection


def _copy_pages(source: sqlite3.Connection, path: Path) -> None:
    """Copy a database page by page, in one step: the snapshot that is open is what is copied, and writers go on."""
    with closing(sqlite3.connect(path, isolation_level=None)) as target:
        source.backup(target, pages=-1)
        # One file that can be read where nothing can be written: a database in WAL mode wants two more beside it.
        target.execute("PRAGMA journal_mode=DELETE")


def _copy_rows(source: Connection, path: Path) -> None:
    """Copy a PostgreSQL store, row by row in its snapshot, into an SQLite file of the same schema.

    Without a WAL, which one transaction would make as large as the file, and without a sync for it: what is killed is thrown away.
    """
    migrate(URL.create("sqlite", database=str(path)).render_as_string())
    Path(f"{path}.lock").unlink(missing_ok=True)
    one_file(path)
    engine = create_engine("sqlite://", creator=lambda: _unsynced(path), poolclass=StaticPool)
    try:
        with failures.translated(), engine.begin() as target:
            for _ in copy.copy_tables(source, target):
                crash_point("backup_between_tables")
    finally:
        engine.dispose()


def _unsynced(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    return connection


def _copy_config(source: Path, target: Path) -> None:
    """Copy the YAML that people wrote. Nothing else: credentials stand in files beside it, and weights come with the release."""
    target.mkdir()
    for path in sorted(source.rglob("*.yaml")):
        name = path.relative_to(source)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)


def rows_of(path: Path) -> dict[str, int]:
    """Return how many rows each table of a backup's store has.

    Raises:
        ConfigurationError: it is no sound SQLite database.

    """
    found = {}
    try:
        with closing(read_only(path)) as connection:
            there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table in METADATA.sorted_tables:
                if table.name in there:
                    statement = str(select(func.count()).select_from(table))
                    found[table.name] = int(connection.execute(statement).fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise refused(path, f"it is damaged: {error}") from None
    return found


def one_file(path: Path) -> None:
    """Make one file of a database that nobody has open: it can be renamed, and read where nothing can be written.

    Raises:
        Retryable: the disk is full.

    """
    with translated(RetryReason.STORE, str(path)), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def read_only(path: Path) -> sqlite3.Connection:
    """Return a connection to a backup's database that cannot change it, and leaves nothing beside it."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)


def require_embedded(path: Path) -> Path:
    """Return the embedded bus's file.

    Raises:
        ConfigurationError: it is not there.

    """
    if not path.is_file():
        raise ConfigurationError([Fault("environment", 0, 0, f"NEWSWIRE_DATA: there is no {path}: no embedded Newswire has worked there")])
    return path
