"""The features of the label: who acts, engages whom abroad, on what, in which frame, sentence by sentence.

Names read as evidence: `title F&E&S` is a foreign actor, an engagement and the subject in the title. Zones are `title`, `lead`,
`first` (two sentences of the body) and `body`; `top` is the first three together, `all` and `share` the whole item.

F foreign actor · H home actor · A any other actor · E engagement · S subject (IT, telecom, digital) · T topic · O body · X frame
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from newswire.records import Field
from processors.countries import OFFICIALS, zone_of
from processors.reading import Mark, Reading
from processors.signs import BORROWED, PARTNER_LEAST, Judged, Signs, signs_of
from processors.taxonomy import Kind, Taxonomy

BODY_SENTENCES: Final = 40
"""Sentences of the body that are looked at: beyond them nothing decides a label."""

_STATE: Final = OFFICIALS - {"delegation", "official"}


def structure(taxonomy: Taxonomy, reading: Reading, judged: Judged) -> dict[str, float]:
    """Return the named evidence of an item: what is found where, and what stands together in one sentence."""
    seen: set[str] = set()
    times: Counter[str] = Counter()
    count = 0
    for sentence in reading.sentences:
        if sentence.number >= BODY_SENTENCES:
            continue
        signs = signs_of(taxonomy, sentence, reading, judged)
        zone = zone_of(sentence)
        count += 1
        for name in combined(signs):
            seen.add(f"{zone} {name}")
            if zone != "body":
                seen.add(f"top {name}")
            times[name] += 1
        if zone != "body":
            seen.update(f"seq {name}" for name in _sequences(signs.order))
    out = dict.fromkeys(seen, 1.0)
    for name, found in times.items():
        out[f"all {name}"] = math.log1p(found) / 2
        out[f"share {name}"] = found / count
    out.update(_whole(taxonomy, reading, judged, times))
    return out


def combined(signs: Signs) -> Iterator[str]:
    """Give the single classes of a sentence, and those that carry structure together."""
    yield from _singles(signs)
    yield from _both_sides(signs)
    yield from _foreign_officials(signs)
    yield from _with_bodies(signs)
    yield from _crossed(signs)


def _singles(signs: Signs) -> Iterator[str]:
    for letter, names in (("F", signs.foreign), ("A", signs.actors), ("E", signs.engagement), ("X", signs.frames), ("O", signs.bodies)):
        for name in names:
            yield f"{letter}:{name}"
    for name in signs.topics:
        yield f"T:{name}"
    if signs.subject:
        yield "S"
    elif signs.hint:
        yield "s"
    for name, there in (("abroad", signs.abroad), ("partner", signs.partner), ("home", signs.home)):
        if there:
            yield name


def _both_sides(signs: Signs) -> Iterator[str]:
    """Give what says that home and a country abroad, or a partner, meet in this sentence."""
    engaged = bool(signs.engagement)
    if signs.home and signs.abroad:
        yield "home&abroad"
        if engaged:
            yield "home&abroad&E"
            if signs.subject:
                yield "home&abroad&E&S"
    if signs.partner and signs.subject:
        yield "partner&S"
        if engaged:
            yield "partner&E&S"


def _foreign_officials(signs: Signs) -> Iterator[str]:
    if not signs.foreign & OFFICIALS:
        return
    official_home = bool(signs.actors & OFFICIALS)
    yield "F"
    if official_home:
        yield "F&H"
    if signs.subject:
        yield "F&S"
    if signs.engagement:
        yield "F&E"
        if signs.subject:
            yield "F&E&S"
            if official_home:
                yield "F&H&E&S"


def _with_bodies(signs: Signs) -> Iterator[str]:
    official_home = bool(signs.actors & OFFICIALS)
    for kind in signs.bodies:
        if official_home:
            yield f"O:{kind}&H"
        if signs.engagement:
            yield f"O:{kind}&E"
            if official_home:
                yield f"O:{kind}&H&E"
        if signs.subject:
            yield f"O:{kind}&S"
        for engagement in signs.engagement:
            yield f"O:{kind}&E:{engagement}"


def _crossed(signs: Signs) -> Iterator[str]:
    """Give each engagement and frame by whether the sentence looks abroad, and each frame and state actor by the subject."""
    side = "abroad" if signs.abroad else "inside"
    for engagement in signs.engagement:
        yield f"{side}&E:{engagement}"
        for name in signs.foreign:
            yield f"F:{name}&E:{engagement}"
    if signs.subject and not signs.abroad and not signs.bodies:
        yield "inside&S"
    for frame in signs.frames:
        if signs.abroad:
            yield f"abroad&X:{frame}"
        yield f"X:{frame}&S" if signs.subject else f"X:{frame}&-S"
    if signs.subject:
        for name in signs.actors & _STATE:
            yield f"A:{name}&S"


def _sequences(order: tuple[str, ...]) -> Iterator[str]:
    """Give the order of classes: neighbours in twos and threes."""
    for at in range(len(order) - 1):
        yield ">".join(order[at : at + 2])
        if at + 2 < len(order):
            yield ">".join(order[at : at + 3])


def _whole(taxonomy: Taxonomy, reading: Reading, judged: Judged, sums: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    scores = sorted(judged.roles.scores.values(), reverse=True)
    best = scores[0] if scores else 0.0
    yield "partner score", best
    if best >= PARTNER_LEAST:
        yield "has partner", 1.0
    yield "partners", math.log1p(sum(score >= PARTNER_LEAST for score in scores))
    for kind in ("body", "development", "agency", "company", "federation"):
        top = max((score for name, score in judged.organisations.items() if taxonomy.organisations[name].kind == kind), default=0.0)
        if top:
            yield f"engaged {kind}", top
    engaged = max([best, *judged.organisations.values()], default=0.0)
    yield "engaged", engaged
    subject, other = sums.get("S", 0), sums.get("X:other_subject", 0)
    yield "subject share", (subject + 0.5) / (subject + other + 1.0)
    yield "engaged on subject", engaged * (subject + 0.5) / (subject + other + 1.0)
    yield from _balance(reading)
    yield "no home" if judged.roles.home is None else "has home", 1.0
    yield f"topics:{min(len({m.entry.key for s in reading.sentences for m in s.marks if m.entry.kind is Kind.TOPIC}), 8)}", 1.0


def _balance(reading: Reading) -> Iterator[tuple[str, float]]:
    """Give how the words of the subject stand against those of other subjects, in the top and in all."""
    for part, sentences in (
        ("title", [s for s in reading.sentences if s.field is Field.TITLE]),
        ("top", [s for s in reading.sentences if zone_of(s) != "body"]),
        ("whole", reading.sentences),
    ):
        counts = Counter(_side(mark) for sentence in sentences for mark in sentence.marks)
        subject, loose, other = counts["S"], counts["s"], counts["X"]
        yield f"{part} words S", math.log1p(subject)
        yield f"{part} words s", math.log1p(loose)
        yield f"{part} words X", math.log1p(other)
        yield f"{part} balance", (subject + 0.5 * loose - other) / (subject + loose + other + 2.0)
        if not subject:
            yield f"{part} no S", 1.0
            if not loose:
                yield f"{part} no s", 1.0


def _side(mark: Mark) -> str:
    kind, key = mark.entry.kind, mark.entry.key
    if kind is Kind.TOPIC:
        return "s" if key in BORROWED else "S"
    if kind is Kind.CUE:
        return {"subject:it": "S", "subject:it_loose": "s", "frames:other_subject": "X"}.get(key, "")
    return ""
