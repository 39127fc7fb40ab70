"""What the reader is given of an item: its sentences, with every country replaced by what it is to the government that acts.

So the reader learns who engages whom, and never that one country's news is diplomacy more often than another's.
"""

from dataclasses import dataclass
from typing import Final

from processors.reading import NAMING, Mark, Reading, Sentence
from processors.signs import Judged
from processors.taxonomy import Kind

SENTENCES_READ: Final = 40
"""Sentences that are handed over: the reader's window ends long before them."""

LANGUAGE: Final = "en"
"""What the reader's encoder was pre-trained on."""

_HOME: Final = "homeland"
_TOWN: Final = "town"
_ABROAD: Final = {Kind.COUNTRY: "foreign country", Kind.ADJECTIVE: "foreign", Kind.CAPITAL: "foreign capital"}


@dataclass(frozen=True, slots=True)
class Abroad:
    """Where a foreign country stands in a sentence as the reader gets it, [start, end) in characters."""

    code: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ReaderSentence:
    """A sentence as the reader gets it, the foreign countries in it, and the sentence it came from."""

    text: str
    abroad: tuple[Abroad, ...]
    source: Sentence


def reader_text(reading: Reading, judged: Judged) -> tuple[ReaderSentence, ...]:
    """Return title, lead and body in order, their countries and towns replaced: "homeland", "foreign country", "town"."""
    return tuple(_replaced(reading, sentence, judged) for sentence in reading.sentences[:SENTENCES_READ])


def _replaced(reading: Reading, sentence: Sentence, judged: Judged) -> ReaderSentence:
    text = reading.text_of(sentence.field)
    at = sentence.start + len(text[sentence.start : sentence.end]) - len(text[sentence.start : sentence.end].lstrip())
    made = ""
    abroad: list[Abroad] = []
    for mark in sentence.marks:
        word = _word_for(mark, judged)
        if mark.start < at or word is None:
            continue
        made += text[at : mark.start]
        if mark.entry.kind is not Kind.CITY and mark.entry.key != judged.roles.home:
            abroad.append(Abroad(mark.entry.key, len(made), len(made) + len(word)))
        made += word
        at = mark.end
    return ReaderSentence((made + text[at : sentence.end]).rstrip(), tuple(abroad), sentence)


def _word_for(mark: Mark, judged: Judged) -> str | None:
    kind = mark.entry.kind
    if kind in NAMING and mark.entry.key in judged.countries:
        return _HOME if mark.entry.key == judged.roles.home else _ABROAD[kind]
    return _TOWN if kind is Kind.CITY else None
