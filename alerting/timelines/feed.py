"""The reports that a timeline's items give, each at its moment. Pure but for the understanding that is passed in."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from alerting.timelines.model import FeedStep, Timeline
from alerting.watchlists.inline_tests import Understand, fields_of, pinned
from alerting.watchlists.model import InlineItem
from newswire.records import Basis, Report

_OF_THE_ENTRY: Final = ("title", "summary", "lang", "published", "outlet", "source")
"""What a page's report takes from the entry that led to it."""


@dataclass(frozen=True, slots=True)
class Given:
    """One report, and when alerting is handed it."""

    at: timedelta
    report: Report
    item: str | None = None  # its name in `items`


@dataclass(frozen=True, slots=True)
class _Shown:
    """An entry as a feed showed it."""

    item: InlineItem
    revision: str
    seen_at: datetime
    published_at: datetime


def reports_of(timeline: Timeline, understand: Understand) -> list[Given]:
    """Return the reports of all steps in order of their moments.

    The same item's name in the same outlet is the same item: revised where a feed shows it with other words, read whole by `basis: page`.
    A feed's report is final where no page follows it.
    """
    steps = sorted(timeline.feed, key=lambda step: step.at)
    awaited = _pages_awaited(timeline, steps)
    entries: dict[str, _Shown] = {}
    found = []
    for n, step in enumerate(steps):
        at = timeline.start + step.at
        item = _item(timeline, step)
        item_id = _item_id(step, item)
        if step.basis is Basis.PAGE:
            entry = entries[item_id]
            item = item.model_copy(update={key: getattr(entry.item, key) for key in _OF_THE_ENTRY if getattr(step, key) is None})
        else:
            seen_at = at - (step.waited or timedelta())
            first = entries.get(item_id)
            published_at = item.published or (first.published_at if first else seen_at)
            entry = entries[item_id] = _Shown(item, _hash(item.title, item.summary or "", item.text or "")[:16], seen_at, published_at)
        # Without its date, which no word depends on, equal words are understood once.
        report = pinned(understand(replace(fields_of(item), published_at=None)), item)
        of_entry = replace(
            report.item, item_id=item_id, revision=entry.revision, published_at=entry.published_at, seen_at=entry.seen_at, backlog=False
        )
        final = step.basis is Basis.PAGE or n not in awaited
        found.append(Given(step.at, replace(report, item=of_entry, basis=step.basis, final=final, reported_at=at), step.item))
    return found


def _item(timeline: Timeline, step: FeedStep) -> InlineItem:
    """Return the item as this step gives it: what is written in the step goes before what stands under its name."""
    written: dict[str, Any] = {key: value for key in InlineItem.model_fields if (value := getattr(step, key)) is not None}
    return InlineItem.model_validate(written) if step.item is None else timeline.items[step.item].model_copy(update=written)


def _item_id(step: FeedStep, item: InlineItem) -> str:
    return _hash("named" if step.item else "written", step.item or item.title, item.outlet or "")[:32]


def _pages_awaited(timeline: Timeline, steps: Sequence[FeedStep]) -> set[int]:
    """Return the places of the feed's steps whose item is read again, whole, before the feed shows it anew."""
    latest: dict[str, int] = {}
    awaited = set()
    for n, step in enumerate(steps):
        item_id = _item_id(step, _item(timeline, step))
        if step.basis is Basis.PAGE:
            awaited.add(latest[item_id])
        else:
            latest[item_id] = n
    return awaited


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(("timeline", *parts)).encode()).hexdigest()
