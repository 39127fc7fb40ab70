"""Receivers built by hand from settings and routes.yaml, and what the environment lacks for them."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from newswire.errors import Fault
from newswire.settings import Settings

if TYPE_CHECKING:
    from alerting.receivers import Receiver
    from alerting.receivers.http_post import HttpPost
    from alerting.routes import Receiver as ReceiverEntry
    from alerting.routes import Routes


def make_receiver(
    settings: Settings, entry: "ReceiverEntry", *, now: Callable[[], datetime], stream: TextIO | None = None, test: bool = False
) -> "Receiver":
    """Return one who can be told: what the entry names, or the terminal for a Slack channel without a token.

    What `lacking_here` says of the entry is put right before. `test` marks what a webhook gets.
    """
    from alerting.variables import signing_secret

    if entry.slack is not None and settings.slack_token is not None:
        from alerting.receivers.slack import SlackReceiver

        return SlackReceiver(entry.name, channel=entry.slack.channel, token=settings.slack_token, base_url=settings.slack_url)
    if entry.webhook is not None and (secret := signing_secret(entry, settings)) is not None:
        from alerting.receivers.webhook import WebhookReceiver

        return WebhookReceiver(entry.name, post=_post(settings, entry.webhook.url_env), secret=secret, now=now, test=test)
    if entry.slack_webhook is not None:
        from alerting.receivers.slack_webhook import SlackWebhookReceiver

        return SlackWebhookReceiver(entry.name, post=_post(settings, entry.slack_webhook.url_env), now=now)
    if entry.email is not None and settings.smtp is not None:
        from alerting.receivers.mail import MailReceiver
        from alerting.receivers.smtp import Smtp

        smtp = Smtp(settings.smtp, user=settings.smtp_user, password=settings.smtp_password)
        return MailReceiver(entry.name, to=entry.email.to, sender=entry.email.from_, smtp=smtp, now=now)
    from alerting.receivers.terminal import TerminalReceiver

    return TerminalReceiver(entry.name, stream=stream)


def _post(settings: Settings, variable: str) -> "HttpPost":
    from alerting.receivers.http_post import HttpPost

    return HttpPost(settings.named[variable], user_agent=settings.user_agent)


def lacking_here(routes: "Routes", settings: Settings) -> list[Fault]:
    """Return what the environment lacks for these routes' receivers."""
    from alerting.variables import lacking

    return [Fault("environment", 0, 0, words) for _, words in lacking(routes, settings)]
