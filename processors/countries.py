"""Which countries an item names, and in which role: home, partner or mentioned.

Each country named is a candidate; what surrounds its mentions (officials, engagements, the words before and after, its place
in the item) are the features of two linear models, one for home and one for partner. A name alone never makes a partner.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from newswire.records import CountryMention, Field, Role
from newswire.terms import fold
from processors.label import Binary, Features
from processors.reading import NAMING, Mark, Reading, Sentence
from processors.taxonomy import Kind, Taxonomy

HOMES_OF_LANGUAGES: Final = {
    "ur": "PK",
    "ko": "KR",
    "ja": "JP",
    "tr": "TR",
    "fa": "IR",
    "hi": "IN",
    "bn": "BD",
    "id": "ID",
    "ms": "MY",
    "zh": "CN",
    "th": "TH",
    "vi": "VN",
    "uk": "UA",
    "kk": "KZ",
    "az": "AZ",
    "ky": "KG",
    "pl": "PL",
    "it": "IT",
}
NONE: Final = ""
"""Stands among the candidates for home for "no government"."""

# How far an official may stand from the adjective that tells whose he is, in characters, by whether the script writes spaces.
_NEAR: Final = 28
_NEAR_DENSE: Final = 8
_DENSE: Final = frozenset({"zh", "ja", "ko", "th"})
_WORD_BEFORE: Final = re.compile(r"([^\W\d_]+)['’]?[\s\-–—(«\"“]*$")
_WORD_AFTER: Final = re.compile(r"^['’]?[\s\-–—]*([^\W\d_]+)")
_ADJACENT: Final = 8  # characters between two countries of one list or pair: "China, India and Brazil"
_ADJACENT_DENSE: Final = 2
_OFFICIAL: Final = frozenset(
    {"minister", "ministry", "regulator", "government", "head", "envoy", "official", "foreign_ministry", "delegation"}
)
_DATELINE: Final = 90  # characters at the body's start in which "ISLAMABAD:" stands
_SURNAME_AFTER: Final = re.compile(r"^\s+[A-Z][a-z]+")
_GIVEN_BEFORE: Final = re.compile(r"(?:^|[.,;]\s|\s)([A-Z][a-z]+)\s+$")


@dataclass
class Candidate:
    """A country that the item may be about: its mentions in order, and the mentions of its towns and institutions."""

    code: str
    mentions: list[tuple[Sentence, Mark]] = field(default_factory=list)
    places: list[tuple[Sentence, Mark]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Roles:
    """Who is who: home, the partners by falling score, and every country's score of being a partner."""

    home: str | None
    partners: tuple[str, ...]
    scores: Mapping[str, float]


def candidates(taxonomy: Taxonomy, reading: Reading) -> dict[str, Candidate]:
    """Return the countries named, in order of their first mention, without names that stand for something else here.

    Countries that only a town, the outlet or the language points to follow them: they can be home, never partners.
    """
    found: dict[str, Candidate] = {}
    for sentence in reading.sentences:
        for mark in sentence.marks:
            if mark.entry.kind in NAMING:
                found.setdefault(mark.entry.key, Candidate(mark.entry.key)).mentions.append((sentence, mark))
    for code in list(found):
        if not _stands(taxonomy, reading, found[code]):
            del found[code]
    for sentence in reading.sentences:
        for mark in sentence.marks:
            if mark.entry.kind is Kind.CITY:
                found.setdefault(mark.entry.key, Candidate(mark.entry.key)).places.append((sentence, mark))
    for code in (reading.country_of_outlet, HOMES_OF_LANGUAGES.get(reading.language)):
        if code:
            found.setdefault(code, Candidate(code))
    return found


def _stands(taxonomy: Taxonomy, reading: Reading, candidate: Candidate) -> bool:
    """Return whether a country is meant: a doubtful name (Jordan, Georgia, Chad, Turkey) needs company of its own."""
    sure = doubtful_used = 0
    for sentence, mark in candidate.mentions:
        text = reading.text_of(sentence.field)
        if taxonomy.doubtful.get(fold(text[mark.start : mark.end]).text) != candidate.code:
            sure += 1
            continue
        doubtful_used += 1
        before, after = text[max(0, mark.start - 24) : mark.start], text[mark.end : mark.end + 24]
        is_person = bool(_SURNAME_AFTER.match(after)) and not _official_near(sentence, mark, reading.language)
        given = _GIVEN_BEFORE.search(before)
        if not is_person and not (given and sentence.field is Field.BODY and sentence.start < mark.start - len(given.group())):
            sure += 0.5  # type: ignore[assignment]
    if reading.country_of_outlet == candidate.code or not doubtful_used:
        return True
    guarded = any(phrase_found for phrase_found in _guards(taxonomy, reading, candidate.code))
    return sure >= 1 and not guarded


