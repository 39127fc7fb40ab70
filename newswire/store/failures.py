"""Which failures of a database pass by themselves, or are healed by an operator without a restart: the one table for both dialects."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from newswire.errors import Retryable
from newswire.outcomes import RetryReason
from newswire.sqlite import error_for

_STORE: Final = "the store"

_HEALS: Final = {
    "08": "the connection to the database was lost",
    "40": "another transaction was in the way",  # serialization failure, deadlock
    "53": "the database is short of disk, memory or connections",
    "55": "another transaction holds what is needed",  # lock_not_available
    "57": "the database is shutting down or cancelled the statement",
    "58": "the database met an error of its system",
    "25P03": "the transaction did nothing for too long",
    "25006": "the database is read-only (a standby?)",
}
"""SQLSTATE, or its class (two characters), of what PostgreSQL answers when the same call may succeed later."""


_REFUSALS: Final = (
    (re.compile("password authentication failed|no password supplied"), "the user and password of NEWSWIRE_STORE must be right"),
    (
        re.compile('role "[^"]*" does not exist|is not permitted to log in'),
        "NEWSWIRE_STORE must name a user of that server, who may log in",
    ),
    (re.compile('database "[^"]*" does not exist'), "NEWSWIRE_STORE must name a database that is there: createdb makes one"),
    (re.compile("no pg_hba.conf entry"), "pg_hba.conf of that server must let this machine in"),
    (
        re.compile("certificate verify failed|server certificate for .* does not match"),
        "sslrootcert of NEWSWIRE_STORE must be its authority",
    ),
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a database says when it is busy, full or gone into `Retryable`; every other error passes as it is: a bug.

    Raises:
        Retryable: the same transaction may succeed later; nothing of it was committed.

    """
    try:
        yield
    except (DBAPIError, sqlite3.Error, PoolTimeoutError) as error:
        meant = _meaning(error)
        if meant is None:
            raise
        raise meant from error


def _meaning(error: Exception) -> Retryable | None:
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        mapped = error_for(original, RetryReason.STORE, _STORE)
        return mapped if isinstance(mapped, Retryable) else None
    state = str(getattr(original, "sqlstate", None) or "")
    meaning = _HEALS.get(state) or _HEALS.get(state[:2])
    if not state and isinstance(error, OperationalError):  # the driver says it itself: there is no connection, and so no SQLSTATE
        meaning = f"no connection to the database: {_first_line(original)}"
    if meaning is None and isinstance(error, PoolTimeoutError):
        meaning = "no connection came free"
    if meaning is None and isinstance(error, DBAPIError) and error.connection_invalidated:
        meaning = _HEALS["08"]
    return None if meaning is None else Retryable(RetryReason.STORE, f"{_STORE}: {meaning}" + (f" ({state})" if state else ""))


def postgresql_misuse(error: DatabaseError) -> str | None:
    """Return what is to be put right before PostgreSQL can serve as the store; None where that is not what the error tells."""
    state = getattr(error.orig, "sqlstate", "no driver of PostgreSQL")
    if state == "42501":
        return f"its user may not do what Newswire must ({_first_line(error.orig)}); GRANT CREATE, USAGE ON SCHEMA public TO that user"
    if state is None and isinstance(error, ProgrammingError):
        return _first_line(error.orig)  # a query of the URL that the driver does not know
    return None


def postgresql_refusal(error: BaseException | None) -> str | None:
    """Return what a person has to put right before PostgreSQL lets us in; None where waiting may help.

    Told by the server's words, for its driver knows no SQLSTATE of what fails while connecting. A server that speaks another language
    than English is waited for, and its words are said.
    """
    words = _first_line(error.orig) if isinstance(error, DBAPIError) else ""
    return next((f"{words}; {right}" for refusal, right in _REFUSALS if refusal.search(words)), None)


def _first_line(error: BaseException | None) -> str:
    return next(iter(str(error).splitlines()), "")[:300]
