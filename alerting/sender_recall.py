"""After a restore: nothing is told that was told between the backup and the loss, which the restored store does not know.

What a receiver was told is read back once, before anything is sent to it, and compared with what is to be sent by the items that it tells: the
restored store may give the same news another story and another alert id. What is found is taken up as ours, so that its thread goes on. Of a
receiver that cannot be read back nobody knows: what may have been told is marked as a possible repeat.
"""

from typing import Final

import structlog

from alerting.carried import carried_by, carried_by_update, token_of
from alerting.leadership import Leadership
from alerting.message import EarlierKind, Message
from alerting.receivers import BadAccess, FindAnswer, LooksBack, NotFound, RateLimited, Unreadable
from alerting.sender_lane import ACCESS_RETRY_S, Lane
from alerting.sender_recall_pages import Recall
from alerting.sender_said import Content, Place
from alerting.updates import Update
from newswire.clock import Clock
from newswire.outcomes import SendOutcome
from newswire.records import MessageKind
from newswire.store import Store, backups, digest_times, recalled
from newswire.store.backups import Restored
from newswire.store.outbox import Queued
from newswire.store.recalled import Recalled

CLOCKS_S: Final = 300.0
"""The receiver's clock and ours need not agree: so much before the backup is read too. What the store knows of it is known twice."""

DATED_S: Final = 3_600.0
"""Of a receiver that cannot be read, what is dated until so long after the restore may have been told."""

_log = structlog.get_logger(__name__)


class Recalls:
    """Reads back, and remembers. Thread-safe for different lanes."""

    def __init__(self, *, store: Store, clock: Clock, leadership: Leadership, back_off_s: float) -> None:
        self._store, self._clock, self._leadership, self._back_off_s = store, clock, leadership, back_off_s
        self._restored: Restored | None = None
        self._asked = False

    def restored(self) -> Restored | None:
        """Return the restore that this store came from, as long as it matters. No restore goes into a store that a process has open."""
        if not self._asked:
            with self._store.read() as connection:
                self._restored = backups.restored(connection)
            self._asked = True
        found = self._restored
        return found if found is not None and found.matters(self._now()) else None

    def pending(self, name: str, lane: Lane) -> bool:
        """Return whether it is still to be read back what this receiver was told."""
        if lane.recalled or self.restored() is None:
            return False
        with self._store.read() as connection:
            lane.recalled = backups.is_recalled(connection, name)
        return not lane.recalled

    def read_back(self, name: str, lane: Lane) -> None:
        """Read one page; note it all where that was the last.

        Raises:
            Fenced: another process is the alerter now.
            Retryable: the store is away.

        """
        restored = self.restored()
        assert restored is not None
        receiver = lane.receiver
        if not isinstance(receiver, LooksBack):
            self._note(name, lane, blind=True)
            return
        lane.recall = lane.recall or Recall(_since(restored))
        answer = lane.recall.step(receiver)
        if answer is None:
            lane.spend(self._clock.monotonic())
            if lane.recall.done():
                self._note(name, lane)
        elif isinstance(answer, Unreadable | NotFound):
            _log.warning("cannot read back what was told before the restore; it may be told again", receiver=name, answer=str(answer))
            self._note(name, lane, blind=True)
        else:
            self._hold(lane, answer)

    def known(self, row: Queued, content: Content) -> dict[str, Recalled]:
        """Return where the receiver was told what the row says, by token; empty where it was not, or nobody knows."""
        if self.restored() is None:
            return {}
        tokens = {token_of(row.alert_id)} if not isinstance(content, Update) else set[str]()
        if isinstance(content, Message):
            anew = content.earlier is not None and content.earlier.kind is EarlierKind.REALERT
            tokens |= set(carried_by(content)) if not row.sequence and not anew else set()
        elif isinstance(content, Update):
            tokens |= set(carried_by_update(content))
        else:
            tokens = {token_of(content.bulletin_id)}
        with self._store.read() as connection:
            return recalled.among(connection, row.receiver, tokens)

    def perhaps(self, row: Queued, content: Content) -> bool:
        """Return whether nobody knows whether this receiver was told it before the restore."""
        restored = self.restored()
        if restored is None or content.possible_repeat:
            return False
        if isinstance(content, Message):
            dated = content.published_at or content.seen_at
            told = row.kind is MessageKind.PARENT and min(dated.timestamp(), row.created_at) <= restored.restored_at + DATED_S
        else:
            told = row.created_at <= restored.backed_up_at
        return told and self._is_blind(row.receiver)

    def perhaps_given(self, row: Queued, head: Queued | None) -> bool:
        """Return whether nobody knows whether this reply was given before the restore: in a thread of before the backup, and due soon after."""
        restored = self.restored()
        if restored is None or head is None or head.settled_at is None:
            return False
        told = head.settled_at <= restored.backed_up_at and row.created_at <= restored.restored_at + DATED_S
        return told and self._is_blind(row.receiver)

    def _is_blind(self, receiver: str) -> bool:
        with self._store.read() as connection:
            return backups.is_blind(connection, receiver)

    def thread_read(self, lane: Lane, row: Queued, place: Place, head: Queued | None) -> bool:
        """Return whether the thread of a reply is read back; read it where it was begun before the restore. False: held, to be tried later."""
        restored, thread = self.restored(), place.thread
        if restored is None or thread is None or head is None or thread in lane.threads_read or not isinstance(lane.receiver, LooksBack):
            return True
        if head.settled_at is not None and head.settled_at > restored.restored_at and head.outcome is not SendOutcome.FOUND:
            return True
        reading = Recall(_since(restored), thread_only=thread, channel=place.channel)
        while not reading.done():
            answer = reading.step(lane.receiver)
            if isinstance(answer, Unreadable | NotFound):
                break
            if answer is not None:
                self._hold(lane, answer)
                return False
        with self._store.begin() as connection:
            self._leadership.check(connection)
            recalled.keep(connection, row.receiver, reading.all_told(), self._now())
        lane.threads_read.add(thread)
        return True

    def _note(self, name: str, lane: Lane, *, blind: bool = False) -> None:
        found, now = lane.recall, self._now()
        with self._store.begin() as connection:
            self._leadership.check(connection)
            if found is not None and not blind:
                recalled.keep(connection, name, found.all_told(), now)
                for digest, due_at in found.digests.items():
                    digest_times.tell(connection, digest, due_at)
            backups.note_recalled(connection, name, now, blind=blind)
        lane.recalled, lane.recall = True, None
        if found is not None:
            _log.info("read back what was told before the restore", receiver=name, pages=found.pages, told=len(found.told))

    def _hold(self, lane: Lane, answer: FindAnswer) -> None:
        now = self._clock.monotonic()
        if isinstance(answer, RateLimited):
            lane.hold(now, max(answer.retry_after_s, lane.receiver.spacing_s))
        elif isinstance(answer, BadAccess):
            lane.hold(now, ACCESS_RETRY_S)
        else:
            lane.back_off(now, self._back_off_s)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _since(restored: Restored) -> str:
    return f"{max(0.0, restored.backed_up_at - CLOCKS_S):.6f}"
