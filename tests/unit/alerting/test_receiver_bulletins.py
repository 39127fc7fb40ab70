"""Replies, digests and notices, said by each kind of receiver through real sockets."""

import base64
import hashlib
import hmac
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import SecretStr

from alerting.bulletin import Piece
from alerting.decide import decide
from alerting.message import Message
from alerting.receivers import Accepted, NotFound, Unreadable
from alerting.receivers.http_post import HttpPost
from alerting.receivers.mail import MailReceiver
from alerting.receivers.slack import SlackReceiver
from alerting.receivers.slack_webhook import SlackWebhookReceiver
from alerting.receivers.smtp import Smtp
from alerting.receivers.terminal import TerminalReceiver
from alerting.receivers.webhook import WebhookReceiver
from alerting.receivers.webhook_body import schema
from alerting.render_bulletin import payload, plain_payload, standing_alone
from newswire.records import Severity
from newswire.variables import Encryption, SmtpServer
from tests.alerting_builders import a_match, a_report
from tests.bulletins import ALERT, AT, DIGEST, STORY, a_digest, a_notice, a_reply
from tests.fake_slack import FakeSlack
from tests.fake_smtp import FakeSmtp
from tests.fake_webhook import FakeWebhook
from tests.fakes import NOW
from tests.slack_rules import refusal

SECRET = "a key of some length"
CHECKED = Draft202012Validator(schema(), format_checker=FormatChecker())
SENDER = "newswire@ministry.example"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        yield running
        assert running.refused == []


@pytest.fixture
def hook() -> Iterator[FakeWebhook]:
    with FakeWebhook() as running:
        yield running


@pytest.fixture
def post() -> Iterator[FakeSmtp]:
    with FakeSmtp() as running:
        yield running


def slack_at(slack: FakeSlack) -> SlackReceiver:
    return SlackReceiver("desk", channel="#desk", token=SecretStr("xoxb-1"), base_url=slack.url)


def webhook_at(hook: FakeWebhook) -> WebhookReceiver:
    return WebhookReceiver("archive", post=HttpPost(hook.url, user_agent="x"), secret=SecretStr(SECRET), now=lambda: NOW)


def incoming_at(hook: FakeWebhook) -> SlackWebhookReceiver:
    return SlackWebhookReceiver("team", post=HttpPost(hook.url, user_agent="x"), now=lambda: NOW)


def mail_at(post: FakeSmtp) -> MailReceiver:
    return MailReceiver(
        "chief", to=("a@b.example",), sender=SENDER, smtp=Smtp(SmtpServer("127.0.0.1", post.port, Encryption.NONE)), now=lambda: NOW
    )


def an_alert() -> Message:
    message = decide(a_report(), matches=[a_match()], story_id=STORY, told={}, now=NOW).rows[0].message
    return replace(message, alert_id=ALERT)


def accepted(answer: object) -> Accepted:
    assert isinstance(answer, Accepted)
    return answer


def mails(post: FakeSmtp) -> list[EmailMessage]:
    found = [message_from_bytes(one.content, policy=policy.default) for one in post.taken]
    assert all(isinstance(one, EmailMessage) for one in found)
    return found


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def texts(said: Any) -> str:
    return json.dumps(said, ensure_ascii=False)


def test_a_reply_stands_in_the_thread_and_is_found_there(slack: FakeSlack) -> None:
    receiver, reply = slack_at(slack), a_reply()
    parent = accepted(receiver.post(an_alert()))
    said = accepted(receiver.say(reply, channel=parent.channel, thread=parent.reference))
    (there,) = slack.in_thread(parent.reference or "")
    assert (there.channel, there.ts) == (said.channel, said.reference)
    assert there.body["metadata"] == {
        "event_type": "newswire_update",
        "event_payload": {"bulletin_id": reply.bulletin_id, "story_id": STORY, "alert_id": ALERT},
    }
    assert there.body["text"].startswith("[critical] Update on “Pakistan")
    assert "reply_broadcast" not in there.body
    assert receiver.find_said(reply.bulletin_id, channel=parent.channel, thread=parent.reference, since=None) == said
    assert receiver.find_said("0" * 32, channel=parent.channel, thread=parent.reference, since=None) == NotFound()
    assert receiver.find_said(reply.bulletin_id, channel=parent.channel, thread=None, since=None) == NotFound()
    assert receiver.find(ALERT, channel=parent.channel, since=None) == parent  # the reply names the alert, and is not it


