"""An item read once: its sentences, and in them every country, body, topic and cue word, in order.

All later steps (roles, topics, evidence, label) look at this `Reading`, never at the text again.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from newswire.records import Field, Span
from newswire.terms import Hit, fold
from processors.boilerplate import blanked
from processors.outlets import country_of_outlet
from processors.pairs import initials, pairs_of
from processors.taxonomy import Entry, Kind, Taxonomy, search_language

TEXT_READ: Final = 20_000  # characters of the body that are looked at
LEAD_READ: Final = 2_000
TITLE_READ: Final = 1_000

_MARKS_A_SENTENCE: Final = 80  # the densest real sentence has half as many; past it a page is a list made to be slow
_LONGEST_SENTENCE: Final = 800

NAMING: Final = frozenset({Kind.COUNTRY, Kind.ADJECTIVE, Kind.CAPITAL})
_PROPER: Final = frozenset({Kind.COUNTRY, Kind.CAPITAL})
# Scripts of two cases: there a country's name begins with a capital letter, and "turkey" is a bird.
_LOWER_CASED: Final = re.compile("[a-zà-öø-ÿа-яё]")
# Capital letters that are a word in a headline set all in capitals: "WHO PAYS FOR OUR TOWERS? US".
_SHOUTED_WORDS: Final = frozenset({"US", "IT", "WHO", "ECO", "SEA", "AID", "UN"})
_SENTENCE_END: Final = re.compile(
    r"(?<=[^\W_A-ZА-Я]{2})[.!?]+[\"'”’»)\]]*(?=\s+[^a-zа-я])|[!?。！？؟۔।]+[\"”’»」』)]*|(?<=[\w.,;:\"”’»)])\n+|\n{2,}"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One term found: what it means and where it stands in its field."""

    entry: Entry
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch [start, end) of a field with the marks in it. `number` counts sentences of the field from 0.

    `hints` are words that lean towards a topic and are as common elsewhere: the topics alone look at them.
    """

    field: Field
    number: int
    start: int
    end: int
    marks: tuple[Mark, ...]
    hints: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A read item: its three texts, boilerplate blanked, every offset as given; and the sentences of title, lead and body in order."""

    title: str
    lead: str
    body: str
    language: str
    sentences: tuple[Sentence, ...]
    country_of_outlet: str | None

    def text_of(self, field: Field) -> str:
        """Return the text that spans of `field` point into."""
        return self.title if field is Field.TITLE else self.lead if field is Field.LEAD else self.body

    def span(self, sentence: Sentence, start: int, end: int) -> Span:
        """Return the words [start, end) of a sentence's field as a span of evidence."""
        return Span(sentence.field, start, end, self.text_of(sentence.field)[start:end])


def read(
    taxonomy: Taxonomy, *, title: str, lead: str, body: str, language: str, outlet_country: str | None = None, outlet: str = ""
) -> Reading:
    """Return the item read with the terms of its language; text past the limits above, and boilerplate, is not looked at."""
    title, lead, body = title[:TITLE_READ], blanked(lead[:LEAD_READ]), blanked(body[:TEXT_READ])
    marked = [
        (field, text, _marks(taxonomy, text, language))
        for field, text in ((Field.TITLE, title), (Field.LEAD, lead), (Field.BODY, body))
        if text
    ]
    if language in taxonomy.pairs:
        _add_pairs(taxonomy, marked, language)
    sentences = [sentence for field, text, marks in marked for sentence in _sentences(field, text, marks)]
    return Reading(title, lead, body, language, tuple(sentences), outlet_country or country_of_outlet(taxonomy, outlet))


def _marks(taxonomy: Taxonomy, text: str, language: str) -> list[Mark]:
    hits = taxonomy.search.find(fold(text), search_language(language))
    marks = _settle(taxonomy, text, [(hit, taxonomy.entries[hit.term]) for hit in hits], language)
    return sorted(marks, key=lambda mark: (mark.start, mark.end))


