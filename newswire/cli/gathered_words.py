"""What `newswire why` and `newswire alerts --held` say of alerts that a digest tells. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from newswire.cli.options import counted
from newswire.outcomes import GatherReason, SendState
from newswire.store.digests import OUTAGE_PREFIX, OVERFLOW_PREFIX

_DAY: Final = timedelta(days=1)


def gathered_in_words(facts: Mapping[str, Any], at: str) -> str:
    """Return why an alert waits for a digest, which, and until when: `outside of calendar duty; told by morning at 07:00 (Asia/Karachi)`.

    `facts` are those that the trail keeps (`alerting.gathered.Gathering.facts`), `at` is when it was decided.
    """
    reason, receiver = GatherReason(facts["reason"]), facts["receiver"]
    by = digest_in_words(facts["for"])
    when = _moment(facts["due_at"], facts.get("zone"), at)
    if reason is GatherReason.CAPPED:
        watchlist, most = facts.get("watchlist"), facts["per_hour"]
        had = (
            f"{watchlist} had its {counted(most, 'message')} of this hour at {receiver}"
            if watchlist
            else f"{receiver} had its {counted(most, 'message')} of this hour"
        )
        return f"capped: {had}; told in {by} at {when}"
    if reason is GatherReason.CALENDAR:
        return f"outside of calendar {facts['calendar']}; told by {facts['for']} at {when}"
    if reason is GatherReason.OUTAGE:
        return f"old news: it lay in Newswire's own queues for more than six hours; told at {receiver} in {by}, about {when}"
    return f"gathered for {facts['for']}, which its route names; told at {when}"


def digest_in_words(gathered_for: str) -> str:
    """Return which digest that is: `the digest morning`, `one digest of all that is over the cap`."""
    if gathered_for.startswith(OVERFLOW_PREFIX):
        return "one digest of all that is over the cap"
    if gathered_for.startswith(OUTAGE_PREFIX):
        return "one summary of all that is old"
    return f"the digest {gathered_for}"


def telling_in_words(telling: Mapping[str, Any]) -> str:
    """Return how it stands now with an alert that was gathered: `desk: waits for the digest morning, due 2026-11-28 02:00 UTC`."""
    by = digest_in_words(telling["for"])
    state = SendState(telling["state"])
    if state is SendState.SENT:
        return f"{telling['receiver']}: told in {by} at {_utc(telling['told_at'])}"
    if state is SendState.FAILED:
        return f"{telling['receiver']}: {by} could not be told: {telling['reason']}"
    return f"{telling['receiver']}: waits for {by}, due {_utc(telling['due_at'])}"


def _utc(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC"


def _moment(due_at: str, zone: str | None, at: str) -> str:
    due = datetime.fromisoformat(due_at)
    local = due.astimezone(ZoneInfo(zone)) if zone else due
    written = f"{local:%H:%M}" if due - datetime.fromisoformat(at) < _DAY else f"{local:%a %d %b %H:%M}"
    return f"{written} ({zone})" if zone and zone != "UTC" else f"{written} UTC"
