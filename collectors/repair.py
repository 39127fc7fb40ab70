"""The commonest fault of feeds, undone before any parser sees it: ampersands and HTML entities that XML does not know. Pure.

`AT&T` and `a&nbsp;b` stop a strict parser, and make others cut the title or invent a `;`. With them written as XML wants them most such feeds
are clean. No reference to an entity that a document defines for itself is left either, so none can be expanded, however deep it nests.
"""

import re
from html.entities import html5
from typing import Final

_STRAY: Final = re.compile(r"&(?!#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});|(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31};)?")


def mend_references(text: str) -> str:
    """Return the text with HTML's named characters as characters, and every other stray ampersand as `&amp;`."""
    return _STRAY.sub(_mended, text) if "&" in text else text


def _mended(match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return "&amp;"
    character = html5.get(name)
    # `&LT;` and `&AMP;` are names of HTML too: as characters they would be markup.
    return f"&amp;{name}" if character is None else character.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
