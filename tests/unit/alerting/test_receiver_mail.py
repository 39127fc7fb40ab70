import asyncio
import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from alerting.escape import link
from alerting.message import Message, from_json
from alerting.receivers import Accepted, BadAccess, BadMessage, BadRoute, NotSent, Unclear, Unreadable
from alerting.receivers.mail import MailReceiver
from alerting.receivers.mail_text import mail, subject_of
from alerting.receivers.smtp import Smtp
from newswire.records import Severity
from newswire.variables import Encryption, SmtpServer
from tests.fake_smtp import FakeSmtp
from tests.fakes import NOW
from tests.unit.alerting.test_receiver_webhook import FORBIDDEN

GOLDEN = Path(__file__).parents[2] / "golden"
CERTIFICATE = GOLDEN / "tls" / "pub.test.pem"  # of pub.test, with its key
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the system's authorities would be read from disk for each test
SENDER = "newswire@ministry.example"
TO = ("desk@ministry.example", "chief@ministry.example")
MESSAGES = sorted(path.name.removesuffix(".message.json") for path in (GOLDEN / "slack").glob("*.message.json"))


def message_of(name: str = "first-report") -> Message:
    return from_json((GOLDEN / "slack" / f"{name}.message.json").read_text("utf-8"))


def receiver_at(
    port: int,
    *,
    encryption: Encryption = Encryption.STARTTLS,
    host: str = "127.0.0.1",
    deadline_s: float = 5.0,
    tls: ssl.SSLContext = NOBODY,
    user: str | None = None,
    to: tuple[str, ...] = TO,
) -> MailReceiver:
    login = {"user": SecretStr(user), "password": SecretStr("hunter2")} if user else {}
    smtp = Smtp(SmtpServer(host, port, encryption), ssl_context=tls, timeout_s=5.0, deadline_s=deadline_s, **login)
    return MailReceiver("chief", to=to, sender=SENDER, smtp=smtp, now=lambda: NOW)


def read(content: bytes) -> EmailMessage:
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def parts_of(found: EmailMessage) -> tuple[str, str]:
    text, html = found.get_body(("plain",)), found.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


@pytest.mark.parametrize("name", MESSAGES)
def test_golden_mail(name: str) -> None:
    message = message_of(name)
    made = mail(message, sender=SENDER, to=TO, at=NOW, subject=subject_of(message))
    assert made == (GOLDEN / "mail" / f"{name}.eml").read_bytes()


