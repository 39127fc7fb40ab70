"""Where a story was told before is linked to when it is told again. A link that cannot be had at once is left out: no message waits for it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from alerting.message import Message
from alerting.receivers import Receiver
from newswire.errors import Retryable
from newswire.store import Store, outbox

_log = structlog.get_logger(__name__)


class Links:
    """Asks the receiver that told a story first for the address of that message; receivers bound how long this takes."""

    def __init__(self, *, store: Store, receivers: Callable[[], Mapping[str, Receiver]]) -> None:
        self._store, self._receivers = store, receivers

    def linked(self, message: Message) -> Message:
        """Return the message with the link to where its story was told before, if it says so and the link can be had."""
        earlier = message.earlier
        if earlier is None or earlier.link is not None:
            return message
        link = self._link(earlier.story_id, earlier.receiver, message.alert_id)
        return message if link is None else replace(message, earlier=replace(earlier, link=link))

    def _link(self, story_id: str, name: str, alert_id: str) -> str | None:
        receiver = self._receivers().get(name)
        if receiver is None:
            return None
        try:
            with self._store.read() as connection:
                told = outbox.told_at(connection, story_id, name, not_as=alert_id)
            return receiver.permalink(*told) if told is not None else None
        except Retryable:
            return None  # the store is away: what follows says so
        except Exception:  # noqa: BLE001 -- a bug in a link must not cost the message
            _log.exception("no link to the earlier message", receiver=name)
            return None
