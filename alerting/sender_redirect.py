"""What a receiver refused for good is told to the fallback receiver instead."""

from dataclasses import replace

from sqlalchemy import Connection

from alerting.message import alert_id_of, folded, from_json, to_json
from newswire.records import MessageKind
from newswire.store import outbox
from newswire.store.outbox import Entry, Queued


def redirect(connection: Connection, row: Queued, fallback: str, *, at: float) -> None:
    """Put what the row says in the fallback's outbox: a message of its own, or an edit of the one that it has about this story."""
    message = from_json(row.message)
    known = outbox.told(connection, [row.story_id]).get(row.story_id, {}).get(fallback)
    if known is None:
        sequence = 0
        message = replace(message, alert_id=alert_id_of(row.story_id, fallback), possible_repeat=False)
    else:
        sequence = known[0] + 1
        message = folded(from_json(known[1]), message)
    entry = Entry(
        story_id=row.story_id,
        receiver=fallback,
        kind=MessageKind.EDIT if sequence else MessageKind.PARENT,
        sequence=sequence,
        alert_id=message.alert_id,
        decision_id=row.decision_id,
        item_id=row.item_id,
        revision=row.revision,
        watchlists=[shown.watchlist for shown in message.watchlists],
        severity=message.severity.value,
        title=message.title,
        url=message.url,
        message=to_json(message),
    )
    outbox.put(connection, [entry], at)
