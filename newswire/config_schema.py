"""What a pydantic model allows at each place of a file, read from its core schema: keys, and scalars that are told too loosely."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel

from newswire.errors import Fault
from newswire.yaml_tree import Document, ListNode, MapNode, Node, ScalarNode

_LOOSE_FLAGS: Final = {"0", "off", "f", "n", "no", "1", "on", "t", "y", "yes"}
"""What pydantic takes for a bool, in any case, beside true and false."""

_LOOSE_NUMBERS: Final = {"nan", "inf", "infinity"}

_WRAPPERS: Final = {"definitions", "model", "nullable", "default", "function-before", "function-after", "function-wrap", "model-field"}


class Schema:
    """A model's core schema, to be asked by place."""

    def __init__(self, model: type[BaseModel]) -> None:
        model.model_rebuild()
        self._root: Any = model.__pydantic_core_schema__
        self._definitions = {one["ref"]: one for one in self._root.get("definitions", ())}
        _require_strict(self._root)

    def keys(self, place: Sequence[str | int]) -> list[str]:
        """Return the keys that can stand at a place, in the order of the model."""
        candidates = self._open(self._root)
        for step in place:
            candidates = [inner for one in candidates for inner in self._child(one, step)]
        return list(dict.fromkeys(name for one in candidates if one["type"] == "model-fields" for name in _names(one)))

    def loose_scalars(self, document: Document) -> Iterator[Fault]:
        """Yield a fault for each text that pydantic would take for a bool or a number and YAML 1.2 would not (`yes`, `nan`)."""
        for node, message in self._loose(document.root, self._open(self._root)):
            yield Fault(document.name, node.line, node.column, message)

    def _loose(self, node: Node, candidates: list[Any]) -> Iterator[tuple[Node, str]]:
        match node:
            case MapNode():
                for key, (_, value) in node.entries.items():
                    yield from self._loose(value, [inner for one in candidates for inner in self._child(one, key)])
            case ListNode():
                for place, item in enumerate(node.items):
                    yield from self._loose(item, [inner for one in candidates for inner in self._child(one, place)])
            case ScalarNode():
                kinds = {one["type"] for one in candidates}
                allowed = {value for one in candidates if one["type"] == "literal" for value in one["expected"]}
                text = node.text.strip().lower()
                if "str" in kinds or node.text in allowed:
                    return
                if "bool" in kinds and (text in _LOOSE_FLAGS or (text in {"true", "false"} and node.text != text)):
                    yield node, f"true or false is due here, not '{node.text}'"
                elif "float" in kinds and text.lstrip("+-") in _LOOSE_NUMBERS:
                    yield node, f"a number is due here, not '{node.text}'"

    def _open(self, schema: Any) -> list[Any]:
        """Return the schema without what is wrapped around it, and of a union all its choices."""
        kind = schema["type"]
        if kind in _WRAPPERS:
            return self._open(schema["schema"])
        if kind == "definition-ref":
            return self._open(self._definitions[schema["schema_ref"]])
        if kind == "union":
            choices = [choice[0] if isinstance(choice, tuple) else choice for choice in schema["choices"]]
            return [inner for choice in choices for inner in self._open(choice)]
        if kind == "tagged-union":
            return [inner for choice in schema["choices"].values() for inner in self._open(choice)]
        return [schema]

    def _child(self, schema: Any, step: str | int) -> list[Any]:
        match schema["type"]:
            case "model-fields":
                inner = [one for name, one in schema["fields"].items() if one.get("validation_alias", name) == step]
            case "dict":
                inner = [schema["values_schema"]] if "values_schema" in schema else []
            case "list" | "set" | "frozenset":
                inner = [schema["items_schema"]] if "items_schema" in schema else []
            case "tuple":
                inner = schema["items_schema"]
            case _:
                inner = []
        return [opened for one in inner for opened in self._open(one)]


@lru_cache(maxsize=64)
def schema_of(model: type[BaseModel]) -> Schema:
    """Return the model's schema.

    Raises:
        TypeError: one of the models in it ignores unknown keys.

    """
    return Schema(model)


def _names(schema: Any) -> list[str]:
    aliases = (one.get("validation_alias", name) for name, one in schema["fields"].items())
    return [alias for alias in aliases if isinstance(alias, str)]


def _require_strict(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("type") == "model" and not node["root_model"] and node.get("config", {}).get("extra_fields_behavior") != "forbid":
            raise TypeError(f"{node['cls'].__name__} must forbid unknown keys: model_config = STRICT")
        for key, value in node.items():
            if key not in {"metadata", "serialization", "default"}:
                _require_strict(value)
    elif isinstance(node, list | tuple):
        for value in node:
            _require_strict(value)
