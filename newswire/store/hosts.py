"""Politeness, one row a host, shared by feeds, pages and redirects, whichever process dials.

The host is the URL's host name, with the port where that is not the scheme's own (`newswire.guard.host_key`).
The robots columns of the same rows belong to `newswire.store.robots`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, update

from newswire.clock import Clock
from newswire.store.engine import Store
from newswire.store.tables import hosts
from newswire.store.upsert import upsert

RETRY_AFTER_CAP_S: Final = 86_400.0
BACKOFF_CAP_S: Final = 3_600.0
BACKOFF_SPACINGS: Final = 15.0
"""The second failure in a row holds a host back for so many spacings, each later one for twice as long."""

ASK_AGAIN_S: Final = 0.5
"""How soon to ask again for a slot that somebody holds: it is given back at any moment, not when the hold would run out."""

FORGET_AFTER_S: Final = 14 * 86_400.0
_FORGET_EVERY_S: Final = 3_600.0
_FORGOTTEN_AT_ONCE: Final = 1_000

_ROWS: Final = (
    select(hosts.c.host, hosts.c.next_at, hosts.c.owner, hosts.c.held_until, hosts.c.down_until, hosts.c.failures, hosts.c.crawl_delay_s)
    .where(hosts.c.host.in_(bindparam("names", expanding=True)))
    .order_by(hosts.c.host)  # all processes lock in one order, so that none waits for another in a ring
    .with_for_update()  # nothing on SQLite, where the write transaction is the lock
)
_WRITE: Final = (
    update(hosts)
    .where(hosts.c.host == bindparam("name"))
    .values(
        owner=bindparam("holder"),
        held_until=bindparam("held"),
        next_at=bindparam("next"),
        down_until=bindparam("down"),
        failures=bindparam("count"),
    )
)
_HOLD_BACK: Final = (
    update(hosts).where(hosts.c.host == bindparam("name"), hosts.c.next_at < bindparam("until")).values(next_at=bindparam("until"))
)
_NEW_ROW: Final = {"next_at": 0.0, "held_until": 0.0, "down_until": 0.0, "failures": 0, "robots_until": 0.0}
IS_BUSY: Final = or_(
    hosts.c.next_at > bindparam("now"),
    hosts.c.down_until > bindparam("now"),
    hosts.c.held_until > bindparam("now"),
)

"""Whether nobody may ask the host at `:now`; for the lease query of feeds."""

BUSY_HOSTS: Final = select(hosts.c.host).where(IS_BUSY)

_IDLE: Final = and_(
    hosts.c.next_at < bindparam("before"),
    hosts.c.held_until < bindparam("before"),
    hosts.c.down_until < bindparam("before"),
    hosts.c.robots_until < bindparam("before"),
)
_FORGET: Final = delete(hosts).where(hosts.c.host.in_(select(hosts.c.host).where(_IDLE).limit(_FORGOTTEN_AT_ONCE)))


@dataclass(frozen=True, slots=True)
class Host:
    """What the store knows of one host. Times are seconds since 1970 UTC."""

    next_at: float = 0.0
    owner: str | None = None
    held_until: float = 0.0
    down_until: float = 0.0
    failures: int = 0  # in a row
    asks_s: float | None = None  # the spacing that its robots.txt asks for


@dataclass(frozen=True, slots=True)
class Pace:
    """How hosts are treated. With a spacing of 0 (tests, benchmarks) any number may be in flight at a host and no failure holds it back."""

    spacing_s: float
    hold_s: float = 60.0  # longer than the longest deadline of a fetch; ends by itself where its holder died

    def spacing_of(self, host: Host) -> float:
        """Return the seconds between two requests to this host: its own wish where that is longer."""
        return max(self.spacing_s, host.asks_s or 0.0) if self.spacing_s > 0 else 0.0


def wait_s(host: Host, pace: Pace, now: float) -> float:
    """Return 0 where a request may start now, else the seconds to wait before asking again."""
    # Where the machine's clock jumped back, what was written before the jump must not hold a host for longer than it ever could.
    down_s = max(min(host.down_until - now, RETRY_AFTER_CAP_S), min(host.next_at - now, pace.spacing_of(host)))
    if down_s > 0:
        return down_s
    if pace.spacing_s > 0 and host.owner is not None and host.held_until > now:
        return min(host.held_until - now, max(pace.spacing_s, ASK_AGAIN_S))
    return 0.0


def held(host: Host, owner: str, pace: Pace, now: float) -> Host:
    """Return the host with its slot taken."""
    if pace.spacing_s <= 0:
        return host
    return replace(host, owner=owner, held_until=now + pace.hold_s)


def freed(host: Host, owner: str, pace: Pace, now: float, *, retry_after_s: float | None, failed: bool) -> Host:
    """Return the host after a request of this owner's ended. What its server asked for counts also where the hold had run out meanwhile."""
    failures = host.failures + 1 if failed else 0
    down_until = host.down_until if host.down_until > now else 0.0
    if retry_after_s is not None:
        down_until = max(down_until, now + min(max(retry_after_s, 0.0), RETRY_AFTER_CAP_S))
    elif failures > 1:
        down_until = max(down_until, now + min(pace.spacing_s * BACKOFF_SPACINGS * 2.0 ** min(failures - 2, 30), BACKOFF_CAP_S))
    ours = host.owner is None or host.owner == owner
    return replace(
        host,
        next_at=now + pace.spacing_of(host),
        owner=None if ours else host.owner,
        held_until=0.0 if ours else host.held_until,
        down_until=down_until,
        failures=failures,
    )


