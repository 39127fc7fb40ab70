"""The store and the embedded bus: SQLite's version, whether the files are sound, the schema, who else is at work, what was left behind."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from newswire.cli.doctor.finding import AS_NEWSWIRES_USER, Asked, CheckName, Finding, Level
from newswire.cli.reading import open_for_reading
from newswire.cli.status.read import bus_facts, hasty_settings, store_facts, store_shown
from newswire.cli.status.words import length, size
from newswire.filelock import is_locked
from newswire.outcomes import RetryReason
from newswire.settings import Settings
from newswire.sqlite import WAL_RESET_BUG, error_for
from newswire.store import clocks, schema

QUICK_BYTES: Final = 256 << 20
"""A file up to this size is looked at whole within the time of a check; a larger one by `--deep`."""

QUICK_S: Final = 5.0
_HELD_S: Final = 1.0
_STEPS: Final = 20_000  # of SQLite's virtual machine between two looks at the time


def sqlite_files_of(settings: Settings) -> list[Path]:
    """Return the SQLite files that these settings keep things in, there or not."""
    url = make_url(settings.store_url)
    store = [Path(url.database)] if url.get_backend_name() == "sqlite" and url.database else []
    return [*store, *([settings.data / "bus.sqlite3"] if settings.bus == "embedded" else [])]


def sqlite_version(asked: Asked) -> Iterator[Finding]:
    """Yield whether the SQLite that Python loaded has the fault that can corrupt a WAL."""
    return version_findings(bool(sqlite_files_of(asked.settings)), sqlite3.sqlite_version, faulty=WAL_RESET_BUG)


def version_findings(used: bool, version: str, *, faulty: bool) -> Iterator[Finding]:
    """Yield whether this version has it, where SQLite is used at all."""
    if not used:
        yield Finding(CheckName.SQLITE_VERSION, Level.NOTE, f"SQLite {version} is not used: store and bus are servers")
    elif faulty:
        yield Finding(
            CheckName.SQLITE_VERSION,
            Level.WARN,
            f"SQLite {version} is older than 3.51.3",
            "it can, very rarely, corrupt a database in WAL mode (sqlite.org/wal.html#walresetbug); Newswire works around it with a file lock",
            "a Python that is linked with a newer SQLite, such as that of the container image; no other program should write these files",
        )
    else:
        yield Finding(CheckName.SQLITE_VERSION, Level.OK, f"SQLite {version}")


def sqlite_files(asked: Asked) -> Iterator[Finding]:
    """Yield which SQLite files are not sound."""
    there = [path for path in sqlite_files_of(asked.settings) if path.is_file()]
    if not there:
        yield Finding(
            CheckName.SQLITE_FILES, Level.NOTE, "no SQLite file is here yet" if sqlite_files_of(asked.settings) else "none is used"
        )
    for path in there:
        try:
            yield from _file(path, deep=asked.deep)
        except sqlite3.DatabaseError as error:
            passing = error_for(error, RetryReason.STORE, f"{path} cannot be read")
            if passing is not error:  # a right, a lock, a full disk: it says nothing against what is in the file
                right = error.sqlite_errorname.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))
                do = AS_NEWSWIRES_USER if right else "put that right, and look again"
                yield Finding(CheckName.SQLITE_FILES, Level.FAIL, str(passing), "whether the file is sound is not known", do)
                continue
            yield Finding(
                CheckName.SQLITE_FILES,
                Level.FAIL,
                f"{path} cannot be read: {error}",
                "what is in it may be lost",
                "stop Newswire, keep a copy of the file, and restore the last backup (docs/backup.md)",
            )


def _file(path: Path, *, deep: bool) -> Iterator[Finding]:
    bytes_ = path.stat().st_size
    connection = sqlite3.connect(f"file:{path.resolve().as_posix().replace('?', '%3f').replace('#', '%23')}?mode=ro", uri=True, timeout=2.0)
    try:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        if mode != "wal":
            yield Finding(
                CheckName.SQLITE_FILES,
                Level.WARN,
                f"{path} is in journal mode {mode}, not wal",
                "readers and writers wait for each other",
                "start Newswire, which sets it; a file system without shared memory cannot have it",
            )
        if bytes_ > QUICK_BYTES and not deep:
            yield Finding(
                CheckName.SQLITE_FILES, Level.NOTE, f"{path} has {size(bytes_)}: it was not looked through", "", "`newswire doctor --deep`"
            )
            return
        until = time.monotonic() + QUICK_S
        if not deep:
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        said = [row[0] for row in connection.execute("PRAGMA integrity_check(5)" if deep else "PRAGMA quick_check(5)")]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_INTERRUPT":
            raise
        yield Finding(
            CheckName.SQLITE_FILES, Level.NOTE, f"{path} was not looked through within {QUICK_S:g} s", "", "`newswire doctor --deep`"
        )
        return
    finally:
        connection.close()
    if said == ["ok"]:
        yield Finding(
            CheckName.SQLITE_FILES,
            Level.OK,
            f"{path}: {size(bytes_)}, {'integrity' if deep else 'quick'} check passed, journal mode {mode}",
        )
    else:
        yield Finding(
            CheckName.SQLITE_FILES,
            Level.FAIL,
            f"{path} is damaged: {said[0]}",
            "what is in it may be lost, and more with each write",
            "stop Newswire, keep a copy of the file, and restore the last backup (docs/backup.md)",
        )


def store(asked: Asked) -> Iterator[Finding]:
    """Yield whether the store opens, with the schema that this Newswire reads, and whether a clock was set back under it."""
    where = store_shown(asked.settings)
    with open_for_reading(hasty_settings(asked.settings)) as opened:
        if opened is None:
            do = "where Newswire has run before, look in its environment, and at its disk"
            yield Finding(CheckName.STORE, Level.NOTE, f"there is no store at {where} yet: the first start makes it", "", do)
            return
        with opened.read() as connection:
            set_back = clocks.needs_mending(connection, asked.clock.now().timestamp(), spacing_s=asked.settings.host_spacing_s)
    if set_back:
        yield Finding(
            CheckName.STORE,
            Level.WARN,
            "rows of the store lie in the future: a clock was set back, here or where they were written",
            "what they were to wait for would come late",
            "nothing, where Newswire runs: it sets them right; keep the clocks by a time service",
        )
    yield Finding(CheckName.STORE, Level.OK, f"{where}: opens, schema {schema.HEAD}")


def bus(asked: Asked) -> Iterator[Finding]:
    """Yield whether the bus can be read; Kafka has a check of its own."""
    if asked.settings.bus != "embedded":
        yield Finding(CheckName.BUS, Level.NOTE, "the bus is Kafka")
        return
    found = bus_facts(asked.settings)
    path = asked.settings.data / "bus.sqlite3"
    if found is None:
        yield Finding(CheckName.BUS, Level.NOTE, f"there is no bus at {path} yet: the first start makes it")
        return
    waiting = ", ".join(f"{one.records:,} {one.topic.removeprefix('news.')} waiting" for one in found.queues)
    yield Finding(CheckName.BUS, Level.OK, f"{path}: {waiting}; {_processes(found.processes or 0, 'has', 'have')} it open")


def two_newswires(asked: Asked) -> Iterator[Finding]:
    """Yield whether another Newswire, with a bus of its own, works with this store: both would poll, and one of them alone would tell."""
    facts = store_facts(asked.settings, asked.clock.now())
    name = CheckName.TWO_NEWSWIRES
    if facts is None or asked.settings.bus != "embedded":
        yield Finding(name, Level.NOTE, "nothing to be seen: " + ("no store yet" if facts is None else "the processes share one Kafka"))
        return
    if facts.moved_to is not None:
        yield Finding(
            name,
            Level.FAIL,
            f"the data of this store were moved to {facts.moved_to}",
            "nothing is told from here",
            "point NEWSWIRE_STORE there, or `newswire migrate-store --reopen`",
        )
        return
    now = asked.clock.now().timestamp()
    lead = facts.work.lead if facts.work.lead is not None and facts.work.lead.until > now else None
    owners = {owner for owner, _ in (*facts.work.collecting, *facts.work.reading)} | ({lead.owner} if lead is not None else set())
    found = bus_facts(asked.settings)
    here = (found.processes or 0) if found is not None else 0
    hosts = {owner.rpartition("-")[0].rpartition("-")[0] for owner in owners}
    if owners and not here:
        left_s = lead.until - now if lead is not None else 0.0
        yield Finding(
            name,
            Level.WARN,
            f"{', '.join(sorted(owners))} works with this store, and nobody with the bus at {asked.settings.data}",
            "two Newswires on one store with a bus each: what one polls the other never tells",
            f"one bus for all: the same NEWSWIRE_DATA, or Kafka. Where a process has just died, its lease ends by itself{f' in {length(left_s)}' if left_s else ''}",
        )
    elif len(hosts) > 1:
        yield Finding(
            name,
            Level.FAIL,
            f"processes of {', '.join(sorted(hosts))} work with this store, and the bus is of one machine alone",
            "what one polls the other never tells",
            "Kafka as the bus of several machines (docs/moving.md)",
        )
    else:
        yield Finding(
            name, Level.OK, f"{_processes(here, 'has', 'share')} this store and its bus" if here else "nobody is at work with this store"
        )


def locks(asked: Asked) -> Iterator[Finding]:
    """Yield the lock files that dead processes left, and whether a lock is held by something that is no Newswire."""
    if asked.settings.bus != "embedded":
        yield Finding(CheckName.LOCKS, Level.NOTE, "none is used: the bus is Kafka")
        return
    path = asked.settings.data / "bus.sqlite3"
    members = [*path.parent.glob(f"{path.name}.member-*")] if path.parent.is_dir() else []
    left = [one for one in members if not is_locked(one)]
    if left:
        yield Finding(
            CheckName.LOCKS,
            Level.NOTE,
            f"{len(left)} lock files of processes that died are left in {path.parent}",
            "none: the kernel has given the locks back",
            "nothing; a running Newswire removes them",
        )
    held = [one for one in (Path(f"{file}.lock") for file in sqlite_files_of(asked.settings)) if one.is_file() and _held_for_long(one)]
    for one in held:
        yield Finding(
            CheckName.LOCKS,
            Level.WARN,
            f"{one} has been held for {_HELD_S:g} s on end",
            "whoever holds it keeps every writer waiting: a process that is stopped, or a backup that copies the file",
            f"`fuser {one}` names the process",
        )
    if not left and not held:
        yield Finding(CheckName.LOCKS, Level.OK, "none is left behind, none is held for long")


def _held_for_long(path: Path) -> bool:
    until = time.monotonic() + _HELD_S
    while time.monotonic() < until:
        if not is_locked(path):
            return False
        time.sleep(0.02)
    return True


def _processes(count: int, one: str, more: str) -> str:
    return f"1 process {one}" if count == 1 else f"{count} processes {more}"
