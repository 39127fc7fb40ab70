"""Those who are told: Slack's token, scopes and channels; webhooks and the mail server, reached and not spoken to; a test message where it is asked for."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from newswire.cli.bounded import all_within
from newswire.cli.compose_receivers import make_receiver
from newswire.cli.doctor.finding import Asked, CheckName, Finding, Level
from newswire.cli.doctor.machine_checks import clock_against
from newswire.cli.receiver_steps import steps
from newswire.cli.receivers import read_routes
from newswire.errors import one_line
from newswire.variables import Encryption, SmtpServer

if TYPE_CHECKING:
    from alerting.receivers.slack import SlackReceiver
    from alerting.routes import Receiver as Entry

REACH_S: Final = 4.0
_CHANNELS_S: Final = 8.0


def slack(asked: Asked) -> Iterator[Finding]:
    """Yield what Slack says of our token, what its scopes lack, and each channel that a receiver leads to."""
    from alerting.receivers.advice import what_to_do
    from alerting.receivers.slack_access import Access

    name = CheckName.SLACK
    entries = [one for one in read_routes(asked.folder).receivers if one.slack is not None]
    if not entries:
        yield Finding(name, Level.NOTE, "not used: no receiver is a Slack channel")
        return
    if asked.settings.slack_token is None:
        yield Finding(
            name,
            Level.NOTE,
            "NEWSWIRE_SLACK_TOKEN is not set: what is for Slack is printed on the terminal",
            "nobody in Slack is told anything",
            "docs/slack.md makes an app and its token",
        )
        return
    receivers = [_slack_receiver(asked, entry) for entry in entries]
    access = receivers[0].access()
    if silence := _silence(access, "auth.test"):
        yield silence
        return
    if not isinstance(access, Access):
        code = code_of(access)
        yield Finding(name, Level.FAIL, f"Slack refuses or does not answer: {code}", "nobody in Slack is told anything", what_to_do(code))
        return
    yield from _scopes(access)
    if access.at is not None:
        yield from clock_against(name, "Slack's", access.at, asked.clock.now())
    answers = all_within(_CHANNELS_S, {index: one.channel for index, one in enumerate(receivers)})
    for index, entry in enumerate(entries):
        yield from _channel(entry, answers[index], access)


def _silence(answer: object, asked_for: str) -> Finding | None:
    """Return how long Slack wants to hear nothing, where that is its answer: neither the token nor a channel is refused by it."""
    seconds = getattr(answer, "retry_after_s", None)
    if seconds is None:
        return None
    return Finding(
        CheckName.SLACK,
        Level.WARN,
        f"{asked_for}: Slack is asked too often, and wants {seconds:.0f} s of silence (429, Retry-After)",
        "whether all is well there is not known; alerts that meet the same wait for as long, and none is lost",
        f"look again after {seconds:.0f} s; where it stays so, see what else uses this token: another Newswire, a script, this command in a loop",
    )


def _slack_receiver(asked: Asked, entry: "Entry") -> "SlackReceiver":
    from alerting.receivers.slack import SlackReceiver

    made = make_receiver(asked.settings, entry, now=asked.clock.now, test=True)
    assert isinstance(made, SlackReceiver)  # the token is there, and the entry is Slack's
    return made


def _scopes(access: Any) -> Iterator[Finding]:
    from alerting.receivers.slack_access import FINDS, POSTS, READS_BACK

    name, give = CheckName.SLACK, "give the app the scopes of deploy/slack-app-manifest.yaml, and install it to the workspace again"
    who = f"{access.user} in {access.team}"
    if access.scopes is None:
        yield Finding(name, Level.NOTE, f"signed in as {who}; which scopes the token has was not said")
        return
    lacking = {why: sorted(scopes - access.scopes) for why, scopes in (("post", POSTS), ("read", READS_BACK), ("find", FINDS))}
    if lacking["post"]:
        yield Finding(name, Level.FAIL, f"the token lacks {', '.join(lacking['post'])}", "nothing can be posted", give)
    if lacking["read"]:
        yield Finding(
            name,
            Level.WARN,
            f"the token lacks {', '.join(lacking['read'])}",
            "a message whose answer never came cannot be looked for, and may be sent twice",
            give,
        )
    if lacking["find"]:
        yield Finding(
            name,
            Level.WARN,
            f"the token lacks {', '.join(lacking['find'])}",
            "a channel that is named and not given by its id cannot be read back",
            give,
        )
    if not any(lacking.values()):
        yield Finding(name, Level.OK, f"signed in as {who}, with every scope that is due")


def _channel(entry: "Entry", found: Any, access: Any) -> Iterator[Finding]:
    from alerting.receivers.advice import what_to_do
    from alerting.receivers.slack_access import POSTS_ANYWHERE, Channel

    name, wanted = CheckName.SLACK, entry.slack.channel if entry.slack is not None else ""
    scopes: frozenset[str] = access.scopes or frozenset()
    if silence := _silence(found, f"{entry.name}: {wanted} was not looked for"):
        yield silence
    elif not isinstance(found, Channel):
        code = code_of(found)
        level = Level.FAIL if code in {"channel_not_found", "timeout"} else Level.WARN
        yield Finding(name, level, f"{entry.name}: {wanted} was not found: {code}", "what is for it cannot be told", what_to_do(code))
    elif found.archived:
        yield Finding(name, Level.FAIL, f"{entry.name}: {wanted} is archived", "what is for it cannot be told", what_to_do("is_archived"))
    elif not found.joined and (found.private or POSTS_ANYWHERE not in scopes):
        yield Finding(
            name, Level.FAIL, f"{entry.name}: the bot is not in {wanted}", "what is for it cannot be told", what_to_do("not_in_channel")
        )
    elif not found.joined:
        yield Finding(
            name,
            Level.WARN,
            f"{entry.name}: the bot may post in {wanted} and is not in it",
            "it cannot read back whether a message in doubt arrived",
            what_to_do("not_in_channel"),
        )
    else:
        yield Finding(name, Level.OK, f"{entry.name}: {wanted} is there, and the bot is in it")


def webhooks(asked: Asked) -> Iterator[Finding]:
    """Yield which webhooks' hosts can be reached; nothing is sent to them."""
    name, found = CheckName.WEBHOOKS, False
    for entry in read_routes(asked.folder).receivers:
        by_url = entry.webhook or entry.slack_webhook
        if by_url is None:
            continue
        found = True
        secret = asked.settings.named.get(by_url.url_env)
        if secret is None:
            yield Finding(
                name,
                Level.FAIL,
                f"{entry.name}: {by_url.url_env} is not set",
                "what is for it cannot be told",
                f"set it, best as a file: {by_url.url_env}_FILE",
            )
            continue
        url = urlsplit(secret.get_secret_value())
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        trouble = reached(host, port, tls=url.scheme == "https")
        if trouble is None:
            yield Finding(name, Level.OK, f"{entry.name}: {host}:{port} can be reached")
        else:
            yield Finding(
                name,
                Level.FAIL,
                f"{entry.name}: {host}:{port} cannot be reached: {trouble}",
                "what is for it waits",
                f"look at the address in {by_url.url_env}, the network and the certificate",
            )
    if not found:
        yield Finding(name, Level.NOTE, "not used: no receiver is a webhook")


