"""A Slack incoming webhook as a receiver: the same layout as through the Web API, but it can only post.

No threads, no edits, no look whether something arrived. A reply becomes a short message of its own that names its story. An edit whose news
no reply tells does too, where it says something new (a higher severity, a new partner, a full text that does not bear the alert out): a count
that grows is not worth a line in a channel. What is in doubt is sent again, marked as a possible repeat.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from alerting.bulletin import Bulletin
from alerting.escape import escape
from alerting.message import Message
from alerting.receivers import Accepted, Answer, FindAnswer, Unreadable
from alerting.receivers.http_answers import slack_webhook_answer
from alerting.receivers.http_post import HttpPost, Replied
from alerting.render import fallback_text, payload, plain_payload
from alerting.render_bulletin import payload as bulletin_payload
from alerting.render_bulletin import plain_payload as plain_bulletin_payload
from alerting.render_bulletin import standing_alone
from alerting.told import Memory, changes, told_of

CHANNEL: Final = "incoming-webhook"
SPACING_S: Final = 1.0  # Slack's own rule for them, too: one a second, short bursts allowed


class SlackWebhookReceiver:
    """One incoming webhook, which is bound to one channel by Slack."""

    reads_back = False
    threads = False
    spacing_s = SPACING_S

    def __init__(self, name: str, *, post: HttpPost, now: Callable[[], datetime], spacing_s: float = SPACING_S) -> None:
        self.name, self.spacing_s = name, spacing_s
        self._post, self._now = post, now
        self._memory = Memory()

    def clock_mark(self) -> str | Answer | None:
        return None

    def post(self, message: Message, *, plain: bool = False) -> Answer:
        said = plain_payload(message, with_metadata=False) if plain else payload(message)
        return self._say(message, said)

    def edit(self, message: Message, channel: str, reference: str, *, plain: bool = False) -> Answer:  # noqa: ARG002 -- an update is plain text as it is
        before = self._memory.before(message.alert_id, reference)
        news = changes(before, message) if before is not None else ["Update."]
        if message.threaded:
            self._memory.keep(message.alert_id, told_of(message))
        if message.threaded or not news:
            return Accepted(CHANNEL, reference)
        return self._say(message, update_payload(message, news))

    def find(self, alert_id: str, *, channel: str | None, since: str | None) -> FindAnswer:  # noqa: ARG002 -- the port's signature
        return Unreadable("no_read_back")

    def say(self, bulletin: Bulletin, *, channel: str | None, thread: str | None, plain: bool = False) -> Answer:  # noqa: ARG002 -- there is one channel, and no thread
        alone = standing_alone(bulletin)
        said = plain_bulletin_payload(alone) if plain else bulletin_payload(alone)
        return self._sent(said, Accepted(CHANNEL, bulletin.bulletin_id))

    def find_said(self, bulletin_id: str, *, channel: str | None, thread: str | None, since: str | None) -> FindAnswer:  # noqa: ARG002 -- the port's signature
        return Unreadable("no_read_back")

    def permalink(self, channel: str, reference: str) -> str | None:  # noqa: ARG002 -- the port's signature
        return None

    def _say(self, message: Message, said: dict[str, Any]) -> Answer:
        told = told_of(message)
        answer = self._sent(said, Accepted(CHANNEL, told.to_text()))
        if isinstance(answer, Accepted):
            self._memory.keep(message.alert_id, told)
        return answer

    def _sent(self, said: dict[str, Any], accepted: Accepted) -> Answer:
        content = json.dumps({name: value for name, value in said.items() if name != "metadata"}).encode("ascii")
        replied = self._post.send(content, {"Content-Type": "application/json"})
        if not isinstance(replied, Replied):
            return replied
        return slack_webhook_answer(replied, accepted=accepted, now=self._now())


def update_payload(message: Message, news: list[str]) -> dict[str, Any]:
    """Return the short message that says what is new."""
    text = f"{escape(' '.join(news), limit=600)} · {fallback_text(message)}"
    return {"text": text, "unfurl_links": False, "unfurl_media": False}
