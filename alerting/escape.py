"""Foreign text at the exits: cleaned again, cut, and without anything that Slack or a terminal would obey.

Two rules, for two kinds of place. Slack's `text` is parsed, so `&`, `<` and `>` become entities there. A `rich_text` element and a terminal
are not parsed, and would show an entity as it is written; there the angle brackets become their typographic likes, so that no message
that leaves us holds a `<!` or `<@` at all.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from newswire.text import clean_line

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BRACKETS: Final = str.maketrans({"<": "‹", ">": "›"})
_URL: Final = re.compile(r"https?://[!-~]+", re.ASCII)
_URL_UNSAFE: Final = {"<": "%3C", ">": "%3E", '"': "%22", "|": "%7C", "\\": "%5C", "`": "%60"}
URL_LIMIT: Final = 1_000


def plain(text: str, *, limit: int) -> str:
    """Return the text on one line for places that parse nothing, at most `limit` characters long, an ellipsis where it was cut."""
    cleaned = clean_line(text, limit=limit + 1)
    if len(cleaned) > limit:
        cleaned = cleaned[: limit - 1].rstrip() + "…"
    return cleaned.translate(_BRACKETS)


def escape(text: str, *, limit: int) -> str:
    """Return the text on one line for Slack's mrkdwn, at most `limit` characters long, never cut inside an entity."""
    cleaned = clean_line(text, limit=limit + 1)
    if len(cleaned) <= limit and not any(sign in cleaned for sign in _ENTITIES):
        return cleaned
    parts: list[str] = []
    length = 0
    for character in cleaned:
        part = _ENTITIES.get(character, character)
        if length + len(part) > limit - 1:
            return "".join(parts).rstrip() + "…"
        parts.append(part)
        length += len(part)
    return "".join(parts)


def link(url: str | None) -> str | None:
    """Return the address as a link may carry it, None where it is no short http(s) address of printable ASCII."""
    if not url or len(url) > URL_LIMIT or not _URL.fullmatch(url):
        return None
    return "".join(_URL_UNSAFE.get(character, character) for character in url)


def odd_host(url: str | None) -> str | None:
    """Return the host where it is spelled in punycode: a reader must see that `аpple.com` is `xn--pple-43d.com`."""
    try:
        host = urlsplit(url or "").hostname
    except ValueError:
        return None
    return host if host and "xn--" in host else None
