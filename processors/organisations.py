"""Which bodies and companies an item engages: each one named is a candidate, judged by what stands around it."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

from processors.countries import zone_of
from processors.label import Binary, Features
from processors.reading import Mark, Reading, Sentence
from processors.taxonomy import Kind, Taxonomy

_WORD_BEFORE: Final = re.compile(r"([^\W\d_]+)['’]?[\s\-–—(«\"“]*$")
_WORD_AFTER: Final = re.compile(r"^['’]?[\s\-–—]*([^\W\d_]+)")
_NEAR: Final = 40


def candidates(reading: Reading) -> dict[str, list[tuple[Sentence, Mark]]]:
    """Return every organisation named, with its mentions, in order of the first."""
    found: dict[str, list[tuple[Sentence, Mark]]] = {}
    for sentence in reading.sentences:
        for mark in sentence.marks:
            if mark.entry.kind is Kind.ORGANISATION:
                found.setdefault(mark.entry.key, []).append((sentence, mark))
    return found


def features_of(
    taxonomy: Taxonomy, reading: Reading, named: Mapping[str, list[tuple[Sentence, Mark]]], home: str | None
) -> dict[str, dict[str, float]]:
    """Return each candidate's features."""
    out = {}
    for name, found in named.items():
        organisation = taxonomy.organisations[name]
        own = {f"kind:{organisation.kind}": 1.0, f"name:{name}": 0.5, "count": math.log1p(len(found)), f"rivals:{min(len(named), 5)}": 1.0}
        if organisation.country is not None:
            own["own country" if organisation.country == home else "foreign"] = 1.0
        for sentence, mark in found:
            own.update(dict.fromkeys(_around(reading, sentence, mark, organisation.kind), 1.0))
        out[name] = own
    return out


def _around(reading: Reading, sentence: Sentence, mark: Mark, kind: str) -> Iterator[str]:
    """Give the features of one mention: its place, the cue words near it and in its sentence, the words before and after."""
    zone = zone_of(sentence)
    text = reading.text_of(sentence.field)
    yield zone
    yield f"{zone}:{kind}"
    if mark.start - sentence.start < 3:
        yield f"{zone}:opens"
    for other in sentence.marks:
        if other.entry.kind is not Kind.CUE:
            continue
        key = other.entry.key
        yield f"with:{key}"
        yield f"{kind}:with:{key}"
        if zone in ("title", "lead"):
            yield f"{zone}:with:{key}"
        if max(other.start - mark.end, mark.start - other.end) <= _NEAR:
            yield f"near:{key}"
            yield f"{kind}:near:{key}"
    before = _WORD_BEFORE.search(text[max(0, mark.start - 30) : mark.start])
    if before:
        yield f"before:{before.group(1).casefold()[:12]}"
    after = _WORD_AFTER.match(text[mark.end : mark.end + 30])
    if after:
        yield f"after:{after.group(1).casefold()[:12]}"


def choose(model: Binary, features: Mapping[str, Features], *, least: float) -> tuple[tuple[str, ...], dict[str, float]]:
    """Return the organisations engaged, by falling score, and every candidate's score."""
    scores = {name: model.score(own) for name, own in features.items()}
    return tuple(sorted((name for name, score in scores.items() if score >= least), key=lambda name: (-scores[name], name))), scores