@dataclass
class Mailbox:
    """What aiosmtpd took, and who logged in."""

    taken: list[Any] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name for it
        self.taken.append(envelope)
        return "250 taken"

    def authenticated(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        return AuthResult(success=data.password == b"hunter2")


@contextmanager
def running(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    controller = AnyPort(mailbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class AnyPort(Controller):
    """A server on a port that the system chose."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(CERTIFICATE))
    return context


def test_a_real_server_takes_the_alert_and_its_updates_as_one_thread() -> None:
    mailbox, message = Mailbox(), message_of()
    with running(mailbox) as port:
        receiver = receiver_at(port)
        posted = receiver.post(message)
        assert isinstance(posted, Accepted)
        more = replace(message, sequence=1, title="Another headline")
        assert receiver.edit(more, "email", posted.reference or "") == Accepted("email", posted.reference)  # nothing new: no mail
        worse = replace(more, sequence=2, severity=Severity.CRITICAL, partners=("US", "KR"))
        again = receiver_at(port)  # a process that was started anew knows what the outbox kept
        assert isinstance(again.edit(worse, "email", posted.reference or ""), Accepted)
        assert again.edit(replace(worse, sequence=3), "email", posted.reference or "") == Accepted("email", posted.reference)
    first, second = (read(one.content) for one in mailbox.taken)
    assert mailbox.taken[0].mail_from == SENDER
    assert mailbox.taken[0].rcpt_tos == list(TO)
    assert first["Message-ID"] == f"<{message.alert_id}.0@ministry.example>"
    assert first["References"] is None
    assert second["Message-ID"] == f"<{message.alert_id}.2@ministry.example>"
    assert second["References"] == second["In-Reply-To"] == first["Message-ID"]
    assert second["Subject"] == f"Re: {first['Subject']}"
    assert first["Auto-Submitted"] == "auto-generated"
    text, html = parts_of(second)
    assert text.replace("\r\n", "\n").startswith(f"Now critical, was {message.severity}.\nNew partner: South Korea.\n")
    assert "Now critical" in html


def test_starttls_and_the_login_go_before_the_mail() -> None:
    mailbox = Mailbox()
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    trusting.check_hostname = False  # it is called 127.0.0.1 here
    options = {"tls_context": server_tls(), "require_starttls": True, "authenticator": mailbox.authenticated, "auth_required": True}
    with running(mailbox, **options) as port:
        assert isinstance(receiver_at(port, tls=trusting, user="desk").post(message_of()), Accepted)
        assert receiver_at(port, tls=trusting).post(message_of()) == BadAccess("smtp_530")
        checking = ssl.create_default_context(cafile=str(CERTIFICATE))
        assert receiver_at(port, tls=checking, user="desk").post(message_of()) == NotSent("tls_certificate")
        assert receiver_at(port, user="desk").post(message_of()) == NotSent("tls_certificate")
    assert mailbox.logins == [b"desk"]
    assert len(mailbox.taken) == 1


def test_tls_from_the_first_byte_is_not_given_up_for_a_plain_server() -> None:
    with FakeSmtp() as server:
        assert isinstance(receiver_at(server.port, encryption=Encryption.TLS, deadline_s=0.5).post(message_of()), NotSent | Unclear)
        assert server.taken == []


@pytest.mark.parametrize(
    ("faults", "answer", "taken"),
    [
        ({"GREETING": "554 not you"}, BadAccess("smtp_554"), 0),
        ({"GREETING": "421 busy"}, NotSent("smtp_421"), 0),
        ({"GREETING": "HTTP/1.1 400 Bad Request"}, NotSent("not_smtp"), 0),
        ({"AUTH": "535 wrong"}, BadAccess("smtp_535"), 0),
        ({"AUTH": "454 later"}, NotSent("smtp_454"), 0),
        ({"MAIL": "451 later"}, NotSent("smtp_451"), 0),
        ({"MAIL": "530 log in first"}, BadAccess("smtp_530"), 0),
        ({"MAIL": "550 not from you"}, BadRoute("smtp_550"), 0),
        ({"MAIL": "552 too large"}, BadMessage("smtp_552"), 0),
        ({"RCPT": "450 greylisted"}, NotSent("smtp_450"), 0),
        ({"RCPT": "550 no such person"}, BadRoute("smtp_550"), 0),
        ({"DATA": "451 later"}, NotSent("smtp_451"), 0),
        ({"DATA": "554 no"}, BadMessage("smtp_554"), 0),
        ({"DOT": "452 full"}, NotSent("smtp_452"), 0),
        ({"DOT": "554 spam"}, BadMessage("smtp_554"), 0),
        ({"QUIT": "reset"}, None, 1),
        ({"QUIT": "500 what"}, None, 1),
    ],
)
def test_each_code_has_one_meaning(faults: dict[str, str], answer: object, taken: int) -> None:
    with FakeSmtp(faults, offers=("AUTH PLAIN",)) as server:
        said = receiver_at(server.port, user="desk").post(message_of())
        assert said == answer or (answer is None and isinstance(said, Accepted))
        assert len(server.taken) == taken


@pytest.mark.parametrize(("step", "answer"), [("GREETING", NotSent), ("RCPT", NotSent), ("DOT", Unclear)])
def test_a_connection_that_breaks_leaves_it_open_once_the_content_is_on_its_way(step: str, answer: type) -> None:
    with FakeSmtp({step: "reset"}) as server:
        assert isinstance(receiver_at(server.port).post(message_of()), answer)
        assert len(server.taken) == (answer is Unclear)


@pytest.mark.parametrize("step", ["GREETING", "RCPT", "DOT"])
def test_a_server_that_is_silent_leaves_it_open(step: str) -> None:
    with FakeSmtp({step: "silence"}) as server:
        assert receiver_at(server.port, deadline_s=0.3).post(message_of()) == Unclear("timeout")


def test_nobody_listening_is_surely_not_sent() -> None:
    with FakeSmtp() as server:
        port = server.port
    assert receiver_at(port).post(message_of()) == NotSent("ConnectionRefusedError")


def test_one_refused_recipient_keeps_nobody_else_from_the_mail() -> None:
    with FakeSmtp(refuses=TO[:1]) as server:
        assert isinstance(receiver_at(server.port).post(message_of()), Accepted)
        assert [one.to for one in server.taken] == [[TO[1]]]


def test_without_starttls_only_this_machine_gets_a_mail() -> None:
    with FakeSmtp() as server:
        smtp = Smtp(SmtpServer("127.0.0.1", server.port, Encryption.STARTTLS), ssl_context=NOBODY)
        smtp._server = _Elsewhere("127.0.0.1", server.port, Encryption.STARTTLS)
        receiver = MailReceiver("chief", to=TO, sender=SENDER, smtp=smtp, now=lambda: NOW)
        assert receiver.post(message_of()) == BadAccess("starttls_missing")
        assert server.taken == []


class _Elsewhere(SmtpServer):
    is_this_machine = False


def test_a_user_where_the_server_asks_for_none() -> None:
    with FakeSmtp() as server:
        assert receiver_at(server.port, user="desk").post(message_of()) == BadAccess("login_missing")


def test_what_is_in_doubt_is_sent_again_with_the_same_id_and_says_so() -> None:
    with FakeSmtp({"DOT": "reset"}) as server:
        receiver, message = receiver_at(server.port), message_of()
        assert isinstance(receiver.post(message), Unclear)
        assert receiver.find(message.alert_id, channel=None, since=None) == Unreadable("no_read_back")
        server.faults.clear()
        assert isinstance(receiver.post(replace(message, possible_repeat=True)), Accepted)
        first, second = (read(one.content) for one in server.taken)
        assert first["Message-ID"] == second["Message-ID"]
        assert "Possible repeat" in parts_of(second)[0]


HOSTILE = (
    "Talks\r\nBcc: everybody@ministry.example\r\n\r\n<script>alert(1)</script>",
    "\u202egnp.exe\u202c <!channel> <@U1> \x1b[31m\x00",
    '"><img src=x onerror=alert(1)>',
    "=?utf-8?q?Bcc=3A_x=40y=2Eexample?= \x0b\x0c\x85\u2028To: x@y.example",
    "=?utf-8?q?=E2=80=AEexe=2Egnp?= =?utf-8?b?4oCu?=",
    "x" * 100_000,
    "اسلام آباد " * 300,
    "\ud800 👨\u200d👩\u200d👧",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_title_is_harmless(text: str) -> None:
    assert_harmless(text)


@settings(max_examples=30)
@given(st.text(max_size=300))
def test_whatever_a_feed_says_is_harmless(text: str) -> None:
    assert_harmless(text)


def assert_harmless(text: str) -> None:
    base = message_of("many-of-everything")
    shown = tuple(replace(one, title=text) for one in base.watchlists[:1])
    message = replace(
        base, title=text, outlet=text, organisations=(text,), unsupported=text, watchlists=shown, url=f"https://a.example/{text}"
    )
    content = mail(message, sender=SENDER, to=TO, at=NOW, subject=subject_of(message), news=["Update."])
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998  # RFC 5322, 2.1.1
    assert b"\n" not in content.replace(b"\r\n", b"")
    found = read(content)
    assert sorted(found.keys()) == sorted(read(mail(base, sender=SENDER, to=TO, at=NOW, subject="x")).keys())
    assert [one.addr_spec for one in found["To"].addresses] == list(TO)
    assert " ".join(str(found["Subject"]).split()) == " ".join(subject_of(message).split())
    assert not FORBIDDEN.search(str(found["Subject"]))
    plain, html = parts_of(found)
    assert not FORBIDDEN.search(plain.replace("\n", " ").replace("\r", " "))
    tags = set(re.findall(r"<[/!]?([a-z]+)", html))
    assert tags <= {"doctype", "html", "head", "meta", "body", "div", "p", "b", "code", "span", "a", "i", "s"}
    assert not {unescape(one) for one in re.findall(r'href="([^"]*)"', html)} - {link(message.url)}


def test_the_reference_holds_what_was_told() -> None:
    with FakeSmtp() as server:
        posted = receiver_at(server.port).post(message_of())
    assert isinstance(posted, Accepted)
    assert json.loads(posted.reference or "")[0] == message_of().severity
