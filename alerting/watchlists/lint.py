"""What is not wrong in a watchlist or a list and yet is hardly meant: warnings, each with what to do.

The raw values are walked, as in `alerting.watchlists.check`, so that a file with a fault in one place is still read in all others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from alerting.watchlists.covering import ListFinders
from alerting.watchlists.faults import Problem, texts
from alerting.watchlists.lint_blocks import all_blocks, read_terms, term_lists
from alerting.watchlists.lint_never import lint_never
from alerting.watchlists.lint_terms import lint_all, lint_alternatives, lint_counted, lint_each
from alerting.watchlists.lists import Lists
from alerting.watchlists.model import CHOICES, LIST_KINDS

Raw = Mapping[str, Any]

_SCOPES: Final = ("languages", "sources", "outlets", "countries_of_outlet", "tags", "to")
_LISTED: Final = ("sources", "countries_of_outlet", *CHOICES)
"""The keys whose value may be the name of a list."""


class Lint:
    """The rules, with the named lists that all of them look into."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._finders = ListFinders(lists)

    def watchlist(self, raw: Raw) -> Iterator[Problem]:
        """Yield the warnings of one watchlist."""
        yield from _twice((), raw, _SCOPES)
        for path, block in all_blocks(raw):
            yield from _twice(path, block, CHOICES)
            for key, terms in term_lists(path, block, self._lists).items():
                yield from lint_each(terms)
                if key == "all":
                    yield from lint_all(terms)
                elif key == "at_least":
                    yield from lint_counted(terms)
                else:
                    yield from lint_alternatives(terms, self._lists, self._finders)
        yield from lint_never(raw, self._lists, self._finders)

    def named_list(self, name: str, raw: Raw, used: frozenset[str] | None) -> Iterator[Problem]:
        """Yield the warnings of one list. `used` are the lists that something refers to; None where that cannot be known."""
        if used is not None and name not in used:
            yield Problem((), f"no watchlist and no other list uses {name}; use it, or delete the file", warning=True)
        yield from _twice((), raw, (*LIST_KINDS, "include"))
        includes = [(at, one) for at, one in texts(raw.get("include")) if one in self._lists and one != name]
        included, places = [one for _, one in includes], [at for at, _ in includes]
        holders = {word: one for one in reversed(included) for word in self._lists[one].values}
        for kind in LIST_KINDS:
            for at, word in texts(raw.get(kind)) if kind != "terms" else ():
                if word in holders:
                    told = f"'{word}' comes with the list {holders[word]}, which is included; take it out here"
                    yield Problem((kind, *at), told, warning=True)
        if isinstance(raw.get("terms"), list):
            terms = read_terms(("terms",), [*raw["terms"], *({"list": one} for one in included)], self._lists)
            yield from lint_each(terms)
            for problem in lint_alternatives(terms, self._lists, self._finders):
                beyond = int(problem.path[1]) - len(raw["terms"])
                yield problem if beyond < 0 else replace(problem, path=("include", *places[beyond]))


def lists_used(watchlists: Iterable[Raw], lists: Mapping[str, Raw]) -> frozenset[str]:
    """Return the names of all lists that some watchlist, or another list, refers to."""
    used = {name for raw in watchlists for name in _names_in(raw)}
    for holder, raw in lists.items():
        inside = {name for _, name in texts(raw.get("include"))} | set(_names_in(raw.get("terms")))
        used |= inside - {holder}
    return frozenset(used)


def _names_in(raw: object) -> Iterator[str]:
    """Yield whatever stands in a place for a list's name, at any depth, tests left out: blocks stand in many places."""
    waiting: list[object] = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                if isinstance(inner, str) and (key == "list" or key in _LISTED):
                    yield inner
                elif key != "tests":
                    waiting.append(inner)


def _twice(path: tuple[str | int, ...], holder: Raw, keys: Iterable[str]) -> Iterator[Problem]:
    """Yield each word that stands twice in a list of words."""
    for key in keys:
        seen: set[str] = set()
        for at, word in texts(holder.get(key)) if key != "terms" else ():
            if word in seen:
                yield Problem((*path, key, *at), f"'{word}' stands here twice; take one out", warning=True)
            seen.add(word)
