"""Fills an empty data folder or database from a backup, and lets the groups on Kafka go on where they were then.

The order is such that whatever breaks off is seen: the store is there first, marked as unfinished, and no stage starts on such a store.
The mark goes last. Running the restore again begins anew.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, StaticPool, create_engine, delete
from sqlalchemy.engine import make_url

from newswire.backup import folders, manifest
from newswire.backup.manifest import BUS, STORE, Manifest, Offsets, refused
from newswire.backup.take import one_file, read_only, rows_of
from newswire.clock import Clock
from newswire.crash import crash_point
from newswire.errors import ConfigurationError, Fault
from newswire.filelock import FileLock
from newswire.store import backups, copy, open_store, schema
from newswire.store.backups import Restored
from newswire.store.engine import migrate
from newswire.store.tables import METADATA, marks

_WAL: Final = ("-wal", "-shm", "-journal")
_BESIDE: Final = ("", *_WAL, ".lock")
_LOCK: Final = ".restore.lock"


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
    with _alone(target.bus.parent) if sqlite or target.put_back is None else nullcontext():
        return _restore(folder, found, target, clock, _fill_sqlite if sqlite else _fill_postgresql)


def _restore(folder: Path, found: Manifest, target: Target, clock: Clock, fill: Callable[[Path, Target, float], None]) -> dict[str, int]:
    fill(folder, target, clock.now().timestamp())
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


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Keep a second restore into this data folder out. (Two into a database of its own see each other's connections.)

    Raises:
        ConfigurationError: another is at work.

    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(data / _LOCK)
    try:
        if not (lock.take() and lock.in_place()):
            raise refused(data, "another restore is at work here; wait for its end")
        try:
            yield
        finally:
            lock.file.unlink(missing_ok=True)
    finally:
        lock.close()


def _require_kind(folder: Path, found: Manifest, target: Target) -> None:
    wanted = "embedded" if target.put_back is None else "kafka"
    if found.bus == wanted:
        return
    if found.bus == "kafka":
        raise refused(folder, "its records are on Kafka, not in it: name that cluster with NEWSWIRE_BUS=kafka://…")
    raise refused(
        folder, "it holds an embedded bus: restore it with NEWSWIRE_BUS=embedded, then `newswire migrate-store` moves it to Kafka"
    )


def _fill_sqlite(folder: Path, target: Target, at: float) -> None:
    path = Path(make_url(target.store_url).database or "")
    _require_empty_files(path, target)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        _put_store(None, path, at)  # a stage that is started from now on finds the mark, and not an empty place
    _put_store(folder / STORE, path, at)


def _put_store(source: Path | None, path: Path, at: float) -> None:
    """Put a copy of a backup's store, or an empty one, in its place: marked as unfinished, in the schema of this Newswire."""
    beside = Path(f"{path}.restoring")
    _remove(beside)
    try:
        if source is not None:
            _copy_bytes(source, beside)
        store = open_store(URL.create("sqlite", database=str(beside)).render_as_string(), unfinished=True)  # which migrates it
        try:
            with store.begin() as connection:
                backups.begin_restore(connection, at)
        finally:
            store.close()
        one_file(beside)
        if source is not None:
            crash_point("restore_before_store")
        _put_in_place(beside, path)
    finally:
        _remove(beside)  # on a full disk as well: it is what fills it


def _require_empty_files(path: Path, target: Target) -> None:
    """Return where nothing is in the way; what a restore that broke off has left is removed, but for its mark.

    Raises:
        ConfigurationError: there is a store, or a bus, that no restore left behind.

    """
    if not path.is_file():
        _require_no_bus(target)
        _remove(path)
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as driver:
        try:
            unfinished = driver.execute("SELECT count(*) FROM marks WHERE name = 'restoring'").fetchone()[0]
        except sqlite3.DatabaseError:
            unfinished = False
    if not unfinished:
        raise _not_empty(f"NEWSWIRE_STORE: there is a store at {path}", "move it away")
    if target.put_back is None:
        _remove(target.bus)


def _require_no_bus(target: Target) -> None:
    if target.put_back is None and target.bus.exists():
        raise _not_empty(f"NEWSWIRE_DATA: there is a bus at {target.bus}", "move it away")


def _fill_postgresql(folder: Path, target: Target, at: float) -> None:
    migrate(target.store_url, first=_refuse_older)
    store = open_store(target.store_url, unfinished=True)
    try:
        with store.read() as connection:
            filled, unfinished = copy.filled(connection), backups.is_unfinished(connection)
        faults = [f"the store is in use: {sign}; stop every stage first" for sign in copy.in_use(store)]
        if filled and not unfinished:
            faults.append(f"NEWSWIRE_STORE: it is not empty: {', '.join(filled)}; a restore goes into an empty database: make one")
        if faults:
            raise ConfigurationError([Fault("restore", 0, 0, fault) for fault in faults])
        if not unfinished:
            _require_no_bus(target)
        with store.begin() as connection:
            backups.begin_restore(connection, at)
        if target.put_back is None:
            _remove(target.bus)
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


def _refuse_older(connection: Connection) -> None:
    """Return where the database is empty, or of this Newswire: another's is not brought forward only to be found in use.

    Raises:
        ConfigurationError: it has a schema, and another.

    """
    found = schema.revision(connection)
    if found not in {None, schema.HEAD}:
        raise _not_empty(f"NEWSWIRE_STORE: the database holds a store of another Newswire (schema {found})", "make one")


@contextmanager
def _readable(path: Path, folder: Path) -> Iterator[Connection]:
    """Yield a connection to a backup's store in the schema of this Newswire; an older one is migrated in a copy, the backup stays as it is."""
    with closing(read_only(path)) as driver:
        current = driver.execute("SELECT version_num FROM alembic_version").fetchone()[0] == schema.HEAD
    beside = folder / f"{STORE}.restoring"
    try:
        if not current:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _copy_bytes(path, beside)
            migrate(URL.create("sqlite", database=str(beside)).render_as_string())
            one_file(beside)
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
    _copy_bytes(source, beside)
    _put_in_place(beside, target)


def _copy_bytes(source: Path, target: Path) -> None:
    """Copy a file; nobody but its owner may read the copy, not even while it grows."""
    target.unlink(missing_ok=True)
    target.touch(0o600)
    shutil.copyfile(source, target)


def _put_in_place(beside: Path, path: Path) -> None:
    """Let a database that is whole take its place, on the disk. A WAL of another that stood there would be taken for its own."""
    beside.chmod(0o600)
    folders.sync(beside)
    for end in _WAL:
        Path(f"{path}{end}").unlink(missing_ok=True)
    beside.rename(path)
    folders.sync(path.parent)


def _remove(path: Path) -> None:
    for end in _BESIDE:
        Path(f"{path}{end}").unlink(missing_ok=True)


def _not_empty(what: str, do: str) -> ConfigurationError:
    return ConfigurationError([Fault("environment", 0, 0, f"{what}; a restore goes into an empty place: {do}, or name another one")])
