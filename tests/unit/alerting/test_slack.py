from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from alerting.decide import decide
from alerting.message import Message
from alerting.receivers import Accepted, BadAccess, BadMessage, BadRoute, NotFound, NotSent, RateLimited, Unclear, Unreadable
from alerting.receivers.slack import SlackReceiver
from alerting.receivers.slack_answers import RETRY_AFTER_ELSE_S, answer_of, retry_after_s
from tests.alerting_builders import a_match, a_report
from tests.fake_slack import FakeSlack
from tests.fakes import NOW

TOKEN = SecretStr("xoxb-a-secret-that-nobody-prints")


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        yield running


def receiver_at(slack: FakeSlack, channel: str = "#desk", deadline_s: float = 0.4) -> SlackReceiver:
    return SlackReceiver("desk", channel=channel, token=TOKEN, base_url=slack.url, deadline_s=deadline_s)


def a_message(key: str = "one") -> Message:
    return decide(a_report(key), matches=[a_match()], story_id=key * 8, told={}, now=NOW).rows[0].message


def test_a_message_is_posted_edited_and_found_by_its_alert_id(slack: FakeSlack) -> None:
    receiver, message = receiver_at(slack), a_message()
    mark = receiver.clock_mark()
    assert isinstance(mark, str)
    posted = receiver.post(message)
    assert isinstance(posted, Accepted)
    assert posted.channel == "C0000001"
    assert receiver.edit(message, posted.channel, posted.reference or "") == posted
    assert [len(one.versions) for one in slack.posted] == [2]
    assert receiver.find(message.alert_id, channel=posted.channel, since=mark) == posted
    assert receiver.find("0" * 32, channel=posted.channel, since=mark) == NotFound()
    assert slack.posted[0].body["channel"] == "C0000001"
    assert slack.posted[0].versions[0]["channel"] == "#desk"
    assert slack.posted[0].versions[0]["unfurl_links"] is False


@pytest.mark.parametrize(
    ("fault", "answer", "accepted"),
    [
        ("accept_then_reset", Unclear("ConnectionResetError"), 1),
        ("accept_then_silence", Unclear("timeout"), 1),
        ("accept_then_500", Unclear("http_500"), 1),
        ("accept_then_html", Unclear("not_json"), 1),
        ("accept_drip", Unclear("timeout"), 1),
        ("accept_then_error:internal_error", Unclear("internal_error"), 1),
        ("http_503", Unclear("http_503"), 0),
        ("html", Unclear("not_json"), 0),
        ("rate_limited:7", RateLimited(7.0), 0),
        ("error:fatal_error", Unclear("fatal_error"), 0),
        ("error:something_new", Unclear("something_new"), 0),
        ("error:msg_too_long", BadMessage("msg_too_long"), 0),
        ("error:invalid_metadata_format", BadMessage("invalid_metadata_format"), 0),
        ("error:is_archived", BadRoute("is_archived"), 0),
        ("error:restricted_action_read_only_channel", BadRoute("restricted_action_read_only_channel"), 0),
        ("error:token_revoked", BadAccess("token_revoked"), 0),
    ],
)
def test_each_fault_has_one_meaning_and_no_call_is_repeated(slack: FakeSlack, fault: str, answer: object, accepted: int) -> None:
    slack.faults.append(fault)
    assert receiver_at(slack).post(a_message()) == answer
    assert slack.calls == ["chat.postMessage"]
    assert len(slack.posted) == accepted


def test_nobody_listening_is_surely_not_sent() -> None:
    with FakeSlack() as gone:
        receiver = receiver_at(gone)
    assert receiver.post(a_message()) == NotSent("ConnectionRefusedError")
    assert receiver.clock_mark() == NotSent("ConnectionRefusedError")


def test_calls_that_hang_are_bounded(slack: FakeSlack) -> None:
    slack.faults.extend(["silence"] * 4)
    receiver = receiver_at(slack, deadline_s=0.05)
    assert [receiver.post(a_message()) for _ in range(5)] == [Unclear("timeout")] * 4 + [NotSent("calls_hang")]


def test_the_history_is_read_over_its_pages_and_from_the_mark_on(slack: FakeSlack) -> None:
    receiver = receiver_at(slack)
    slack.page = 2
    posts = [receiver.post(a_message(f"m{n}")) for n in range(5)]
    assert receiver.find(a_message("m0").alert_id, channel="C0000001", since=None) == posts[0]
    assert slack.calls.count("conversations.history") == 3
    later = posts[3]
    assert isinstance(later, Accepted)
    assert receiver.find(a_message("m0").alert_id, channel="C0000001", since=later.reference) == NotFound()


def test_a_channel_known_by_name_alone_is_resolved_for_the_history(slack: FakeSlack) -> None:
    posted = receiver_at(slack).post(a_message())
    assert receiver_at(slack).find(a_message().alert_id, channel=None, since=None) == posted
    assert "conversations.list" in slack.calls


def test_a_history_that_cannot_be_read_is_said() -> None:
    with FakeSlack(channels=("desk",), history_error="missing_scope") as slack:
        assert receiver_at(slack).find("0" * 32, channel="C0000001", since=None) == Unreadable("missing_scope")
        slack.history_error = "invalid_auth"
        assert receiver_at(slack).find("0" * 32, channel="C0000001", since=None) == BadAccess("invalid_auth")
        slack.history_error = None
        assert receiver_at(slack, "#nowhere").find("0" * 32, channel=None, since=None) == Unreadable("channel_not_found")


def test_an_edit_of_a_message_that_is_gone_is_a_bad_message(slack: FakeSlack) -> None:
    receiver = receiver_at(slack)
    receiver.post(a_message())
    assert receiver.edit(a_message(), "C0000001", "1.0") == BadMessage("message_not_found")


def test_the_plain_form_has_no_blocks(slack: FakeSlack) -> None:
    receiver = receiver_at(slack)
    posted = receiver.post(a_message(), plain=True)
    assert isinstance(posted, Accepted)
    assert "blocks" not in slack.posted[0].body
    receiver.edit(a_message(), posted.channel or "", posted.reference or "", plain=True)
    assert slack.posted[0].versions[1]["blocks"] == []


def test_no_answer_and_no_representation_holds_the_token(slack: FakeSlack) -> None:
    slack.faults.extend(["error:invalid_auth", "html"])
    receiver = receiver_at(slack)
    said = [repr(receiver), str(vars(receiver)), repr(receiver.post(a_message())), repr(receiver.post(a_message()))]
    assert not any(TOKEN.get_secret_value() in text for text in said)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("2", 2), ("99999", 3600), ("-4", 0), ("soon", RETRY_AFTER_ELSE_S), (None, RETRY_AFTER_ELSE_S), ("nan", RETRY_AFTER_ELSE_S)],
)
def test_retry_after(given: str | None, seconds: float) -> None:
    assert retry_after_s(given) == seconds


def test_the_table_of_errors_reads_slacks_codes_alone() -> None:
    assert answer_of(200, "ratelimited", {}) == RateLimited(RETRY_AFTER_ELSE_S)
    assert answer_of(429, "", {"retry-after": "3"}) == RateLimited(3)
    assert answer_of(500, "channel_not_found", {}) == Unclear("http_500")
    assert answer_of(200, "Received a response in a non-JSON format: <html>", {}) == Unclear("not_json")
    assert answer_of(200, "missing_scope", {}) == BadAccess("missing_scope")
