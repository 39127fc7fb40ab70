"""Where an item's way ended, why, and what would have to be otherwise: the first lines of `newswire why`. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from newswire.cli.why_digest import gathered_stop
from newswire.cli.why_facts import Facts
from newswire.cli.why_source import source_stop
from newswire.cli.why_words import Stop, moment
from newswire.outcomes import AlertReason, EntryOutcome, HoldReason, PageOutcome, ReportOutcome, SendState, Stage

_UNREAD: Final = {
    "robots": "the site's robots.txt forbids it to us",
    "blocked_address": "its address is not a public one, and the guard lets nothing through to it",
    "blocked_port": "its port is not one that the guard lets through",
    "http_4xx": "the site refuses it",
    "gone": "the site says that it is gone",
    "less_text": "it holds less than the feed: a teaser or a wall",
    "no_text": "no article is found in it",
    "not_html": "it is no web page",
}
_TO_READ_IT: Final = {
    "robots": "the site would have to allow it; put words into the watchlist that the headline carries",
    "blocked_address": "where it is your own network, NEWSWIRE_ALLOW_NETWORKS opens it",
    "blocked_port": "where that is meant, NEWSWIRE_ALLOW_PORTS opens it",
}
_ANYTHING_ELSE: Final = "put words into the watchlist that the headline carries, or watch an outlet whose pages can be read"

HELD: Final = {
    HoldReason.NO_WATCHLISTS: ("no watchlist is in force", "`newswire watchlist new NAME` makes one"),
    HoldReason.SCOPE: (
        "it lies outside of what {watchlist} watches",
        "widen `languages`, `sources`, `outlets` or `countries_of_outlet` in {file}, if such articles are wanted",
    ),
    HoldReason.LABEL: (
        "it is not the kind of news that {watchlist} wants",
        "where the label is right and such news is wanted too, say `label: any` in {file}",
    ),
    HoldReason.SCORE: ("it is not sure enough for {watchlist}", "lower `min_score` in {file}, if such articles are wanted"),
    HoldReason.CONDITION: (
        "{watchlist} asks for what the article does not say",
        "add its words to `when` in {file}, if such articles are wanted",
    ),
    HoldReason.STAGED: (
        "{watchlist} matches, and is on trial: it counts, and tells nobody",
        "`newswire promote {watchlist}` puts it in force",
    ),
    HoldReason.MUTED: ("{watchlist} matches, and is muted", "set `status: active` in {file}"),
    HoldReason.MAX_AGE: ("{watchlist} matches, and the news is too old for it", "raise `max_age` in {file}, if older news is wanted"),
    HoldReason.BACKLOG: (
        "{watchlist} matches, and nobody can say how old the news is",
        "the feed would have to date its entries; what it adds from now on is told",
    ),
    HoldReason.NO_RECEIVER: (
        "{watchlist} matches, and routes.yaml names nobody for it",
        "give a route that fits it a receiver in routes.yaml, or {watchlist} a `to`",
    ),
    HoldReason.SILENCED: (
        "{watchlist} matches",
        "`newswire silence expire {silence}` ends it; what comes after that is told",
    ),
}
_SAID_ALREADY: Final = frozenset({HoldReason.STAGED, HoldReason.MUTED})
_EXCLUDED: Final = ("{watchlist} excludes it", "take the word out of `none` in {file}, if such articles are wanted")
"""Of a condition that failed because of words which are there."""


def stop_of(facts: Facts) -> Stop:
    """Return where the item's way ended; it may be still under way, or told."""
    if not facts.steps:
        return source_stop(facts)
    alerts = [step for step in facts.steps if step["stage"] == Stage.ALERT]
    if facts.decision is None or not alerts:
        return _under_way(facts)
    if facts.decision["kind"] == "hold":
        return _held(facts, alerts[-1])
    return _told(facts, alerts)


def _under_way(facts: Facts) -> Stop:
    last = facts.steps[-1]
    if last["outcome"] == "dead":
        return Stop(
            last["stage"],
            last["reason"],
            "it could not be handled",
            "`newswire dead list` shows it; `newswire dead replay --all` tries it again",
        )
    waits_for = "the processors" if last["stage"] == Stage.COLLECT else "the alerting stage"
    return Stop(last["stage"], None, f"it waits for {waits_for}", "start `newswire run`, where it does not run: it takes it up", waits=True)


