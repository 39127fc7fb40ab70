"""What a receiver refused for good is told to the fallback receiver instead."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from alerting import bulletin as bulletins
from alerting import updates
from alerting.bulletin import Bulletin
from alerting.gathering import says_news
from alerting.message import Message, alert_id_of, folded, from_json, to_json
from alerting.receivers.directory import Fallback
from alerting.sender_fold import entry_of
from alerting.sender_said import Content
from alerting.sender_seen import bulletin_seen, message_seen, update_seen
from alerting.updates import Update
from newswire.records import MessageKind
from newswire.store import digests, outbox
from newswire.store import updates as replies
from newswire.store.digests import Growth
from newswire.store.outbox import Entry, Queued


def redirect(connection: Connection, row: Queued, content: Content, fallback: Fallback, *, at: float) -> None:
    """Put what the row says in the fallback's outbox: an alert by a message of its own, or by an edit of the one that it has about this
    story; a reply in the thread of that message; a digest's page and a notice as they are. Sequences are taken: the caller is alone.
    """
    if isinstance(content, Message):
        _redirect_alert(connection, row, content, fallback, at=at)
    elif row.kind is MessageKind.REPLY:
        _redirect_reply(connection, row, content, fallback, at=at)
    elif isinstance(content, Bulletin):
        message = bulletins.to_json(replace(bulletin_seen(content, fallback.explain), possible_repeat=False))
        outbox.put(connection, [_entry(row, fallback.name, content, alert_id=row.alert_id, sequence=row.sequence, message=message)], at)


def _redirect_alert(connection: Connection, row: Queued, message: Message, fallback: Fallback, *, at: float) -> None:
    message = message_seen(message, fallback.explain)
    known = outbox.told(connection, [row.story_id]).get(row.story_id, {}).get(fallback.name)
    if known is None:
        there = replace(message, alert_id=alert_id_of(row.story_id, fallback.name), possible_repeat=False)
        outbox.put(connection, [entry_of(there, row, fallback.name, 0)], at)
        return
    before, sequence = from_json(known[1]), known[0] + 1
    there = folded(before, message)
    standing = digests.standings(connection, [row.story_id]).get((row.story_id, fallback.name))
    if standing is None:
        outbox.put(connection, [entry_of(there, row, fallback.name, sequence)], at)
    elif standing.waits:
        _grow(connection, there, fallback.name, standing.sequence)
    elif says_news(before, there):  # what a digest told cannot be changed: it is told again, as the stage would
        anew = replace(there, alert_id=alert_id_of(row.story_id, fallback.name, sequence))
        outbox.put(connection, [replace(entry_of(anew, row, fallback.name, sequence), kind=MessageKind.PARENT)], at)


def _grow(connection: Connection, message: Message, receiver: str, sequence: int) -> None:
    """Let the row that waits for a digest say this."""
    watchlists = [shown.watchlist for shown in message.watchlists]
    severity, text = message.severity.value, to_json(message)
    digests.grow(connection, [Growth(message.story_id, receiver, sequence, watchlists, severity, message.title, message.url, text)])


def _redirect_reply(connection: Connection, row: Queued, content: Update | Bulletin, fallback: Fallback, *, at: float) -> None:
    """Say the reply in the fallback's thread of the story, which is begun where there is none: only the reply was refused then."""
    name = fallback.name
    if outbox.parent_of(connection, row.story_id, name) is None:
        told = outbox.told(connection, [row.story_id]).get(row.story_id, {}).get(row.receiver)
        if told is None:
            return
        _redirect_alert(connection, row, from_json(told[1]), fallback, at=at)
    parent = outbox.parent_of(connection, row.story_id, name)
    assert parent is not None
    alert_id, sees = parent.alert_id, fallback.explain
    content = update_seen(content, sees) if isinstance(content, Update) else bulletin_seen(content, sees)
    if isinstance(content, Update) and _joined(connection, row, _update(content, row, alert_id), name, at=at):
        return
    sequence = max(1, outbox.next_sequence(connection, row.story_id, name, [MessageKind.REPLY]))
    numbered = updates.numbered(_update(content, row, alert_id), sequence)
    if isinstance(content, Update):
        message = updates.to_json(numbered)
    else:
        message = bulletins.to_json(replace(content, bulletin_id=numbered.update_id, alert_id=alert_id, possible_repeat=False))
    outbox.put(connection, [_entry(row, name, content, alert_id=alert_id, sequence=sequence, message=message)], at)


def _joined(connection: Connection, row: Queued, update: Update, fallback: str, *, at: float) -> bool:
    """Return whether a reply of the same alert that was not attempted yet says this one's news too by now."""
    waits = replies.threads(connection, [row.story_id])[row.story_id][fallback].reply
    if waits is None or not waits.waits or waits.alert_id != update.alert_id:
        return False
    try:
        both = updates.extended(updates.from_json(waits.message), update)
    except ValueError:
        return False
    entry = _entry(row, fallback, both, alert_id=update.alert_id, sequence=waits.sequence, message=updates.to_json(both))
    return replies.grow(connection, waits.row_id, entry, at)


def _update(content: Update | Bulletin, row: Queued, alert_id: str) -> Update:
    """Return the update for another alert of the same story; of a bulletin only what gives it its id."""
    if isinstance(content, Update):
        return replace(content, alert_id=alert_id, possible_repeat=False)
    return Update(alert_id, row.story_id, row.title, None, content.severity, 0, 0)


def _entry(row: Queued, receiver: str, content: Update | Bulletin, *, alert_id: str, sequence: int, message: str) -> Entry:
    watchlists: Sequence[str] = content.speaks_for if isinstance(content, Update) else content.watchlists
    return Entry(
        story_id=row.story_id,
        receiver=receiver,
        kind=row.kind,
        sequence=sequence,
        alert_id=alert_id,
        decision_id=row.decision_id,
        item_id=row.item_id,
        revision=row.revision,
        watchlists=watchlists,
        severity=content.severity.value,
        title=row.title,
        url=content.url if isinstance(content, Update) else None,
        message=message,
    )
