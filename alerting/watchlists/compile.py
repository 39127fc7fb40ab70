"""All watchlists in one form made for matching: one automaton over their terms, and from each finding the watchlists it can concern."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from alerting.watchlists.condition_kinds import Combined, Condition, NearWords, OneOf, Trigger, Understood, Word, Words
from alerting.watchlists.expression import names_in, parse
from alerting.watchlists.fields import ANY_LABEL, Choice
from alerting.watchlists.lists import Lists, expand, resolve
from alerting.watchlists.model import CHOICES, NamedList, Status, Watchlist, When, choices
from alerting.watchlists.telling import Alerting
from alerting.watchlists.terms import Near, Phrase, TermLike
from alerting.watchlists.triggers import triggers_of
from alerting.watchlists.version import content_hash
from newswire.records import Field, Label, Severity
from newswire.terms import Term, TermSearch

DEFAULT_MIN_SCORE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Rise:
    """Another severity, where `conditions` hold too."""

    conditions: tuple[Condition, ...]
    severity: Severity


@dataclass(frozen=True, slots=True)
class Scope:
    """Tests that need no text. None: not asked."""

    languages: frozenset[str] | None
    sources: frozenset[str] | None  # case-folded, as the outlets
    outlets: frozenset[str] | None
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
    rises: tuple[Rise, ...]  # the first that holds gives the severity
    alert: Alerting
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
    selections = {named: _conditions(block, lists, terms) for named, block in (source.selections or {}).items()}
    conditions = _conditions(source.when, lists, terms) if source.when is not None else (_combined(source.condition or "", selections),)
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
            sources=_case_folded(_values(source.sources, lists)),
            outlets=_case_folded(source.outlets),
            countries=_values(source.countries_of_outlet, lists),
        ),
        conditions=conditions,
        rises=tuple(Rise(_rise(one.if_, selections, lists, terms), one.set) for one in source.severity_if),
        alert=source.alert,
        content_hash=content_hash(source, lists),
    )


def _combined(condition: str, selections: Mapping[str, tuple[Condition, ...]]) -> Combined:
    expression = parse(condition)
    used = names_in(expression, selections)
    return Combined(expression, {name: block for name, block in selections.items() if name in used})


def _rise(asked: str | When, selections: Mapping[str, tuple[Condition, ...]], lists: Lists, terms: _Terms) -> tuple[Condition, ...]:
    return (_combined(asked, selections),) if isinstance(asked, str) else _conditions(asked, lists, terms)


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


def _case_folded(words: Iterable[str] | None) -> frozenset[str] | None:
    return None if words is None else frozenset(word.casefold() for word in words)
