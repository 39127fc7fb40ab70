"""What the collectors run in the jail. Plain values in and out: the child may be killed at any moment."""

from typing import Final

import lxml.html

from collectors.decode import decode
from collectors.entries import Feed
from collectors.parse import Hints, ParseFailed, read_all
from newswire.urls import canonical_url

READ_FEED: Final = "collectors.jailed:read_feed"
FIND_FEEDS: Final = "collectors.jailed:find_feeds"

_FEED_TYPES: Final = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_NAMED_AT_MOST: Final = 20


def read_feed(body: bytes, http_charset: str | None, language: str | None, country: str | None) -> Feed | ParseFailed:
    """Return what the body of a feed holds, or why it holds nothing."""
    return read_all(body, Hints(http_charset, language, country))


def find_feeds(body: bytes, http_charset: str | None, url: str) -> list[str]:
    """Return the addresses of the feeds that an HTML page names as its own (`<link rel="alternate">`), in its order."""
    decoded = decode(body, http_charset=http_charset, language=None)
    if decoded is None or not decoded.text.strip():
        return []
    page = lxml.html.document_fromstring(decoded.text)
    named: list[str] = []
    for link in page.iter("link"):
        if "alternate" in link.get("rel", "").lower().split() and link.get("type", "").partition(";")[0].strip().lower() in _FEED_TYPES:
            address = canonical_url(link.get("href", ""), url)
            if address and address not in named:
                named.append(address)
        if len(named) >= _NAMED_AT_MOST:
            break
    return named
