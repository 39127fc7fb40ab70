"""A message as Slack is asked to show it: blocks, colour, fallback text and metadata. Pure.

Every foreign string stands in a `rich_text` element, where Slack parses nothing, or escaped in the `text` fallback. No mrkdwn carries
foreign text, nothing is unfurled, and there is neither `parse` nor `link_names`: nobody can be pinged from a headline.
"""

import json
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final

from alerting.escape import escape, link, odd_host, plain
from alerting.message import Message
from newswire.records import Severity

EVENT_TYPE: Final = "newswire_alert"

TITLE_LIMIT: Final = 250
NAME_LIMIT: Final = 80
WORD_LIMIT: Final = 48
TEXT_LIMIT: Final = 600
WATCHLISTS_SHOWN: Final = 4
WORDS_SHOWN: Final = 6
NAMES_SHOWN: Final = 5
QUOTE_SHOWN: Final = 330

COLOURS: Final = {
    Severity.INFO: "#9aa0a6",
    Severity.LOW: "#5b8def",
    Severity.MEDIUM: "#e0b400",
    Severity.HIGH: "#e8710a",
    Severity.CRITICAL: "#c5221f",
}

_TOPIC_WORDS: Final = {"ai": "AI", "it": "IT", "5g": "5G", "e": "e-", "data": "data"}

Element = dict[str, Any]


def payload(message: Message) -> dict[str, Any]:
    """Return the arguments of `chat.postMessage` and `chat.update` that say this message, without channel and `ts`."""
    shown = {"type": "rich_text", "elements": _sections(message)}
    return {
        "text": fallback_text(message),
        "blocks": [{"type": "rich_text", "elements": [_section(_heading(message))]}],
        "attachments": [{"color": COLOURS[message.severity], "fallback": "", "blocks": [shown]}],
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": metadata(message),
    }


def plain_payload(message: Message, *, with_metadata: bool = True) -> dict[str, Any]:
    """Return the same as short text alone, for when Slack refuses the layout."""
    said = {"text": fallback_text(message), "unfurl_links": False, "unfurl_media": False}
    return said | ({"metadata": metadata(message)} if with_metadata else {})


def metadata(message: Message) -> dict[str, Any]:
    """Return the metadata by which a message in doubt is found again."""
    return {
        "event_type": EVENT_TYPE,
        "event_payload": {
            "alert_id": message.alert_id,
            "story_id": message.story_id,
            "watchlists": [shown.watchlist for shown in message.watchlists],
        },
    }


def fallback_text(message: Message) -> str:
    """Return the one line that notifications show, escaped."""
    names = ", ".join(shown.title for shown in message.watchlists[:WATCHLISTS_SHOWN])
    flag = "possible repeat · " if message.possible_repeat else ""
    line = f"[{message.severity}] {flag}{names}: {message.title} ({message.outlet})"
    if message.unsupported:
        line = f"Not borne out by the full text: {line}"
    return escape(line, limit=TEXT_LIMIT)


def _heading(message: Message) -> list[Element]:
    names = [plain(shown.title, limit=NAME_LIMIT) for shown in message.watchlists]
    return [_text(_listed(names, WATCHLISTS_SHOWN), bold=True), _text(f"  {message.severity}", code=True)]


def _sections(message: Message) -> list[Element]:
    sections = [_section([_text(note, bold=True)]) for note in notes(message)]
    sections.append(_section([_headline(message)]))
    sections.append(_section(_origin(message)))
    parties = parties_line(message)
    if parties:
        sections.append(_section([_text(parties)]))
    if message.quote:
        sections.append({"type": "rich_text_quote", "elements": _quoted(message)})
    sections.append(_section([_text(facts_line(message))]))
    others = other_outlets(message)
    if others:
        sections.append(_section([_text("also in: " + ", ".join(others))]))
    return sections


def _headline(message: Message) -> Element:
    title = plain(message.title, limit=TITLE_LIMIT) or "(no title)"
    address = link(message.url)
    style = {"bold": True} | ({"strike": True} if message.unsupported else {})
    return {"type": "link", "url": address, "text": title, "style": style} if address else {"type": "text", "text": title, "style": style}


def _origin(message: Message) -> list[Element]:
    before, after = origin_parts(message)
    elements = [_text(before)]
    if message.published_at:
        elements += [_text(" · "), _moment(message.published_at)]
    return [*elements, _text(f" · {after}")]


def _quoted(message: Message) -> list[Element]:
    return [_text("“"), *(_text(text, bold=marked) for text, marked in quote_parts(message)), _text("”")]


def notes(message: Message) -> list[str]:
    """Return what a reader must know before the headline."""
    said = []
    if message.unsupported:
        said.append(f"⚠ The full text does not bear this out: {plain(message.unsupported, limit=200)}")
    if message.possible_repeat:
        said.append("Possible repeat: an earlier attempt was not confirmed.")
    return said


