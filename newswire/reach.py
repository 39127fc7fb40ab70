"""Whether the servers that a process stands on answer: what `/readyz` has to know where no other worker happens to need them.

Reads: one question to the bus, one to the store.
Never: writes, or waits long for an answer.
"""

from typing import Final

from sqlalchemy import literal, select

from newswire.bus import Bus
from newswire.store import Store

LOOK_S: Final = 2.0

_QUESTION: Final = select(literal(1))


class ReachWorker:
    """Asks both again and again. Its failures are its answer: the service is not ready while it fails."""

    name = "reach"

    def __init__(self, *, bus: Bus, store: Store) -> None:
        self._bus, self._store = bus, store

    def step(self) -> float:
        with self._store.read() as connection:
            connection.execute(_QUESTION)
        self._bus.ping()
        return LOOK_S

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing."""
