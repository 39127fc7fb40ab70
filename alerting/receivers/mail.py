"""Mail as a receiver: a thread for each story. A reply is a mail in it; an edit only where it says something new that no reply tells.

A mail in doubt is sent again with the same Message-ID, by which many mail servers and programs drop the second, and marked as a possible
repeat for those that do not.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from alerting.bulletin import Bulletin
from alerting.message import Message
from alerting.receivers import Accepted, Answer, FindAnswer, Unreadable
from alerting.receivers.mail_bulletin import bulletin_mail, bulletin_subject
from alerting.receivers.mail_text import mail, subject_of
from alerting.receivers.smtp import Smtp
from alerting.render_bulletin import standing_alone
from alerting.told import Memory, Told, changes, from_text, told_of

CHANNEL: Final = "email"
SPACING_S: Final = 1.0  # relays count mails a minute


class MailReceiver:
    """A few addresses, told together in one mail."""

    reads_back = False
    threads = True

    def __init__(
        self,
        name: str,
        *,
        to: Sequence[str],
        sender: str,
        smtp: Smtp,
        now: Callable[[], datetime],
        spacing_s: float = SPACING_S,
    ) -> None:
        self.name, self.spacing_s = name, spacing_s
        self._to, self._sender, self._smtp, self._now = tuple(to), sender, smtp, now
        self._memory = Memory()

    def clock_mark(self) -> str | Answer | None:
        return None

    def post(self, message: Message, *, plain: bool = False) -> Answer:
        # Whatever its row's number among the story's messages: a thread begins with 0.
        return self._send(replace(message, sequence=0), subject_of(message), [], text_only=plain)

    def edit(self, message: Message, channel: str, reference: str, *, plain: bool = False) -> Answer:  # noqa: ARG002 -- the port's signature
        before = self._memory.before(message.alert_id, reference)
        news = changes(before, message) if before is not None else ["Update."]
        subject = before.heading if before is not None and before.heading else subject_of(message)
        if message.threaded:
            self._memory.keep(message.alert_id, told_of(message, subject))
        if message.threaded or not news:
            return Accepted(CHANNEL, reference)
        return self._send(message, subject, news, text_only=plain)

    def find(self, alert_id: str, *, channel: str | None, since: str | None) -> FindAnswer:  # noqa: ARG002 -- the port's signature
        return Unreadable("no_read_back")

    def say(self, bulletin: Bulletin, *, channel: str | None, thread: str | None, plain: bool = False) -> Answer:  # noqa: ARG002 -- the port's signature
        bulletin = bulletin if thread else standing_alone(bulletin)
        begun = from_text(thread) if thread else None
        subject = begun.heading if begun is not None and begun.heading else bulletin_subject(bulletin)
        said = bulletin_mail(
            bulletin, sender=self._sender, to=self._to, at=self._now(), subject=subject, in_thread=thread is not None, text_only=plain
        )
        told = Told(bulletin.severity, (), supported=True, heading=subject)
        return self._smtp.send(said, sender=self._sender, to=self._to, accepted=Accepted(CHANNEL, told.to_text()))

    def find_said(self, bulletin_id: str, *, channel: str | None, thread: str | None, since: str | None) -> FindAnswer:  # noqa: ARG002 -- the port's signature
        return Unreadable("no_read_back")

    def permalink(self, channel: str, reference: str) -> str | None:  # noqa: ARG002 -- the port's signature
        return None

    def _send(self, message: Message, subject: str, news: Sequence[str], *, text_only: bool) -> Answer:
        said = mail(message, sender=self._sender, to=self._to, at=self._now(), subject=subject, news=news, text_only=text_only)
        told = told_of(message, subject)
        answer = self._smtp.send(said, sender=self._sender, to=self._to, accepted=Accepted(CHANNEL, told.to_text()))
        if isinstance(answer, Accepted):
            self._memory.keep(message.alert_id, told)
        return answer