def _add_pairs(taxonomy: Taxonomy, marked: Sequence[tuple[Field, str, list[Mark]]], language: str) -> None:
    """Add the countries that one character names, as the full names of the whole item settle them."""
    full = [[mark for mark in marks if mark.entry.kind is Kind.COUNTRY] for _, _, marks in marked]
    known = initials(
        (text[mark.start : mark.end], mark.entry.key) for (_, text, _), named in zip(marked, full, strict=True) for mark in named
    )
    for (_, text, marks), named in zip(marked, full, strict=True):
        taken = {at for mark in named for at in range(mark.start, mark.end)}
        found = pairs_of(taxonomy, text, language, known, [(mark.start, mark.entry.key) for mark in named])
        marks.extend(Mark(Entry(Kind.COUNTRY, pair.code), pair.start, pair.end) for pair in found if pair.start not in taken)
        marks.sort(key=lambda mark: (mark.start, mark.end))


def _sentences(field: Field, text: str, marks: Sequence[Mark]) -> Iterator[Sentence]:
    marks_left = deque(mark for mark in marks if mark.entry.kind is not Kind.TOPIC_HINT)
    hints_left = deque(mark for mark in marks if mark.entry.kind is Kind.TOPIC_HINT)
    for number, (start, end) in enumerate(_bounds(text)):
        yield Sentence(field, number, start, end, _taken(marks_left, end), _taken(hints_left, end))


def _taken(marks: deque[Mark], end: int) -> tuple[Mark, ...]:
    """Take the marks that start before `end`, and return as many of them as a sentence may hold."""
    taken: list[Mark] = []
    while marks and marks[0].start < end:
        mark = marks.popleft()
        if len(taken) < _MARKS_A_SENTENCE:
            taken.append(mark)
    return tuple(taken)


def _bounds(text: str) -> Iterator[tuple[int, int]]:
    """Give [start, end) of each sentence; a longer one than any writer means is cut, so that no cost grows with its square."""
    start = 0
    for end in (*(found.end() for found in _SENTENCE_END.finditer(text)), len(text)):
        while end - start > _LONGEST_SENTENCE:
            cut = text.rfind(" ", start + _LONGEST_SENTENCE // 2, start + _LONGEST_SENTENCE) + 1 or start + _LONGEST_SENTENCE
            yield start, cut
            start = cut
        if text[start:end].strip():
            yield start, end
        start = end


def _settle(taxonomy: Taxonomy, text: str, hits: Sequence[tuple[Hit, Entry]], language: str) -> list[Mark]:
    """Return the marks that stand: no name inside a longer name, none that is a common word there, each meaning once at a place."""
    shouted = _is_shouted(text)
    capitalised = NAMING if language == "en" else _PROPER  # most languages write adjectives small
    names = [(hit, entry) for hit, entry in hits if entry.kind in NAMING or entry.kind in (Kind.ORGANISATION, Kind.NEVER)]
    longest: list[tuple[int, int]] = []  # the outermost names, in order of start
    for hit, _ in sorted(names, key=lambda pair: (pair[0].start, -pair[0].end)):
        if not longest or hit.end > longest[-1][1]:
            longest.append((hit.start, hit.end))
    void = {entry.key for _, entry in hits if entry.kind is Kind.NEVER and entry.key in taxonomy.organisations}
    marks: list[Mark] = []
    seen: set[tuple[int, int, Entry]] = set()
    for hit, entry in hits:
        word = text[hit.start : hit.end]
        if entry.kind is Kind.NEVER or entry.key in void or (hit.start, hit.end, entry) in seen:
            continue
        if shouted and word in _SHOUTED_WORDS:
            continue
        if (entry.kind in NAMING or entry.kind is Kind.ORGANISATION) and (
            (entry.kind in capitalised and _LOWER_CASED.match(word)) or _inside_longer(hit, longest)
        ):
            continue
        seen.add((hit.start, hit.end, entry))
        marks.append(Mark(entry, hit.start, hit.end))
    return marks


def _inside_longer(hit: Hit, longest: Sequence[tuple[int, int]]) -> bool:
    low, high = 0, len(longest)
    while low < high:  # the last outermost name that starts at or before the hit
        middle = (low + high) // 2
        if longest[middle][0] <= hit.start:
            low = middle + 1
        else:
            high = middle
    start, end = longest[low - 1] if low else (0, 0)
    return start <= hit.start and hit.end <= end and (end - start) > (hit.end - hit.start)


def _is_shouted(text: str) -> bool:
    words = re.findall(r"[A-Za-z]{2,}", text[:400])
    return len(words) >= 3 and sum(word.isupper() for word in words) >= 0.7 * len(words)
