import sqlite3

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from newswire.errors import Retryable
from newswire.outcomes import RetryReason
from newswire.store.failures import translated


class DriverError(Exception):
    """What psycopg raises: an exception with PostgreSQL's five characters."""

    def __init__(self, state: str | None) -> None:
        super().__init__("could not connect to desk:canary@db")
        self.sqlstate = state


def meaning(error: Exception) -> Exception:
    with pytest.raises((type(error), Retryable)) as caught, translated():
        raise error
    return caught.value


def of_sqlite(name: str) -> DBAPIError:
    original = sqlite3.OperationalError("as SQLite says it")
    original.sqlite_errorname = name
    return OperationalError("INSERT …", {}, original)


def of_postgresql(state: str | None, *, lost: bool = False) -> DBAPIError:
    return DBAPIError("INSERT …", {}, DriverError(state), connection_invalidated=lost)


@pytest.mark.parametrize(
    "error",
    [
        *(of_sqlite(name) for name in ("SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR_WRITE")),
        *(of_postgresql(state) for state in ("08006", "40001", "40P01", "53100", "53300", "55P03", "57P01", "57P03", "58030", "25006")),
        of_postgresql(None, lost=True),
        PoolTimeoutError("QueuePool limit reached"),
    ],
    ids=str,
)
def test_what_passes_by_itself_is_retryable(error: Exception) -> None:
    meant = meaning(error)
    assert isinstance(meant, Retryable)
    assert meant.reason is RetryReason.STORE
    assert meant.__cause__ is error
    assert "canary" not in str(meant)


@pytest.mark.parametrize(
    "error",
    [
        of_sqlite("SQLITE_CONSTRAINT"),
        of_sqlite("SQLITE_ERROR"),
        of_postgresql("23505"),
        of_postgresql("42P01"),
        of_postgresql("25P02"),
        KeyError("x"),
    ],
    ids=str,
)
def test_everything_else_is_a_bug_and_stays_as_it_is(error: Exception) -> None:
    assert meaning(error) is error