def reached(host: str, port: int, *, tls: bool) -> str | None:
    """Return None where a connection can be made, and made secret where `tls`; else why not, in words."""
    try:
        with socket.create_connection((host, port), timeout=REACH_S) as connection:
            if tls:
                with ssl.create_default_context().wrap_socket(connection, server_hostname=host):
                    return None
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not to be trusted ({one_line(error.verify_message)})"
    except OSError as error:
        return one_line(error.strerror or str(error) or type(error).__name__).lower()
    return None


def mail(asked: Asked) -> Iterator[Finding]:
    """Yield whether the mail server greets us and is spoken to in secret; nothing is sent, nobody logs in."""
    name, server = CheckName.MAIL, asked.settings.smtp
    if server is None:
        if any(entry.email is not None for entry in read_routes(asked.folder).receivers):
            yield Finding(
                name,
                Level.FAIL,
                "NEWSWIRE_SMTP_URL is not set, and a receiver is mail",
                "an alerter does not start without it",
                "NEWSWIRE_SMTP_URL=smtp://HOST:587",
            )
        else:
            yield Finding(name, Level.NOTE, "not used: NEWSWIRE_SMTP_URL is not set")
        return
    where, context = f"{server.host}:{server.port}", ssl.create_default_context()
    do = "look at NEWSWIRE_SMTP_URL, and at what stands in between"
    try:
        with _greeted(server, context) as client:
            client.ehlo_or_helo_if_needed()
            if server.encryption is Encryption.STARTTLS and not client.has_extn("starttls"):
                yield Finding(
                    name,
                    Level.WARN if server.is_this_machine else Level.FAIL,
                    f"{where} does not offer STARTTLS",
                    "mails, and the password, could be read on their way; Newswire sends none",
                    "smtps://HOST:465 in NEWSWIRE_SMTP_URL, or smtp+plain:// on a network that you trust",
                )
                return
            if server.encryption is Encryption.STARTTLS:
                client.starttls(context=context)
                client.ehlo_or_helo_if_needed()
            if asked.settings.smtp_user is not None and not client.has_extn("auth"):
                yield Finding(
                    name,
                    Level.FAIL,
                    f"{where} takes no login",
                    "mails are refused",
                    "take NEWSWIRE_SMTP_USER and NEWSWIRE_SMTP_PASSWORD out",
                )
                return
    except ssl.SSLCertVerificationError as error:
        yield Finding(
            name,
            Level.FAIL,
            f"{where}: its certificate is not to be trusted ({one_line(error.verify_message)})",
            "no mail is sent",
            "where a private authority signs it, name that in SSL_CERT_FILE",
        )
        return
    except (OSError, smtplib.SMTPException) as error:
        said = one_line(getattr(error, "strerror", None) or str(error) or type(error).__name__)
        yield Finding(name, Level.FAIL, f"{where} cannot be spoken to: {said[:200].lower()}", "what is for its receivers waits", do)
        return
    yield Finding(name, Level.OK, f"{where} greets us, {'in secret' if server.encryption is not Encryption.NONE else 'not encrypted'}")


