"""The blocks of conditions in a watchlist as it stands in its file, and the terms in them; what has the wrong shape is passed over."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from alerting.watchlists.check_selections import blocks
from alerting.watchlists.faults import UnusableError
from alerting.watchlists.fields import MAX_WORDS
from alerting.watchlists.lists import Lists
from alerting.watchlists.terms import ListOfTerms, Near, Phrase, read_term

Path = tuple[str | int, ...]
Block = Mapping[str, Any]

TERM_KEYS: Final = ("any", "all", "none", "at_least")


@dataclass(frozen=True, slots=True)
class TermList:
    """A list of terms: its own and the named lists in it, each with its place. Not `whole`: something in it could not be read."""

    path: Path
    own: tuple[tuple[int, Phrase | Near], ...]
    lists: tuple[tuple[int, str], ...]
    whole: bool

    def __len__(self) -> int:
        return len(self.own) + len(self.lists)


def top_blocks(raw: Mapping[str, Any]) -> Iterator[tuple[Path, Block]]:
    """Yield the blocks that stand for themselves: `when`, each selection, and each block that raises the severity."""
    for path, block in blocks(raw):
        if isinstance(block, Mapping):
            yield path, block


def inner_blocks(path: Path, block: Block) -> Iterator[tuple[Path, Block]]:
    """Yield the blocks of `any_of`."""
    inner = block.get("any_of")
    for n, one in enumerate(inner if isinstance(inner, list) else ()):
        if isinstance(one, Mapping):
            yield (*path, "any_of", n), one


def all_blocks(raw: Mapping[str, Any]) -> Iterator[tuple[Path, Block]]:
    """Yield every block of a watchlist, the outer ones first."""
    waiting = list(top_blocks(raw))
    while waiting:
        path, block = waiting.pop(0)
        yield path, block
        waiting[:0] = inner_blocks(path, block)


def term_lists(path: Path, block: Block, lists: Lists) -> dict[str, TermList]:
    """Return the lists of terms of a block by their key."""
    found: dict[str, TermList] = {}
    for key in TERM_KEYS:
        place: Path = (*path, key)
        raw = block.get(key)
        if key == "at_least":
            place, raw = (*place, "of"), raw.get("of") if isinstance(raw, Mapping) else None
        if isinstance(raw, list):
            found[key] = read_terms(place, raw, lists)
    return found


def read_terms(path: Path, raw: list[Any], lists: Lists) -> TermList:
    """Return what can be read of a list of terms: nothing of one that is too long to be used."""
    if len(raw) > MAX_WORDS:
        return TermList(path, (), (), whole=False)
    own: list[tuple[int, Phrase | Near]] = []
    named: list[tuple[int, str]] = []
    whole = True
    for n, one in enumerate(raw):
        try:
            term = read_term(one)
        except UnusableError:
            whole = False
            continue
        if not isinstance(term, ListOfTerms):
            own.append((n, term))
        elif term.name in lists and lists[term.name].kind == "terms":
            named.append((n, term.name))
        else:
            whole = False
    return TermList(path, tuple(own), tuple(named), whole)
