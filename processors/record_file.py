"""Records in JSONL files: the lines that are records, and a fault for each line that is none, with what would be right.

A byte order mark, CRLF and empty lines are no faults. Two records of one id are, since an answer could not be told from the other.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from newswire.errors import Fault
from newswire.records import Label

LONGEST_LINE: Final = 8_000_000  # bytes of one record
_TOO_LONG: Final = b"\x00"  # stands for a line past it: never the beginning of JSON
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_KINDS: Final = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}

Check = Callable[[str, Any], Any]
"""Takes a field's name and its value; returns the value to use, or raises ValueError with what is wrong."""


def read_records(
    path: Path, checks: Mapping[str, Check], *, needed: Sequence[str], seen: dict[str, str] | None = None
) -> tuple[list[dict[str, Any]], list[Fault]]:
    """Return the records of a file with the fields that `checks` names, and a fault for each line that is none.

    `seen` holds where each id stood in the files read before; the ids of this file are added to it.
    """
    seen = {} if seen is None else seen
    good: list[dict[str, Any]] = []
    faults: list[Fault] = []
    with path.open("rb") as file:
        for number, raw in enumerate(_lines(file), 1):
            if not raw.strip():
                continue
            try:
                record = _record(raw, checks, needed)
                _require_new(record["id"], seen)
            except ValueError as error:
                faults.append(Fault(str(path), number, 1, str(error)))
                continue
            seen[record["id"]] = f"{path}:{number}"
            good.append(record)
    if not good and not faults:
        faults.append(Fault(str(path), 0, 0, "holds no record: one JSON object a line is expected"))
    return good, faults


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Give lines of bounded length; the rest of a longer one is passed over."""
    first = True
    while line := file.readline(LONGEST_LINE + 1):
        if first:
            line, first = line.removeprefix(_BYTE_ORDER_MARK), False
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            line = _TOO_LONG
        yield line


def _record(raw: bytes, checks: Mapping[str, Check], needed: Sequence[str]) -> dict[str, Any]:
    if raw == _TOO_LONG:
        raise ValueError(f"the line is longer than {LONGEST_LINE:,} bytes: a record is one item, on one line")
    try:
        loaded = json.loads(raw.strip().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"no UTF-8 at byte {error.start}: save the file as UTF-8") from None
    except RecursionError:
        raise ValueError("no JSON of a record: nested too deep; one flat object a line is expected") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error.msg} at character {error.pos + 1}; one object a line is expected") from None
    except ValueError as error:  # a number of thousands of digits
        raise ValueError(f"no JSON: {error}; one object a line is expected") from None
    if not isinstance(loaded, dict):
        raise ValueError(f'a record must be an object like {{"id": …, "title": …}}, not {_kind(loaded)}')  # noqa: TRY004 -- all faults of a line are one kind
    record = {name: check(name, loaded[name]) for name, check in checks.items() if name in loaded}
    record = {name: value for name, value in record.items() if value is not None or name == "home"}
    missing = [name for name in needed if name not in record]
    if missing:
        raise ValueError(f"{', '.join(missing)} missing: a record needs {', '.join(needed)}")
    return record


def _require_new(of: str, seen: Mapping[str, str]) -> None:
    if of in seen:
        raise ValueError(f"id {_shown(of)} stands already at {seen[of]}: each record needs its own")


def is_text(name: str, value: Any) -> str | None:
    """Return the text with lone surrogates replaced, which no file could hold; null is as good as missing."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text, not {_kind(value)}")  # noqa: TRY004 -- all faults of a line are one kind
    return value.encode("utf-8", "replace").decode("utf-8")


def is_full_text(name: str, value: Any) -> str:
    """Return the text, which may not be empty."""
    text = is_text(name, value)
    if text is None or not text.strip():
        raise ValueError(f"{name} is empty: a record needs one")
    return text


def is_label(name: str, value: Any) -> str:
    """Return the label, one of three."""
    labels = [label.value for label in Label]
    if value not in labels:
        raise ValueError(f"{name} must be {', '.join(labels[:-1])} or {labels[-1]}, not {_shown(value)}")
    return str(value)


def is_list_of_texts(name: str, value: Any) -> list[str] | None:
    """Return the list, each of its parts a text; null is as good as missing."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError(f'{name} must be a list like ["US"], not {_kind(value)}')  # noqa: TRY004 -- all faults of a line are one kind
    for part in value:
        if not isinstance(part, str):
            raise ValueError(f"{name} must hold texts, not {_kind(part)}")  # noqa: TRY004 -- as above
    return value


def is_truth(name: str, value: Any) -> bool | None:
    """Return true or false; null is as good as missing."""
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, not {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    return _KINDS[type(value)]


def _shown(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
