"""The country that a web address speaks for, by its top-level domain."""

from typing import Final
from urllib.parse import urlsplit

# Country codes that are sold to the world, so that they tell nothing.
_SOLD: Final = frozenset({"ai", "cc", "co", "eu", "fm", "gg", "io", "ly", "me", "nu", "so", "to", "tv", "ws"})
_SPELLED: Final = {"uk": "GB"}


def country_of_url(url: str | None) -> str | None:
    """Return the ISO code that the address's domain ends in, None for `.com` and the like."""
    if not url:
        return None
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    ending = host.rsplit(".", 1)[-1]
    if len(ending) != 2 or not ending.isalpha() or ending in _SOLD:
        return None
    return _SPELLED.get(ending, ending.upper())
