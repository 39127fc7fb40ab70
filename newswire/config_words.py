"""pydantic's errors as faults: at their line, in words that say what would be right, with the nearest valid word."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from newswire import lookalikes
from newswire.config_schema import Schema
from newswire.errors import Fault
from newswire.yaml_tree import Document, ListNode, MapNode, Node, ScalarNode, describe

_SHAPES: Final = {
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "keys with values",
    "mapping_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "dataclass_type": "keys with values",
    "none_required": "nothing",
}
"""What is due where pydantic met another shape."""

_DUE: Final = _SHAPES | {
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "date_type": "a date (2026-11-30)",
    "date_parsing": "a date (2026-11-30)",
    "date_from_datetime_parsing": "a date (2026-11-30)",
    "date_from_datetime_inexact": "a date (2026-11-30)",
    "datetime_type": "a time (2026-11-30T14:05:00Z)",
    "datetime_parsing": "a time (2026-11-30T14:05:00Z)",
    "datetime_from_date_parsing": "a time (2026-11-30T14:05:00Z)",
    "timezone_aware": "a time with its zone (2026-11-30T14:05:00Z)",
    "time_type": "a time of day (08:00)",
    "time_parsing": "a time of day (08:00)",
}
"""What is due where a value has the wrong type."""

_BOUNDS: Final = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
_LENGTHS: Final = {
    "string_too_short": ("at least", "min_length"),
    "too_short": ("at least", "min_length"),
    "string_too_long": ("at most", "max_length"),
    "too_long": ("at most", "max_length"),
}
_MOST: Final = 400  # errors looked at: finding what was meant costs, and a hostile file could hold half a million
_WORD: Final = re.compile(r"'((?:[^'\\]|\\.)*)'")


@dataclass(frozen=True, slots=True)
class _Error:
    """One error of pydantic, its place in the tree, and the choices of unions that lie on the way there."""

    kind: str
    message: str
    context: dict[str, Any]
    place: tuple[str | int, ...]  # steps that exist in the tree
    choices: tuple[tuple[int, str], ...]  # (how many steps of `place` lead to the union, the choice's label)
    node: Node
    missing: str = ""  # the key that is due and not there
    of_key: bool = False  # the key of a free choice of keys is what is wrong, and `node` is the key

    @property
    def shape_due(self) -> str | None:
        """What shape is due, where the shape is what is wrong."""
        if self.kind in {"enum", "literal_error"}:
            return None if isinstance(self.node, ScalarNode) and not self.node.empty else "text"
        return self.context["due"] if self.kind == "either" else _SHAPES.get(self.kind)


def explain(error: ValidationError, document: Document, schema: Schema) -> Iterator[Fault]:
    """Yield the faults that a validation of `document.values()` found. What the reader refused already is not said again."""
    found = error.errors(include_url=False, include_input=False)[:_MOST]
    errors = _narrow([_locate(one, document) for one in found], schema)
    for one in _without_empty(_without_misspelt(errors, schema)):
        if not (isinstance(one.node, ScalarNode) and one.node.faulty):
            yield document.fault(one.place, _words(one, schema), of_key=one.of_key or one.kind == "extra_forbidden")


def _locate(error: Any, document: Document) -> _Error:
    location: tuple[str | int, ...] = error["loc"]
    missing = ""
    if error["type"] == "missing" and location:
        *rest, last = location
        location, missing = tuple(rest), str(last)
    if (key := _key_at(location, document)) is not None:
        return _Error(error["type"], error["msg"], error.get("ctx", {}), location[:-1], (), key, of_key=True)
    place: tuple[str | int, ...] = ()
    choices: list[tuple[int, str]] = []
    for step in location:
        if document.find((*place, step))[1] == len(place) + 1:
            place = (*place, step)
        else:
            choices.append((len(place), str(step)))
    node = document.find(place)[0]
    return _Error(error["type"], error["msg"], error.get("ctx", {}), place, tuple(choices), node, missing)


def _key_at(location: Sequence[str | int], document: Document) -> ScalarNode | None:
    """Return the key that an error is about: pydantic adds `[key]` to the place of its value."""
    if len(location) < 2 or location[-1] != "[key]" or document.find(location)[1] == len(location):
        return None
    parent, depth = document.find(location[:-2])
    found = parent.entries.get(str(location[-2])) if depth == len(location) - 2 and isinstance(parent, MapNode) else None
    return found[0] if found else None


def _narrow(errors: Sequence[_Error], schema: Schema) -> list[_Error]:
    """Return the errors without those of the union choices that were surely not meant."""
    kept = [one for one in errors if not one.choices]
    unions: dict[tuple[str | int, ...], dict[str, list[_Error]]] = {}
    for one in errors:
        if one.choices:
            depth, label = one.choices[0]
            unions.setdefault(one.place[:depth], {}).setdefault(label, []).append(replace(one, choices=one.choices[1:]))
    for place, choices in unions.items():
        narrowed = [_narrow(among, schema) for among in choices.values()]
        meant = [_without_misspelt(among, schema) for among in narrowed if not _another_shape(among, place)]
        if meant:
            kept.extend(min(meant, key=lambda among: _distance(among, schema)))
        else:
            kept.append(_either([one for among in narrowed for one in among if one.place == place and one.shape_due]))
    return kept


def _another_shape(errors: Sequence[_Error], place: tuple[str | int, ...]) -> bool:
    return any(one.place == place and one.shape_due for one in errors)


def _without_misspelt(errors: Sequence[_Error], schema: Schema) -> list[_Error]:
    """Return the errors without the missing keys that stand there under a misspelt name: one mistake, one fault."""
    meant = {(one.place[:-1], _meant_key(one, schema)) for one in errors if one.kind == "extra_forbidden"}
    return [one for one in errors if not one.missing or (one.place, one.missing) not in meant]


def _without_empty(errors: Sequence[_Error]) -> list[_Error]:
    """Return the errors without those of lists that are too short only because their entries have faults."""
    return [one for one in errors if one.kind != "too_short" or not any(_inside(other, one) for other in errors)]


def _inside(other: _Error, one: _Error) -> bool:
    depth = len(one.place)
    return len(other.place) > depth and other.place[:depth] == one.place


def _either(errors: Sequence[_Error]) -> _Error:
    due = dict.fromkeys(one.shape_due or "" for one in errors)
    return replace(errors[0], kind="either", context={"due": " or ".join(due)})


def _distance(errors: Iterable[_Error], schema: Schema) -> float:
    """Return how far a choice of a union is from what was written; a misspelt key counts half."""
    return sum(0.5 if one.kind == "extra_forbidden" and _meant_key(one, schema) else 1 for one in errors)


def _meant_key(error: _Error, schema: Schema) -> str | None:
    return nearest(str(error.place[-1]), schema.keys(error.place[:-1]))


def _words(error: _Error, schema: Schema) -> str:
    found = describe(error.node)
    due = error.shape_due or _DUE.get(error.kind)
    if error.kind == "extra_forbidden":
        words = _unknown("key", str(error.place[-1]), schema.keys(error.place[:-1]))
    elif error.missing:
        words = f"the key '{error.missing}' is missing here"
    elif due:
        words = f"{due} {'are' if due.endswith('values') else 'is'} due here, not {found}"
    elif error.kind in {"enum", "literal_error"}:
        words = _unknown("word", error.node.text if isinstance(error.node, ScalarNode) else "", _WORD.findall(error.context["expected"]))
    elif error.kind in _BOUNDS:
        bound, name = _BOUNDS[error.kind]
        words = f"{bound} {error.context[name]} is due here, not {found}"
    elif error.kind in _LENGTHS:
        bound, name = _LENGTHS[error.kind]
        words = _length(bound, error.context[name], error.node)
    elif error.kind in {"value_error", "assertion_error"}:
        words = str(error.context.get("error", error.message))
    else:
        words = f"{error.message[:1].lower()}{error.message[1:]}; here stands {found}"
    return words


def _length(bound: str, number: int, node: Node) -> str:
    one, many = {ListNode: ("entry", "entries"), MapNode: ("key", "keys")}.get(type(node), ("character", "characters"))
    return f"{bound} one {one} is due here" if number == 1 else f"{bound} {number} {many} are due here"


def _unknown(what: str, word: str, valid: Sequence[str]) -> str:
    if looks := lookalikes.fault(what, word, valid):
        return looks
    near = nearest(word, valid)
    shown = ", ".join(valid[:20]) + (", …" if len(valid) > 20 else "")
    return f"unknown {what} '{word[:60]}'; " + (f"did you mean '{near}'?" if near else f"{shown or 'nothing'} can stand here")


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """Return the valid word that was most likely meant."""
    valid = list(valid)
    if looks := lookalikes.meant(word, valid):
        return looks
    by_small = {one.lower(): one for one in valid}
    found = difflib.get_close_matches(word.lower()[:60], by_small, n=1, cutoff=0.6)
    return by_small[found[0]] if found else None
