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
class ReaderText:
    """The sentences as the reader gets them, each with the sentence it came from."""

    texts: tuple[str, ...]
    sentences: tuple[Sentence, ...]


def reader_text(reading: Reading, judged: Judged) -> ReaderText:
    """Return title, lead and body in order, their countries and towns replaced: "homeland", "foreign country", "town"."""
    sentences = reading.sentences[:SENTENCES_READ]
    return ReaderText(tuple(_replaced(reading, sentence, judged) for sentence in sentences), sentences)


def _replaced(reading: Reading, sentence: Sentence, judged: Judged) -> str:
    text = reading.text_of(sentence.field)
    parts: list[str] = []
    at = sentence.start
    for mark in sentence.marks:
        word = _word_for(mark, judged)
        if mark.start < at or word is None:
            continue
        parts += (text[at : mark.start], word)
        at = mark.end
    parts.append(text[at : sentence.end])
    return "".join(parts).strip()


def _word_for(mark: Mark, judged: Judged) -> str | None:
    kind = mark.entry.kind
    if kind in NAMING and mark.entry.key in judged.countries:
        return _HOME if mark.entry.key == judged.roles.home else _ABROAD[kind]
    return _TOWN if kind is Kind.CITY else None
