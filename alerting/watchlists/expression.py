"""The `condition` over selections: `gaming and (policy or partner) and not betting`, `1 of policy*`.

The words and their binding are Sigma's (sigma-specification, `sigma-rules-specification.md`, "Condition"): `not` binds closest, then `and`,
then `or`. Reading gives a tree or says what is wrong with it; judging a report by it is the work of `alerting.watchlists.combination`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from alerting.watchlists.faults import UnusableError

NAME_PATTERN: Final = "[A-Za-z_][A-Za-z0-9_-]{0,39}"
RESERVED: Final = frozenset({"and", "or", "not", "of", "all", "any", "them"})
MAX_DEPTH: Final = 20  # parentheses and `not` inside each other: nobody reads more
MAX_TOKENS: Final = 500

_TOKEN: Final = re.compile(r"[()]|[^\s()]+")
_NAME: Final = re.compile(NAME_PATTERN)
_PATTERN: Final = re.compile(rf"{NAME_PATTERN}\*?")
_SYMBOLS: Final = {"&&": "and", "&": "and", "+": "and", ",": "and", "||": "or", "|": "or", "/": "or", "!": "not", "-": "not", "~": "not"}


@dataclass(frozen=True, slots=True)
class Name:
    """The selection of that name holds."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each part holds."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the parts holds."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class SomeOf:
    """At least `least` (None: all) of the selections hold whose name is `pattern`, or begins so where it ends in `*`."""

    least: int | None
    pattern: str

    def names(self, known: Iterable[str]) -> tuple[str, ...]:
        """Return which of the known selections are meant."""
        beginning = self.pattern.removesuffix("*")
        return tuple(name for name in known if (name.startswith(beginning) if self.pattern.endswith("*") else name == self.pattern))


Expression = Name | Not | AllOf | AnyOf | SomeOf


def parse(text: str) -> Expression:
    """Return the condition as a tree.

    Raises:
        UnusableError: says what is wrong, after which word, and what would be right.

    """
    tokens = _TOKEN.findall(text)
    if not tokens:
        raise UnusableError("the condition is empty; join the names of selections by and, or, not: `gaming and not betting`")
    if len(tokens) > MAX_TOKENS:
        raise UnusableError(f"a condition of {len(tokens)} words is too long to be read; at most {MAX_TOKENS}")
    return _Parser(tokens).whole()


