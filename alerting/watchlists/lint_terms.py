"""Terms that do nothing, or too much: found by another one already, a prefix of a hundred words, a letter of another alphabet."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path as FilePath
from typing import Final

from alerting.watchlists.covering import Finder, ListFinders
from alerting.watchlists.faults import Problem
from alerting.watchlists.lint_blocks import TermList
from alerting.watchlists.lists import Lists
from alerting.watchlists.terms import Near, Phrase
from newswire import lookalikes
from newswire.terms import fold

_PREFIXES: Final = "common_prefixes.tsv"


def lint_alternatives(terms: TermList, lists: Lists, finders: ListFinders) -> Iterator[Problem]:
    """Yield each term of a list, of which any one is enough, that another term finds already."""
    own = _Own(terms)
    needed: list[str] = []
    for n, name in terms.lists:
        if name in needed:
            yield _warning(terms, n, f"the list {name} stands here twice; take one out")
            continue
        others = [own.finder, *map(finders.of, needed)]
        if lists[name].terms and all(any(finder.covering(term) for finder in others) for term in lists[name].terms):
            yield _warning(terms, n, f"the list {name} is not needed: what stands beside it finds all that it would; take it out")
        else:
            needed.append(name)
    for position, (n, term) in enumerate(terms.own):
        wider = own.wider(position)
        if wider is not None:
            yield _warning(terms, n, _needless(term, wider))
            continue
        for name in needed:
            finder = finders.of(name)
            if covering := finder.covering(term):
                found = f"'{term.written}' is not needed: the list {name} has '{finder.phrases[covering[0]].written}'; take it out"
                yield _warning(terms, n, found)
                break


def _needless(term: Phrase | Near, wider: Phrase | Near) -> str:
    if term == wider:
        return f"'{term.written}' stands here twice; take one out"
    if isinstance(term, Phrase) and isinstance(wider, Phrase) and term == replace(wider, written=term.written):
        return f"'{term.written}' is the same as '{wider.written}'; take one out"
    narrowed = " with `in` or `lang`" if term.written == wider.written else ""
    return f"'{term.written}'{narrowed} is not needed: '{wider.written}' beside it finds all that it would; take it out"


def lint_all(terms: TermList) -> Iterator[Problem]:
    """Yield each term of `all` that is found anyway where another one is."""
    own = _Own(terms)
    said: set[int] = set()
    for position, (here, term) in enumerate(terms.own):
        if (same := own.same(position)) is not None:
            yield _warning(terms, here, f"'{term.written}' is not needed: it is found wherever '{same.written}' is; take it out")
            continue
        for other in own.covering(position):
            n, wide = own.phrases[other]
            if n not in said and not (own.mutual(other, position) and n < terms.own[position][0]):
                said.add(n)
                yield _warning(terms, n, f"'{wide.written}' is not needed: it is found wherever '{term.written}' is; take it out")


def lint_counted(terms: TermList) -> Iterator[Problem]:
    """Yield each term of `at_least` that counts twice, because another one is found with it."""
    own = _Own(terms)
    for position, (n, term) in enumerate(terms.own):
        if (wider := own.wider(position)) is not None:
            yield _warning(terms, n, f"'{term.written}' counts for two: wherever it is found, '{wider.written}' is too; take one out")


class _Own:
    """The terms that stand in a list themselves."""

    def __init__(self, terms: TermList) -> None:
        self.terms = terms.own
        self.phrases = [(n, term) for n, term in terms.own if isinstance(term, Phrase)]
        self.finder = Finder([term for _, term in self.phrases])
        self._first = {n: self.finder.first(index) for index, (n, _) in enumerate(self.phrases)}
        self._covering = [self.finder.covering(term) for _, term in terms.own]
        nears: dict[Near, int] = {}
        self._first_near = {n: nears.setdefault(term, n) for n, term in terms.own if isinstance(term, Near)}

    def same(self, position: int) -> Phrase | Near | None:
        """Return an earlier term that finds just what the one at a position does."""
        n, term = self.terms[position]
        if isinstance(term, Near):
            return None if self._first_near[n] == n else term
        first, phrase = self.phrases[self._first[n]]
        return None if first == n else phrase

    def covering(self, position: int) -> list[int]:
        """Return the indexes in `phrases` of what covers the term at a position, without itself and its likes."""
        return [index for index in self._covering[position] if index != self._first.get(self.terms[position][0])]

    def mutual(self, index: int, position: int) -> bool:
        """Return whether the term at a position covers the phrase in turn."""
        n = self.terms[position][0]
        return n in self._first and self._first[n] in self.finder.covering(self.phrases[index][1])

    def wider(self, position: int) -> Phrase | Near | None:
        """Return a term that makes the one at a position needless; of two that find the same the first is kept."""
        if (same := self.same(position)) is not None:
            return same
        n = self.terms[position][0]
        for index in self.covering(position):
            if self.phrases[index][0] < n or not self.mutual(index, position):
                return self.phrases[index][1]
        return None


def lint_each(terms: TermList) -> Iterator[Problem]:
    """Yield what is wrong with single terms."""
    for n, term in terms.own:
        if isinstance(term, Phrase) and (crowd := _crowd(term)):
            yield _warning(terms, n, f"'{term.written}' also finds {crowd}; write the words out, or more of the beginning")
        for phrase in (term,) if isinstance(term, Phrase) else (*term.groups[0], *term.groups[1]):
            if strange := _strange(phrase.text):
                yield _warning(terms, n, f"'{phrase.written}' {strange}")


def _crowd(phrase: Phrase) -> str | None:
    """Return the common words that a prefix finds, where they are a hundred and more."""
    found = common_prefixes().get(fold(phrase.text).text) if phrase.prefix and phrase.language in (None, "en") else None
    return f"{', '.join(found[1])} and {found[0] - len(found[1])} more common words" if found else None


@cache
def common_prefixes() -> dict[str, tuple[int, tuple[str, ...]]]:
    """Return the prefixes that a hundred common words share, with their number and the most frequent of them."""
    rows = FilePath(__file__).with_name(_PREFIXES).read_text("utf-8").splitlines()
    fields = [row.split("\t") for row in rows if not row.startswith("#")]
    return {prefix: (int(number), tuple(words.split())) for prefix, number, words in fields}


_QUOTES: Final = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb"
_LATIN: Final = re.compile("[A-Za-z]")
_WORDS: Final = re.compile(r"[^\s\W]+|[^\s\w]+")


def _strange(text: str) -> str | None:
    """Return which letter keeps a term from ever being found: one of another alphabet in a Latin word, an invisible one, a quote."""
    if text.isascii():
        return None
    if text[0] in _QUOTES and text[-1] in _QUOTES:
        return f"has typographic quotes, which belong to the term: it is found only where a text has them; write {text[1:-1]} without"
    for word in _WORDS.findall(text):
        for letter in word:
            if unicodedata.category(letter) == "Cf" and letter not in "\u200c\u200d\u00ad":
                return f"holds {lookalikes.called(letter)}, which cannot be seen and is in no text; delete it"
            alphabet = unicodedata.name(letter, "").split(" ")[0]
            looks = lookalikes.skeleton(word)
            if alphabet in {"CYRILLIC", "GREEK", "ARMENIAN"} and _LATIN.search(word) and looks.isascii():
                return f"has {lookalikes.called(letter)} among Latin letters, so no text has it; write '{looks}'"
    return None


def _warning(terms: TermList, n: int, message: str) -> Problem:
    return Problem((*terms.path, n), message, warning=True)
