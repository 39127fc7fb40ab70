"""The file of a watchlist with another status, and not one other byte changed.

Pure: bytes in, bytes out. The status is written where the parser found it, so comments, order, quotes and line endings stay.
"""

from typing import Final

from alerting.watchlists.model import Status
from newswire.errors import ConfigurationError, Fault
from newswire.strict_yaml import read_bytes
from newswire.yaml_tree import Document, MapNode, Node, ScalarNode

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_AFTER: Final = ("severity", "title")
"""Where a status goes that was not written before: after the first of these that is there."""


def with_status(raw: bytes, status: Status, name: str) -> bytes:
    """Return the file with this status; `name` is what faults call it.

    Raises:
        ConfigurationError: it is no readable YAML, or its status is written in a way that only a person can change.

    """
    document, faults = read_bytes(raw, name)
    if document is None or faults:
        raise ConfigurationError(faults)
    text = raw.decode("utf-8-sig")
    if "status" in document.root.entries:
        changed = _replaced(text, document, document.root.entries["status"][1], status)
    else:
        changed = _inserted(text, document, status)
    written = (_BYTE_ORDER_MARK if raw.startswith(_BYTE_ORDER_MARK) else b"") + changed.encode()
    again, faults = read_bytes(written, name)
    if faults or again is None or again.values() != {**document.values(), "status": str(status)}:
        raise _refusal(document, document.root, status)
    return written


def _replaced(text: str, document: Document, node: Node, status: Status) -> str:
    if not isinstance(node, ScalarNode) or not node.text:
        raise _refusal(document, node, status)
    start = _offset(text, node)
    for quote in ("",) if node.plain else ("'", '"'):
        if text.startswith(f"{quote}{node.text}{quote}", start):
            begin = start + len(quote)
            return f"{text[:begin]}{status}{text[begin + len(node.text) :]}"
    raise _refusal(document, node, status)


def _inserted(text: str, document: Document, status: Status) -> str:
    """Return the text with a line for the status, after the severity or the title."""
    root = document.root
    start = _offset(text, root)
    if text.startswith("{", start):  # a map in brackets has no lines of its own
        return f"{text[: start + 1]}status: {status}, {text[start + 1 :]}"
    after = next((key for key in _AFTER if key in root.entries), None)
    if after is None:
        raise _refusal(document, root, status)
    lines = text.splitlines(keepends=True)
    place = _line_after(lines, root, after)
    ending = "\r\n" if lines[place - 1].endswith("\r\n") else "\n"
    if not lines[place - 1].endswith("\n"):  # the file's last line, which nothing ends
        ending = "\r\n" if lines[0].endswith("\r\n") else "\n"
        lines[place - 1] += ending
        return "".join([*lines, f"{' ' * (root.column - 1)}status: {status}"])
    lines.insert(place, f"{' ' * (root.column - 1)}status: {status}{ending}")
    return "".join(lines)


def _line_after(lines: list[str], root: MapNode, key: str) -> int:
    """Return the index of the first line that is not of this key's value: a long title may stand in several."""
    keys = list(root.entries)
    following = keys[keys.index(key) + 1 :]
    if not following:
        return len(lines)
    place = root.entries[following[0]][0].line - 1
    while _is_blank_or_comment(lines[place - 1]):  # what stands above a key belongs to it
        place -= 1
    return place


def _is_blank_or_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _offset(text: str, node: Node) -> int:
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: node.line - 1])) + node.column - 1


def _refusal(document: Document, node: Node, status: Status) -> ConfigurationError:
    message = f"the status cannot be rewritten as it is written here; write `status: {status}` by hand, on a line of its own"
    return ConfigurationError([Fault(document.name, node.line, node.column, message)])
