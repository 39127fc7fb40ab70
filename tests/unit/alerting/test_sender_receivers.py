"""The sender and receivers that cannot be read back: a webhook's message is sent again under its key, a mail ever more rarely."""

import json
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from alerting.receivers import Receiver
from alerting.receivers.directory import Fallback, Listed
from alerting.receivers.http_post import HttpPost
from alerting.receivers.mail import MailReceiver
from alerting.receivers.slack_webhook import SlackWebhookReceiver
from alerting.receivers.smtp import Smtp
from alerting.receivers.webhook import WebhookReceiver
from alerting.sender import SenderWorker
from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.outcomes import SendOutcome
from newswire.store import Store
from newswire.store.standings import standings
from newswire.variables import Encryption, SmtpServer
from tests.alerting_builders import AlwaysLeading
from tests.fake_smtp import FakeSmtp
from tests.fake_webhook import FakeWebhook, Says
from tests.inline_calls import InlineCalls
from tests.unit.alerting.test_sender import DOUBT_S, drain, pass_time, put, rows, sends

Make = Callable[..., SenderWorker]


@pytest.fixture
def make(store: Store, clock: ManualClock, metrics: Metrics) -> Make:
    def made(receiver: Receiver, fallback: str | None = None) -> SenderWorker:
        listed = Listed({receiver.name: receiver}, Fallback(fallback) if fallback else None)
        return SenderWorker(
            store=store,
            listed=lambda: listed,
            clock=clock,
            metrics=metrics,
            leadership=AlwaysLeading(),
            doubt_wait_s=DOUBT_S,
            calls=InlineCalls(),
        )

    return made


def webhook_at(hook: FakeWebhook, clock: ManualClock) -> WebhookReceiver:
    return WebhookReceiver("desk", post=HttpPost(hook.url, user_agent="x"), secret=SecretStr("s"), now=clock.now)


def test_a_webhooks_message_in_doubt_is_sent_again_under_its_key_and_counts_as_sent(
    make: Make, store: Store, clock: ManualClock, metrics: Metrics
) -> None:
    with FakeWebhook([Says(500), Says(then="reset")]) as hook:
        put(store)
        put(store, sequence=1, outlet="Dawn")
        assert drain(make(webhook_at(hook, clock)), clock) >= 2 * DOUBT_S
    assert [json.loads(one.body)["sequence"] for one in hook.taken] == [0, 0, 0, 1]
    assert len({one.headers["webhook-id"] for one in hook.taken}) == 2
    assert sends(metrics) == {"in_doubt": 2, "sent": 2}


def test_another_life_goes_on_with_a_message_that_was_on_its_way(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeWebhook([Says(500)]) as hook:
        put(store)
        make(webhook_at(hook, clock)).step()
        assert drain(make(webhook_at(hook, clock)), clock) >= DOUBT_S - 1
        assert len({(one.headers["webhook-id"], one.body) for one in hook.taken}) == 1
    assert [one["state"] for one in rows(store)] == ["sent"]


def test_until_when_a_receiver_wants_silence_is_known_to_everybody(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeWebhook([Says(429, b"", {"Retry-After": "60"})]) as hook:
        put(store)
        sender = make(webhook_at(hook, clock))
        sender.step()
        with store.read() as connection:
            standing = standings(connection, clock.now().timestamp())["desk"]
        assert (standing.trouble, standing.next_try_at) == (SendOutcome.RATE_LIMITED, clock.now().timestamp() + 60)
        pass_time(clock, 59)
        assert sender.step() > 0
        assert drain(sender, clock) <= 2


def test_a_mail_that_may_have_arrived_each_time_is_repeated_ever_more_rarely(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeSmtp({"DOT": "reset"}) as server:
        put(store)
        smtp = Smtp(SmtpServer("127.0.0.1", server.port, Encryption.NONE))
        sender = make(MailReceiver("desk", to=("a@b.example",), sender="c@b.example", smtp=smtp, now=clock.now))
        for _ in range(240):
            if sender.step() > 0:
                pass_time(clock, 15.0)  # an hour in all
        assert 5 <= len(server.taken) <= 9
        assert len({one.content.partition(b"Message-ID: ")[2].partition(b"\r\n")[0] for one in server.taken}) == 1
        server.faults.clear()
        drain(sender, clock, most_s=4_000)
    assert [one["state"] for one in rows(store)] == ["sent"]


def test_an_address_that_leads_elsewhere_fails_and_what_refuses_us_keeps_its_queue(make: Make, store: Store, clock: ManualClock) -> None:
    with FakeWebhook([Says(302, b"", {"Location": "http://169.254.169.254/"}), Says(401), Says(401)]) as hook:
        put(store)
        put(store, "two")
        sender = make(webhook_at(hook, clock))
        sender.step()
        assert [(one["state"], one["reason"]) for one in rows(store)] == [("failed", "http_302"), ("new", None)]
        sender.step()
        assert sender.troubles() == {"desk": "http_401"}
        assert sender.idle()  # there is nothing to wait for until a person acts
        for _ in range(400):
            sender.step()
            pass_time(clock, 1.0)
        assert [one["state"] for one in rows(store)] == ["failed", "sent"]
        assert sender.troubles() == {}


def test_an_incoming_webhook_says_that_it_repeats(make: Make, store: Store, clock: ManualClock, metrics: Metrics) -> None:
    with FakeWebhook([Says(then="reset")]) as hook:
        put(store)
        drain(make(SlackWebhookReceiver("desk", post=HttpPost(hook.url, user_agent="x"), now=clock.now)), clock)
    assert ["possible repeat" in one.body.decode() for one in hook.taken] == [False, True]
    assert sends(metrics) == {"in_doubt": 1, "repeated": 1}
