"""What the active alerter does for the archive beside its work: it indexes what came, and drops what was kept long enough.

Reads: the list of what is due, the archive.
Writes: the search index; and away with what is past its time, a little in each transaction.
Never: keeps a decision waiting for longer than one such transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from alerting.leadership import STANDBY_S, Leadership
from alerting.stage import LOOK_BACK_S
from newswire.clock import Clock
from newswire.metrics import Metrics
from newswire.outcomes import Kept
from newswire.store import Store, retention, search, stories

INDEX_BATCH: Final = 50  # items: some 50 ms of a transaction
INDEX_LOOK_S: Final = 0.25
INDEX_PAUSE_S: Final = 0.02  # between two batches, so that whoever waits for the database gets it

PRUNE_BATCH: Final = 200  # rows, or stories with their rows
PRUNE_PAUSE_S: Final = 0.2
PRUNE_LOOK_S: Final = 300.0
JUMP_S: Final = 30 * 86_400.0
"""A clock that went on by so much more than it ran was set, perhaps wrongly: nothing is dropped by it. A machine may sleep for shorter."""


class IndexWorker:
    """Fills the search index from the list of what is due."""

    name = "search index"

    def __init__(self, *, store: Store, clock: Clock, metrics: Metrics, leadership: Leadership) -> None:
        self._store, self._clock, self._metrics, self._leadership = store, clock, metrics, leadership

    def step(self) -> float:
        if not self._leadership.leading():
            return STANDBY_S
        with self._store.read() as connection:
            oldest = search.oldest_due(connection)
            due = search.due(connection, INDEX_BATCH) if oldest is not None else search.Due((), {})
        self._metrics.search_lag.set(0.0 if oldest is None else max(0.0, self._clock.now().timestamp() - oldest))
        if not due.keys:
            return INDEX_LOOK_S
        documents = [search.document_of(report) for value in due.newest.values() if (report := search.readable(value)) is not None]
        with self._store.begin() as connection:
            self._leadership.check(connection)
            search.put(connection, documents, due.keys)
        self._metrics.search_indexed.inc(len(documents))
        return INDEX_PAUSE_S

    def idle(self) -> bool:
        with self._store.read() as connection:
            return search.oldest_due(connection) is None

    def close(self) -> None:
        """Hold nothing: what is not indexed is on the list."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How long what is kept, in seconds; 0: for ever. A report's text goes at the latest with the report."""

    text_s: float
    reports_s: float
    decisions_s: float


class RetentionWorker:
    """Drops what was kept long enough, one kind after the other, then looks again after a while."""

    name = "retention"

    def __init__(self, *, keep: Keep, store: Store, clock: Clock, metrics: Metrics, leadership: Leadership) -> None:
        self._keep = keep
        self._store, self._clock, self._metrics, self._leadership = store, clock, metrics, leadership
        self._turn = 0
        self._ahead_s = self._clock_ahead_s()

    def step(self) -> float:
        if not self._leadership.leading():
            return STANDBY_S
        if self._clock_ahead_s() - self._ahead_s > JUMP_S:
            return PRUNE_LOOK_S
        jobs = self._jobs(self._clock.now().timestamp())
        while self._turn < len(jobs):
            kind, job = jobs[self._turn]
            with self._store.begin() as connection:
                self._leadership.check(connection)
                gone = job(connection)
            if gone:
                self._metrics.pruned.labels(kind).inc(gone)
                return PRUNE_PAUSE_S
            self._turn += 1
        self._turn = 0
        return PRUNE_LOOK_S

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing: what is left is dropped another time."""

    def _clock_ahead_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    def _jobs(self, now: float) -> Sequence[tuple[Kept, Callable[[Connection], int]]]:
        keep, jobs = self._keep, list[tuple[Kept, Callable[[Connection], int]]]()
        if keep.reports_s:
            jobs.append((Kept.REPORTS, partial(retention.forget_reports, before=now - keep.reports_s, most=PRUNE_BATCH)))
        if keep.text_s and not 0 < keep.reports_s <= keep.text_s:
            jobs.append((Kept.TEXT, partial(retention.shorten_reports, before=now - keep.text_s, most=PRUNE_BATCH, at=now)))
        if keep.decisions_s:
            before = now - keep.decisions_s
            jobs.extend(
                (
                    (Kept.MATCHES, partial(retention.forget_matches, before=before, most=PRUNE_BATCH)),
                    (Kept.STORIES, partial(_forget_stories, before=before)),
                    (Kept.DECISIONS, partial(retention.forget_decisions, before=before, most=PRUNE_BATCH)),
                    (Kept.TRAIL, partial(retention.forget_trail, before=before, most=PRUNE_BATCH)),
                    (Kept.DIGESTS, partial(retention.forget_digests, before=before, most=PRUNE_BATCH)),
                )
            )
        return jobs


def _forget_stories(connection: Connection, before: float) -> int:
    """Drop stories of before that time, none of which clustering could load again, however long nothing has come."""
    newest = stories.newest_at(connection)
    return 0 if newest is None else retention.forget_stories(connection, min(before, newest - LOOK_BACK_S), PRUNE_BATCH)