def test_the_thread_is_read_over_its_pages(slack: FakeSlack) -> None:
    slack.page = 2
    receiver = slack_at(slack)
    parent = accepted(receiver.post(an_alert()))
    replies = [replace(a_reply(), bulletin_id=f"{n}" * 32) for n in range(5)]
    said = [accepted(receiver.say(one, channel=parent.channel, thread=parent.reference)) for one in replies]
    assert receiver.find_said("4" * 32, channel=parent.channel, thread=parent.reference, since=None) == said[4]
    assert slack.calls.count("conversations.replies") == 3
    assert receiver.find_said("0" * 32, channel=parent.channel, thread=parent.reference, since=said[2].reference) == NotFound()


def test_a_digest_is_found_in_the_channel_and_its_pages_in_its_thread(slack: FakeSlack) -> None:
    receiver = slack_at(slack)
    first = accepted(receiver.say(a_digest(), channel=None, thread=None))
    page = accepted(receiver.say(a_digest(sequence=1), channel=first.channel, thread=first.reference))
    assert receiver.find_said(a_digest().bulletin_id, channel=None, thread=None, since=None) == first
    assert receiver.find_said(a_digest(sequence=1).bulletin_id, channel=first.channel, thread=first.reference, since=None) == page
    assert slack.posted[0].body["metadata"]["event_type"] == "newswire_digest"
    assert slack.posted[0].body["attachments"][0]["color"] == "#9aa0a6"
    accepted(receiver.say(a_notice(), channel=None, thread=None))
    assert slack.posted[2].body["metadata"] == {"event_type": "newswire_notice", "event_payload": {"bulletin_id": "e1" * 16}}


def test_a_reply_in_the_channel_names_its_story_first(slack: FakeSlack) -> None:
    slack_at(slack).say(a_reply(), channel=None, thread=None)
    (section,) = slack.posted[0].body["blocks"][0]["elements"]
    assert [part.get("url") for part in section["elements"]] == [None, "https://nation.example/one"]
    assert section["elements"][1]["text"] == "Pakistan, US agree to boost cooperation in IT"


def test_the_plain_form_is_text_alone(slack: FakeSlack) -> None:
    accepted(slack_at(slack).say(a_digest(lines=500), channel=None, thread=None, plain=True))
    body = slack.posted[0].body
    assert {"blocks", "attachments"}.isdisjoint(body)
    assert body["mrkdwn"] is False
    assert body["text"].splitlines()[0] == "Morning digest: 500 stories"
    assert body["text"].endswith(" more lines")
    assert slack.split == 0


def test_a_permalink_or_none(slack: FakeSlack) -> None:
    receiver = slack_at(slack)
    parent = accepted(receiver.post(an_alert()))
    link = receiver.permalink(parent.channel or "", parent.reference or "")
    assert link == f"https://fake.slack.example/archives/C0000001/p{(parent.reference or '').replace('.', '')}"
    for fault in ("error:message_not_found", "http_503", "html", "reset", "rate_limited:30"):
        slack.read_faults.append(fault)
        assert receiver.permalink(parent.channel or "", parent.reference or "") is None


