"""Which item an entry is, and which revision of it: from the raw link and guid, so that the same bytes give the same ids. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from collectors.entries import Entry
from newswire.urls import canonical_url, item_id_of_guid, item_id_of_url, revision_of


@dataclass(frozen=True, slots=True)
class Identified:
    """An entry with its ids. `url` is its canonical link."""

    entry: Entry
    url: str | None
    item_id: str
    revision: str


def identify(source_id: str, feed_url: str, entries: Sequence[Entry]) -> list[Identified | None]:
    """Return each entry with its ids, in order; None for one that has nothing to identify or to show.

    The canonical link identifies, else the guid within its source. Where entries of one document share a link but neither guid nor title
    (a ministry whose every notice links to the same page), the link names the page, not the entry, and the guid identifies.
    """
    links = [_link(entry, feed_url) for entry in entries]
    shared = _shared(links, entries)
    return [_identified(source_id, entry, link, by_guid=link in shared) for entry, link in zip(entries, links, strict=True)]


def _link(entry: Entry, feed_url: str) -> str | None:
    link = canonical_url(entry.link, feed_url) if entry.link else None
    if link is None and entry.permalink and entry.guid.startswith(("http://", "https://")):
        link = canonical_url(entry.guid)
    return link


def _shared(links: Sequence[str | None], entries: Sequence[Entry]) -> set[str]:
    """Return the links under which one document has several entries, each with a guid and a title of its own."""
    first: dict[str, Entry] = {}
    shared: set[str] = set()
    for link, entry in zip(links, entries, strict=True):
        if link is None:
            continue
        other = first.setdefault(link, entry)
        if other.guid != entry.guid and other.title != entry.title and _own_guid(other) and _own_guid(entry):
            shared.add(link)
    return shared


def _own_guid(entry: Entry) -> bool:
    """Return whether the guid is more than the link in other words, with tracking parameters that change."""
    return bool(entry.guid) and not entry.guid.startswith(("http://", "https://"))


def _identified(source_id: str, entry: Entry, link: str | None, *, by_guid: bool) -> Identified | None:
    if entry.empty or not (link or entry.guid):
        return None
    item_id = item_id_of_url(link) if link and not (by_guid and _own_guid(entry)) else item_id_of_guid(source_id, entry.guid)
    return Identified(entry, link, item_id, revision_of(entry.title, entry.content or entry.summary))
