"""Tells what was gathered, when its time has come, and marks every five minutes how the watch stands.

Reads: the routes in force, rows gathered for digests, and what the store knows of the watch.
Writes: the DIGEST rows of a digest, that its rows are taken and its time is told, in one transaction; marks of the watch.
Never: sends; tells a time twice, or one from before the digest was configured; loses a row whose receiver is gone: it waits, and the log says so.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection

from alerting.bulletin import Bulletin, to_json
from alerting.carried import carried_by, token_of
from alerting.desk import Desk
from alerting.digests import reads
from alerting.digests.contents import Facts, contents_of
from alerting.digests.due import Due, digest_id_of, gathered_due, orphans, scheduled_due, schedules_of
from alerting.digests.layout import pages, room_for
from alerting.digests.proof import Place
from alerting.digests.watch import MARK_EVERY_S
from alerting.gathering_overdue import gather_overdue
from alerting.leadership import ROLE, STANDBY_S, Leadership
from alerting.message import from_json
from newswire.clock import Clock
from newswire.crash import crash_point
from newswire.metrics import Metrics
from newswire.outcomes import DigestOccasion, SendOutcome
from newswire.records import MessageKind
from newswire.store import Store, backups, digest_times, digests, leaders, outbox, recalled, watch
from newswire.store.digests import GatheredRow
from newswire.store.outbox import Entry

LOOK_S: Final = 5.0

READ_BACK_S: Final = 3_600.0
"""For so long after a restore a digest waits for what its receiver was told before; one that does not answer keeps no digest waiting longer."""

_log = structlog.get_logger(__name__)


class DigestWorker:
    """Looks every five seconds, while this process is the active alerter.

    `places` says who publishes each source; None: nothing is watched here, and nothing is to be proved. A `quiet` one tells of no time for
    which nothing was gathered, and says nothing in the log: for rehearsals.
    """

    name = "digests"

    def __init__(
        self,
        *,
        store: Store,
        desk: Callable[[], Desk],
        clock: Clock,
        metrics: Metrics,
        leadership: Leadership,
        places: Mapping[str, Place] | None = None,
        quiet: bool = False,
    ) -> None:
        self._store, self._desk, self._clock, self._metrics, self._leadership = store, desk, clock, metrics, leadership
        self._places, self._quiet = places, quiet
        self._orphans: frozenset[str] = frozenset()  # groups of which it was said that nobody hears them

    def step(self) -> float:
        if not self._leadership.leading():
            self._orphans = frozenset()
            return STANDBY_S
        now, desk = self._clock.now(), self._desk()
        self._mark(now)
        gather_overdue(self._store, self._leadership, now)
        for due in self._due(desk, now):
            if not self._reading_back(due, now):
                self._tell(due, desk, now)
        return LOOK_S

    def idle(self) -> bool:
        """Return whether nothing is due that somebody would hear."""
        now, desk = self._clock.now(), self._desk()
        with self._store.read() as connection:
            return not _all_due(connection, desk, now)

    def close(self) -> None:
        """Hold nothing."""

    def _mark(self, now: datetime) -> None:
        if self._places is None:
            return
        at = now.timestamp()
        with self._store.read() as connection:
            newest = watch.newest_mark_at(connection)
            if newest is not None and at - newest < MARK_EVERY_S:
                return
            sources, answered = watch.answering(connection, at)
            items, reports = watch.read(connection, at - MARK_EVERY_S if newest is None else newest, at)
            mark = watch.Mark(at, sources, answered, items, reports, watch.queues(connection, at).age_s(at))
        with self._store.begin() as connection:
            self._leadership.check(connection)
            watch.put_mark(connection, mark)

    def _due(self, desk: Desk, now: datetime) -> list[Due]:
        """Return what is due, with the schedules in force known to the store."""
        with self._store.read() as connection:
            known = digest_times.known(connection)
            found = _all_due(connection, desk, now)
            waiting = watch.waiting(connection)
        wanted = schedules_of(desk.routes)
        changed = {name: schedule for name, schedule in wanted.items() if name not in known or known[name].schedule != schedule}
        gone = known.keys() - wanted.keys()
        if changed or gone:
            with self._store.begin() as connection:
                self._leadership.check(connection)
                digest_times.keep(connection, changed, gone, now.timestamp())
        self._warn(frozenset(orphans(desk.routes, waiting)))
        return found

    def _reading_back(self, due: Due, now: datetime) -> bool:
        """Return whether it is still being read back what the receiver was told before a restore: this digest may be among it."""
        with self._store.read() as connection:
            restored = backups.restored(connection)
            if restored is None or now.timestamp() > restored.restored_at + READ_BACK_S:
                return False
            return not backups.is_recalled(connection, due.receiver.name)

    def _warn(self, unheard: frozenset[str]) -> None:
        for name in sorted(unheard - self._orphans) if not self._quiet else ():
            _log.warning("alerts wait for a digest that nobody in routes.yaml hears", digest=name, kept="until the routes name it again")
        self._orphans = unheard

    def _tell(self, due: Due, desk: Desk, now: datetime) -> None:
        facts = None
        if due.occasion is DigestOccasion.SCHEDULED:
            with self._store.read() as connection:
                facts = reads.facts(connection, due.period, now=now, watchlists=len(desk.watchlists.watchlists), places=self._places)
        with self._store.begin() as connection:
            leaders.alone(connection, ROLE)  # the stage lets rows grow that it has seen waiting
            self._leadership.check(connection)
            laid_out = self._put(connection, due, facts, now)
            crash_point("digest_in_transaction")
        crash_point("digest_after_put")
        if laid_out:
            self._metrics.digests.labels(due.occasion).inc()
            pages_put, stories = laid_out
        if laid_out and not self._quiet:
            _log.info("digest", digest=due.gathered_for, receiver=due.receiver.name, stories=stories, pages=pages_put)

    def _put(self, connection: Connection, due: Due, facts: Facts | None, now: datetime) -> tuple[int, int] | None:
        """Put the digest's rows and take what it tells; return how many pages and stories, None where another was faster."""
        rows = [row for row in digests.gathered(connection, due.gathered_for) if row.gathered_for == due.gathered_for]
        waiting = [row.row_id for row in _not_told_before(connection, rows, due.receiver.name, now)]
        if due.occasion is DigestOccasion.SCHEDULED and not digest_times.tell(connection, due.name, due.due_at):
            return None
        if not waiting and (self._quiet or due.occasion is not DigestOccasion.SCHEDULED):
            return None
        at, digest_id = now.timestamp(), digest_id_of(due, waiting)
        digests.take(connection, due.gathered_for, digest_id, waiting, at)
        rows = digests.taken(connection, digest_id)  # as they stand now that nobody can change them
        contents = contents_of(
            digest_id, name=due.name, occasion=due.occasion, period=due.period, gathered=reads.gathered(rows), facts=facts
        )
        bulletins = pages(contents, room=room_for(due.receiver.kinds[0]), explain=due.receiver.explain)
        outbox.put(connection, [_entry(one, due.receiver.name, digest_id) for one in bulletins], at)
        return len(bulletins), len(rows)


