"""What a report offers to conditions: where each watched term stands in it, and what was understood of it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from alerting.watchlists.condition_kinds import NearWords, Word
from newswire.records import Field, Report, Span
from newswire.terms import TermSearch, fold


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
        """Return the spot with its words, as they stand in the report: whole ones, where a beginning was looked for."""
        text = self.texts[spot.field]
        end = _end_of_word(text, spot.end) if spot.end > spot.start and _goes_on(text[spot.end - 1]) else spot.end
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
    right = _Sorted(spot for one in word.right for spot in spots_of(one, facts))
    pairs: dict[Spot, None] = {}
    for here in (spot for one in word.left for spot in spots_of(one, facts)):
        for there in right.beside(here):
            if _near(here, there, word.within, facts.texts[here.field]):
                pairs.update(dict.fromkeys(sorted((here, there), key=lambda spot: spot.start)))
                break
    return list(pairs)


class _Sorted:
    """Spots by field, to be asked for those beside another one.

    Where the next one is not near, none behind it is: two are looked at, however many a text repeats.
    """

    def __init__(self, spots: Iterable[Spot]) -> None:
        self._by_start = sorted(spots)
        self._by_end = sorted((spot.field, spot.end, spot.start) for spot in self._by_start)

    def beside(self, here: Spot) -> list[Spot]:
        """Return the next spot after this one and the last before it, in the same field and without overlap, the closer first."""
        found: list[Spot] = []
        after = bisect_left(self._by_start, (here.field, here.end))
        if after < len(self._by_start) and self._by_start[after].field is here.field:
            found.append(self._by_start[after])
        before = bisect_right(self._by_end, (here.field, here.start, here.start)) - 1
        if before >= 0 and self._by_end[before][0] is here.field:
            field, end, start = self._by_end[before]
            found.append(Spot(field, start, end))
        return sorted(found, key=lambda spot: max(spot.start, here.start) - min(spot.end, here.end))


_FAR: Final = 400  # characters: more than `within` words of any language; spares counting
_LONGEST_WORD: Final = 60  # letters; of a longer run no end is looked for
# Letters with the marks of their scripts, which are no letters by themselves: Hindi vowels, Arabic vowel signs, joiners.
_LETTER: Final = r"\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff\u200c\u200d"
_WORD: Final = re.compile(f"[{_LETTER}]+(?:[.,'’][{_LETTER}]+)*")
_POSSESSIVE: Final = re.compile(f"['’][{_LETTER}]+")
_LETTERS: Final = re.compile(f"[{_LETTER}]")
_NO_SPACES: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
# A full stop ends a sentence where a new one can begin, unless an initial or a title stands before it: "U.S. tax", "Dr. Khan".
_SENTENCE_END: Final = re.compile(
    r"(?<!\b\w)(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bSt)(?<!\bNo)(?<!\bGen)(?<!\bSen)[.…][\"'”’»)\]]*\s+(?![a-z])"
    r"|[!?؟][\"'”’»)\]]*\s|[۔。！？।]|\n"
)


def _near(here: Spot, there: Spot, within: int, text: str) -> bool:
    first, second = sorted((here, there), key=lambda spot: spot.start)
    if here.field is not there.field or second.start < first.end or second.start - first.end > _FAR:
        return False
    if _SENTENCE_END.search(text, first.end, second.start):
        return False
    ends = _end_of_word(text, first.end)
    if owned := _POSSESSIVE.match(text, ends, second.start):
        ends = owned.end()
    between = text[ends : _start_of_word(text, second.start)]
    spaceless = len(_NO_SPACES.findall(between))
    # Scripts without spaces: two characters count as one word, about the mean length of a Chinese word.
    words = len(_WORD.findall(_NO_SPACES.sub(" ", between))) + spaceless // 2
    return words <= within


def _end_of_word(text: str, end: int) -> int:
    """Return where the word ends whose beginning was found: `licen*` in "licensing"."""
    furthest = min(len(text), end + _LONGEST_WORD)
    while end < furthest and _goes_on(text[end]):
        end += 1
    return end


def _start_of_word(text: str, start: int) -> int:
    """Return where the word begins that was found behind a clitic: the Arabic "and" is no word of its own."""
    furthest = max(0, start - _LONGEST_WORD)
    while start > furthest and _goes_on(text[start - 1]):
        start -= 1
    return start


def _goes_on(letter: str) -> bool:
    return _LETTERS.match(letter) is not None and _NO_SPACES.match(letter) is None
