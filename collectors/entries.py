"""What a feed held, whichever reader read it: entries cleaned once, here, and nowhere else."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from collectors.dates import read_date
from collectors.plain import plain_text
from newswire.text import clean, clean_line

ENTRIES_LIMIT: Final = 1_000
TITLE_LIMIT: Final = 1_000
SUMMARY_LIMIT: Final = 20_000
CONTENT_LIMIT: Final = 100_000  # characters; with it a record stays under Kafka's usual limit of 1 MiB in any script
GUID_LIMIT: Final = 1_024
LINK_LIMIT: Final = 2_048
_MARKUP_PER_CHARACTER: Final = 8  # markup looked at per character of text wanted
_LOOKED_AT: Final = 20_000  # of a longer document only the first so many entries are looked at
T = TypeVar("T")
_NAMELESS: Final = re.compile(r"&([A-Za-z0-9_]{1,64});")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: link and guid as the feed has them (identity is made from these), text already plain and clean."""

    link: str
    guid: str
    permalink: bool  # the guid may stand for a link that is missing or cannot be used
    title: str
    summary: str
    content: str
    dates: tuple[str, ...]  # as written: published, updated, created
    outlet: str  # of an entry that a feed passes on from elsewhere: RSS `source`
    outlet_url: str

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.title or self.summary or self.content)


@dataclass(frozen=True, slots=True)
class Feed:
    """What one document held. `overflow` counts the entries past the cap, which are not in `entries`."""

    title: str
    language: str
    ttl_s: float | None
    entries: tuple[Entry, ...]
    overflow: int
    charset: str
    reader: str  # `strict`, `lenient` or `json`


def make_entry(
    *,
    link: str = "",
    guid: str = "",
    permalink: bool = True,
    title: str = "",
    summary: str = "",
    content: str = "",
    dates: tuple[str, ...] = (),
    outlet: str = "",
    outlet_url: str = "",
) -> Entry:
    """Return the entry from raw fields. Both readers come through here, so that their entries are equal where they read the same."""
    shown = _plain(content, CONTENT_LIMIT)
    lead = _plain(summary, SUMMARY_LIMIT)
    if shown and lead == shown[:SUMMARY_LIMIT].strip():  # said twice, by the feed or by feedparser, which copies one to the other
        lead = ""
    usable, headline, publisher = _link(link), _line(title, TITLE_LIMIT), _line(outlet, 200)
    if publisher and lead.startswith(headline.removesuffix(f" - {publisher}")):
        lead = ""  # an aggregator's list of links, the headline first, then those of others, which change from poll to poll
    return Entry(
        link=usable,
        guid=bounded_guid(undo_double_utf8(guid.strip())),
        permalink=permalink or bool(usable),
        title=headline,
        summary=lead,
        content=shown,
        dates=tuple(date.strip()[:100] for date in dates if date.strip()),
        outlet=publisher,
        outlet_url=outlet_url.strip()[:LINK_LIMIT],
    )


def newest(keyed: "Sequence[tuple[tuple[str, ...], T]]", country: str | None = None) -> "tuple[list[T], int]":
    """Return the entries to keep, in the order of the document, and how many are past the cap; the newest stay where dates can be read."""
    if len(keyed) <= ENTRIES_LIMIT:
        return [entry for _, entry in keyed], 0
    among = keyed[:_LOOKED_AT]
    dated = [(_stamp(dates, country), -place) for place, (dates, _) in enumerate(among)]
    kept = sorted(sorted(range(len(among)), key=dated.__getitem__, reverse=True)[:ENTRIES_LIMIT])
    return [among[place][1] for place in kept], len(keyed) - ENTRIES_LIMIT


def _stamp(dates: tuple[str, ...], country: str | None) -> float:
    for written in dates:
        instant = read_date(written, country=country) if written else None
        if instant is not None:
            return instant.timestamp()
    return 0.0


def bounded_guid(guid: str) -> str:
    """Return the guid, or its hash where it is too long to keep."""
    if len(guid) <= GUID_LIMIT:
        return guid
    return "sha256:" + hashlib.sha256(guid.encode("utf-8", "surrogatepass")).hexdigest()


def undo_double_utf8(text: str) -> str:
    """Return the text as it was before somebody encoded UTF-8 as if it were Latin-1; any other text unchanged."""
    if text.isascii():
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def _link(link: str) -> str:
    link = undo_double_utf8(link.strip())
    if len(link) > LINK_LIMIT:
        return ""
    # Queries escaped twice: `?a=1&amp;amp;b=2`, and what feedparser makes of a bare `&b=2`: `&b;=2`.
    return _NAMELESS.sub(r"&\1", link.replace("&amp;", "&")) if "&" in link else link


def _line(fragment: str, limit: int) -> str:
    return clean_line(plain_text(undo_double_utf8(fragment[: limit * _MARKUP_PER_CHARACTER])), limit=limit) if fragment else ""


def _plain(fragment: str, limit: int) -> str:
    return clean(plain_text(undo_double_utf8(fragment[: limit * _MARKUP_PER_CHARACTER])), limit=limit) if fragment else ""
