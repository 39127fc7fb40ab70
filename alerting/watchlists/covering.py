"""Which term is found wherever another one is: `video game` wherever `video game industry` is, `licen*` wherever `licensing` is.

Asked of the real search, in the other term's own text, so that the rules of word edges are those of matching. Where the answer
depends on what stands around the term, it is no.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from alerting.watchlists.lists import Lists
from alerting.watchlists.terms import Near, Phrase
from newswire.terms import Hit, Term, TermSearch, fold

_VOWELS: Final = frozenset("aeiou")
_LONGEST_WORD: Final = 40  # letters; of longer ones, which nobody writes, thousands that begin alike would be compared each with each


class Finder:
    """Phrases, to be asked which of them are found wherever a term is.

    Of phrases that find the same the first stands for all: ten thousand spellings of one word would cover each other.
    """

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.phrases = tuple(phrases)
        firsts: dict[Phrase, int] = {}
        self._first = [firsts.setdefault(_sense(one), index) for index, one in enumerate(self.phrases)]
        self._distinct = tuple(firsts.values())
        self._search = TermSearch(
            [
                Term(one.text, prefix=one.prefix, exact=one.exact, language=one.language, plural=not one.exact and not one.prefix)
                for one in (self.phrases[index] for index in self._distinct)
            ]
        )

    def first(self, index: int) -> int:
        """Return the index of the first phrase that finds just what this one does: its own, or an earlier one."""
        return self._first[index]

    def covering(self, term: Phrase | Near) -> list[int]:
        """Return the indexes of the phrases that are found wherever the term is, in order; a phrase among them covers itself."""
        if isinstance(term, Near):
            return self._covering_near(term)
        folded = fold(term.text)
        if any(len(word) > _LONGEST_WORD for word in folded.text.split(" ")):
            return []
        hits = [(self._distinct[hit.term], hit) for hit in self._search.find(folded, term.language)]
        return sorted({index for index, hit in hits if _always(self.phrases[index], term, hit)})

    def _covering_near(self, near: Near) -> list[int]:
        """Return what covers every word of one of the two groups: one of each group is always there."""
        for group in near.groups:
            covering = [self.covering(replace(phrase, field=near.field or phrase.field)) for phrase in group]
            if all(covering):
                return sorted({index for indexes in covering for index in indexes})
        return []


def _sense(phrase: Phrase) -> Phrase:
    """Return the phrase without what makes no difference to what it finds: how it is written, and most often its case."""
    return replace(phrase, written="", text=phrase.text if phrase.exact else fold(phrase.text).text)


class ListFinders:
    """A finder for each named list of terms, made when first asked for."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._made: dict[str, Finder] = {}

    def of(self, name: str) -> Finder:
        """Return the finder over the phrases of the list."""
        if name not in self._made:
            self._made[name] = Finder([term for term in self._lists[name].terms if isinstance(term, Phrase)])
        return self._made[name]


def _always(wide: Phrase, narrow: Phrase, hit: Hit) -> bool:
    """Return whether `wide`, found at `hit` in the text of `narrow`, is found wherever `narrow` is."""
    if (wide.exact and not narrow.exact) or wide.field not in (None, narrow.field):
        return False
    before = narrow.text[hit.start - 1 : hit.start]
    if before.isalnum() and unicodedata.name(before, "").startswith("ARABIC"):
        return False  # found behind a clitic here, which may stand behind another clitic there
    if hit.end < len(narrow.text):
        return True
    if narrow.prefix:
        return wide.prefix
    return not wide.prefix or narrow.exact or not _plural_in_ies(narrow.text)


def _plural_in_ies(text: str) -> bool:
    """Return whether the plural is spelt anew, so that `policy*` does not find `policies`."""
    return len(text) > 2 and text.isascii() and text[-1] in "yY" and text[-2].lower() not in _VOWELS
