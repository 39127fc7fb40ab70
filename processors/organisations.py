"""Which bodies and companies an item engages: each one named is a candidate, judged by what stands around it."""

import math
from collections.abc import Iterator, Mapping
from typing import Final

from processors.countries import DENSE, Candidate, word_after, word_before, zone_of
from processors.label import Binary, Features
from processors.reading import NAMING, Mark, Reading, Sentence
from processors.roles import Roles
from processors.taxonomy import Kind, Taxonomy

_NEAR: Final = 40
_MENTIONS_KEPT: Final = 60


def candidates(reading: Reading) -> dict[str, list[tuple[Sentence, Mark]]]:
    """Return every organisation named, with its mentions, in order of the first."""
    found: dict[str, list[tuple[Sentence, Mark]]] = {}
    for sentence in reading.sentences:
        for mark in sentence.marks:
            if mark.entry.kind is Kind.ORGANISATION:
                mentions = found.setdefault(mark.entry.key, [])
                if len(mentions) < _MENTIONS_KEPT:
                    mentions.append((sentence, mark))
    return found


def features_of(
    taxonomy: Taxonomy,
    reading: Reading,
    found: Mapping[str, list[tuple[Sentence, Mark]]],
    named: Mapping[str, Candidate],
    parts: Roles,
) -> dict[str, dict[str, float]]:
    """Return each candidate's features, seen from home and its partners."""
    partners = parts.partners
    whole = sum(len(mentions) for mentions in found.values()) or 1
    top = max((len(mentions) for mentions in found.values()), default=1)
    out = {}
    for rank, (name, mentions) in enumerate(found.items()):
        kind, count = taxonomy.organisations[name].kind, len(mentions)
        own = {f"kind:{kind}": 1.0, f"name:{name}": 1.0, "count": math.log1p(count), f"rivals:{min(len(found), 5)}": 1.0}
        own["share"] = count / whole
        own["top" if count == top else "not top"] = 1.0
        own[f"rank:{min(rank, 3)}"] = 1.0
        own[f"name:{name}:{'alone' if len(found) == 1 else 'in company'}"] = 0.5
        own[f"{kind}:{min(rank, 2)}"] = 1.0
        own[f"partners:{min(len(partners), 2)}"] = 1.0
        own[f"{kind}:partners:{min(len(partners), 2)}"] = 1.0
        whose = _whose(taxonomy.organisations[name].country, named, parts)
        own[f"of:{whose}"] = 1.0
        own[f"{kind}:of:{whose}"] = 1.0
        for sentence, mark in mentions:
            own.update(dict.fromkeys(_around(reading, sentence, mark, kind), 1.0))
        out[name] = own
    return out


def _whose(country: str | None, named: Mapping[str, Candidate], parts: Roles) -> str:
    """Return what the country of an organisation is in the item."""
    if country is None:
        return "none"
    if country == parts.home:
        return "home"
    if country in parts.partners:
        return "partner"
    return "named" if country in named and named[country].mentions else "another"


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
    before, after = word_before(text, mark.start, reading.language), word_after(text, mark.end, reading.language)
    if before:
        yield f"before:{before}"
        yield f"{zone}:before:{before}"
    if after:
        yield f"after:{after}"
        if reading.language in DENSE:
            yield f"after:{after[:1]}"
    others = {m.entry.key for m in sentence.marks if m.entry.kind is Kind.ORGANISATION and m.entry.key != mark.entry.key}
    yield f"together:{min(len(others), 3)}"
    countries = {m.entry.key for m in sentence.marks if m.entry.kind in NAMING}
    yield f"countries:{min(len(countries), 3)}"


def choose(model: Binary, features: Mapping[str, Features], *, least: float) -> tuple[tuple[str, ...], dict[str, float]]:
    """Return the organisations engaged, by falling score, and every candidate's score."""
    scores = {name: model.score(own) for name, own in features.items()}
    return tuple(sorted((name for name, score in scores.items() if score >= least), key=lambda name: (-scores[name], name))), scores
