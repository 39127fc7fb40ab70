"""How a receiver stands, in one word with its reason: what `newswire receivers list` shows. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alerting.receivers.advice import what_to_do
from alerting.routes import Receiver as Entry
from alerting.variables import host_of
from newswire.outcomes import SendOutcome
from newswire.settings import Settings
from newswire.store.standings import Standing


class State(StrEnum):
    """How it stands with a receiver."""

    OK = "ok"
    UNUSED = "unused"  # nothing was sent there yet
    RATE_LIMITED = "rate limited"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    IN_DOUBT = "in doubt"  # the last answer never came
    NOT_SET_UP = "not set up"
    NOT_LISTED = "not in routes.yaml"


@dataclass(frozen=True, slots=True)
class Shown:
    """A state, why it is so, what a person can do, and until when it lasts."""

    state: State
    why: str | None = None
    do: str | None = None
    until: float | None = None  # seconds since 1970 UTC


_NOBODY_SAID_NO: Final = frozenset(
    {
        "calls_hang",
        "connect_timeout",
        "connection_refused",
        "dns",
        "gaierror",
        "http_408",
        "http_425",
        "no_connection",
        "not_smtp",
        "tls",
        "tls_certificate",
    }
)

LIMITS: Final = {"slack_webhook": "no threads, no edits", "terminal": "no edits", "email": "no edits; updates as mails in the thread"}


def shown(standing: Standing, *, lacks: str | None, now: float) -> Shown:
    """Return how a receiver stands that routes.yaml names; `lacks` is what the environment lacks for it."""
    if lacks is not None:
        return Shown(State.NOT_SET_UP, lacks)
    why = standing.trouble_for
    match standing.trouble:
        case SendOutcome.RATE_LIMITED if standing.next_try_at is not None and standing.next_try_at > now:
            return Shown(State.RATE_LIMITED, why, what_to_do("rate_limited"), standing.next_try_at)
        case SendOutcome.IN_DOUBT:
            return Shown(State.IN_DOUBT, why, what_to_do(why or ""))
        case SendOutcome.RETRY if why is not None:
            return Shown(State.REFUSED if _said_no(why) else State.UNREACHABLE, why, what_to_do(why))
        case _:
            pass
    failed_at, sent_at = standing.last_failed_at, standing.last_sent_at
    if failed_at is not None and (sent_at is None or sent_at < failed_at):
        return Shown(State.REFUSED, standing.last_failed_for, what_to_do(standing.last_failed_for or ""))
    return Shown(State.OK if sent_at is not None else State.UNUSED)


def _said_no(code: str) -> bool:
    """Return whether an attempt that will be made again was refused, and not merely lost: a lost one's reason may be the name of an exception."""
    return code.islower() and code not in _NOBODY_SAID_NO and not code.startswith("smtp_4")


def place_of(entry: Entry, settings: Settings) -> str:
    """Return where a receiver leads, without what is secret in it."""
    by_url = entry.webhook or entry.slack_webhook
    if by_url is not None:
        url = settings.named.get(by_url.url_env)
        return f"{host_of(url)} ({by_url.url_env})" if url is not None else by_url.url_env
    if entry.slack is not None:
        return entry.slack.channel
    if entry.email is not None:
        server = f" through {settings.smtp.host}:{settings.smtp.port}" if settings.smtp is not None else ""
        return ", ".join(entry.email.to) + server
    if entry.digest is not None:
        return f"{entry.digest.to}, at {entry.digest.at} {entry.digest.zone}"
    return "this terminal"
