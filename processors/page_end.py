"""How page looks ended, and what is published, written and counted of them, in this order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from newswire.bus import Bus, Delivered
from newswire.codec import SCHEMA_HEADER, schema_of
from newswire.dead import dead_output
from newswire.metrics import Metrics
from newswire.outcomes import PageOutcome, Stage
from newswire.records import DeadLetter, Item, Report
from newswire.store import Store, pages, trail
from newswire.store import robots as robots_rows
from newswire.store.pages import DuePage, Retry
from newswire.store.robots import RobotsRow
from newswire.store.trail import Step
from newswire.topics import DEAD, ITEMS, REPORTS
from processors.report import message_of
from processors.robots import Robots


@dataclass(frozen=True, slots=True)
class PageEnd:
    """One end of one look: at most one of a report, a retry and a dead letter comes with it."""

    page: DuePage
    outcome: PageOutcome
    reason: str | None = None  # a FetchReason, ParseReason, PageReason or DeadReason
    report: Report | None = None
    retry: Retry | None = None
    letter: DeadLetter | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def step(self, now: float) -> Step:
        """Return the line of the trail that tells it."""
        detail = dict(self.detail)
        if self.report is not None:
            detail |= {
                "basis": self.report.basis,
                "label": self.report.label,
                "score": round(self.report.score, 3),
                "decided_by": self.report.decided_by,
                "language": self.report.language,
                "home": self.report.home,
                "partners": list(self.report.partners),
                "topics": list(self.report.topics),
                "characters": len(self.report.text),
            }
        if self.retry is not None:
            detail |= {"attempts": self.retry.attempts, "due_at": self.retry.due_at}
        return Step(*self.page.key, Stage.READ_PAGE, step="", outcome=self.outcome, reason=self.reason, detail=detail, at=now)


def publish_ends(bus: Bus, ends: Sequence[PageEnd]) -> None:
    """Put the reports and the dead letters on the bus."""
    reports = [message_of(end.report) for end in ends if end.report is not None]
    if reports:
        bus.publish(REPORTS, reports)
    letters = [dead_output(end.letter).message for end in ends if end.letter is not None]
    if letters:
        bus.publish(DEAD, letters)


def write_ends(store: Store, ends: Sequence[PageEnd], robots: Mapping[str, Robots], *, owner: str, now: float) -> None:
    """Delete or put off the pages, tell the trail, and keep what was learned of robots.txt files, in one transaction."""
    with store.begin() as connection:
        robots_rows.keep(
            connection, {host: RobotsRow(found.text, found.reason, found.until, found.delay_s) for host, found in robots.items()}
        )
        pages.remove(connection, [end.page.key for end in ends if end.retry is None])
        pages.retry(connection, owner, [end.retry for end in ends if end.retry is not None])
        trail.record(connection, [end.step(now) for end in ends])


def count_end(metrics: Metrics, end: PageEnd) -> None:
    """Count the end of one look, and its report or its dead letter where it has one."""
    metrics.pages.labels(end.outcome, end.reason or "").inc()
    if end.letter is not None:
        metrics.dead_letters.labels(Stage.READ_PAGE, end.letter.reason).inc()
    if end.report is not None:
        seen_s = (end.report.reported_at - end.report.item.seen_at).total_seconds()
        metrics.seen_to_reported.labels(end.report.waited_for).observe(max(0.0, seen_s))
        metrics.labels.labels(end.report.label, end.report.language).inc()


def as_delivered(page: DuePage) -> Delivered:
    """Return the page's item as it lay on `news.items`, so that a dead letter of it can be replayed there."""
    added_at = datetime.fromtimestamp(page.added_at, UTC)
    return Delivered(ITEMS.name, 0, 0, page.item_id, page.item, {SCHEMA_HEADER: schema_of(Item)}, added_at)
