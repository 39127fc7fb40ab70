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
    return {name: dict(_features(taxonomy, reading, name, found, home, len(named))) for name, found in named.items()}


def _features(
    taxonomy: Taxonomy, reading: Reading, name: str, found: list[tuple[Sentence, Mark]], home: str | None, rivals: int
) -> Iterator[tuple[str, float]]:
    organisation = taxonomy.organisations[name]
    kind = organisation.kind
    yield f"kind:{kind}", 1.0
    yield f"name:{name}", 0.5
    yield "count", math.log1p(len(found))
    yield f"rivals:{min(rivals, 5)}", 1.0
    if organisation.country is not None:
        yield ("own country" if organisation.country == home else "foreign"), 1.0
    seen: set[str] = set()
    for sentence, mark in found:
        zone = zone_of(sentence)
        seen.update((zone, f"{zone}:{kind}"))
        text = reading.text_of(sentence.field)
        if mark.start - sentence.start < 3:
            seen.add(f"{zone}:opens")
        for other in sentence.marks:
            if other.entry.kind is not Kind.CUE:
                continue
            key = other.entry.key
            near = min(abs(other.start - mark.end), abs(mark.start - other.end)) <= _NEAR
            seen.add(f"with:{key}")
            seen.add(f"{kind}:with:{key}")
            if near:
                seen.update((f"near:{key}", f"{kind}:near:{key}"))
            if zone in ("title", "lead"):
                seen.add(f"{zone}:with:{key}")
        before = _WORD_BEFORE.search(text[max(0, mark.start - 30) : mark.start])
        if before:
            seen.add(f"before:{before.group(1).casefold()[:12]}")
        after = _WORD_AFTER.match(text[mark.end : mark.end + 30])
        if after:
            seen.add(f"after:{after.group(1).casefold()[:12]}")
    for feature in seen:
        yield feature, 1.0


def choose(model: Binary, features: Mapping[str, Features], *, least: float) -> tuple[tuple[str, ...], dict[str, float]]:
    """Return the organisations engaged, by falling score, and every candidate's score."""
    scores = {name: model.score(own) for name, own in features.items()}
    return tuple(sorted((name for name, score in scores.items() if score >= least), key=lambda name: (-scores[name], name))), scores