def test_a_thread_that_may_not_be_read_is_said() -> None:
    with FakeSlack(history_error="missing_scope") as slack:
        receiver = slack_at(slack)
        parent = accepted(receiver.post(an_alert()))
        found = receiver.find_said("0" * 32, channel=parent.channel, thread=parent.reference, since=None)
        assert found == Unreadable("missing_scope")
        slack.history_error = None
        gone = receiver.find_said("0" * 32, channel=parent.channel, thread="1700000000.000001", since=None)
        assert gone == Unreadable("thread_not_found")


def test_what_does_not_fit_is_counted_in_the_last_line() -> None:
    for lines, title, url in ((25, "x", "https://a.example/1"), (25, "A long headline " * 15, "https://a.example/" + "p" * 180)):
        said = payload(a_digest(lines=lines, title=title, url=url))
        assert refusal(said) is None
        assert len(said["attachments"][0]["blocks"][0]["elements"]) == lines
        assert "more line" not in texts(said)
    said = payload(a_digest(lines=199, title="A long headline " * 15))
    assert refusal(said) is None
    shown = said["attachments"][0]["blocks"][0]["elements"]
    assert shown[-1]["elements"][0]["text"] == f"… and {199 - len(shown) + 1} more lines"


def test_a_line_of_a_thousand_pieces_is_no_invalid_message() -> None:
    pieces = tuple(Piece("x", bold=bool(n % 2), at=AT if n % 3 else None) for n in range(1_000))
    for line in (pieces, (Piece("", at=AT.replace(year=1900)), Piece(" ", url="https://a.example/"), Piece(""))):
        said = payload(replace(a_digest(), heading=line, lines=(line,) * 60))
        assert refusal(said) is None


def test_a_moment_is_shown_in_the_readers_zone() -> None:
    (heading,) = payload(a_digest())["blocks"][0]["elements"]
    assert heading["elements"][1] == {
        "type": "date",
        "timestamp": 1_793_602_800,
        "format": "{date_short_pretty} {time}",
        "fallback": "2026-11-02 07:00 UTC",
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://xn--pple-43d.com/", "(xn--pple-43d.com)"),
        ("https://bank.example@evil.example/", "(evil.example)"),
        ("https://bank.example:8443/", "(bank.example:8443)"),
        ("http://2130706433/", "(2130706433)"),
        ("https://\u0430pple.com/", "(xn--pple-43d.com)"),
        ("https://[::1]:81/", "([::1]:81)"),
    ],
)
def test_a_link_that_may_lead_elsewhere_says_where(url: str, shown: str, hook: FakeWebhook, post: FakeSmtp) -> None:
    digest, stream = a_digest(url=url), io.StringIO()
    assert shown in texts(payload(digest))
    assert shown in texts(plain_payload(digest))
    TerminalReceiver(stream=stream, colour=True).say(digest, channel=None, thread=None)
    assert shown in stream.getvalue()
    webhook_at(hook).say(digest, channel=None, thread=None)
    assert shown in texts(json.loads(hook.taken[0].body)["lines"])
    mail_at(post).say(digest, channel=None, thread=None)
    assert shown in text_of(mails(post)[0])


@pytest.mark.parametrize("url", ["https://dawn.example/x", "http://dawn.example:80/", "https://dawn.example:443/", None, "https://[bad"])
def test_a_usual_link_says_nothing_more(url: str | None) -> None:
    assert "(" not in texts(payload(a_digest(url=url)))


def test_a_possible_repeat_is_said() -> None:
    for said in (payload(replace(a_reply(), possible_repeat=True)), plain_payload(replace(a_digest(), possible_repeat=True))):
        assert "ossible repeat" in texts(said)


def test_a_headline_that_the_heading_names_is_not_named_twice() -> None:
    told = a_reply(in_channel=True)
    assert standing_alone(told) == told
    assert standing_alone(a_digest()) == a_digest()


