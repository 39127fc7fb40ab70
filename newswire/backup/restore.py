"""Fills an empty data folder or database from a backup, and lets the groups on Kafka go on where they were then.

The order is such that whatever breaks off is seen: the store is there first, marked as unfinished, and no stage starts on such a store.
The mark goes last. Running the restore again begins anew.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, StaticPool, create_engine, delete
from sqlalchemy.engine import make_url

from newswire.backup import folders, manifest
from newswire.backup.manifest import BUS, STORE, Manifest, Offsets, refused
from newswire.backup.take import read_only, rows_of
from newswire.clock import Clock
from newswire.crash import crash_point
from newswire.errors import ConfigurationError, Fault
from newswire.store import backups, copy, open_store, schema
from newswire.store.backups import Restored
from newswire.store.engine import migrate
from newswire.store.tables import METADATA, marks

_BESIDE: Final = ("", "-wal", "-shm", "-journal", ".lock")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup goes. `put_back` moves the groups on Kafka, and returns how many records since are gone; None: the embedded bus."""

    store_url: str
    bus: Path
    put_back: Callable[[Offsets], dict[str, int]] | None


def checked(folder: Path) -> Manifest:
    """Return what a backup holds, once every byte of it has been found as it was written, and its databases sound.

    Raises:
        ConfigurationError: with every file that is damaged; or it is no backup, or one that a newer Newswire wrote.

    """
    found = manifest.read(folder)
    if faults := manifest.damages(folder, found):
        raise ConfigurationError(faults)
    faults = [fault for name in (STORE, BUS) if name in found.files for fault in _unsound(folder / name)]
    if STORE not in found.files or (found.bus == "embedded" and BUS not in found.files):
        faults.append(Fault(str(folder), 0, 0, "its manifest names no store, or no bus: it is damaged"))
    if faults:
        raise ConfigurationError(faults)
    if rows_of(folder / STORE) != found.rows:
        raise refused(folder / STORE, "its tables do not hold what the manifest says: it is damaged")
    if found.schema not in schema.known_revisions():
        raise refused(folder, f"its schema ({found.schema}) is not known to this Newswire, which reads {schema.HEAD}: a newer one wrote it")
    return found


def restore(folder: Path, found: Manifest, target: Target, clock: Clock) -> dict[str, int]:
    """Fill the target from a backup that was checked; return, by topic, how many records on Kafka are gone that were to be read again.

    Raises:
        ConfigurationError: the target holds something or is in use, or is of another kind of bus.
        Retryable: a server is away, the disk is full; to be done again.

    """
    _require_kind(folder, found, target)
    sqlite = make_url(target.store_url).get_backend_name() == "sqlite"
    (_fill_sqlite if sqlite else _fill_postgresql)(folder, target, clock)
    crash_point("restore_after_store")
    gone: dict[str, int] = {}
    if target.put_back is None:
        _copy_file(folder / BUS, target.bus)
    else:
        gone = target.put_back(found.offsets)
    crash_point("restore_after_bus")
    store = open_store(target.store_url, unfinished=True)
    try:
        with store.begin() as connection:
            backups.end_restore(connection, Restored(found.backed_up_at, clock.now().timestamp()))
    finally:
        store.close()
    return gone


def _require_kind(folder: Path, found: Manifest, target: Target) -> None:
    wanted = "embedded" if target.put_back is None else "kafka"
    if found.bus == wanted:
        return
    if found.bus == "kafka":
        raise refused(folder, "its records are on Kafka, not in it: name that cluster with NEWSWIRE_BUS=kafka://…")
    raise refused(
        folder, "it holds an embedded bus: restore it with NEWSWIRE_BUS=embedded, then `newswire migrate-store` moves it to Kafka"
    )


def _fill_sqlite(folder: Path, target: Target, clock: Clock) -> None:
    path = Path(make_url(target.store_url).database or "")
    _require_empty_files(path, target)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = Path(f"{path}.restoring")
    _remove(beside)
    shutil.copyfile(folder / STORE, beside)
    store = open_store(URL.create("sqlite", database=str(beside)).render_as_string(), unfinished=True)  # which migrates it
    try:
        with store.begin() as connection:
            backups.begin_restore(connection, clock.now().timestamp())
    finally:
        store.close()
    with closing(sqlite3.connect(beside, isolation_level=None)) as driver:
        driver.execute("PRAGMA journal_mode=DELETE")  # one file again, that can be renamed
    beside.chmod(0o600)
    folders.sync(beside)
    crash_point("restore_before_store")
    beside.rename(path)
    _remove(beside)
    folders.sync(path.parent)


