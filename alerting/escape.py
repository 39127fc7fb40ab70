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
_PORT: Final = re.compile(r":([^:@\[\]]+)$")
_NUMBERS: Final = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}\.?", re.IGNORECASE)
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
    """Return where a link leads when it may look as if it led elsewhere: a reader must see that `аpple.com` is `xn--pple-43d.com`.

    Said of hosts in punycode or beyond ASCII, of hosts that are numbers, of what stands behind an `@`, and of ports other than the usual.
    """
    try:
        parts = urlsplit(url or "")
        host = parts.hostname
    except ValueError:
        return None
    if not host:
        return None
    port = _PORT.search(parts.netloc)
    odd_port = port is not None and (parts.scheme, port[1]) not in {("http", "80"), ("https", "443")}
    is_number = ":" in host or _NUMBERS.fullmatch(host) is not None
    if not (odd_port or is_number or "@" in parts.netloc or "xn--" in host or not host.isascii()):
        return None
    shown = f"[{host}]" if ":" in host else host if host.isascii() else _in_punycode(host)
    return f"{shown}:{port[1]}" if port and odd_port else shown


def _in_punycode(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return "xn--" + host.encode("punycode", "replace").decode("ascii")
