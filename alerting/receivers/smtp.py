"""One mail to one server, through smtplib: the only module that imports its network part. With a total deadline, certificates checked.

STARTTLS is demanded where the address says `smtp://`: a server that does not offer it, or somebody in between who strikes the offer out,
gets nothing. Only this machine itself may go without. Each mail has a connection of its own.
"""

import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from pydantic import SecretStr

from alerting.receivers import Accepted, Answer, BadAccess, NotSent, Unclear
from alerting.receivers.deadline import Deadlines, NoRoomError
from alerting.receivers.smtp_answers import Step, answer_of
from newswire.variables import Encryption, SmtpServer

TIMEOUT_S: Final = 15.0
DEADLINE_S: Final = 30.0
NO_STARTTLS: Final = "starttls_missing"
NO_LOGIN: Final = "login_missing"

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Talk:
    """One conversation as far as it has come, seen by the thread that waits for it too."""

    step: Step = Step.GREETING
    begun: bool = False  # the content is on its way: from here on nobody knows until the server says so
    client: smtplib.SMTP | None = None


class Smtp:
    """Hands mails to one server. Called from one thread."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        user: SecretStr | None = None,
        password: SecretStr | None = None,
        timeout_s: float = TIMEOUT_S,
        deadline_s: float = DEADLINE_S,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._server, self._user, self._password = server, user, password
        self._timeout_s, self._deadline_s = timeout_s, deadline_s
        self._ssl_context = ssl_context or ssl.create_default_context()  # the system's authorities, and SSL_CERT_FILE
        self._deadlines = Deadlines()

    def send(self, content: bytes, *, sender: str, to: Sequence[str], accepted: Accepted) -> Answer:
        """Return what became of the mail. It is taken where the server took it for one recipient at least; who was refused is logged."""
        talk = _Talk()
        try:
            return self._deadlines.within(self._deadline_s, lambda: self._talked(talk, content, sender, to, accepted))
        except NoRoomError:
            return NotSent("calls_hang")
        except TimeoutError:
            if talk.client is not None and talk.client.sock is not None:
                with suppress(OSError):
                    talk.client.sock.shutdown(socket.SHUT_RDWR)  # the thread that hangs there must not go on to send it
            return Unclear("timeout")

    def _talked(self, talk: _Talk, content: bytes, sender: str, to: Sequence[str], accepted: Accepted) -> Answer:
        try:
            return self._conversation(talk, content, sender, to, accepted)
        except smtplib.SMTPResponseException as error:
            return answer_of(talk.step, error.smtp_code)
        except smtplib.SMTPNotSupportedError:
            return BadAccess(NO_LOGIN)
        except ssl.SSLCertVerificationError:
            return NotSent("tls_certificate")
        except Exception as error:  # noqa: BLE001 -- whatever broke; what matters is whether the content was on its way
            reason = type(error).__name__
            return Unclear(reason) if talk.begun else NotSent(reason)
        finally:
            if talk.client is not None:
                with suppress(Exception):  # the mail is taken or not, however the farewell goes
                    talk.client.quit()
                talk.client.close()

    def _conversation(self, talk: _Talk, content: bytes, sender: str, to: Sequence[str], accepted: Accepted) -> Answer:
        talk.client = client = self._connected(sender)
        client.ehlo_or_helo_if_needed()
        if self._server.encryption is Encryption.STARTTLS:
            if client.has_extn("starttls"):
                client.starttls(context=self._ssl_context)
                client.ehlo_or_helo_if_needed()
            elif not self._server.is_this_machine:
                return BadAccess(NO_STARTTLS)
        talk.step = Step.LOGIN
        if self._user is not None:
            client.login(self._user.get_secret_value(), self._password.get_secret_value() if self._password else "")
        talk.step = Step.SENDER
        code, _ = client.mail(sender)
        if code != 250:
            return answer_of(Step.SENDER, code)
        refused = {one: code for one, code in ((one, client.rcpt(one)[0]) for one in to) if code not in {250, 251}}
        if len(refused) == len(to):
            return answer_of(Step.RECIPIENTS, min(refused.values()))  # where one may come again later, all may
        talk.step, talk.begun = Step.CONTENT, True
        code, _ = client.data(content)
        if code != 250:
            return answer_of(Step.CONTENT, code)
        for one, code in refused.items():
            _log.warning("the mail server refused one of several recipients", recipient=one, code=code)
        return accepted

    def _connected(self, sender: str) -> smtplib.SMTP:
        # Without a name of our own smtplib would ask the DNS for this machine's, which can take long.
        own = sender.partition("@")[2]
        host, port = self._server.host, self._server.port
        if self._server.encryption is Encryption.TLS:
            return smtplib.SMTP_SSL(host, port, local_hostname=own, timeout=self._timeout_s, context=self._ssl_context)
        return smtplib.SMTP(host, port, local_hostname=own, timeout=self._timeout_s)
