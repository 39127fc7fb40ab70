"""A webhook as a receiver: signed JSON to an address of the operator's own, a key with each message so that sending it again is harmless."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from alerting.bulletin import Bulletin
from alerting.message import Message
from alerting.receivers import Accepted, Answer, FindAnswer, NotFound
from alerting.receivers.http_answers import webhook_answer
from alerting.receivers.http_post import HttpPost, Replied
from alerting.receivers.webhook_body import body, key_of, signed_headers
from alerting.receivers.webhook_bulletin import bulletin_body, bulletin_key

CHANNEL: Final = "webhook"


class WebhookReceiver:
    """One address. An edit is the whole alert again, with a higher `sequence`."""

    reads_back = False
    threads = True  # a reply names the alert that it belongs to
    spacing_s = 0.0  # the other side says by 429 where it wants less

    def __init__(self, name: str, *, post: HttpPost, secret: SecretStr, now: Callable[[], datetime], test: bool = False) -> None:
        self.name = name
        self._post, self._secret, self._now, self._test = post, secret, now, test

    def clock_mark(self) -> str | Answer | None:
        return None

    def post(self, message: Message, *, plain: bool = False) -> Answer:
        # Whatever its row's number among the story's messages: an alert begins with 0.
        return self._send_alert(replace(message, sequence=0), plain=plain)

    def edit(self, message: Message, channel: str, reference: str, *, plain: bool = False) -> Answer:  # noqa: ARG002 -- the port's signature
        return self._send_alert(message, plain=plain)

    def find(self, alert_id: str, *, channel: str | None, since: str | None) -> FindAnswer:  # noqa: ARG002 -- the port's signature
        # Nothing can be read back, and nothing need be: the key says to the other side that it is the same message.
        return NotFound()

    def say(self, bulletin: Bulletin, *, channel: str | None, thread: str | None, plain: bool = False) -> Answer:  # noqa: ARG002 -- the document says where it belongs
        content = bulletin_body(bulletin, receiver=self.name, plainly=plain, test=self._test)
        return self._send(content, bulletin_key(bulletin))

    def find_said(self, bulletin_id: str, *, channel: str | None, thread: str | None, since: str | None) -> FindAnswer:  # noqa: ARG002 -- the port's signature
        return NotFound()  # as above: the key says it

    def permalink(self, channel: str, reference: str) -> str | None:  # noqa: ARG002 -- the port's signature
        return None

    def _send_alert(self, message: Message, *, plain: bool) -> Answer:
        return self._send(body(message, receiver=self.name, plainly=plain, test=self._test), key_of(message))

    def _send(self, content: bytes, key: str) -> Answer:
        replied = self._post.send(content, signed_headers(content, key=key, secret=self._secret, at=self._now()))
        if not isinstance(replied, Replied):
            return replied
        return webhook_answer(replied, accepted=Accepted(CHANNEL, key), now=self._now())
