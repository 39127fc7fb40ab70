"""Shows how the sources fare, and how late their polls are.

Reads: feed state and seen marks in the store, the same in every process that collects.
Writes: nothing but the metrics.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from collectors.sources import Source
from newswire.catalogue.entry import NO_COUNTRY
from newswire.clock import Clock
from newswire.metrics import Metrics
from newswire.outcomes import SourceState
from newswire.source_state import judged
from newswire.store import Store, feeds
from newswire.store.source_health import Arrivals, arrivals_of, source_health

LOOK_S: Final = 5.0
ARRIVALS_LOOK_S: Final = 600.0
"""What was seen is read through more rarely: a silence is a matter of days."""


class SourceWatch:
    """Looks every few seconds."""

    name = "sources"

    def __init__(self, *, sources: Sequence[Source], store: Store, clock: Clock, metrics: Metrics) -> None:
        self._countries = {source.source_id: source.country or NO_COUNTRY for source in sources}
        self._store, self._clock, self._metrics = store, clock, metrics
        self._arrivals: Mapping[str, Arrivals] = {}
        self._arrivals_at: float | None = None  # on the monotonic clock: when they are to be read next
        metrics.known("country", sorted({*self._countries.values()} - {NO_COUNTRY}))

    def step(self) -> float:
        now, monotonic = self._clock.now().timestamp(), self._clock.monotonic()
        with self._store.read() as connection:
            if self._arrivals_at is None or monotonic >= self._arrivals_at:
                self._arrivals = arrivals_of(connection)
                self._arrivals_at = monotonic + ARRIVALS_LOOK_S
            health = source_health(connection, self._arrivals)
            due, since = feeds.overdue(connection, now)
        self._metrics.sources_due.set(due)
        self._metrics.due_oldest.set(max(0.0, now - since) if since is not None else 0.0)
        states = {one.source_id: judged(one).state for one in health}
        counts = Counter((states.get(key, SourceState.WAITING), country) for key, country in self._countries.items())
        for country in {*self._countries.values()}:
            for state in SourceState:
                self._metrics.sources.labels(state, country).set(counts[state, country])
        return LOOK_S

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing."""
