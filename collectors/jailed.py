"""What the collectors run in the jail. Plain values in and out: the child may be killed at any moment."""

from collectors.entries import Feed
from collectors.parse import Hints, ParseFailed, read_all

READ_FEED = "collectors.jailed:read_feed"


def read_feed(body: bytes, http_charset: str | None, language: str | None, country: str | None) -> Feed | ParseFailed:
    """Return what the body of a feed holds, or why it holds nothing."""
    return read_all(body, Hints(http_charset, language, country))
