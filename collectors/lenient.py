"""The lenient reader: feedparser, for all that is not clean. Runs in the jail: broken markup can make it hang or swell."""

import io
from collections.abc import Mapping
from typing import Any, Final

import feedparser

from collectors.entries import Entry, Feed, make_entry, newest

_LINK_TYPES: Final = frozenset(("", "text/html", "html", "application/xhtml+xml", "xhtml"))


def read_lenient(text: str, charset: str, country: str | None = None) -> Feed | None:
    """Return the feed, or None where feedparser finds none in the document. May raise anything: feedparser does."""
    # Bytes only: a str would be taken for an address or a path. No content-location: relative guids would be resolved.
    document = b'<?xml version="1.0" encoding="utf-8"?>\n' + text.lstrip().encode("utf-8", "replace")
    parsed = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
    found = parsed.get("entries") or []
    if not found and not parsed.get("version"):
        return None
    atom = str(parsed.get("version", "")).startswith("atom")
    kept, overflow = newest([(_dates(entry), entry) for entry in found], country)
    feed = parsed.get("feed") or {}
    ttl = str(feed.get("ttl", ""))
    return Feed(
        title=make_entry(title=str(feed.get("title", ""))).title,
        language=str(feed.get("language", ""))[:20].strip(),
        ttl_s=int(ttl) * 60.0 if ttl.isascii() and ttl.isdigit() and len(ttl) < 7 else None,
        entries=tuple(_entry(entry, atom=atom) for entry in kept),
        overflow=overflow,
        charset=charset,
        reader="lenient",
    )


def _dates(entry: dict[str, Any]) -> tuple[str, ...]:
    # `dict.get`, since feedparser's own falls back from `updated` to `published`, with a warning.
    return tuple(str(dict.get(entry, name) or "") for name in ("published", "updated", "created"))


def _entry(entry: dict[str, Any], *, atom: bool) -> Entry:
    source = entry.get("source") or {}
    outlet_url = str(source.get("href", "") or source.get("link", "")) if isinstance(source, Mapping) else ""
    links = [link for link in entry.get("links", ()) if link.get("rel") == "alternate" and link.get("type", "") in _LINK_TYPES]
    link = next((str(link["href"]).strip() for link in links if str(link.get("href", "")).strip()), "")
    return make_entry(
        link=str(entry.get("feedburner_origlink", "")).strip() or link,
        guid=str(entry.get("id", "")),
        permalink=atom or bool(entry.get("guidislink", True)),
        title=str(entry.get("title", "")),
        summary=str(entry.get("summary", "")),
        content=_content(entry, atom=atom),
        dates=_dates(entry),
        outlet=str(source.get("title", "")) if outlet_url else "",
        outlet_url=outlet_url,
    )


def _content(entry: Mapping[str, Any], *, atom: bool) -> str:
    """Return the longest of the contents that the feed means as such; RSS's others are captions of pictures, which feedparser takes for content."""
    values = [
        str(content.get("value", ""))
        for content in entry.get("content", ())
        if atom or str(content.get("type", "")) in ("text/html", "application/xhtml+xml")
    ]
    return max(values, key=len, default="")
