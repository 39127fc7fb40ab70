"""What a digest will tell, why no message of its own does, and what would have to be otherwise for one. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from newswire.cli.gathered_words import digest_in_words, gathered_in_words
from newswire.cli.why_words import Stop, moment
from newswire.outcomes import GatherReason, Stage
from newswire.store.told import Telling


def gathered_stop(telling: Telling, alerts: Sequence[Mapping[str, Any]]) -> Stop:
    """Return why the story waits for a digest; `alerts` are the item's steps at the watchlists, which keep the facts."""
    kept = ((fact, step["at"]) for step in reversed(alerts) for fact in step.get("detail", {}).get("gathered", ()))
    facts, at = next(((fact, at) for fact, at in kept if fact["receiver"] == telling.receiver), (None, ""))
    if facts is None:  # another report of the story was gathered, and this one goes with it
        said = f"its story waits for {digest_in_words(telling.gathered_for or '')}, due {moment(telling.next_try_at)}"
        return Stop(Stage.DELIVER, telling.reason, said, _otherwise(telling.reason, {}, telling.receiver), waits=True)
    said = gathered_in_words(facts, at).removeprefix(f"{GatherReason.CAPPED}: ")
    return Stop(Stage.DELIVER, telling.reason, said, _otherwise(telling.reason, facts, telling.receiver), waits=True)


def _otherwise(reason: str | None, facts: Mapping[str, Any], receiver: str) -> str:
    match reason:
        case GatherReason.CALENDAR:
            hours = f"the hours of calendar {facts['calendar']}" if facts else "its calendar's hours"
            return (
                f"within {hours} it is told at once; a route without `during` above that one in routes.yaml tells what it fits at any hour"
            )
        case GatherReason.CAPPED:
            watchlist = facts.get("watchlist")
            cap = f"`alert.cap` in config/watchlists/{watchlist}.yaml" if watchlist else f"the `cap` of {receiver} in routes.yaml"
            return f"raise {cap}, or narrow what fills it"
        case GatherReason.OUTAGE:
            return "news that comes through within six hours has a message of its own; `newswire_alerting_seen_to_decided_seconds` shows the delay"
        case _:
            return "lead its route to a channel in routes.yaml, where a message of its own is wanted"
