"""The features of the label: who acts, engages whom abroad, on what, in which frame, sentence by sentence, and the words beside them.

Names read as evidence: `title F&E&S` is a foreign actor, an engagement and the subject in the title. Zones are `title`, `lead`,
`first` (two sentences of the body) and `body`; `top` is the first three together, `all` the whole item.

F foreign actor · H home actor · E engagement · S subject (IT, telecom, digital) · O body or agency · K foreign company · X frame
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from processors.countries import Roles, actors_near, zone_of
from newswire.records import Field
from processors.reading import NAMING, Mark, Reading, Sentence
from processors.taxonomy import Kind, Taxonomy

# Topics whose words are as common elsewhere ("council", "course", "licence"): beside IT words they tell which topic, alone they tell no subject.
_BORROWED: Final = frozenset({"standards_governance", "skills_training", "spectrum_licensing", "startups_innovation", "connectivity"})
_OFFICIAL: Final = frozenset(
    {"minister", "ministry", "regulator", "government", "head", "envoy", "official", "foreign_ministry", "delegation"}
)
_STATE: Final = _OFFICIAL - {"delegation", "official"}
_BODY_SENTENCES: Final = 40  # of the body, beyond which nothing decides a label
_PARTNER_LEAST: Final = 0.5
_LETTERS: Final = re.compile(r"[^\W\d_]+|\d+")
_DENSE: Final = frozenset({"zh", "ja", "ko", "th"})


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found before the label: roles of countries, scores of organisations, the topics' own features."""

    roles: Roles
    countries: frozenset[str]  # that stand, so that a player called Jordan is none
    organisations: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Signs:
    """What one sentence holds, as classes."""

    foreign: frozenset[str]  # actor classes beside a foreign country
    actors: frozenset[str]  # actor classes not beside one
    engagement: frozenset[str]
    frames: frozenset[str]
    topics: frozenset[str]
    bodies: frozenset[str]  # kinds of organisations named, companies by whose they are
    subject: bool  # words of IT, telecom or digital matters
    hint: bool  # words that are often, not always, about them
    abroad: bool
    partner: bool
    home: bool
    order: tuple[str, ...]  # all classes in the order of the text


def signs_of(taxonomy: Taxonomy, sentence: Sentence, reading: Reading, judged: Judged) -> Signs:
    """Return what a sentence holds, seen from `home`."""
    home = judged.roles.home
    foreign: set[str] = set()
    theirs: set[tuple[str, int]] = set()
    for mark in sentence.marks:
        if mark.entry.kind in NAMING and mark.entry.key != home and mark.entry.key in judged.countries:
            for actor in actors_near(sentence, mark, reading.language):
                foreign.add(actor.removeprefix("actors:"))
                theirs.add((actor, mark.start))
    groups: dict[str, set[str]] = {"actors": set(), "engagement": set(), "frames": set(), "subject": set()}
    topics: set[str] = set()
    bodies: set[str] = set()
    order: list[str] = []
    abroad = partner = at_home = False
    for mark in sentence.marks:
        kind, key = mark.entry.kind, mark.entry.key
        token = ""
        if kind in NAMING:
            if key not in judged.countries:
                continue
            if key == home:
                at_home, token = True, "H"
            else:
                abroad = True
                engaged = judged.roles.scores.get(key, 0.0) >= _PARTNER_LEAST
                partner = partner or engaged
                token = "P" if engaged else "F"
        elif kind is Kind.CUE:
            group, _, name = key.partition(":")
            groups[group].add(name)
            token = "S" if key == "subject:it" else "" if group == "subject" else name
        elif kind is Kind.TOPIC:
            topics.add(key)
            token = "" if key in _BORROWED else "S"
        elif kind is Kind.ORGANISATION:
            organisation = taxonomy.organisations[key]
            token = "O" if organisation.kind != "company" else "K"
            bodies.add("own" if organisation.country and organisation.country == home else organisation.kind)
        if token and (not order or order[-1] != token):
            order.append(token)
    return Signs(
        frozenset(foreign),
        frozenset(groups["actors"] - foreign),
        frozenset(groups["engagement"]),
        frozenset(groups["frames"]),
        frozenset(topics),
        frozenset(bodies),
        "it" in groups["subject"] or not topics <= _BORROWED,
        bool(groups["subject"] or topics),
        abroad,
        partner,
        at_home,
        tuple(order[:24]),
    )


