"""Search for any number of terms in a folded text in one pass, with word edges by the rules of each script.

The rules are those of WATCHLISTS.md "Conditions"; `processors` finds countries, bodies and cues with them, `alerting` the
watchlists' terms. The automaton is ahocorasick_rs.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick

from newswire.folding import QUOTES, Folded, fold

__all__ = ["Folded", "Hit", "Term", "TermSearch", "fold"]

_SPACE_LIKE: Final = re.compile(r"[\s\-\u05be\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_SPACES: Final = re.compile("  +")
_PLURAL_ES: Final = ("s", "x", "z", "ch", "sh", "o")
_PLURAL_S_TOO: Final = ("ch", "o")  # fintechs, monarchs, videos; beside launches, vetoes
# What may stand before a word in Arabic and Urdu: conjunction, preposition, article, alone or together (WATCHLISTS.md).
_CLITICS: Final = re.compile("[\u0648\u0641]?(?:[\u0628\u0643\u0644]?(?:\u0627\u0644)?|\u0644\u0644)")
_ARTICLE: Final = "\u0627\u0644"
_LAM: Final = "\u0644"
_ZERO_WIDTH_NON_JOINER: Final = "\u200c"
# Scripts that write without spaces between words; Korean joins particles and compounds to the word.
_EDGELESS: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_ARABIC: Final = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")


@dataclass(frozen=True, slots=True)
class Term:
    """What to look for.

    `prefix` lets letters follow the last word (`licen*`); `exact` compares with the case and accents as written, on the
    unfolded text; `language` limits it to texts of that language; `plural` lets a plain English plural of the last word
    match too.
    """

    text: str
    prefix: bool = False
    exact: bool = False
    language: str | None = None
    plural: bool = False


class Hit(NamedTuple):
    """A term found at [start, end) of the original text. `term` is its index in the sequence the search was built from."""

    term: int
    start: int
    end: int


_IN_ORDER: Final = attrgetter("start", "end", "term")


class TermSearch:
    """All terms in one automaton, built once; `find` is pure and thread-safe."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = tuple(terms)
        self._exact = {index: _written(term.text).strip() for index, term in enumerate(self._terms) if term.exact}
        by_pattern: dict[str, list[int]] = {}
        for index, term in enumerate(self._terms):
            for pattern in _patterns(term):
                by_pattern.setdefault(pattern, []).append(index)
        self._owners = [[(index, self._terms[index]) for index in indexes] for indexes in by_pattern.values()]
        self._automaton = AhoCorasick(list(by_pattern)) if by_pattern else None

    def find(self, folded: Folded, language: str | None = None) -> list[Hit]:
        """Return every hit, overlapping ones included, in order of start; word edges hold by the script at each edge."""
        if self._automaton is None:
            return []
        text = folded.text
        hits: list[Hit] = []
        for pattern, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if not _starts_word(text, start):
                continue
            whole: bool | None = None
            for index, term in self._owners[pattern]:
                if term.language is not None and term.language != language:
                    continue
                if not term.prefix:
                    whole = _ends_word(text, end) if whole is None else whole
                    if not whole:
                        continue
                first, last = folded.starts[start], folded.ends[end - 1]
                if term.exact and not self._as_written(index, folded.original, first, last):
                    continue
                hits.append(Hit(index, first, last))
        hits.sort(key=_IN_ORDER)
        return hits

    def _as_written(self, index: int, original: str, first: int, last: int) -> bool:
        while last < len(original) and unicodedata.combining(original[last]):
            last += 1  # an accent that is a character of its own belongs to the last letter
        return _written(original[first:last]) == self._exact[index]


def _written(text: str) -> str:
    """Return the text as an exact term compares it: white space, hyphens, quotes and widths are unified, and accents composed."""
    return _SPACES.sub(" ", _SPACE_LIKE.sub(" ", unicodedata.normalize("NFKC", text).translate(QUOTES)))


def _patterns(term: Term) -> list[str]:
    """Return the folded spellings that stand for a term: none for a term of nothing but space."""
    pattern = fold(term.text).text.strip()
    if not pattern:
        return []
    patterns = [pattern]
    if term.text.strip().startswith(_ARTICLE) and len(pattern) > len(_ARTICLE) + 1:
        # After the preposition lam the article loses its alef, and of three lams one: للأردن, للجنة.
        noun = pattern.removeprefix(_ARTICLE)
        patterns.append(_LAM + noun if noun.startswith(_LAM) else 2 * _LAM + noun)
    if _ZERO_WIDTH_NON_JOINER in term.text:  # Persian writes می‌شود so, or with a space in its place
        patterns.append(fold(term.text.replace(_ZERO_WIDTH_NON_JOINER, " ")).text.strip())
    last = pattern.rsplit(" ", 1)[-1]
    if term.plural and not term.prefix and not term.exact and len(last) > 2 and last.isascii() and last.isalpha():
        patterns += [pattern[: len(pattern) - len(last)] + plural for plural in _plurals(last)]
    return patterns


def _plurals(word: str) -> list[str]:
    if word.endswith("y") and word[-2] not in "aeiou":
        return [word[:-1] + "ies"]
    if not word.endswith(_PLURAL_ES):
        return [word + "s"]
    return [word + "es", word + "s"] if word.endswith(_PLURAL_S_TOO) else [word + "es"]


def _joined(inside: str, outside: str) -> bool:
    """Return whether two neighbouring characters belong to one word."""
    if inside.isascii() and outside.isascii():  # the rules below, where there are neither marks nor scripts
        return inside.isalnum() and (outside.isalnum() or outside == "_")
    if not (outside.isalnum() or outside == "_" or unicodedata.category(outside).startswith("M")):
        return False
    if _EDGELESS.match(inside) or _EDGELESS.match(outside):
        return False
    if not (inside.isalnum() or unicodedata.category(inside).startswith("M")):
        return False  # a term that ends in punctuation, "C++", has its edge there
    # Latin beside Arabic is two words, without a space between them.
    return inside.isdigit() or outside.isdigit() or bool(_ARABIC.match(inside)) == bool(_ARABIC.match(outside))


_JOINERS: Final = "\u200c\u200d\u00ad\u0640"  # joiners, soft hyphen and tatweel: no letters of a word


def word_end(text: str, end: int) -> int:
    """Return where the word ends whose part ends at `end`: what was found by its beginning is shown whole. `end` itself at a word's edge."""
    while 0 < end < len(text):
        after = end
        while after < len(text) and text[after] in _JOINERS:
            after += 1
        inside = "a" if text[end - 1] == "_" else text[end - 1]  # an underscore goes on like a letter
        if after == len(text) or not _joined(inside, text[after]):
            break
        end = after + 1
    return end


def _starts_word(text: str, start: int) -> bool:
    if start == 0 or text[start - 1] == " " or not _joined(text[start], text[start - 1]):
        return True
    if not _ARABIC.match(text[start]) and not text[start].isdigit():
        return False
    before = start
    while before > 0 and start - before <= 4 and text[before - 1] != " " and _joined(text[before], text[before - 1]):
        before -= 1
    return _CLITICS.fullmatch(text, before, start) is not None


def _ends_word(text: str, end: int) -> bool:
    return end == len(text) or text[end] == " " or not _joined(text[end - 1], text[end])
