"""Pages due: the article pages that are owed a second look. A row is there from before the first report until after the last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, func, or_, select, tuple_, update

from newswire.outcomes import PageOutcome, Stage
from newswire.store.tables import hosts, pages, trail
from newswire.store.upsert import upsert

Key = tuple[str, str]
"""Item id and revision."""

HELD_BACK_S: Final = 10.0
"""A host that may not be asked for longer than this keeps its pages out of every lease; a shorter wait is spent by the client."""

_NOW: Final[BindParameter[float]] = bindparam("now")
_SOON: Final[BindParameter[float]] = bindparam("soon")
_NOT_HELD_BACK: Final = and_(
    func.coalesce(hosts.c.down_until, 0) <= _SOON,
    func.coalesce(hosts.c.next_at, 0) <= _SOON,
)
_WINDOW: Final = 2_000
"""How many of the oldest due pages a lease looks at, so that its cost does not grow with what waits.

A host that fills the window is soon in `full_hosts` and leaves it to the others.
"""
_OLDEST: Final = (
    select(pages.c.item_id, pages.c.revision, pages.c.host, pages.c.due_at)
    .select_from(pages.outerjoin(hosts, hosts.c.host == pages.c.host))
    .where(
        pages.c.due_at <= _NOW,
        pages.c.lease_until <= _NOW,
        pages.c.host.not_in(bindparam("full_hosts", expanding=True)),
        _NOT_HELD_BACK,
    )
    .order_by(pages.c.due_at)
    .limit(_WINDOW)
    .subquery()
)
_PLACES: Final = select(
    _OLDEST.c.item_id,
    _OLDEST.c.revision,
    _OLDEST.c.due_at,
    func.row_number().over(partition_by=_OLDEST.c.host, order_by=(_OLDEST.c.due_at, _OLDEST.c.item_id)).label("place"),
).subquery()
_CHOSEN: Final = (
    select(_PLACES.c.item_id, _PLACES.c.revision)
    .where(_PLACES.c.place <= bindparam("per_host"))
    .order_by(_PLACES.c.place, _PLACES.c.due_at)  # one of each host before a second of any
    .limit(bindparam("most"))
)
_TAKEN: Final = (
    select(pages.c.item_id, pages.c.revision)
    .where(tuple_(pages.c.item_id, pages.c.revision).in_(_CHOSEN), pages.c.lease_until <= _NOW)
    # PostgreSQL leaves out the rows that another process is taking, and looks at `lease_until` again once it holds one.
    .with_for_update(skip_locked=True)
    .cte("taken")
)
_LEASE: Final = (
    update(pages)
    .where(tuple_(pages.c.item_id, pages.c.revision).in_(select(_TAKEN.c.item_id, _TAKEN.c.revision)))
    .values(lease_owner=bindparam("new_owner"), lease_until=bindparam("new_until"))
    .returning(
        pages.c.item_id,
        pages.c.revision,
        pages.c.url,
        pages.c.host,
        pages.c.item,
        pages.c.added_at,
        pages.c.due_at,
        pages.c.attempts,
    )
)
_REVISIONS: Final = select(pages.c.item_id, pages.c.revision).where(pages.c.item_id.in_(bindparam("items", expanding=True)))
_IS_PAGE: Final = and_(pages.c.item_id == bindparam("the_item"), pages.c.revision == bindparam("the_revision"))
_DELETE: Final = delete(pages).where(_IS_PAGE)
_RETRY: Final = (
    update(pages)
    .where(_IS_PAGE, or_(pages.c.lease_owner == bindparam("the_owner"), pages.c.lease_owner.is_(None)))
    .values(
        attempts=bindparam("new_attempts"), due_at=bindparam("new_due_at"), reason=bindparam("new_reason"), lease_owner=None, lease_until=0
    )
)
_RENEW: Final = (
    update(pages)
    .where(
        tuple_(pages.c.item_id, pages.c.revision).in_(bindparam("keys", expanding=True)),
        pages.c.lease_owner == bindparam("the_owner"),
        pages.c.lease_until > 0,
    )
    .values(lease_until=bindparam("new_until"))
)
_LET_GO: Final = (
    update(pages)
    .where(
        pages.c.item_id == bindparam("an_item"), pages.c.revision == bindparam("a_revision"), pages.c.lease_owner == bindparam("the_owner")
    )
    .values(lease_owner=None, lease_until=0)
)
_RELEASE: Final = update(pages).where(pages.c.lease_owner == bindparam("the_owner")).values(lease_owner=None, lease_until=0)
_SETTLED: Final = select(trail.c.item_id, trail.c.revision).where(
    trail.c.item_id.in_(bindparam("items", expanding=True)),
    trail.c.stage == Stage.READ_PAGE.value,
    trail.c.outcome != PageOutcome.RETRY.value,
)
_COUNT: Final = select(func.count()).select_from(pages)
_FIRST: Final = select(pages.c.added_at).order_by(pages.c.due_at).limit(1)
_FREE: Final = select(pages.c.item_id).where(pages.c.due_at <= _NOW, pages.c.lease_until <= _NOW).limit(1)
_SINCE: Final = (
    select(pages.c.due_at)
    .select_from(pages.outerjoin(hosts, hosts.c.host == pages.c.host))
    .where(pages.c.due_at <= _NOW, pages.c.lease_until <= _NOW, _NOT_HELD_BACK)
    .order_by(pages.c.due_at)
    .limit(1)
)
_COMING: Final = (
    select(pages.c.item_id)
    .select_from(pages.outerjoin(hosts, hosts.c.host == pages.c.host))
    .where(pages.c.due_at <= _SOON, func.coalesce(hosts.c.down_until, 0) <= _SOON)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class DuePage:
    """One page that is owed a look. `item` is the encoded `Item`; times are seconds since 1970 UTC."""

    item_id: str
    revision: str
    url: str
    host: str  # as `hosts` knows it
    item: bytes
    added_at: float
    due_at: float
    attempts: int = 0

    @property
    def key(self) -> Key:
        """What tells it from all others."""
        return self.item_id, self.revision


@dataclass(frozen=True, slots=True)
class Retry:
    """A page to be looked at again, from `due_at` on."""

    key: Key
    attempts: int
    due_at: float
    reason: str


def add(connection: Connection, due: Sequence[DuePage]) -> list[Key]:
    """Add the pages and return the older revisions of the same items, which are dropped. One that is there already is left alone.

    Of several revisions of one item in `due`, the last is meant to be the only one (`settled` and the caller see to that).
    """
    if not due:
        return []
    newest = dict(page.key for page in due)
    found = connection.execute(_REVISIONS, {"items": list(newest)})
    older: list[Key] = [(row.item_id, row.revision) for row in found if newest[row.item_id] != row.revision]
    remove(connection, older)
    rows = [
        {
            "item_id": page.item_id,
            "revision": page.revision,
            "url": page.url,
            "host": page.host,
            "item": page.item,
            "added_at": page.added_at,
            "due_at": page.due_at,
            "attempts": page.attempts,
        }
        for page in due
    ]
    upsert(connection, pages, rows, ("item_id", "revision"), update=None)
    return older


def settled(connection: Connection, item_ids: Iterable[str]) -> set[Key]:
    """Return the revisions of these items whose page look has ended: nothing is owed to them any more, whatever is replayed."""
    return {(row.item_id, row.revision) for row in connection.execute(_SETTLED, {"items": list(item_ids)})}


def lease(
    connection: Connection,
    *,
    now: float,
    owner: str,
    until: float,
    most: int,
    per_host: int,
    full_hosts: Iterable[str] = (),
) -> list[DuePage]:
    """Return at most `most` due pages, the oldest of each host first, which are this owner's alone until `until`.

    At most `per_host` of one host are taken, none of `full_hosts`, and none of a host that is held back.
    """
    rows = connection.execute(
        _LEASE,
        {
            "now": now,
            "soon": now + HELD_BACK_S,
            "full_hosts": list(full_hosts),
            "per_host": per_host,
            "most": most,
            "new_owner": owner,
            "new_until": until,
        },
    )
    return sorted((DuePage(*row) for row in rows), key=lambda page: (page.due_at, page.item_id))


def retry(connection: Connection, owner: str, retries: Sequence[Retry]) -> None:
    """Give the pages back to be looked at again later. A page that another process has leased meanwhile is left to it."""
    if retries:
        connection.execute(
            _RETRY,
            [
                {
                    "the_item": again.key[0],
                    "the_revision": again.key[1],
                    "the_owner": owner,
                    "new_attempts": again.attempts,
                    "new_due_at": again.due_at,
                    "new_reason": again.reason,
                }
                for again in retries
            ],
        )


def remove(connection: Connection, keys: Sequence[Key]) -> None:
    """Delete the pages: their last reports are published."""
    if keys:
        connection.execute(_DELETE, [{"the_item": item_id, "the_revision": revision} for item_id, revision in keys])


def renew(connection: Connection, owner: str, keys: Sequence[Key], *, until: float) -> None:
    """Keep these pages until then, those of them that this owner still holds.

    Short leases, renewed, are soon free where their holder died. Only what the owner knows of is renewed: a lease whose commit went
    through and whose answer was lost must run out.
    """
    if keys:
        connection.execute(_RENEW, {"keys": list(keys), "the_owner": owner, "new_until": until})


def let_go(connection: Connection, owner: str, keys: Sequence[tuple[str, str]]) -> None:
    """Give these pages back at once, those of them that this owner still holds."""
    connection.execute(_LET_GO, [{"an_item": item_id, "a_revision": revision, "the_owner": owner} for item_id, revision in keys])


def release(connection: Connection, owner: str) -> None:
    """Give back all that this owner has leased, at once."""
    connection.execute(_RELEASE, {"the_owner": owner})


def waiting(connection: Connection) -> tuple[int, float | None]:
    """Return how many pages are owed a look, and when the one that is due first was added."""
    return connection.execute(_COUNT).scalar_one(), connection.execute(_FIRST).scalar()


def free_since(connection: Connection, now: float) -> float | None:
    """Return since when the page has been due that has waited longest, is nobody's, and whose host may be asked; None where there is none."""
    since: float | None = connection.execute(_SINCE, {"now": now, "soon": now + HELD_BACK_S}).scalar()
    return since


def any_free(connection: Connection, now: float) -> bool:
    """Return whether a page is due and nobody's: a look that keeps no writer waiting, to be taken before `lease`."""
    return connection.execute(_FREE, {"now": now}).first() is not None


def any_due_by(connection: Connection, soon: float) -> bool:
    """Return whether a page falls due by `soon`, leased or not, on a host that is not down for longer."""
    return connection.execute(_COMING, {"soon": soon}).first() is not None
