"""How each configured source fares against its own past: when it was last read, and how often it used to bring something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from newswire.store.tables import feeds, seen

_SOURCES: Final = select(
    feeds.c.source_id,
    feeds.c.url,
    feeds.c.host,
    feeds.c.interval_s,
    feeds.c.reason,
    feeds.c.failures,
    feeds.c.polled_at,
    feeds.c.succeeded_at,
    feeds.c.gone_at,
).where(feeds.c.configured)
_ARRIVALS: Final = select(
    seen.c.source_id,
    func.count(seen.c.first_seen_at.distinct()).label("moments"),
    func.min(seen.c.first_seen_at).label("first"),
    func.max(seen.c.first_seen_at).label("newest"),
).group_by(seen.c.source_id)


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What the store knows of a source. Times are seconds since 1970 UTC."""

    source_id: str
    url: str
    host: str
    interval_s: float
    reason: str | None  # FetchReason or ParseReason of the last poll
    failures: int  # in a row
    polled_at: float | None
    succeeded_at: float | None
    gone_at: float | None
    moments: int  # at which something new was found, as far as it is still listed; a first poll is one
    first_at: float | None  # of these moments
    newest_at: float | None


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When a source brought something new, as far as it is still listed."""

    moments: int
    first_at: float
    newest_at: float


def arrivals_of(connection: Connection) -> dict[str, Arrivals]:
    """Return when each source brought something, by its id. Reads all marks of what was seen: not to be asked many times a minute."""
    return {row.source_id: Arrivals(row.moments, row.first, row.newest) for row in connection.execute(_ARRIVALS)}


def source_health(connection: Connection, arrivals: Mapping[str, Arrivals] | None = None) -> Sequence[SourceHealth]:
    """Return how every configured source fares; quickly where `arrivals` are given, which may be some minutes old."""
    if arrivals is None:
        arrivals = arrivals_of(connection)
    return [
        SourceHealth(
            source_id=row.source_id,
            url=row.url,
            host=row.host,
            interval_s=row.interval_s,
            reason=row.reason,
            failures=row.failures,
            polled_at=row.polled_at,
            succeeded_at=row.succeeded_at,
            gone_at=row.gone_at,
            moments=came.moments if (came := arrivals.get(row.source_id)) is not None else 0,
            first_at=came.first_at if came is not None else None,
            newest_at=came.newest_at if came is not None else None,
        )
        for row in connection.execute(_SOURCES)
    ]
