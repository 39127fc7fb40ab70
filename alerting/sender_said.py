"""What a row of the outbox says, by its kind, and where it is to stand. Pure."""

from dataclasses import dataclass, replace

from alerting import bulletin as bulletins
from alerting import message as messages
from alerting import updates
from alerting.bulletin import Bulletin
from alerting.carried import carried_by_update
from alerting.message import Message
from alerting.updates import Update
from newswire.outcomes import SendState
from newswire.records import MessageKind
from newswire.store.outbox import Queued

Content = Message | Update | Bulletin


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bulletin stands: in a thread, or in the channel; without a channel, in the receiver's own."""

    channel: str | None = None
    thread: str | None = None


def content_of(kind: MessageKind, text: str) -> Content:
    """Return what a row of this kind says. A reply is an `Update`; of an earlier release, once it was repeated, the bulletin that it was laid out as.

    Raises:
        ValueError: it is none of that.

    """
    if kind in {MessageKind.PARENT, MessageKind.EDIT}:
        return messages.from_json(text)
    if kind is MessageKind.REPLY:
        try:
            return updates.from_json(text)
        except ValueError:
            return bulletins.from_json(text)
    return bulletins.from_json(text)


def readable(row: Queued) -> bool:
    """Return whether the row says something."""
    try:
        content_of(row.kind, row.message)
    except ValueError:
        return False
    return True


def text_of(content: Content) -> str:
    """Return the content as a row holds it."""
    if isinstance(content, Message):
        return messages.to_json(content)
    return updates.to_json(content) if isinstance(content, Update) else bulletins.to_json(content)


def bulletin_of(content: Update | Bulletin, sequence: int) -> Bulletin:
    """Return the bulletin that goes out, as this one of its thread."""
    shown = replace(updates.laid_out(content), carries=carried_by_update(content)) if isinstance(content, Update) else content
    return replace(shown, sequence=sequence)


def repeated(row: Queued, content: Content) -> str:
    """Return, as the row holds it, the same marked as a possible repeat."""
    if isinstance(content, Message):
        return messages.to_json(replace(content, possible_repeat=True))
    if isinstance(content, Update):
        return updates.to_json(replace(content, possible_repeat=True))
    return bulletins.to_json(replace(bulletin_of(content, row.sequence), possible_repeat=True))


def place_of(row: Queued, content: Content, head: Queued | None) -> Place | None:
    """Return where the row's message stands, `head` being the row whose thread it is in; None where that was never told."""
    if row.kind is MessageKind.REPLY:
        if head is None or head.state is not SendState.SENT:
            return None
        # What a digest told has no thread of its own.
        return Place(head.channel, None if isinstance(content, Update) and content.in_channel else head.reference)
    if row.kind is MessageKind.DIGEST and row.sequence and head is not None:
        return Place(head.channel, head.reference) if head.state is SendState.SENT else None
    return Place()
