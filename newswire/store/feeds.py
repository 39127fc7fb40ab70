"""Feed state: which source is due, who polls it now, and what its last poll left for the next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import Connection, and_, bindparam, exists, func, literal_column, select, update

from newswire.store.hosts import IS_BUSY
from newswire.store.tables import feeds, hosts
from newswire.store.upsert import upsert

HOST_PATIENCE_S: Final = 60.0
"""A host that is held back longer than this is not waited for where work is to come to an end."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """What a poll leaves behind for the next. Times are seconds since 1970 UTC."""

    source_id: str
    host: str
    interval_s: float
    next_due_at: float
    learned_url: str | None = None
    redirect_target: str | None = None
    redirect_count: int = 0
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    failures: int = 0
    first_read_at: float | None = None
    polled_at: float | None = None
    succeeded_at: float | None = None
    outcome: str | None = None
    reason: str | None = None
    detail: str | None = None
    entries: int = 0
    gone_at: float | None = None


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A configured source that may not have a row yet; `due_within_s` brings an existing row forward, never back."""

    source_id: str
    url: str
    host: str
    interval_s: float
    due_within_s: float | None = None


_STATE: Final = tuple(FeedState.__dataclass_fields__)
_STATE_COLUMNS: Final = [feeds.c[name] for name in _STATE]

_KNOWN: Final = select(feeds.c.source_id, feeds.c.configured, feeds.c.next_due_at, feeds.c.failures)
_TAKE_OUT: Final = update(feeds).where(feeds.c.source_id == bindparam("id")).values(configured=False)
_PUT_BACK: Final = (
    # Whoever puts an address back wants it asked now, also one that once said 410: there is no other way back from that.
    update(feeds).where(feeds.c.source_id == bindparam("id")).values(configured=True, gone_at=None, next_due_at=bindparam("due_at"))
)
_BRING_FORWARD: Final = update(feeds).where(feeds.c.source_id == bindparam("id")).values(next_due_at=bindparam("due_at"))

_LIVE: Final = and_(feeds.c.configured, feeds.c.gone_at.is_(None))
_DUE: Final = and_(_LIVE, feeds.c.next_due_at <= bindparam("due_before"))
_REFUSING: Final = select(hosts.c.host).where(hosts.c.down_until > bindparam("patience_ends_at"))
_WINDOW: Final = 2_000
"""How many of the oldest due sources one look takes in, so that its cost does not grow with what waits."""

_IS_LEASED: Final = and_(feeds.c.lease_until > literal_column("0"), feeds.c.lease_until > bindparam("now"))  # as the index is written
_LEASED: Final = (
    select(feeds.c.host.label("host"), func.count().label("leases")).where(_IS_LEASED).group_by(feeds.c.host).subquery("leased")
)
_OLDEST: Final = (
    select(feeds.c.source_id, feeds.c.host, feeds.c.next_due_at)
    .where(
        _DUE,
        feeds.c.next_due_at + bindparam("stretch") * feeds.c.interval_s <= bindparam("now"),
        feeds.c.lease_until <= bindparam("now"),
        ~exists().where(hosts.c.host == feeds.c.host, IS_BUSY),
        # A host that has all it may have must not fill the window.
        feeds.c.host.not_in(select(_LEASED.c.host).where(_LEASED.c.leases >= bindparam("per_host"))),
    )
    .order_by(feeds.c.next_due_at)
    .limit(_WINDOW)
    .subquery("oldest")
)
_RANKED: Final = (
    select(
        _OLDEST.c.source_id,
        _OLDEST.c.next_due_at,
        (
            func.row_number().over(partition_by=_OLDEST.c.host, order_by=(_OLDEST.c.next_due_at, _OLDEST.c.source_id))
            + func.coalesce(_LEASED.c.leases, 0)
        ).label("place"),
    )
    .select_from(_OLDEST.outerjoin(_LEASED, _LEASED.c.host == _OLDEST.c.host))
    .subquery("ranked")
)
_CANDIDATES: Final = (
    select(_RANKED.c.source_id)
    .where(_RANKED.c.place <= bindparam("per_host"))
    .order_by(_RANKED.c.next_due_at, _RANKED.c.source_id)
    .limit(bindparam("most"))
)
_AMONG: Final = feeds.c.source_id.in_(bindparam("ids", expanding=True))
_TAKE: Final = (
    # SQLite has one writer and ignores the lock; PostgreSQL leaves out the rows that another worker is taking.
    select(*_STATE_COLUMNS).where(_AMONG, feeds.c.lease_until <= bindparam("now")).with_for_update(skip_locked=True)
)
_LEASE: Final = update(feeds).where(_AMONG).values(lease_owner=bindparam("owner"), lease_until=bindparam("until"))
_HELD_BY: Final = and_(feeds.c.source_id == bindparam("id"), feeds.c.lease_owner == bindparam("owner"))
_SETTLE: Final = (
    update(feeds).where(_HELD_BY).values({name: bindparam(f"new_{name}") for name in _STATE if name != "source_id"} | {"lease_until": 0.0})
)
_POSTPONE: Final = update(feeds).where(_HELD_BY).values(lease_owner=None, lease_until=bindparam("until"))
_RENEW: Final = (
    update(feeds).where(_AMONG, feeds.c.lease_owner == bindparam("owner"), feeds.c.lease_until > 0).values(lease_until=bindparam("until"))
)
_RELEASE: Final = update(feeds).where(feeds.c.lease_owner == bindparam("owner")).values(lease_owner=None, lease_until=0.0)
_COUNT_DUE: Final = select(func.count()).select_from(feeds).where(_DUE, feeds.c.host.not_in(_REFUSING))
_OVERDUE: Final = select(func.count().label("sources"), func.min(feeds.c.next_due_at).label("since")).where(
    _DUE, feeds.c.lease_until <= bindparam("now"), feeds.c.host.not_in(_REFUSING)
)
_STATES: Final = select(
    feeds.c.source_id,
    feeds.c.outcome,
    feeds.c.reason,
    feeds.c.detail,
    feeds.c.failures,
    feeds.c.polled_at,
    feeds.c.succeeded_at,
    feeds.c.entries,
    feeds.c.interval_s,
    feeds.c.next_due_at,
    feeds.c.gone_at,
    feeds.c.learned_url,
)


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """How a source fares, for `newswire sources list`."""

    source_id: str
    outcome: str | None
    reason: str | None
    detail: str | None
    failures: int
    polled_at: float | None
    succeeded_at: float | None
    entries: int
    interval_s: float
    next_due_at: float
    gone_at: float | None
    learned_url: str | None


