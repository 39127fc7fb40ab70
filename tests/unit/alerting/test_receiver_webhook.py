import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import SecretStr

from alerting.message import Message, from_json
from alerting.receivers import Accepted, BadAccess, BadMessage, BadRoute, NotFound, NotSent, RateLimited, Unclear
from alerting.receivers.http_answers import wait_of
from alerting.receivers.http_post import HttpPost
from alerting.receivers.slack_answers import RETRY_AFTER_ELSE_S
from alerting.receivers.webhook import WebhookReceiver
from alerting.receivers.webhook_body import body, schema
from tests.fake_webhook import FakeWebhook, Says
from tests.fakes import NOW

GOLDEN = Path(__file__).parents[2] / "golden"
SECRET = SecretStr("whsec_" + base64.b64encode(b"a key of twenty-four bytes").decode())
CHECKED = Draft202012Validator(schema(), format_checker=FormatChecker())
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff<>]")
MESSAGES = sorted(path.name.removesuffix(".message.json") for path in (GOLDEN / "slack").glob("*.message.json"))


@pytest.fixture
def hook() -> Iterator[FakeWebhook]:
    with FakeWebhook() as running:
        yield running


def message_of(name: str = "first-report") -> Message:
    return from_json((GOLDEN / "slack" / f"{name}.message.json").read_text("utf-8"))


def receiver_at(hook: FakeWebhook, deadline_s: float = 0.4) -> WebhookReceiver:
    post = HttpPost(hook.url, user_agent="newswire/test", deadline_s=deadline_s)
    return WebhookReceiver("archive", post=post, secret=SECRET, now=lambda: NOW)


@pytest.mark.parametrize("name", MESSAGES)
def test_golden_body(name: str) -> None:
    written = json.loads((GOLDEN / "webhook" / f"{name}.json").read_text("utf-8"))
    content = body(message_of(name), receiver="archive")
    assert json.loads(content) == written
    CHECKED.validate(written)
    assert content.isascii()


def test_the_alert_arrives_signed_and_an_edit_has_a_key_of_its_own(hook: FakeWebhook) -> None:
    receiver, message = receiver_at(hook), message_of()
    posted = receiver.post(message)
    assert posted == Accepted("webhook", f"{message.alert_id}.0")
    assert receiver.edit(replace(message, sequence=3), "webhook", "x") == Accepted("webhook", f"{message.alert_id}.3")
    parent, edit = hook.taken
    assert parent.path == "/hooks/T0/secret-path"
    assert (parent.headers["content-type"], parent.headers["user-agent"]) == ("application/json", "newswire/test")
    assert parent.headers["idempotency-key"] == f'"{message.alert_id}.0"'
    assert parent.headers["webhook-id"] == f"{message.alert_id}.0"
    assert edit.headers["webhook-id"] == f"{message.alert_id}.3"
    assert [json.loads(one.body)["kind"] for one in hook.taken] == ["parent", "edit"]
    signed = f"{message.alert_id}.0.{int(NOW.timestamp())}.".encode() + parent.body
    signature = base64.b64encode(hmac.new(b"a key of twenty-four bytes", signed, hashlib.sha256).digest()).decode()
    assert parent.headers["webhook-signature"] == f"v1,{signature}"
    assert parent.headers["webhook-timestamp"] == str(int(NOW.timestamp()))


