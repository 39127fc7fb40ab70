"""What a webhook gets beside alerts: a reply, a digest or a notice as a JSON document of version 1. Pure.

It is said twice: in lines of text for people, and as facts for programs. Every string of both is cleaned again, the facts' names too, and
both are bounded: whatever stood in a feed, the document stays small and ASCII.
"""

import json
import math
from collections.abc import Iterator
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from alerting.bulletin import Bulletin
from alerting.escape import link, plain
from alerting.render import NAME_LIMIT, TEXT_LIMIT
from alerting.render_bulletin import shown_line
from newswire.records import Severity

LINES_MOST: Final = 1_000
LINE_LIMIT: Final = 1_000
LINKS_MOST: Final = 1_000
DATA_DEPTH: Final = 8
DATA_VALUES: Final = 20_000
DATA_TEXT: Final = 1_000


class Link(BaseModel):
    """An address in the lines."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line: int = Field(ge=-1, description="in which line it stands, from 0; -1 is the heading")
    text: str = Field(description="what it is called there")
    url: str = Field(description="an http(s) address in ASCII, a host beyond ASCII in punycode")


class BulletinBody(BaseModel):
    """What is said beside alerts: a reply to an alert, a digest or one page of it, a notice to those who run Newswire."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = Field(description="of this document; fields may be added to a version, never changed or taken away")
    kind: Literal["reply", "digest", "notice"] = Field(description="what it is")
    bulletin_id: str = Field(description="one for each of them")
    alert_id: str | None = Field(description="the alert that a reply belongs to; a digest's own id, the same for all of its pages")
    story_id: str | None = Field(description="the story that a reply belongs to")
    sequence: int = Field(ge=0, description="of its kind in its thread: replies from 1, pages of a digest from 0")
    receiver: str = Field(description="the name in routes.yaml")
    severity: Severity = Field(description="how loud it is")
    watchlists: tuple[str, ...] = Field(description="the ids of the watchlists that it speaks of")
    title: str = Field(description="all of it in one line")
    heading: str = Field(description="the line above the others")
    lines: tuple[str, ...] = Field(description=f"what it says, at most {LINES_MOST} lines of text; times are in UTC")
    links: tuple[Link, ...] = Field(description="the addresses in the lines")
    data: dict[str, Any] | None = Field(description="the same as facts; null where it was too long or refused before")
    possible_repeat: bool = Field(description="true where an earlier attempt may have arrived")
    test: bool = Field(description="true only in what `newswire receivers test` sends")


def bulletin_body(bulletin: Bulletin, *, receiver: str, plainly: bool = False, test: bool = False) -> bytes:
    """Return the document as it goes on the wire; `plainly` without links and facts, for a receiver that refused the whole."""
    document = BulletinBody(
        version=1,
        kind=bulletin.kind.value,  # type: ignore[arg-type]  # a bulletin is of no other kind; pydantic looks
        bulletin_id=plain(bulletin.bulletin_id, limit=NAME_LIMIT),
        alert_id=_id(bulletin.alert_id),
        story_id=_id(bulletin.story_id),
        sequence=bulletin.sequence,
        receiver=receiver,
        severity=bulletin.severity,
        watchlists=tuple(plain(one, limit=NAME_LIMIT) for one in bulletin.watchlists[:LINES_MOST]),
        title=plain(bulletin.fallback, limit=TEXT_LIMIT),
        heading=shown_line(bulletin.heading, limit=LINE_LIMIT),
        lines=tuple(shown_line(line, limit=LINE_LIMIT) for line in bulletin.lines[:LINES_MOST]),
        links=() if plainly else tuple(one for one, _ in zip(_links(bulletin), range(LINKS_MOST), strict=False)),
        data=None if plainly else cleaned_data(bulletin.data),
        possible_repeat=bulletin.possible_repeat,
        test=test,
    )
    return json.dumps(document.model_dump(mode="json"), separators=(",", ":"), allow_nan=False).encode("ascii")


def bulletin_key(bulletin: Bulletin) -> str:
    """Return what tells a repeat of this bulletin from another one: the same whenever it is sent again."""
    return f"{bulletin.bulletin_id}.{bulletin.sequence}"


def cleaned_data(data: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the facts with every string cleaned; None where they are deeper or more than a document may hold."""
    left = DATA_VALUES

    def cleaned(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth < 0:
            raise OverflowError
        match value:
            case str():
                return plain(value, limit=DATA_TEXT)
            case float() if not math.isfinite(value):
                return None
            case None | bool() | int() | float():
                return value
            case dict():
                return {plain(str(name), limit=NAME_LIMIT): cleaned(one, depth - 1) for name, one in value.items()}
            case list() | tuple():
                return [cleaned(one, depth - 1) for one in value]
            case _:
                return plain(str(value), limit=DATA_TEXT)

    try:
        found: dict[str, Any] | None = cleaned(data, DATA_DEPTH)
    except OverflowError:
        return None
    return found


def _links(bulletin: Bulletin) -> Iterator[Link]:
    for position, line in enumerate((bulletin.heading, *bulletin.lines[:LINES_MOST]), start=-1):
        for piece in line:
            if (address := link(piece.url)) is not None:
                yield Link(line=position, text=plain(piece.text, limit=TEXT_LIMIT), url=address)


def _id(given: str | None) -> str | None:
    return plain(given, limit=NAME_LIMIT) if given else None
