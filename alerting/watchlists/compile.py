"""All watchlists in one form made for matching: one automaton over their terms, and from each finding the watchlists it can concern.

The work for a report grows with what is found in it, not with what is watched: a watchlist is looked at only when one of its
*triggers* is there, which are the terms or values of the one condition that it cannot hold without (Lucene Monitor's presearcher).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from alerting.watchlists.fields import ANY_LABEL, Choice
from alerting.watchlists.lists import Lists, expand, resolve
from alerting.watchlists.model import CHOICES, NamedList, Status, Watchlist, When, choices
from alerting.watchlists.terms import Near, Phrase, TermLike
from newswire.records import Field, Label, Severity
from newswire.terms import Term, TermSearch

DEFAULT_MIN_SCORE: Final = 0.5
MAX_ALTERNATIVES: Final = 200  # triggers of one watchlist's `any_of`


@dataclass(frozen=True, slots=True)
class Word:
    """A phrase to find: its index in the search, and how it stands in the watchlist."""

    index: int
    written: str
    field: Field | None


@dataclass(frozen=True, slots=True)
class NearWords:
    """Two groups of phrases to find near each other."""

    left: tuple[Word, ...]
    right: tuple[Word, ...]
    within: int
    written: str


@dataclass(frozen=True, slots=True)
class Words:
    """At least `least` and at most `most` of the words are found."""

    key: str  # any, all, none, at_least
    words: tuple[Word | NearWords, ...]
    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """One of the values wanted is among those understood under `key`; any value at all where `wanted` is None."""

    key: str  # partners, countries, home, organisations, people, topics
    noun: str  # what `because` calls it: partner
    wanted: frozenset[str] | None
    said: str  # how the watchlist says it: partner-countries


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of the blocks holds."""

    blocks: tuple["tuple[Condition, ...]", ...]
    key: str = "any_of"


Condition = Words | Understood | OneOf

Trigger = int | tuple[str, str]
"""A term's index in the search, or a key and a value understood (`*`: any value)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Tests that need no text. None: not asked."""

    languages: frozenset[str] | None
    sources: frozenset[str] | None
    outlets: frozenset[str] | None  # case-folded
    countries: frozenset[str] | None  # of the outlet


@dataclass(frozen=True, slots=True)
class CompiledWatchlist:
    """One watchlist, ready to be asked about a report."""

    name: str
    title: str
    severity: Severity
    status: Status
    tags: tuple[str, ...]
    to: tuple[str, ...]
    labels: frozenset[Label]
    min_score: float
    max_age: timedelta
    scope: Scope
    conditions: tuple[Condition, ...]
    content_hash: str  # 12 hex digits over all that decides, with the lists it uses


@dataclass(frozen=True, slots=True)
class WatchlistSet:
    """All watchlists in force, swapped whole."""

    watchlists: tuple[CompiledWatchlist, ...]  # by name, drafts among them
    search: TermSearch
    triggers: Mapping[Trigger, tuple[int, ...]]
    live: tuple[int, ...]  # all but the drafts
    live_by_label: Mapping[Label, tuple[int, ...]]

    def named(self, name: str) -> CompiledWatchlist:
        """Return the watchlist of that name.

        Raises:
            KeyError: none is called so.

        """
        for watchlist in self.watchlists:
            if watchlist.name == name:
                return watchlist
        raise KeyError(name)


def compile_watchlists(
    watchlists: Mapping[str, Watchlist],
    lists: Mapping[str, NamedList],
    *,
    min_scores: Mapping[Label, float] | None = None,
) -> WatchlistSet:
    """Return the watchlists, already checked (`alerting.watchlists.check`), ready to be matched.

    `min_scores` are the model's own thresholds, by label, for watchlists that name no `min_score`.
    """
    resolved, _ = resolve(lists)
    terms = _Terms()
    compiled: list[CompiledWatchlist] = []
    triggers: dict[Trigger, list[int]] = {}
    for position, name in enumerate(sorted(watchlists)):
        one = _compile(name, watchlists[name], resolved, terms, min_scores or {})
        compiled.append(one)
        if one.status is not Status.DRAFT:
            for trigger in triggers_of(one.conditions):
                triggers.setdefault(trigger, []).append(position)
    live = tuple(n for n, one in enumerate(compiled) if one.status is not Status.DRAFT)
    return WatchlistSet(
        watchlists=tuple(compiled),
        search=TermSearch(terms.terms()),
        triggers={trigger: tuple(positions) for trigger, positions in triggers.items()},
        live=live,
        live_by_label={label: tuple(n for n in live if label in compiled[n].labels) for label in Label},
    )


class _Terms:
    """The terms of all watchlists, each once: an equal term has one index, however many watch for it."""

    def __init__(self) -> None:
        self._indexes: dict[Term, int] = {}

    def index(self, phrase: Phrase) -> int:
        term = Term(
            phrase.text, prefix=phrase.prefix, exact=phrase.exact, language=phrase.language, plural=not phrase.exact and not phrase.prefix
        )
        return self._indexes.setdefault(term, len(self._indexes))

    def terms(self) -> Sequence[Term]:
        return tuple(self._indexes)


