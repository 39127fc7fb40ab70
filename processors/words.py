"""The words of an item for the linear models: single and in pairs, with countries and bodies replaced by what they are."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from processors.countries import DENSE
from processors.features import BODY_SENTENCES
from processors.reading import NAMING, Reading, Sentence
from processors.signs import Judged
from processors.taxonomy import Kind, Taxonomy

WORD: Final = "w:"
"""Begins the names of words among the features."""

_LETTERS: Final = re.compile(r"[^\W\d_]+|\d+")


def words(taxonomy: Taxonomy, reading: Reading, judged: Judged) -> Counter[str]:
    """Return how often each word and pair of words stands in the item, with countries and bodies replaced by what they are."""
    out: Counter[str] = Counter()
    for sentence in reading.sentences:
        if sentence.number >= BODY_SENTENCES:
            continue
        tokens = list(_tokens(taxonomy, sentence, reading, judged))
        for token in tokens:
            out[token] += 1
        for at in range(len(tokens) - 1):
            out[f"{tokens[at]} {tokens[at + 1]}"] += 1
    return out


def _tokens(taxonomy: Taxonomy, sentence: Sentence, reading: Reading, judged: Judged) -> Iterator[str]:
    text = reading.text_of(sentence.field)
    at = sentence.start
    for mark in sentence.marks:
        if mark.start < at:
            continue
        if mark.entry.kind in NAMING and mark.entry.key in judged.countries:
            token = "@home" if mark.entry.key == judged.roles.home else "@abroad"
        elif mark.entry.kind is Kind.ORGANISATION:
            token = f"@{taxonomy.organisations[mark.entry.key].kind}"
        elif mark.entry.kind is Kind.CITY:
            token = "@town"  # noqa: S105 -- a word, no secret
        else:
            continue
        yield from _plain(text[at : mark.start], reading.language)
        yield token
        at = mark.end
    yield from _plain(text[at : sentence.end], reading.language)


def _plain(text: str, language: str) -> Iterator[str]:
    for found in _LETTERS.finditer(text.casefold()):
        word = found.group()
        if word[0].isdigit():
            yield "0"
        elif language in DENSE and word[0] > "\u0e00":
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            yield word


def weighed_words(counts: Counter[str], idf: Mapping[str, float]) -> dict[str, float]:
    """Return the known words as a vector of length 1: (1 + ln count) x idf."""
    values = {word: (1.0 + math.log(count)) * idf[word] for word, count in counts.items() if word in idf}
    length = math.sqrt(sum(value * value for value in values.values())) or 1.0
    return {WORD + word: value / length for word, value in values.items()}