def read_hosts(connection: Connection, names: Iterable[str]) -> dict[str, Host]:
    """Return the known ones among these hosts, locked until the end of the transaction."""
    return {row[0]: Host(*row[1:]) for row in connection.execute(_ROWS, {"names": sorted(set(names))})}


def write_hosts(connection: Connection, before: Mapping[str, Host], after: Mapping[str, Host]) -> None:
    """Write the hosts that changed; all of them have a row."""
    changed = [
        {
            "name": name,
            "holder": host.owner,
            "held": host.held_until,
            "next": host.next_at,
            "down": host.down_until,
            "count": host.failures,
        }
        for name, host in sorted(after.items())
        if host != before.get(name)
    ]
    if changed:
        connection.execute(_WRITE, changed)


def hold_back(connection: Connection, host: str, until: float) -> None:
    """Let nothing be asked of the host before then."""
    connection.execute(_HOLD_BACK, {"name": host, "until": until})


def busy_hosts(connection: Connection, now: float) -> set[str]:
    """Return the hosts that nobody may ask at `now`."""
    return set(connection.execute(BUSY_HOSTS, {"now": now}).scalars())


def forget(connection: Connection, now: float) -> int:
    """Drop hosts that nothing was asked of for two weeks, some at a time; return how many."""
    return connection.execute(_FORGET, {"before": now - FORGET_AFTER_S}).rowcount


class StoreSlots:
    """`HostSlots` over the store: exact across processes, since each decision is made inside the transaction that writes it."""

    def __init__(self, *, store: Store, clock: Clock, owner: str, spacing_s: float, hold_s: float = 60.0) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self._pace = Pace(spacing_s, hold_s)
        self._forgot_at = 0.0

    def acquire(self, host: str) -> float:
        """Return 0 where the slot is ours now, else the seconds to wait before asking again."""
        return self.settle([host], [])[0]

    def release(self, host: str, *, retry_after_s: float | None = None, failed: bool = False) -> None:
        """Give the slot back; the next request may start after the spacing, after `retry_after_s`, or after a back-off."""
        self.settle([], [(host, retry_after_s, failed)])

    def settle(self, acquires: Sequence[str], releases: Sequence[tuple[str, float | None, bool]]) -> list[float]:
        """Do the releases, then the acquires, in one transaction; return the waits of the acquires, in their order."""
        now = self._clock.now().timestamp()
        names = {*acquires, *(name for name, _, _ in releases)}
        waits: list[float] = []
        with self._store.begin() as connection:
            before = read_hosts(connection, names)
            if missing := names - before.keys():
                upsert(connection, hosts, [_NEW_ROW | {"host": name} for name in sorted(missing)], ("host",))
                before |= read_hosts(connection, missing)
            after = dict(before)
            for name, retry_after_s, failed in releases:
                after[name] = freed(after[name], self._owner, self._pace, now, retry_after_s=retry_after_s, failed=failed)
            for name in acquires:
                waits.append(wait := wait_s(after[name], self._pace, now))
                if wait <= 0:
                    after[name] = held(after[name], self._owner, self._pace, now)
            write_hosts(connection, before, after)
            if now - self._forgot_at > _FORGET_EVERY_S:
                self._forgot_at = now
                forget(connection, now)
        return waits