def _compile(name: str, source: Watchlist, lists: Lists, terms: _Terms, min_scores: Mapping[Label, float]) -> CompiledWatchlist:
    thresholds = [min_scores.get(label, DEFAULT_MIN_SCORE) for label in source.label]
    default = 0.0 if source.label == ANY_LABEL else min(thresholds)
    return CompiledWatchlist(
        name=name,
        title=source.title,
        severity=source.severity,
        status=source.status,
        tags=source.tags,
        to=source.to,
        labels=source.label,
        min_score=default if source.min_score is None else source.min_score,
        max_age=source.max_age,
        scope=Scope(
            languages=frozenset(source.languages) if source.languages else None,
            sources=_values(source.sources, lists),
            outlets=frozenset(outlet.casefold() for outlet in source.outlets) if source.outlets else None,
            countries=_values(source.countries_of_outlet, lists),
        ),
        conditions=_conditions(source.when, lists, terms),
        content_hash=content_hash(source, lists),
    )


def _conditions(when: When, lists: Lists, terms: _Terms) -> tuple[Condition, ...]:
    found: list[Condition] = []
    if when.any is not None:
        found.append(Words("any", _words(when.any, lists, terms), 1))
    if when.all is not None:
        words = _words(when.all, lists, terms)
        found.append(Words("all", words, len(words)))
    if when.none is not None:
        found.append(Words("none", _words(when.none, lists, terms), 0, 0))
    if when.at_least is not None:
        found.append(Words("at_least", _words(when.at_least.of, lists, terms), when.at_least.n))
    for key, choice in choices(when):
        said = choice.list_name or ("any" if choice.any else ", ".join(choice.values))
        found.append(Understood(key, CHOICES[key][1], _values(choice, lists), said))
    if when.any_of is not None:
        found.append(OneOf(tuple(_conditions(block, lists, terms) for block in when.any_of)))
    return tuple(found)


def _words(listed: Iterable[TermLike], lists: Lists, terms: _Terms) -> tuple[Word | NearWords, ...]:
    return tuple(_word(term, terms) if isinstance(term, Phrase) else _near(term, terms) for term in expand(tuple(listed), lists))


def _word(phrase: Phrase, terms: _Terms, field: Field | None = None) -> Word:
    return Word(terms.index(phrase), phrase.written, field or phrase.field)


def _near(near: Near, terms: _Terms) -> NearWords:
    left, right = (tuple(_word(phrase, terms, near.field) for phrase in group) for group in near.groups)
    return NearWords(left, right, near.within, near.written)


def _values(choice: Choice | None, lists: Lists) -> frozenset[str] | None:
    if choice is None or choice.any:
        return None
    return frozenset(lists[choice.list_name].values if choice.list_name else choice.values)


def triggers_of(conditions: tuple[Condition, ...]) -> frozenset[Trigger]:
    """Return the triggers of one block: those of the condition that is likely the rarest, without which the block cannot hold."""
    found = [triggers for condition in conditions if (triggers := _triggers(condition))]
    return min(found, key=_commonness) if found else frozenset()


def _triggers(condition: Condition) -> frozenset[Trigger]:
    if isinstance(condition, OneOf):
        blocks = [triggers_of(block) for block in condition.blocks]
        return frozenset().union(*blocks) if all(blocks) else frozenset()
    if isinstance(condition, Understood):
        return frozenset((condition.key, value) for value in ("*",) if condition.wanted is None) or frozenset(
            (condition.key, value) for value in condition.wanted or ()
        )
    if condition.least == 0:
        return frozenset()
    words = condition.words
    if condition.key == "all":  # each must be found, so waiting for the longest is enough
        words = (max(words, key=lambda word: (len(word.written), word.written)),)
    return frozenset(index for word in words for index in _first_indexes(word))


def _first_indexes(word: Word | NearWords) -> tuple[int, ...]:
    return (word.index,) if isinstance(word, Word) else tuple(one.index for one in word.left)


_COMMONNESS: Final = {"people": 1, "organisations": 2, "topics": 3, "partners": 4, "countries": 5, "home": 6}


def _commonness(triggers: frozenset[Trigger]) -> tuple[int, int]:
    """Order sets of triggers, the rarest first: words before people, bodies, topics and countries, few before many."""
    return max(0 if isinstance(trigger, int) else _COMMONNESS[trigger[0]] for trigger in triggers), len(triggers)


_FOR_PEOPLE: Final = {"owner", "description", "falsepositives", "review_by", "tests"}


def content_hash(source: Watchlist, lists: Lists) -> str:
    """Return 12 hex digits that change when, and only when, something that decides or is told changes."""
    plain = source.model_dump(mode="json", exclude=_FOR_PEOPLE, exclude_none=True)
    used = {name: _plain_list(lists, name) for name in sorted(lists_used(source)) if name in lists}
    body = json.dumps([_in_order(plain), used], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()[:12]


def _in_order(value: Any) -> Any:
    """Return the value with every list sorted: the order of terms, countries and tags decides nothing."""
    if isinstance(value, dict):
        return {key: _in_order(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted((_in_order(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    return value


def _plain_list(lists: Lists, name: str) -> list[str]:
    return sorted([*lists[name].values, *map(repr, lists[name].terms)])


def lists_used(source: Watchlist) -> set[str]:
    """Return the names of all lists that the watchlist refers to."""
    names = {choice.list_name for choice in (source.sources, source.countries_of_outlet) if choice is not None and choice.list_name}
    return names | _lists_in(source.when)


def _lists_in(when: When) -> set[str]:
    terms = [*(when.any or ()), *(when.all or ()), *(when.none or ()), *(when.at_least.of if when.at_least else ())]
    names = {term.name for term in terms if not isinstance(term, Phrase | Near)}
    names |= {choice.list_name for _, choice in choices(when) if choice.list_name}
    return names.union(*(_lists_in(block) for block in when.any_of or ()))
