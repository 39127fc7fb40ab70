"""What was decided, as rows of the outbox: messages and their edits, and the replies that wait or grow.

Reads / writes: replies that wait in the outbox.
Never: changes a reply that the sender has begun.
"""

from collections import Counter

from sqlalchemy import Connection

from alerting import updates as replies
from alerting.decide import Outcome
from alerting.gathering_stage import stored
from alerting.message import to_json
from alerting.threads import Added, Threads, begun, grown
from alerting.updates import Update
from newswire.records import MessageKind
from newswire.store import updates
from newswire.store.outbox import Entry


def entries_of(outcome: Outcome) -> list[Entry]:
    """Return the messages and edits of one decision as they are put in the outbox."""
    decision = outcome.decision
    return [
        Entry(
            story_id=row.message.story_id,
            receiver=row.receiver,
            kind=row.kind,
            sequence=row.sequence,
            alert_id=row.message.alert_id,
            decision_id=decision.decision_id,
            item_id=decision.item_id,
            revision=decision.revision,
            watchlists=[shown.watchlist for shown in row.message.watchlists],
            severity=row.message.severity.value,
            title=row.message.title,
            url=row.message.url,
            message=to_json(row.message),
            gathered=stored(row.gathered),
        )
        for row in outcome.rows
        if not row.grows
    ]


def said_in_threads(connection: Connection, threads: Threads, at: float) -> None:
    """Let the replies that wait say what a batch adds, and put those that are new."""
    begun_here: Counter[tuple[str, str]] = Counter()
    fresh = []
    for one in threads.added():
        if one.grows is not None:
            update, due_at = grown(one.grows, one)
            if updates.grow(connection, one.grows.row_id, _entry(one, update, one.grows.sequence), due_at):
                continue
        thread = (one.more.story_id, one.receiver)
        begun_here[thread] += 1
        sequence = threads.last_sequence(*thread) + begun_here[thread]
        update, due_at = begun(one, sequence)
        fresh.append((_entry(one, update, sequence), due_at))
    updates.put(connection, fresh, at)


def _entry(added: Added, update: Update, sequence: int) -> Entry:
    return Entry(
        story_id=update.story_id,
        receiver=added.receiver,
        kind=MessageKind.REPLY,
        sequence=sequence,
        alert_id=update.alert_id,
        decision_id=added.decision_id,
        item_id=added.item_id,
        revision=added.revision,
        watchlists=list(update.speaks_for),
        severity=update.severity.value,
        title=update.title,
        url=update.url,
        message=replies.to_json(update),
    )
