"""The sender: drains the outbox to its receivers, once as far as that can be known, and in order within each story.

Reads / writes: the outbox and the trail; receivers, through their port, as the routes in force list them, each in a call of its own.
Never: lets one receiver that hangs keep another waiting, or begins a second call to a receiver before the first has ended.
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import Final

import structlog

from alerting.leadership import STANDBY_S, Leadership
from alerting.receivers import Receiver
from alerting.receivers.directory import Listed
from alerting.sender_attempts import Attempts
from alerting.sender_calls import Calls, ThreadCalls
from alerting.sender_lane import Lane
from alerting.sender_ledger import Ledger
from alerting.sender_links import Links
from alerting.sender_recall import Recalls
from newswire.catalogue.sending import OPEN_STATES
from newswire.clock import Clock
from newswire.errors import Fenced, Retryable
from newswire.metrics import Metrics
from newswire.store import Store, outbox, standings
from newswire.store.outbox import Queued

LOOK_S: Final = 0.2
"""How often an empty outbox is looked at."""

SHOW_S: Final = 2.0
"""How often what waits is counted for the metrics."""

CLOSE_S: Final = 5.0
"""How long calls that are on their way may take at the end: a service drains within ten seconds, and what hangs is looked for by the next life."""

HANGS_S: Final = 600.0
"""No receiver's deadlines let a call take so long: nothing else is begun then, and the service's watchdog ends the process."""

_FOREVER_S: Final = 86_400.0

UNKNOWN_RECEIVER: Final = "unknown_receiver"

_log = structlog.get_logger(__name__)


class SenderWorker:
    """Sends what is due: one row at a time to each receiver, to all of them side by side."""

    name = "sender"

    def __init__(
        self,
        *,
        store: Store,
        listed: Callable[[], Listed],
        clock: Clock,
        metrics: Metrics,
        leadership: Leadership,
        doubt_wait_s: float = 30.0,
        back_off_s: float = 0.5,
        calls: Calls | None = None,
        close_s: float = CLOSE_S,
    ) -> None:
        self._store, self._listed, self._clock, self._metrics, self._leadership = store, listed, clock, metrics, leadership
        self._calls, self._close_s = calls or ThreadCalls(), close_s
        self._back_off_s = back_off_s
        self._in_use = listed()
        self._lanes = {name: Lane(receiver) for name, receiver in self._in_use.receivers.items()}
        self._unknown: frozenset[str] = frozenset()
        self._show_at = 0.0  # on the monotonic clock
        ledger = Ledger(
            store=store,
            clock=clock,
            metrics=metrics,
            leadership=leadership,
            fallback=lambda: self._in_use.fallback,
            doubt_wait_s=doubt_wait_s,
        )
        self._recalls = Recalls(store=store, clock=clock, leadership=leadership, back_off_s=back_off_s)
        self._attempts = Attempts(
            store=store,
            clock=clock,
            metrics=metrics,
            leadership=leadership,
            ledger=ledger,
            links=Links(store=store, receivers=lambda: self._in_use.receivers),
            recalls=self._recalls,
            back_off_s=back_off_s,
        )

    def step(self) -> float:
        if not self._leadership.leading():
            self._after_calls(0.0)
            self._stand_by()
            return STANDBY_S
        with self._store.read() as connection:
            waiting = outbox.waiting_receivers(connection)
        self._show()
        # Only after the look at the queue: what waits was decided on a set that is in force by now.
        self._use(self._listed(), waiting)
        self._begin(waiting)
        if not self._calls.busy():
            return 0.0 if self._after_calls(0.0) else LOOK_S
        self._after_calls(LOOK_S if self._calls.oldest_s() < HANGS_S else _FOREVER_S)
        return 0.0

    def idle(self) -> bool:
        # A receiver that refuses our token keeps its queue until a person acts: there is nothing to wait for. Nor is what still gathers.
        open_to_us = {name for name, lane in self._lanes.items() if not lane.closed}
        with self._store.read() as connection:
            waiting = outbox.waiting_receivers(connection, self._clock.now().timestamp())
        reading = any(self._recalls.pending(name, self._lanes[name]) for name in open_to_us)
        return open_to_us.isdisjoint(waiting) and not self._calls.busy() and not reading

    def close(self) -> None:
        """Let what is on its way end within its time; what does not stays `sending`, and is looked for by the next life."""
        began = self._clock.monotonic()
        ended: list[Exception | None] = [None]
        while ended and self._calls.busy():
            ended = self._calls.ended(max(0.0, began + self._close_s - self._clock.monotonic()))
            for fault in filter(None, ended):
                _log.info("not written down while closing", error=str(fault))
        if hanging := self._calls.busy():
            _log.warning("left on its way, to be looked for by the next life", receivers=sorted(hanging))

    def troubles(self) -> dict[str, str]:
        """Return the receivers that refuse us now, each with its own word for it: for `/readyz` and the live status."""
        refusing = {name: lane.trouble for name, lane in self._lanes.items() if lane.trouble}
        return refusing | dict.fromkeys(self._unknown, UNKNOWN_RECEIVER)

    def _show(self) -> None:
        """Show what waits for each receiver that is in the routes, or that rows still wait for."""
        monotonic = self._clock.monotonic()
        if monotonic < self._show_at:
            return
        self._show_at = monotonic + SHOW_S
        now = self._clock.now().timestamp()
        with self._store.read() as connection:
            counts, overdue = outbox.counts(connection), standings.overdue(connection, now)
        shown = {*counts, *(set(self._in_use.receivers) - self._in_use.left)}
        for name in shown:
            for state in OPEN_STATES:
                self._metrics.outbox.labels(name, state).set(counts.get(name, {}).get(state, 0))
            waits_s = max(0.0, now - overdue[name].since) if name in overdue else 0.0
            self._metrics.outbox_oldest.labels(name).set(waits_s)
            refuses = name in self._unknown or (name in self._lanes and self._lanes[name].trouble is not None)
            self._metrics.receiver_refusing.labels(name).set(refuses)
        for metric in (self._metrics.outbox, self._metrics.outbox_oldest, self._metrics.receiver_refusing):
            metric.keep("receiver", shown)
        # Of 100,000 rows that wait a look takes 1.6 s, on the thread that sends: a tenth of its time at most.
        self._show_at = max(self._show_at, monotonic + 10 * (self._clock.monotonic() - monotonic))

    def _stand_by(self) -> None:
        """Follow the routes as they change: what is on its way now, another process has begun, and nobody here knows where."""
        listed = self._listed()
        if listed is not self._in_use:
            self._in_use, self._lanes = listed, {name: Lane(receiver) for name, receiver in listed.receivers.items()}

    def _use(self, listed: Listed, waiting: Collection[str]) -> None:
        """Go on with these receivers; one that is new, or leads elsewhere than before, begins without the troubles of the old one."""
        before, busy = self._in_use, self._calls.busy()
        for name, receiver in listed.receivers.items():
            lane = self._lanes.get(name)
            # One that is being called changes when that call has ended: only then is it known what was begun at the old place.
            if (lane is not None and lane.receiver is receiver) or name in busy:
                continue
            fresh = Lane(receiver) if lane is None else self._moved(name, lane, receiver)
            self._lanes = self._lanes | {name: fresh}
            self._metrics.receiver_refusing.labels(name).set(0)
            self._unknown -= {name}
            _log.info("receiver leads elsewhere now" if fresh.moved else "receiver is new here", receiver=name, begun=len(fresh.begun))
        for name in listed.left - before.left:
            _log.info("receiver has left the routes; what was decided for it is still told to it", receiver=name, waits=name in waiting)
        self._in_use = listed
        for name in listed.left.difference(waiting, busy):
            if self._lanes[name].trouble:
                self._attempts.trouble(self._lanes[name], None)

    def _moved(self, name: str, old: Lane, receiver: Receiver) -> Lane:
        """Return the lane of a receiver that leads elsewhere now: what was begun at the old place is ended there."""
        with self._store.read() as connection:
            begun = {row_id: old.begun.get(row_id, old.receiver) for row_id in outbox.sending(connection, name)}
        return Lane(receiver, moved=True, begun=begun)

    def _begin(self, waiting: Collection[str]) -> None:
        """Begin a call for each receiver that is free and has something due, those that have waited longest first."""
        self._say_unknown(waiting)
        now, busy = self._clock.monotonic(), self._calls.busy()
        recalling = {name for name, lane in self._lanes.items() if name not in busy and self._recalls.pending(name, lane)}
        free = [
            (lane.used_at, name, lane)
            for name in recalling.union(waiting)
            if (lane := self._lanes.get(name)) and name not in busy and lane.free_at() <= now
        ]
        for _, name, lane in sorted(free, key=lambda one: one[:2]):
            if not self._calls.has_room():
                break
            if name in recalling:
                lane.used_at = now
                self._calls.start(name, partial(self._recalls.read_back, name, lane))
                continue
            row = self._next_due(name)
            if row is not None:
                lane.used_at = now
                self._calls.start(name, partial(self._serve, lane, row))
        self._metrics.lanes_busy.set(len(self._calls.busy()))

    def _serve(self, lane: Lane, row: Queued) -> None:
        try:
            self._attempts.serve(lane, row)
        except (Fenced, Retryable):
            raise
        except Exception:
            # A bug that this row meets is met again: at a pace that leaves room for the other receivers.
            lane.back_off(self._clock.monotonic(), self._back_off_s)
            raise

    def _next_due(self, name: str) -> Queued | None:
        # Read here and not in the call: a store that is slow keeps this one thread waiting, and no others are begun.
        with self._store.read() as connection:
            return outbox.next_due(connection, name, self._clock.now().timestamp())

    def _after_calls(self, wait_s: float) -> bool:
        """Return whether calls have ended; raise what the first of them raised, one that was fenced before all."""
        ended = self._calls.ended(wait_s)
        self._metrics.lanes_busy.set(len(self._calls.busy()))
        faults = [fault for fault in ended if fault is not None]
        for fault in sorted(faults, key=lambda one: isinstance(one, Retryable)):
            raise fault
        return bool(ended)

    def _say_unknown(self, waiting: Collection[str]) -> None:
        for name in sorted(set(waiting) - set(self._lanes) - self._unknown):
            # Perhaps this process was started without the token: what waits for that receiver is not to be told elsewhere.
            _log.error(
                "no such receiver here; its queue is kept until routes.yaml names it", receiver=name, known=sorted(self._in_use.receivers)
            )
            self._metrics.receiver_refusing.labels(name).set(1)
            self._unknown |= {name}
