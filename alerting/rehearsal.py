"""What alerting would decide about reports, without deciding it: the real handler over a scratch store in memory, and nobody to tell.

Reads: reports, the watchlists and routes in force.
Writes: nothing that outlives it.
Never: builds a receiver, or knows a store, a bus or a token. A story that was told before is a new one here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from sqlalchemy import bindparam, delete, select

from alerting.decide import decision_id_of
from alerting.leadership import StoreLeadership
from alerting.message import Message, from_json
from alerting.routes import Routes
from alerting.stage import ReportHandler
from alerting.watchlists.compile import WatchlistSet
from newswire.bus import Delivered
from newswire.clock import Clock
from newswire.codec import decode
from newswire.metrics import Metrics
from newswire.records import Decision, MessageKind, Report
from newswire.store import decisions, open_store
from newswire.store.tables import archive, outbox, trail

_SCRATCH: Final = "sqlite://"
_FORGOTTEN: Final = (delete(archive), delete(trail))
"""What no later decision looks at: it would be most of the memory of a long rehearsal."""

_PUT_SINCE: Final = (
    select(outbox.c.row_id, outbox.c.receiver, outbox.c.kind, outbox.c.message)
    .where(outbox.c.row_id > bindparam("last"))
    .order_by(outbox.c.row_id)
)


@dataclass(frozen=True, slots=True)
class Telling:
    """What a receiver would be told, as it was put in the outbox."""

    receiver: str
    kind: MessageKind
    message: Message


class Rehearsal:
    """A scratch alerting stage. A context manager: its store is gone at the end."""

    def __init__(self, *, watchlists: WatchlistSet, routes: Routes, clock: Clock) -> None:
        metrics = Metrics()
        self._store = open_store(_SCRATCH)
        leadership = StoreLeadership(store=self._store, clock=clock, metrics=metrics, owner="rehearsal")
        leadership.leading()
        self._last_row = 0
        self._handler = ReportHandler(
            watchlists=lambda: watchlists,
            routes=lambda: routes,
            store=self._store,
            clock=clock,
            metrics=metrics,
            leadership=leadership,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._store.close()

    def decide(self, messages: Sequence[Delivered]) -> list[Decision | None]:
        """Return the decision about each report, in the order given; None where the handler gave it up (its log says why).

        Raises:
            Permanent: a message holds no report.

        """
        reports = [decode(Report, message.value) for message in messages]
        self._handler.handle(messages)
        with self._store.begin() as connection:
            for forgotten in _FORGOTTEN:
                connection.execute(forgotten)
            wanted = [(report.item.item_id, decision_id_of(report)) for report in reports]
            taken = {one.decision_id: one for item_id in dict(wanted) for one in decisions.decisions_of_item(connection, item_id)}
        return [taken.get(decision_id) for _, decision_id in wanted]

    def tellings(self) -> list[Telling]:
        """Return what was put in the outbox since the last call, in order."""
        with self._store.read() as connection:
            rows = connection.execute(_PUT_SINCE, {"last": self._last_row}).all()
        if rows:
            self._last_row = rows[-1].row_id
        return [Telling(row.receiver, MessageKind(row.kind), from_json(row.message)) for row in rows]
