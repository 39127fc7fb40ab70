"""What is said beside alerts, before any receiver's format: replies in a thread, digests, notices. Pure.

A bulletin is laid out in lines of pieces, so that each kind of receiver needs one way to show all of them. Every string in it may be
foreign: who shows it cleans and escapes it (`alerting.escape`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from newswire.records import MessageKind, Severity


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line. With `at` it is a moment, which each reader sees in a zone of his own where that can be; `text` is then not shown."""

    text: str
    bold: bool = False
    strike: bool = False
    code: bool = False
    url: str | None = None
    at: datetime | None = None


Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One message that is no alert of its own."""

    bulletin_id: str  # 32 hex digits; by it a message in doubt is looked for
    kind: MessageKind  # REPLY, DIGEST or NOTICE
    severity: Severity  # gives the colour
    fallback: str  # one line that reads well alone: what notifications show
    heading: Line
    lines: tuple[Line, ...]
    story_id: str | None = None  # of a reply
    alert_id: str | None = None  # the alert, or the digest's first page, in whose thread it stands
    watchlists: tuple[str, ...] = ()  # ids
    data: dict[str, Any] | None = None  # the same as facts, for programs: JSON values only
    possible_repeat: bool = False  # an earlier attempt may have arrived: said, rather than hidden
    sequence: int = 0  # of its kind, in its thread; the sender sets it from the outbox row
    carries: tuple[str, ...] = ()  # tokens of what it tells: `alerting.carried`
    digest: str | None = None  # of a scheduled digest's first page: its name
    due_at: float | None = None  # and the time that it is told for, in seconds since 1970 UTC


_ADAPTER: Final = TypeAdapter(Bulletin)


def to_json(bulletin: Bulletin) -> str:
    """Return the bulletin as the outbox stores it."""
    return _ADAPTER.dump_json(bulletin).decode()


def from_json(text: str) -> Bulletin:
    """Return the bulletin that `to_json` wrote.

    Raises:
        ValueError: it is none.

    """
    return _ADAPTER.validate_json(text)


def text_of(line: Line) -> str:
    """Return a line as plain text, a moment in UTC; not cleaned."""
    return "".join(f"{piece.at:%Y-%m-%d %H:%M} UTC" if piece.at is not None else piece.text for piece in line)
