"""What a reader searches for: words, "phrases", prefix* and -word, read from one line. Pure.

Every word must be found; what begins with `-` must not. Words are folded and cut as the texts are (`newswire.search_tokens`). A word of
the Arabic script is also found behind the conjunction, preposition and article that are written together with it, as in watchlists.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from newswire.folding import fold
from newswire.search_tokens import LONGEST_WORD, Token, runs, tokens

LONGEST_QUERY: Final = 500
MOST_PARTS: Final = 24
_LEAST_PREFIX: Final = 2

_AS_TYPED: Final = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"') | {"\uff0a": "*", "\u3000": " "})
_PART: Final = re.compile(r'(?P<leave>[-\u2212\u2013\uff0d]?)(?:"(?P<phrase>[^"]*)"(?P<star>\*?)|(?P<word>[^\s"]+))')
_OPERATORS: Final = ("AND", "OR", "NOT")
_ARABIC: Final = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff]")
_BEFORE_ARABIC: Final = tuple(
    conjunction + behind
    for conjunction in ("", "\u0648", "\u0641")
    for behind in (*(p + a for p in ("", "\u0628", "\u0643", "\u0644") for a in ("", "\u0627\u0644")), "\u0644\u0644")
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand side by side; with `prefix` the last is only the beginning of one."""

    words: tuple[str, ...]
    prefix: bool = False

    def found_at(self, text: Sequence[Token], place: int) -> bool:
        """Return whether the phrase stands in the text from this place on."""
        if place + len(self.words) > len(text):
            return False
        *before, last = self.words
        if any(text[place + n].word != word for n, word in enumerate(before)):
            return False
        found = text[place + len(before)].word
        return found.startswith(last) if self.prefix else found == last


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to look for: any of its phrases is enough."""

    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """All of `wanted` must be found, at least one; none of `unwanted` may be."""

    wanted: tuple[Part, ...]
    unwanted: tuple[Part, ...]


def parse(text: str) -> Query:
    """Return what the line asks for.

    Raises:
        ValueError: it asks for nothing that can be searched; the text says what would be right.

    """
    typed = text.translate(_AS_TYPED)
    if len(typed) > LONGEST_QUERY:
        raise ValueError(f"a search of at most {LONGEST_QUERY} characters is due, not {len(typed):,}")
    if typed.count('"') % 2:
        raise ValueError('a quotation mark is missing: a phrase stands between two, as in "submarine cable"')
    wanted: list[Part] = []
    unwanted: list[Part] = []
    for found in _PART.finditer(typed):
        part = _part(found)
        if part is not None:
            (unwanted if found["leave"] else wanted).append(part)
    if len(wanted) + len(unwanted) > MOST_PARTS:
        raise ValueError(f"at most {MOST_PARTS} words and phrases can be searched for at once")
    if not wanted:
        why = "words that begin with - only leave out" if unwanted else "there is no letter or digit in it"
        raise ValueError(f"name a word to search for: {why}")
    return Query(tuple(wanted), tuple(unwanted))


def _part(found: re.Match[str]) -> Part | None:
    """Return what one word or phrase asks for, None where it holds no letter or digit."""
    quoted = found["phrase"] is not None
    written = found["phrase"] if quoted else found["word"]
    if not quoted and written in _OPERATORS:
        raise ValueError(f'{written} is no operator here: every word must be found, -word leaves out; to search for it write "{written}"')
    prefix = bool(found["star"]) or written.endswith("*")
    body = written.removesuffix("*")
    if "*" in body:
        raise ValueError(f"a * stands at the end of a word, as in licen*, not inside one: {written[:60]}")
    words, last_is_edgeless, alone = _cut(body)
    if not words:
        return None
    if prefix and not last_is_edgeless and len(words[-1]) < _LEAST_PREFIX:
        raise ValueError(f"a prefix of at least {_LEAST_PREFIX} letters is due before *, not {written[:60]}")
    # Of a script without spaces any two characters are found inside a longer word anyway; one alone is the beginning of a pair.
    phrase = Phrase(words, alone if last_is_edgeless else prefix)
    return Part(tuple(_with_what_is_joined(phrase)))


def _cut(text: str) -> tuple[tuple[str, ...], bool, bool]:
    """Return the words that stand side by side in a text where this stands; whether the last run is of a script without spaces, and of one character."""
    folded = fold(text).text
    found = list(runs(folded))
    words: list[str] = []
    for number, (edgeless, start, end) in enumerate(found):
        if not edgeless:
            words.append(folded[start : min(end, start + LONGEST_WORD)])
            continue
        words.extend(folded[at : at + 2] for at in range(start, end - 1))
        if number < len(found) - 1 or end - start == 1:
            words.append(folded[end - 1])  # the last of a run stands alone in the index, before what follows
    last = found[-1] if found else (False, 0, 0)
    return tuple(words), last[0], last[0] and last[2] - last[1] == 1


def _with_what_is_joined(phrase: Phrase) -> list[Phrase]:
    first, *rest = phrase.words
    if not _ARABIC.match(first):
        return [phrase]
    return [Phrase((before + first, *rest), phrase.prefix) for before in _BEFORE_ARABIC]


def marks(query: Query, text: str) -> list[tuple[int, int]]:
    """Return where the words searched for stand in a text, [start, end) in its characters, those that touch as one."""
    there = tokens(text)
    phrases = [phrase for part in query.wanted for phrase in part.phrases]
    whole = {phrase.words[0]: [p for p in phrases if p.words[0] == phrase.words[0]] for phrase in phrases if not _opens_with_prefix(phrase)}
    beginnings = [phrase for phrase in phrases if _opens_with_prefix(phrase)]
    found = sorted(
        (token.start, _end_of(phrase, there[place + len(phrase.words) - 1]))
        for place, token in enumerate(there)
        for phrase in (*whole.get(token.word, ()), *beginnings)
        if phrase.found_at(there, place)
    )
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _end_of(phrase: Phrase, last: Token) -> int:
    """Return where the mark ends: of a pair of characters only the first was asked for where the phrase ends with one."""
    one_of_a_pair = phrase.prefix and len(phrase.words[-1]) == 1
    return last.start + 1 if one_of_a_pair else last.end


def _opens_with_prefix(phrase: Phrase) -> bool:
    return phrase.prefix and len(phrase.words) == 1