def sync(connection: Connection, sources: Sequence[NewFeed], now: float) -> None:
    """Make the rows agree with the configuration: those new or put back are due at once, those removed keep their state and are not polled."""
    known = {row.source_id: row for row in connection.execute(_KNOWN)}
    upsert(
        connection,
        feeds,
        (
            {"source_id": one.source_id, "url": one.url, "host": one.host, "interval_s": one.interval_s, "next_due_at": now}
            for one in sources
            if one.source_id not in known
        ),
        ("source_id",),
    )
    wanted = {one.source_id for one in sources}
    if taken_out := [{"id": key} for key, row in known.items() if row.configured and key not in wanted]:
        connection.execute(_TAKE_OUT, taken_out)
    sooner = [
        {"id": one.source_id, "due_at": now + one.due_within_s}
        for one in sources
        if one.due_within_s is not None
        and (row := known.get(one.source_id)) is not None
        and not row.failures
        and row.next_due_at > now + one.due_within_s
    ]
    if sooner:
        connection.execute(_BRING_FORWARD, sooner)
    if put_back := [{"id": key, "due_at": now} for key, row in known.items() if not row.configured and key in wanted]:
        connection.execute(_PUT_BACK, put_back)


def due(connection: Connection, *, due_before: float, now: float, per_host: int, most: int, stretch: float = 0.0) -> list[str]:
    """Return the ids of sources that can be leased now, longest due first: not leased, host not held back, few of one host at a time.

    `stretch` makes each wait for so many of its own intervals more: under pressure.
    """
    wanted = {"due_before": due_before, "now": now, "per_host": per_host, "most": most, "stretch": stretch}
    return list(connection.execute(_CANDIDATES, wanted).scalars())


def lease(connection: Connection, ids: Sequence[str], *, owner: str, now: float, until: float) -> list[FeedState]:
    """Return the state of those of the sources that are ours until then; another worker may have been faster with the rest."""
    if not ids:
        return []
    taken = [FeedState(**row._mapping) for row in connection.execute(_TAKE, {"ids": ids, "now": now})]  # noqa: SLF001 -- SQLAlchemy's documented name
    if taken:
        connection.execute(_LEASE, {"ids": [state.source_id for state in taken], "owner": owner, "until": until})
    order = {source_id: place for place, source_id in enumerate(ids)}
    return sorted(taken, key=lambda state: order[state.source_id])


def settle(connection: Connection, states: Iterable[FeedState], *, owner: str) -> None:
    """Write what the polls left behind and give the leases back. A source whose lease was taken over meanwhile is left alone."""
    rows = [
        {"id": state.source_id, "owner": owner} | {f"new_{name}": value for name, value in asdict(state).items() if name != "source_id"}
        for state in states
    ]
    if rows:
        connection.execute(_SETTLE, rows)


def postpone(connection: Connection, until: Mapping[str, float], *, owner: str) -> None:
    """Give the leases of these sources back, to nobody before the time given for each: they stay due, but their host is busy."""
    if until:
        connection.execute(_POSTPONE, [{"id": source_id, "owner": owner, "until": at} for source_id, at in until.items()])


def renew(connection: Connection, ids: Sequence[str], *, owner: str, until: float) -> None:
    """Keep the leases of these sources until then, those of them that this worker still holds.

    Short leases, renewed, are soon free where their holder died. Only what the worker knows of is renewed: a lease whose commit went
    through and whose answer was lost must run out.
    """
    if ids:
        connection.execute(_RENEW, {"ids": ids, "owner": owner, "until": until})


def release(connection: Connection, *, owner: str) -> None:
    """Give back every lease that this worker holds."""
    connection.execute(_RELEASE, {"owner": owner})


def count_due(connection: Connection, *, due_before: float, now: float) -> int:
    """Return how many sources are due, leased ones included; not those whose host asked to be left alone for long."""
    return connection.execute(_COUNT_DUE, {"due_before": due_before, "patience_ends_at": now + HOST_PATIENCE_S}).scalar_one()


def overdue(connection: Connection, now: float) -> tuple[int, float | None]:
    """Return how many sources are due that nobody has in hand and whose host may be asked, and since when the first of them is."""
    row = connection.execute(_OVERDUE, {"due_before": now, "now": now, "patience_ends_at": now + HOST_PATIENCE_S}).one()
    return row.sources, row.since


def health(connection: Connection) -> dict[str, FeedHealth]:
    """Return how each source fares, by its id."""
    return {row.source_id: FeedHealth(**row._mapping) for row in connection.execute(_STATES)}  # noqa: SLF001 -- as above