def test_what_is_sent_again_is_the_same_under_the_same_key(hook: FakeWebhook) -> None:
    hook.says.extend([Says(500), Says(then="reset")])
    receiver, message = receiver_at(hook), message_of()
    assert receiver.post(message) == Unclear("http_500")
    assert isinstance(receiver.post(message), Unclear)
    assert receiver.find(message.alert_id, channel=None, since=None) == NotFound()
    assert isinstance(receiver.post(message), Accepted)
    assert len({(one.headers["webhook-id"], one.body) for one in hook.taken}) == 1


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        (Says(204, b""), Accepted("webhook", f"{message_of().alert_id}.0")),
        (Says(200, b"queued", {"Content-Type": "text/html"}), Accepted("webhook", f"{message_of().alert_id}.0")),
        (Says(200, b"<!DOCTYPE html><html>Log in"), Unclear("html")),
        (Says(200, b"\n <!-- x --><HTML>"), Unclear("html")),
        (Says(301, b"", {"Location": "/elsewhere"}), BadRoute("http_301")),
        (Says(307, b"", {"Location": "/elsewhere"}), BadRoute("http_307")),
        (Says(400), BadMessage("http_400")),
        (Says(413), BadMessage("http_413")),
        (Says(401), BadAccess("http_401")),
        (Says(403), BadAccess("http_403")),
        (Says(404), BadRoute("http_404")),
        (Says(410), BadRoute("http_410")),
        (Says(408), NotSent("http_408")),
        (Says(429, b"", {"Retry-After": "7"}), RateLimited(7.0)),
        (Says(429, b"", {"Retry-After": "86400"}), RateLimited(3_600.0)),
        (Says(429, b"", {"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}), RateLimited(90.0)),
        (Says(429, b"", {"Retry-After": format_datetime(NOW - timedelta(days=9), usegmt=True)}), RateLimited(0.0)),
        (Says(429, b"", {"Retry-After": "soon"}), RateLimited(RETRY_AFTER_ELSE_S)),
        (Says(429, b"", {"Retry-After": "nan"}), RateLimited(RETRY_AFTER_ELSE_S)),
        (Says(429), RateLimited(RETRY_AFTER_ELSE_S)),
        (Says(503, b"", {"Retry-After": "2"}), RateLimited(2.0)),
        (Says(503), Unclear("http_503")),
        (Says(500, b"x" * 1_000_000), Unclear("http_500")),
        (Says(then="silence"), Unclear("timeout")),
    ],
)
def test_each_answer_has_one_meaning_and_no_call_is_repeated(hook: FakeWebhook, says: Says, answer: object) -> None:
    hook.says.append(says)
    assert receiver_at(hook).post(message_of()) == answer
    assert len(hook.taken) == 1


def test_a_connection_that_breaks_after_the_message_leaves_it_open(hook: FakeWebhook) -> None:
    hook.says.append(Says(then="reset"))
    assert isinstance(receiver_at(hook).post(message_of()), Unclear)


def test_nobody_listening_is_surely_not_sent() -> None:
    with FakeWebhook() as gone:
        receiver = receiver_at(gone)
    assert receiver.post(message_of()) == NotSent("connection_refused")
    plain = HttpPost(SecretStr("http://no-such-host.invalid/"), user_agent="x")
    assert WebhookReceiver("a", post=plain, secret=SECRET, now=lambda: NOW).post(message_of()) == NotSent("dns")


def test_a_refused_message_is_made_smaller(hook: FakeWebhook) -> None:
    receiver_at(hook).post(message_of("many-of-everything"), plain=True)
    said = json.loads(hook.taken[0].body)
    assert (said["quote"], said["carriers"]) == (None, [])
    CHECKED.validate(said)


def strings(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        for value in said.values():
            yield from strings(value)
    elif isinstance(said, list):
        for value in said:
            yield from strings(value)


@given(text=st.text(st.characters(), max_size=400), url=st.none() | st.text(max_size=80).map("https://".__add__))
def test_whatever_a_feed_says_the_document_is_harmless_and_keeps_its_schema(text: str, url: str | None) -> None:
    base = message_of("many-of-everything")
    carriers = tuple(replace(one, outlet=text, url=url) for one in base.carriers[:2])
    message = replace(base, title=text, outlet=text, url=url, organisations=(text,), carriers=carriers, unsupported=text)
    content = body(message, receiver="archive")
    said = json.loads(content)
    CHECKED.validate(said)
    assert content.isascii()
    assert len(content) < 60_000
    assert not [one for one in strings(said) if FORBIDDEN.search(one)]


def test_the_quotes_marks_fit_its_text() -> None:
    quote = json.loads(body(message_of(), receiver="archive"))["quote"]
    message = message_of()
    assert message.quote is not None
    marked = [message.quote.text[start:end] for start, end in message.quote.marks]
    assert [quote["text"][start:end] for start, end in quote["marks"]] == marked


@pytest.mark.parametrize("given_value", ["", "Mon, 02 Nov 2026 09:00:30", "\x00", "-5", "1e9", "inf"])
def test_a_wait_is_within_bounds_whatever_is_asked_for(given_value: str) -> None:
    assert 0.0 <= wait_of({"retry-after": given_value}, NOW) <= 3_600.0
