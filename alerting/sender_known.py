"""What is left to say of what was told before a restore, and where it stands. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from alerting.carried import carried_by_update, token_of
from alerting.message import Message
from alerting.sender_said import Content
from alerting.updates import Update
from newswire.store.recalled import Recalled


def told_apart(update: Update, known: Collection[str]) -> Update | None:
    """Return the reply without the reports that were told before; None where all that it tells was.

    What came with a report (a rise, a new partner) was told with it.
    """
    if all(token in known for token in carried_by_update(update)):
        return None
    left = tuple(one for one in update.reports if token_of(one.item_id) not in known)
    return update if len(left) == len(update.reports) else replace(update, reports=left)


def place_of_known(content: Content, alert_id: str, known: Mapping[str, Recalled]) -> Recalled:
    """Return where a message was told: under its own id, else with its headline, else with any of its items; in a thread rather than in a digest."""
    own = known.get(token_of(alert_id))
    if own is not None or not isinstance(content, Message):
        return own or next(iter(known.values()))
    headline = known.get(token_of(content.item_id))
    with_thread = [one for one in (headline, *known.values()) if one is not None and one.reference is not None]
    return with_thread[0] if with_thread else next(iter(known.values()))