def origin_parts(message: Message) -> tuple[str, str]:
    """Return outlet, country and language, and the count of outlets and countries."""
    parts = [plain(message.outlet, limit=NAME_LIMIT)]
    host = odd_host(message.url)
    if host:
        parts.append(plain(host, limit=NAME_LIMIT))
    if message.country:
        parts.append(country_name(message.country))
    parts.append(_names()["languages"].get(message.language, plain(message.language, limit=8)))
    outlets = {carrier.outlet for carrier in message.supporting} or {message.outlet}
    countries = {carrier.country for carrier in message.supporting if carrier.country}
    count = _counted(len(outlets), "outlet", "outlets")
    if countries:
        count += f", {_counted(len(countries), 'country', 'countries')}"
    return " · ".join(part for part in parts if part), count


def parties_line(message: Message) -> str:
    """Return who engages whom: `🇵🇰 Pakistan engages 🇺🇸 United States with ITU`; empty where nobody is known."""
    home = f"{flag(message.home)} {country_name(message.home)}" if message.home else ""
    partners = [f"{flag(code)} {country_name(code)}" for code in message.partners]
    bodies = [plain(name, limit=WORD_LIMIT) for name in message.organisations]
    whom = _listed(partners, NAMES_SHOWN) if partners else ""
    with_bodies = _listed(bodies, NAMES_SHOWN) if bodies else ""
    line = " · ".join(part for part in (whom, with_bodies) if part)
    return f"{home} engages {line}" if home and line else home or line


def facts_line(message: Message) -> str:
    """Return topics, label and score, and the words that matched."""
    parts = [topic_name(topic) for topic in message.topics[:NAMES_SHOWN]]
    parts.append(f"{message.label} {message.score:.2f}")
    words = [plain(word, limit=WORD_LIMIT) for word in message.because]
    if words:
        parts.append(f"because: {_listed(words, WORDS_SHOWN)}")
    return " · ".join(parts)


def other_outlets(message: Message) -> list[str]:
    """Return the names of other outlets that carry it, each once, the first few."""
    names = dict.fromkeys(plain(c.outlet, limit=WORD_LIMIT) for c in message.supporting if c.outlet != message.outlet)
    return _shortened(list(names), NAMES_SHOWN)


def quote_parts(message: Message) -> list[tuple[str, bool]]:
    """Return the quote in stretches, each with whether it is one of the words that matched."""
    quote = message.quote
    if quote is None:
        return []
    parts: list[tuple[str, bool]] = []
    position = 0
    for start, end in quote.marks:
        if position <= start < end <= min(len(quote.text), QUOTE_SHOWN):
            parts += [(quote.text[position:start], False), (quote.text[start:end], True)]
            position = end
    parts.append((quote.text[position:QUOTE_SHOWN], False))
    # Cleaned piece by piece: white space at the seams is kept, for a piece is a stretch of one sentence.
    return [(_seamless(text), marked) for text, marked in parts if text]


@cache
def _names() -> dict[str, dict[str, str]]:
    """Return CLDR's English names of countries and languages, by code."""
    names: dict[str, dict[str, str]] = json.loads(resources.files("alerting").joinpath("message_names.json").read_text(encoding="utf-8"))
    return names


def country_name(code: str) -> str:
    """Return the English name of a country."""
    return _names()["countries"].get(code, plain(code, limit=8))


def flag(code: str) -> str:
    """Return the country's flag, spelled with regional indicators (UTS #51)."""
    letters = [chr(0x1F1E6 + ord(letter) - ord("A")) for letter in code if "A" <= letter <= "Z"]
    return "".join(letters) if len(letters) == len(code) == 2 else ""


def topic_name(topic: str) -> str:
    """Return a topic's id in words: `digital government`, `IT exports`."""
    words = " ".join(_TOPIC_WORDS.get(word, word) for word in topic.split("_"))
    return plain(words.replace("e- ", "e-"), limit=WORD_LIMIT)


def _seamless(text: str) -> str:
    before = " " if text[:1].isspace() else ""
    after = " " if len(text) > 1 and text[-1:].isspace() else ""
    return before + plain(text, limit=QUOTE_SHOWN) + after


def _listed(words: list[str], most: int) -> str:
    return ", ".join(_shortened(words, most))


def _shortened(words: list[str], most: int) -> list[str]:
    return words if len(words) <= most else [*words[:most], f"{len(words) - most} more"]


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _section(elements: list[Element]) -> Element:
    return {"type": "rich_text_section", "elements": elements}


def _text(text: str, **style: bool) -> Element:
    wanted = {name: True for name, value in style.items() if value}
    return {"type": "text", "text": text or " "} | ({"style": wanted} if wanted else {})


def _moment(moment: datetime) -> Element:
    """Return the time as Slack shows it in each reader's own zone."""
    return {
        "type": "date",
        "timestamp": int(moment.timestamp()),
        "format": "{date_short_pretty} {time}",
        "fallback": f"{moment:%Y-%m-%d %H:%M} UTC",
    }