def _all_due(connection: Connection, desk: Desk, now: datetime) -> list[Due]:
    known, waiting = digest_times.known(connection), watch.waiting(connection)
    return [*scheduled_due(desk.routes, known, now), *gathered_due(desk.routes, waiting, now)]


def _not_told_before(connection: Connection, rows: Sequence[GatheredRow], receiver: str, now: datetime) -> list[GatheredRow]:
    """Return the rows that the receiver was not told before the store was restored; the others are settled."""
    restored = backups.restored(connection)
    if restored is None or not restored.matters(now.timestamp()):
        return list(rows)
    left = []
    for row in rows:
        if recalled.among(connection, receiver, {token_of(row.alert_id), *carried_by(from_json(row.message))}):
            outbox.mark_spoken_for(connection, row.row_id, SendOutcome.FOUND, at=now.timestamp())
        else:
            left.append(row)
    return left


def _entry(page: Bulletin, receiver: str, digest_id: str) -> Entry:
    return Entry(
        story_id=digest_id,
        receiver=receiver,
        kind=MessageKind.DIGEST,
        sequence=page.sequence,
        alert_id=digest_id,
        decision_id="",
        item_id="",
        revision="",
        watchlists=page.watchlists,
        severity=page.severity.value,
        title=page.fallback,
        url=None,
        message=to_json(page),
    )
