"""The kinds of condition in the form that is made for matching. What each asks is said in WATCHLISTS.md "Conditions"."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alerting.watchlists.expression import Expression
from newswire.records import Field


@dataclass(frozen=True, slots=True)
class Word:
    """A phrase to find: its index in the search, and how it stands in the watchlist."""

    index: int
    written: str
    field: Field | None


@dataclass(frozen=True, slots=True)
class NearWords:
    """Two groups of phrases to find near each other."""

    left: tuple[Word, ...]
    right: tuple[Word, ...]
    within: int
    written: str


@dataclass(frozen=True, slots=True)
class Words:
    """At least `least` and at most `most` of the words are found."""

    key: str  # any, all, none, at_least
    words: tuple[Word | NearWords, ...]
    least: int
    most: int | None = None
    indexes: frozenset[int] = field(init=False, repr=False, compare=False)  # where the search finds none of these, no word is found

    def __post_init__(self) -> None:
        firsts = (word.left if isinstance(word, NearWords) else (word,) for word in self.words)
        object.__setattr__(self, "indexes", frozenset(word.index for words in firsts for word in words))


@dataclass(frozen=True, slots=True)
class Understood:
    """One of the values wanted is among those understood under `key`; any value at all where `wanted` is None."""

    key: str  # partners, countries, home, organisations, people, topics
    noun: str  # what `because` calls it: partner
    wanted: frozenset[str] | None
    said: str  # how the watchlist says it: partner-countries


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of the blocks holds."""

    blocks: tuple["tuple[Condition, ...]", ...]
    key: str = "any_of"


@dataclass(frozen=True, slots=True)
class Combined:
    """An expression over named blocks holds."""

    expression: Expression
    selections: Mapping[str, "tuple[Condition, ...]"]
    key: str = "condition"


Condition = Words | Understood | OneOf | Combined

Trigger = int | tuple[str, str]
"""A term's index in the search, or a key and a value understood (`*`: any value)."""