def test_each_is_a_document_of_its_kind_signed_under_a_key_of_its_own(hook: FakeWebhook) -> None:
    receiver = webhook_at(hook)
    for said in (a_reply(), a_digest(), a_digest(sequence=1), a_notice()):
        bulletin = replace(said, sequence=said.sequence or (1 if said.kind.value == "reply" else 0))
        answer = receiver.say(bulletin, channel="webhook", thread="x")
        assert answer == Accepted("webhook", f"{bulletin.bulletin_id}.{bulletin.sequence}")
    documents = [json.loads(one.body) for one in hook.taken]
    assert [(one["kind"], one["alert_id"], one["sequence"]) for one in documents] == [
        ("reply", ALERT, 1),
        ("digest", DIGEST, 0),
        ("digest", DIGEST, 1),
        ("notice", None, 0),
    ]
    for one, document in zip(hook.taken, documents, strict=True):
        CHECKED.validate(document)
        signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
        due = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        assert one.headers["webhook-signature"] == f"v1,{due}"
    reply = documents[0]
    assert reply["data"]["raised_from"] == "high"
    assert reply["lines"][0].startswith("Also in Dawn (Pakistan): Ministers sign IT accord")
    assert reply["links"] == [{"line": 0, "text": "Ministers sign IT accord", "url": "https://dawn.example/x"}]
    assert documents[1]["lines"][0] == "high A headline · held: quiet hours, 2026-11-02 07:00 UTC"
    assert len({one.headers["webhook-id"] for one in hook.taken}) == 4


def test_a_refused_one_is_made_smaller_and_a_repeat_has_its_key(hook: FakeWebhook) -> None:
    receiver = webhook_at(hook)
    for plain in (False, True):
        receiver.say(a_reply(), channel=None, thread=None, plain=plain)
    assert json.loads(hook.taken[1].body)["data"] is None
    assert hook.taken[0].headers["webhook-id"] == hook.taken[1].headers["webhook-id"]
    assert receiver.find_said(a_reply().bulletin_id, channel=None, thread=None, since=None) == NotFound()
    assert receiver.permalink("webhook", "x") is None


def test_a_story_told_anew_begins_with_its_parent(hook: FakeWebhook) -> None:
    webhook_at(hook).post(replace(an_alert(), sequence=7))
    assert (json.loads(hook.taken[0].body)["kind"], json.loads(hook.taken[0].body)["sequence"]) == ("parent", 0)


def test_a_reply_is_a_message_that_names_its_story(hook: FakeWebhook) -> None:
    receiver = incoming_at(hook)
    assert receiver.say(a_reply(), channel="x", thread="y") == Accepted("incoming-webhook", a_reply().bulletin_id)
    said = json.loads(hook.taken[0].body)
    assert refusal(said) is None
    assert {"metadata", "thread_ts"}.isdisjoint(said)
    assert "https://nation.example/one" in texts(said["blocks"])
    assert receiver.find_said("0" * 32, channel=None, thread=None, since=None) == Unreadable("no_read_back")
    assert receiver.permalink("x", "y") is None
    receiver.say(a_reply(), channel="x", thread="y", plain=True)
    assert json.loads(hook.taken[1].body).keys() == {"text", "mrkdwn", "unfurl_links", "unfurl_media"}


def test_an_edit_whose_news_a_reply_tells_is_not_told_twice(hook: FakeWebhook) -> None:
    receiver, alert = incoming_at(hook), an_alert()
    posted = accepted(receiver.post(alert))
    worse = replace(alert, sequence=1, severity=Severity.CRITICAL, threaded=True)
    receiver.edit(worse, "x", posted.reference or "")
    receiver.edit(replace(worse, sequence=2, threaded=False), "x", posted.reference or "")
    assert len(hook.taken) == 1


