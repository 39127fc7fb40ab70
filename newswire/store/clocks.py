"""What a clock that was set back has left in the future, and how it is set right.

Leases, host slots, schedules and back-offs are kept as times of the wall clock, which all machines share. Set back by an hour, it would
keep each of them from its owner for an hour longer than was meant. A row that tells of something done in the future gives it away: what
it was to wait for is counted from now on.
"""

from typing import Final

from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, case, func, or_, select, update

from newswire.outcomes import SendState
from newswire.records import MessageKind
from newswire.store.digests import OUTAGE_PREFIX, OVERFLOW_PREFIX
from newswire.store.tables import digest_times, feeds, hosts, outbox, pages

SKEW_S: Final = 60.0
"""The clocks of several machines may differ by so much before one is taken for having been set back."""

LEASE_MOST_S: Final = 120.0  # longer than any lease, and than any source is put off for a busy host
RENEWED_WITHIN_S: Final = 10.0  # a holder that lives renews its leases within so long
BACK_OFF_MOST_S: Final = 3_600.0  # of the outbox
SUMMARY_MOST_S: Final = 3_600.0  # a summary that goes by no schedule is due within so long
TOLD_AGAIN_S: Final = 3_600.0  # a clock that is set back by less waits for what it has told: no time has two digests for a few minutes

_NOW: Final = bindparam("now", type_=feeds.c.next_due_at.type)
_FUTURE: Final = _NOW + SKEW_S

_leased_for_too_long: Final = {table: table.c.lease_until > _NOW + LEASE_MOST_S for table in (feeds, pages)}
_polled_in_the_future: Final = or_(feeds.c.polled_at > _FUTURE, and_(feeds.c.polled_at.is_(None), feeds.c.next_due_at > _FUTURE))
_added_in_the_future: Final = pages.c.added_at > _FUTURE
# A reply that was never tried may gather for as long as its watchlist says: only when it was put tells of the clock.
_backs_off: Final = or_(outbox.c.kind != MessageKind.REPLY.value, outbox.c.attempts > 0)
_tried_in_the_future: Final = and_(
    outbox.c.state.in_((SendState.NEW.value, SendState.SENDING.value)),
    or_(outbox.c.created_at > _FUTURE, outbox.c.doubt_since > _FUTURE, and_(_backs_off, outbox.c.next_try_at > _FUTURE + BACK_OFF_MOST_S)),
)
_no_schedule: Final = or_(*(outbox.c.gathered_for.startswith(prefix, autoescape=True) for prefix in (OUTAGE_PREFIX, OVERFLOW_PREFIX)))
_gathered_in_the_future: Final = and_(
    outbox.c.gathered_for.is_not(None),
    outbox.c.digest_id.is_(None),
    outbox.c.state == SendState.GATHERED.value,
    or_(outbox.c.gathered_at > _FUTURE, and_(_no_schedule, outbox.c.next_try_at > _FUTURE + SUMMARY_MOST_S)),
)
_told_in_the_future: Final = or_(digest_times.c.first_at > _FUTURE, digest_times.c.told_at > _FUTURE + TOLD_AGAIN_S)
_own_spacing: Final = func.coalesce(hosts.c.crawl_delay_s, 0.0)
_spacing: Final = case((_own_spacing > bindparam("spacing_s"), _own_spacing), else_=bindparam("spacing_s", type_=hosts.c.next_at.type))
_used_in_the_future: Final = hosts.c.next_at > _FUTURE + _spacing
_held_for_too_long: Final = hosts.c.held_until > _NOW + LEASE_MOST_S


def _lease_ends_soon(table_lease: ColumnElement[float], too_long: ColumnElement[bool]) -> ColumnElement[float]:
    return case((too_long, _NOW + RENEWED_WITHIN_S), else_=table_lease)


