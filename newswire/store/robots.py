"""What each host's robots.txt said last, shared by all processes. The columns stand in `hosts`; `newswire.store.hosts` has the rest of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select

from newswire.store.tables import hosts
from newswire.store.upsert import upsert

_OF_HOSTS: Final = select(hosts.c.host, hosts.c.robots, hosts.c.robots_reason, hosts.c.robots_until, hosts.c.crawl_delay_s).where(
    hosts.c.host.in_(bindparam("names", expanding=True)), hosts.c.robots_reason.is_not(None)
)


@dataclass(frozen=True, slots=True)
class RobotsRow:
    """`reason` is the FetchReason of the last fetch; it holds until `until` (seconds since 1970 UTC)."""

    text: str
    reason: str
    until: float
    delay_s: float | None = None


def of_hosts(connection: Connection, names: Iterable[str]) -> dict[str, RobotsRow]:
    """Return what is known, fresh or stale, by host."""
    rows = connection.execute(_OF_HOSTS, {"names": list(names)})
    return {row.host: RobotsRow(row.robots or "", row.robots_reason, row.robots_until, row.crawl_delay_s) for row in rows}


def keep(connection: Connection, learned: Mapping[str, RobotsRow]) -> None:
    """Write what was learned, by host."""
    rows = [
        {"host": host, "robots": row.text, "robots_reason": row.reason, "robots_until": row.until, "crawl_delay_s": row.delay_s}
        for host, row in learned.items()
    ]
    if rows:
        upsert(connection, hosts, rows, ("host",), update=("robots", "robots_reason", "robots_until", "crawl_delay_s"))
