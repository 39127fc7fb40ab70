"""What each watchlist will do, in one sentence that its author can compare with what was meant."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from alerting.routes import TERMINAL_ONLY, Routes
from alerting.watchlists import expression
from alerting.watchlists.compile import CompiledWatchlist
from alerting.watchlists.condition_kinds import Combined, Condition, OneOf, Understood
from alerting.watchlists.fields import ANY_LABEL, duration_in_words
from alerting.watchlists.hearers import cap_in_words, hearers_of, times_of
from alerting.watchlists.model import Status
from alerting.watchlists.nearest import quoted, some
from alerting.watchlists.telling import Alerting, Explain, Updates
from newswire.records import Label

_UNITS: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_BEGINS: Final = {
    Status.ACTIVE: "alerts at once",
    Status.STAGED: "is staged: counted, not sent; it would alert",
    Status.MUTED: "is muted: nothing is sent; it would alert",
    Status.DRAFT: "is a draft: checked and tested only; it would alert",
}


def in_words(watchlist: CompiledWatchlist, routes: Routes = TERMINAL_ONLY) -> str:
    """Return the sentence, without the watchlist's name: `alerts at once, high, on diplomacy items that say …`."""
    hearers = hearers_of(routes, watchlist)
    begins = _BEGINS[watchlist.status]
    if hearers.digests and not hearers.at_once:
        begins = begins.replace("at once", f"in {times_of(hearers.digests)}").replace(
            "would alert", f"would alert in {times_of(hearers.digests)}"
        )
    labels = "all" if watchlist.labels == ANY_LABEL else " or ".join(label for label in Label if label in watchlist.labels)
    sentence = f"{begins}, {watchlist.severity}, on {labels} items that {say_block(watchlist.conditions)}"
    if scope := _scope(watchlist):
        sentence += f", only {scope}"
    if watchlist.min_score:
        sentence += f"; the label must score {watchlist.min_score:g} or more"
    sentence += f"; items older than {_spelt(watchlist.max_age)} stay silent"
    for rise in watchlist.rises:
        sentence += f"; {rise.severity} where they {say_block(rise.conditions)}"
    sentence += _later(watchlist.alert)
    if hearers.at_once:
        sentence += f"; {cap_in_words(watchlist.alert.cap.per_hour, hearers)}"
    if hearers.at_once and hearers.digests:
        names = " and ".join(one.name for one in hearers.digests)
        sentence += f"; what the routes send to {names} waits for {times_of(hearers.digests)}"
    if watchlist.alert.explain is not Explain.FULL:
        sentence += _SHOWS[watchlist.alert.explain]
    if watchlist.to:
        sentence += f"; told to {' and '.join(watchlist.to)} beside those that the routes name"
    return sentence


def _later(alert: Alerting) -> str:
    """Return how later reports of a story are told."""
    every = _spelt(alert.update_every)
    said = {
        Updates.THREAD: f"; later reports in its thread every {every}",
        Updates.MESSAGE: f"; later reports in the channel every {every}",
        Updates.EDIT: "; later reports are added to its message",
        Updates.NONE: "; later reports are not told",
    }[alert.updates]
    return said if alert.realert is None else f"{said}; told anew after {_spelt(alert.realert)}"


def _spelt(duration: timedelta) -> str:
    """Return `15 minutes`, `72 hours`."""
    written = duration_in_words(duration)
    number, unit = written[:-1], _UNITS.get(written[-1:])
    return f"{number} {unit}{'' if number == '1' else 's'}" if unit and number.isdigit() else written


_SHOWS: Final = {
    Explain.WORDS: "; readers see the words found, not the rule",
    Explain.NONE: "; readers see neither the rule nor its words",
}


def say_block(block: Sequence[Condition]) -> str:
    """Return what items must do for the whole block to hold."""
    return " and ".join(say(condition) for condition in sorted(block, key=lambda condition: condition.key == "none"))


def say(condition: Condition) -> str:
    """Return what items must do for the condition to hold: `say 'esports'`, `engage US or KR`."""
    if isinstance(condition, OneOf):
        return "either " + " or ".join(f"({say_block(block)})" for block in condition.blocks)
    if isinstance(condition, Combined):
        where = ", ".join(f"{name}: {say_block(block)}" for name, block in condition.selections.items())
        return f"meet {expression.say(condition.expression)} ({where})"
    if isinstance(condition, Understood):
        return _say_understood(condition)
    written = [word.written for word in condition.words]
    if condition.key == "none":
        return f"do not say {quoted(written)}"
    if condition.key == "at_least":
        return f"say {condition.least} of {quoted(written)}"
    return f"say {quoted(written, last='and' if condition.key == 'all' else 'or')}"


_ASKS: Final = {
    "partners": ("engage", "a foreign country", "countries"),
    "countries": ("name", "a country", "countries"),
    "home": ("come from the government of", "any country", "countries"),
    "organisations": ("engage", "an organisation", "organisations"),
    "people": ("are about", "a known person", "people"),
    "topics": ("are about", "a known topic", "topics"),
}


def _say_understood(condition: Understood) -> str:
    verb, anything, nouns = _ASKS[condition.key]
    if condition.wanted is None:
        return f"{verb} {anything}"
    if ", ".join(sorted(condition.wanted)) != ", ".join(sorted(condition.said.split(", "))):
        return f"{verb} one of the {len(condition.wanted)} {nouns} in {condition.said}"
    return f"{verb} {some(condition.said.split(', '), limit=8, joint=' or ')}"


def _scope(watchlist: CompiledWatchlist) -> str:
    scope = watchlist.scope
    parts = (
        ("in the language", scope.languages),
        ("from", scope.sources),
        ("in", scope.outlets),
        ("from outlets of", scope.countries),
    )
    return " and ".join(f"{word} {some(sorted(values), limit=4, joint=' or ')}" for word, values in parts if values is not None)