def test_replies_and_pages_stand_in_the_thread(post: FakeSmtp) -> None:
    receiver, alert = mail_at(post), an_alert()
    parent = accepted(receiver.post(alert))
    reply = accepted(receiver.say(replace(a_reply(), sequence=1), channel=parent.channel, thread=parent.reference))
    receiver.edit(replace(alert, sequence=1, severity=Severity.CRITICAL, threaded=True), "email", parent.reference or "")
    digest = accepted(receiver.say(a_digest(), channel=None, thread=None))
    receiver.say(a_digest(sequence=1), channel=digest.channel, thread=digest.reference)
    receiver.say(a_notice(), channel=None, thread=None)
    first, second, page, more, notice = mails(post)
    assert second["References"] == second["In-Reply-To"] == first["Message-ID"] == f"<{ALERT}.0@ministry.example>"
    assert second["Subject"] == f"Re: {first['Subject']}"
    assert page["Message-ID"] == f"<{DIGEST}.0@ministry.example>"
    assert page["References"] is None
    assert page["Subject"] == "Morning digest: 3 stories"
    assert more["References"] == more["In-Reply-To"] == page["Message-ID"]
    assert more["Subject"] == "Re: Morning digest: 3 stories"
    assert (notice["Subject"], notice["References"]) == (a_notice().fallback, None)
    assert len({one["Message-ID"] for one in (first, second, page, more, notice)}) == 5
    assert accepted(reply).channel == "email"
    assert text_of(second).startswith("Now critical, was high\n\nAlso in Dawn")
    assert "  https://dawn.example/x\n" in text_of(second)
    html = second.get_body(("html",))
    assert html is not None
    assert '<a href="https://dawn.example/x"' in html.get_content()
    assert receiver.find_said("0" * 32, channel=None, thread=None, since=None) == Unreadable("no_read_back")


def test_a_reply_whose_parent_is_not_known_names_the_story(post: FakeSmtp) -> None:
    mail_at(post).say(a_reply(), channel=None, thread=None)
    mail_at(post).say(a_reply(), channel=None, thread="something else", plain=True)
    alone, in_thread = mails(post)
    assert alone["References"] is None
    assert text_of(alone).startswith("Update: Pakistan, US agree")
    assert alone["Subject"].startswith("[critical] Update on “Pakistan")
    assert in_thread["References"] == f"<{ALERT}.0@ministry.example>"
    assert in_thread.get_content_type() == "text/plain"


def test_a_story_told_anew_begins_a_thread(post: FakeSmtp) -> None:
    mail_at(post).post(replace(an_alert(), sequence=4))
    (mail,) = mails(post)
    assert (mail["Message-ID"], mail["References"]) == (f"<{ALERT}.0@ministry.example>", None)


def test_a_reply_is_an_update_with_the_storys_headline_beside_the_bar() -> None:
    stream = io.StringIO()
    receiver = TerminalReceiver(stream=stream, colour=False)
    assert receiver.say(a_reply(), channel=None, thread="x") == Accepted("terminal", a_reply().bulletin_id)
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("▌ update: Pakistan, US agree")
    assert "▌ Now critical, was high" in lines
    assert all(line.startswith("▌ ") for line in lines if line)


def test_a_digest_in_colour_has_its_links() -> None:
    stream = io.StringIO()
    TerminalReceiver(stream=stream, colour=True).say(a_digest(), channel=None, thread=None)
    assert "\x1b]8;" in stream.getvalue()
    assert "update:" not in stream.getvalue()


def test_an_edit_whose_news_a_reply_tells_prints_nothing() -> None:
    stream = io.StringIO()
    receiver = TerminalReceiver(stream=stream, colour=False)
    receiver.edit(replace(an_alert(), severity=Severity.CRITICAL, threaded=True), "terminal", "x")
    assert stream.getvalue() == ""


def test_markup_in_a_piece_is_text() -> None:
    stream = io.StringIO()
    notice = replace(a_notice(), lines=((Piece("[red]x[/red] :smile:"),),))
    TerminalReceiver(stream=stream, colour=False).say(notice, channel=None, thread=None)
    assert "[red]x[/red] :smile:" in stream.getvalue()
