"""What is wrong in `config/taxonomy/`: every fault of every file at its line, of each file by itself and of the files together.

Nothing here runs when items are read: the processors load the files by `processors.taxonomy`, which stops at what it cannot use. This tells
what it would take in silence: a body under another one's name, an outlet in two countries, a topic that the weights do not know.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from newswire import lookalikes
from newswire.config import check, shown
from newswire.config_words import nearest
from newswire.errors import Fault
from newswire.strict_yaml import MAX_FAULTS, first_of, read
from newswire.terms import fold
from newswire.yaml_tree import Document, Location
from processors.taxonomy_files import MODELS, CountryWords, Organisation, TopicWords
from processors.taxonomy_terms import search_language

_ENGLISH: Final = "en"  # whose names are searched in texts of every language
_NAMING: Final = ("names", "adjectives", "capitals")
_COMPARED: Final = 1_000  # words at most among which the one that was meant is looked for: a hostile file could hold a hundred thousand
_FOLDED: Final = "="  # the form of a name that is compared folded, which no name as written has
_ANY: Final = "*"
_OWNERS: Final = 8  # of one name that are told of: a hostile file could give one name to thousands


class Problem(NamedTuple):
    """What is wrong at a place of a file: at its value, or at the key that leads there. Without a place it is the whole file's."""

    place: Location
    message: str
    of_key: bool = False


class _Place(NamedTuple):
    """Where a name stands, and whose it is."""

    owner: str
    text: str
    place: Location


def check_taxonomy(folder: Path, topics: Collection[str] = ()) -> list[Fault]:
    """Return every fault of the eight files in order; `topics` are those that the weights know, none where that cannot be told."""
    documents: dict[str, Document] = {}
    unreadable: dict[str, list[Fault]] = {}
    for name in MODELS:
        path = folder / f"{name}.yaml"
        document, unreadable[name] = read(path, shown(path))
        if document is not None:
            documents[name] = document
    return check_documents(documents, unreadable, topics)


def check_documents(documents: Mapping[str, Document], unreadable: Mapping[str, list[Fault]], topics: Collection[str]) -> list[Fault]:
    """Return what is wrong with the content of the files, by name, and what their reading found, in order; of each file the first hundred."""
    faults = {name: list(found) for name, found in unreadable.items()}
    values: dict[str, Any] = {}
    for name, document in documents.items():
        value, wrong = check(MODELS[name], document)
        faults[name] += wrong
        if value is not None:
            values[name] = _root(value)
    for name, problems in _problems(documents, values, topics):
        faults[name] += (_placed(documents[name], problem) for problem in islice(problems, MAX_FAULTS + 1))
    return sorted(fault for found in faults.values() for fault in first_of(sorted(set(found))))


def _root(value: BaseModel) -> Any:
    return getattr(value, "root", value)


def _problems(
    documents: Mapping[str, Document], values: Mapping[str, Any], topics: Collection[str]
) -> Iterator[tuple[str, Iterable[Problem]]]:
    """Yield the problems of each file that could be read, with the file's name."""
    if "organisations" in values:
        yield "organisations", of_organisations(values["organisations"], documents["organisations"])
    if "outlets" in values:
        yield "outlets", of_outlets(values["outlets"], documents["outlets"])
    if "topics" in values and topics:
        yield "topics", of_topics(values["topics"], topics)
    if "countries" in values:
        yield "countries", of_countries(values["countries"], documents["countries"])
        if {"country_names", "country_cities"} <= values.keys():
            yield "countries", of_doubtful(values["countries"], values["country_names"], values["country_cities"])


def _placed(document: Document, problem: Problem) -> Fault:
    if not problem.place:
        return Fault(document.name, 0, 0, problem.message)
    return document.fault(problem.place, problem.message, of_key=problem.of_key)


def of_organisations(bodies: Mapping[str, Organisation], document: Document) -> Iterator[Problem]:
    """Yield what is wrong among the bodies: one name of two of them, short names that look alike, an agency of no state."""
    alike: dict[str, str] = {}
    for name, body in bodies.items():
        first = alike.setdefault(fold(name).text, name)
        if first != name:
            where = f"in line {_line(document, (first,))}"
            yield Problem((name,), f"'{name}' is hardly told from '{first}' {where}; a body stands here once", of_key=True)
        if body.kind == "agency" and not body.country:
            yield Problem((name,), f"{name}: an agency belongs to a state; the key 'country' is missing here")
    shared: set[tuple[str, str]] = set()
    for one, others in _twice(_names_of_bodies(bodies)):
        said = {other.owner for other in others if _say_so(bodies, one.owner, other.owner)}
        shared |= {pair for owner in said for pair in ((one.owner, owner), (owner, one.owner))}
        untold = next((other for other in others if other.owner not in said), None)
        if untold is not None:
            where = f"a name of {untold.owner} too, in line {_line(document, untold.place)}"
            both = f"write shares_names_with: [{untold.owner}] where an article that says it is about both"
            yield Problem(one.place, f"'{one.text}' is {where}; take it out of one of them, or {both}")
    for name, body in bodies.items():
        for number, other_name in enumerate(body.shares_names_with):
            place = (name, "shares_names_with", number)
            if other_name not in bodies or other_name == name:
                yield Problem(place, unknown("body", other_name, bodies.keys() - {name}))
            elif (name, other_name) not in shared:
                yield Problem(place, f"no name of {name} is one of {other_name} too; take it out")


