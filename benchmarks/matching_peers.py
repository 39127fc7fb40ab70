"""What `bench_matching` stands beside: the same watchlists on an automaton with plain sets, on `re`, and on Lucene Monitor.

The first two know less of the language: their terms are all of a watchlist's, as phrases; one that is excluded forbids, one of the others is
enough. They say which watchlists match, and nothing of why.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ahocorasick_rs import AhoCorasick

from alerting.watchlists.model import Watchlist, When, choices
from alerting.watchlists.terms import Near, Phrase, TermLike
from newswire.records import Label, Report

LUCENE: Final = Path(__file__).with_name("lucene_monitor")


class Sets:
    """Which terms each watchlist wants, which it excludes, and what it asks beside them."""

    def __init__(self, sources: Mapping[str, Watchlist]) -> None:
        self.patterns: dict[str, int] = {}
        self._wanted: list[set[int]] = []
        self._excluded: list[set[int]] = []
        self._labels = [source.label for source in sources.values()]
        self._partners: list[frozenset[str] | None] = []
        for position, source in enumerate(sources.values()):
            for wanted, text in _terms(source.when):
                index = self.patterns.setdefault(text.lower(), len(self.patterns))
                while len(self._wanted) <= index:
                    self._wanted.append(set())
                    self._excluded.append(set())
                (self._wanted if wanted else self._excluded)[index].add(position)
            partners = source.when.partners
            self._partners.append(frozenset(partners.values) if partners is not None and not partners.any else None)

    def matches(self, found: set[int], report: Report) -> list[int]:
        candidates: set[int] = set()
        excluded: set[int] = set()
        for index in found:
            candidates |= self._wanted[index]
            excluded |= self._excluded[index]
        return [
            one
            for one in candidates - excluded
            if report.label in self._labels[one]
            and ((partners := self._partners[one]) is None or not partners.isdisjoint(report.partners))
        ]


def _terms(when: When) -> Iterator[tuple[bool, str]]:
    for wanted, listed in ((True, when.any), (True, when.all), (False, when.none), (True, when.at_least.of if when.at_least else None)):
        for term in listed or ():
            for phrase in _phrases(term):
                yield wanted, phrase.text
    for block in when.any_of or ():
        yield from _terms(block)


def _phrases(term: TermLike) -> list[Phrase]:
    if isinstance(term, Phrase):
        return [term]
    return [phrase for group in term.groups for phrase in group] if isinstance(term, Near) else []


def text_of(report: Report) -> str:
    return f"{report.item.title}\n{report.item.summary}\n{report.text}"


class Automaton:
    """ahocorasick_rs over lower-cased text: no word edges, no folding."""

    def __init__(self, sources: Mapping[str, Watchlist]) -> None:
        self._sets = Sets(sources)
        self._automaton = AhoCorasick(list(self._sets.patterns))

    def match(self, report: Report) -> list[int]:
        hits = self._automaton.find_matches_as_indexes(text_of(report).lower(), overlapping=True)
        return self._sets.matches({index for index, _, _ in hits}, report)


class Alternation:
    """One regular expression, all terms side by side."""

    def __init__(self, sources: Mapping[str, Watchlist]) -> None:
        self._sets = Sets(sources)
        self._expression = re.compile(r"\b(?:" + "|".join(map(re.escape, self._sets.patterns)) + r")\b", re.IGNORECASE)

    def match(self, report: Report) -> list[int]:
        found = {self._sets.patterns.get(word.lower()) for word in self._expression.findall(text_of(report))}
        return self._sets.matches({index for index in found if index is not None}, report)