def _greeted(server: SmtpServer, context: ssl.SSLContext) -> smtplib.SMTP:
    # Without a name of our own smtplib would ask the DNS for this machine's, which can take long.
    if server.encryption is Encryption.TLS:
        return smtplib.SMTP_SSL(server.host, server.port, local_hostname="localhost", timeout=REACH_S, context=context)
    return smtplib.SMTP(server.host, server.port, local_hostname="localhost", timeout=REACH_S)


def send(asked: Asked) -> Iterator[Finding]:
    """Send a test message to one receiver, where that was asked for, and yield what became of it."""
    from alerting.receivers.advice import what_to_do

    name = CheckName.SEND
    if asked.send_to is None:
        yield Finding(name, Level.NOTE, "nothing was sent; `--send` sends a test message to whom `ops:` names, and looks for it")
        return
    entry = read_routes(asked.folder).receiver(asked.send_to)
    if entry is None or entry.digest is not None:
        yield Finding(
            name,
            Level.FAIL,
            f"{asked.send_to} is no receiver of routes.yaml that can be told at once",
            "nothing was sent",
            "`newswire receivers list` names them",
        )
        return
    for step in steps(make_receiver(asked.settings, entry, now=asked.clock.now, test=True), asked.clock.now()):
        bad = Level.FAIL if step.telling else Level.WARN
        what, why = f"{entry.name}: {step.words.partition(';')[0]}", "alerts would fare the same"
        do = what_to_do(str(step.values.get("reason") or ""))
        if (silence_s := step.values.get("retry_after_s")) is not None:
            why, do = (
                "an alert would wait for as long, and then be sent; this message is not",
                f"`newswire doctor --send` after {silence_s:.0f} s",
            )
        yield Finding(name, Level.OK, what) if step.good else Finding(name, bad, what, why, do)


def code_of(answer: object) -> str:
    """Return the code of an answer that gave nothing."""
    if isinstance(answer, TimeoutError):
        return "timeout"
    return str(getattr(answer, "code", None) or getattr(answer, "reason", None) or type(answer).__name__)
