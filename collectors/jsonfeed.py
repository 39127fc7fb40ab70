"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), which feedparser does not read."""

import json
from typing import Any, Final

from collectors.entries import Entry, Feed, make_entry, newest

_VERSIONS: Final = ("https://jsonfeed.org/version/", "http://jsonfeed.org/version/")


def looks_like_json(text: str) -> bool:
    """Return whether the document can only be JSON."""
    return text.lstrip()[:1] == "{"


def read_json(text: str, country: str | None = None) -> Feed | None:
    """Return the feed, or None where the document is no JSON Feed."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not str(document.get("version", "")).startswith(_VERSIONS):
        return None
    listed = document.get("items")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    kept, overflow = newest([(_dates(item), item) for item in items], country)
    return Feed(
        title=make_entry(title=_word(document, "title")).title,
        language=_word(document, "language")[:20],
        ttl_s=None,
        entries=tuple(_entry(item) for item in kept),
        overflow=overflow,
        charset="utf-8",
        reader="json",
    )


def _entry(item: dict[str, Any]) -> Entry:
    return make_entry(
        link=_word(item, "url"),
        guid=_word(item, "id"),
        title=_shown(_word(item, "title")),
        summary=_shown(_word(item, "summary")),
        content=_word(item, "content_html") or _shown(_word(item, "content_text")),
        dates=_dates(item),
    )


def _shown(text: str) -> str:
    """Return plain text as markup. Ampersands stay: against the standard, many titles hold `&#8217;`."""
    return text.replace("<", "&lt;")


def _dates(item: dict[str, Any]) -> tuple[str, ...]:
    return (_word(item, "date_published"), _word(item, "date_modified"))


def _word(item: dict[str, Any], key: str) -> str:
    """Return a value as text; ids are often numbers, against the standard."""
    value = item.get(key)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")  # JSON's escapes can spell half a surrogate pair
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
