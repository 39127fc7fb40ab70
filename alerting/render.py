"""A message as Slack is asked to show it: blocks, colour, fallback text and metadata. Pure.

Every foreign string stands in a `rich_text` element or a `plain_text` one, where Slack parses nothing, or escaped in the `text` fallback. No mrkdwn carries
foreign text, nothing is unfurled, and there is neither `parse` nor `link_names`: nobody can be pinged from a headline. A headline and a quote stand
in sections of their own, so that one written from right to left turns nothing round but itself.
"""

from datetime import UTC, datetime
from typing import Any, Final

from alerting.bulletin import Line
from alerting.carried import carried_by
from alerting.escape import escape, link, plain
from alerting.message import Message
from alerting.names import country_name, flag, topic_name
from alerting.render_words import (
    NAME_LIMIT,
    NO_TITLE,
    QUOTE_SHOWN,
    TITLE_LIMIT,
    UNDATED,
    WORD_LIMIT,
    also_lines,
    counted_outlets,
    dated,
    earlier_line,
    facts_line,
    notes,
    origin_parts,
    other_outlets,
    outlet_name,
    parties_line,
    quote_parts,
    runs_left,
    seen_as,
    severity_words,
    shortened,
    trailing_last,
    warnings,
)
from newswire.records import Severity

__all__ = [
    "COLOURS",
    "EVENT_TYPE",
    "MARKS",
    "NAME_LIMIT",
    "QUOTE_SHOWN",
    "TEXT_LIMIT",
    "TITLE_LIMIT",
    "WORD_LIMIT",
    "country_name",
    "dated",
    "facts_line",
    "fallback_text",
    "flag",
    "metadata",
    "notes",
    "origin_parts",
    "other_outlets",
    "parties_line",
    "payload",
    "plain_payload",
    "quote_parts",
    "seen_as",
    "severity_words",
    "topic_name",
    "warnings",
]

EVENT_TYPE: Final = "newswire_alert"

TEXT_LIMIT: Final = 600
WATCHLISTS_SHOWN: Final = 4

COLOURS: Final = {
    Severity.INFO: "#9aa0a6",
    Severity.LOW: "#5b8def",
    Severity.MEDIUM: "#e0b400",
    Severity.HIGH: "#e8710a",
    Severity.CRITICAL: "#c5221f",
}
MARKS: Final = {Severity.INFO: "⚪", Severity.LOW: "🔵", Severity.MEDIUM: "🟡", Severity.HIGH: "🟠", Severity.CRITICAL: "🔴"}
"""The colours as signs, for where there is no bar: Slack draws inline code in red, whatever it says."""

# What Slack's date tokens are asked to show; outside of it they show another day, or the message is refused.
_SLACK_DATES: Final = (datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))

Element = dict[str, Any]


def payload(message: Message) -> dict[str, Any]:
    """Return the arguments of `chat.postMessage` and `chat.update` that say this message, without channel and `ts`."""
    shown = {"type": "rich_text", "elements": _sections(message)}
    return {
        "text": fallback_text(message),
        "blocks": [{"type": "rich_text", "elements": [_section(_heading(message))]}],
        "attachments": [{"color": COLOURS[seen_as(message)], "fallback": "", "blocks": [shown, *_small_print(message)]}],
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": metadata(message),
    }


def plain_payload(message: Message, *, with_metadata: bool = True) -> dict[str, Any]:
    """Return the same as short text alone, for when Slack refuses the layout."""
    address = link(message.url)
    text = fallback_text(message) + (f" · {escape(address, limit=2 * len(address))}" if address else "")
    said = {"text": text, "unfurl_links": False, "unfurl_media": False}
    return said | ({"metadata": metadata(message)} if with_metadata else {})


def metadata(message: Message) -> dict[str, Any]:
    """Return the metadata by which a message in doubt is found again."""
    return {
        "event_type": EVENT_TYPE,
        "event_payload": {
            "alert_id": message.alert_id,
            "story_id": message.story_id,
            "watchlists": [shown.watchlist for shown in message.watchlists],
            "items": list(carried_by(message)),
        },
    }


