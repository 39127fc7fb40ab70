"""Which part each country plays: home, the government that the item is about; partner, a state it engages; or only mentioned.

What surrounds a country's mentions (officials, engagements, the words before and after, its place in the item) are the features of two
linear models. A name alone never makes a partner.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from newswire.records import CountryMention, Field, Role
from processors.clubs import club_features
from processors.countries import DENSE, HOMES_OF_LANGUAGES, OFFICIALS, Candidate, actors_near, word_after, word_before, zone_of
from processors.label import Binary, Features, logistic
from processors.lists import Row, row_features, rows_of
from processors.reading import NAMING, Mark, Reading, Sentence
from processors.spoken import SPOKEN_IN
from processors.taxonomy import Kind

NONE: Final = ""
"""Stands among the candidates for home for "no government"."""

ORDER: Final = "order:"
"""Begins the features that tell who acts on whom: they find home, and say nothing of who is a partner once home is known."""

LISTED: Final = 0.6
"""How much of a score comes from the other countries of the same list: they are engaged together or not at all."""

_ADJACENT: Final = 8  # characters between two countries of one list or pair: "China, India and Brazil"
_ADJACENT_DENSE: Final = 2
_DATELINE: Final = 90  # characters at the body's start in which "ISLAMABAD:" stands


@dataclass(frozen=True, slots=True)
class Roles:
    """Who is who: home, the partners by falling score, and every country's score of being a partner."""

    home: str | None
    partners: tuple[str, ...]
    scores: Mapping[str, float]


def home_features(reading: Reading, named: Mapping[str, Candidate]) -> dict[str, dict[str, float]]:
    """Return each candidate's features that do not depend on the roles of the others, and those of `NONE`: that no government acts."""
    whole = sum(len(candidate.mentions) for candidate in named.values()) or 1
    by_count = sorted(named, key=lambda code: -len(named[code].mentions))
    order = _order(reading, named)
    clubs = club_features(reading, named, ())
    out: dict[str, dict[str, float]] = {}
    for rank, (code, candidate) in enumerate(named.items()):
        own = dict(_standing(reading, candidate))
        own["share"] = len(candidate.mentions) / whole
        own[f"rank:{min(rank, 4)}"] = 1.0
        own[f"by_count:{min(by_count.index(code), 4)}"] = 1.0
        own[f"countries:{min(len(by_count), 6)}"] = 1.0
        for sentence, mark in candidate.mentions:
            own.update(dict.fromkeys(_around(reading, sentence, mark), 1.0))
        own.update(_company(candidate))
        own.update((f"{ORDER}{name}", 1.0) for name in clubs[code])
        own.update(dict.fromkeys((f"{ORDER}{name}" for name in order.get(code, ())), 1.0))
        out[code] = {name: value for name, value in own.items() if value}
    out[NONE] = dict.fromkeys(_nobody(reading), 1.0)
    return out


def _standing(reading: Reading, candidate: Candidate) -> Iterator[tuple[str, float]]:
    """Give what is known of a candidate apart from the words around it."""
    code, count = candidate.code, len(candidate.mentions)
    yield "count", math.log1p(count)
    if not count:
        yield "never named", 1.0
    if candidate.places:
        sentence, mark = candidate.places[0]
        yield "places", math.log1p(len(candidate.places))
        yield f"place:{zone_of(sentence)}", 1.0
        yield "dateline:town", float(sentence.field is Field.BODY and mark.start < _DATELINE)
    if reading.country_of_outlet == code:
        yield "outlet", 1.0
        yield ("outlet:named" if count else "outlet:not named"), 1.0
        yield "outlet:title", float(any(sentence.field is Field.TITLE for sentence, _ in candidate.mentions))
    elif reading.country_of_outlet:
        yield "outlet:other", 1.0
    if HOMES_OF_LANGUAGES.get(reading.language) == code:
        yield f"language:{'outlet' if reading.country_of_outlet else 'alone'}", 1.0
    if code in SPOKEN_IN.get(reading.language, ()):
        yield "spoken", 1.0
        yield f"spoken:{'en' if reading.language == 'en' else 'other'}", 1.0
        yield f"spoken:{'outlet' if reading.country_of_outlet else 'alone'}", 1.0
    kinds = {mark.entry.kind for _, mark in candidate.mentions}
    if len(kinds) == 1:
        yield f"only:{next(iter(kinds)).value}", 1.0


