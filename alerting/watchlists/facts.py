"""What a report offers to conditions: where each watched term stands in it, and what was understood of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from alerting.watchlists.condition_kinds import NearWords, Word
from newswire.records import Field, Report, Span
from newswire.terms import TermSearch, fold, word_end


class Spot(NamedTuple):
    """A stretch of one field in which a term was found."""

    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Facts:
    """One report, prepared once for all watchlists."""

    report: Report
    texts: Mapping[Field, str]
    spots: Mapping[int, list[Spot]]  # by the term's index in the search
    understood: Mapping[str, tuple[str, ...]]  # by key of `when`

    def span(self, spot: Spot) -> Span:
        """Return the spot with its words, as they stand in the report: `licensing`, whole, where `licen*` was found."""
        text = self.texts[spot.field]
        end = word_end(text, spot.end)
        return Span(spot.field, spot.start, end, text[spot.start : end])


def facts_of(search: TermSearch, report: Report) -> Facts:
    """Return what the report offers."""
    texts = {Field.TITLE: report.item.title, Field.LEAD: report.item.summary, Field.BODY: report.text}
    spots: dict[int, list[Spot]] = {}
    for field, text in texts.items():
        if not text:
            continue
        for hit in search.find(fold(text), report.language):
            spots.setdefault(hit.term, []).append(Spot(field, hit.start, hit.end))
    home = (report.home,) if report.home else ()
    named = dict.fromkeys([*(mention.code for mention in report.countries), *report.partners, *home])
    understood = {
        "partners": report.partners,
        "countries": tuple(named),
        "home": home,
        "organisations": report.organisations,
        "people": report.people,
        "topics": report.topics,
    }
    return Facts(report, texts, spots, understood)


def spots_of(word: Word | NearWords, facts: Facts) -> list[Spot]:
    """Return where the word stands, in order of title, lead and body; for words near each other, both of each pair."""
    if isinstance(word, Word):
        spots = facts.spots.get(word.index, [])
        return spots if word.field is None else [spot for spot in spots if spot.field is word.field]
    right = [spot for one in word.right for spot in spots_of(one, facts)]
    pairs: dict[Spot, None] = {}
    for here in (spot for one in word.left for spot in spots_of(one, facts)):
        for there in right:
            if _near(here, there, word.within, facts.texts[here.field]):
                pairs.update(dict.fromkeys(sorted((here, there), key=lambda spot: spot.start)))
                break
    return list(pairs)


_FAR: Final = 400  # characters: more than `within` words of any language; spares counting
_NO_SPACES: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_WORD: Final = re.compile(
    r"[^\s\-\u05be\u2010-\u2015\u2212,;:!?/()\[\]\"“”„«»،؛؟、，；：।॥۔。｡！？\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+"
)
_STOP: Final = re.compile(r"(?P<mark>[.…!?]+)[\"'”’»)\]]*(?=\s)[^\S\n]*+|[۔؟。｡！？।॥።\n]")
_WORD_BEFORE: Final = re.compile(r"[^\s.\-(\"'“‘«/]*\Z")
_LONGEST: Final = 10  # characters looked back at, more than any abbreviation has
_ABBREVIATIONS: Final = {
    "Dr", "Mr", "Ms", "Mrs", "St", "No", "Gen", "Sen", "Rep", "Gov", "Prof", "Lt", "Col", "Maj", "Capt", "Adm", "Brig",
    "Amb", "Hon", "Jr", "Sr", "Inc", "Ltd", "Co", "Corp", "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept",
    "Oct", "Nov", "Dec", "Art", "vs", "им", "проф", "млн", "млрд", "тыс", "руб",
}  # fmt: skip


def _near(here: Spot, there: Spot, within: int, text: str) -> bool:
    first, second = sorted((here, there), key=lambda spot: spot.start)
    if here.field is not there.field or second.start < first.end or second.start - first.end > _FAR:
        return False
    if any(_ends_sentence(stop, text) for stop in _STOP.finditer(text, first.end, second.start)):
        return False
    return _words_between(first.end, second.start, text) <= within


def _ends_sentence(stop: re.Match[str], text: str) -> bool:
    """Return whether a new sentence can begin after the stop: not in small letters, nor after "U.S.", "J." or "Dr."."""
    if stop["mark"] is None:
        return True
    if text[stop.end() : stop.end() + 1].islower():
        return False
    before = _WORD_BEFORE.search(text, max(0, stop.start() - _LONGEST), stop.start())
    word = before[0] if before else ""
    return stop["mark"] != "." or not (word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha()))


def _words_between(start: int, end: int, text: str) -> int:
    """Return how many words stand wholly between two spots: the rest of a prefixed word, or a clitic, is part of the term's own."""
    words = sum(
        any(map(str.isalnum, word[0]))
        for word in _WORD.finditer(text, start, end)
        if not (word.start() == start and _WORD.match(text, start - 1)) and not (word.end() == end and _WORD.match(text, end))
    )
    # Scripts without spaces: two characters count as one word, about the mean length of a Chinese word.
    return words + len(_NO_SPACES.findall(text, start, end)) // 2
