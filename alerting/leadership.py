"""One alerter is active; the others stand by. The role is a lease in the store, fenced by an epoch inside each transaction."""

import threading
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import Connection

from newswire.clock import Clock
from newswire.errors import Fenced, Retryable
from newswire.metrics import Metrics
from newswire.service import Worker
from newswire.store import Store, leaders

ROLE: Final = leaders.ALERTER
LEASE_S: Final = 10.0
"""One that hangs, or was stopped, is followed when this has passed since it renewed, and those who stand by have asked: within 15 s."""
STANDBY_S: Final = 1.0
_RENEWED: Final = 1 / 5  # of the lease, so often
_DEAD: Final = 1 / 3  # of the lease: not renewed for so long, and not present, is dead


class Leadership(Protocol):
    """What a worker of the active alerter asks. Thread-safe."""

    def leading(self) -> bool:
        """Return whether this process is the active alerter, taking the role where it is free."""
        ...

    def check(self, connection: Connection) -> int:
        """Return the epoch in which the role is still ours, inside the caller's write transaction.

        Raises:
            Fenced: another process is the alerter now.

        """
        ...

    def resign(self) -> None:
        """Give the role up for good, so that another need not wait for the lease to end."""
        ...


class Presence(Protocol):
    """A lock that its holder's death gives back at once."""

    def held(self) -> bool:
        """Return whether the lock is ours now, taking it where it is free."""
        ...

    def close(self) -> None:
        """Give the lock back."""
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    epoch: int
    renew_at: float  # monotonic
    ends_at: float  # likewise: from then on another may lead


class StoreLeadership:
    """The lease in the store, renewed when a fifth of it has passed.

    With a `presence`, which the active one holds as long as it lives, a dead one is followed within a third of the lease. The lease alone
    decides where the active one hangs and its lock stays: then it is followed when the lease ends.
    """

    def __init__(
        self, *, store: Store, clock: Clock, metrics: Metrics, owner: str, lease_s: float = LEASE_S, presence: Presence | None = None
    ) -> None:
        self._store, self._clock, self._metrics, self._owner, self._lease_s = store, clock, metrics, owner, lease_s
        self._presence = presence
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._ask_at = 0.0
        self._resigned = False
        self._seen: tuple[float | None, float] = (None, 0.0)  # the end of another's lease, and since when (monotonic) it stands so

    def leading(self) -> bool:
        with self._lock:
            now = self._clock.monotonic()
            if self._held is not None and now < self._held.renew_at:
                return True
            if self._resigned or (self._held is None and now < self._ask_at):
                return False
            epoch, ends_at = self._taken(now)
            if ends_at != self._seen[0]:
                self._seen = (ends_at, now)
            self._ask_at = now + STANDBY_S
            self._held = None if epoch is None else _Held(epoch, now + self._lease_s * _RENEWED, now + self._lease_s)
            if self._held is None:
                self._metrics.stands_by()
            else:
                self._metrics.active.set(1)
            return self._held is not None

    def _taken(self, now: float) -> tuple[int | None, float | None]:
        """Return our epoch, or None and the end of another's lease."""
        present = self._presence is not None and self._presence.held()
        try:
            with self._store.begin() as connection:
                at = self._clock.now().timestamp()
                epoch = leaders.take(connection, ROLE, self._owner, at, self._lease_s, stale=self._stale(now, alone=present))
                return epoch, leaders.lease_until(connection, ROLE) if epoch is None else None
        except Retryable:
            if self._held is not None and now >= self._held.ends_at:
                self._metrics.stands_by()  # the role is still ours where nobody took it, but what we showed is no longer so
            raise

    def _stale(self, now: float, *, alone: bool) -> float | None:
        """Return the end of another's lease where it is dead: not renewed for as long as it lasts (its clock was set back, or ours), or `alone`,
        as the one who holds the presence is, for a part of that.
        """
        ends_at, since = self._seen
        return ends_at if now - since > self._lease_s * (_DEAD if alone else 1) else None

    def check(self, connection: Connection) -> int:
        held = self._held
        if held is None:
            raise Fenced("this process is not the active alerter")
        try:
            leaders.holds(connection, ROLE, self._owner, held.epoch)
        except Fenced:
            # Several threads ask. One that looked in an old epoch takes nothing from another that leads anew by now; the lock cannot be
            # taken here, as who holds it may wait for the caller's transaction.
            if self._held is held:
                self._held = None
                self._metrics.stands_by()
            raise
        return held.epoch

    def resign(self) -> None:
        with self._lock:
            held, self._held, self._resigned = self._held, None, True
            self._metrics.stands_by()
            if self._presence is not None:
                self._presence.close()
            if held is not None:
                with self._store.begin() as connection:
                    leaders.release(connection, ROLE, self._owner, held.epoch)


class LeaderGate:
    """A worker that works only while this process is the active alerter.

    A member that stands by leaves the consumer group, so that on a cluster all partitions are the active alerter's.
    """

    def __init__(self, worker: Worker, *, leadership: Leadership) -> None:
        self.name = worker.name
        self._worker, self._leadership = worker, leadership
        self._joined = False

    def step(self) -> float:
        if not self._leadership.leading():
            if self._joined:
                self._joined = False
                self._worker.close()
            return STANDBY_S
        self._joined = True
        return self._worker.step()

    def idle(self) -> bool:
        return self._worker.idle()

    def close(self) -> None:
        self._worker.close()
        self._leadership.resign()
