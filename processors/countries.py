"""Which countries an item names, and which a town, the outlet or the language points to.

Names that stand for something else (a player called Jordan, the state of Georgia, a turkey) are left out.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from newswire.records import Field
from newswire.terms import fold
from processors.reading import NAMING, Mark, Reading, Sentence
from processors.taxonomy import Entry, Kind, Taxonomy

HOMES_OF_LANGUAGES: Final = {
    "ur": "PK",
    "ko": "KR",
    "ja": "JP",
    "tr": "TR",
    "fa": "IR",
    "hi": "IN",
    "bn": "BD",
    "id": "ID",
    "ms": "MY",
    "zh": "CN",
    "th": "TH",
    "vi": "VN",
    "uk": "UA",
    "kk": "KZ",
    "az": "AZ",
    "ky": "KG",
    "pl": "PL",
    "it": "IT",
}
DENSE: Final = frozenset({"zh", "ja", "ko", "th"})
"""Languages whose words stand close: little separates an official from the adjective that tells whose he is."""

OFFICIALS: Final = frozenset(
    {"minister", "ministry", "regulator", "government", "head", "envoy", "official", "foreign_ministry", "delegation"}
)
"""The actor classes that act for a state."""

_WORD_BEFORE: Final = re.compile(r"([^\W\d_]+)['’]?[\s\-–—(«\"“]*$")
_WORD_AFTER: Final = re.compile(r"^['’]?[\s\-–—]*([^\W\d_]+)")
_WORD_READ: Final = 30
_WORD_KEPT: Final = 12
_NEAR: Final = 28  # characters between an official and the country he belongs to
_NEAR_DENSE: Final = 8
_SURNAME_AFTER: Final = re.compile(r"\s+[A-Z][a-z]+")
_GIVEN_BEFORE: Final = re.compile(r"(?:^|\s)[A-Z][a-z]+\s+$")
STATE_BODIES: Final = frozenset({"agency", "development"})
_TWINS: Final = {("OM", "JO"): frozenset({"عمان"})}
_MENTIONS_KEPT: Final = 60  # of one country: no article names one more often
_GUARDED_BODY: Final = 4_000  # characters of the body in which a guard's words are looked for


@dataclass
class Candidate:
    """A country that the item may be about: its mentions in order, and the mentions of its towns and institutions."""

    code: str
    mentions: list[tuple[Sentence, Mark]] = field(default_factory=list)
    places: list[tuple[Sentence, Mark]] = field(default_factory=list)


def candidates(taxonomy: Taxonomy, reading: Reading) -> dict[str, Candidate]:
    """Return the countries named, in order of their first mention.

    Countries that only a town, the outlet or the language points to follow them: they can be home, never partners.
    """
    named = _named(taxonomy, reading)
    _settle_twins(reading, named)
    found = {code: candidate for code, candidate in named.items() if _stands(taxonomy, reading, candidate)}
    for sentence in reading.sentences:
        for mark in sentence.marks:
            if mark.entry.kind is Kind.CITY:
                found.setdefault(mark.entry.key, Candidate(mark.entry.key)).places.append((sentence, mark))
    for code in (reading.country_of_outlet, HOMES_OF_LANGUAGES.get(reading.language)):
        if code:
            found.setdefault(code, Candidate(code))
    return found


def _named(taxonomy: Taxonomy, reading: Reading) -> dict[str, Candidate]:
    """Return the countries by their mentions; a state's own agency, regulator or development bank (Ofcom, KOICA) speaks for it."""
    found: dict[str, Candidate] = {}
    for sentence in reading.sentences:
        for found_mark in sentence.marks:
            mark = found_mark
            if mark.entry.kind is Kind.ORGANISATION:
                organisation = taxonomy.organisations[mark.entry.key]
                if organisation.country is None or organisation.kind not in STATE_BODIES:
                    continue
                mark = Mark(Entry(Kind.ORGANISATION, organisation.country), mark.start, mark.end)
            if mark.entry.kind in NAMING or mark.entry.kind is Kind.ORGANISATION:
                candidate = found.setdefault(mark.entry.key, Candidate(mark.entry.key))
                if len(candidate.mentions) < _MENTIONS_KEPT:
                    candidate.mentions.append((sentence, mark))
    return found


