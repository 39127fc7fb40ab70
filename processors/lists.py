"""Countries named in one breath ("Kenya, Ghana and Tanzania"): what stands around such a list speaks for each of its members."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from processors.countries import DENSE, OFFICIALS, Candidate, actors_near, word_after, word_before, zone_of
from processors.reading import NAMING, Mark, Reading, Sentence
from processors.taxonomy import Kind

LEAST: Final = 3  # two countries side by side are a pair

_GAP: Final = 9  # characters between two members: " and ", " اور ", ", la "
_GAP_WITH_COMMA: Final = 22  # "the UAE's TDRA, Kenya"
_GAP_DENSE: Final = 3
_COMMA: Final = re.compile("[,،、;·；，/]")


@dataclass(frozen=True, slots=True)
class Row:
    """A list of countries in one sentence: its marks in order, each country once or more."""

    sentence: Sentence
    marks: tuple[Mark, ...]
    codes: frozenset[str]


def rows_of(reading: Reading, named: Mapping[str, Candidate]) -> list[Row]:
    """Return the lists of at least three countries that stand, in order."""
    return [
        Row(sentence, marks, codes)
        for sentence in reading.sentences
        for marks in _runs(reading, sentence, named)
        if len(codes := frozenset(mark.entry.key for mark in marks)) >= LEAST
    ]


def _runs(reading: Reading, sentence: Sentence, named: Mapping[str, Candidate]) -> Iterator[tuple[Mark, ...]]:
    text = reading.text_of(sentence.field)
    run: list[Mark] = []
    for mark in sentence.marks:
        if mark.entry.kind not in NAMING or not (mark.entry.key in named and named[mark.entry.key].mentions):
            continue
        if run and not _joined(text[run[-1].end : mark.start], reading.language):
            yield tuple(run)
            run = []
        run.append(mark)
    if run:
        yield tuple(run)


def _joined(between: str, language: str) -> bool:
    if language in DENSE:
        return len(between) <= _GAP_DENSE or (len(between) <= _GAP and _COMMA.search(between) is not None)
    return len(between) <= _GAP or (len(between) <= _GAP_WITH_COMMA and _COMMA.search(between) is not None)


def row_features(reading: Reading, rows: Sequence[Row], home: str | None) -> dict[str, dict[str, float]]:
    """Return, for each country of a list, what the list's place, size, company and edges say."""
    out: dict[str, dict[str, float]] = {}
    for row in rows:
        own = dict.fromkeys(_about(reading, row, home), 1.0)
        for code in row.codes:
            out.setdefault(code, {}).update(own)
    return out


def _about(reading: Reading, row: Row, home: str | None) -> Iterator[str]:
    text = reading.text_of(row.sentence.field)
    zone = zone_of(row.sentence)
    yield "list"
    yield f"list:{min(len(row.codes), 7)}"
    yield f"list:{zone}"
    yield "list:with home" if home in row.codes else "list:without home"
    before, after = word_before(text, row.marks[0].start, reading.language), word_after(text, row.marks[-1].end, reading.language)
    if before:
        yield f"list:before:{before}"
    if after:
        yield f"list:after:{after}"
    for mark in row.sentence.marks:
        if mark.entry.kind is Kind.CUE:
            yield f"list:with:{mark.entry.key}"
        elif mark.entry.kind is Kind.ORGANISATION:
            yield "list:with body"
    officials = {actor for mark in row.marks for actor in actors_near(row.sentence, mark, reading.language)}
    if any(actor.removeprefix("actors:") in OFFICIALS for actor in officials):
        yield "list:official"
        yield f"list:{zone}:official"