def _guards(taxonomy: Taxonomy, reading: Reading, code: str) -> Iterator[bool]:
    text = fold(f"{reading.title}\n{reading.lead}\n{reading.body[:4000]}")
    for hit in taxonomy.search.find(text, None):
        entry = taxonomy.entries[hit.term]
        if entry.kind is Kind.NEVER and entry.key == code:
            yield True


def _official_near(sentence: Sentence, mark: Mark, language: str) -> bool:
    return any(kind.startswith("actors:") for kind in actors_near(sentence, mark, language))


def actors_near(sentence: Sentence, mark: Mark, language: str) -> list[str]:
    """Return the actor classes that stand beside a mention, with no other country between: "Chinese ambassador", "minister of Chad"."""
    reach = _NEAR_DENSE if language in _DENSE else _NEAR
    near = []
    for other in sentence.marks:
        if other.entry.kind is not Kind.CUE or not other.entry.key.startswith("actors:"):
            continue
        low, high = (mark.end, other.start) if other.start >= mark.end else (other.end, mark.start)
        if high - low > reach:
            continue
        if any(
            between.entry.kind in NAMING and between.entry.key != mark.entry.key and low <= between.start and between.end <= high
            for between in sentence.marks
        ):
            continue
        near.append(other.entry.key)
    return near


def features_of(reading: Reading, named: Mapping[str, Candidate]) -> dict[str, dict[str, float]]:
    """Return each candidate's features that do not depend on the roles of the others, and those of `NONE`: that no government acts."""
    whole = sum(len(candidate.mentions) for candidate in named.values()) or 1
    by_count = sorted(named, key=lambda code: -len(named[code].mentions))
    out = {code: _features(reading, named[code], rank, whole, by_count) for rank, code in enumerate(named)}
    out[NONE] = {"none": 1.0}
    for sentence in reading.sentences:
        zone = zone_of(sentence)
        if zone != "body":
            for mark in sentence.marks:
                if mark.entry.kind is Kind.CUE:
                    out[NONE][f"none:{mark.entry.key}"] = 1.0
                    out[NONE][f"none:{zone}:{mark.entry.key}"] = 1.0
    return out


def _features(reading: Reading, candidate: Candidate, rank: int, whole: int, by_count: list[str]) -> dict[str, float]:
    out: dict[str, float] = {}
    code, language = candidate.code, reading.language
    count = len(candidate.mentions)
    out["count"] = math.log1p(count)
    if not count:
        out["never named"] = 1.0
    if candidate.places:
        out["places"] = math.log1p(len(candidate.places))
        sentence, mark = candidate.places[0]
        out[f"place:{zone_of(sentence)}"] = 1.0
        if sentence.field is Field.BODY and mark.start < _DATELINE:
            out["dateline:town"] = 1.0
    out["share"] = count / whole
    out[f"rank:{min(rank, 4)}"] = 1.0
    out[f"by_count:{min(by_count.index(code), 4)}"] = 1.0
    out[f"countries:{min(len(by_count), 6)}"] = 1.0
    if reading.country_of_outlet == code:
        out["outlet"] = 1.0
        out["outlet:named" if count else "outlet:not named"] = 1.0
        if any(sentence.field is Field.TITLE for sentence, _ in candidate.mentions):
            out["outlet:title"] = 1.0
    elif reading.country_of_outlet:
        out["outlet:other"] = 1.0
    if HOMES_OF_LANGUAGES.get(language) == code:
        out[f"language:{'outlet' if reading.country_of_outlet else 'alone'}"] = 1.0
    kinds: Counter[str] = Counter()
    for sentence, mark in candidate.mentions:
        zone = zone_of(sentence)
        kind = mark.entry.kind.value
        kinds[kind] += 1
        out[f"{zone}"] = 1.0
        out[f"{zone}:{kind}"] = 1.0
        text = reading.text_of(sentence.field)
        if sentence.field is Field.BODY and mark.start < _DATELINE and kind == "capital":
            out["dateline"] = 1.0
        if mark.start - sentence.start < 3:
            out[f"{zone}:opens"] = 1.0
        for actor in actors_near(sentence, mark, language):
            side = "after" if any(m.entry.key == actor and m.start >= mark.end for m in sentence.marks) else "before"
            out[f"near:{actor}"] = 1.0
            out[f"near:{actor}:{side}"] = 1.0
            out[f"near:{actor}:{side}:{kind}"] = 1.0
            out[f"{zone}:near:{actor}"] = 1.0
        present = {other.entry.key for other in sentence.marks if other.entry.kind is Kind.CUE}
        for key in present:
            if not key.startswith("actors:"):
                out[f"with:{key}"] = out.get(f"with:{key}", 0.0) + 1.0
                if zone != "body":
                    out[f"{zone}:with:{key}"] = 1.0
        others = {m.entry.key for m in sentence.marks if m.entry.kind in NAMING and m.entry.key != code}
        out[f"together:{min(len(others), 3)}"] = 1.0
        beside = list(_words_beside(text, mark, language))
        for name, word in beside:
            out[f"{name}:{word}"] = 1.0
            if zone != "body":
                out[f"{zone}:{name}:{word}"] = 1.0
        for actor in actors_near(sentence, mark, language):
            for name, word in beside:
                out[f"near:{actor}:{name}:{word}"] = 1.0
    for kind in kinds:
        out[f"only:{kind}"] = 1.0 if len(kinds) == 1 else 0.0
    for key in [name for name in out if name.startswith("with:")]:
        out[key] = math.log1p(out[key])
    return {name: value for name, value in out.items() if value}