def _require_empty_files(path: Path, target: Target) -> None:
    """Return where nothing is in the way; what a restore that broke off has left is removed.

    Raises:
        ConfigurationError: there is a store, or a bus, that no restore left behind.

    """
    if path.is_file():
        with closing(sqlite3.connect(path, isolation_level=None)) as driver:
            try:
                unfinished = driver.execute("SELECT count(*) FROM marks WHERE name = 'restoring'").fetchone()[0]
            except sqlite3.DatabaseError:
                unfinished = False
        if not unfinished:
            raise _not_empty(f"NEWSWIRE_STORE: there is a store at {path}", "move it away")
        if target.put_back is None:
            _remove(target.bus)
        _remove(path)
    if target.put_back is None and target.bus.exists():
        raise _not_empty(f"NEWSWIRE_DATA: there is a bus at {target.bus}", "move it away")
    _remove(path)
    if target.put_back is None:
        _remove(target.bus)


def _fill_postgresql(folder: Path, target: Target, clock: Clock) -> None:
    if target.put_back is None and target.bus.exists():
        raise _not_empty(f"NEWSWIRE_DATA: there is a bus at {target.bus}", "move it away")
    migrate(target.store_url)
    store = open_store(target.store_url, unfinished=True)
    try:
        with store.read() as connection:
            filled, unfinished = copy.filled(connection), backups.is_unfinished(connection)
        faults = [f"the store is in use: {sign}; stop every stage first" for sign in copy.in_use(store)]
        if filled and not unfinished:
            faults.append(f"NEWSWIRE_STORE: it is not empty: {', '.join(filled)}; a restore goes into an empty database: make one")
        if faults:
            raise ConfigurationError([Fault("restore", 0, 0, fault) for fault in faults])
        at = clock.now().timestamp()
        with store.begin() as connection:
            backups.begin_restore(connection, at)
        crash_point("restore_before_store")
        with _readable(folder / STORE, target.bus.parent) as source, store.begin() as connection:
            for table in reversed(METADATA.sorted_tables):
                connection.execute(delete(table))
            for _ in copy.copy_tables(source, connection):
                pass
            connection.execute(delete(marks).where(marks.c.name == "restoring"))
            backups.begin_restore(connection, at)
    finally:
        store.close()


@contextmanager
def _readable(path: Path, folder: Path) -> Iterator[Connection]:
    """Yield a connection to a backup's store in the schema of this Newswire; an older one is migrated in a copy, the backup stays as it is."""
    with closing(read_only(path)) as driver:
        current = driver.execute("SELECT version_num FROM alembic_version").fetchone()[0] == schema.HEAD
    beside = folder / f"{STORE}.restoring"
    try:
        if not current:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(path, beside)
            migrate(URL.create("sqlite", database=str(beside)).render_as_string())
            with closing(sqlite3.connect(beside, isolation_level=None)) as driver:
                driver.execute("PRAGMA journal_mode=DELETE")
            path = beside
        engine = create_engine("sqlite://", creator=lambda: read_only(path), poolclass=StaticPool)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()
    finally:
        _remove(beside)


def _unsound(path: Path) -> list[Fault]:
    try:
        with closing(read_only(path)) as connection:
            [said] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        said = str(error)
    return [] if said == "ok" else [Fault(str(path), 0, 0, f"it is damaged: {said}; use another backup")]


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = Path(f"{target}.restoring")
    shutil.copyfile(source, beside)
    beside.chmod(0o600)
    folders.sync(beside)
    beside.rename(target)
    folders.sync(target.parent)


def _remove(path: Path) -> None:
    for end in _BESIDE:
        Path(f"{path}{end}").unlink(missing_ok=True)


def _not_empty(what: str, do: str) -> ConfigurationError:
    return ConfigurationError([Fault("environment", 0, 0, f"{what}; a restore goes into an empty place: {do}, or name another one")])
