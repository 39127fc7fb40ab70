"""What a watchlist may be called: its name is its file's name, a metric label and a message's footer."""

import re

from anyascii import anyascii

from alerting.watchlists.model import NAME_PATTERN


def right_name(name: str) -> str:
    """Return the name as a watchlist may have it; the same where it is right already."""
    if re.fullmatch(NAME_PATTERN, name):
        return name
    return re.sub(r"[^a-z0-9]+", "-", anyascii(name[:200]).lower()).strip("-")[:63].strip("-") or "gaming-partners"
