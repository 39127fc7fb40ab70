"""The threads of the stories of one batch: what is gathered for the next reply in each, and when that is due. Pure.

What a batch adds is kept apart from what waits in the store, so that it becomes a reply of its own where the one that waited has gone out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from alerting.decide import Reply
from alerting.updates import Update, extended, from_json, is_pressing, is_urgent, numbered
from newswire.store.updates import StoredReply, StoredThread

URGENT_APART_S: Final = 300.0
"""So far replies keep apart that must not wait, but for a rise, a retraction and an official source: a story that names a partner more in each report, or an outlet
that changes its headline all day, is no reason for a reply a minute."""


@dataclass(frozen=True, slots=True)
class Added:
    """What this batch adds to one thread."""

    receiver: str
    decision_id: str  # of the first report in it
    item_id: str
    revision: str
    more: Update
    due_at: float  # of `more` as a reply of its own
    grows: "Waiting | None"  # the reply that waits in this thread


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reply in the store that was never attempted."""

    row_id: int
    sequence: int
    update: Update
    due_at: float


class Threads:
    """What stands in the threads of some stories, and what a batch adds to it."""

    def __init__(self, stored: Mapping[str, Mapping[str, StoredThread]], now: datetime) -> None:
        self._now = now.timestamp()
        self._stored = stored
        self._added: dict[str, Added] = {}  # by alert id

    def told_at(self, story_id: str, receiver: str) -> datetime | None:
        """Return when the channel last had a message of its own about the story."""
        thread = self._stored.get(story_id, {}).get(receiver)
        if thread is None or thread.told_at is None:
            return None
        last, said = thread.told_at, _said(thread.reply)
        if thread.reply is not None and said is not None and said.in_channel:
            last = max(last, thread.reply.last_at)
        return datetime.fromtimestamp(last, UTC)

    def has_thread(self, story_id: str, receiver: str) -> bool:
        """Return whether replies can stand under the story's message."""
        thread = self._stored.get(story_id, {}).get(receiver)
        return thread is None or not thread.by_digest

    def add(self, reply: Reply, *, decision_id: str, item_id: str, revision: str) -> None:
        """Gather one reply more."""
        update = reply.update
        due_at = self._due_at(update, reply)
        before = self._added.get(update.alert_id)
        if before is not None:
            self._added[update.alert_id] = replace(before, more=extended(before.more, update), due_at=min(before.due_at, due_at))
            return
        self._added[update.alert_id] = Added(
            reply.receiver, decision_id, item_id, revision, update, due_at, self._waiting(update, reply.receiver)
        )

    def added(self) -> list[Added]:
        """Return what the batch adds, in the order in which it began."""
        return list(self._added.values())

    def last_sequence(self, story_id: str, receiver: str) -> int:
        """Return the sequence of the newest reply in the store."""
        thread = self._stored.get(story_id, {}).get(receiver)
        return thread.reply.sequence if thread is not None and thread.reply is not None else 0

    def _due_at(self, update: Update, reply: Reply) -> float:
        """Return when the update is due as a reply of its own."""
        if is_pressing(update):
            return self._now
        next_at = self._next_at(update, reply)
        if not is_urgent(update):
            return next_at
        last = self._last_reply_at(update, reply)
        return self._now if last is None else max(self._now, min(next_at, last + URGENT_APART_S))

    def _last_reply_at(self, update: Update, reply: Reply) -> float | None:
        """Return when the thread's last reply went out, as nearly as the store knows; None where there was none."""
        thread = self._stored.get(update.story_id, {}).get(reply.receiver)
        stored = thread.reply if thread is not None and thread.alert_id == update.alert_id else None
        if thread is None or stored is None or stored.alert_id != update.alert_id:
            return None
        if not stored.waits:
            return min(stored.last_at, self._now)
        said = _said(stored)
        if said is not None and is_urgent(said):
            return stored.due_at - URGENT_APART_S
        last = stored.due_at - reply.every.total_seconds()  # from which on it waits: a reply, or the message itself
        return last if thread.told_at is not None and last > thread.told_at else None

    def _next_at(self, update: Update, reply: Reply) -> float:
        """Return when the next reply is due: so long after the last message of the thread, and not in the past."""
        thread = self._stored.get(update.story_id, {}).get(reply.receiver)
        if thread is None or thread.alert_id != update.alert_id:
            return self._now + reply.every.total_seconds()  # its message is of this batch
        last = min(thread.told_at or self._now, self._now)  # no clock that was set back keeps a reply waiting
        if thread.reply is not None and thread.reply.alert_id == update.alert_id and not thread.reply.waits:
            last = max(last, min(thread.reply.last_at, self._now))
        return max(self._now, last + reply.every.total_seconds())

    def _waiting(self, update: Update, receiver: str) -> Waiting | None:
        thread = self._stored.get(update.story_id, {}).get(receiver)
        reply = thread.reply if thread is not None else None
        if reply is None or not reply.waits or reply.alert_id != update.alert_id:
            return None
        said = _said(reply)
        return None if said is None else Waiting(reply.row_id, reply.sequence, said, reply.due_at)


def grown(waiting: Waiting, added: Added) -> tuple[Update, float]:
    """Return what the waiting reply says with what was added, and when it is due."""
    return extended(waiting.update, added.more), min(waiting.due_at, added.due_at)


def begun(added: Added, sequence: int) -> tuple[Update, float]:
    """Return what was added as a reply of its own, and when it is due."""
    return numbered(added.more, sequence), added.due_at


def _said(reply: StoredReply | None) -> Update | None:
    """Return what a reply in the store says; None where no release can add to it: no story waits for one row that cannot be read."""
    try:
        return None if reply is None else from_json(reply.message)
    except ValueError:
        return None
