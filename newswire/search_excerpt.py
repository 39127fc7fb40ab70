"""The stretch of a text that shows best why a search found it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LENGTH: Final = 220  # characters: two lines of a terminal
_BEFORE: Final = 60
_MARKS_LOOKED_AT: Final = 200
_BREAK: Final = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a text on one line, with the words found at [start, end) of it."""

    text: str
    marks: tuple[tuple[int, int], ...]


def excerpt(text: str, marks: Sequence[tuple[int, int]], length: int = LENGTH) -> Excerpt:
    """Return the stretch with the most of the marks, from a word's beginning to a word's end; the text's beginning where there are none."""
    begin = _begin(text, marks, length)
    end = min(len(text), begin + length)
    if end < len(text) and (cut := _last_break(text, begin + length // 2, end)) is not None:
        end = cut
    before, after = ("… " if begin else ""), (" …" if end < len(text) else "")
    shown = text[begin:end]
    kept = tuple(
        (max(start, begin) - begin + len(before), min(stop, end) - begin + len(before))
        for start, stop in marks
        if start < end and stop > begin
    )
    return Excerpt(before + _BREAK.sub(" ", shown) + after, kept)


def _begin(text: str, marks: Sequence[tuple[int, int]], length: int) -> int:
    if not marks:
        return 0
    marks = marks[:_MARKS_LOOKED_AT]
    best = max(range(len(marks)), key=lambda n: (sum(start < marks[n][0] + length - _BEFORE for start, _ in marks[n:]), -n))
    begin = max(0, marks[best][0] - _BEFORE)
    if begin == 0:
        return 0
    found = _BREAK.search(text, begin, marks[best][0])
    return found.end() if found else begin


def _last_break(text: str, begin: int, end: int) -> int | None:
    breaks = [found.start() for found in _BREAK.finditer(text, begin, end)]
    return breaks[-1] if breaks else None
