"""By what a message is known again, whoever told it: short tokens that it carries in its metadata, and a page of what a channel holds. Pure.

A store that was restored does not know what was told since its backup, and may give the same news another story, another alert id, another
number in its thread. The items are the same: their ids come from the feeds.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from alerting.message import Message
from alerting.updates import Update

TOKEN: Final = 12
"""Hexadecimal digits: two of a million items are alike once in five hundred such channels."""

MOST: Final = 200
"""Tokens that a message carries; they take three kilobytes of what Slack lets metadata take."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of ours, as it was read back."""

    event: str
    channel: str
    reference: str  # its ts
    own: str  # its alert id or bulletin id
    carries: tuple[str, ...]
    replies: bool  # others stand in its thread
    digest: str | None = None  # of a scheduled digest: its name, and the time that it was told for
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A page of what was said; `cursor` leads to the next one, None: there is none."""

    said: tuple[Said, ...]
    cursor: str | None


def token_of(identity: str) -> str:
    """Return the token of an item, an alert or a bulletin."""
    return identity[:TOKEN]


def carried_by(message: Message) -> tuple[str, ...]:
    """Return a token for each item that the message tells."""
    return _distinct(token_of(carrier.item_id) for carrier in message.carriers)


def carried_by_update(update: Update) -> tuple[str, ...]:
    """Return a token for each thing that the reply tells: of a new report its item's; of what has no item, that of its words."""
    tokens = [token_of(one.item_id) for one in update.reports]
    tokens += [_hashed("correction", one.item_id, one.new) for one in update.corrections]
    if not tokens:
        tokens = [
            _hashed("said", update.title, update.severity, *update.partners, *update.officials, *update.withdrawn, update.unsupported or "")
        ]
    return _distinct(tokens)


def carried_by_all(bulletins: Iterable[Message]) -> tuple[str, ...]:
    """Return a token for each item that these messages tell: those of one page of a digest."""
    return _distinct(token for one in bulletins for token in carried_by(one))


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:TOKEN]


def _distinct(tokens: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tokens))[:MOST]
