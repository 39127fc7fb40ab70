"""What keeps an address from being seen at all: nobody watches its site, or the source that does cannot be read. Pure."""

from shlex import quote
from typing import Final

from newswire.cli.why_facts import Facts, Watched
from newswire.cli.why_words import Stop, moment
from newswire.outcomes import FetchReason, PollOutcome, Stage

_BLOCKED: Final = {
    FetchReason.BLOCKED_ADDRESS: (
        "its address is not a public one, and the guard lets nothing through to it",
        "NEWSWIRE_ALLOW_NETWORKS opens a network of your own; for any other, the site's name leads to the wrong place",
    ),
    FetchReason.BLOCKED_PORT: (
        "its port is not one that the guard lets through",
        "NEWSWIRE_ALLOW_PORTS opens a port of your own; else give the address on 80 or 443",
    ),
}


def source_stop(facts: Facts) -> Stop:
    """Return why no source has listed the address."""
    never = "no source has listed this address"
    if not facts.site:
        return Stop(
            Stage.COLLECT,
            None,
            f"{never}, and none of this site is watched",
            f"`newswire sources add {quote(facts.url)}` looks for its feed and adds it",
        )
    failing = next((one for one in facts.site if one.health is not None and one.health.outcome == PollOutcome.FAILED), None)
    if failing is not None:
        return _failing(failing, never)
    if all(one.health is None or one.health.polled_at is None for one in facts.site):
        return Stop(
            Stage.COLLECT,
            None,
            f"{never}; {_named(facts.site[0])} was not polled yet",
            "start `newswire run`, where it does not run: it polls it",
        )
    polled = max((one for one in facts.site if one.health is not None), key=lambda one: one.health.polled_at or 0 if one.health else 0)
    at = moment(polled.health.polled_at or 0) if polled.health else ""
    return Stop(
        Stage.COLLECT,
        None,
        f"{never}; {_named(polled)} was read at {at} and does not list it",
        "the feed would have to list it; perhaps another feed of the site does, or lists it under another address",
    )


def _failing(source: Watched, never: str) -> Stop:
    health = source.health
    assert health is not None
    blocked = _BLOCKED.get(health.reason or "")  # type: ignore[call-overload]
    read = f"it was read last at {moment(health.succeeded_at)}" if health.succeeded_at else "it was never read"
    if blocked is not None:
        why, otherwise = blocked
        return Stop(Stage.COLLECT, health.reason, f"{never}; {_named(source)} is blocked: {why}; {read}", otherwise)
    said = f"{never}; {_named(source)} cannot be fetched: {health.detail or health.reason}; {read}"
    return Stop(
        Stage.COLLECT,
        health.reason,
        said,
        f"`newswire sources check {quote(source.url)}` tries it now; by itself it is tried again at {moment(health.next_due_at)}",
    )


def _named(source: Watched) -> str:
    return f"{source.outlet} ({source.url})"
