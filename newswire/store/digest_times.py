"""When each scheduled digest was first configured, and for which of its times it was told last: so that each time has one digest, and just one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from newswire.store.tables import digest_times
from newswire.store.upsert import upsert

_TOLD: Final = (
    update(digest_times)
    .where(
        digest_times.c.name == bindparam("digest"),
        digest_times.c.first_at < bindparam("due"),
        digest_times.c.told_at.is_(None) | (digest_times.c.told_at < bindparam("due")),
    )
    .values(told_at=bindparam("due"))
)
_FORGET: Final = delete(digest_times).where(digest_times.c.name.in_(bindparam("names", expanding=True)))


@dataclass(frozen=True, slots=True)
class DigestTime:
    """What is known of a digest; times are seconds since 1970 UTC."""

    schedule: str
    first_at: float  # this schedule is in force since then, as far as an alerter saw
    told_at: float | None = None  # the last of its times that was told


def known(connection: Connection) -> dict[str, DigestTime]:
    """Return what is known of each digest, by name."""
    return {row.name: DigestTime(row.schedule, row.first_at, row.told_at) for row in connection.execute(select(digest_times))}


def keep(connection: Connection, schedules: Mapping[str, str], gone: Collection[str], at: float) -> None:
    """Note that these schedules are in force from now on, and that these digests are there no more."""
    rows = [{"name": name, "schedule": schedule, "first_at": at} for name, schedule in schedules.items()]
    if rows:
        upsert(connection, digest_times, rows, ("name",), update=("schedule", "first_at"))
    if gone:
        connection.execute(_FORGET, {"names": list(gone)})


def tell(connection: Connection, name: str, due_at: float) -> bool:
    """Note that a digest is told for a time; return False where that was told before, or is none of its times any more."""
    return connection.execute(_TOLD, {"digest": name, "due": due_at}).rowcount > 0
