"""Folding of text, and search for any number of terms in one pass (ahocorasick_rs), with word edges by the rules of each script.

The rules are those of WATCHLISTS.md "Conditions"; `processors` finds countries, bodies and cues with them, `alerting` the watchlists' terms.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """What to look for.

    `prefix` lets letters follow the last word (`licen*`); `exact` compares with the case and accents as written, on the unfolded text;
    `language` limits it to texts of that language; `plural` lets a plain English plural of the last word match too.
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


def fold(text: str) -> Folded:
    """Return the text folded for matching: NFKC, case and accents, Arabic letter forms, quotes, hyphens and white space unified."""
    raise NotImplementedError


class TermSearch:
    """All terms in one automaton, built once; `find` is pure and thread-safe."""

    def __init__(self, terms: Sequence[Term]) -> None:
        raise NotImplementedError

    def find(self, folded: Folded, language: str | None = None) -> list[Hit]:
        """Return every hit, overlapping ones included, in order of start; word edges hold by the script at each edge."""
        raise NotImplementedError
