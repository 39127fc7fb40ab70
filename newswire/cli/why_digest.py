"""What a digest will tell, and why no message of its own does. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from newswire.cli.why_words import Stop, moment
from newswire.outcomes import GatherReason, Stage
from newswire.store.told import Telling


def gathered_stop(telling: Telling, facts: Sequence[Mapping[str, Any]]) -> Stop:
    """Return why the story waits for a digest; `facts` are what the trail keeps of it, a mapping a receiver."""
    fact = next((one for one in reversed(facts) if one["receiver"] == telling.receiver), {})
    when = f"{_digest(telling)} tells it at {moment(telling.next_try_at)}"
    match telling.reason:
        case GatherReason.CALENDAR:
            said = f"it came outside of the hours of {fact.get('calendar', 'the calendar')}: {when}"
            otherwise = f"within the hours of `calendars` in routes.yaml it is told at once; a route above that one, without `during`, tells the grave at any hour"
        case GatherReason.CAPPED:
            whose = fact.get("watchlist")
            said = f"{whose or telling.receiver} had its {fact.get('per_hour', '')} messages of this hour{f' at {telling.receiver}' if whose else ''}: {when}".replace("  ", " ")
            file = f"`alert.cap` of config/watchlists/{whose}.yaml" if whose else f"the `cap` of {telling.receiver} in routes.yaml"
            otherwise = f"raise {file}, or make what fills it narrower"
        case GatherReason.OUTAGE:
            said = f"it lay in our own queues for more than six hours: {when}, with all else that waited"
            otherwise = "nothing: news that is told late is told in one summary"
        case _:
            said, otherwise = f"its route leads to a digest: {when}", "lead the route to a channel in routes.yaml, where a message of its own is wanted"
    return Stop(Stage.DELIVER, telling.reason, said, otherwise)


def _digest(telling: Telling) -> str:
    name = telling.gathered_for or ""
    kind, _, receiver = name.partition(":")
    return {"overflow": f"a digest of the overflow for {receiver}", "outage": f"one summary for {receiver}"}.get(kind, f"the digest {name}")
