"""What is new in a feed that was read. Pure: entries and what is known of them in, one outcome for each entry out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from collectors.dates import published_at
from collectors.entries import Feed
from collectors.identity import Identified, identify
from collectors.sources import Source, host_of
from newswire.guard import without_userinfo
from newswire.outcomes import EntryOutcome
from newswire.records import Item


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one item: the revision that each source listed last, and every revision that was published."""

    by_source: Mapping[str, str]
    revisions: AbstractSet[str]


@dataclass(frozen=True, slots=True)
class News:
    """What one poll brought. `marks` are the items listed, each with the revision listed: they are marked seen, whatever came of them."""

    items: tuple[tuple[EntryOutcome, Item], ...]
    marks: Mapping[str, str]
    outcomes: Counter[EntryOutcome]
    possible_gap: bool

    @property
    def entries(self) -> int:
        """How many entries the document had, those past the cap included."""
        return self.outcomes.total()


def identified(source: Source, feed_url: str, feed: Feed) -> list[Identified | None]:
    """Return the feed's entries with their ids. `feed_url` is where the document came from: relative links are joined with it."""
    return identify(source.source_id, feed_url, feed.entries)


def decide(
    source: Source,
    feed: Feed,
    entries: Sequence[Identified | None],
    known: Mapping[str, Known],
    *,
    first_read: bool,
    listed_before: int,
    now: datetime,
) -> News:
    """Return what is new. `listed_before` is how many entries the source listed at its last read: a poll that shows none of them is a possible gap."""
    outcomes: Counter[EntryOutcome] = Counter()
    if feed.overflow:
        outcomes[EntryOutcome.OVERFLOW] = feed.overflow
    marks: dict[str, str] = {}
    items: list[tuple[EntryOutcome, Item]] = []
    recognised = False
    for entry in entries:
        if entry is None:
            outcomes[EntryOutcome.REJECTED] += 1
            continue
        if entry.item_id in marks:
            outcomes[EntryOutcome.REPEATED] += 1
            continue
        marks[entry.item_id] = entry.revision
        before = known.get(entry.item_id)
        recognised = recognised or (before is not None and source.source_id in before.by_source)
        outcome = _outcome(source.source_id, entry.revision, before)
        outcomes[outcome] += 1
        if outcome in (EntryOutcome.NEW, EntryOutcome.REVISED):
            items.append((outcome, _item(source, feed, entry, backlog=first_read, now=now)))
    gap = bool(marks) and not recognised and not first_read and listed_before > 0
    return News(tuple(items), marks, outcomes, gap)


def _outcome(source_id: str, revision: str, before: Known | None) -> EntryOutcome:
    if before is None:
        return EntryOutcome.NEW
    listed = before.by_source.get(source_id)
    if listed is None:
        return EntryOutcome.DUPLICATE
    # A headline that is tried in two wordings comes back to one that is known: that is no news.
    if revision == listed or revision in before.revisions:
        return EntryOutcome.UNCHANGED
    return EntryOutcome.REVISED


def _item(source: Source, feed: Feed, found: Identified, *, backlog: bool, now: datetime) -> Item:
    entry = found.entry
    outlet, title = source.outlet, entry.title
    if entry.outlet and entry.outlet_url and host_of_link(entry.outlet_url) not in ("", host_of(source.url)):
        outlet = entry.outlet  # passed on by an aggregator, which puts the outlet's name behind each title
        title = title.removesuffix(f" - {outlet}") or title
    return Item(
        item_id=found.item_id,
        revision=found.revision,
        source_id=source.source_id,
        source_url=source.url,
        outlet=outlet,
        outlet_country=source.country,
        language_hint=source.language or _language(feed.language),
        url=found.url,
        guid=_shown_guid(entry.guid),
        title=title,
        summary=entry.summary,
        content=entry.content,
        published_at=published_at(entry.dates, now=now, country=source.country),
        seen_at=now,
        backlog=backlog,
        # The same for the same revision, so that a poll that is repeated after a crash publishes the same record.
        trace_id=found.item_id[:16] + found.revision,
    )


def host_of_link(url: str) -> str:
    """Return the host of a foreign address; empty where it is none."""
    try:
        return host_of(url)
    except ValueError:
        return ""


def _shown_guid(guid: str) -> str | None:
    """Return what is kept of a guid, after ids were made from it: an address loses the name and the password in it, as links do."""
    return (without_userinfo(guid) if "@" in guid and "//" in guid else guid) or None


def _language(written: str) -> str | None:
    """Return the ISO 639-1 code of a feed's own word for its language, `en-US`; None where it is no such code."""
    code = written.strip().lower().replace("_", "-").partition("-")[0]
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None
