"""Where banners, share lines and pointers to other stories stand: text that is never evidence.

All phrases of all languages are found in one pass; then a text is looked at line by line, and in each line sentence by
sentence, once. Nothing grows faster than the text.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from newswire.terms import Term, TermSearch, fold
from processors.boilerplate_phrases import BLOCKS, INSIDE, LABELS, NETWORKS, OPENINGS, POINTERS

Stretch = tuple[int, int]

_LINE: Final = re.compile(r"[^\n]+")
_SENTENCE: Final = re.compile(r"[^.!?。！？؟۔।…]{1,600}[.!?。！？؟۔।…]*[\"”’»)\]】」]*\s*|[.!?。！？؟۔।…\s]+")
_LONGEST_NOTICE: Final = 240  # characters: a longer sentence is the writer's own
_LONGEST_HEADLINE: Final = 160
_SHORTEST_SENTENCE: Final = 24  # what ends in a full stop and is longer is no headline
_LONGEST_HEADING: Final = 60
_HEADLINES: Final = 12  # under one heading
_WORD: Final = re.compile(r"[^\W_]|©")
_ENDS_A_SENTENCE: Final = re.compile(r"[.。۔।][\"”’»)\]]*$")
_POINTS: Final = re.compile(r"[\s\u064b-\u065f]*(?:[:：>»→–—|\[(«\"“-]|[\W_]*$)")
_LIST_FOLLOWS: Final = re.compile(r"[^:：|»\n.]{0,40}[:：|»\]】]")
_ALONE: Final = re.compile(r"[\s\u064b-\u065f]*(?:[:：(（|\[/©]|[\W\d_]*$)")
_BUTTONS: Final = re.compile(rf"(?:(?:{NETWORKS})(?!\w)|[\W_\d])+$", re.IGNORECASE)
_EMPTY_LINES: Final = re.compile(r"\n{3,}")


def boilerplate_spans(text: str) -> list[Stretch]:
    """Return [start, end) of each stretch of `text` that is a banner, a share line or a pointer elsewhere, in order, none overlapping."""
    found = _Found.of(text)
    cut: list[Stretch] = []
    headlines_left = 0
    for line in _LINE.finditer(text):
        words = line.group().strip()
        if not words:
            continue
        if headlines_left and _is_headline(words):
            cut.append(line.span())
            headlines_left -= 1
            continue
        headlines_left = _headlines_after(found, line.start(), line.end())
        if headlines_left or _is_buttons(words):
            cut.append(line.span())
        else:
            cut.extend(_notices(found, line.start(), line.end()))
    return _joined(cut)


def without_boilerplate(text: str) -> str:
    """Return the text without those stretches: what alerting and readers get."""
    cut = boilerplate_spans(text)
    if not cut:
        return text
    kept = "".join(
        text[end:start] for end, start in zip([0, *(end for _, end in cut)], [*(start for start, _ in cut), len(text)], strict=True)
    )
    return _EMPTY_LINES.sub("\n\n", kept).strip()


def blanked(text: str) -> str:
    """Return the text with line breaks in the place of those stretches, so that every offset stays."""
    letters = list(text)
    for start, end in boilerplate_spans(text):
        letters[start:end] = "\n" * (end - start)
    return "".join(letters)


@dataclass(frozen=True, slots=True)
class _Found:
    """Where the phrases of each kind stand in a text: for each kind the starts in order, and how far the longest reaches."""

    text: str
    ends: dict[str, dict[int, int]]
    inside: Sequence[int]

    @classmethod
    def of(cls, text: str) -> "_Found":
        search, kinds = _phrases()
        ends: dict[str, dict[int, int]] = {kind: {} for kind in _KINDS}
        for hit in search.find(fold(text)):
            reach = ends[kinds[hit.term]]
            reach[hit.start] = max(hit.end, reach.get(hit.start, 0))
        return cls(text, ends, sorted(ends["inside"]))

    def opens(self, kind: str, start: int, end: int) -> int | None:
        """Return where a phrase that opens [start, end) ends, bullets and brackets before it aside."""
        first = _WORD.search(self.text, start, end)
        return self.ends[kind].get(first.start()) if first else None

    def holds(self, start: int, end: int) -> bool:
        at = bisect_left(self.inside, start)
        return at < len(self.inside) and self.inside[at] < end


_KINDS: Final = {"pointer": POINTERS, "block": BLOCKS, "opening": OPENINGS, "label": LABELS, "inside": INSIDE}


@cache
def _phrases() -> tuple[TermSearch, tuple[str, ...]]:
    rows = [(kind, phrase) for kind, by in _KINDS.items() for row in by.values() for phrase in row.split("|")]
    return TermSearch([Term(phrase.removesuffix("*"), prefix=phrase.endswith("*")) for _, phrase in rows]), tuple(kind for kind, _ in rows)


def _headlines_after(found: _Found, start: int, end: int) -> int:
    """Return how many headlines may follow a line that is a heading and nothing else; 0 where it is none."""
    if end - start > _LONGEST_HEADING:
        return 0
    block = found.opens("block", start, end)
    if block and end - block < _LONGEST_HEADING // 2 and not _ENDS_A_SENTENCE.search(found.text[block:end].rstrip()):
        return _HEADLINES
    pointer = found.opens("pointer", start, end)
    return 1 if pointer and not _WORD.search(found.text, pointer, end) else 0


def _is_headline(words: str) -> bool:
    return len(words) <= _LONGEST_HEADLINE and not (len(words) > _SHORTEST_SENTENCE and _ENDS_A_SENTENCE.search(words))


def _is_buttons(words: str) -> bool:
    return len(words) <= _LONGEST_HEADLINE and bool(_BUTTONS.match(words)) and any(letter.isalpha() for letter in words)


def _notices(found: _Found, start: int, end: int) -> Iterator[Stretch]:
    """Give the sentences of a line that are notices, each pointer with the headline after it, and a list to the end of its line."""
    for sentence in _SENTENCE.finditer(found.text, start, end):
        first, last = sentence.span()
        block = found.opens("block", first, last)
        if block and _LIST_FOLLOWS.match(found.text, block, last):
            yield first, end
            return
        if len(sentence.group().strip()) <= _LONGEST_NOTICE and _is_notice(found, first, last):
            yield first, last


def _is_notice(found: _Found, start: int, end: int) -> bool:
    if found.holds(start, end) or found.opens("opening", start, end):
        return True
    pointer, label = found.opens("pointer", start, end), found.opens("label", start, end)
    return bool((pointer and _POINTS.match(found.text[pointer:end])) or (label and _ALONE.match(found.text[label:end])))


def _joined(cut: list[Stretch]) -> list[Stretch]:
    out: list[Stretch] = []
    for start, end in cut:
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out