_MENDS: Final[tuple[tuple[str, ColumnElement[bool], Update], ...]] = (
    (
        "feeds",
        _polled_in_the_future,
        update(feeds)
        .where(_polled_in_the_future)
        .values(next_due_at=_NOW, polled_at=case((feeds.c.polled_at.is_(None), None), else_=_NOW)),
    ),
    (
        "feeds",
        _leased_for_too_long[feeds],
        update(feeds).where(_leased_for_too_long[feeds]).values(lease_until=_NOW + RENEWED_WITHIN_S),
    ),
    ("pages", _added_in_the_future, update(pages).where(_added_in_the_future).values(due_at=_NOW, added_at=_NOW)),
    (
        "pages",
        _leased_for_too_long[pages],
        update(pages).where(_leased_for_too_long[pages]).values(lease_until=_NOW + RENEWED_WITHIN_S),
    ),
    (
        "hosts",
        or_(_used_in_the_future, _held_for_too_long),
        update(hosts)
        .where(or_(_used_in_the_future, _held_for_too_long))
        .values(
            # What the server asked for is kept: it was counted from the end of the last request, which is where the spacing begins.
            down_until=case(
                (
                    and_(_used_in_the_future, hosts.c.down_until > hosts.c.next_at - _spacing),
                    _NOW + hosts.c.down_until - (hosts.c.next_at - _spacing),
                ),
                (_used_in_the_future, 0.0),
                else_=hosts.c.down_until,
            ),
            next_at=case((_used_in_the_future, _NOW + _spacing), else_=hosts.c.next_at),
            held_until=_lease_ends_soon(hosts.c.held_until, _held_for_too_long),
        ),
    ),
    (
        "outbox",
        _tried_in_the_future,
        update(outbox)
        .where(_tried_in_the_future)
        .values(
            next_try_at=case(
                (outbox.c.state == SendState.SENDING.value, _NOW + bindparam("doubt_s", type_=hosts.c.next_at.type)), else_=_NOW
            ),
            created_at=case((outbox.c.created_at > _FUTURE, _NOW), else_=outbox.c.created_at),
            doubt_since=case((outbox.c.doubt_since > _FUTURE, _NOW), else_=outbox.c.doubt_since),
        ),
    ),
    (
        "outbox",
        _gathered_in_the_future,
        update(outbox)
        .where(_gathered_in_the_future)
        .values(
            next_try_at=case((_no_schedule, _NOW), else_=outbox.c.next_try_at),
            created_at=case((outbox.c.created_at > _FUTURE, _NOW), else_=outbox.c.created_at),
            gathered_at=case((outbox.c.gathered_at > _FUTURE, _NOW), else_=outbox.c.gathered_at),
        ),
    ),
    (
        "digest_times",
        _told_in_the_future,
        update(digest_times)
        .where(_told_in_the_future)
        .values(
            first_at=case((digest_times.c.first_at > _FUTURE, _NOW), else_=digest_times.c.first_at),
            told_at=case((digest_times.c.told_at > _FUTURE + TOLD_AGAIN_S, _NOW), else_=digest_times.c.told_at),
        ),
    ),
)
_LOOKS: Final = tuple(select(1).where(found).limit(1) for _, found, _ in _MENDS)

DOUBT_S: Final = 30.0
"""A message that may have arrived is looked for after so long, as ever."""


def needs_mending(connection: Connection, now: float, *, spacing_s: float) -> bool:
    """Return whether anything stands in the future that cannot; a look that keeps no writer waiting."""
    return any(connection.execute(look, {"now": now, "spacing_s": spacing_s}).first() is not None for look in _LOOKS)


def mend(connection: Connection, now: float, *, spacing_s: float) -> dict[str, int]:
    """Count from now on what was counted from a time that is still to come; return how many rows of which table that were.

    A living holder of a lease renews it before it ends.
    """
    mended: dict[str, int] = {}
    for table, _, statement in _MENDS:
        rows = connection.execute(statement, {"now": now, "spacing_s": spacing_s, "doubt_s": DOUBT_S}).rowcount
        if rows:
            mended[table] = mended.get(table, 0) + rows
    return mended
