"""Newswire's own notices, as rows of the outbox; and what earlier ones said, read back from there."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, text

from newswire.records import MessageKind
from newswire.store import outbox as rows
from newswire.store.tables import outbox

_PUT: Final = (
    select(outbox.c.story_id, outbox.c.created_at, outbox.c.message)
    .where(
        text("kind IN ('digest', 'notice')"),  # as the index of these few rows is written
        outbox.c.kind == MessageKind.NOTICE.value,
        outbox.c.created_at >= bindparam("since"),
    )
    .order_by(outbox.c.created_at, outbox.c.row_id)
)


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to be put; `message` is its bulletin as JSON."""

    notice_id: str
    receiver: str
    severity: str
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class PutNotice:
    """A notice that was put; `data` are the facts in its bulletin."""

    notice_id: str
    at: float  # seconds since 1970 UTC
    data: dict[str, Any]


def put(connection: Connection, notices: Iterable[NewNotice], at: float) -> None:
    """Put notices in the outbox, due at once; one that is there already stays as it is."""
    rows.put(
        connection,
        [
            rows.Entry(
                story_id=one.notice_id,
                receiver=one.receiver,
                kind=MessageKind.NOTICE,
                sequence=0,
                alert_id=one.notice_id,
                decision_id=one.notice_id,
                item_id=one.notice_id,
                revision="",
                watchlists=(),
                severity=one.severity,
                title=one.title,
                url=None,
                message=one.message,
            )
            for one in notices
        ],
        at,
    )


def since(connection: Connection, moment: float) -> list[PutNotice]:
    """Return the notices that were put since then, oldest first."""
    found = []
    for row in connection.execute(_PUT, {"since": moment}):
        data = json.loads(row.message).get("data")
        if isinstance(data, dict):
            found.append(PutNotice(row.story_id, row.created_at, data))
    return found
