"""Conditions that can never hold: what one key asks for another excludes. Only what is certain from the file itself is said."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from alerting.watchlists.covering import Finder, ListFinders
from alerting.watchlists.faults import Problem, texts
from alerting.watchlists.lint_blocks import Block, Path, TermList, inner_blocks, term_lists, top_blocks
from alerting.watchlists.lists import Lists
from alerting.watchlists.terms import Near, Phrase


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds for a block from outside: the terms excluded, and the languages let through (None: all)."""

    lists: Lists
    finders: ListFinders
    languages: frozenset[str] | None
    excluded: tuple[Finder, ...] = ()

    def with_none(self, none: TermList | None) -> "_Around":
        """Return the same with the terms of a block's own `none` excluded too."""
        if none is None:
            return self
        own = Finder([term for _, term in none.own if isinstance(term, Phrase)])
        more = (own, *(self.finders.of(name) for _, name in none.lists))
        return _Around(self.lists, self.finders, self.languages, (*self.excluded, *more))

    def why_never(self, term: Phrase | Near) -> str | None:
        """Return why the term can bring nothing; None where it can."""
        for finder in self.excluded:
            if covering := finder.covering(term):
                return f"`none` excludes '{finder.phrases[covering[0]].written}'"
        if self.languages is not None and not self.languages & (wanted := languages_of(term)) and wanted:
            return f"it is for texts in {' or '.join(sorted(wanted))}, which `languages` keeps out"
        return None


def languages_of(term: Phrase | Near) -> frozenset[str]:
    """Return the languages that a term is bound to; none where it is bound to none."""
    if isinstance(term, Phrase):
        return frozenset((term.language,) if term.language else ())
    both = [{phrase.language for phrase in group} for group in term.groups]
    bound = set.union(*both)
    return frozenset(language for language in bound if language) if None not in bound else frozenset()


def lint_never(raw: Mapping[str, Any], lists: Lists, finders: ListFinders) -> Iterator[Problem]:
    """Yield the blocks of a watchlist that can never hold, and the terms in them that can never be the reason of an alert."""
    languages = frozenset(language for _, language in texts(raw.get("languages"))) or None
    for path, block in top_blocks(raw):
        found = _Found()
        found.block(path, block, _Around(lists, finders, languages))
        yield from found.problems
    yield from _deaf_languages(raw, lists)


class _Found:
    """What a walk through a block and those inside it has found."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def block(self, path: Path, block: Block, around: _Around) -> bool:
        """Gather what is wrong with a block; return whether it can never hold."""
        terms = term_lists(path, block, around.lists)
        around = around.with_none(terms.get("none"))
        dead = [self._terms(key, listed, around, block) for key, listed in terms.items() if key != "none"]
        dead.append(self._countries(path, block))
        inner = [self.block(inside, one, around) for inside, one in inner_blocks(path, block)]
        return any(dead) or (bool(inner) and all(inner) and len(inner) == len(block["any_of"]))

    def _terms(self, key: str, listed: TermList, around: _Around, block: Block) -> bool:
        reasons = {n: reason for n, term in listed.own if (reason := around.why_never(term))}
        if key == "all":
            dead = self._all(listed, reasons)
        else:
            least = 1 if key == "any" else _least(block)
            possible = len(listed.own) - len(reasons)
            for _, name in listed.lists:
                possible += _possible(around, name, enough=least - possible)
            dead = listed.whole and bool(listed.own or listed.lists) and possible < least
            if dead and (reasons or listed.lists):  # else the model has counted the terms itself
                self._never(key, listed, reasons, possible)
        for n, reason in reasons.items() if not dead else ():
            self._say((*listed.path, n), f"this term can never bring an alert: {reason}; take one of the two out")
        return dead

    def _all(self, listed: TermList, reasons: Mapping[int, str]) -> bool:
        bound = [languages for _, term in listed.own if (languages := languages_of(term))]
        if bound and not frozenset.intersection(*bound):
            self._say(listed.path, "this can never hold: no text is in the languages of all these terms")
        elif reasons:
            self._say(listed.path, f"this can never hold: one of these terms can never be found: {_why(reasons)}")
        else:
            return False
        return True

    def _never(self, key: str, listed: TermList, reasons: Mapping[int, str], possible: int) -> None:
        if key == "any":
            self._say(listed.path, f"this can never hold: none of these terms can bring an alert: {_why(reasons)}")
        else:
            why = f": {_why(reasons)}" if reasons else ""
            self._say(listed.path[:-1], f"this can never hold: only {possible} of these terms can be found{why}")

    def _countries(self, path: Path, block: Block) -> bool:
        home, partners = (_one(block.get(key)) for key in ("home", "partners"))
        if home is None or home != partners:
            return False
        self._say((*path, "partners"), f"this can never hold: a partner is a foreign country, and `home` is {home} alone")
        return True

    def _say(self, path: Path, message: str) -> None:
        self.problems.append(Problem(path, message, warning=True))


def _why(reasons: Mapping[int, str]) -> str:
    return "; ".join(list(dict.fromkeys(reasons.values()))[:3]) or "what their list holds is excluded"


def _possible(around: _Around, name: str, *, enough: int) -> int:
    """Return how many terms of a list can bring something, counted until there are enough."""
    found = 0
    for term in around.lists[name].terms:
        if found >= enough:
            break
        found += around.why_never(term) is None
    return found


def _least(block: Block) -> int:
    at_least = block.get("at_least")
    written = at_least.get("n") if isinstance(at_least, Mapping) else None
    return int(written) if isinstance(written, str) and written.isascii() and written.isdigit() and len(written) < 6 else 0


def _one(raw: object) -> str | None:
    """Return the one value that a choice like `[PK]` leaves."""
    return str(raw[0]) if isinstance(raw, list) and len(set(map(str, raw))) == 1 else None


def _deaf_languages(raw: Mapping[str, Any], lists: Lists) -> Iterator[Problem]:
    """Yield each language let through in which no term of `any` could be found."""
    when = raw.get("when")
    listed = term_lists(("when",), when, lists).get("any") if isinstance(when, Mapping) else None
    if listed is None or not listed.whole:
        return
    heard: set[str] = set()
    for term in chain((term for _, term in listed.own), *(lists[name].terms for _, name in listed.lists)):
        if not (bound := languages_of(term)):
            return
        heard |= bound
    for at, language in texts(raw.get("languages")):
        if language not in heard and heard & {one for _, one in texts(raw.get("languages"))}:
            message = f"no term of `any` is for texts in {language}, so none of them can alert; add one, or take {language} out"
            yield Problem(("languages", *at), message, warning=True)
