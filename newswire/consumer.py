"""The loop of every stage that reads a topic: poll, handle, commit; and what becomes of a record that cannot be handled.

Reads / writes: the bus, through its port.
Never: moves an offset before the outputs are durable, lets one bad record stop the rest, or lets a broken stage empty its topic into
`news.dead`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ClassVar, Final, Protocol, TypeVar

import structlog

from newswire.bus import Batch, Bus, Consumer, Delivered, Output
from newswire.clock import Clock
from newswire.dead import DEAD_ID_HEADER, REASON_HEADER, dead_id_of, dead_letter, dead_output
from newswire.errors import Fenced, NewswireError, Permanent, Retryable
from newswire.metrics import Metrics
from newswire.outcomes import DeadReason, Stage
from newswire.records import DeadLetter
from newswire.topics import DEAD, GROUPS, Topic

POLL_S: Final = 0.5  # so that a drain never waits longer for a quiet topic
UPKEEP_S: Final = 10.0
HOW_TO_GO_ON: Final = "`newswire dead list` says why; start it again when that is put right, or with NEWSWIRE_DEAD_LIMIT=0 to give up whatever cannot be handled"

R = TypeVar("R")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handled:
    """What a handler made of a batch: outputs to commit with the offsets, and what to do once they are durable (counting, waking)."""

    outputs: Sequence[Output] = ()
    after: Callable[[], None] | None = None


class Handler(Protocol):
    """What a stage does with the records of its topic."""

    def handle(self, messages: Sequence[Delivered]) -> Handled:
        """Return the outputs of these records, a dead letter for each that `guard` gave up.

        It is called again with the same records after any failure: whatever it does on the way must be idempotent.

        Raises:
            Retryable: all of them are handed over again after a back-off.
            Fenced: all of them are dropped; whoever owns the work now handles them.

        """
        ...


class TooManyDead(NewswireError):  # noqa: N818 -- named by what the service must do
    """A stage gives up so many records that it must be broken itself: the service stops, and its topic keeps them."""


def guard(stage: Stage, message: Delivered, clock: Clock, work: Callable[[], R]) -> R | DeadLetter:
    """Return what `work` returns, or the dead letter of this record, logged. Whoever makes it durable counts it.

    `Permanent` gives the letter its reason; any other exception is a bug, whose traceback goes to the log.

    Raises:
        Retryable, Fenced: they concern the whole batch.

    """
    try:
        return work()
    except (Retryable, Fenced):
        raise
    except Permanent as error:
        letter = dead_letter(stage, message, error.reason, str(error), clock=clock)
        _log.warning("record given up", stage=stage, reason=error.reason, dead_id=letter.dead_id, error=letter.error)
    except Exception as error:  # noqa: BLE001 -- a bug in one record must not stop the next
        letter = dead_letter(stage, message, DeadReason.BUG, f"{type(error).__name__}: {error}", clock=clock)
        _log.exception("record given up", stage=stage, reason=DeadReason.BUG, dead_id=letter.dead_id)
    return letter


@dataclass(frozen=True, slots=True)
class DeadLimit:
    """Tells a poison record from a broken stage by how the last records ended.

    The rule is that of arroyo's dead-letter queue (getsentry/arroyo, `dlq.py`): a share of a window, and a run.
    """

    run: int = 0  # records given up since the last that was handled
    bugs: tuple[bool, ...] = ()  # of the last `WINDOW` records, which met a bug
    most: int = 50  # so many in a row may be given up; 0: any number

    WINDOW: ClassVar[int] = 1_000
    BUG_SHARE: ClassVar[float] = 0.05

    def after(self, ends: Sequence[DeadReason | None]) -> "DeadLimit":
        """Return the state after these records too (None: handled)."""
        run = self.run
        for reason in ends:
            run = 0 if reason is None else run + 1
        bugs = (*self.bugs, *(reason is DeadReason.BUG for reason in ends))
        return DeadLimit(run, bugs[-self.WINDOW :], self.most)

    def broken(self) -> str | None:
        """Return why the stage must stop, or None where it may go on."""
        if self.most and self.run > self.most:
            return f"more than {self.most} records in a row could not be handled"
        if sum(self.bugs) > self.WINDOW * self.BUG_SHARE:
            return f"{sum(self.bugs)} of the last {len(self.bugs)} records met a bug"
        return None


class ConsumerWorker:
    """One member of a consumer group, as a worker of the service."""

    def __init__(
        self,
        *,
        name: str,
        bus: Bus,
        topic: Topic,
        group: str,
        stage: Stage,
        handler: Handler,
        metrics: Metrics,
        clock: Clock,
        batch: int = 50,
        limit: DeadLimit | None = None,
    ) -> None:
        self.name = name
        self._bus, self._topic, self._group, self._stage = bus, topic, group, stage
        self._handler, self._metrics, self._clock, self._batch = handler, metrics, clock, batch
        self._consumer: Consumer | None = None
        self._limit = limit or DeadLimit()
        self._in_flight = False

    def step(self) -> float:
        if self._consumer is None:
            self._consumer = self._bus.consumer(self._topic, self._group)
        batch = self._consumer.poll(timeout_s=POLL_S, max_messages=self._batch)
        if not batch:
            return 0.001  # the poll has waited; anything but 0 says that nothing was done
        self._in_flight = True
        try:
            self._work(self._consumer, batch)
        except BaseException:
            self._consumer.rewind()
            raise
        finally:
            self._in_flight = False
        return 0.0

    def idle(self) -> bool:
        return not self._in_flight and self._bus.backlog(self._topic, self._group).records == 0

    def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()

    def _work(self, consumer: Consumer, batch: Batch) -> None:
        handled = self._together(consumer, batch)
        if handled is None:
            self._one_by_one(consumer, batch)
        elif handled.after is not None:
            handled.after()

    def _together(self, consumer: Consumer, batch: Batch) -> Handled | None:
        """Return what became of the batch, committed; None where a record is in it that its handler or the log cannot take."""
        try:
            handled = self._handler.handle(batch.messages)
            self._commit(consumer, batch, handled)
        except (Retryable, Fenced, TooManyDead):
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it was, it comes back for the one record that it is about
            _log.warning("batch failed, taken one by one", worker=self.name, records=len(batch.messages), error=repr(error))
            return None
        return handled

    def _one_by_one(self, consumer: Consumer, batch: Batch) -> None:
        for message in batch.messages:
            single = Batch((message,), batch.generation)
            handled = self._guarded(message, partial(self._handler.handle, [message]))
            try:
                self._commit(consumer, single, handled)
            except Permanent as error:
                handled = self._guarded(message, partial(_raise, error))
                self._commit(consumer, single, handled)
            if handled.after is not None:
                handled.after()

    def _guarded(self, message: Delivered, work: Callable[[], Handled]) -> Handled:
        result = guard(self._stage, message, self._clock, work)
        return Handled([dead_output(result)]) if isinstance(result, DeadLetter) else result

    def _commit(self, consumer: Consumer, batch: Batch, handled: Handled) -> None:
        dead = _dead_of(handled.outputs)
        ends = [dead.get(dead_id_of(self._stage, message)) if dead else None for message in batch.messages]
        limit = self._limit.after(ends)
        why = limit.broken()
        if why is not None:
            raise TooManyDead(f"{self.name} stops, its records stay on {self._topic.name}: {why}; {HOW_TO_GO_ON}")
        consumer.commit(batch, handled.outputs)
        self._limit = limit  # only now: a batch that is tried again is counted once
        for reason in dead.values():
            self._metrics.dead_letters.labels(self._stage, reason).inc()


class BusUpkeep:
    """Retention and backlog figures of the bus, as a worker."""

    def __init__(self, *, bus: Bus, metrics: Metrics, clock: Clock) -> None:
        self.name = "bus-upkeep"
        self._bus, self._metrics, self._clock = bus, metrics, clock

    def step(self) -> float:
        now = self._clock.now()
        self._show(now)
        self._bus.maintain(now)  # last: a disk that is full keeps it from this, and nobody from seeing what waits
        return UPKEEP_S

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing."""

    def _show(self, now: datetime) -> None:
        try:
            backlogs = [(topic, group, self._bus.backlog(topic, group)) for topic, group in GROUPS]
        except Retryable:
            self._metrics.backlog.clear()  # what was found before is no longer so
            self._metrics.backlog_age.clear()
            raise
        for topic, group, backlog in backlogs:
            age_s = (now - backlog.oldest_at).total_seconds() if backlog.oldest_at is not None else 0.0
            self._metrics.backlog.labels(topic.name, group).set(backlog.records)
            self._metrics.backlog_age.labels(topic.name, group).set(max(age_s, 0.0))


def _dead_of(outputs: Sequence[Output]) -> Mapping[str, DeadReason]:
    return {
        output.message.headers[DEAD_ID_HEADER]: DeadReason(output.message.headers[REASON_HEADER])
        for output in outputs
        if output.topic is DEAD and DEAD_ID_HEADER in output.message.headers
    }


def _raise(error: Permanent) -> Handled:
    raise error
