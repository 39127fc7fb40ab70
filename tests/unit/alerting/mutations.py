"""Watchlists with one term or condition taken out: what the mutation check runs the inline tests on.

A watchlist is mutated as it stands in its file, before any model reads it, so that every key is met where its author wrote it.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from alerting.watchlists.check_selections import blocks
from alerting.watchlists.expression import AllOf, AnyOf, Expression, Not, SomeOf, evaluate, parse, parts_of, say
from alerting.watchlists.model import CHOICES
from alerting.watchlists.terms import Near, read_term

Raw = dict[str, Any]
Path = tuple[str | int, ...]

_TERMS: Final = ("any", "all", "none")
_SCOPE: Final = ("severity", "min_score", "languages", "sources", "outlets", "countries_of_outlet")
_DEFAULTS: Final = {"severity": "medium", "label": "diplomacy"}


def mutants(raw: Mapping[str, Any]) -> Iterator[tuple[str, Raw]]:
    """Yield what was changed, in words, and the watchlist so changed: each differs from `raw` in one term, condition or key of scope."""
    for key in (*_SCOPE, "label"):
        if raw.get(key, _DEFAULTS.get(key)) != _DEFAULTS.get(key):
            yield f"without `{key}`", _without(raw, (key,))
    yield "with `label: any`", {**copy.deepcopy(dict(raw)), "label": "any"}
    for path, block in blocks(raw):
        if isinstance(block, dict):
            yield from _block(raw, path)
    if "condition" in raw:
        yield from _condition(raw, ("condition",))
    for n, rise in enumerate(raw.get("severity_if", ())):
        yield f"without `severity_if.{n}`", _without(raw, ("severity_if", n))
        if isinstance(rise["if"], str):
            yield from _condition(raw, ("severity_if", n, "if"))


def without_term(raw: Mapping[str, Any]) -> Iterator[tuple[str, Raw]]:
    """Yield each term of a named list, and the list without it."""
    for n, term in enumerate(raw.get("terms", ())):
        yield f"without {_said(term)}", _without(raw, ("terms", n))


def _block(raw: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Raw]]:
    block = _at(raw, path)
    where = ".".join(str(step) for step in path)
    for key, value in block.items():
        here = (*path, key)
        if len(block) > 1:
            yield f"without `{where}.{key}`", _without(raw, here)
        if key in _TERMS:
            yield from _terms(raw, here, where)
        elif key == "at_least":
            yield from _terms(raw, (*here, "of"), f"{where}.{key}")
            if int(value["n"]) > 1:
                yield f"with one less than `{where}.{key}.n`", _with(raw, (*here, "n"), str(int(value["n"]) - 1))
        elif key in CHOICES:
            yield from _choice(raw, here, where)
        elif key == "any_of":
            for n in range(len(value)):
                if len(value) > 1:
                    yield f"without `{where}.{key}.{n}`", _without(raw, (*here, n))
                yield from _block(raw, (*here, n))


def _choice(raw: Mapping[str, Any], path: Path, where: str) -> Iterator[tuple[str, Raw]]:
    chosen = _at(raw, path)
    if chosen != "any":
        yield f"with `any` for {chosen} in `{where}.{path[-1]}`", _with(raw, path, "any")
    if isinstance(chosen, list) and len(chosen) > 1:
        for n, one in enumerate(chosen):
            yield f"without {one} in `{where}.{path[-1]}`", _without(raw, (*path, n))


def _condition(raw: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Raw]]:
    """Yield the watchlist with each operand of a condition over selections taken out, and with each selection of `1 of policy*`."""
    where = ".".join(str(step) for step in path)
    expression = parse(_at(raw, path))
    for operand, rest in _thinner(expression):
        # `newswire check` refuses a condition of exclusions alone.
        if path != ("condition",) or not evaluate(rest, raw["selections"], lambda _: False):
            yield f"without `{operand}` in `{where}`", _with(raw, path, say(rest))
    for some in parts_of(expression):
        for name in some.names(raw["selections"]) if isinstance(some, SomeOf) else ():
            yield f"without the selection `{name}` of `{where}`", _without(raw, ("selections", name))


def _thinner(expression: Expression) -> Iterator[tuple[str, Expression]]:
    match expression:
        case AllOf(parts) | AnyOf(parts):
            kind = type(expression)
            for n, part in enumerate(parts):
                rest = (*parts[:n], *parts[n + 1 :])
                yield say(part), rest[0] if len(rest) == 1 else kind(rest)
                yield from ((operand, kind((*parts[:n], inner, *parts[n + 1 :]))) for operand, inner in _thinner(part))
        case Not(part):
            yield from ((operand, Not(inner)) for operand, inner in _thinner(part))


def _terms(raw: Mapping[str, Any], path: Path, where: str) -> Iterator[tuple[str, Raw]]:
    terms = _at(raw, path)
    for n, term in enumerate(terms):
        if len(terms) > 1:
            yield f"without {_said(term)} in `{where}`", _without(raw, (*path, n))
        for key in ("in", "case") if isinstance(term, dict) else ():
            if key in term:
                yield f"without `{key}` of {_said(term)} in `{where}`", _without(raw, (*path, n, key))
        if isinstance(term, str) and term.startswith("="):
            yield f"with any case of {term} in `{where}`", _renamed(_with(raw, (*path, n), term[1:]), term, term[1:])
        if isinstance(term, dict) and "near" in term:
            yield from _near(raw, (*path, n), where)


def _near(raw: Mapping[str, Any], path: Path, where: str) -> Iterator[tuple[str, Raw]]:
    for side, group in enumerate(_at(raw, path)["near"]):
        for n, word in enumerate(group):
            if len(group) > 1:
                changed = _without(raw, (*path, "near", side, n))
                # Its name in `because` changes with its words; that alone shall not make a test fail.
                yield (
                    f"without {word} in {_said(_at(raw, path))} in `{where}`",
                    _renamed(changed, _written(raw, path), _written(changed, path)),
                )


def _written(raw: Mapping[str, Any], path: Path) -> str:
    term = read_term(_at(raw, path))
    assert isinstance(term, Near)
    return term.written


def _said(term: object) -> str:
    read = read_term(term)
    return repr(read.written) if hasattr(read, "written") else f"the list {read.name}"


def _renamed(raw: Raw, before: str, after: str) -> Raw:
    for test in raw["tests"]:
        if "because" in test:
            test["because"] = [after if name == before else name for name in test["because"]]
    return raw


def _at(raw: Any, path: Path) -> Any:
    for step in path:
        raw = raw[step]
    return raw


def _without(raw: Mapping[str, Any], path: Path) -> Raw:
    changed = copy.deepcopy(dict(raw))
    del _at(changed, path[:-1])[path[-1]]
    return changed


def _with(raw: Mapping[str, Any], path: Path, value: object) -> Raw:
    changed = copy.deepcopy(dict(raw))
    _at(changed, path[:-1])[path[-1]] = value
    return changed