def _around(reading: Reading, sentence: Sentence, mark: Mark) -> Iterator[str]:
    """Give the features of one mention: its place, the officials beside it, the words before and after."""
    zone, kind = zone_of(sentence), mark.entry.kind.value
    yield zone
    yield f"{zone}:{kind}"
    if sentence.field is Field.BODY and mark.start < _DATELINE and mark.entry.kind is Kind.CAPITAL:
        yield "dateline"
    if mark.start - sentence.start < 3:
        yield f"{zone}:opens"
    beside = list(_words_beside(reading.text_of(sentence.field), mark, reading.language))
    for name, word in beside:
        yield f"{name}:{word}"
        if zone != "body":
            yield f"{zone}:{name}:{word}"
    for actor in actors_near(sentence, mark, reading.language):
        side = "after" if any(m.entry.key == actor and m.start >= mark.end for m in sentence.marks) else "before"
        yield f"near:{actor}"
        yield f"near:{actor}:{side}"
        yield f"{zone}:near:{actor}"
    others = {m.entry.key for m in sentence.marks if m.entry.kind in NAMING and m.entry.key != mark.entry.key}
    yield f"together:{min(len(others), 3)}"


def _order(reading: Reading, named: Mapping[str, Candidate]) -> dict[str, set[str]]:
    """Return who stands first in title, lead and first sentences, who follows, and the engagements between two: "A visits B"."""
    out: dict[str, set[str]] = {}
    for sentence in reading.sentences:
        zone = zone_of(sentence)
        if zone == "body":
            break
        marks = [
            mark for mark in sentence.marks if mark.entry.kind in NAMING and mark.entry.key in named and named[mark.entry.key].mentions
        ]
        for at, mark in enumerate(marks):
            code = mark.entry.key
            seat = "own" if code == reading.country_of_outlet else "other" if reading.country_of_outlet else "unknown"
            place = "first" if code == marks[0].entry.key else "later"
            alone = "alone" if all(other.entry.key == code for other in marks) else place
            out.setdefault(code, set()).update((f"{zone}:{place}", f"{zone}:{alone}:{seat}"))
            if at + 1 < len(marks) and marks[at + 1].entry.key != code:
                second = marks[at + 1]
                for between in sentence.marks:
                    if between.entry.kind is Kind.CUE and mark.end <= between.start and between.end <= second.start:
                        out[code].add(f"leads:{between.entry.key}")
                        out.setdefault(second.entry.key, set()).add(f"follows:{between.entry.key}")
    return out


def _company(candidate: Candidate) -> dict[str, float]:
    """Return how often each engagement, frame and subject stands in the sentences that name a country, and which do in the top."""
    counts: dict[str, float] = {}
    top: dict[str, float] = {}
    for sentence, _ in candidate.mentions:
        zone = zone_of(sentence)
        for key in {m.entry.key for m in sentence.marks if m.entry.kind is Kind.CUE and not m.entry.key.startswith("actors:")}:
            counts[f"with:{key}"] = counts.get(f"with:{key}", 0.0) + 1.0
            if zone != "body":
                top[f"{zone}:with:{key}"] = 1.0
    return {**{name: math.log1p(times) for name, times in counts.items()}, **top}


def _nobody(reading: Reading) -> Iterator[str]:
    yield "none"
    yield f"none:outlet:{'known' if reading.country_of_outlet else 'unknown'}"
    named = {mark.entry.key for sentence in reading.sentences for mark in sentence.marks if mark.entry.kind in NAMING}
    yield f"none:countries:{min(len(named), 3)}"
    if reading.country_of_outlet:
        yield f"none:outlet:{'named' if reading.country_of_outlet in named else 'not named'}"
    for sentence in reading.sentences:
        zone = zone_of(sentence)
        if zone != "body":
            for mark in sentence.marks:
                if mark.entry.kind is Kind.CUE:
                    yield f"none:{mark.entry.key}"
                    yield f"none:{zone}:{mark.entry.key}"
                elif mark.entry.kind is Kind.ORGANISATION and mark.entry.key == "EU":
                    yield f"none:{zone}:EU"


def _words_beside(text: str, mark: Mark, language: str) -> Iterator[tuple[str, str]]:
    before, after = word_before(text, mark.start, language), word_after(text, mark.end, language)
    if before:
        yield "before", before
    if after:
        yield "after", after
        if language in DENSE:
            yield "after", after[:1]


def choose_home(model: Binary, features: Mapping[str, Features]) -> str | None:
    """Return the candidate that is most likely the government the item is about, None where that is nobody."""
    best = max(features, key=lambda code: (model.margin(features[code]), code), default=NONE)
    return best or None