def structure(taxonomy: Taxonomy, reading: Reading, judged: Judged) -> dict[str, float]:
    """Return the named evidence of an item: what is found where, and what stands together in one sentence."""
    out: Counter[str] = Counter()
    seen: set[str] = set()
    sums: Counter[str] = Counter()
    count = 0
    for sentence in reading.sentences:
        if sentence.number >= _BODY_SENTENCES:
            continue
        signs = signs_of(taxonomy, sentence, reading, judged)
        zone = zone_of(sentence)
        count += 1
        for name in combined(signs):
            seen.add(f"{zone} {name}")
            if zone != "body":
                seen.add(f"top {name}")
            sums[name] += 1
        if zone != "body":
            for name in _sequences(signs.order):
                seen.add(f"seq {name}")
    for name in seen:
        out[name] = 1.0
    for name, times in sums.items():
        out[f"all {name}"] = math.log1p(times) / 2
        out[f"share {name}"] = times / count
    for name, value in _whole(taxonomy, reading, judged, sums):
        out[name] = value
    return dict(out)


def combined(signs: Signs) -> Iterator[str]:
    """Give the single classes of a sentence and those that carry structure together."""
    engaged = bool(signs.engagement)
    official_foreign = bool(signs.foreign & _OFFICIAL)
    official_home = bool(signs.actors & _OFFICIAL)
    for name in signs.foreign:
        yield f"F:{name}"
    for name in signs.actors:
        yield f"A:{name}"
    for name in signs.engagement:
        yield f"E:{name}"
    for name in signs.frames:
        yield f"X:{name}"
    for name in signs.bodies:
        yield f"O:{name}"
    if signs.subject:
        yield "S"
    elif signs.hint:
        yield "s"
    if signs.abroad:
        yield "abroad"
    if signs.partner:
        yield "partner"
    if signs.home:
        yield "home"
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
    if official_foreign:
        yield "F"
        if signs.subject:
            yield "F&S"
        if engaged:
            yield "F&E"
            if signs.subject:
                yield "F&E&S"
        if official_home:
            yield "F&H"
            if engaged and signs.subject:
                yield "F&H&E&S"
    for kind in signs.bodies:
        if official_home:
            yield f"O:{kind}&H"
        if engaged:
            yield f"O:{kind}&E"
            if official_home:
                yield f"O:{kind}&H&E"
        if signs.subject:
            yield f"O:{kind}&S"
        for engagement in signs.engagement:
            yield f"O:{kind}&E:{engagement}"
    for name in signs.foreign:
        for engagement in signs.engagement:
            yield f"F:{name}&E:{engagement}"
    if signs.abroad:
        for engagement in signs.engagement:
            yield f"abroad&E:{engagement}"
        for frame in signs.frames:
            yield f"abroad&X:{frame}"
    else:
        for engagement in signs.engagement:
            yield f"inside&E:{engagement}"
        if signs.subject and not signs.bodies:
            yield "inside&S"
    for topic in signs.topics:
        yield f"T:{topic}"
    for frame in signs.frames:
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
    if best >= _PARTNER_LEAST:
        yield "has partner", 1.0
    yield "partners", math.log1p(sum(score >= _PARTNER_LEAST for score in scores))
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
        return "s" if key in _BORROWED else "S"
    if kind is Kind.CUE:
        return {"subject:it": "S", "subject:it_loose": "s", "frames:other_subject": "X"}.get(key, "")
    return ""


def words(taxonomy: Taxonomy, reading: Reading, judged: Judged) -> Counter[str]:
    """Return how often each word and pair of words stands in the item, with countries and bodies replaced by what they are."""
    out: Counter[str] = Counter()
    for sentence in reading.sentences:
        if sentence.number >= _BODY_SENTENCES:
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
            token = "@town"
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
        elif language in _DENSE and word[0] > "\u0e00":
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            yield word
