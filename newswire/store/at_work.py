"""Who is at work with this store now, and what is overdue: sources and pages in hand, the alerter's lease, the last alerts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from newswire.outcomes import SendState
from newswire.records import MessageKind
from newswire.store import feeds as feed_state
from newswire.store import pages as pages_due
from newswire.store.leaders import ALERTER
from newswire.store.tables import feeds, leaders, outbox, pages

_HEARERS: Final = 8  # of one alert, as a rule fewer: so many rows are read for each
_NOW: Final = bindparam("now", type_=feeds.c.next_due_at.type)
_POLLED: Final = select(func.max(feeds.c.polled_at)).where(feeds.c.configured)
_IN_HAND: Final = {
    table: select(table.c.lease_owner.label("owner"), func.count().label("count"))
    .where(table.c.lease_until > _NOW, table.c.lease_owner.is_not(None))
    .group_by(table.c.lease_owner)
    .order_by(table.c.lease_owner)
    for table in (feeds, pages)
}
_LEADER: Final = select(leaders.c.owner, leaders.c.lease_until, leaders.c.epoch).where(leaders.c.role == ALERTER)
_LAST_ALERTS: Final = (
    select(
        outbox.c.story_id,
        outbox.c.title,
        outbox.c.severity,
        outbox.c.receiver,
        outbox.c.watchlists,
        outbox.c.state,
        outbox.c.reason,
        outbox.c.created_at,
        outbox.c.settled_at,
    )
    .where(outbox.c.kind == MessageKind.PARENT.value)
    .order_by(outbox.c.row_id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Overdue:
    """Sources that are due, could be polled, and that nobody has in hand; since when the most overdue of them (seconds since 1970 UTC)."""

    count: int
    since: float | None


@dataclass(frozen=True, slots=True)
class Lead:
    """Who is the active alerter, by its lease."""

    owner: str
    until: float  # seconds since 1970 UTC
    epoch: int


@dataclass(frozen=True, slots=True)
class Hearer:
    """A receiver of an alert, how its row stands, and why; when it was told (seconds since 1970 UTC)."""

    name: str
    state: str  # SendState
    reason: str | None
    told_at: float | None


@dataclass(frozen=True, slots=True)
class LastAlert:
    """One of the last alerts as it was put in the outbox, with all who are to hear it."""

    story_id: str
    title: str
    severity: str
    watchlists: tuple[str, ...]
    at: float  # seconds since 1970 UTC: decided
    hearers: tuple[Hearer, ...]


@dataclass(frozen=True, slots=True)
class AtWork:
    """Everything of this module, read in one transaction."""

    polled_at: float | None  # any source, last
    sources_due: Overdue
    pages: int  # that wait, due or not
    pages_due_since: float | None  # the page that has been due for longest, and could be fetched
    collecting: tuple[tuple[str, int], ...]  # owner, sources in hand
    reading: tuple[tuple[str, int], ...]  # owner, pages in hand
    lead: Lead | None
    alerts: Sequence[LastAlert]  # newest first


def at_work(connection: Connection, now: float, *, alerts: int) -> AtWork:
    """Return who has what in hand at `now`, what is overdue, and the last so many alerts."""
    lead = connection.execute(_LEADER).one_or_none()
    return AtWork(
        polled_at=connection.execute(_POLLED).scalar(),
        sources_due=Overdue(*feed_state.overdue(connection, now)),
        pages=pages_due.waiting(connection)[0],
        pages_due_since=pages_due.free_since(connection, now),
        collecting=tuple((owner, many) for owner, many in connection.execute(_IN_HAND[feeds], {"now": now})),
        reading=tuple((owner, many) for owner, many in connection.execute(_IN_HAND[pages], {"now": now})),
        lead=Lead(lead.owner, lead.lease_until, lead.epoch) if lead is not None else None,
        alerts=_last_alerts(connection, alerts),
    )


def _last_alerts(connection: Connection, most: int) -> list[LastAlert]:
    """Return the newest alerts; rows of one story are one alert."""
    found: dict[str, LastAlert] = {}
    for row in connection.execute(_LAST_ALERTS, {"most": most * _HEARERS}):
        hearer = Hearer(row.receiver, row.state, row.reason, row.settled_at if row.state == SendState.SENT else None)
        if (known := found.get(row.story_id)) is not None:
            found[row.story_id] = replace(known, hearers=(hearer, *known.hearers))
        elif len(found) < most:
            watchlists = tuple(json.loads(row.watchlists))
            found[row.story_id] = LastAlert(row.story_id, row.title, row.severity, watchlists, row.created_at, (hearer,))
    return list(found.values())
