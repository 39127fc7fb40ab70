"""A lock that falls free the moment its holder is gone: who waits for a role need not wait for a dead process's lease to end.

On PostgreSQL an advisory lock of a session that is kept open (PostgreSQL 15 documentation, 13.3.5); SQLite has none.
"""

import hashlib
from typing import Final

from sqlalchemy import Connection, bindparam, func, literal, select

from newswire.errors import Retryable
from newswire.store.engine import Store
from newswire.store.failures import translated

_TAKE: Final = select(func.pg_try_advisory_lock(bindparam("key")))
_GIVE_BACK: Final = select(func.pg_advisory_unlock(bindparam("key")))
_ALIVE: Final = select(literal(1))


class SessionLock:
    """The lock of one role, for one process. Not thread-safe."""

    def __init__(self, store: Store, role: str) -> None:
        self._store = store
        self._key = int.from_bytes(hashlib.sha256(f"newswire {role}".encode()).digest()[:8], signed=True)
        self._session: Connection | None = None
        self._held = False

    def held(self) -> bool:
        """Return whether the lock is ours now, taking it where it is free; False also where the database does not answer."""
        try:
            with translated():
                return self._ask()
        except Retryable:
            self.close()
            return False

    def close(self) -> None:
        """Give the lock back; `held` takes it anew."""
        session, self._session, self._held, held = self._session, None, False, self._held
        if session is None:
            return
        try:
            if held and not session.invalidated:  # a session that is only closed keeps its locks until the server has noticed
                with translated():
                    session.execute(_GIVE_BACK, {"key": self._key})
        except Retryable:
            pass  # it ended, and its locks with it
        finally:
            session.close()

    def _ask(self) -> bool:
        if self._session is None:
            self._session = self._store.session()
            if self._session is None:
                return False
        if self._held:
            self._session.execute(_ALIVE)  # taken twice, it would have to be given back twice
        else:
            self._held = bool(self._session.execute(_TAKE, {"key": self._key}).scalar())
        return self._held
