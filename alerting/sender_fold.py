"""A reply of which nobody can know whether it arrived is told by an edit of its parent: doing that twice is harmless."""

from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from alerting.bulletin import text_of
from alerting.message import Message, from_json, to_json
from alerting.sender_said import Content, bulletin_of
from newswire.records import MessageKind
from newswire.store import outbox
from newswire.store.outbox import Entry, Queued

ALSO_LIMIT: Final = 12
"""Lines that a message says of folded replies, the newest: an edit must stay within what receivers take."""


def fold(connection: Connection, row: Queued, content: Content, *, at: float) -> None:
    """Put an edit in the outbox: the newest version of the story's message, with what the reply said among its lines."""
    assert not isinstance(content, Message)  # replies alone are folded
    said = bulletin_of(content, row.sequence)
    lines = [text for line in (said.heading, *said.lines) if (text := text_of(line).strip())]
    sequence, told = outbox.told(connection, [row.story_id])[row.story_id][row.receiver]
    message = from_json(told)
    # `threaded` would let receivers that cannot edit say nothing, for a reply would.
    folded = replace(message, also=(*message.also, *lines)[-ALSO_LIMIT:], threaded=False)
    outbox.put(connection, [entry_of(folded, row, row.receiver, sequence + 1)], at)


def entry_of(message: Message, row: Queued, receiver: str, sequence: int) -> Entry:
    """Return the row that says this message at a receiver, for the reason that `row` has: a parent where the sequence is 0, else an edit."""
    return Entry(
        story_id=row.story_id,
        receiver=receiver,
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
