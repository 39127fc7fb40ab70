"""What receivers were told between the backup that this store was restored from and the restore, as far as it was read back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select

from newswire.store.tables import recalled
from newswire.store.upsert import insert_new

_AMONG: Final = select(recalled).where(
    recalled.c.receiver == bindparam("receiver"), recalled.c.item.in_(bindparam("tokens", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Recalled:
    """Where something was told. Without a reference a digest told it, which has no thread of its own."""

    channel: str
    reference: str | None


def keep(connection: Connection, receiver: str, told: Mapping[str, Recalled], at: float) -> None:
    """Note what the receiver was told, by its tokens; what is noted already stays."""
    rows = [
        {"receiver": receiver, "item": token, "channel": one.channel, "reference": one.reference, "at": at} for token, one in told.items()
    ]
    insert_new(connection, recalled, rows, ("receiver", "item"))


def among(connection: Connection, receiver: str, tokens: Collection[str]) -> dict[str, Recalled]:
    """Return those of the tokens that the receiver was told."""
    if not tokens:
        return {}
    rows = connection.execute(_AMONG, {"receiver": receiver, "tokens": list(tokens)})
    return {row.item: Recalled(row.channel, row.reference) for row in rows}