def _held(facts: Facts, step: Mapping[str, Any]) -> Stop:
    reason = HoldReason(step["reason"])
    verdicts: Sequence[Mapping[str, Any]] = step.get("detail", {}).get("watchlists", ())
    nearest = next((one for one in verdicts if one["reason"] == reason), verdicts[0] if verdicts else {"watchlist": "", "missed": None})
    excluded = reason is HoldReason.CONDITION and "exclude" in (nearest["missed"] or "")
    said, otherwise = _EXCLUDED if excluded else HELD[reason]
    name = str(nearest["watchlist"])
    names = {"watchlist": name, "file": f"config/watchlists/{name}.yaml", "silence": nearest.get("silence_id", "ID")}
    said, otherwise = said.format(**names), otherwise.format(**names)
    if nearest["missed"] and reason not in _SAID_ALREADY:
        said += f": {nearest['missed']}"
    unread = _unread(facts.steps) if reason in {HoldReason.CONDITION, HoldReason.LABEL, HoldReason.SCORE} and not excluded else None
    if unread is None:
        return Stop(Stage.ALERT, reason, said, otherwise)
    return Stop(
        Stage.READ_PAGE, unread, f"its page could not be read: {_why_unread(unread)}. By the feed's words alone, {said}", _to_read(unread)
    )


def _unread(steps: Sequence[Mapping[str, Any]]) -> str | None:
    """Return why the page gave nothing, so that the feed's own words had to do; None where it was read, or none was due."""
    looks = [step for step in steps if step["stage"] == Stage.READ_PAGE]
    return looks[-1]["reason"] if looks and looks[-1]["outcome"] == PageOutcome.FEED_FINAL else None


def _why_unread(reason: str) -> str:
    return _UNREAD.get(reason, f"it could not be had ({reason})")


def _to_read(reason: str) -> str:
    return _TO_READ_IT.get(reason, _ANYTHING_ELSE)


def _told(facts: Facts, alerts: Sequence[Mapping[str, Any]]) -> Stop:
    failed = next((one for one in facts.tellings if one.state is SendState.FAILED), None)
    if failed is not None:
        from alerting.receivers.advice import what_to_do

        said = f"{failed.receiver} refused the message: {failed.reason}"
        otherwise = f"{what_to_do(failed.reason or '')}; then `newswire dead replay --all` sends it again"
        return Stop(Stage.DELIVER, failed.reason, said, otherwise)
    gathered = next((one for one in facts.tellings if one.state is SendState.GATHERED), None)
    if gathered is not None:
        return gathered_stop(gathered, alerts)
    waiting = next((one for one in facts.tellings if one.state in {SendState.NEW, SendState.SENDING}), None)
    if waiting is not None:
        return _waiting(waiting.receiver, waiting.reason, waiting.next_try_at)
    return _was_told(facts, alerts)


def _waiting(receiver: str, reason: str | None, next_try_at: float) -> Stop:
    from alerting.receivers.advice import what_to_do

    if reason is None:
        remedy = "start `newswire run`, where it does not run: its sender takes it up"
        return Stop(Stage.DELIVER, None, f"it is on its way to {receiver}", remedy, waits=True)
    said = f"{receiver} has not taken the message yet: {reason}; it is tried again, next at {moment(next_try_at)}"
    return Stop(Stage.DELIVER, reason, said, what_to_do(reason), waits=True)


def _was_told(facts: Facts, alerts: Sequence[Mapping[str, Any]]) -> Stop:
    where = ", ".join(dict.fromkeys(_place(one.receiver, one.gathered_for) for one in facts.tellings))
    first = min((one.settled_at for one in facts.tellings if one.settled_at is not None), default=None)
    said = f"{where} at {moment(first)}" if first is not None else where
    if not any(one.item_id == facts.item_id for one in facts.tellings):
        said = f"{said}: another outlet's report opened the alert of its story, and this one joined it"
        return Stop(None, AlertReason.SAME_STORY, said, "nothing is wrong: one story is one alert", told=True)
    if len(facts.listed_by) > 1:
        said = f"{said}, once: {', '.join(facts.listed_by[:-1])} and {facts.listed_by[-1]} list the same article"
        return Stop(Stage.COLLECT, EntryOutcome.DUPLICATE, said, "nothing is wrong: one article is told once, whoever lists it", told=True)
    opened = next(step for step in alerts if step["outcome"] == ReportOutcome.ALERTED)
    return Stop(None, opened["reason"], said, "", told=True)


def _place(receiver: str, gathered_for: str | None) -> str:
    return f"{receiver} (in the digest {gathered_for})" if gathered_for else receiver


def as_json(stop: Stop) -> dict[str, Any]:
    """Return it for programs: `stage` is where it ended, None where it was told."""
    return {
        "told": stop.told,
        "waits": stop.waits,
        "stage": stop.stage,
        "reason": stop.reason,
        "said": stop.said,
        "otherwise": stop.otherwise,
    }
