"""An RSS 2.0 feed (https://www.rssboard.org/rss-specification), built by lxml, which escapes what it is given. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree
from lxml.builder import E

from newswire import __version__
from newswire.text import clean_line

_DOCS: Final = "https://www.rssboard.org/rss-specification"
_LONGEST: Final = 2_000  # characters of one element


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of a feed. `guid` is what readers know it by again; it is no address."""

    guid: str
    title: str
    url: str | None
    at: datetime
    description: str
    categories: tuple[str, ...] = ()


def feed(title: str, link: str, description: str, entries: Iterable[Entry], *, built_at: datetime) -> bytes:
    """Return the feed as a document in UTF-8."""
    document = E.rss(
        E.channel(
            E.title(_text(title)),
            E.link(_text(link)),
            E.description(_text(description)),
            E.lastBuildDate(_date(built_at)),
            E.generator(f"Newswire {__version__}"),
            E.docs(_DOCS),
            *(_item(entry) for entry in entries),
        ),
        version="2.0",
    )
    written: bytes = etree.tostring(document, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return written


def _item(entry: Entry) -> Any:
    item = E.item(E.title(_text(entry.title) or "(no title)"))
    if entry.url and urlsplit(entry.url).scheme in {"http", "https"}:
        item.append(E.link(_text(entry.url)))
    item.append(E.description(_text(entry.description)))
    for category in entry.categories:
        item.append(E.category(_text(category)))
    item.append(E.guid(_text(entry.guid), isPermaLink="false"))
    item.append(E.pubDate(_date(entry.at)))
    return item


def _text(text: str) -> str:
    """Return the text without what no XML document may hold: controls, halves of characters, U+FFFE."""
    return clean_line(text, limit=_LONGEST)


def _date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)
