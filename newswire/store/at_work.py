"""Who is at work with this store now, and what is overdue: sources and pages in hand, the alerter's lease, the last alerts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.sql import Executable

from newswire.records import MessageKind
from newswire.store.leaders import ALERTER
from newswire.store.tables import feeds, hosts, leaders, outbox, pages

_NOW: Final = bindparam("now", type_=feeds.c.next_due_at.type)
_POLLED: Final = select(func.max(feeds.c.polled_at)).where(feeds.c.configured)
_SOURCES_DUE: Final = (
    select(func.count().label("count"), func.min(feeds.c.next_due_at).label("oldest"))
    .select_from(feeds.outerjoin(hosts, hosts.c.host == feeds.c.host))
    .where(
        feeds.c.configured,
        feeds.c.gone_at.is_(None),
        feeds.c.next_due_at <= _NOW,
        feeds.c.lease_until <= _NOW,
        func.coalesce(hosts.c.down_until, 0) <= _NOW,  # a host that asked to be left alone is nobody's delay
    )
)
_PAGES_DUE: Final = (
    select(func.count().label("count"), func.min(pages.c.due_at).label("oldest"))
    .select_from(pages.outerjoin(hosts, hosts.c.host == pages.c.host))
    .where(pages.c.due_at <= _NOW, pages.c.lease_until <= _NOW, func.coalesce(hosts.c.down_until, 0) <= _NOW)
)
_PAGES: Final = select(func.count()).select_from(pages)
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
        outbox.c.alert_id,
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
    """What is due, could be done, and nobody has in hand; since when the most overdue of it (seconds since 1970 UTC)."""

    count: int
    since: float | None


@dataclass(frozen=True, slots=True)
class Lead:
    """Who is the active alerter, by its lease."""

    owner: str
    until: float  # seconds since 1970 UTC
    epoch: int


@dataclass(frozen=True, slots=True)
class LastAlert:
    """One of the last alerts as it was put in the outbox."""

    alert_id: str
    title: str
    severity: str
    receiver: str
    watchlists: tuple[str, ...]
    state: str
    reason: str | None
    at: float  # seconds since 1970 UTC: decided
    told_at: float | None


@dataclass(frozen=True, slots=True)
class AtWork:
    """Everything of this module, read in one transaction."""

    polled_at: float | None  # any source, last
    sources_due: Overdue
    pages: int  # that wait, due or not
    pages_due: Overdue
    collecting: tuple[tuple[str, int], ...]  # owner, sources in hand
    reading: tuple[tuple[str, int], ...]  # owner, pages in hand
    lead: Lead | None
    alerts: Sequence[LastAlert]  # newest first


def at_work(connection: Connection, now: float, *, alerts: int) -> AtWork:
    """Return who has what in hand at `now`, what is overdue, and the last so many alerts."""
    lead = connection.execute(_LEADER).one_or_none()
    return AtWork(
        polled_at=connection.execute(_POLLED).scalar(),
        sources_due=_overdue(connection, _SOURCES_DUE, now),
        pages=connection.execute(_PAGES).scalar_one(),
        pages_due=_overdue(connection, _PAGES_DUE, now),
        collecting=tuple((owner, many) for owner, many in connection.execute(_IN_HAND[feeds], {"now": now})),
        reading=tuple((owner, many) for owner, many in connection.execute(_IN_HAND[pages], {"now": now})),
        lead=Lead(lead.owner, lead.lease_until, lead.epoch) if lead is not None else None,
        alerts=[
            LastAlert(
                row.alert_id,
                row.title,
                row.severity,
                row.receiver,
                tuple(json.loads(row.watchlists)),
                row.state,
                row.reason,
                row.created_at,
                row.settled_at if row.state == "sent" else None,
            )
            for row in connection.execute(_LAST_ALERTS, {"most": alerts})
        ],
    )


def _overdue(connection: Connection, question: Executable, now: float) -> Overdue:
    many, oldest = connection.execute(question, {"now": now}).one()
    return Overdue(many, oldest)
