import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from newswire.errors import Retryable
from newswire.outcomes import RetryReason
from newswire.sqlite import WAL_DUE_BYTES, WAL_RESET_BUG, WAL_STEP_BYTES, WriteLock, error_for, prepare, translated

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.sqlite3"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as opened:
        prepare(opened)
        opened.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
        yield opened


def write(connection: sqlite3.Connection, lock: WriteLock, size: int = 100_000) -> None:
    with lock:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t (b) VALUES (?)", (b"x" * size,))
        connection.execute("COMMIT")
        lock.checkpoint(connection)


def wal_bytes(path: Path) -> int:
    return Path(f"{path}-wal").stat().st_size


def pragma(connection: sqlite3.Connection, name: str) -> object:
    row = connection.execute(f"PRAGMA {name}").fetchone()
    return row[0] if row is not None else None


def test_a_prepared_connection_is_durable_and_waits(connection: sqlite3.Connection) -> None:
    assert connection.isolation_level is None
    assert pragma(connection, "journal_mode") == "wal"
    assert pragma(connection, "synchronous") == 2
    assert pragma(connection, "busy_timeout") == 10_000
    assert pragma(connection, "mmap_size") in (0, None)  # None where SQLite is built without mmap
    assert (pragma(connection, "wal_autocheckpoint") == 0) is WAL_RESET_BUG


def test_many_processes_may_open_a_new_file_at_once(path: Path) -> None:
    script = f"import sqlite3; from newswire.sqlite import prepare; prepare(sqlite3.connect({str(path)!r}))"
    opened = [subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) for _ in range(4)]
    assert [process.wait() for process in opened] == [0, 0, 0, 0]


@pytest.mark.parametrize("guarded", [True, False])
def test_the_wal_stays_small_however_much_is_written(path: Path, connection: sqlite3.Connection, guarded: bool) -> None:
    lock = WriteLock(path, guarded=guarded)
    largest = 0
    for _ in range(200):  # 20 MB
        write(connection, lock)
        largest = max(largest, wal_bytes(path))
    assert WAL_DUE_BYTES // 2 < largest < WAL_DUE_BYTES + WAL_STEP_BYTES
    lock.close()


def test_a_reader_holds_the_wal_back_and_it_shrinks_when_the_reader_is_gone(path: Path, connection: sqlite3.Connection) -> None:
    lock = WriteLock(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM t").fetchone()
        for _ in range(120):
            write(connection, lock)
        assert wal_bytes(path) > 2 * WAL_DUE_BYTES
        reader.execute("COMMIT")
    for _ in range(20):
        write(connection, lock)
    assert wal_bytes(path) < WAL_DUE_BYTES
    lock.close()


def test_a_checkpoint_that_fails_fails_no_write(path: Path, connection: sqlite3.Connection) -> None:
    lock = WriteLock(path)
    for _ in range(WAL_DUE_BYTES // 1_000_000 + 1):
        with lock:
            connection.execute("INSERT INTO t (b) VALUES (zeroblob(1000000))")
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM t").fetchone()  # SQLite refuses a checkpoint inside a transaction
    with lock:
        lock.checkpoint(connection)
    connection.execute("COMMIT")
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (5,)
    lock.close()


def test_the_lock_keeps_threads_apart(path: Path) -> None:
    lock = WriteLock(path)
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lock:
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    lock.close()


@pytest.mark.parametrize("kind", ["thread", "process"])
def test_a_lock_that_is_held_too_long_is_retryable(path: Path, kind: str) -> None:
    lock = WriteLock(path, guarded=True, timeout_s=0.02)
    other = lock if kind == "thread" else WriteLock(path, guarded=True)  # another open file is as another process
    with (
        other,
        pytest.raises(Retryable, match=f"the store: .*another {kind} has been writing"),
        translated(RetryReason.STORE, "the store"),
        lock,
    ):
        pass
    with lock:
        pass
    lock.close()


def test_a_killed_holder_gives_the_lock_back(path: Path) -> None:
    script = (
        f"import time; from pathlib import Path; from newswire.sqlite import WriteLock\n"
        f"with WriteLock(Path({str(path)!r}), guarded=True): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    lock = WriteLock(path, guarded=True, timeout_s=5)
    with lock:
        pass
    lock.close()


def test_a_forked_child_does_not_hold_its_parents_lock(path: Path) -> None:
    lock, other = WriteLock(path, guarded=True), WriteLock(path, guarded=True, timeout_s=1)
    context = multiprocessing.get_context("fork")
    told, tell = context.Pipe(duplex=False)
    lock.__enter__()
    child = context.Process(target=told.recv, daemon=True)
    child.start()
    lock.close()  # as the parent's death would: the lock is never given back by its holder
    try:
        with other:
            pass
    finally:
        tell.send("end")
        child.join()
        other.close()


def test_a_database_in_memory_needs_no_file() -> None:
    lock = WriteLock(None)
    with closing(sqlite3.connect(":memory:")) as connection, lock:
        prepare(connection)
        lock.checkpoint(connection)
    lock.close()


def test_a_busy_database_is_retryable(path: Path, connection: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
        connection.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(Retryable, match=r"the log: another connection holds it \(SQLITE_BUSY: ") as caught,
            translated(RetryReason.BUS, "the log"),
        ):
            other.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    assert caught.value.reason is RetryReason.BUS


def test_a_full_disk_is_retryable_and_heals(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count=1")
    with pytest.raises(Retryable, match="the disk is full"), translated(RetryReason.STORE, "the store"):
        connection.execute("INSERT INTO t (b) VALUES (zeroblob(100000))")
    connection.execute("PRAGMA max_page_count=100000")
    connection.execute("INSERT INTO t (b) VALUES (zeroblob(100000))")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write what is read-only")
def test_a_read_only_file_is_retryable(path: Path, connection: sqlite3.Connection) -> None:
    path.chmod(0o444)
    with closing(sqlite3.connect(path)) as other, pytest.raises(Retryable), translated(RetryReason.STORE, "the store"):
        other.execute("INSERT INTO t (b) VALUES (1)")


def test_a_mistake_in_sql_is_a_bug(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="syntax error"), translated(RetryReason.BUS, "the log"):
        connection.execute("SELEC 1")
    with pytest.raises(sqlite3.IntegrityError), translated(RetryReason.BUS, "the log"):
        connection.executemany("INSERT INTO t (a) VALUES (?)", [(1,), (1,)])


@pytest.mark.parametrize("name", ["SQLITE_IOERR_WRITE", "SQLITE_BUSY_SNAPSHOT", "SQLITE_CANTOPEN", "SQLITE_PROTOCOL"])
def test_extended_codes_follow_their_primary_code(name: str) -> None:
    error = sqlite3.OperationalError("words")
    error.sqlite_errorname = name
    assert isinstance(error_for(error, RetryReason.BUS, "the log"), Retryable)


@pytest.mark.parametrize("name", ["SQLITE_CORRUPT_INDEX", "SQLITE_NOTADB", "SQLITE_MISUSE"])
def test_a_broken_file_is_not_tried_again(name: str) -> None:
    error = sqlite3.DatabaseError("words")
    error.sqlite_errorname = name
    assert error_for(error, RetryReason.BUS, "the log") is error
