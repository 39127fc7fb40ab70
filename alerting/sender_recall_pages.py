"""What one receiver was told since a moment, read back a page at a time: its channel, then the threads that were begun in it.

A page is one call, so that the pace of the receiver is kept, and one that fails is asked for again and not all of them.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from alerting.carried import Look, Said, token_of
from alerting.receivers import FindAnswer, LooksBack, NotFound, Unreadable
from alerting.render import EVENT_TYPE
from alerting.render_bulletin import EVENT_TYPES
from newswire.records import MessageKind
from newswire.store.recalled import Recalled

PAGES_MOST: Final = 500
"""A gap of a hundred thousand messages: what is longer is not read to its end."""


@dataclass(slots=True)
class Recall:
    """How far the reading has come. Touched by the one call that is on the way to its receiver."""

    since: str
    thread_only: str | None = None
    channel: str | None = None
    told: dict[str, Recalled] = field(default_factory=dict)  # by token
    by_digests: dict[str, Recalled] = field(default_factory=dict)
    digests: dict[str, float] = field(default_factory=dict)  # by name: the newest time that one was told for
    pages: int = 0
    _todo: "deque[tuple[str | None, str | None]]" = field(default_factory=deque)  # thread and cursor

    def __post_init__(self) -> None:
        self._todo.append((self.thread_only, None))

    def step(self, receiver: LooksBack) -> FindAnswer | None:
        """Read one page; return None where that went well, else the receiver's answer."""
        thread, cursor = self._todo[0]
        found = receiver.look_back(channel=self.channel, thread=thread, since=self.since, cursor=cursor)
        if not isinstance(found, Look):
            if thread is not None and self.thread_only is None and isinstance(found, Unreadable | NotFound):
                self._todo.popleft()  # deleted since its channel was read, which still tells all else
                return None
            return found
        self._todo.popleft()
        self.pages += 1
        for said in found.said:
            self._note(said, thread)
        if found.cursor:
            self._todo.appendleft((thread, found.cursor))
        return None

    def done(self) -> bool:
        """Return whether all is read."""
        return not self._todo or self.pages >= PAGES_MOST

    def all_told(self) -> Mapping[str, Recalled]:
        """Return where each thing was told; where it has a thread, rather than in a digest."""
        return self.by_digests | self.told

    def _note(self, said: Said, thread: str | None) -> None:
        if thread is not None and said.reference == thread:
            return  # the thread's first message comes with each page of it
        there = Recalled(said.channel, thread or said.reference)
        self.told[token_of(said.own)] = Recalled(said.channel, said.reference)
        if said.event == EVENT_TYPES[MessageKind.DIGEST]:
            self.by_digests |= dict.fromkeys(said.carries, Recalled(said.channel, None))
            if said.digest is not None and said.due_at is not None:
                self.digests[said.digest] = max(said.due_at, self.digests.get(said.digest, 0.0))
        elif said.event == EVENT_TYPE or thread is not None:
            self.told |= dict.fromkeys(said.carries, there)
        else:
            self.by_digests |= dict.fromkeys(said.carries, there)  # an update in the channel, which has no thread
        if said.replies and thread is None:
            self._todo.append((said.reference, None))
