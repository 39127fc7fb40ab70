"""What `newswire explain` is asked about: a report, an item, an article's text or page, in a file or on standard input."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from newswire.codec import decode
from newswire.errors import ConfigurationError, Fault, Permanent
from newswire.records import Item, Report
from newswire.text import clean, clean_line

MOST_BYTES: Final = 16 << 20
TITLE: Final = 2_000  # characters
TEXT: Final = 200_000
_FIELDS: Final = ("title", "summary", "text", "lang", "outlet", "published", "source_url", "url")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Words:
    """An item that has still to be understood. Empty: not given."""

    title: str
    summary: str = ""
    text: str = ""
    language: str = ""
    outlet: str = ""
    source_url: str = ""
    url: str = ""
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Html:
    """A page whose article has still to be found."""

    body: bytes
    url: str = ""
    charset: str | None = None


Subject = Report | Item | Words | Html


def read_subject(where: str, line: int | None) -> Subject:
    """Return what a file, or standard input (`-`), holds.

    JSON is a report, an item, or an object with a title and whatever else is known; HTML is a page; anything else is text, its first line
    the title. `line` chooses a record of a JSONL file.

    Raises:
        ConfigurationError: it cannot be read, or holds nothing of the kind.

    """
    name = "standard input" if where == "-" else where
    raw = _bytes_of(where, name)
    kind = "" if where == "-" else Path(where).suffix.lower()
    start = raw.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    if kind in (".html", ".htm", ".xhtml") or (kind != ".txt" and start == b"<"):
        return Html(raw)
    if kind in (".json", ".jsonl") or (kind != ".txt" and start == b"{"):
        return _record(raw, name, line)
    return _article(_text_of(raw, name), name)


def _bytes_of(where: str, name: str) -> bytes:
    try:
        if where == "-":
            raw = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(where).open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        _refuse(name, f"cannot be read: {(error.strerror or str(error)).lower()}; a file, an http(s) address or - is due")
    if len(raw) > MOST_BYTES:
        _refuse(name, f"is larger than {MOST_BYTES:,} bytes: one report, item or article is due")
    if not raw.strip():
        _refuse(name, "is empty: a report, an item or an article is due")
    return raw


def _text_of(raw: bytes, name: str) -> str:
    try:
        return raw.removeprefix(_BYTE_ORDER_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(name, f"no UTF-8 at byte {error.start}: save the file as UTF-8")


def _article(text: str, name: str) -> Words:
    title, _, body = text.strip().partition("\n")
    if not (title := clean_line(title, limit=TITLE)):
        _refuse(name, "has no title: the first line of a text is its title")
    return Words(title, text=clean(body, limit=TEXT))


def _record(raw: bytes, name: str, line: int | None) -> Subject:
    text = _text_of(raw, name)
    try:
        whole = None if line is not None else json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    if whole is not None:
        return _subject(whole, raw, name, 0)
    lines = [(number, one) for number, one in enumerate(text.split("\n"), 1) if one.strip()]
    if line is not None:
        chosen = next((one for number, one in lines if number == line), None)
        if chosen is None:
            _refuse(name, f"line {line} holds nothing; there are {len(lines):,} records")
        return _loaded(chosen, name, line)
    if len(lines) > 1 and lines[0][1].rstrip().endswith("}"):
        _refuse(name, f"holds {len(lines):,} records; say which one: --line {lines[0][0]}")
    return _loaded(text, name, lines[0][0])


def _loaded(text: str, name: str, line: int) -> Subject:
    try:
        value = json.loads(text)
    except RecursionError:
        _refuse(name, "no JSON of an item: nested too deep", line)
    except json.JSONDecodeError as error:
        _refuse(name, f"no JSON: {error.msg} at column {error.colno}", line + error.lineno - 1)
    except ValueError as error:
        _refuse(name, f"no JSON: {error}", line)
    return _subject(value, text.encode("utf-8", "replace"), name, line)


def _subject(value: object, raw: bytes, name: str, line: int) -> Subject:
    if not isinstance(value, Mapping):
        _refuse(name, 'an object is due, such as {"title": "…", "text": "…"}', line)
    kind = value.get("record")
    why = f"holds a record of kind {str(kind)[:40]!r}; a report or an item is due"
    try:
        if kind is None:
            return _words(value)
        if kind == "report":
            return decode(Report, raw.removeprefix(_BYTE_ORDER_MARK))
        if kind == "item":
            return decode(Item, raw.removeprefix(_BYTE_ORDER_MARK))
    except (Permanent, ValueError) as error:
        why = str(error)
    raise _refusal(name, why, line)


def _words(given: Mapping[str, Any]) -> Words:
    """Return the item's fields; what else stands there (a label, a story) is not looked at, as `newswire assess` does not."""
    texts: dict[str, str] = {}
    for key in _FIELDS:
        value = given.get(key)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{key} must be text, not {type(value).__name__}")
        texts[key] = value or ""
    title = clean_line(texts["title"], limit=TITLE)
    if not title:
        raise ValueError('title is missing: an item needs one, such as {"title": "…", "text": "…"}')
    return Words(
        title=title,
        summary=clean(texts["summary"], limit=TEXT),
        text=clean(texts["text"], limit=TEXT),
        language=texts["lang"].strip().lower(),
        outlet=clean_line(texts["outlet"], limit=TITLE),
        source_url=texts["source_url"].strip(),
        url=texts["url"].strip(),
        published_at=_moment(texts["published"].strip()),
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"published must be a date such as 2026-11-02 or 2026-11-02T08:55:00Z, not {text[:60]!r}") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _refuse(name: str, why: str, line: int = 0) -> NoReturn:
    raise _refusal(name, why, line)


def _refusal(name: str, why: str, line: int) -> ConfigurationError:
    return ConfigurationError([Fault(name, line, 1 if line else 0, why)])
