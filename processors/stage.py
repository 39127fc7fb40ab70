"""The first look as a stage: items in, a report for each out, and the pages that are owed a second look in the store.

Order of durability: pages due and trail in one store transaction, then the reports with the offsets. Killed in between, the batch is handled again
and writes the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from newswire.bus import Delivered, Output
from newswire.clock import Clock
from newswire.codec import decode
from newswire.crash import crash_point
from newswire.dead import dead_output
from newswire.guard import host_key
from newswire.metrics import Metrics
from newswire.outcomes import ItemOutcome, NoPageReason, PageOutcome, Stage
from newswire.records import DeadLetter, Item
from newswire.service import Handled, guard
from newswire.store import Store, pages, trail
from newswire.store.pages import DuePage, Key
from newswire.store.trail import Step
from newswire.topics import REPORTS
from processors.feed_look import FeedLook, look_at_feed
from processors.report import Understanding, message_of

_NO_REASON: Final = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """An item that was read: its look, its report on the wire, and its page where one is due."""

    look: FeedLook
    output: Output
    page: DuePage | None

    @property
    def key(self) -> Key:
        return self.look.item.item_id, self.look.item.revision


class ItemHandler:
    """What the processors do with `news.items`."""

    def __init__(self, *, understanding: Understanding, store: Store, clock: Clock, metrics: Metrics) -> None:
        self._understanding, self._store, self._clock, self._metrics = understanding, store, clock, metrics

    def handle(self, messages: Sequence[Delivered]) -> Handled:
        """Return a report for each item, or its dead letter. Pages due and trail are in the store when it returns."""
        results = [guard(Stage.READ_FEED, message, self._clock, partial(self._read, message)) for message in messages]
        reads = [result for result in results if isinstance(result, _Read)]
        self._write(reads)
        crash_point("process_after_pages_due")
        outputs = [dead_output(result) if isinstance(result, DeadLetter) else result.output for result in results]
        return Handled(outputs, after=lambda: self._count(results))

    def _read(self, message: Delivered) -> _Read:
        item = decode(Item, message.value)
        now = self._clock.now()
        look = look_at_feed(self._understanding, item, now)
        page = None
        if look.no_page is None:
            page = _page_due(item, message.value, now.timestamp())
        return _Read(look, Output(REPORTS, message_of(look.report)), page)

    def _write(self, reads: Sequence[_Read]) -> None:
        if not reads:
            return
        now = self._clock.now().timestamp()
        with self._store.begin() as connection:
            settled = pages.settled(connection, {read.key[0] for read in reads})
            newest = {read.key[0]: read for read in reads}
            owed = [read.page for read in newest.values() if read.page is not None and read.key not in settled]
            dropped = pages.add(connection, owed)
            dropped += [read.key for read in reads if read is not newest[read.key[0]] and read.page is not None and read.key not in settled]
            trail.record(connection, [*(_step(read.look, now) for read in reads), *(_superseded(key, now) for key in dropped)])

    def _count(self, results: Sequence[_Read | DeadLetter]) -> None:
        crash_point("process_after_commit")
        now = self._clock.now()
        for result in results:
            self._metrics.items_in.inc()
            if isinstance(result, DeadLetter):
                self._metrics.items.labels(ItemOutcome.DEAD, result.reason).inc()
                continue
            report, no_page = result.look.report, result.look.no_page
            self._metrics.items.labels(_outcome(no_page), no_page or _NO_REASON).inc()
            seen_s = (now - report.item.seen_at).total_seconds()
            self._metrics.seen_to_reported.labels(report.waited_for).observe(max(0.0, seen_s))
            if report.final:
                self._metrics.labels.labels(report.label, report.language).inc()


def _page_due(item: Item, encoded: bytes, now: float) -> DuePage | None:
    assert item.url is not None
    return DuePage(item.item_id, item.revision, item.url, host_key(item.url) or "", encoded, added_at=now, due_at=now)


def _outcome(no_page: NoPageReason | None) -> ItemOutcome:
    return ItemOutcome.REPORTED if no_page is None else ItemOutcome.REPORTED_FINAL


def _step(look: FeedLook, now: float) -> Step:
    report = look.report
    return Step(
        look.item.item_id,
        look.item.revision,
        Stage.READ_FEED,
        step="",
        outcome=_outcome(look.no_page),
        reason=look.no_page,
        detail={
            "label": report.label,
            "score": round(report.score, 3),
            "decided_by": report.decided_by,
            "language": report.language,
            "home": report.home,
            "partners": list(report.partners),
            "topics": list(report.topics),
            "model": report.model,
        },
        at=now,
    )


def _superseded(key: Key, now: float) -> Step:
    return Step(*key, Stage.READ_PAGE, step="", outcome=PageOutcome.SUPERSEDED, reason=None, detail=None, at=now)
