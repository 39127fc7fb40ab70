"""What is wrong with a watchlist or a list that its own model cannot see: names that nothing answers to, promises without a test."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from alerting.watchlists.faults import Problem
from alerting.watchlists.fields import Choice
from alerting.watchlists.lists import Lists, fault_of_use
from alerting.watchlists.model import CHOICES, NAME_PATTERN, NamedList, Status, Watchlist, When, choices
from alerting.watchlists.nearest import unknown
from alerting.watchlists.terms import ListOfTerms, Phrase, TermLike
from alerting.watchlists.vocabulary import Vocabulary, fault_of

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What a watchlist may refer to. `broken` are lists that exist and could not be read: their users are not blamed."""

    lists: Lists
    broken: frozenset[str]
    vocabulary: Vocabulary


def check_name(name: str) -> Iterator[Problem]:
    """Yield the fault of a file's name, which becomes a metric label and a footer."""
    if not re.fullmatch(NAME_PATTERN, name):
        right = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63] or "gaming-partners"
        yield Problem((), f"the file's name is its id and must be a plain word of a-z, 0-9 and -; rename it to {right}.yaml")


def check_watchlist(watchlist: Watchlist, known: Known, today: date) -> Iterator[Problem]:
    """Yield every mistake and warning of one watchlist."""
    yield from _when(watchlist.when, ("when",), known)
    for n, language in enumerate(watchlist.languages or ()):
        yield from _fault(("languages", n), fault_of("languages", language, known.vocabulary))
    if watchlist.sources is not None:
        yield from _choice(("sources",), watchlist.sources, "sources", known)
    if watchlist.countries_of_outlet is not None:
        yield from _choice(("countries_of_outlet",), watchlist.countries_of_outlet, "countries", known)
    if watchlist.review_by is not None and watchlist.review_by < today:
        yield Problem(("review_by",), f"review_by was {watchlist.review_by}: read the watchlist again, then set a new day", warning=True)
    yield from _tests(watchlist, known.vocabulary)


def check_list(named: NamedList, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield every word of a list that is not known."""
    for kind in ("countries", "organisations", "people"):
        words: tuple[str, ...] = getattr(named, kind) or ()
        for n, word in enumerate(words):
            yield from _fault((kind, n), fault_of(kind, word, vocabulary))
    for n, term in enumerate(named.terms or ()):
        yield from _languages_of(("terms", n), term, vocabulary)


def check_receivers(watchlist: Watchlist, receivers: frozenset[str]) -> Iterator[Problem]:
    """Yield the names under `to` that no receiver has."""
    for n, name in enumerate(watchlist.to):
        if name not in receivers:
            yield Problem(("to", n), unknown("receiver", name, receivers))


def _when(when: When, path: Path, known: Known) -> Iterator[Problem]:
    for key, terms in _term_lists(when):
        for n, term in enumerate(terms):
            place = (*path, *key, n)
            if isinstance(term, ListOfTerms):
                yield from _fault(place, fault_of_use(term.name, "terms", known.lists, known.broken))
            else:
                yield from _languages_of(place, term, known.vocabulary)
    for name, choice in choices(when):
        yield from _choice((*path, name), choice, CHOICES[name][0], known)
    for n, block in enumerate(when.any_of or ()):
        yield from _when(block, (*path, "any_of", n), known)


def _term_lists(when: When) -> Iterator[tuple[Path, tuple[TermLike, ...]]]:
    yield ("any",), when.any or ()
    yield ("all",), when.all or ()
    yield ("none",), when.none or ()
    yield ("at_least", "of"), when.at_least.of if when.at_least else ()


def _languages_of(path: Path, term: TermLike, vocabulary: Vocabulary) -> Iterator[Problem]:
    phrases = (term,) if isinstance(term, Phrase) else () if isinstance(term, ListOfTerms) else (*term.groups[0], *term.groups[1])
    for language in dict.fromkeys(phrase.language for phrase in phrases if phrase.language):
        yield from _fault(path, fault_of("languages", language, vocabulary))


def _choice(path: Path, choice: Choice, kind: str, known: Known) -> Iterator[Problem]:
    for n, value in enumerate(choice.values):
        yield from _fault((*path, n), fault_of(kind, value, known.vocabulary))
    name = choice.list_name
    if name is None or (message := fault_of_use(name, kind, known.lists, known.broken)) is None:
        return
    if name not in known.lists and fault_of(kind, name, known.vocabulary) is None and _is_word_of(kind, name, known.vocabulary):
        message = f"no list is called {name!r}; for this one alone write [{name}]"
    yield Problem(path, message)


def _is_word_of(kind: str, name: str, vocabulary: Vocabulary) -> bool:
    words: Mapping[str, object] = {
        "countries": vocabulary.countries,
        "topics": vocabulary.topics,
        "organisations": vocabulary.organisations,
        "people": vocabulary.people,
    }
    found = words.get(kind, ())
    return name in found if isinstance(found, Mapping | frozenset) else False


def _tests(watchlist: Watchlist, vocabulary: Vocabulary) -> Iterator[Problem]:
    expected = {test.alert for test in watchlist.tests}
    if watchlist.status is Status.ACTIVE and len(expected) < 2:
        lacking = " and ".join(f"`alert: {word}`" for word, alert in (("true", True), ("false", False)) if alert not in expected)
        yield Problem(("tests",), f"an active watchlist needs a test with {lacking}", warning=True)
    for n, test in enumerate(watchlist.tests):
        item = test.item
        pins = (
            ("partners", "countries", item.partners),
            ("countries", "countries", item.countries),
            ("home", "countries", (item.home,) if item.home else ()),
            ("topics", "topics", item.topics),
            ("organisations", "organisations", item.organisations),
            ("people", "people", item.people),
            ("lang", "languages", (item.lang,) if item.lang else ()),
        )
        for key, kind, values in pins:
            for value in values or ():
                yield from _fault(("tests", n, "item", key), fault_of(kind, value, vocabulary))


def _fault(path: Path, message: str | None) -> Iterator[Problem]:
    if message is not None:
        yield Problem(path, message)