def zone_of(sentence: Sentence) -> str:
    """Return `title`, `lead`, `first` (the body's two first sentences) or `body`."""
    if sentence.field is Field.BODY:
        return "first" if sentence.number < 2 else "body"
    return sentence.field.value


def _words_beside(text: str, mark: Mark, language: str) -> Iterator[tuple[str, str]]:
    if language in _DENSE:
        if mark.start:
            yield "before", text[mark.start - 1 : mark.start]
        after = text[mark.end : mark.end + 2].strip()
        if after:
            yield "after", after[:1]
            yield "after", after
        return
    before = _WORD_BEFORE.search(text[max(0, mark.start - 30) : mark.start])
    if before:
        yield "before", before.group(1).casefold()[:12]
    after_word = _WORD_AFTER.match(text[mark.end : mark.end + 30])
    if after_word:
        yield "after", after_word.group(1).casefold()[:12]


def choose_home(model: Binary, features: Mapping[str, Features]) -> str | None:
    """Return the candidate that is most likely the government the item is about, None where that is nobody."""
    best = max(features, key=lambda code: (model.margin(features[code]), code), default=NONE)
    return best or None


def partner_features(
    reading: Reading, named: Mapping[str, Candidate], features: Mapping[str, Features], home: str | None
) -> dict[str, dict[str, float]]:
    """Return the features of the countries named but home, with what they have to do with home and with each other."""
    abroad = [code for code, candidate in named.items() if code != home and candidate.mentions]
    homes = {id(sentence): mark for sentence, mark in named[home].mentions} if home in named else {}  # type: ignore[index]
    top = max((len(named[code].mentions) for code in abroad), default=1)
    return {code: {**features[code], **dict(_beside_home(reading, named[code], home, homes, len(abroad), top))} for code in abroad}


def _beside_home(
    reading: Reading, candidate: Candidate, home: str | None, homes: Mapping[int, Mark], abroad: int, top: int
) -> Iterator[tuple[str, float]]:
    yield ("home:none" if home is None else "home:known"), 1.0
    yield ("top" if len(candidate.mentions) == top else "not top"), 1.0
    yield "of top", len(candidate.mentions) / top
    yield f"abroad:{min(abroad, 5)}", 1.0
    seen: set[str] = set()
    gap = _ADJACENT_DENSE if reading.language in _DENSE else _ADJACENT
    for sentence, mark in candidate.mentions:
        zone = zone_of(sentence)
        for other in sentence.marks:
            if other.entry.kind not in NAMING or other.entry.key == candidate.code:
                continue
            if max(other.start - mark.end, mark.start - other.end) <= gap:
                who = "home" if other.entry.key == home else "another"
                seen.update((f"beside {who}", f"{zone}:beside {who}"))
        if id(sentence) in homes:
            seen.update(("home:together", f"home:{zone}"))
            for other in sentence.marks:
                if other.entry.kind is Kind.CUE and other.entry.key.startswith("engagement:"):
                    seen.update((f"home:{other.entry.key}", f"home:{zone}:E"))
        official = any(actor.removeprefix("actors:") in _OFFICIAL for actor in actors_near(sentence, mark, reading.language))
        engaged = any(other.entry.key.startswith("engagement:") for other in sentence.marks)
        subject = any(other.entry.kind is Kind.TOPIC or other.entry.key.startswith("subject:") for other in sentence.marks)
        if official:
            seen.add(f"{zone}:official")
            if engaged:
                seen.update(("official&E", f"{zone}:official&E"))
        if engaged and subject:
            seen.update(("E&S", f"{zone}:E&S"))
    for name in seen:
        yield name, 1.0


def choose_partners(model: Binary, features: Mapping[str, Features], home: str | None, *, least: float) -> Roles:
    """Return the roles: every country whose score of being engaged is at least `least` is a partner."""
    scores = {code: model.score(own) for code, own in features.items()}
    partners = sorted((code for code, score in scores.items() if score >= least), key=lambda code: (-scores[code], code))
    return Roles(home, tuple(partners), scores)


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


def sentences_by_country(named: Mapping[str, Candidate]) -> dict[str, list[Sentence]]:
    """Return the sentences in which each country is named, in order, each once."""
    out: dict[str, list[Sentence]] = defaultdict(list)
    for code, candidate in named.items():
        for sentence, _ in candidate.mentions:
            if not out[code] or out[code][-1] is not sentence:
                out[code].append(sentence)
    return out