def partner_features(
    reading: Reading, named: Mapping[str, Candidate], features: Mapping[str, Features], home: str | None, rows: Sequence[Row]
) -> dict[str, dict[str, float]]:
    """Return the features of the countries named but home, with what they have to do with home and with each other."""
    abroad = [code for code, candidate in named.items() if code != home and candidate.mentions]
    home_sentences = {id(sentence) for sentence, _ in named[home].mentions} if home is not None and home in named else set()
    top = max((len(named[code].mentions) for code in abroad), default=1)
    listed = row_features(reading, rows, home)
    clubs = club_features(reading, named, [row.codes for row in rows])
    out = {}
    for code in abroad:
        count = len(named[code].mentions)
        own = {**{name: value for name, value in features[code].items() if not name.startswith(ORDER)}, **listed.get(code, {})}
        own.update(dict.fromkeys(clubs[code], 1.0))
        own["home:none" if home is None else "home:known"] = 1.0
        own["top" if count == top else "not top"] = 1.0
        own["of top"] = count / top
        own[f"abroad:{min(len(abroad), 5)}"] = 1.0
        for sentence, mark in named[code].mentions:
            own.update(dict.fromkeys(_neighbours(reading, sentence, mark, home), 1.0))
            own.update(dict.fromkeys(_engaged(sentence, actors_near(sentence, mark, reading.language)), 1.0))
            if id(sentence) in home_sentences:
                own.update(dict.fromkeys(_with_home(sentence), 1.0))
        out[code] = own
    return out


def _neighbours(reading: Reading, sentence: Sentence, mark: Mark, home: str | None) -> Iterator[str]:
    gap = _ADJACENT_DENSE if reading.language in DENSE else _ADJACENT
    for other in sentence.marks:
        if other.entry.kind not in NAMING or other.entry.key == mark.entry.key:
            continue
        if max(other.start - mark.end, mark.start - other.end) <= gap:
            who = "home" if other.entry.key == home else "another"
            yield f"beside {who}"
            yield f"{zone_of(sentence)}:beside {who}"


def _engaged(sentence: Sentence, actors: Sequence[str]) -> Iterator[str]:
    zone = zone_of(sentence)
    engaged = any(mark.entry.key.startswith("engagement:") for mark in sentence.marks)
    subject = any(mark.entry.kind is Kind.TOPIC or mark.entry.key.startswith("subject:") for mark in sentence.marks)
    if any(actor.removeprefix("actors:") in OFFICIALS for actor in actors):
        yield f"{zone}:official"
        if engaged:
            yield "official&E"
            yield f"{zone}:official&E"
    if engaged and subject:
        yield "E&S"
        yield f"{zone}:E&S"


def _with_home(sentence: Sentence) -> Iterator[str]:
    zone = zone_of(sentence)
    yield "home:together"
    yield f"home:{zone}"
    for mark in sentence.marks:
        if mark.entry.kind is Kind.CUE and mark.entry.key.startswith("engagement:"):
            yield f"home:{mark.entry.key}"
            yield f"home:{zone}:E"


def choose_partners(
    model: Binary, features: Mapping[str, Features], home: str | None, groups: Iterable[frozenset[str]], *, least: float
) -> Roles:
    """Return the roles: every country whose score of being engaged is at least `least` is a partner.

    The countries of one group, which are those of one list, share a part of their scores.
    """
    margins = {code: model.margin(own) for code, own in features.items()}
    for group in groups:
        members = sorted(group & margins.keys())
        if len(members) > 1:
            mean = sum(margins[code] for code in members) / len(members)
            margins.update({code: (1.0 - LISTED) * margins[code] + LISTED * mean for code in members})
    return roles_by(home, {code: logistic(margin) for code, margin in margins.items()}, least=least)


def roles_by(home: str | None, scores: Mapping[str, float], *, least: float) -> Roles:
    """Return the roles that the scores of being engaged give: a country of at least `least` is a partner."""
    partners = sorted((code for code, score in scores.items() if score >= least), key=lambda code: (-scores[code], code))
    return Roles(home, tuple(partners), scores)


def judge_roles(home: Binary, partner: Binary, reading: Reading, named: Mapping[str, Candidate], *, least: float) -> Roles:
    """Return who is who in an item, by the two models."""
    own = home_features(reading, named)
    chosen = choose_home(home, own)
    rows = rows_of(reading, named)
    return choose_partners(partner, partner_features(reading, named, own, chosen, rows), chosen, [row.codes for row in rows], least=least)


def mentions(reading: Reading, named: Mapping[str, Candidate], roles: Roles) -> tuple[CountryMention, ...]:
    """Return each country named once, with its role and the first words that named it."""
    partners = set(roles.partners)
    out = []
    for code, candidate in named.items():
        if not candidate.mentions:
            continue
        role = Role.HOME if code == roles.home else Role.PARTNER if code in partners else Role.MENTIONED
        sentence, mark = candidate.mentions[0]
        out.append(CountryMention(code, role, reading.span(sentence, mark.start, mark.end)))
    return tuple(out)
