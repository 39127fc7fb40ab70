"""What a fallback receiver may see of a rule's words in what was written for another one: what was hidden from that stays hidden. Pure."""

from dataclasses import replace
from typing import Any

from alerting.bulletin import Bulletin
from alerting.message import LACKING, Message, ShownWatchlist
from alerting.updates import Update
from alerting.watchlists.telling import Explain


def message_seen(message: Message, explain: Explain) -> Message:
    """Return the message without what a receiver of this `explain` is not to see."""
    if explain is Explain.FULL:
        return message
    quote = message.quote
    if quote is not None and explain is Explain.NONE:
        quote = replace(quote, marks=())
    return replace(message, watchlists=_without_because(message.watchlists), unsupported=message.unsupported and LACKING, quote=quote)


def update_seen(update: Update, explain: Explain) -> Update:
    """Return the update without what a receiver of this `explain` is not to see."""
    if explain is Explain.FULL:
        return update
    return replace(update, watchlists=_without_because(update.watchlists), unsupported=update.unsupported and LACKING)


def bulletin_seen(bulletin: Bulletin, explain: Explain) -> Bulletin:
    """Return the bulletin without what a receiver of this `explain` is not to see: a digest's page names words among its facts alone."""
    return bulletin if explain is Explain.FULL else replace(bulletin, data=_without_words(bulletin.data))


def _without_because(watchlists: tuple[ShownWatchlist, ...]) -> tuple[ShownWatchlist, ...]:
    return tuple(replace(one, because=()) for one in watchlists)


def _without_words(value: Any) -> Any:
    """Return facts for programs without the words of rules, wherever they stand."""
    if isinstance(value, dict):
        return {key: [] if key == "because" else _without_words(one) for key, one in value.items()}
    return [_without_words(one) for one in value] if isinstance(value, list) else value
