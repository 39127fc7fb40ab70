"""The tree that a YAML file is read into: every value with its place, scalars as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from newswire.errors import Fault

Location: TypeAlias = Sequence[str | int]
"""The way from the root to a value: keys and indexes, as in pydantic's `loc`."""


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A text as written. `plain` is one without quotes, which alone can mean "nothing"."""

    text: str
    plain: bool
    line: int
    column: int
    faulty: bool = False  # stands for something that was refused: no more is said about it

    @property
    def empty(self) -> bool:
        """Whether it is YAML's null."""
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    items: tuple["Node", ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class MapNode:
    """Keys with their values, in the order of the file; of duplicate keys the first is kept."""

    entries: Mapping[str, tuple[ScalarNode, "Node"]]
    line: int
    column: int


Node: TypeAlias = ScalarNode | ListNode | MapNode


@dataclass(frozen=True, slots=True)
class Document:
    """A file that could be read: its name in messages and its root."""

    name: str
    root: MapNode

    def values(self) -> dict[str, Any]:
        """Return the tree as plain dicts, lists, text and None."""
        return {key: _plain(value) for key, (_, value) in self.root.entries.items()}

    def find(self, location: Location) -> tuple[Node, int]:
        """Return the deepest node on the way to `location`, and how many of its steps led there."""
        node: Node = self.root
        for depth, step in enumerate(location):
            following = _child(node, step)
            if following is None:
                return node, depth
            node = following
        return node, len(location)

    def fault(self, location: Location, message: str, *, of_key: bool = False) -> Fault:
        """Return a fault at the value (or at the key) that `location` leads to, or at the nearest thing around it."""
        place: Node = self.find(location)[0]
        if of_key and location:
            parent, depth = self.find(location[:-1])
            if depth == len(location) - 1 and isinstance(parent, MapNode) and location[-1] in parent.entries:
                place = parent.entries[str(location[-1])][0]
        return Fault(self.name, place.line, place.column, message)


def describe(node: Node | None) -> str:
    """Return in plain words what a node is, to say what stands where something else is due."""
    match node:
        case ListNode():
            return "a list"
        case MapNode():
            return "keys with values"
        case ScalarNode() if not node.empty:
            shown = node.text if len(node.text) <= 40 else node.text[:39] + "…"
            return f"the text '{' '.join(shown.split())}'"
    return "nothing"


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, MapNode) and isinstance(step, str) and step in node.entries:
        return node.entries[step][1]
    if isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def _plain(node: Node) -> Any:
    match node:
        case MapNode():
            return {key: _plain(value) for key, (_, value) in node.entries.items()}
        case ListNode():
            return [_plain(item) for item in node.items]
    return None if node.empty else node.text
