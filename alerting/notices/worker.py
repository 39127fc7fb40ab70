"""Puts notices in the outbox: looks how the watch fares four times a minute, and says what the rules find worth it.

Reads: outbox, silences and feed state in the store; the age of the queues on the bus; how the desk's files stand.
Writes: NOTICE rows, in one transaction with the look whether this process is still the active alerter.
Never: puts anything where the routes name no `ops`, or keeps in memory alone what was said: after a restart it is read from the outbox.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection

from alerting.digests.proof import Place
from alerting.leadership import STANDBY_S, Leadership
from alerting.notices.decide import hears_notices, notices_due
from alerting.notices.history import History
from alerting.notices.notice import Notice, row_of
from alerting.notices.snapshot import Held, Snapshot
from alerting.reload import Standing
from newswire.bus import Bus
from newswire.clock import Clock
from newswire.crash import crash_point
from newswire.errors import Retryable
from newswire.metrics import Metrics
from newswire.store import Store, notices, silences, standings
from newswire.store.source_health import SourceHealth, source_health
from newswire.topics import ALERTING_GROUP, ITEMS, PROCESSORS_GROUP, REPORTS

LOOK_S: Final = 15.0
SOURCES_LOOK_S: Final = 600.0
"""Sources are looked at more rarely, so that those which one cause strikes are told of together."""

LATELY_S: Final = 86_400.0
"""What was given up, repeated or ended before that is no news."""

REACH_S: Final = 90 * 86_400.0
"""How far back notices are read; a trouble that lasts longer is said anew then."""

TITLES_SHOWN: Final = 5  # of the stories that a silence held

_QUEUES: Final = ((ITEMS, PROCESSORS_GROUP), (REPORTS, ALERTING_GROUP))

_log = structlog.get_logger(__name__)


class NoticeWorker:
    """Looks every quarter of a minute, while this process is the active alerter."""

    name = "notices"

    def __init__(
        self,
        *,
        standing: Callable[[], Standing],
        places: Mapping[str, Place],
        store: Store,
        bus: Bus,
        clock: Clock,
        metrics: Metrics,
        leadership: Leadership,
        owner: str,
    ) -> None:
        """`standing` is how the desk's files stand, `places` who publishes each source by their id, `owner` names this process."""
        self._standing, self._places = standing, places
        self._store, self._bus, self._clock, self._metrics = store, bus, clock, metrics
        self._leadership, self._owner = leadership, owner
        self._history: History | None = None
        self._epoch: int | None = None  # in which the history was read
        self._stood_by = False
        self._sources_at = 0.0  # monotonic: when sources are looked at next

    def step(self) -> float:
        if not self._leadership.leading():
            self._history, self._epoch, self._stood_by = None, None, True
            return STANDBY_S
        routes = self._standing().desk.routes
        if hears_notices(routes) is None:
            self._stood_by = False
            return LOOK_S
        snapshot = self._look()
        history = self._history or self._read(snapshot)
        if due := notices_due(snapshot, history):
            self._put(snapshot, due)
        else:
            self._history = history
        self._stood_by = False
        return LOOK_S

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing: what was said stands in the outbox."""

    def _look(self) -> Snapshot:
        """Return how the watch fares now."""
        now, standing = self._clock.now(), self._standing()
        at, queues = now.timestamp(), self._queues()
        with self._store.read() as connection:
            sources = self._sources(connection)
            current = [*silences.ended(connection, at - LATELY_S, at), *silences.current(connection, at)]
            return Snapshot(
                now=now,
                receivers=standings.troubled(connection, at - REACH_S),
                given_up=standings.given_up(connection, at - LATELY_S),
                repeated=standings.repeated(connection, at - LATELY_S),
                overdue=standings.overdue(connection, at),
                queues=queues,
                silences=current,
                held={one.silence_id: _held(connection, one.silence_id) for one in current if one.ended_at <= at},
                files=standing,
                sources=sources,
                places={} if sources is None else self._places,
                fallback=standing.desk.routes.fallback,
                took_over=self._stood_by,
                owner=self._owner,
            )

    def _queues(self) -> dict[str, datetime] | None:
        """Return since when the oldest record of each queue waits; None where the bus is away: the store has more to tell."""
        try:
            backlogs = {topic.name: self._bus.backlog(topic, group) for topic, group in _QUEUES}
        except Retryable:
            return None
        return {name: one.oldest_at for name, one in backlogs.items() if one.oldest_at is not None}

    def _sources(self, connection: Connection) -> list[SourceHealth] | None:
        if self._clock.monotonic() < self._sources_at:
            return None
        self._sources_at = self._clock.monotonic() + SOURCES_LOOK_S
        return list(source_health(connection))

    def _put(self, snapshot: Snapshot, due: list[Notice]) -> None:
        """Put what is due, durably, each for whoever hears it; the history goes on with it only then."""
        routes = self._standing().desk.routes
        history, self._history = self._history, None
        put: list[Notice] = []
        with self._store.begin() as connection:
            epoch = self._leadership.check(connection)
            if history is None or epoch != self._epoch:
                # Another process may have put notices since ours were read.
                history = _read_history(connection, snapshot)
                due = notices_due(snapshot, history)
            rows = [(notice, receiver) for notice in due if (receiver := hears_notices(routes, notice.about)) is not None]
            notices.put(connection, [row_of(*row) for row in rows], snapshot.now.timestamp())
            put = [notice for notice, _ in rows]
            crash_point("notice_in_transaction")
        crash_point("notice_after_put")
        for notice in put:
            history.add(notice, snapshot.now.timestamp())
            self._metrics.notices.labels(notice.kind).inc()
            _log.info("notice", kind=notice.kind, what=notice.heading)
        self._history, self._epoch = history, epoch

    def _read(self, snapshot: Snapshot) -> History:
        with self._store.read() as connection:
            return _read_history(connection, snapshot)


def _read_history(connection: Connection, snapshot: Snapshot) -> History:
    return History(notices.since(connection, snapshot.now.timestamp() - REACH_S))


def _held(connection: Connection, silence_id: str) -> Held:
    stories = silences.stories_held(connection, [silence_id]).get(silence_id, 0)
    return Held(stories, tuple(silences.titles_held(connection, silence_id, TITLES_SHOWN)) if stories else ())
