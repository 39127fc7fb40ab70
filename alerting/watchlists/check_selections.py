"""What is wrong with selections and the conditions over them: names that do not exist, selections never used, exclusions alone."""

import difflib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from alerting.watchlists.expression import Expression, Name, evaluate, names_in, parse, parts_of, reading
from alerting.watchlists.faults import Problem, UnusableError
from alerting.watchlists.nearest import unknown

Path = tuple[str | int, ...]

_WAYS: Final = ("when", "selections", "condition")


def check_ways(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with how a watchlist says what must hold: `when`, or `selections` with a `condition`."""
    selections = raw.get("selections")
    names = tuple(name for name in selections if isinstance(name, str)) if isinstance(selections, Mapping) else ()
    if "when" in raw and "condition" in raw:
        yield Problem(
            ("condition",), "`when` and `condition` both say what must hold; keep one: make a selection of what stands under `when`"
        )
    elif "condition" in raw and "selections" not in raw:
        yield Problem(
            ("condition",), "a condition joins selections, and there are none; add `selections: {gaming: {any: […]}}`, or use `when`"
        )
    elif "selections" in raw and "condition" not in raw and "when" not in raw:
        first = names[0] if names else "gaming"
        yield Problem(
            ("selections",),
            f"`condition` is missing: it says which selections must hold, such as `condition: {' and '.join(names[:2]) or first}`",
        )
    elif not {"when", "condition", "selections"} & raw.keys() and not any(difflib.get_close_matches(key, _WAYS) for key in raw):
        yield Problem((), "`when` is missing: write what must hold, such as `when: {any: [gaming industry], partners: any}`")
    if names and {"when", "condition"} & raw.keys():
        yield from _check_use(raw, names)


def _check_use(raw: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[Problem]:
    used: set[str] = set()
    readable = "condition" not in raw or isinstance(raw["condition"], str)  # else the model has its fault
    for path, text in _conditions(raw):
        try:
            expression = parse(text)
        except UnusableError:  # the model has this fault
            readable = False
            continue
        used |= names_in(expression, names)
        yield from _check_names(path, expression, names)
        yield from _check_reading(path, text)
        if path == ("condition",) and evaluate(expression, names, lambda _: False):
            message = "this condition of exclusions alone would match nearly everything; add a selection that must hold beside what stands under `not`"
            yield Problem(path, message)
    for name in names:
        if name not in used and readable:
            yield Problem(("selections", name), f"no condition uses the selection {name!r}; use it, or take it out")


def _conditions(raw: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield every condition over selections with its path."""
    if isinstance(raw.get("condition"), str):
        yield ("condition",), raw["condition"]
    rises = raw.get("severity_if")
    for n, rise in enumerate(rises if isinstance(rises, list) else ()):
        if isinstance(rise, Mapping) and isinstance(rise.get("if"), str):
            yield ("severity_if", n, "if"), rise["if"]


def _check_names(path: Path, expression: Expression, names: tuple[str, ...]) -> Iterator[Problem]:
    for part in dict.fromkeys(parts_of(expression)):
        if isinstance(part, Name):
            if part.name not in names:
                yield Problem(path, unknown("selection", part.name, names))
            continue
        meant = part.names(names)
        if not meant:
            yield Problem(path, f"no selection's name fits {part.pattern!r}; there are {', '.join(names[:12])}")
        elif part.least is not None and part.least > len(meant):
            yield Problem(path, f"{part.least} of {part.pattern} can never hold: there are only {len(meant)} ({', '.join(meant[:12])})")


def _check_reading(path: Path, text: str) -> Iterator[Problem]:
    with suppress(UnusableError):
        if (read := reading(text)) is not None:
            yield Problem(path, f"`and` binds closer than `or`, so this is read as `{read}`; write the parentheses", warning=True)


def check_rises(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the conditions over selections in `severity_if` where there are no selections to name."""
    if isinstance(raw.get("selections"), Mapping):
        return
    for path, _ in _conditions(raw):
        if path[0] == "severity_if":
            yield Problem(path, "this names selections, and there are none; write a block like `when`: `if: {partners: [US]}`")


def blocks(raw: Mapping[str, Any]) -> Iterator[tuple[Path, object]]:
    """Yield every block of conditions with its path: `when`, the selections, those of `severity_if`."""
    yield ("when",), raw.get("when")
    selections = raw.get("selections")
    for name, block in selections.items() if isinstance(selections, Mapping) else ():
        yield ("selections", name), block
    rises = raw.get("severity_if")
    for n, rise in enumerate(rises if isinstance(rises, list) else ()):
        if isinstance(rise, Mapping):
            yield ("severity_if", n, "if"), rise.get("if")
