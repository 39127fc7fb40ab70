import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alerting.message import Message, from_json
from alerting.receivers import Accepted, BadAccess, BadMessage, BadRoute, NotSent, RateLimited, Unclear, Unreadable
from alerting.receivers.http_post import HttpPost
from alerting.receivers.slack_webhook import SlackWebhookReceiver
from alerting.receivers.told import Memory, Told, changes, from_text, told_of
from alerting.render import payload
from newswire.records import Severity
from tests.fake_webhook import FakeWebhook, Says
from tests.fakes import NOW

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture
def hook() -> Iterator[FakeWebhook]:
    with FakeWebhook() as running:
        yield running


def message_of(name: str = "first-report") -> Message:
    return from_json((GOLDEN / "slack" / f"{name}.message.json").read_text("utf-8"))


def receiver_at(hook: FakeWebhook) -> SlackWebhookReceiver:
    return SlackWebhookReceiver("team", post=HttpPost(hook.url, user_agent="newswire/test", deadline_s=0.4), now=lambda: NOW)


def said(hook: FakeWebhook) -> list[dict[str, object]]:
    return [json.loads(one.body) for one in hook.taken]


def test_the_layout_is_that_of_the_web_api_without_what_a_webhook_does_not_know(hook: FakeWebhook) -> None:
    message = message_of()
    assert isinstance(receiver_at(hook).post(message), Accepted)
    assert said(hook) == [{name: value for name, value in payload(message).items() if name != "metadata"}]
    assert receiver_at(hook).find(message.alert_id, channel=None, since=None) == Unreadable("no_read_back")


def test_an_edit_that_says_nothing_new_says_nothing(hook: FakeWebhook) -> None:
    receiver, message = receiver_at(hook), message_of()
    posted = receiver.post(message)
    assert isinstance(posted, Accepted)
    more = replace(message, sequence=1, carriers=message_of("three-outlets-two-countries").carriers)
    assert receiver.edit(more, "incoming-webhook", posted.reference or "") == Accepted("incoming-webhook", posted.reference)
    assert len(hook.taken) == 1


def test_an_edit_that_matters_is_a_short_message_once(hook: FakeWebhook) -> None:
    receiver, message = receiver_at(hook), message_of()
    posted = receiver.post(message)
    assert isinstance(posted, Accepted)
    worse = replace(message, sequence=1, severity=Severity.CRITICAL)
    for sequence in (1, 2):
        assert isinstance(receiver.edit(replace(worse, sequence=sequence), "incoming-webhook", posted.reference or ""), Accepted)
    wrong = replace(worse, sequence=3, unsupported="the word <!channel> is not in it")
    assert isinstance(receiver.edit(wrong, "incoming-webhook", posted.reference or ""), Accepted)
    _, risen, lost = (str(one["text"]) for one in said(hook))
    assert risen.startswith("Now critical, was high. · [critical] ")
    assert lost.startswith("The full text does not bear this out: the word ‹!channel› is not in it · ")
    assert "<" not in risen + lost
    assert all("blocks" not in one for one in said(hook)[1:])


def test_an_update_of_which_the_beginning_is_not_known_is_said(hook: FakeWebhook) -> None:
    assert isinstance(receiver_at(hook).edit(message_of(), "incoming-webhook", "1700000000.000100"), Accepted)
    assert str(said(hook)[0]["text"]).startswith("Update. · ")


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        (Says(200, b"<!doctype html>"), Unclear("html")),
        (Says(200, b"OK!"), Unclear("not_ok")),
        (Says(202, b"ok"), Unclear("http_202")),
        (Says(400, b"invalid_payload"), BadMessage("invalid_payload")),
        (Says(400, b"<b>Bad</b>"), BadMessage("http_400")),
        (Says(403, b"invalid_token"), BadAccess("invalid_token")),
        (Says(403, b"action_prohibited"), BadAccess("action_prohibited")),
        (Says(404, b"no_service"), BadAccess("no_service")),
        (Says(404, b"channel_not_found"), BadRoute("channel_not_found")),
        (Says(410, b"channel_is_archived"), BadRoute("channel_is_archived")),
        (Says(302, b"", {"Location": "/x"}), BadRoute("http_302")),
        (Says(408), NotSent("http_408")),
        (Says(429, b"rate_limited", {"Retry-After": "30"}), RateLimited(30.0)),
        (Says(500, b"rollup_error"), Unclear("http_500")),
        (Says(then="silence"), Unclear("timeout")),
    ],
)
def test_each_answer_has_one_meaning(hook: FakeWebhook, says: Says, answer: object) -> None:
    hook.says.append(says)
    assert receiver_at(hook).post(message_of()) == answer
    assert len(hook.taken) == 1


def test_a_refused_layout_is_sent_as_text_alone(hook: FakeWebhook) -> None:
    receiver_at(hook).post(message_of(), plain=True)
    assert set(said(hook)[0]) == {"text", "unfurl_links", "unfurl_media"}


def test_what_is_new_to_a_reader() -> None:
    message = replace(message_of(), partners=("US",), severity=Severity.HIGH)
    before = told_of(message, "subject")
    assert from_text(before.to_text()) == before
    assert from_text("1700000000.000100") is None
    assert from_text("[]") is None
    assert changes(before, message) == []
    assert changes(before, replace(message, severity=Severity.LOW, partners=())) == []
    many = tuple(f"{one}{two}" for one in "ABCDEF" for two in "ABCDEFGHIJ")
    crowded = replace(message, partners=many)
    assert changes(told_of(crowded), crowded) == []
    assert changes(before, replace(message, partners=("KR", "US", "JP"))) == ["New partners: South Korea, Japan."]
    assert changes(Told(Severity.HIGH, ("US",), supported=False), message) == ["Another report bears this out after all."]


def test_the_memory_is_bounded() -> None:
    memory, told = Memory(), told_of(message_of())
    for n in range(1_001):
        memory.keep(str(n), told)
    assert memory.before("0", "") is None
    assert memory.before("1000", "") == told
