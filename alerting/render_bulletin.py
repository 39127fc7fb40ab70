"""A bulletin as Slack is asked to show it: blocks, colour, fallback text and metadata. Pure.

The rules are those of `alerting.render`: foreign text stands in `rich_text` elements, where Slack parses nothing, or escaped in `text`, which
is then no mrkdwn. A bulletin that is too long is laid out ever more tightly, and what still does not fit is counted in its last line.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from alerting.bulletin import Bulletin, Line, Piece, text_of
from alerting.escape import escape, link, odd_host, plain
from alerting.render import COLOURS, TEXT_LIMIT
from newswire.records import MessageKind

EVENT_TYPES: Final = {
    MessageKind.REPLY: "newswire_update",
    MessageKind.DIGEST: "newswire_digest",
    MessageKind.NOTICE: "newswire_notice",
}
UPDATE: Final = "Update: "
POSSIBLE_REPEAT: Final = "Possible repeat: an earlier attempt was not confirmed."
ROOM: Final = 12_000
"""Characters of JSON for the layout: Slack refuses it beyond about 13,200 (`msg_blocks_too_long`, slackapi/bolt-js#2509)."""
LINES_MOST: Final = 200
PIECES_MOST: Final = 40
"""Of a line; each costs some sixty characters of JSON, whatever it says."""
PLAIN_ROOM: Final = 3_000
HOST_LIMIT: Final = 80
YEARS: Final = range(1980, 2100)
"""What Slack's date tokens can show."""
NAMED: Final = 60
"""A heading that holds so much of a headline names it."""

Element = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Room:
    """How much a line may take."""

    text: int  # characters of a piece
    url: int  # of a link; a longer one is left out, its text stays
    line: int  # of all pieces together


_ROOMS: Final = (_Room(600, 1_000, 2_400), _Room(200, 400, 600), _Room(110, 200, 300))


def standing_alone(bulletin: Bulletin) -> Bulletin:
    """Return a reply as it is told where it stands in no thread: below the headline of its story, which it then names first."""
    title, url = ((bulletin.data or {}).get(name) for name in ("title", "url"))
    if bulletin.kind is not MessageKind.REPLY or not isinstance(title, str) or title[:NAMED] in text_of(bulletin.heading):
        return bulletin
    headline = Piece(title, bold=True, url=url if isinstance(url, str) else None)
    return replace(bulletin, heading=(Piece(UPDATE, bold=True), headline), lines=(bulletin.heading, *bulletin.lines))


def payload(bulletin: Bulletin) -> dict[str, Any]:
    """Return the arguments of `chat.postMessage` that say this bulletin, without channel and thread."""
    heading = {"type": "rich_text", "elements": [_section(bulletin.heading, _ROOMS[1])]}
    left = ROOM - len(_json(heading))
    said: dict[str, Any] = {"text": fallback_text(bulletin), "blocks": [heading]}
    if sections := _fitted(_lines(bulletin), left):
        shown = {"type": "rich_text", "elements": sections}
        said["attachments"] = [{"color": COLOURS[bulletin.severity], "fallback": "", "blocks": [shown]}]
    return said | {"unfurl_links": False, "unfurl_media": False, "metadata": metadata(bulletin)}


def plain_payload(bulletin: Bulletin, *, with_metadata: bool = True) -> dict[str, Any]:
    """Return the same as text alone, for when Slack refuses the layout."""
    said: dict[str, Any] = {"text": _plain_text(bulletin), "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
    return said | ({"metadata": metadata(bulletin)} if with_metadata else {})


def metadata(bulletin: Bulletin) -> dict[str, Any]:
    """Return the metadata by which a bulletin in doubt is found again."""
    known_by: dict[str, Any] = {
        "bulletin_id": bulletin.bulletin_id,
        "story_id": bulletin.story_id,
        "alert_id": bulletin.alert_id,
        "items": list(bulletin.carries),
        "digest": bulletin.digest,
        "due_at": bulletin.due_at,
    }
    return {"event_type": EVENT_TYPES[bulletin.kind], "event_payload": {name: value for name, value in known_by.items() if value}}


def fallback_text(bulletin: Bulletin) -> str:
    """Return the one line that notifications show, escaped."""
    flag = "possible repeat · " if bulletin.possible_repeat else ""
    return escape(f"{flag}{bulletin.fallback}", limit=TEXT_LIMIT) or bulletin.kind.value


def shown_text(piece: Piece, *, limit: int) -> str:
    """Return a piece as text where nothing is parsed; a look-alike host is written behind a link. White space at its ends stays."""
    text = seamless(text_of((piece,)), limit=limit)
    host = odd_host(piece.url)
    return f"{text} ({plain(host, limit=HOST_LIMIT)})" if host else text


def shown_line(line: Line, *, limit: int) -> str:
    """Return a line as text where nothing is parsed, at most `limit` characters long."""
    return plain("".join(shown_text(piece, limit=limit) for piece in line), limit=limit)


def seamless(text: str, *, limit: int) -> str:
    """Return the text cleaned as a stretch of a line: a space at its ends stays one."""
    before = " " if text[:1].isspace() else ""
    after = " " if len(text) > 1 and text[-1:].isspace() else ""
    return before + plain(text, limit=limit) + after


def _lines(bulletin: Bulletin) -> Sequence[Line]:
    repeat: tuple[Line, ...] = ((Piece(POSSIBLE_REPEAT, bold=True),),) if bulletin.possible_repeat else ()
    return (*repeat, *bulletin.lines)


def _fitted(lines: Sequence[Line], left: int) -> list[Element]:
    """Return a section for each line, as wide as there is room for; what fits in no way is counted in the last one."""
    sections: list[Element] = []
    for room in _ROOMS:
        sections = [_section(line, room) for line in lines[:LINES_MOST]]
        if len(lines) <= LINES_MOST and len(_json(sections)) <= left:
            return sections
    last_room = left - 100
    kept: list[Element] = []
    for section in sections:
        last_room -= len(_json(section)) + 1
        if last_room < 0:
            break
        kept.append(section)
    return [*kept, _section((Piece(more_lines(len(lines) - len(kept))),), _ROOMS[0])]


def more_lines(number: int) -> str:
    """Return the line that stands for those that are left out."""
    return f"… and {number} more {'line' if number == 1 else 'lines'}"


def _section(line: Line, room: _Room) -> Element:
    elements: list[Element] = []
    left = room.line
    for piece in line[:PIECES_MOST]:
        for element in _elements(piece, room, min(room.text, left)):
            left -= len(element.get("text", "")) + len(element.get("url", ""))
            _append(elements, element)
        if left <= 1:
            break
    return {"type": "rich_text_section", "elements": elements or [{"type": "text", "text": " "}]}


def _elements(piece: Piece, room: _Room, limit: int) -> Iterable[Element]:
    style = {name: True for name in ("bold", "strike", "code") if getattr(piece, name)}
    styled = {"style": style} if style else {}
    if piece.at is not None and YEARS.start <= piece.at.year < YEARS.stop:
        moment = {"timestamp": int(piece.at.timestamp()), "format": "{date_short_pretty} {time}", "fallback": text_of((piece,))}
        yield {"type": "date"} | moment
        return
    text = seamless(text_of((piece,)), limit=max(limit, 1))
    address = link(piece.url)
    if address and len(address) <= room.url and text.strip():
        yield {"type": "link", "url": address, "text": text.strip()} | styled
    elif text:
        yield {"type": "text", "text": text} | styled
    if host := odd_host(piece.url):
        yield {"type": "text", "text": f" ({plain(host, limit=HOST_LIMIT)})"}


def _append(elements: list[Element], element: Element) -> None:
    """Add it, to the one before where both are text in one style: each element costs room."""
    before = elements[-1] if elements else {}
    if before.get("type") == element["type"] == "text" and before.get("style") == element.get("style"):
        before["text"] += element["text"]
    else:
        elements.append(element)


def _plain_text(bulletin: Bulletin) -> str:
    said = [fallback_text(bulletin)]
    left = PLAIN_ROOM - len(said[0]) - 40
    for position, line in enumerate(bulletin.lines):
        text = escape("".join(shown_text(piece, limit=TEXT_LIMIT) for piece in line), limit=TEXT_LIMIT)
        left -= len(text) + 1
        if left < 0:
            return "\n".join([*said, more_lines(len(bulletin.lines) - position)])
        said.append(text)
    return "\n".join(said)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