def _say_so(bodies: Mapping[str, Organisation], one: str, other: str) -> bool:
    return other in bodies[one].shares_names_with or one in bodies[other].shares_names_with


def _names_of_bodies(bodies: Mapping[str, Organisation]) -> Iterator[tuple[str, _Place]]:
    for name, body in bodies.items():
        for language, texts in body.names.items():
            for number, text in enumerate(texts):
                yield search_language(language), _Place(name, text, (name, "names", language, number))


def of_countries(countries: Mapping[str, CountryWords], document: Document) -> Iterator[Problem]:
    """Yield each name, adjective and capital that stands for two countries in one language."""
    places = (
        (search_language(language), _Place(code, text, (code, key, language, number)))
        for code, words in countries.items()
        for key in _NAMING
        for language, texts in getattr(words, key).items()
        for number, text in enumerate(texts)
    )
    for one, (other, *_) in _twice(places):
        where = f"'{one.text}' stands for {other.owner} too, in line {_line(document, other.place)}"
        yield Problem(one.place, f"{where}; take it out of one of them")


def of_doubtful(
    countries: Mapping[str, CountryWords],
    names: Mapping[str, Mapping[str, tuple[str, ...]]],
    cities: Mapping[str, Mapping[str, tuple[str, ...]]],
) -> Iterator[Problem]:
    """Yield each doubtful name that is no name of its country, or of two."""
    owners: dict[str, str] = {}
    for code, words in countries.items():
        if not words.doubtful:
            continue
        parts = (*(getattr(words, key) for key in (*_NAMING, "cities")), names.get(code, {}), cities.get(code, {}))
        known = {_folded(text): _bare(text) for part in parts for texts in part.values() for text in texts}
        for number, text in enumerate(words.doubtful):
            place = (code, "doubtful", number)
            if _folded(text) not in known:
                near = _nearest(text, known.values())
                meant = f"did you mean '{near}'?" if near else "only a name that stands in these files can be doubtful"
                yield Problem(place, f"'{text}' is no name of {code}; {meant}")
            elif owners.setdefault(_folded(text), code) != code:
                yield Problem(place, f"'{text}' is doubtful for {owners[_folded(text)]} already; only one of them can have it")


def of_outlets(outlets: Mapping[str, tuple[str, ...]], document: Document) -> Iterator[Problem]:
    """Yield each outlet that sits in two countries: the last one alone would count."""
    seen: dict[str, _Place] = {}
    for code, texts in outlets.items():
        for number, text in enumerate(texts):
            here = _Place(code, text, (code, number))
            first = seen.setdefault(fold(text).text, here)
            if first.owner != code:
                where = f"an outlet of {first.owner} too, in line {_line(document, first.place)}"
                yield Problem(here.place, f"'{text}' is {where}; take it out of one of them")


def of_topics(topics: Mapping[str, TopicWords], weighed: Collection[str]) -> Iterator[Problem]:
    """Yield each topic that the weights do not know, and each of theirs that is missing."""
    missing = set(weighed) - topics.keys()
    for topic in topics:
        if topic not in weighed:
            words = unknown("topic", topic, weighed)
            joint = " A" if words.endswith("?") else "; a"
            yield Problem((topic,), f"{words}{joint} new topic is found after `newswire train` with items that have it", of_key=True)
            missing.discard(_nearest(topic, sorted(missing)) or "")
    for topic in sorted(missing):
        yield Problem((), f"the topic '{topic}', which the weights know, is missing here")


def unknown(kind: str, word: str, valid: Iterable[str]) -> str:
    """Return the fault for a word that is none of `valid`, with the one that was most likely meant."""
    valid = sorted(valid)
    if looks := lookalikes.fault(kind, word, valid[:_COMPARED]):
        return looks
    near = _nearest(word, valid)
    return f"unknown {kind} '{word[:60]}'" + (f"; did you mean '{near}'?" if near else "")


def _nearest(word: str, valid: Collection[str]) -> str | None:
    return nearest(word, valid) if len(valid) <= _COMPARED else None


def _twice(places: Iterable[tuple[str, _Place]]) -> Iterator[tuple[_Place, list[_Place]]]:
    """Yield each name that others have too in its language, or in English, with the places where it stands, one for each of them.

    Two terms that fold alike find the same words but where both are as written: `=BID` and `=Bid` do not meet.
    """
    seen: dict[tuple[str, str, str], dict[str, _Place]] = {}  # by language, folded name and form: by owner
    for language, here in sorted(places, key=lambda found: found[0] != _ENGLISH):
        folded, form = _folded(here.text), _bare(here.text) if here.text.startswith("=") else _FOLDED
        meets = (_FOLDED, form) if form != _FOLDED else (_ANY,)
        others: dict[str, _Place] = {}
        for key in ((spoken, folded, one) for spoken in (language, _ENGLISH) for one in meets):
            others = {**seen.get(key, {}), **others}
        others.pop(here.owner, None)
        if others:
            yield here, list(others.values())
        for one in (form, _ANY):
            owners = seen.setdefault((language, folded, one), {})
            if len(owners) < _OWNERS:
                owners.setdefault(here.owner, here)


def _bare(text: str) -> str:
    return text.removeprefix("=").removesuffix("*")


def _folded(text: str) -> str:
    return fold(_bare(text)).text.strip()


def _line(document: Document, place: Location) -> int:
    return document.find(place)[0].line
