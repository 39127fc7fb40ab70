"""Leases on a role that only one process may play (the alerter), with an epoch that fences whoever was replaced unawares."""

from typing import Final

from sqlalchemy import Connection, bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

from newswire.errors import Fenced
from newswire.store.tables import leaders
from newswire.store.upsert import upsert

ALERTER: Final = "alerter"
UNFINISHED: Final = "here, and is not done: run it again"
_MOVED: Final = "moved to "
_IS_MOVE: Final = leaders.c.owner.startswith(_MOVED, autoescape=True)


def _take(dialect: postgresql.Insert | sqlite.Insert) -> Executable:
    """Return the one statement that takes the role where it is free or ours, and else returns no row."""
    same_owner = leaders.c.owner == dialect.excluded.owner
    return (
        dialect.values(role=bindparam("role"), owner=bindparam("owner"), epoch=1, lease_until=bindparam("lease_until"))
        .on_conflict_do_update(
            index_elements=["role"],
            set_={
                "owner": dialect.excluded.owner,
                "epoch": case((same_owner, leaders.c.epoch), else_=leaders.c.epoch + 1),
                "lease_until": dialect.excluded.lease_until,
            },
            where=same_owner | (leaders.c.lease_until <= bindparam("now")) | ((leaders.c.lease_until == bindparam("stale")) & ~_IS_MOVE),
        )
        .returning(leaders.c.epoch)
    )


_TAKE: Final = {"sqlite": _take(sqlite.insert(leaders)), "postgresql": _take(postgresql.insert(leaders))}
_LEASE_UNTIL: Final = select(leaders.c.lease_until).where(leaders.c.role == bindparam("role"))
_HELD: Final = select(leaders.c.owner, leaders.c.epoch).where(leaders.c.role == bindparam("role")).with_for_update(read=True)
_ALONE: Final = select(leaders.c.epoch).where(leaders.c.role == bindparam("role")).with_for_update()
_RELEASE: Final = (
    update(leaders)
    .where(
        leaders.c.role == bindparam("held_role"),
        leaders.c.owner == bindparam("held_owner"),
        leaders.c.epoch == bindparam("held_epoch"),
    )
    .values(lease_until=0)
)


def take(connection: Connection, role: str, owner: str, now: float, lease_s: float, *, stale: float | None = None) -> int | None:
    """Return the epoch in which `owner` holds the role until `now + lease_s`, None where another's lease still runs.

    `owner` names one life of one process. Asking again renews the lease in the same epoch; taking over from another begins a new one.
    A lease that ends at `stale` is taken over whatever the clock says: whoever asks has seen that nobody renews it. A move's is not.
    """
    parameters = {"role": role, "owner": owner, "now": now, "lease_until": now + lease_s, "stale": stale}
    epoch: int | None = connection.execute(_TAKE[connection.dialect.name], parameters).scalar()
    return epoch


def lease_until(connection: Connection, role: str) -> float | None:
    """Return when the lease ends, None where nobody has ever held the role."""
    found: float | None = connection.execute(_LEASE_UNTIL, {"role": role}).scalar()
    return found


def holds(connection: Connection, role: str, owner: str, epoch: int) -> None:
    """Return where the role is still held in this epoch; to be called inside each write transaction that depends on it.

    A lease that ran out and that nobody took still holds: nobody else can have written. On PostgreSQL the row stays locked
    until the transaction ends, so nobody can take the role between this look and the commit; on SQLite writers exclude each other.

    Raises:
        Fenced: another owner holds the role now, or the role was never held.

    """
    found = connection.execute(_HELD, {"role": role}).one_or_none()
    if found is None or (found.owner, found.epoch) != (owner, epoch):
        holder = "nobody" if found is None else f"{found.owner} in epoch {found.epoch}"
        raise Fenced(f"the role of {role} belongs to {holder}, not to {owner} in epoch {epoch}")


def alone(connection: Connection, role: str) -> None:
    """Return when no other transaction of the role's holder is open that looked whether it holds it; the next waits for this one to end.

    For what reads before it writes and must not miss what another part of the same process writes at that moment. To be called before
    `holds`, as two that share a look cannot both become alone. On SQLite writers exclude each other anyway.
    """
    connection.execute(_ALONE, {"role": role}).scalar()


def release(connection: Connection, role: str, owner: str, epoch: int) -> None:
    """End the lease at once, so that another need not wait for it; do nothing where it is not held in this epoch."""
    connection.execute(_RELEASE, {"held_role": role, "held_owner": owner, "held_epoch": epoch})


def hold_for_move(connection: Connection, where: str, until: float) -> None:
    """Take the alerter's role, whoever has it, for a move of all data: nobody tells from this store until `reopen`."""
    row = {"role": ALERTER, "owner": f"{_MOVED}{where}", "epoch": 1, "lease_until": until}
    epochs = connection.execute(select(leaders.c.epoch).where(leaders.c.role == ALERTER).with_for_update()).scalar()
    upsert(connection, leaders, [{**row, "epoch": (epochs or 0) + 1}], ("role",), ("owner", "epoch", "lease_until"))


def alerter_is_active(connection: Connection, now: float) -> bool:
    """Return whether a process holds the alerter's role now; a move does not count."""
    owner: str | None = connection.execute(select(leaders.c.owner).where(leaders.c.role == ALERTER, leaders.c.lease_until > now)).scalar()
    return owner is not None and not owner.startswith(_MOVED)


def moved_to(connection: Connection) -> str | None:
    """Return where this store's data were moved, or are being moved, None where they live here."""
    owner: str | None = connection.execute(select(leaders.c.owner).where(leaders.c.role == ALERTER, leaders.c.lease_until > 0)).scalar()
    return owner.removeprefix(_MOVED) if owner and owner.startswith(_MOVED) else None


def reopen(connection: Connection) -> bool:
    """End what `hold_for_move` began; return whether there was anything to end."""
    held = _IS_MOVE & (leaders.c.role == ALERTER) & (leaders.c.lease_until > 0)
    return connection.execute(update(leaders).where(held).values(lease_until=0)).rowcount > 0
