"""Replies in the outbox: what stands in a story's threads, and a reply that grows while it waits.

A reply that was never attempted may still grow. The sender reads a row's message in the transaction in which it marks it as sending, so
`grow` either changes what is sent, or finds the row begun and changes nothing.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, func, select, update

from newswire.outcomes import SendState
from newswire.records import MessageKind
from newswire.store import outbox
from newswire.store.outbox import Entry
from newswire.store.tables import outbox as table

_KINDS: Final = table.c.kind.in_((MessageKind.PARENT.value, MessageKind.REPLY.value))
_newest: Final = (
    select(table.c.story_id, table.c.receiver, table.c.kind, func.max(table.c.sequence).label("sequence"))
    .where(table.c.story_id.in_(bindparam("story_ids", expanding=True)), _KINDS)
    .group_by(table.c.story_id, table.c.receiver, table.c.kind)
    .subquery()
)
_THREADS: Final = (
    select(
        table.c.row_id,
        table.c.story_id,
        table.c.receiver,
        table.c.kind,
        table.c.sequence,
        table.c.alert_id,
        table.c.message,
        table.c.state,
        table.c.gathered_for,
        table.c.attempts,
        table.c.next_try_at,
        table.c.created_at,
        table.c.settled_at,
    )
    .join(_newest, and_(*(table.c[name] == _newest.c[name] for name in ("story_id", "receiver", "kind", "sequence"))))
    .where(_KINDS)
)


@dataclass(frozen=True, slots=True)
class StoredReply:
    """The newest reply about a story at a receiver."""

    row_id: int
    sequence: int
    alert_id: str
    message: str
    due_at: float
    last_at: float  # when it was sent, else when it is or was due
    waits: bool  # it was never attempted, so it may grow


@dataclass(frozen=True, slots=True)
class StoredThread:
    """The newest message about a story at a receiver, and the newest reply about that story."""

    alert_id: str
    told_at: float | None  # when it was sent, else put; None while a digest gathers it
    by_digest: bool  # a digest tells it, or told it: no thread is under it
    reply: StoredReply | None


def threads(connection: Connection, story_ids: Sequence[str]) -> dict[str, dict[str, StoredThread]]:
    """Return what stands in the threads of these stories, by story and receiver."""
    parents: dict[tuple[str, str], Any] = {}
    replies: dict[tuple[str, str], Any] = {}
    for stored in connection.execute(_THREADS, {"story_ids": list(story_ids)}):
        (parents if stored.kind == MessageKind.PARENT.value else replies)[stored.story_id, stored.receiver] = stored
    found: dict[str, dict[str, StoredThread]] = {}
    for (story_id, receiver), row in parents.items():
        reply = replies.get((story_id, receiver))
        gathered = row.state == SendState.GATHERED.value
        found.setdefault(story_id, {})[receiver] = StoredThread(
            alert_id=row.alert_id,
            told_at=None if gathered else row.settled_at or row.created_at,
            by_digest=row.gathered_for is not None,
            reply=None if reply is None else _reply(reply),
        )
    return found


def _reply(row: Any) -> StoredReply:
    return StoredReply(
        row_id=row.row_id,
        sequence=row.sequence,
        alert_id=row.alert_id,
        message=row.message,
        due_at=row.next_try_at,
        last_at=row.settled_at or row.next_try_at,
        waits=row.state == SendState.NEW.value and row.attempts == 0,
    )


def grow(connection: Connection, row_id: int, entry: Entry, due_at: float) -> bool:
    """Let a reply that was never attempted say what `entry` says, at that time; return whether it still was so."""
    grown = (
        update(table)
        .where(table.c.row_id == row_id, table.c.state == SendState.NEW.value, table.c.attempts == 0)
        .values(
            watchlists=json.dumps(list(entry.watchlists)),
            severity=entry.severity,
            title=entry.title,
            url=entry.url,
            message=entry.message,
            next_try_at=due_at,
        )
    )
    return connection.execute(grown).rowcount == 1


def put(connection: Connection, entries: Iterable[tuple[Entry, float]], at: float) -> None:
    """Put replies in the outbox, each due at its time; one that is there already stays as it is."""
    outbox.put(connection, [replace(one, due_at=due_at) for one, due_at in entries], at)
