"""What one sentence holds, as classes: actors and whose they are, engagement, subject, frames, bodies, in the order of the text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from processors.countries import actors_near
from processors.reading import NAMING, Mark, Reading, Sentence
from processors.roles import Roles
from processors.taxonomy import Kind, Taxonomy

PARTNER_LEAST: Final = 0.5
BORROWED: Final = frozenset({"standards_governance", "skills_training", "spectrum_licensing", "startups_innovation", "connectivity"})
"""Topics whose words are as common elsewhere ("council", "course", "licence"): beside IT words they tell which topic, alone no subject."""

_ORDER_KEPT: Final = 24


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
    """Return what a sentence holds, seen from home."""
    home = judged.roles.home
    standing = [mark for mark in sentence.marks if mark.entry.kind in NAMING and mark.entry.key in judged.countries]
    away = [mark for mark in standing if mark.entry.key != home]
    foreign = {actor.removeprefix("actors:") for mark in away for actor in actors_near(sentence, mark, reading.language)}
    groups: dict[str, set[str]] = {"actors": set(), "engagement": set(), "frames": set(), "subject": set()}
    for mark in sentence.marks:
        if mark.entry.kind is Kind.CUE:
            group, _, name = mark.entry.key.partition(":")
            groups[group].add(name)
    topics = frozenset(mark.entry.key for mark in sentence.marks if mark.entry.kind is Kind.TOPIC)
    return Signs(
        foreign=frozenset(foreign),
        actors=frozenset(groups["actors"] - foreign),
        engagement=frozenset(groups["engagement"]),
        frames=frozenset(groups["frames"]),
        topics=topics,
        bodies=frozenset(_bodies(taxonomy, sentence, home)),
        subject="it" in groups["subject"] or not topics <= BORROWED,
        hint=bool(groups["subject"] or topics),
        abroad=bool(away),
        partner=any(_is_partner(judged, mark) for mark in away),
        home=len(standing) > len(away),
        order=_order(taxonomy, sentence, judged),
    )


def _is_partner(judged: Judged, mark: Mark) -> bool:
    return judged.roles.scores.get(mark.entry.key, 0.0) >= PARTNER_LEAST


def _bodies(taxonomy: Taxonomy, sentence: Sentence, home: str | None) -> Iterator[str]:
    for mark in sentence.marks:
        if mark.entry.kind is Kind.ORGANISATION:
            organisation = taxonomy.organisations[mark.entry.key]
            yield "own" if organisation.country and organisation.country == home else organisation.kind


def _order(taxonomy: Taxonomy, sentence: Sentence, judged: Judged) -> tuple[str, ...]:
    order: list[str] = []
    for mark in sentence.marks:
        sign = _sign(taxonomy, mark, judged)
        if sign and (not order or order[-1] != sign):
            order.append(sign)
    return tuple(order[:_ORDER_KEPT])


def _sign(taxonomy: Taxonomy, mark: Mark, judged: Judged) -> str:
    """Return the class of a mark in one word: H home, P partner, F another country, O body, K company, S subject, else the cue's name."""
    kind, key = mark.entry.kind, mark.entry.key
    if kind in NAMING:
        if key not in judged.countries:
            return ""
        return "H" if key == judged.roles.home else "P" if _is_partner(judged, mark) else "F"
    if kind is Kind.ORGANISATION:
        return "K" if taxonomy.organisations[key].kind == "company" else "O"
    if kind is Kind.TOPIC:
        return "" if key in BORROWED else "S"
    if kind is Kind.CUE:
        group, _, name = key.partition(":")
        return ("S" if name == "it" else "") if group == "subject" else name
    return ""