class _Parser:
    """Recursive descent over the words of a condition, as deep as `MAX_DEPTH`."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self.mixed = False  # an `and` beside an `or` without parentheses was met

    def whole(self) -> Expression:
        expression = self._or(0)
        if self._at < len(self._tokens):
            here, before = self._tokens[self._at], self._tokens[self._at - 1]
            if here == ")":
                raise UnusableError(f"the `)` after {_short(before)} closes nothing; take it out")
            raise UnusableError(f"between {_short(before)} and {_short(here)} `and` or `or` is missing{_meant(here)}")
        return expression

    def _or(self, depth: int) -> Expression:
        parts: list[Expression] = []
        bare = False
        while not parts or self._takes("or"):
            begins = self._at
            parts.append(self._and(depth))
            bare = bare or (isinstance(parts[-1], AllOf) and not self._wrapped(begins))
        self.mixed = self.mixed or (bare and len(parts) > 1)
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _and(self, depth: int) -> Expression:
        parts = [self._not(depth)]
        while self._takes("and"):
            parts.append(self._not(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _not(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise UnusableError(f"the condition is nested deeper than {MAX_DEPTH}; give its parts selections of their own")
        return Not(self._not(depth + 1)) if self._takes("not") else self._primary(depth)

    def _primary(self, depth: int) -> Expression:
        said = self._next()
        if said == "(":
            inner = self._or(depth + 1)
            if not self._takes(")"):
                raise UnusableError("a `(` is not closed; every `(` needs its `)`" + self._here())
            return inner
        word = said.lower()
        if word in ("all", "any") or said.isdigit():
            return self._some_of(word)
        if word in RESERVED or said == ")":
            before = f"after {_short(self._tokens[self._at - 2])}" if self._at > 1 else "at the beginning"
            raise UnusableError(f"{before} the name of a selection is due, not {said!r}")
        if said.endswith("*") and _PATTERN.fullmatch(said):
            raise UnusableError(f"{said} can stand for several selections; write `1 of {said}` or `all of {said}`")
        if not _NAME.fullmatch(said):
            raise UnusableError(f"{_short(said)} is no name of a selection{_meant(said)}")
        return Name(said)

    def _some_of(self, count: str) -> SomeOf:
        if not self._takes("of"):
            raise UnusableError(f"after {count!r} comes `of` and the beginning of names: `{count} of policy*`")
        pattern = self._next()
        if not _PATTERN.fullmatch(pattern) or pattern.lower() in RESERVED:
            raise UnusableError(f"after `{count} of` the beginning of names is due, such as `{count} of policy*`, not {_short(pattern)}")
        least = None if count == "all" else 1 if count == "any" else int(count[:4])
        if least == 0:
            raise UnusableError("`0 of` holds always; write how many must hold, from 1, or `not 1 of …`")
        return SomeOf(least, pattern)

    def _wrapped(self, begins: int) -> bool:
        """Return whether the words from `begins` to here stand in one pair of parentheses."""
        depth = 0
        for at in range(begins, self._at):
            depth += {"(": 1, ")": -1}.get(self._tokens[at], 0)
            if depth == 0:
                return at == self._at - 1 and self._tokens[begins] == "("
        return False

    def _takes(self, word: str) -> bool:
        """Step over `word` where it stands next, in whatever case."""
        here = self._at < len(self._tokens) and self._tokens[self._at].lower() == word
        self._at += here
        return here

    def _next(self) -> str:
        if self._at == len(self._tokens):
            raise UnusableError(f"the condition ends after {_short(self._tokens[-1])}; the name of a selection is due there")
        self._at += 1
        return self._tokens[self._at - 1]

    def _here(self) -> str:
        return f", before {_short(self._tokens[self._at])}" if self._at < len(self._tokens) else ""


def _short(token: str) -> str:
    return repr(token if len(token) <= 40 else token[:39] + "…")


def _meant(token: str) -> str:
    symbol = next(
        (symbol for symbol in sorted(_SYMBOLS, key=len, reverse=True) if token.startswith(symbol) or token.endswith(symbol)), None
    )
    return f"; write `{_SYMBOLS[symbol]}` for {symbol!r}" if symbol else ""


def parts_of(expression: Expression) -> Iterator[Name | SomeOf]:
    """Yield what the condition names, from left to right."""
    match expression:
        case Name() | SomeOf():
            yield expression
        case Not(part):
            yield from parts_of(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from parts_of(part)


def names_in(expression: Expression, known: Iterable[str]) -> frozenset[str]:
    """Return the names of the selections that the condition speaks of; those of `1 of policy*` are found among `known`."""
    listed = tuple(known)
    return frozenset(name for part in parts_of(expression) for name in ((part.name,) if isinstance(part, Name) else part.names(listed)))


def excluded_in(expression: Expression, known: Iterable[str]) -> frozenset[str]:
    """Return the names of the selections that the condition only excludes: no occurrence of theirs is wanted."""
    listed = tuple(known)
    return names_in(expression, listed) - _wanted_in(expression, listed, wanted=True)


def _wanted_in(expression: Expression, known: tuple[str, ...], *, wanted: bool) -> frozenset[str]:
    match expression:
        case Not(part):
            return _wanted_in(part, known, wanted=not wanted)
        case AllOf(parts) | AnyOf(parts):
            return frozenset[str]().union(*(_wanted_in(part, known, wanted=wanted) for part in parts))
        case Name() | SomeOf():
            return names_in(expression, known) if wanted else frozenset()


def evaluate(expression: Expression, known: Iterable[str], holds: Callable[[str], bool]) -> bool:
    """Return whether the condition holds; `holds` is asked only for the selections that matter."""
    match expression:
        case Name(name):
            return holds(name)
        case Not(part):
            return not evaluate(part, known, holds)
        case AllOf(parts):
            return all(evaluate(part, known, holds) for part in parts)
        case AnyOf(parts):
            return any(evaluate(part, known, holds) for part in parts)
        case SomeOf(least, _):
            names = expression.names(known)
            wanted = len(names) if least is None else least
            return sum(holds(name) for name in names) >= wanted


def say(expression: Expression) -> str:
    """Return the condition as text, in one spelling: the words in small letters, parentheses only where they are needed."""
    match expression:
        case Name(name):
            return name
        case SomeOf(least, pattern):
            return f"{'all' if least is None else least} of {pattern}"
        case Not(part):
            return f"not {_in_parentheses(part, AllOf, AnyOf)}"
        case AllOf(parts):
            return " and ".join(_in_parentheses(part, AnyOf) for part in parts)
        case AnyOf(parts):
            return " or ".join(say(part) for part in parts)


def _in_parentheses(part: Expression, *kinds: type) -> str:
    return f"({say(part)})" if isinstance(part, kinds) else say(part)


def reading(text: str) -> str | None:
    """Return how a condition is read that joins `and` and `or` without parentheses; None where nobody can take it otherwise.

    Raises:
        UnusableError: as `parse` does.

    """
    parser = _Parser(_TOKEN.findall(text))
    expression = parser.whole()
    return _grouped(expression) if parser.mixed else None


def _grouped(expression: Expression) -> str:
    if isinstance(expression, AnyOf):
        return " or ".join(f"({say(part)})" if isinstance(part, AllOf) else say(part) for part in expression.parts)
    return say(expression)
