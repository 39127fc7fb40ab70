"""How Newswire opens and writes any SQLite file: the embedded bus and the store do it in this one way.

::

    lock = WriteLock(path)                      # one for each database, shared by all threads; None for a database in memory
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    prepare(connection)                         # WAL, synchronous=FULL, busy timeout, no mmap

    with translated(RetryReason.STORE, "the store"), lock:    # sqlite3.Error → Retryable, or as it was (a bug)
        connection.execute("BEGIN IMMEDIATE")
        ...
        connection.execute("COMMIT")
        lock.checkpoint(connection)             # after the transaction, before the lock is given back; cheap when not due

Readers take no lock: a write transaction and a checkpoint do. Behind SQLAlchemy the driver's error is `error.orig`; hand it to `error_for`.

Why a lock of our own: SQLite 3.7.0 to 3.51.2 can corrupt a database, very rarely, when one connection commits and resets the WAL while
another runs a checkpoint just after a complete one (https://sqlite.org/wal.html#walresetbug). On those versions automatic checkpoints
are off, and one file lock stands around every write transaction and every checkpoint, so that the two never meet. The lock is
`<database>.lock` (`newswire.filelock`): the kernel gives it back when its holder dies, however it dies.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

from newswire.errors import Retryable
from newswire.filelock import FileLock
from newswire.outcomes import RetryReason

WAL_RESET_BUG: Final = (3, 7, 0) <= sqlite3.sqlite_version_info < (3, 51, 3)
"""Whether the SQLite that Python loaded can corrupt a WAL; `newswire check` warns where it is true."""

BUSY_TIMEOUT_S: Final = 10.0
WAL_DUE_BYTES: Final = 4 << 20  # SQLite's own default: 1,000 pages
WAL_STEP_BYTES: Final = 1 << 20  # while a reader holds the WAL back, look again after so much more
WAL_PRESSED_BYTES: Final = 64 << 20  # now wait a moment for readers rather than let it grow

_HEALS: Final = {
    "SQLITE_BUSY": "another connection holds it",
    "SQLITE_LOCKED": "another connection holds it",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR": "the disk gave an input/output error (is it full?)",
    "SQLITE_CANTOPEN": "it cannot be opened (permissions, a full disk, too many open files?)",
    "SQLITE_READONLY": "it is read-only (permissions, or a file system mounted so?)",
    "SQLITE_NOMEM": "memory ran out",
    "SQLITE_PROTOCOL": "too many processes open it at once",
}
"""Primary result codes that pass, or that an operator heals without a restart; everything else is a bug or a broken file."""


def prepare(connection: sqlite3.Connection) -> None:
    """Set a new connection up: explicit transactions, WAL, every commit on the disk before it returns, a bounded wait for others."""
    connection.isolation_level = None  # BEGIN IMMEDIATE and COMMIT are said where they happen
    connection.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")
    _use_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA mmap_size=0")
    # The WAL is cut when it starts anew, so that its size says what is in it.
    connection.execute("PRAGMA journal_size_limit=0")
    if WAL_RESET_BUG:
        connection.execute("PRAGMA wal_autocheckpoint=0")


def _use_wal(connection: sqlite3.Connection) -> None:
    # Two that open a new file at once can meet here, and SQLite does not wait for every lock that the change needs.
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() >= deadline:
                raise
            time.sleep(0.005)
        else:
            return


class WriteLock:
    """Keeps write transactions and checkpoints of one database apart, across threads and processes. Not re-entrant.

    `path` is None for a database in memory: then it keeps threads apart only. `guarded` is a parameter for the tests' sake.
    """

    def __init__(self, path: Path | None, *, guarded: bool = WAL_RESET_BUG, timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._thread = threading.Lock()  # flock belongs to the open file, so it does not keep threads that share it apart
        self._file: FileLock | None = None
        self._checkpointed_bytes = 0
        if path is not None and guarded:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = FileLock(Path(f"{path}.lock"))

    def __enter__(self) -> None:
        deadline = time.monotonic() + self._timeout_s
        if not self._thread.acquire(timeout=self._timeout_s):
            raise self._busy("thread")
        try:
            self._take_file(deadline)
        except BaseException:
            self._thread.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.release()
        self._thread.release()

    def checkpoint(self, connection: sqlite3.Connection) -> None:
        """Move the WAL into the database where it has grown enough; call it with the lock held and no transaction open.

        Readers are never made to wait. A reader that holds the WAL back is waited for, a tenth of a second, only past 64 MiB.
        """
        size = self._wal_bytes()
        if size < WAL_DUE_BYTES:
            self._checkpointed_bytes = 0
            return
        if 0 <= size - self._checkpointed_bytes < WAL_STEP_BYTES:
            return
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            if size >= WAL_PRESSED_BYTES:
                connection.execute("PRAGMA busy_timeout=100")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError:
            # What was committed is in the WAL and safe: a checkpoint that fails (a full disk) is tried again later.
            pass
        finally:
            connection.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")
        self._checkpointed_bytes = self._wal_bytes()

    def close(self) -> None:
        """Release the lock file; the lock is not to be used again."""
        if self._file is not None:
            self._file.close()

    def _take_file(self, deadline: float) -> None:
        pause_s = 0.0002
        while self._file is not None and not self._file.take():
            if time.monotonic() >= deadline:
                raise self._busy("process")
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 0.005)

    def _busy(self, who: str) -> sqlite3.OperationalError:
        error = sqlite3.OperationalError(f"another {who} has been writing to {self._path} for {self._timeout_s:g} s")
        error.sqlite_errorname = "SQLITE_BUSY"
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        return error

    def _wal_bytes(self) -> int:
        try:
            return Path(f"{self._path}-wal").stat().st_size if self._path is not None else 0
        except FileNotFoundError:
            return 0


def error_for(error: sqlite3.Error, reason: RetryReason, what: str) -> Exception:
    """Return the `Retryable` that a driver's error stands for, or the error itself where it is a bug or a broken file."""
    name: str = getattr(error, "sqlite_errorname", "")
    for primary, meaning in _HEALS.items():
        if name == primary or name.startswith(primary + "_"):
            return Retryable(reason, f"{what}: {meaning} ({name}: {error})")
    return error


@contextlib.contextmanager
def translated(reason: RetryReason, what: str) -> Iterator[None]:
    """Turn driver errors that heal into `Retryable`, with `what` (a database, in words) in the message.

    Raises:
        Retryable: the database is busy, full or cannot be reached now.

    """
    try:
        yield
    except sqlite3.Error as error:
        meant = error_for(error, reason, what)
        if meant is error:
            raise
        raise meant from error
