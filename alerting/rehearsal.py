"""What alerting would decide about reports, without deciding it: the real handler over a scratch store in memory, and nobody to tell.

Reads: reports, the watchlists and routes in force.
Writes: nothing that outlives it.
Never: builds a receiver, or knows a store, a bus or a token. A story that was told before is a new one here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Connection, and_, bindparam, delete, func, not_, select, update

from alerting import bulletin, updates
from alerting.bulletin import Bulletin
from alerting.decide import Match, decide, decision_id_of
from alerting.desk import Desk
from alerting.digests.worker import DigestWorker
from alerting.message import Message, from_json
from alerting.routes import Routes
from alerting.stage import LOOK_BACK_S, ReportHandler
from alerting.updates import Update
from alerting.watchlists.compile import WatchlistSet
from alerting.watchlists.match import match
from newswire.bus import Delivered
from newswire.clock import Clock
from newswire.codec import decode
from newswire.metrics import Metrics
from newswire.outcomes import SendState, Stage
from newswire.records import DeadLetter, Decision, DecisionKind, Label, MessageKind, Report
from newswire.service import guard
from newswire.silence import Silence
from newswire.store import Store, decisions, open_store, silences, watch
from newswire.store import stories as placed
from newswire.store.tables import METADATA, archive, matches, outbox, search_due, stories, trail
from newswire.store.tables import decisions as decided

_SCRATCH: Final = "sqlite://"
_FORGOTTEN: Final = (delete(archive), delete(search_due), delete(trail), delete(matches))
"""What no later decision looks at: it would be most of the memory of a long rehearsal."""

_reply: Final = outbox.c.kind == MessageKind.REPLY.value
_waits: Final = and_(_reply, outbox.c.state == SendState.NEW.value)
_PUT_SINCE: Final = (
    select(outbox.c.row_id, outbox.c.receiver, outbox.c.kind, outbox.c.message)
    .where(outbox.c.row_id > bindparam("last"), not_(_reply), outbox.c.gathered_for.is_(None))
    .order_by(outbox.c.row_id)
)
_GATHERED_SINCE: Final = (
    select(outbox.c.row_id, outbox.c.gathered_for, outbox.c.gather_reason)
    .where(outbox.c.row_id > bindparam("last"), outbox.c.gathered_for.is_not(None))
    .order_by(outbox.c.row_id)
)
_DUE_REPLIES: Final = (
    select(outbox.c.row_id, outbox.c.receiver, outbox.c.kind, outbox.c.message)
    .where(_waits, outbox.c.next_try_at <= bindparam("now"))
    .order_by(outbox.c.next_try_at, outbox.c.row_id)
)
_NEXT_REPLY: Final = select(func.min(outbox.c.next_try_at)).where(_waits)

_READ: Final[Mapping[MessageKind, Callable[[str], Message | Bulletin]]] = {
    MessageKind.PARENT: from_json,
    MessageKind.EDIT: from_json,
    MessageKind.DIGEST: bulletin.from_json,
}


@dataclass(frozen=True, slots=True)
class Telling:
    """What a receiver would be told: a message or a page of a digest as it was put in the outbox, or a reply as it was when it was due."""

    receiver: str
    kind: MessageKind
    message: Message | Update | Bulletin


def scratch_store() -> Store:
    """Return a store in memory, for one rehearsal after another; who opened it closes it."""
    return open_store(_SCRATCH)


def _empty(store: Store) -> None:
    with store.begin() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(delete(table))


class Rehearsal:
    """A scratch alerting stage. A context manager: its store is gone at the end."""

    def __init__(
        self, *, watchlists: WatchlistSet, routes: Routes, clock: Clock, sweep_every: int = 1_000, store: Store | None = None
    ) -> None:
        """Begin with nothing told; after so many reports that were kept, what is needed no longer is forgotten.

        A `store` of `scratch_store` is emptied and used: making its tables is most of a short rehearsal, and its statements stay prepared.
        """
        self._metrics, desk = Metrics(), Desk(watchlists, routes)
        self._watchlists, self._clock = watchlists, clock
        self._store, self._own_store = store or scratch_store(), store is None
        if store is not None:
            _empty(store)
        self._placed: set[str] = set()  # items that may be in a story
        self._handled, self._sweep_every = 0, sweep_every
        self._last_row = self._last_gathered = 0
        self._handler = ReportHandler(
            desk=lambda: desk,
            store=self._store,
            clock=clock,
            metrics=self._metrics,
            leadership=_Alone(),
        )
        self._digests = DigestWorker(
            store=self._store, desk=lambda: desk, clock=clock, metrics=self._metrics, leadership=_Alone(), quiet=True
        )
        self._digests.step()  # the times of digests count from now on

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._own_store:
            self._store.close()

    def silence(self, asked: Iterable[Silence]) -> None:
        """Heed these silences; those of the real store are not heeded here."""
        with self._store.begin() as connection:
            for one in asked:
                silences.add(connection, one)

    def story_of(self, item_ids: Sequence[str]) -> str | None:
        """Return the story of the first of these items that is in one."""
        with self._store.read() as connection:
            found = placed.of_items(connection, item_ids)
        return next((found[one] for one in item_ids if one in found), None)

    def decide(self, messages: Sequence[Delivered]) -> list[Decision | None]:
        """Return the decision about each report, in the order given; None where the handler gave it up (its log says why).

        Raises:
            Permanent: a message holds no report.

        """
        reports = [decode(Report, message.value) for message in messages]
        self._placed.update(report.item.item_id for report in reports)
        self._handler.handle(messages)
        with self._store.begin() as connection:
            for forgotten in _FORGOTTEN:
                connection.execute(forgotten)
            wanted = [(report.item.item_id, decision_id_of(report)) for report in reports]
            taken = {one.decision_id: one for item_id in dict(wanted) for one in decisions.decisions_of_item(connection, item_id)}
        return [taken.get(decision_id) for _, decision_id in wanted]

    def tellings(self) -> list[Telling]:
        """Return what receivers would have been told since the last call, in order: a reply only once it is due, after that it grows no more.

        What waits for a digest is told by the digest, when that is due.
        """
        self._digests.step()
        now = self._clock.now().timestamp()
        with self._store.begin() as connection:
            rows = connection.execute(_PUT_SINCE, {"last": self._last_row}).all()
            replies = connection.execute(_DUE_REPLIES, {"now": now}).all()
            # Whoever is told takes it at once: nothing of a rehearsal waits for a receiver that is away.
            sent = update(outbox).where(outbox.c.row_id.in_([row.row_id for row in (*rows, *replies)]))
            connection.execute(sent.values(state=SendState.SENT.value, settled_at=now))
        if rows:
            self._last_row = rows[-1].row_id
        return [
            *(Telling(row.receiver, MessageKind(row.kind), _READ[MessageKind(row.kind)](row.message)) for row in rows),
            *(Telling(row.receiver, MessageKind.REPLY, updates.from_json(row.message)) for row in replies),
        ]

    def gathered(self) -> list[tuple[str, str]]:
        """Return of what was gathered since the last call the digest that will tell it, and why one does."""
        with self._store.read() as connection:
            rows = connection.execute(_GATHERED_SINCE, {"last": self._last_gathered}).all()
        if rows:
            self._last_gathered = rows[-1].row_id
        return [(row.gathered_for, row.gather_reason) for row in rows]

    def next_due_at(self) -> float | None:
        """Return when the next reply or digest is due that still gathers, in seconds since 1970 UTC; None where none is."""
        with self._store.read() as connection:
            reply_at: float | None = connection.execute(_NEXT_REPLY).scalar()
            waiting = [one.due_at for one in watch.waiting(connection) if one.due_at > self._clock.now().timestamp()]
        return min([*waiting, *([] if reply_at is None else [reply_at])], default=None)

    def decide_next(self, report: Report, message: Delivered) -> Decision | None:
        """Return the decision about the next report of many: the same as `decide`, quicker, and with nothing kept that is not needed.

        Most news concerns nobody: no watchlist matches it, it is no diplomacy, and its item is in no story. Of such a report nothing
        would be stored but the decision, so that is taken here, by the same functions. A report that held and comes again is decided anew.
        """
        now = self._clock.now()
        found = guard(Stage.ALERT, message, self._clock, partial(match, self._watchlists, report, now))
        if isinstance(found, DeadLetter):
            return None
        matched = any(one.verdict.matched for one in found)
        if not matched and report.label is not Label.DIPLOMACY and report.item.item_id not in self._placed:
            misses = [Match(one.verdict, one.watchlist.title, one.spans, ()) for one in found]
            return decide(report, matches=misses, story_id=None, told={}, now=now).decision
        [decision] = self.decide([message])
        self._handled += 1
        if self._handled % self._sweep_every == 0:
            self._sweep()
        return decision

    def _sweep(self) -> None:
        """Forget what only held, and the facts of stories that are past the reach of the index."""
        with self._store.begin() as connection:
            connection.execute(delete(decided).where(decided.c.kind == DecisionKind.HOLD.value))
            connection.execute(delete(stories).where(stories.c.last_at < self._clock.now().timestamp() - LOOK_BACK_S))


class _Alone:
    """The leadership of a stage that has its store to itself: no lease runs out, however far its clock is moved."""

    def leading(self) -> bool:
        return True

    def check(self, connection: Connection) -> int:
        del connection
        return 1

    def resign(self) -> None:
        """Hold nothing."""
