"""Records a second from topic to topic, by one process and by four, on any bus; and by bare kafka-python, with the same durability.

A child publishes its share, waits for a word, then polls and commits with an output for each record until its group has nothing left.

usage: python -m benchmarks.bus_shuttle CONTROL-JSON  (started by bench_bus)
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from kafka import KafkaConsumer, KafkaProducer

from newswire.bus import Bus, Message, Output
from newswire.bus.embedded import EmbeddedBus
from newswire.bus.kafka import KafkaBus
from newswire.bus.kafka_settings import KafkaSettings, TopicWishes
from newswire.bus.kafka_topics import KafkaTopics
from newswire.clock import SystemClock
from newswire.errors import Fenced, Retryable
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS

BATCH = 100
PARTITIONS = 8
_SILENCE_S = 8.0  # the end, for all alike: a member of bare kafka-python may be left without partitions; not in the figure
_WORDS = [line for line in Path(__file__).read_text().split() if line.isalpha()]


@dataclass(frozen=True)
class Task:
    """What a child is to do. `where` is a file for the embedded bus, else brokers."""

    kind: str  # embedded, kafka, bare
    where: str
    prefix: str
    size: int
    records: int  # of this child
    total: int  # of all children


@dataclass(frozen=True)
class Figures:
    """What came of it, over all children."""

    published: float  # records/s
    copied: float
    p99_ms: float  # of a commit


class Carrier(Protocol):
    """A bus, or what stands beside it."""

    def publish(self, messages: Sequence[Message]) -> None: ...

    def poll(self) -> Sequence[Any]: ...

    def commit(self, found: Sequence[Any]) -> None: ...

    def close(self) -> None: ...


class OverBus:
    """A bus of ours."""

    def __init__(self, bus: Bus) -> None:
        self._bus, self._consumer = bus, bus.consumer(ITEMS, PROCESSORS_GROUP)
        self._batch: Any = None

    def publish(self, messages: Sequence[Message]) -> None:
        self._bus.publish(ITEMS, messages)

    def poll(self) -> Sequence[Any]:
        self._batch = self._consumer.poll(timeout_s=0.2, max_messages=BATCH)
        return list(self._batch.messages)

    def commit(self, found: Sequence[Any]) -> None:
        self._consumer.commit(self._batch, [Output(REPORTS, Message(m.key, m.value, m.headers)) for m in found])

    def close(self) -> None:
        self._consumer.close()
        self._bus.close()


class Bare:
    """kafka-python with the settings that keep a record, the same records on the wire, and nothing around it."""

    def __init__(self, servers: str, prefix: str) -> None:
        self._items, self._reports = prefix + ITEMS.name, prefix + REPORTS.name
        self._producer = KafkaProducer(bootstrap_servers=servers, acks="all", compression_type="gzip", linger_ms=5, batch_size=131_072)
        self._consumer = KafkaConsumer(
            self._items,
            bootstrap_servers=servers,
            group_id=prefix + PROCESSORS_GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=500,
        )

    def publish(self, messages: Sequence[Message]) -> None:
        self._send(self._items, [(m.key.encode(), m.value, [(name, text.encode()) for name, text in m.headers.items()]) for m in messages])

    def poll(self) -> Sequence[Any]:
        return [record for records in self._consumer.poll(200, max_records=BATCH).values() for record in records]

    def commit(self, found: Sequence[Any]) -> None:
        self._send(self._reports, [(record.key, record.value, record.headers) for record in found])
        self._consumer.commit()

    def close(self) -> None:
        self._consumer.close()
        self._producer.close()

    def _send(self, topic: str, records: Sequence[tuple[bytes, bytes, list[tuple[str, bytes]]]]) -> None:
        futures = [self._producer.send(topic, key=key, value=value, headers=headers) for key, value, headers in records]
        self._producer.flush()
        for future in futures:
            future.get()


def measure(kind: str, where: str, prefix: str, *, size: int, records: int, processes: int) -> Figures:
    """Return what so many processes do with so many records between them."""
    if kind != "embedded":
        with KafkaTopics(settings_of(where), prefix=prefix) as topics:
            topics.create()
    task = Task(kind, where, prefix, size, records // processes, records)
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bus_shuttle", json.dumps(asdict(task))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    hear(children)  # connected
    published_s = timed(children, "publish\n")
    copied_s = timed(children, "copy\n")
    times: list[float] = []
    for child in children:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.close()
        times += json.loads(child.stdout.read())
        child.stdout.close()
        child.wait()
    times.sort()
    return Figures(records / published_s, records / copied_s, 1_000 * times[int(len(times) * 0.99)])


def timed(children: Sequence["subprocess.Popen[str]"], word: str) -> float:
    """Return how long the children take over what the word tells them, from the word to the last answer."""
    began = time.perf_counter()
    for child in children:
        assert child.stdin is not None
        child.stdin.write(word)
        child.stdin.flush()
    ends = hear(children)
    return max(ends) - began


def hear(children: Sequence["subprocess.Popen[str]"]) -> list[float]:
    """Return when each child had done, by the clock that all processes share."""
    answers = []
    for child in children:
        assert child.stdout is not None
        answers.append(float(child.stdout.readline()))
    return answers


def settings_of(servers: str) -> KafkaSettings:
    return KafkaSettings(tuple(servers.split(",")), topics=TopicWishes(partitions=PARTITIONS))


def text_of(size: int, seed: int) -> bytes:
    """Return words to that length: what gzip meets in news, not a run of one letter."""
    chance = random.Random(seed)
    text = ""
    while len(text) < size:
        text += chance.choice(_WORDS) + " " + str(chance.randrange(10_000)) + " "
    return text[:size].encode()


def open_carrier(task: Task) -> Carrier:
    match task.kind:
        case "embedded":
            return OverBus(EmbeddedBus(Path(task.where), clock=SystemClock(), partitions=PARTITIONS))
        case "kafka":
            return OverBus(KafkaBus(settings_of(task.where), prefix=task.prefix))
        case _:
            return Bare(task.where, task.prefix)


def publish_all(carrier: Carrier, task: Task) -> None:
    values = [text_of(task.size, seed) for seed in range(BATCH)]
    for first in range(0, task.records, BATCH):
        messages = [Message(f"{os.getpid()}/{first + n}", value) for n, value in enumerate(values[: task.records - first])]
        carrier.publish(messages)


def copy_all(carrier: Carrier) -> tuple[list[float], float]:
    """Return how long each commit took, and when the last was done."""
    times: list[float] = []
    last = heard_at = time.perf_counter()
    while True:
        found = carrier.poll()
        if not found:
            if time.perf_counter() - heard_at > _SILENCE_S:
                return times, last
            continue
        heard_at = time.perf_counter()
        began = time.perf_counter()
        try:
            carrier.commit(found)
        except (Fenced, Retryable):
            continue
        except Exception as error:
            if type(error).__name__ != "CommitFailedError":  # bare kafka-python, while its group shares out anew
                raise
            continue
        last = time.perf_counter()
        times.append(last - began)


def main(task: Task) -> None:
    carrier = open_carrier(task)
    assert not carrier.poll()  # connected, and in the group
    print(time.perf_counter(), flush=True)
    assert sys.stdin.readline() == "publish\n"
    publish_all(carrier, task)
    print(time.perf_counter(), flush=True)
    assert sys.stdin.readline() == "copy\n"
    times, last = copy_all(carrier)
    print(last, flush=True)
    print(json.dumps(times), flush=True)
    carrier.close()


if __name__ == "__main__":
    main(Task(**json.loads(sys.argv[1])))
