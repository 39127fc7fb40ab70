"""Each way in which the other side fails: what it means, what `newswire receivers list` then shows, and which metric counts."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from pydantic import SecretStr

from alerting import bulletin as bulletins
from alerting.bulletin import Bulletin
from alerting.decide import decide
from alerting.message import Message, to_json
from alerting.receivers import Accepted, Answer, BadAccess, BadMessage, BadRoute, NotSent, RateLimited, Receiver, Unclear
from alerting.receivers.advice import ELSE
from alerting.receivers.directory import Listed
from alerting.receivers.http_post import HttpPost
from alerting.receivers.mail import MailReceiver
from alerting.receivers.slack import SlackReceiver
from alerting.receivers.slack_webhook import SlackWebhookReceiver
from alerting.receivers.smtp import Smtp
from alerting.receivers.standing import Shown, State, shown
from alerting.receivers.webhook import WebhookReceiver
from alerting.sender import SenderWorker
from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.outcomes import SendOutcome
from newswire.records import MessageKind, Severity
from newswire.store import Store, outbox
from newswire.store.outbox import Entry
from newswire.store.standings import standings
from newswire.variables import Encryption, SmtpServer
from tests.alerting_builders import AlwaysLeading, a_match, a_report
from tests.bulletins import DIGEST, a_digest, a_notice, a_reply
from tests.fake_slack import FakeSlack
from tests.fake_smtp import FakeSmtp
from tests.fake_webhook import FakeWebhook, Says
from tests.fakes import NOW

STORY = "5" * 32


@dataclass(frozen=True)
class Fault:
    """What Slack does, what it means, and what is seen of it."""

    does: str
    answer: Answer
    counted: SendOutcome
    state: State
    refusing: bool = False  # the gauge
    times: int = 1  # how often it is done: a layout that is refused is tried once more as plain text
    wait_s: float | None = None


LIMITED, DOUBT, RETRY, REFUSED = SendOutcome.RATE_LIMITED, SendOutcome.IN_DOUBT, SendOutcome.RETRY, SendOutcome.REFUSED
FAULTS = (
    *(
        Fault(f"rate_limited:{given}", RateLimited(wait_s), LIMITED, State.RATE_LIMITED, wait_s=max(wait_s, 1.0))
        for given, wait_s in (
            ("2", 2.0),
            ("30", 30.0),
            ("3600", 3_600.0),
            ("soon", 30.0),
            ("-1", 0.0),
            ("1e9", 3_600.0),
            ("Wed, 21 Oct 2026 07:28:00 GMT", 30.0),
        )
    ),
    Fault("error:ratelimited", RateLimited(30.0), LIMITED, State.RATE_LIMITED, wait_s=30.0),
    Fault("http_500", Unclear("http_500"), DOUBT, State.IN_DOUBT),
    Fault("accept_then_500", Unclear("http_500"), DOUBT, State.IN_DOUBT),
    Fault("reset", Unclear("ConnectionResetError"), DOUBT, State.IN_DOUBT),
    Fault("accept_then_reset", Unclear("ConnectionResetError"), DOUBT, State.IN_DOUBT),
    Fault("silence", Unclear("timeout"), DOUBT, State.IN_DOUBT),
    Fault("html", Unclear("not_json"), DOUBT, State.IN_DOUBT),
    Fault("error:internal_error", Unclear("internal_error"), DOUBT, State.IN_DOUBT),
    Fault("error:invalid_auth", BadAccess("invalid_auth"), RETRY, State.REFUSED, refusing=True),
    Fault("error:missing_scope", BadAccess("missing_scope"), RETRY, State.REFUSED, refusing=True),
    Fault("error:channel_not_found", BadRoute("channel_not_found"), REFUSED, State.REFUSED, refusing=True),
    Fault("error:is_archived", BadRoute("is_archived"), REFUSED, State.REFUSED, refusing=True),
    Fault("error:msg_too_long", BadMessage("msg_too_long"), REFUSED, State.REFUSED, times=2),
    Fault("error:invalid_blocks", BadMessage("invalid_blocks"), REFUSED, State.REFUSED, times=2),
)
BY_NAME = [pytest.param(fault, id=fault.does) for fault in FAULTS]


def an_alert() -> Message:
    return decide(a_report(), matches=[a_match()], story_id=STORY, told={}, now=NOW).rows[0].message


def desk_at(slack: FakeSlack, does: str = "ok") -> SlackReceiver:
    return SlackReceiver("desk", channel="#desk", token=SecretStr("x"), base_url=slack.url, deadline_s=0.1 if does == "silence" else 20.0)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        yield running


@pytest.mark.parametrize("fault", BY_NAME)
def test_what_is_said_has_the_same_answers_as_an_alert(slack: FakeSlack, fault: Fault) -> None:
    parent = desk_at(slack).post(an_alert())
    assert isinstance(parent, Accepted)
    for bulletin, thread in ((a_reply(), parent.reference), (a_digest(), None)):
        slack.faults.append(fault.does)
        slack.calls.clear()
        assert desk_at(slack, fault.does).say(bulletin, channel=parent.channel, thread=thread) == fault.answer
        assert slack.calls == ["chat.postMessage"]


@pytest.mark.parametrize("kind", [MessageKind.PARENT, MessageKind.DIGEST])
@pytest.mark.parametrize("fault", BY_NAME)
def test_a_fault_is_seen_in_the_list_and_in_the_metrics(
    slack: FakeSlack, fault: Fault, kind: MessageKind, store: Store, clock: ManualClock, metrics: Metrics
) -> None:
    slack.faults.extend([fault.does] * fault.times)
    put(store, kind)
    listed = Listed({"desk": desk_at(slack, fault.does)}, None)
    sender = SenderWorker(store=store, listed=lambda: listed, clock=clock, metrics=metrics, leadership=AlwaysLeading())
    deadline = time.monotonic() + 20
    while not counted(metrics):
        sender.step()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    slack.released.set()
    sender.close()
    assert counted(metrics) == {str(fault.counted)}
    found = standing(store, clock)
    assert found.state is fault.state
    assert found.why == reason_of(fault.answer)
    assert found.do not in {None, ELSE}
    if fault.wait_s is not None:
        assert found.until == clock.now().timestamp() + fault.wait_s
    assert metrics.registry.get_sample_value("newswire_alerting_receiver_refusing", {"receiver": "desk"}) == (
        1.0 if fault.refusing else 0.0
    )


def counted(metrics: Metrics) -> set[str]:
    samples = (one for family in metrics.registry.collect() for one in family.samples)
    return {one.labels["outcome"] for one in samples if one.name == "newswire_alerting_sends_total" and one.value}


def reason_of(answer: Answer) -> str:
    match answer:
        case BadMessage(code) | BadRoute(code) | BadAccess(code):
            return code
        case NotSent(reason) | Unclear(reason):
            return reason
        case _:
            return "rate_limited"


def standing(store: Store, clock: ManualClock) -> Shown:
    with store.read() as connection:
        return shown(standings(connection, clock.now().timestamp())["desk"], lacks=None, now=clock.now().timestamp())


def put(store: Store, kind: MessageKind) -> None:
    message = an_alert()
    alert = kind is MessageKind.PARENT
    entry = Entry(
        story_id=STORY if alert else DIGEST,
        receiver="desk",
        kind=kind,
        sequence=0,
        alert_id=message.alert_id if alert else DIGEST,
        decision_id="d" * 32,
        item_id=message.item_id,
        revision="r" * 16,
        watchlists=["gaming"],
        severity=Severity.HIGH.value,
        title=message.title,
        url=message.url,
        message=to_json(message) if alert else bulletins.to_json(a_digest()),
    )
    with store.begin() as connection:
        outbox.put(connection, [entry], NOW.timestamp())


@contextmanager
def told_by_post(make: Callable[[HttpPost], Receiver], says: Says) -> Iterator[Receiver]:
    with FakeWebhook([says]) as hook:
        yield make(HttpPost(hook.url, user_agent="x", deadline_s=0.2 if says.then == "silence" else 20.0))


def webhook(post: HttpPost) -> Receiver:
    return WebhookReceiver("archive", post=post, secret=SecretStr("s"), now=lambda: NOW)


def incoming(post: HttpPost) -> Receiver:
    return SlackWebhookReceiver("team", post=post, now=lambda: NOW)


SAYS = (
    *(Says(429, b"", {"Retry-After": given}) for given in ("2", "30", "3600", "soon", "-1", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT")),
    Says(500),
    Says(then="silence"),
    Says(200, b"<!doctype html><html>Log in"),
    Says(403, b"invalid_token"),
    Says(404, b"channel_not_found"),
    Says(410, b"channel_is_archived"),
    Says(400, b"invalid_payload"),
    Says(413),
)


@pytest.mark.parametrize("make", [webhook, incoming])
@pytest.mark.parametrize("says", SAYS, ids=str)
def test_a_webhooks_answers_mean_the_same_for_what_is_said(make: Callable[[HttpPost], Receiver], says: Says) -> None:
    with told_by_post(make, says) as receiver:
        answer = receiver.post(an_alert())
    assert not isinstance(answer, Accepted)
    for bulletin in (a_reply(), a_digest(), a_notice()):
        with told_by_post(make, says) as receiver:
            assert receiver.say(bulletin, channel=None, thread="x") == answer


@pytest.mark.parametrize(
    "faults",
    [{"GREETING": "421 busy"}, {"AUTH": "535 no"}, {"RCPT": "550 no"}, {"RCPT": "450 later"}, {"DOT": "554 spam"}, {"DOT": "reset"}],
    ids=str,
)
def test_a_mail_servers_answers_mean_the_same_for_what_is_said(faults: dict[str, str]) -> None:
    def answer_to(tell: Callable[[MailReceiver], Answer]) -> Answer:
        with FakeSmtp(faults, offers=("AUTH PLAIN",)) as server:
            address = SmtpServer("127.0.0.1", server.port, Encryption.NONE)
            smtp = Smtp(address, user=SecretStr("u"), password=SecretStr("p"))
            return tell(MailReceiver("chief", to=("a@b.example",), sender="c@b.example", smtp=smtp, now=lambda: NOW))

    answer = answer_to(lambda receiver: receiver.post(an_alert()))
    assert isinstance(answer, NotSent | BadAccess | BadRoute | BadMessage | Unclear)
    assert answer_to(lambda receiver: receiver.say(replace(a_reply(), sequence=1), channel=None, thread="x")) == answer


def test_a_bulletin_that_is_refused_for_its_layout_goes_out_plain(slack: FakeSlack) -> None:
    bulletin: Bulletin = a_digest()
    slack.faults.append("error:invalid_blocks")
    assert desk_at(slack).say(bulletin, channel=None, thread=None) == BadMessage("invalid_blocks")
    assert isinstance(desk_at(slack).say(bulletin, channel=None, thread=None, plain=True), Accepted)