def fallback_text(message: Message) -> str:
    """Return the one line that notifications show, escaped: a telephone cuts it after some hundred characters, so the best comes first.

    That is the headline where it is in English, and else the sentence about it; what is written from right to left ends the line.
    """
    title = plain(message.title, limit=TITLE_LIMIT) or NO_TITLE
    told, names = parties_line(message, flags=False), ", ".join(_watchlist_titles(message))
    if message.language == "en" and not runs_left(title):
        parts = trailing_last([f"{title} ({outlet_name(message)})", told, names])
    else:
        parts = [told, *trailing_last([names, f"{outlet_name(message)}: {title}"])]
    doubts = [
        *(["Not borne out by the full text"] if message.unsupported else []),
        *(["possible repeat"] if message.possible_repeat else []),
    ]
    return escape(f"[{message.severity}] {' · '.join(part for part in [*doubts, *parts] if part)}", limit=TEXT_LIMIT)


def _watchlist_titles(message: Message) -> list[str]:
    names = [plain(shown.title, limit=NAME_LIMIT) or plain(shown.watchlist, limit=NAME_LIMIT) for shown in message.watchlists]
    return shortened(trailing_last(names), WATCHLISTS_SHOWN)


def _heading(message: Message) -> list[Element]:
    return [_text(f"{MARKS[seen_as(message)]} {severity_words(message)} · "), _text(", ".join(_watchlist_titles(message)), bold=True)]


def _sections(message: Message) -> list[Element]:
    sections = [_section([_text(note, bold=True)]) for note in warnings(message)]
    if message.earlier:
        sections.append(_section(_pieces(earlier_line(message.earlier))))
    sections.append(_section([_headline(message)]))
    sections.append(_section(_origin(message)))
    parties = parties_line(message)
    if parties:
        sections.append(_section([_text(parties, strike=bool(message.unsupported))]))
    if message.quote:
        sections.append({"type": "rich_text_quote", "elements": _quoted(message)})
    also = [_section([_text(line)]) for line in also_lines(message)]
    if also:
        sections += [_section([_text("Since then:", bold=True)]), {"type": "rich_text_list", "style": "bullet", "elements": also}]
    return sections


def _headline(message: Message) -> Element:
    title = plain(message.title, limit=TITLE_LIMIT) or NO_TITLE
    address = link(message.url)
    style = {"bold": True} | ({"strike": True} if message.unsupported else {})
    return {"type": "link", "url": address, "text": title, "style": style} if address else {"type": "text", "text": title, "style": style}


def _origin(message: Message) -> list[Element]:
    """Return outlet, country, language, when, and how far it has spread; an outlet's name from right to left is the last of them."""
    before, after = origin_parts(message)
    counted = counted_outlets(message)
    when = [_moment(message.published_at)] if message.published_at else [_text(UNDATED), _moment(message.seen_at)]
    spread = _text(counted, bold=counted != "1 outlet")
    return [_text(f"{before} · "), *when, _text(" · "), spread, *([_text(after.removeprefix(counted))] if after != counted else [])]


def _quoted(message: Message) -> list[Element]:
    return [_text("“"), *(_text(text, bold=marked) for text, marked in quote_parts(message)), _text("”")]


def _small_print(message: Message) -> list[Element]:
    """Return label, score and why, and who else carries it: what is looked up rather than read, so Slack may show it small and grey."""
    others = other_outlets(message)
    lines = [*([f"also in {', '.join(others)}"] if others else []), facts_line(message)]
    # A block each: Slack sets the elements of one context beside each other.
    return [{"type": "context", "elements": [{"type": "plain_text", "text": line, "emoji": False}]} for line in lines]


def _pieces(line: Line) -> list[Element]:
    elements = []
    for piece in line:
        if piece.at is not None:
            elements.append(_moment(piece.at))
        elif piece.url:
            elements.append({"type": "link", "url": piece.url, "text": piece.text})
        else:
            elements.append(_text(piece.text, italic=True))
    return elements


def _section(elements: list[Element]) -> Element:
    return {"type": "rich_text_section", "elements": elements}


def _text(text: str, **style: bool) -> Element:
    wanted = {name: True for name, value in style.items() if value}
    return {"type": "text", "text": text or " "} | ({"style": wanted} if wanted else {})


def _moment(moment: datetime) -> Element:
    """Return the time as Slack shows it in each reader's own zone."""
    said = f"{moment:%Y-%m-%d %H:%M} UTC"
    first, end = _SLACK_DATES
    if not first <= moment < end:
        return _text(said)
    return {"type": "date", "timestamp": int(moment.timestamp()), "format": "{date_short_pretty} {time}", "fallback": said}
