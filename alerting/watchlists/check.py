"""What is wrong with a file that its own model cannot see: names that nothing answers to, promises without a test.

The raw values are walked, not the model, so that a file whose shape is wrong in one place is still checked in all others:
every mistake comes at once. What has the wrong shape is passed over here; the model has its fault.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from alerting.watchlists.check_selections import blocks, check_rises, check_ways
from alerting.watchlists.faults import Problem, UnusableError, texts
from alerting.watchlists.lists import Lists, fault_of_use
from alerting.watchlists.model import CHOICES, Status
from alerting.watchlists.names import right_name
from alerting.watchlists.nearest import unknown
from alerting.watchlists.terms import ListOfTerms, Phrase, TermLike, read_term
from alerting.watchlists.vocabulary import Vocabulary, fault_of, is_known

Path = tuple[str | int, ...]
Raw = Mapping[str, Any]

ANY: Final = "any"
TERM_KEYS: Final = ("any", "all", "none")


@dataclass(frozen=True, slots=True)
class Known:
    """What a watchlist may refer to. `broken` are lists that exist and could not be read: their users are not blamed."""

    lists: Lists
    broken: frozenset[str]
    vocabulary: Vocabulary


def check_list_name(name: str) -> Iterator[Problem]:
    """Yield the fault of a list's name: of any file's, and of one that has a meaning of its own where a list is named."""
    yield from check_name(name)
    if name == ANY:
        yield Problem((), "a list cannot be called any: `partners: any` means every country; rename the file to what it lists")


def check_name(name: str) -> Iterator[Problem]:
    """Yield the fault of a file's name, which becomes a metric label and a footer."""
    if (right := right_name(name)) != name:
        yield Problem((), f"the file's name is its id and must be a plain word of a-z, 0-9 and -; rename it to {right}.yaml")


def check_watchlist(raw: Raw, known: Known, today: date) -> Iterator[Problem]:
    """Yield every mistake and warning of one watchlist that its model cannot see."""
    vocabulary = known.vocabulary
    yield from check_ways(raw)
    yield from check_rises(raw)
    for path, block in blocks(raw):
        yield from _when(block, path, known)
    for n, language in texts(raw.get("languages")):
        yield from _fault(("languages", *n), fault_of("languages", language, vocabulary))
    yield from _choice(("sources",), raw.get("sources"), "sources", known)
    yield from _choice(("countries_of_outlet",), raw.get("countries_of_outlet"), "countries", known)
    with suppress(ValueError):
        day = date.fromisoformat(str(raw.get("review_by")))
        if day < today:
            yield Problem(("review_by",), f"review_by was {day}: read the watchlist again, then set a new day", warning=True)
    yield from _tests(raw, vocabulary)


def check_list(raw: Raw, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield every word of a list that is not known."""
    for kind in ("countries", "organisations", "people"):
        for n, word in texts(raw.get(kind)):
            yield from _fault((kind, *n), fault_of(kind, word, vocabulary))
    for at, term in _terms(raw.get("terms")):
        yield from _languages_of(("terms", at), term, vocabulary)


def check_receivers(raw: Raw, receivers: frozenset[str]) -> Iterator[Problem]:
    """Yield the names under `to` that no receiver has."""
    for n, name in texts(raw.get("to")):
        if name not in receivers:
            yield Problem(("to", *n), unknown("receiver", name, receivers))


def _when(raw: object, path: Path, known: Known) -> Iterator[Problem]:
    if not isinstance(raw, Mapping):
        return
    at_least = raw.get("at_least")
    term_lists: list[tuple[Path, object]] = [((key,), raw.get(key)) for key in TERM_KEYS]
    term_lists.append((("at_least", "of"), at_least.get("of") if isinstance(at_least, Mapping) else None))
    for key, terms in term_lists:
        for n, term in _terms(terms):
            if isinstance(term, ListOfTerms):
                yield from _fault((*path, *key, n), fault_of_use(term.name, "terms", known.lists, known.broken))
            else:
                yield from _languages_of((*path, *key, n), term, known.vocabulary)
    for name, (kind, _) in CHOICES.items():
        yield from _choice((*path, name), raw.get(name), kind, known)
    blocks = raw.get("any_of")
    for n, block in enumerate(blocks if isinstance(blocks, list) else ()):
        yield from _when(block, (*path, "any_of", n), known)


def _terms(raw: object) -> Iterator[tuple[int, TermLike]]:
    for n, one in enumerate(raw if isinstance(raw, list) else ()):
        with suppress(UnusableError):
            yield n, read_term(one)


def _languages_of(path: Path, term: TermLike, vocabulary: Vocabulary) -> Iterator[Problem]:
    phrases = (term,) if isinstance(term, Phrase) else () if isinstance(term, ListOfTerms) else (*term.groups[0], *term.groups[1])
    for language in dict.fromkeys(phrase.language for phrase in phrases if phrase.language):
        yield from _fault(path, fault_of("languages", language, vocabulary))


def _choice(path: Path, raw: object, kind: str, known: Known) -> Iterator[Problem]:
    """Yield what is wrong with `partners: partner-countries`, `partners: [US, KR]` or `partners: any`."""
    if not isinstance(raw, str):
        for n, value in texts(raw):
            yield from _fault((*path, *n), _fault_of_value(kind, value, str(path[-1]), known))
        return
    if raw in ("", ANY) or (message := fault_of_use(raw, kind, known.lists, known.broken)) is None:
        return
    if raw not in known.lists and (is_known(kind, raw, known.vocabulary) or (kind == "sources" and "." in raw)):
        message = f"no list is called {raw!r}; for this one alone write [{raw}]"
    yield Problem(path, message)


def _fault_of_value(kind: str, value: str, key: str, known: Known) -> str | None:
    """Return what is wrong with one value in brackets, where neither `any` nor a list can stand."""
    fault = fault_of(kind, value, known.vocabulary)
    if fault is None and (kind != "sources" or value != ANY):
        return None
    if value == ANY:
        return f"`any` stands alone, without brackets: `{key}: any`"
    if value in known.lists or value in known.broken:
        return f"the list {value} cannot stand among others; write `{key}: {value}`, or make a list that includes it and has the rest"
    return fault


def _tests(raw: Raw, vocabulary: Vocabulary) -> Iterator[Problem]:
    tests = [test if isinstance(test, Mapping) else {} for test in raw["tests"]] if isinstance(raw.get("tests"), list) else []
    lacking = [alert for alert in ("true", "false") if alert not in {str(test.get("alert")) for test in tests}]
    if lacking and raw.get("status", Status.ACTIVE) == Status.ACTIVE:
        said = " and none ".join(f"with `alert: {alert}`" for alert in lacking)
        place: Path = ("tests",) if "tests" in raw else ()
        yield Problem(place, f"an active watchlist needs tests both ways; there is none {said}", warning=True)
    for n, test in enumerate(tests):
        item = test.get("item")
        if isinstance(item, Mapping):
            yield from check_pins(item, ("tests", n, "item"), vocabulary)


def check_pins(item: Raw, path: Path, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield every word that a test's item, which stands at `path`, fixes as understood and that is not known."""
    for key, kind in _PINS.items():
        for at, value in texts(item.get(key)):
            yield from _fault((*path, key, *at), fault_of(kind, value, vocabulary))


_PINS: Final = {
    "partners": "countries",
    "countries": "countries",
    "home": "countries",
    "topics": "topics",
    "organisations": "organisations",
    "people": "people",
    "lang": "languages",
}


def _fault(path: Path, message: str | None) -> Iterator[Problem]:
    if message is not None:
        yield Problem(path, message)
