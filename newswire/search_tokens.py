"""Texts as the words that they are searched by, alike on every database: folded, cut by the rules of each script.

Scripts that write without spaces (Chinese, Japanese, Korean, Thai) are cut into pairs of neighbouring characters, and the last character
of a run stands alone after them: `网络安全` gives 网络 络安 安全 全. So two characters or more are found as a phrase of pairs wherever they
stand, and one alone as the beginning of a pair. Pure.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from operator import add
from typing import Final, NamedTuple

from newswire.folding import fold

LONGEST_WORD: Final = 64  # characters; a longer one is known by its beginning
WORDS_A_TEXT: Final = 16_000  # PostgreSQL counts places up to 16,383
CHARACTERS_A_TEXT: Final = 200_000
BETWEEN_FIELDS: Final = "\ue000"
"""Stands where one field ends, so that no phrase reaches into the next; no text gives it as a word."""

# As in `newswire.terms`; there a look at one character, here a run of them.
EDGELESS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)


class Token(NamedTuple):
    """A word as it is indexed, and where it stands in the original text."""

    word: str
    start: int
    end: int


_EDGELESS: Final = re.compile(f"[{EDGELESS}]+")


@cache
def _words() -> re.Pattern[str]:
    """Return what finds the next run of letters, digits and their marks, of any script; `_` is none of them to us, and is taken out before."""
    marks = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)).startswith("M"))
    return re.compile(f"[\\w{marks}]+")


def runs(folded: str) -> Iterator[tuple[bool, int, int]]:
    """Yield the runs of a folded text: whether its script is one without spaces, and where it stands."""
    edgeless = _EDGELESS.search(folded) is not None
    for found in _words().finditer(folded.replace("_", " ")):
        start, end = found.span()
        if edgeless:
            for run in _EDGELESS.finditer(folded, start, end):
                if start < run.start():
                    yield False, start, run.start()
                yield True, run.start(), run.end()
                start = run.end()
        if start < end:
            yield False, start, end


def tokens(text: str) -> list[Token]:
    """Return the words of a text in their order, at most `WORDS_A_TEXT`."""
    folded = fold(text[:CHARACTERS_A_TEXT])
    starts, ends = folded.starts, folded.ends
    found: list[Token] = []
    for edgeless, start, end in runs(folded.text):
        if edgeless:
            for at in range(start, end):
                past = min(at + 2, end)
                found.append(Token(folded.text[at:past], starts[at], ends[past - 1]))
        else:
            found.append(Token(folded.text[start : min(end, start + LONGEST_WORD)], starts[start], ends[end - 1]))
        if len(found) >= WORDS_A_TEXT:
            break
    return found[:WORDS_A_TEXT]


def words_of(fields: Iterable[str]) -> list[str]:
    """Return the words of a text's fields, with `BETWEEN_FIELDS` between them, at most `WORDS_A_TEXT` in all."""
    found: list[str] = []
    for field in fields:
        if found:
            found.append(BETWEEN_FIELDS)
        found.extend(_words_in(field))
    return found[:WORDS_A_TEXT]


def _words_in(text: str) -> list[str]:
    """Return the words of `tokens` without their places, several times as quick."""
    folded = fold(text[:CHARACTERS_A_TEXT]).text
    if _EDGELESS.search(folded) is None:
        return [word if len(word) <= LONGEST_WORD else word[:LONGEST_WORD] for word in _words().findall(folded.replace("_", " "))]
    found: list[str] = []
    for edgeless, start, end in runs(folded):
        run = folded[start:end]
        if edgeless:
            found.extend(map(add, run, run[1:]))
            found.append(run[-1])
        else:
            found.append(run[:LONGEST_WORD])
        if len(found) >= WORDS_A_TEXT:
            break
    return found[:WORDS_A_TEXT]
