"""Named lists with their includes followed: what `partners: partner-countries` and `{list: gaming-words}` stand for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from alerting.watchlists.faults import Problem
from alerting.watchlists.model import LIST_KINDS, NamedList
from alerting.watchlists.nearest import unknown
from alerting.watchlists.terms import ListOfTerms, Near, Phrase, TermLike


@dataclass(frozen=True, slots=True)
class ResolvedList:
    """A list with everything that it includes. `terms` is filled for the kind `terms`, `values` for all others."""

    kind: str
    values: tuple[str, ...] = ()
    terms: tuple[Phrase | Near, ...] = ()

    def __len__(self) -> int:
        return len(self.values) + len(self.terms)


MAX_DEPTH: Final = 20

Lists = Mapping[str, ResolvedList]


def resolve(lists: Mapping[str, NamedList]) -> tuple[dict[str, ResolvedList], dict[str, list[Problem]]]:
    """Return every list that can be followed, and by list name what is wrong with the others."""
    problems: dict[str, list[Problem]] = {name: [] for name in lists}
    followed: dict[str, ResolvedList | None] = {}
    for name in lists:
        _follow(name, lists, followed, problems, ())
    return {name: found for name, found in followed.items() if found is not None}, problems


def _follow(
    name: str,
    lists: Mapping[str, NamedList],
    followed: dict[str, ResolvedList | None],
    problems: dict[str, list[Problem]],
    way: tuple[str, ...],
) -> ResolvedList | None:
    if name in followed:
        return followed[name]
    own, faults = lists[name], problems[name]
    parts: list[ResolvedList] = [] if own.kind is None else [_own(own, own.kind)]
    inside = [(("include", n), included) for n, included in enumerate(own.include)]
    inside += [(("terms", n), term.name) for n, term in enumerate(own.terms or ()) if isinstance(term, ListOfTerms)]
    whole = True
    for path, included in inside:
        if included not in lists:
            faults.append(Problem(path, unknown("list", included, lists)))
        elif included == name or included in way:
            circle = " → ".join((*way[way.index(included) :], name, included)) if included in way else f"{name} → {name}"
            faults.append(Problem(path, f"this list includes itself: {circle}; take one of the includes out"))
        elif len(way) == MAX_DEPTH:
            faults.append(Problem(path, f"includes nested deeper than {MAX_DEPTH} lists; include fewer, larger lists"))
        elif (part := _follow(included, lists, followed, problems, (*way, name))) is None:
            whole = False  # the included list has the fault
        else:
            kind = parts[0].kind if parts else part.kind
            if part.kind == kind:
                parts.append(part)
            else:
                faults.append(Problem(path, f"{included} is a list of {part.kind}, this one is of {kind}; include a list of the same kind"))
    followed[name] = _joined(parts) if parts and whole and not faults else None
    return followed[name]


def _own(own: NamedList, kind: str) -> ResolvedList:
    if kind == "terms":
        return ResolvedList(kind, terms=tuple(term for term in own.terms or () if not isinstance(term, ListOfTerms)))
    values: tuple[str, ...] = getattr(own, kind)
    return ResolvedList(kind, values=values)


def _joined(parts: list[ResolvedList]) -> ResolvedList:
    values = dict.fromkeys(value for part in parts for value in part.values)
    terms = dict.fromkeys(term for part in parts for term in part.terms)
    return ResolvedList(parts[0].kind, tuple(values), tuple(terms))


def expand(terms: tuple[TermLike, ...], lists: Lists) -> tuple[Phrase | Near, ...]:
    """Return the terms with each `{list: name}` replaced by the terms of that list, each once, in order."""
    found: dict[Phrase | Near, None] = {}
    for term in terms:
        if isinstance(term, ListOfTerms):
            found.update(dict.fromkeys(lists[term.name].terms))
        else:
            found[term] = None
    return tuple(found)


def fault_of_use(name: str, kind: str, lists: Lists, broken: frozenset[str] = frozenset()) -> str | None:
    """Return what is wrong with using the list `name` where a list of `kind` is due; None where nothing is.

    A list that is itself faulty is not blamed on its users: it has its own faults.
    """
    if name in broken:
        return None
    if name not in lists:
        return unknown("list", name, {known for known, found in lists.items() if found.kind == kind} | broken)
    found = lists[name].kind
    if found == kind:
        return None
    return (
        f"{name} is a list of {found}; a list of {kind} is due here"
        if kind in LIST_KINDS
        else f"{name} cannot stand here: write [one, two]"
    )
