"""Folding of text, and search for any number of terms in one pass, with word edges by the rules of each script.

The rules are those of WATCHLISTS.md "Conditions"; `processors` finds countries, bodies and cues with them, `alerting` the
watchlists' terms. The automaton is ahocorasick_rs.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ahocorasick_rs import AhoCorasick

_SPACE_LIKE: Final = re.compile(r"[\s\-\u05be\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_SPACES: Final = re.compile("  +")
_PLURAL_ES: Final = ("s", "x", "z", "ch", "sh", "o")
_PLURAL_S_TOO: Final = ("ch", "o")  # fintechs, monarchs, videos; beside launches, vetoes
_LETTER_FORMS: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bb\u02bc\u02b9\u00b4`\u2032\uff07", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'),
        **dict.fromkeys("\u200c\u200d\u0640\u00ad", ""),  # joiners, tatweel, soft hyphen
        **dict.fromkeys("\u06cc\u0649\u06d2\u06d0", "\u064a"),  # Persian, Urdu and bare yeh
        **dict.fromkeys("\u06a9\u06aa", "\u0643"),  # keheh
        **dict.fromkeys("\u06c1\u06be\u06d5\u0629\u06c3", "\u0647"),  # heh goal, heh doachashmee, teh marbuta
        "\u0671": "\u0627",
        "\u0131": "i",  # Turkish dotless i
        "\u00f8": "o",
        "\u0111": "d",
        "\u0142": "l",
        "\u00e6": "ae",
        "\u0153": "oe",
    }
)
_SIGNS: Final = "\u2122\u2120"  # trade mark, service mark: NFKC makes letters of them, which would join the word before
_QUOTES: Final = {code: form for code, form in _LETTER_FORMS.items() if form in ("'", '"')}
# Marks that are accents in these scripts; in Indic and Thai text the marks are vowels and stay.
_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
)
# What may stand before a word in Arabic and Urdu: conjunction, preposition, article, alone or together (WATCHLISTS.md).
_CLITICS: Final = re.compile("[\u0648\u0641]?(?:[\u0628\u0643\u0644]?(?:\u0627\u0644)?|\u0644\u0644)")
_ARTICLE: Final = "\u0627\u0644"
_LAM: Final = "\u0644"
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


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found at [start, end) of the original text. `term` is its index in the sequence the search was built from."""

    term: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A text prepared once for any number of searches: folded copy and the way back to the original's offsets."""

    original: str
    text: str
    starts: Sequence[int]  # original offset of each folded character
    ends: Sequence[int]  # original offset past it


class _CharacterFolds(dict[str, str]):
    """What each character folds to, worked out when first met."""

    def __missing__(self, character: str) -> str:
        if "\ud800" <= character <= "\udfff":
            return "\ufffd"  # half a character: the automaton reads UTF-8, which has none
        if character in _SIGNS:
            return character
        folded = unicodedata.normalize("NFKC", character).casefold()
        if character < "\u0700" or "\u1e00" <= character <= "\u1fff":
            folded = _ACCENTS.sub("", unicodedata.normalize("NFD", folded))
        folded = _ACCENTS.sub("", folded.translate(_LETTER_FORMS))
        folded = _SPACE_LIKE.sub(" ", folded)
        if len(self) < _FOLDS_KEPT:
            self[character] = folded
        return folded


_FOLDS_KEPT: Final = 40_000
_FOLDS: Final = _CharacterFolds()


def fold(text: str) -> Folded:
    """Return the text folded for matching: NFKC, case and accents, Arabic letter forms, quotes, hyphens and white space unified."""
    folds = {character: _FOLDS[character] for character in set(text)}
    if all(len(folded) == 1 for folded in folds.values()):
        return _one_to_one(text, text.translate({ord(character): folded for character, folded in folds.items()}))
    pieces = [folds[character] for character in text]
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for offset, piece in enumerate(pieces):
        for letter in piece:
            if letter == " " and letters and letters[-1] == " ":
                ends[-1] = offset + 1
                continue
            letters.append(letter)
            starts.append(offset)
            ends.append(offset + 1)
    return Folded(text, "".join(letters), starts, ends)


def _one_to_one(text: str, folded: str) -> Folded:
    """Return the folded text where each character gave one: offsets are shifted only past runs of spaces, which become one."""
    if "  " not in folded:
        return Folded(text, folded, range(len(text)), range(1, len(text) + 1))
    starts: list[int] = []
    ends: list[int] = []
    kept = 0
    for run in _SPACES.finditer(folded):
        starts += range(kept, run.start() + 1)
        ends += range(kept + 1, run.start() + 1)
        ends.append(run.end())
        kept = run.end()
    starts += range(kept, len(folded))
    ends += range(kept + 1, len(folded) + 1)
    return Folded(text, _SPACES.sub(" ", folded), starts, ends)


class TermSearch:
    """All terms in one automaton, built once; `find` is pure and thread-safe."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = tuple(terms)
        self._exact = tuple(_written(term.text).strip() for term in terms)
        by_pattern: dict[str, list[int]] = {}
        for index, term in enumerate(self._terms):
            for pattern in _patterns(term):
                by_pattern.setdefault(pattern, []).append(index)
        self._owners = list(by_pattern.values())
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
            for index in self._owners[pattern]:
                term = self._terms[index]
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
        hits.sort(key=lambda hit: (hit.start, hit.end, hit.term))
        return hits

    def _as_written(self, index: int, original: str, first: int, last: int) -> bool:
        while last < len(original) and unicodedata.combining(original[last]):
            last += 1  # an accent that is a character of its own belongs to the last letter
        return _written(original[first:last]) == self._exact[index]


def _written(text: str) -> str:
    """Return the text as an exact term compares it: only white space, hyphens and quotes are unified, and accents composed."""
    return _SPACES.sub(" ", _SPACE_LIKE.sub(" ", unicodedata.normalize("NFC", text).translate(_QUOTES)))


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
    if not (outside.isalnum() or outside == "_" or unicodedata.category(outside).startswith("M")):
        return False
    if _EDGELESS.match(inside) or _EDGELESS.match(outside):
        return False
    if not (inside.isalnum() or unicodedata.category(inside).startswith("M")):
        return False  # a term that ends in punctuation, "C++", has its edge there
    # Latin beside Arabic is two words, without a space between them.
    return inside.isdigit() or outside.isdigit() or bool(_ARABIC.match(inside)) == bool(_ARABIC.match(outside))


def _starts_word(text: str, start: int) -> bool:
    if start == 0 or not _joined(text[start], text[start - 1]):
        return True
    if not _ARABIC.match(text[start]) and not text[start].isdigit():
        return False
    before = start
    while before > 0 and start - before <= 4 and text[before - 1] != " " and _joined(text[before], text[before - 1]):
        before -= 1
    return _CLITICS.fullmatch(text, before, start) is not None


def _ends_word(text: str, end: int) -> bool:
    return end == len(text) or not _joined(text[end - 1], text[end])
