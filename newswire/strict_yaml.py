"""YAML as people edit it: a tree with the place of every value, or every fault at once; scalars stay text, the model decides.

Stricter than YAML 1.2 on purpose: no anchors, aliases, merge keys or tags (a few hundred bytes of them can hang a loader), no
duplicate keys, one document, at most 1 MiB, 20 levels and 75,000 values. The tree is built from libyaml's events without recursion, because
PyYAML's own C composer dies of SIGSEGV on 100,000 nested brackets.
"""

import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Final

import yaml

from newswire.errors import Fault
from newswire.yaml_tree import Document, ListNode, MapNode, Node, ScalarNode, describe
from newswire.yaml_words import syntax_words

MAX_BYTES: Final = 1_048_576
MAX_DEPTH: Final = 20
MAX_VALUES: Final = 75_000  # a list of 10,000 terms, each a map of three keys, has 70,000
MAX_FAULTS: Final = 100  # of one file: nobody reads more, and a hostile one could hold a million


def read(path: Path, name: str | None = None) -> tuple[Document | None, list[Fault]]:
    """Return what the file holds and every fault found in it; the document is None where no tree could be made."""
    shown = name or str(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return None, [Fault(shown, 0, 0, "this is not a regular file")]
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        return None, [Fault(shown, 0, 0, f"cannot be read: {(error.strerror or str(error)).lower()}")]
    return read_bytes(raw, shown)


def read_bytes(raw: bytes, name: str) -> tuple[Document | None, list[Fault]]:
    """Return what the bytes of a file hold, as `read` does."""
    if len(raw) > MAX_BYTES:
        return None, [Fault(name, 0, 0, f"the file is larger than {MAX_BYTES // 1024} KiB; split it")]
    if b"\x00" in raw:
        what = "UTF-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "binary, or UTF-16"
        return None, [Fault(name, 1, 1, f"this is not a text in UTF-8 ({what}); save the file as UTF-8")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place(raw[: error.start].decode("utf-8-sig"), error.start)
        return None, [Fault(name, *place, f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8")]
    return read_text(text, name)


def read_text(text: str, name: str) -> tuple[Document | None, list[Fault]]:
    """Return what the text of a file holds, as `read` does."""
    faults = list(islice(_forbidden_characters(text, name), MAX_FAULTS + 1))
    if faults:
        return None, first_of(faults)  # the parser would stop at the first of them and say less
    builder = _Builder(name)
    loader = yaml.CSafeLoader(text)
    try:
        while (event := loader.get_event()) is not None:
            if not builder.take(event):
                break
        document = builder.document()
    except yaml.MarkedYAMLError as error:
        document = None
        builder.broken(error, at_end=_at_end(error, text))
    finally:
        loader.dispose()
    return document, first_of(builder.faults)


def first_of(faults: list[Fault]) -> list[Fault]:
    """Return the faults of one file, or the first hundred less one of them and a last that says so."""
    if len(faults) <= MAX_FAULTS:
        return faults
    last = faults[MAX_FAULTS - 1]
    more = f"more is wrong from here on; of one file the first {MAX_FAULTS} mistakes are told"
    return [*faults[: MAX_FAULTS - 1], Fault(last.file, last.line, last.column, more)]


def _at_end(error: yaml.MarkedYAMLError, text: str) -> bool:
    mark = error.problem_mark
    return mark is not None and mark.index >= len(text.rstrip())


_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff\u2028\u2029"
    "\u202a-\u202e\u2066-\u2069]",  # a file whose lines read otherwise than they are cannot be reviewed
)
_TAB: Final = re.compile(r"^ *\t[ \t]*(?=[^\s#])", re.MULTILINE)


def _forbidden_characters(text: str, name: str) -> Iterator[Fault]:
    text = text.replace("\r\n", "\n")
    if "\n" not in text and "\r" in text:
        yield Fault(name, 1, text.index("\r") + 1, "the lines end in CR alone; save the file with LF (Unix) line ends")
        return
    for found in _FORBIDDEN.finditer(text):
        yield Fault(name, *_place(text, found.start()), _forbidden(found[0]))
    for found in _TAB.finditer(text):
        yield Fault(name, *_place(text, found.start()), "a tab indents this line; indent with spaces")


def _forbidden(character: str) -> str:
    called = unicodedata.name(character, "a control character").lower()
    return f"U+{ord(character):04X} ({called}) is not allowed here; delete it"


def _place(text: str, offset: int) -> tuple[int, int]:
    offset = min(offset, len(text))
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


@dataclass(slots=True)
class _Open:
    """A list or map whose end has not come yet."""

    line: int
    column: int
    is_map: bool
    is_flow: bool  # written in brackets
    refused: bool  # for its tag: no more is said about what is in it
    items: list[Node] = field(default_factory=list)
    entries: dict[str, tuple[ScalarNode, Node]] = field(default_factory=dict)
    key: ScalarNode | None = None
    key_due: bool = True


class _Builder:
    """Builds the tree from parser events, and gathers what is refused on the way."""

    def __init__(self, name: str) -> None:
        self.faults: list[Fault] = []
        self._name = name
        self._stack: list[_Open] = []
        self._root: Node | None = None
        self._documents = 0
        self._values = 0
        self._whole = True

    def take(self, event: yaml.Event) -> bool:
        """Use one event; return False where reading on is useless."""
        if len(self.faults) > MAX_FAULTS:
            self._whole = False
            return False
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._refuse(event, "a second document begins here; keep one document in a file")
                return False
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"the alias *{event.anchor} is not allowed; write the value out, or use a named list")
            self._put(_refused(event))
        elif isinstance(event, yaml.NodeEvent):
            return self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        return True

    def broken(self, error: yaml.MarkedYAMLError, *, at_end: bool) -> None:
        """Add the one fault that the parser stopped at; of a file cut off inside brackets it is the bracket that is said."""
        line, column, words = syntax_words(error)
        if at_end and self._stack and self._stack[-1].is_flow and "quoted" not in words:
            cut = self._stack[-1]
            missing = "}" if cut.is_map else "]"
            line, column, words = cut.line, cut.column, f"what this bracket opens is not closed: '{missing}' is missing"
        self.faults.append(Fault(self._name, line, column, words))

    def document(self) -> Document | None:
        """Return the document, or None with one more fault where the root is no mapping."""
        if not self._whole:
            return None
        if self._root is None or (isinstance(self._root, ScalarNode) and self._root.empty):
            self.faults.append(Fault(self._name, 0, 0, "the file is empty; keys with values are due here (key: value)"))
        elif not isinstance(self._root, MapNode):
            message = f"keys with values are due here (key: value), not {describe(self._root)}"
            self.faults.append(Fault(self._name, self._root.line, self._root.column, message))
        else:
            return Document(self._name, self._root)
        return None

    def _node(self, event: yaml.NodeEvent) -> bool:
        self._values += 1
        if self._values > MAX_VALUES:
            self._refuse(event, f"more than {MAX_VALUES} values are too many for one file; split it")
            self._whole = False
            return False
        if event.anchor is not None:
            self._refuse(event, f"the anchor &{event.anchor} is not allowed; write the value out, or use a named list")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._refuse(event, f"the tag {_short_tag(tag)} is not allowed; write the plain value")
        line, column = _mark(event)
        if isinstance(event, yaml.ScalarEvent):
            bad = _FORBIDDEN.search(event.value)
            if bad is not None:
                self._refuse(event, f"{_forbidden(bad[0])} (in double quotes a backslash begins an escape: write \\\\ for one)")
            self._put(
                ScalarNode(event.value, event.style is None or event.style == "", line, column, faulty=tag is not None or bad is not None)
            )
            return True
        if len(self._stack) >= MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels")
            self._whole = False
            return False
        flow = bool(getattr(event, "flow_style", False))
        self._stack.append(_Open(line, column, isinstance(event, yaml.MappingStartEvent), flow, refused=tag is not None))
        return True

    def _end(self) -> None:
        ended = self._stack.pop()
        if ended.refused:
            self._put(ScalarNode("", True, ended.line, ended.column, faulty=True))
        elif ended.is_map:
            self._put(MapNode(MappingProxyType(ended.entries), ended.line, ended.column))
        else:
            self._put(ListNode(tuple(ended.items), ended.line, ended.column))

    def _put(self, node: Node) -> None:
        """Hand a complete node to what it stands in."""
        if not self._stack:
            self._root = node if self._documents == 1 else self._root
            return
        around = self._stack[-1]
        if not around.is_map:
            around.items.append(node)
        elif around.key_due:
            around.key, around.key_due = self._key(node, around), False
        else:
            if around.key is not None:
                around.entries[around.key.text] = (around.key, node)
            around.key, around.key_due = None, True

    def _key(self, node: Node, around: _Open) -> ScalarNode | None:
        """Return the node as a key, or None where the entry is refused (its value is skipped)."""
        if not isinstance(node, ScalarNode):
            self._fault(node, f"a key must be one text, not {describe(node)}")
        elif node.faulty:
            return None
        elif node.plain and node.text == "<<":
            self._fault(node, "the merge key << is not allowed; write the keys out")
        elif node.text in around.entries:
            first = around.entries[node.text][0].line
            self._fault(node, f"duplicate key '{node.text}': it stands in line {first} already")
        elif not node.text:
            self._fault(node, "a key is missing before ':'")
        else:
            return node
        return None

    def _refuse(self, event: yaml.Event, message: str) -> None:
        self.faults.append(Fault(self._name, *_mark(event), message))

    def _fault(self, node: Node, message: str) -> None:
        self.faults.append(Fault(self._name, node.line, node.column, message))


def _mark(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _refused(event: yaml.Event) -> ScalarNode:
    return ScalarNode("", True, *_mark(event), faulty=True)


def _short_tag(tag: str) -> str:
    return "!!" + tag.removeprefix("tag:yaml.org,2002:") if tag.startswith("tag:yaml.org,2002:") else tag