def _settle_twins(reading: Reading, named: dict[str, Candidate]) -> None:
    """Leave mentions of a name that is a country and another one's capital to one of them: to the other where only that one is named for sure.

    Arabic writes Oman and Amman alike: beside Jordan, or in a Jordanian outlet, and with no word of Muscat, it is the town.
    """
    for (country, capital_of), words in _TWINS.items():
        twin, other = named.get(country), named.get(capital_of)
        sure = other is not None and not all(_is_one_of(reading, mention, words) for mention in other.mentions)
        town = twin is not None and all(_is_one_of(reading, mention, words) for mention in twin.mentions)
        if town and reading.country_of_outlet != country and (sure or reading.country_of_outlet == capital_of):
            del named[country]
        elif twin is not None and other is not None:
            other.mentions = [mention for mention in other.mentions if not _is_one_of(reading, mention, words)]
            if not other.mentions:
                del named[capital_of]


def _is_one_of(reading: Reading, mention: tuple[Sentence, Mark], words: frozenset[str]) -> bool:
    sentence, mark = mention
    return fold(reading.text_of(sentence.field)[mark.start : mark.end]).text in words


def _stands(taxonomy: Taxonomy, reading: Reading, candidate: Candidate) -> bool:
    """Return whether a country is meant: a doubtful name alone (Jordan, Georgia, Chad, Turkey) needs two mentions that name no person.

    A guard ("Thanksgiving", "Bulldogs", "Michael Jordan") makes all doubtful names void, unless the outlet sits in that country.
    """
    doubtful = [
        (sentence, mark)
        for sentence, mark in candidate.mentions
        if taxonomy.doubtful.get(fold(reading.text_of(sentence.field)[mark.start : mark.end]).text) == candidate.code
    ]
    if not doubtful or reading.country_of_outlet == candidate.code:
        return True
    sure = len(candidate.mentions) - len(doubtful)
    unsure = sum(not _names_a_person(reading, sentence, mark) for sentence, mark in doubtful)
    return sure >= 1 or (unsure / 2 >= 1 and not _guarded(taxonomy, reading, candidate.code))


def _names_a_person(reading: Reading, sentence: Sentence, mark: Mark) -> bool:
    text = reading.text_of(sentence.field)
    if _SURNAME_AFTER.match(text, mark.end) and not actors_near(sentence, mark, reading.language):
        return True
    before = _GIVEN_BEFORE.search(text, max(sentence.start, mark.start - 24), mark.start)
    # A capital letter at the start of a sentence is no given name, and headlines have capitals everywhere.
    return before is not None and sentence.field is Field.BODY and before.start() > sentence.start


def _guarded(taxonomy: Taxonomy, reading: Reading, code: str) -> bool:
    folded = fold(f"{reading.title}\n{reading.lead}\n{reading.body[:_GUARDED_BODY]}")
    entries = (taxonomy.entries[hit.term] for hit in taxonomy.search.find(folded, None))
    return any(entry.kind is Kind.NEVER and entry.key == code for entry in entries)


def actors_near(sentence: Sentence, mark: Mark, language: str) -> list[str]:
    """Return the actor classes that stand beside a mention, with no other country between: "Chinese ambassador", "minister of Chad"."""
    reach = _NEAR_DENSE if language in DENSE else _NEAR
    near = []
    for other in sentence.marks:
        if other.entry.kind is not Kind.CUE or not other.entry.key.startswith("actors:"):
            continue
        low, high = (mark.end, other.start) if other.start >= mark.end else (other.end, mark.start)
        if high - low > reach:
            continue
        if any(
            between.entry.kind in NAMING and between.entry.key != mark.entry.key and low <= between.start and between.end <= high
            for between in sentence.marks
        ):
            continue
        near.append(other.entry.key)
    return near


def zone_of(sentence: Sentence) -> str:
    """Return `title`, `lead`, `first` (the body's two first sentences) or `body`."""
    if sentence.field is Field.BODY:
        return "first" if sentence.number < 2 else "body"
    return sentence.field.value


def word_before(text: str, start: int, language: str) -> str:
    """Return the word (in scripts without spaces the character) that ends before `start`, folded; empty where there is none."""
    if language in DENSE:
        return text[start - 1 : start] if start else ""
    found = _WORD_BEFORE.search(text[max(0, start - _WORD_READ) : start])
    return found.group(1).casefold()[:_WORD_KEPT] if found else ""


def word_after(text: str, end: int, language: str) -> str:
    """Return the word (in scripts without spaces the two characters) that begins after `end`, folded; empty where there is none."""
    if language in DENSE:
        return text[end : end + 2].strip()
    found = _WORD_AFTER.match(text[end : end + _WORD_READ])
    return found.group(1).casefold()[:_WORD_KEPT] if found else ""
