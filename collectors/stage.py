"""The stage: leases due sources, polls many at once, publishes what is new, then marks it seen.

The order is the promise: items are on the bus before their marks and the feed's validators are in the store. A process that dies between
the two polls the same bytes again and publishes the same records, with the same ids, which whoever reads them knows already.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any, Final

import structlog

from collectors.back_pressure import BackPressure
from collectors.decode import charset_of
from collectors.entries import Feed
from collectors.fetch import feed_request
from collectors.jailed import READ_FEED
from collectors.news import identified
from collectors.parse import ParseFailed, read_at_once
from collectors.polls import Answer, Poll, Read, Unchanged, answer_of, hints_of, is_unchanged, outcome_of
from collectors.pressure import Pressure
from collectors.schedule import first_interval
from collectors.settle import Ended, Settled, settled, write
from collectors.sources import Source
from newswire.bus import Bus, Message
from newswire.clock import Clock
from newswire.codec import SCHEMA_HEADER, TRACE_HEADER, encode, schema_of
from newswire.crash import crash_point
from newswire.guard import host_key
from newswire.http import Fetched, FetchFailed, Http
from newswire.jail import Jail, Killed, TaskRaised
from newswire.metrics import Metrics
from newswire.outcomes import EntryOutcome, FetchReason, ParseReason, PollOutcome
from newswire.records import Item
from newswire.store import Store, feeds, seen
from newswire.topics import ITEMS

PARSE_DEADLINE_S: Final = 3.0
LEASE_S: Final = 10.0  # renewed while a poll is under way, so that what a killed process held is soon polled by another
_RENEW_EVERY_S: Final = 2.5
POLLS_A_STEP: Final = 64
ENTRIES_A_STEP: Final = 2_000
JAILED_BYTES: Final = 64 << 20  # bodies held for the jail; past it no poll is begun
PER_HOST: Final = 4  # leased at a time; the host's slot lets them through one by one
MARKS_KEPT: Final = timedelta(days=90)
_FORGET_EVERY_S: Final = 3_600.0
_LOOK_EVERY_S: Final = 0.5  # for due sources, while there are none
_WAIT_S: Final = 0.2  # for an answer, while there is nothing else to do

_log = structlog.get_logger("newswire.collectors")


@dataclass(frozen=True, slots=True)
class CollectStatus:
    """How the collectors fare in this run."""

    sources: int
    polled: int
    failing: int
    in_flight: int
    pressure: Pressure


class CollectWorker:
    """One process's share of the polling. Any number of them share the sources by leases in the store."""

    name = "collect"

    def __init__(
        self,
        *,
        sources: Sequence[Source],
        store: Store,
        bus: Bus,
        http: Http,
        jail: Jail,
        clock: Clock,
        metrics: Metrics,
        owner: str,
        floor_s: float,
        in_flight: int = 400,
        once: bool = False,
        back_pressure: BackPressure | None = None,
    ) -> None:
        self._sources = {source.source_id: source for source in sources}
        self._store, self._bus, self._http, self._jail = store, bus, http, jail
        self._clock, self._metrics, self._owner = clock, metrics, owner
        self._floor_s, self._most_in_flight, self._once = floor_s, in_flight, once
        self._back_pressure = back_pressure
        self._started_at: float | None = None  # set by the first step, once the store knows the sources
        self._flying: dict[str, tuple[Poll, Future[Any]]] = {}
        self._came_back: SimpleQueue[tuple[Poll, Answer | None, Future[Any]]] = SimpleQueue()
        self._jailed_bytes: dict[str, int] = {}  # bodies that wait for the jail, or are read there
        self._waiting: deque[Ended] = deque()  # ended, and not yet published and marked
        self._polled: set[str] = set()
        self._failing: set[str] = set()
        self._look_at = 0.0  # this and the next two on the monotonic clock
        self._renew_at = 0.0
        self._forget_at = 0.0

    def step(self) -> float:
        """Take what came back, publish and mark what is new, and start as many polls as there is room for."""
        if self._started_at is None:
            self._begin()
        self._renew()
        took = self._take(wait=False)
        ended = self._settle()
        started = self._start()
        self._forget()
        if took or ended or started:
            return 0.0
        if self._flying:
            return 0.0 if self._take(wait=True) else 0.001
        return _LOOK_EVERY_S

    def idle(self) -> bool:
        """Return whether no poll is under way and no source is due; with `once`, none of those that were due at the start.

        Where polling is stopped and nothing behind it moves, the wait has an end too: `stuck` says why.
        """
        if self._started_at is None or self._flying or self._waiting:
            return False
        if self.stuck():
            return True
        now = self._now_s()
        with self._store.read() as connection:
            return not feeds.count_due(connection, due_before=self._started_at if self._once else now, now=now)

    def close(self) -> None:
        """Give the leases back; polls under way are dropped, and done again by whoever is next."""
        for _, future in list(self._flying.values()):
            future.cancel()
        self._flying.clear()
        with self._store.begin() as connection:
            feeds.release(connection, owner=self._owner)

    def status(self) -> CollectStatus:
        """Return how the sources of this process fare. Callable from any thread."""
        return CollectStatus(len(self._sources), len(self._polled), len(self._failing), len(self._flying), self._pressure())

    def stuck(self) -> str | None:
        """Return why sources that are due are not polled and will not be soon, or None. Callable from any thread."""
        return self._pressure().why if self._back_pressure is not None and self._back_pressure.stuck() else None

    def _pressure(self) -> Pressure:
        return self._back_pressure.now if self._back_pressure is not None else Pressure()

    def _now_s(self) -> float:
        return self._clock.now().timestamp()

    def _begin(self) -> None:
        now = self._now_s()
        rows = [
            feeds.NewFeed(
                source_id=source.source_id,
                url=source.url,
                host=host_key(source.url) or "",
                interval_s=first_interval(source.interval_s, self._floor_s),
                due_within_s=max(source.interval_s, self._floor_s) if source.interval_s is not None else None,
            )
            for source in self._sources.values()
        ]
        with self._store.begin() as connection:
            feeds.sync(connection, rows, now)
            states = feeds.health(connection)
        self._failing = {source_id for source_id in self._sources if states[source_id].failures}
        self._started_at = now

    def _take(self, *, wait: bool) -> int:
        """Return how many answers came back from the network or the jail; each goes on to its next station."""
        taken = 0
        while taken < POLLS_A_STEP:
            try:
                poll, answer, future = self._came_back.get(timeout=_WAIT_S) if wait and not taken else self._came_back.get_nowait()
            except Empty:
                break
            taken += 1
            if poll.source.source_id not in self._flying:
                continue
            try:
                end = self._after_fetch(poll, future.result()) if answer is None else self._after_parse(poll, answer, future)
            except CancelledError:  # the client or the jail is closing: the lease runs out, and somebody polls it again
                self._flying.pop(poll.source.source_id, None)
                continue
            except Exception as error:  # noqa: BLE001 -- a bug that one feed brings to light must not stop the others
                _log.exception("bug in a poll", source=poll.source.source_id, url=poll.url)
                end = Ended(poll, ParseFailed(ParseReason.PARSE_ERROR, f"bug: {error!r}"))
            if end is not None:
                self._flying.pop(poll.source.source_id, None)
                self._waiting.append(end)
        return taken

    def _after_fetch(self, poll: Poll, fetched: Fetched | FetchFailed) -> Ended | None:
        """Return the poll's end, or None where the body went to the jail."""
        if isinstance(fetched, FetchFailed):
            return Ended(poll, fetched)
        answer = answer_of(fetched)
        if is_unchanged(poll, answer):
            return Ended(poll, Unchanged(answer))
        hints = hints_of(poll, charset_of(answer.headers.get("content-type")))
        feed = read_at_once(fetched.body, hints)
        if feed is not None:
            return self._read(poll, answer, feed)
        arguments = (fetched.body, hints.http_charset, hints.language, hints.country)
        self._jailed_bytes[poll.source.source_id] = len(fetched.body)
        self._fly(poll, answer, self._jail.submit(READ_FEED, *arguments, deadline_s=PARSE_DEADLINE_S))
        return None

    def _after_parse(self, poll: Poll, answer: Answer, future: Future[Any]) -> Ended:
        size = self._jailed_bytes.pop(poll.source.source_id, 0)
        try:
            read = future.result()
        except Killed as error:
            return Ended(poll, ParseFailed(ParseReason.PARSE_KILLED, f"the parser was ended ({error.reason}) on {size} bytes"))
        except TaskRaised as error:
            return Ended(poll, ParseFailed(ParseReason.PARSE_ERROR, str(error)))
        return self._read(poll, answer, read) if isinstance(read, Feed) else Ended(poll, read)

    def _read(self, poll: Poll, answer: Answer, feed: Feed) -> Ended:
        return Ended(poll, Read(answer, feed), tuple(identified(poll.source, answer.url, feed)))

    def _settle(self) -> int:
        """Publish and mark what some of the ended polls brought; return how many polls that were."""
        batch: list[Ended] = []
        entries = 0
        for ended in self._waiting:
            if batch and (len(batch) >= POLLS_A_STEP or entries + len(ended.entries) > ENTRIES_A_STEP):
                break
            batch.append(ended)
            entries += len(ended.entries)
        if not batch:
            return 0
        polls = settled(self._store, batch, self._clock.now())
        messages = [_message(item) for one in polls if one.news for _, item in one.news.items]
        if messages:
            self._bus.publish(ITEMS, messages)
        crash_point("collect_after_publish")
        write(self._store, polls, owner=self._owner, now=self._clock.now(), floor_s=self._floor_s)
        crash_point("collect_after_mark")
        for one in polls:
            self._waiting.popleft()
            self._count(one)
        self._look_at = 0.0  # hosts are free again, and intervals may be short
        return len(polls)

    def _count(self, one: Settled) -> None:
        source = one.poll.source
        outcome, reason = outcome_of(one.end)
        self._metrics.polls.labels(outcome.value, reason.value).inc()
        if reason is FetchReason.HOST_BUSY:
            return
        self._polled.add(source.source_id)
        if outcome is PollOutcome.FAILED:
            self._failing.add(source.source_id)
        else:
            self._failing.discard(source.source_id)
        if isinstance(one.end, FetchFailed | ParseFailed):
            said = {"source": source.source_id, "url": one.poll.url, "reason": reason.value, "detail": one.end.detail}
            if reason is FetchReason.GONE:
                _log.warning("source retired: it answers 410 Gone; remove it, or change its address", **said)
            else:
                _log.warning("poll failed", **said, in_a_row=one.poll.state.failures + 1)
        if one.news is not None:
            self._metrics.entries_in.inc(one.news.entries)
            for entry_outcome, count in one.news.outcomes.items():
                self._metrics.entries.labels(entry_outcome.value).inc(count)
            for entry_outcome, item in one.news.items:
                if entry_outcome is EntryOutcome.NEW and item.published_at is not None and not item.backlog:
                    self._metrics.published_to_seen.observe(max(0.0, (item.seen_at - item.published_at).total_seconds()))
            if one.news.possible_gap:
                self._metrics.possible_gaps.inc()
                _log.info("possible gap: no entry was known from the poll before", source=source.source_id, url=one.poll.url)

    def _start(self) -> int:
        """Lease due sources up to the room there is and start their polls; return how many."""
        pressure = self._back_pressure.look() if self._back_pressure is not None else Pressure()
        room = pressure.room(self._most_in_flight) - len(self._flying) - len(self._waiting)
        now, monotonic = self._now_s(), self._clock.monotonic()
        if room <= 0 or monotonic < self._look_at or sum(self._jailed_bytes.values()) > JAILED_BYTES:
            return 0
        assert self._started_at is not None
        due_before = self._started_at if self._once else now
        with self._store.read() as connection:
            ids = feeds.due(connection, due_before=due_before, now=now, per_host=PER_HOST, most=room, stretch=pressure.stretch)
        in_hand = self._in_hand()  # their own leases may have run out while the bus or the store was away
        ids = [source_id for source_id in ids if source_id in self._sources and source_id not in in_hand]
        if not ids:
            self._look_at = monotonic + _WAIT_S
            return 0
        with self._store.begin() as connection:
            states = feeds.lease(connection, ids, owner=self._owner, now=now, until=now + LEASE_S)
        for state in states:
            poll = Poll(self._sources[state.source_id], state)
            self._metrics.polls_in.inc()
            self._fly(poll, None, self._http.submit(feed_request(poll.url, poll.validators)))
        return len(states)

    def _fly(self, poll: Poll, answer: Answer | None, future: Future[Any]) -> None:
        """Remember what is under way; `answer` is there while its body is in the jail."""
        self._flying[poll.source.source_id] = (poll, future)
        future.add_done_callback(lambda done: self._came_back.put((poll, answer, done)))

    def _renew(self) -> None:
        monotonic = self._clock.monotonic()
        in_hand = self._in_hand()
        if not in_hand:
            self._renew_at = monotonic + _RENEW_EVERY_S
        elif monotonic >= self._renew_at:
            self._renew_at = monotonic + _RENEW_EVERY_S
            with self._store.begin() as connection:
                feeds.renew(connection, sorted(in_hand), owner=self._owner, until=self._now_s() + LEASE_S)

    def _in_hand(self) -> set[str]:
        """Return the sources whose polls are under way, or wait to be published and marked."""
        return {*self._flying, *(ended.poll.source.source_id for ended in self._waiting)}

    def _forget(self) -> None:
        monotonic = self._clock.monotonic()
        if monotonic < self._forget_at:
            return
        self._forget_at = monotonic + _FORGET_EVERY_S
        with self._store.begin() as connection:
            seen.forget(connection, self._now_s() - MARKS_KEPT.total_seconds())


def _message(item: Item) -> Message:
    return Message(key=item.item_id, value=encode(item), headers={SCHEMA_HEADER: schema_of(Item), TRACE_HEADER: item.trace_id})
