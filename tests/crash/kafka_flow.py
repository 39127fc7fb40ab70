"""A stage on a real Kafka, reduced to what faults can hurt: one thread that publishes, members that copy, and the sets to compare."""

import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count

from newswire.bus import Consumer, Message, Output
from newswire.bus.kafka import KafkaBus
from newswire.bus.kafka_settings import KafkaSettings, TopicWishes
from newswire.bus.kafka_topics import KafkaTopics
from newswire.errors import Fenced, Retryable
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS

QUICK = KafkaSettings((), request_s=2.0, delivery_s=4.0, session_s=3.0, poll_interval_s=20.0, probe_s=1.0, topics=TopicWishes(partitions=3))
"""The times of the settings, shortened alike."""

_BACK_OFF_S = 0.1


@dataclass
class Flow:
    """What went in and what was met on the way. `acknowledged` are the values whose publishing returned."""

    bus: KafkaBus
    acknowledged: set[str] = field(default_factory=set)
    committed: int = 0
    committed_at: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)
    said: deque[str] = field(default_factory=lambda: deque(maxlen=12))  # the last of them, for a test that fails
    bugs: list[BaseException] = field(default_factory=list)
    committing: threading.Event = field(default_factory=threading.Event)
    stop_publishing: threading.Event = field(default_factory=threading.Event)
    stop_copying: threading.Event = field(default_factory=threading.Event)

    def publish(self, name: str = "", batch: int = 10) -> None:
        for number in count():
            values = [f"{name}{number}/{n}" for n in range(batch)]
            while not self.stop_publishing.is_set():
                if self._tried(partial(self.bus.publish, ITEMS, [Message(value, value.encode()) for value in values])):
                    self.acknowledged.update(values)
                    break
            else:
                return
            time.sleep(0.01)

    def copy(self) -> None:
        consumer = self.bus.consumer(ITEMS, PROCESSORS_GROUP)
        while not self.stop_copying.is_set():
            self._tried(partial(self._copy_once, consumer))
        consumer.close()

    def _copy_once(self, consumer: Consumer) -> None:
        batch = consumer.poll(timeout_s=0.5, max_messages=20)
        if batch:
            self.committing.set()
            consumer.commit(batch, [Output(REPORTS, Message(m.key, m.value)) for m in batch.messages])
            self.committing.clear()
            self.committed += len(batch.messages)
            self.committed_at = time.monotonic()

    def _tried(self, work: Callable[[], None]) -> bool:
        """Return whether it went well; like the service, it backs off where it did not."""
        try:
            work()
        except (Retryable, Fenced) as error:
            self.errors[type(error).__name__] += 1
            self.said.append(f"{time.strftime('%X')} {threading.current_thread().name}: {error}")
            time.sleep(_BACK_OFF_S)
        except Exception as error:  # noqa: BLE001 -- said at the end of the test
            self.bugs.append(error)
            time.sleep(_BACK_OFF_S)
        else:
            return True
        return False


@contextmanager
def flowing(servers: str, *, members: int = 1, settings: KafkaSettings = QUICK) -> Iterator[Flow]:
    """Yield a flow that runs; at the end publishing stops, and the block's end waits until everything was copied."""
    settings = replace(settings, servers=tuple(servers.split(",")))
    with KafkaTopics(settings) as topics:
        topics.create()
    bus = KafkaBus(settings)
    flow = Flow(bus)
    publisher = threading.Thread(target=flow.publish, name="publisher")
    copiers = [threading.Thread(target=flow.copy, name=f"copier-{n}") for n in range(members)]
    for thread in [publisher, *copiers]:
        thread.start()
    try:
        yield flow
        flow.stop_publishing.set()
        publisher.join()
        wait_until(lambda: backlog_is_empty(bus), limit_s=90, flow=flow)
        time.sleep(0.5)  # a request of a producer that was thrown away may be read by the broker only now
        wait_until(lambda: backlog_is_empty(bus), limit_s=90, flow=flow)
    finally:
        flow.stop_publishing.set()
        flow.stop_copying.set()
        for thread in [publisher, *copiers]:
            thread.join()
        bus.close()


def backlog_is_empty(bus: KafkaBus) -> bool:
    """Return whether the group has nothing left; empty polls alone do not say so after an outage."""
    try:
        return bus.backlog(ITEMS, PROCESSORS_GROUP).records == 0
    except Retryable:
        return False


def wait_until(true: Callable[[], bool], *, limit_s: float, flow: Flow | None = None) -> float:
    """Return how long it took until it was true; where that takes too long, what the flow met last is said."""
    began = time.monotonic()
    while not true():
        met = "\n".join([*flow.said, *map(repr, flow.bugs)]) if flow is not None else ""
        assert time.monotonic() - began < limit_s, f"not so after {limit_s} s\n{met}"
        time.sleep(0.02)
    return time.monotonic() - began


def compare(servers: str, flow: Flow) -> str:
    """Return, in a line, what came of it; everything that was acknowledged is there, and what is there was copied.

    A value whose publishing failed may be there all the same: nobody was told that it is not.
    """
    bus = KafkaBus(replace(QUICK, servers=tuple(servers.split(","))))
    items = Counter(message.value.decode() for message in bus.browse(ITEMS))
    reports = Counter(message.value.decode() for message in bus.browse(REPORTS))
    bus.close()
    assert not flow.bugs, "\n".join("".join(traceback.format_exception(bug)) for bug in flow.bugs[:3])
    assert flow.acknowledged <= set(items), "acknowledged and not stored"
    assert set(reports) == set(items), "stored and not copied, or copied and not stored"
    twice = sum(reports.values()) - sum(items.values())
    errors = ", ".join(f"{name} {times}" for name, times in sorted(flow.errors.items())) or "none"
    return f"{len(items)} values in, {len(set(reports))} out, {twice} copied twice; errors met: {errors}"
