"""Those who are told: what a sender may ask of a receiver, and the closed set of its answers.

Reads: a `Message`, a `Bulletin`.
Writes: to Slack, a webhook, a mail server, or a terminal.
Never: retries by itself, raises for anything that the other side does, or touches the store.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from alerting.bulletin import Bulletin
from alerting.carried import Look
from alerting.message import Message


@dataclass(frozen=True, slots=True)
class Accepted:
    """The receiver has it, under `reference` in `channel`."""

    channel: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class NotSent:
    """It surely did not arrive (nothing was listening, or the bounded number of calls is in flight): again after a back-off."""

    reason: str


@dataclass(frozen=True, slots=True)
class RateLimited:
    """It was refused for now; this receiver wants `retry_after_s` of silence."""

    retry_after_s: float


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody knows whether it arrived: read back before anything is sent again."""

    reason: str


@dataclass(frozen=True, slots=True)
class BadMessage:
    """The message was refused for what it holds, or an edit's parent is gone; `code` is the receiver's own word."""

    code: str


@dataclass(frozen=True, slots=True)
class BadRoute:
    """The channel refuses us."""

    code: str


@dataclass(frozen=True, slots=True)
class BadAccess:
    """The token is refused: nothing at all can be sent to this receiver."""

    code: str


Answer = Accepted | NotSent | RateLimited | Unclear | BadMessage | BadRoute | BadAccess


@dataclass(frozen=True, slots=True)
class NotFound:
    """The history was read, and the alert is not in it."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The history cannot be read, with the receiver's own word for it."""

    code: str


FindAnswer = Accepted | NotFound | Unreadable | RateLimited | Unclear | BadAccess


class Receiver(Protocol):
    """One place where alerts go. One call at a time is made to it, from any thread; `permalink` may be asked meanwhile."""

    name: str
    spacing_s: float  # least time between two messages
    reads_back: bool  # whether `find` can ever find something
    threads: bool  # whether what is said with a thread stands in it

    def clock_mark(self) -> str | Answer | None:
        """Return a moment on the receiver's own clock that is surely not after now; None where it has no clock."""
        ...

    def post(self, message: Message, *, plain: bool = False) -> Answer:
        """Say something new; `plain` says it as short text without any layout."""
        ...

    def edit(self, message: Message, channel: str, reference: str, *, plain: bool = False) -> Answer:
        """Replace what was said under `reference`. Doing it twice is harmless."""
        ...

    def find(self, alert_id: str, *, channel: str | None, since: str | None) -> FindAnswer:
        """Look for an alert among what was said since that moment of the receiver's clock."""
        ...

    def say(self, bulletin: Bulletin, *, channel: str | None, thread: str | None, plain: bool = False) -> Answer:
        """Say a bulletin in the thread of what stands under the reference `thread`, else in the channel (None: the receiver's own)."""
        ...

    def find_said(self, bulletin_id: str, *, channel: str | None, thread: str | None, since: str | None) -> FindAnswer:
        """Look for a bulletin in that thread, else in the channel, among what was said since that moment of the receiver's clock."""
        ...

    def permalink(self, channel: str, reference: str) -> str | None:
        """Return an address that leads to what was said; None where there is none, or it cannot be had at once."""
        ...


@runtime_checkable
class LooksBack(Protocol):
    """A receiver of which all can be read back that it was told."""

    def look_back(self, *, channel: str | None, thread: str | None, since: str, cursor: str | None) -> Look | FindAnswer:
        """Return a page of what we said since that moment of the receiver's clock: in that thread, else in the channel (None: its own)."""
        ...
