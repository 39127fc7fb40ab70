"""Moments that belong to the store as a whole: its last backup, and the restore that it came from."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, select

from newswire.errors import ConfigurationError, Fault
from newswire.store.tables import marks, recalled
from newswire.store.upsert import upsert

_BACKED_UP: Final = "backed_up"
_RESTORING: Final = "restoring"
_RESTORED_FROM: Final = "restored_from"
_RESTORED: Final = "restored"
_RECALLED: Final = "recalled:"
_BLIND: Final = "blind:"

RECALL_MOST_S: Final = 7 * 86_400.0
"""For so long after a restore what is told is compared with what was told before it; no watchlist tells what is older."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A restore; times are seconds since 1970 UTC."""

    backed_up_at: float  # what was told since then, this store does not know
    restored_at: float

    def matters(self, now: float) -> bool:
        """Return whether what is told now may have been told before the restore."""
        return now < self.restored_at + RECALL_MOST_S


def last_success(connection: Connection) -> float | None:
    """Return when a backup of this store last ended well, in seconds since 1970 UTC; None where none ever did."""
    return _mark(connection, _BACKED_UP)


def succeeded(connection: Connection, at: float) -> None:
    """Note that a backup ended well."""
    _put(connection, {_BACKED_UP: at})


def begin_restore(connection: Connection, at: float) -> None:
    """Note that this store is being filled: until `restored` nobody may work on it."""
    _put(connection, {_RESTORING: at})


def end_restore(connection: Connection, restore: Restored) -> None:
    """Note that the restore is whole, and of which moment the store is. What an earlier restore read back is asked anew."""
    of_before = marks.c.name.startswith(_RECALLED, autoescape=True) | marks.c.name.startswith(_BLIND, autoescape=True)
    connection.execute(delete(marks).where(of_before | (marks.c.name == _RESTORING)))
    connection.execute(delete(recalled))
    _put(connection, {_BACKED_UP: restore.backed_up_at, _RESTORED_FROM: restore.backed_up_at, _RESTORED: restore.restored_at})


def is_unfinished(connection: Connection) -> bool:
    """Return whether a restore into this store was begun and not ended."""
    return _mark(connection, _RESTORING) is not None


def refuse_unfinished(connection: Connection, where: str) -> None:
    """Return where the store is whole.

    Raises:
        ConfigurationError: a restore into it is at work, or was broken off.

    """
    if is_unfinished(connection):
        what = "a restore into it is at work, or was broken off; run `newswire restore DIR` again: it begins anew"
        raise ConfigurationError([Fault("environment", 0, 0, f"NEWSWIRE_STORE: {where}: {what}")])


def restored(connection: Connection) -> Restored | None:
    """Return the restore that this store came from, None where it was never restored."""
    backed_up_at, restored_at = _mark(connection, _RESTORED_FROM), _mark(connection, _RESTORED)
    return None if backed_up_at is None or restored_at is None else Restored(backed_up_at, restored_at)


def is_recalled(connection: Connection, receiver: str) -> bool:
    """Return whether it is known what this receiver was told before the restore, as far as it can be known."""
    return _mark(connection, _RECALLED + receiver) is not None


def is_blind(connection: Connection, receiver: str) -> bool:
    """Return whether nobody can know what this receiver was told before the restore."""
    return _mark(connection, _BLIND + receiver) is not None


def note_recalled(connection: Connection, receiver: str, at: float, *, blind: bool = False) -> None:
    """Note that all is read back that this receiver can tell of the time before the restore; a `blind` one can tell nothing."""
    _put(connection, {_RECALLED + receiver: at} | ({_BLIND + receiver: at} if blind else {}))


def _mark(connection: Connection, name: str) -> float | None:
    found: float | None = connection.execute(select(marks.c.at).where(marks.c.name == name)).scalar()
    return found


def _put(connection: Connection, moments: dict[str, float]) -> None:
    upsert(connection, marks, [{"name": name, "at": at} for name, at in moments.items()], ("name",), update=("at",))
