"""Whatever stands in a feed: what leaves us is within each receiver's limits, pings nobody, and holds nothing that is obeyed."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from alerting.bulletin import Bulletin, Piece
from alerting.decide import decide
from alerting.message import Message
from alerting.receivers import Accepted
from alerting.receivers.mail_bulletin import bulletin_mail, bulletin_subject
from alerting.receivers.mail_text import mail, subject_of
from alerting.receivers.slack_webhook import update_payload
from alerting.receivers.terminal import TerminalReceiver
from alerting.receivers.webhook_body import body, schema
from alerting.receivers.webhook_bulletin import bulletin_body
from alerting.render import payload, plain_payload
from alerting.render_bulletin import payload as bulletin_payload
from alerting.render_bulletin import plain_payload as plain_bulletin_payload
from alerting.render_bulletin import standing_alone
from alerting.updates import Correction, NewReport
from newswire.records import MessageKind, Severity
from tests.alerting_builders import a_match, a_report, span_of
from tests.bulletins import AT, HOSTILE, HOSTILE_URLS, a_reply, foreign, foreign_url
from tests.fakes import NOW
from tests.slack_rules import mentions, refusal

CHECKED = Draft202012Validator(schema(), format_checker=FormatChecker())
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^;\x1b]*;[!-~]*\x1b\\")
LONG = HOSTILE[0] * 10_000
SLOW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def alert_of(title: str, summary: str, outlet: str, url: str | None) -> Message:
    report = a_report(title=title, lead=summary, text=summary or "x", outlet=outlet, organisations=(outlet,) * 9, topics=(title[:200],))
    report = replace(report, item=replace(report.item, url=url))
    match = a_match(title=title, because=(summary[:300], title), spans=[span_of(report, report.text[:8])])
    message = decide(report, matches=[match], story_id="5" * 32, told={}, now=NOW).rows[0].message
    return replace(message, unsupported=summary, possible_repeat=True)


def bulletins_of(title: str, summary: str, outlet: str, url: str | None, lines: int = 3) -> list[Bulletin]:
    many = tuple(NewReport(str(n), f"{outlet}{n}", "PK", title, url, "en") for n in range(9))
    reply = a_reply(title=title, url=url, reports=many, officials=(outlet,), corrections=(Correction("i", outlet, url, title, summary),))
    line = (Piece(title, url=url, code=True), Piece(f" {summary}"), Piece("", at=AT), Piece(outlet, strike=True, bold=True, url=url))
    digest = Bulletin(
        "d" * 32, MessageKind.DIGEST, Severity.HIGH, summary, line, (line,) * lines, alert_id="d" * 32, data={title: [summary, url]}
    )
    return [reply, standing_alone(reply), digest, replace(digest, kind=MessageKind.NOTICE, lines=(), possible_repeat=True)]


def strings(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        for name, value in said.items():
            yield name
            yield from strings(value)
    elif isinstance(said, list | tuple):
        for value in said:
            yield from strings(value)


def with_foreign(test: Any) -> Any:
    every = given(title=foreign(), summary=foreign(), outlet=foreign(), url=foreign_url())
    for url in HOSTILE_URLS:
        every = _and(every, example(title="Talks", summary="Talks in Oslo", outlet="Dawn", url=url))
    return SLOW(_and(every, example(title=LONG, summary=LONG, outlet=LONG, url=HOSTILE_URLS[1]))(test))


def _and(one: Any, other: Any) -> Any:
    return lambda test: other(one(test))


@with_foreign
def test_slack_takes_each_of_them_and_nobody_is_pinged(title: str, summary: str, outlet: str, url: str | None) -> None:
    message = alert_of(title, summary, outlet, url)
    said = [payload(message), plain_payload(message), update_payload(message, [summary])]
    for bulletin in bulletins_of(title, summary, outlet, url, lines=40):
        said += [bulletin_payload(bulletin), plain_bulletin_payload(bulletin), plain_bulletin_payload(bulletin, with_metadata=False)]
    for one in said:
        assert refusal(one) is None, refusal(one)
        assert mentions(one) == []
        assert len(one["text"]) <= 4_000
        assert one["unfurl_links"] is one["unfurl_media"] is False
        assert "reply_broadcast" not in one
        for text in strings(one):
            assert not FORBIDDEN.search(text.replace("\n", " "))
            assert "<" not in text


@with_foreign
def test_a_webhook_gets_a_document_of_the_schema(title: str, summary: str, outlet: str, url: str | None) -> None:
    documents = [body(alert_of(title, summary, outlet, url), receiver="archive")]
    documents += [
        bulletin_body(one, receiver="archive", plainly=plainly)
        for one in bulletins_of(title, summary, outlet, url)
        for plainly in (False, True)
    ]
    for content in documents:
        assert content.isascii()
        said = json.loads(content)
        CHECKED.validate(said)
        assert not [text for text in strings(said) if FORBIDDEN.search(text) or "<" in text]


@with_foreign
def test_a_mail_has_our_headers_alone(title: str, summary: str, outlet: str, url: str | None) -> None:
    sender, to = "newswire@ministry.example", ("desk@ministry.example",)
    message = alert_of(title, summary, outlet, url)
    mails = [mail(message, sender=sender, to=to, at=NOW, subject=subject_of(message), news=["Update."])]
    said = bulletins_of(title, summary, outlet, url)
    mails += [bulletin_mail(one, sender=sender, to=to, at=NOW, subject=bulletin_subject(one), in_thread=True) for one in said]
    for content in mails:
        assert content.isascii()
        assert max(map(len, content.split(b"\r\n"))) <= 998  # RFC 5322, 2.1.1
        assert b"\n" not in content.replace(b"\r\n", b"")
        found = message_from_bytes(content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        assert {name.lower() for name in found} <= HEADERS
        assert not FORBIDDEN.search(str(found["Subject"]))
        assert found["To"].addresses[0].addr_spec == to[0]
        text, html = found.get_body(("plain",)), found.get_body(("html",))
        assert text is not None
        assert html is not None
        assert not FORBIDDEN.search(re.sub("[\r\n]", " ", text.get_content() + html.get_content()))
        tags = set(re.findall(r"<[/!]?([a-z]+)", html.get_content()))
        assert tags <= {"doctype", "html", "head", "meta", "body", "div", "p", "b", "code", "span", "a", "i", "s"}


HEADERS = {
    *(
        "subject",
        "from",
        "to",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "auto-submitted",
        "x-auto-response-suppress",
        "importance",
    ),
    *("x-newswire-alert", "x-newswire-severity", "x-newswire-kind", "mime-version", "content-type"),
}


@with_foreign
def test_a_terminal_obeys_nothing_of_it(title: str, summary: str, outlet: str, url: str | None) -> None:
    for colour in (True, False):
        stream = io.StringIO()
        receiver = TerminalReceiver(stream=stream, colour=colour)
        assert isinstance(receiver.post(alert_of(title, summary, outlet, url)), Accepted)
        for one in bulletins_of(title, summary, outlet, url):
            assert isinstance(receiver.say(one, channel=None, thread=None), Accepted)
        said = OURS.sub("", stream.getvalue()) if colour else stream.getvalue()
        assert not FORBIDDEN.search(said.replace("\n", " "))
        assert "<!" not in said


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
    )
)
def test_the_facts_of_a_bulletin_are_cleaned_however_deep_they_stand(data: Any) -> None:
    bulletin = replace(bulletins_of("t", "s", "o", None)[0], data={"facts": data})
    said = json.loads(bulletin_body(bulletin, receiver="archive"))
    CHECKED.validate(said)
    assert not [text for text in strings(said) if FORBIDDEN.search(text) or "<" in text]


def test_facts_without_an_end_are_left_out() -> None:
    deep: list[Any] = []
    for _ in range(50):
        deep = [deep]
    for data in ({"deep": deep}, {"many": list(range(30_000))}):
        said = json.loads(bulletin_body(replace(bulletins_of("t", "s", "o", None)[0], data=data), receiver="archive"))
        assert said["data"] is None
