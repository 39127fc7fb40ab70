"""`explain: words|none` of a receiver hides the rule's words, whatever kind it is: what leaves us does not hold them."""

import io
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from alerting.bulletin import Bulletin
from alerting.decide import decide
from alerting.message import Message
from alerting.receivers import Accepted, Receiver
from alerting.receivers.http_post import HttpPost
from alerting.receivers.mail import MailReceiver
from alerting.receivers.slack import SlackReceiver
from alerting.receivers.slack_webhook import SlackWebhookReceiver
from alerting.receivers.smtp import Smtp
from alerting.receivers.terminal import TerminalReceiver
from alerting.receivers.webhook import WebhookReceiver
from alerting.routes import KINDS
from alerting.said import Told
from alerting.updates import laid_out, numbered
from alerting.watchlists.telling import Explain
from newswire.variables import Encryption, SmtpServer
from tests.alerting_builders import a_match, a_report, span_of
from tests.fake_slack import FakeSlack
from tests.fake_smtp import FakeSmtp
from tests.fake_webhook import FakeWebhook
from tests.fakes import NOW

RULE = "quotarule"  # a word of the rule that stands nowhere in the report
FOUND = "gaming industry"  # one that does

Tell = Callable[[Receiver], None]


def message_for(explain: Explain) -> Message:
    report = a_report()
    match = a_match(because=(RULE, FOUND), spans=[span_of(report, FOUND)])
    return decide(report, matches=[match], story_id="5" * 32, told={}, now=NOW, explains={"desk": explain}).rows[0].message


def reply_for(explain: Explain) -> Bulletin:
    """Return the reply about a second watchlist that joins, with a rule of its own words."""
    told = {"desk": Told(message_for(explain), 0)}
    report = a_report("two", outlet="Dawn")
    match = a_match("second", title="A second watchlist", because=(RULE, FOUND), spans=[span_of(report, FOUND)])
    replies = decide(report, matches=[match], story_id="5" * 32, told=told, now=NOW, explains={"desk": explain}).replies
    return laid_out(numbered(replies[0].update, 1))


def slack(tell: Tell) -> str:
    with FakeSlack() as server:
        tell(SlackReceiver("desk", channel="#desk", token=SecretStr("xoxb-test"), base_url=server.url))
        return str([one.versions for one in server.posted])


def terminal(tell: Tell) -> str:
    stream = io.StringIO()
    tell(TerminalReceiver("desk", stream=stream, colour=False))
    return stream.getvalue()


def webhook(tell: Tell) -> str:
    with FakeWebhook() as server:
        post = HttpPost(server.url, user_agent="x")
        tell(WebhookReceiver("desk", post=post, secret=SecretStr("s"), now=lambda: NOW))
        return str(server.taken)


def slack_webhook(tell: Tell) -> str:
    with FakeWebhook() as server:
        tell(SlackWebhookReceiver("desk", post=HttpPost(server.url, user_agent="x"), now=lambda: NOW))
        return str(server.taken)


def email(tell: Tell) -> str:
    with FakeSmtp() as server:
        smtp = Smtp(SmtpServer("127.0.0.1", server.port, Encryption.NONE))
        tell(MailReceiver("desk", to=("a@b.example",), sender="c@b.example", smtp=smtp, now=lambda: NOW))
        return "".join(one.content.decode().replace("=\r\n", "") for one in server.taken)


def alert(message: Message) -> Tell:
    def tell(receiver: Receiver) -> None:
        receiver.post(message)
        receiver.post(message, plain=True)

    return tell


def reply(bulletin: Bulletin) -> Tell:
    def tell(receiver: Receiver) -> None:
        for plain in (False, True):
            assert isinstance(receiver.say(bulletin, channel=None, thread=None, plain=plain), Accepted)

    return tell


SAID: dict[str, Callable[[Tell], str]] = {
    "slack": slack,
    "terminal": terminal,
    "webhook": webhook,
    "slack_webhook": slack_webhook,
    "email": email,
}


def test_every_kind_that_tells_is_here() -> None:
    assert set(SAID) == set(KINDS) - {"digest"}  # a digest goes to one of the others


@pytest.mark.parametrize("kind", sorted(SAID))
def test_the_rules_words_are_seen_only_where_they_may_be(kind: str) -> None:
    said = SAID[kind]
    assert RULE in said(alert(message_for(Explain.FULL)))
    for explain in (Explain.WORDS, Explain.NONE):
        assert RULE not in said(alert(message_for(explain)))


@pytest.mark.parametrize("kind", sorted(SAID))
def test_no_reply_says_the_rules_words_where_they_may_not_be_seen(kind: str) -> None:
    told = SAID[kind](reply(reply_for(Explain.FULL)))
    assert "A second watchlist" in told
    assert (RULE in told) == (kind == "webhook")  # as facts, for programs
    for explain in (Explain.WORDS, Explain.NONE):
        assert RULE not in SAID[kind](reply(reply_for(explain)))


@pytest.mark.parametrize(("kind", "bold"), [("webhook", '"marks":[['), ("slack", FOUND + "', 'style'"), ("email", f"<b>{FOUND}</b>")])
def test_with_none_not_even_a_matched_word_is_marked(kind: str, bold: str) -> None:
    assert bold in SAID[kind](alert(message_for(Explain.WORDS)))
    assert bold not in SAID[kind](alert(message_for(Explain.NONE)))
