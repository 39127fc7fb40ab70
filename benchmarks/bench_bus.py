"""Records a second through both buses, each beside its limit in the same run.

The embedded bus beside a bare sqlite3 insert loop on the same disk; then records copied from topic to topic by one process and by four,
on the embedded bus, on Kafka, and by bare kafka-python with the same durability on the same broker.

usage: python -m benchmarks.bench_bus [SECONDS_PER_FIGURE] [embedded|kafka]
"""

import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.bus_shuttle import BATCH, PARTITIONS, Figures, measure
from newswire.bus import Message, Output
from newswire.bus.embedded import EmbeddedBus
from newswire.clock import SystemClock
from newswire.sqlite import prepare
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS
from tests.servers.kafka import FULL_SPEED, KAFKA_VERSION, kafka_cluster
from tests.servers.processes import ServerUnavailable

VALUE = b"x" * 1_500  # an item of the usual length
BATCHES = (1, 10, 100)


def rows_a_second(step: Callable[[], int], seconds: float) -> float:
    """Call `step`, which returns how many rows it did, for so long."""
    rows, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        rows += step()
    return rows / spent


def bare_insert(folder: Path, size: int, seconds: float) -> float:
    with closing(sqlite3.connect(folder / f"bare{size}.sqlite3")) as connection:
        prepare(connection)
        connection.execute("PRAGMA wal_autocheckpoint=1000")
        connection.execute("CREATE TABLE log (offset INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT, value BLOB)")
        rows = [("key", VALUE)] * size

        def step() -> int:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO log (key, value) VALUES (?, ?)", rows)
            connection.execute("COMMIT")
            return size

        return rows_a_second(step, seconds)


def published(bus: EmbeddedBus, size: int, seconds: float) -> float:
    messages = [Message(str(n), VALUE, {"schema": "item/1"}) for n in range(size)]

    def step() -> int:
        bus.publish(ITEMS, messages)
        return size

    return rows_a_second(step, seconds)


def consumed(bus: EmbeddedBus, size: int, seconds: float, *, copy: bool) -> float:
    consumer = bus.consumer(ITEMS, f"{PROCESSORS_GROUP}-{size}-{copy}")

    def step() -> int:
        batch = consumer.poll(timeout_s=0, max_messages=size)
        if not batch:
            raise SystemExit("the log ran dry: fewer seconds for reading than for publishing, please")
        consumer.commit(batch, [Output(REPORTS, Message(m.key, m.value, m.headers)) for m in batch.messages] if copy else ())
        return len(batch.messages)

    rate = rows_a_second(step, seconds)
    consumer.close()
    return rate


def alone(seconds: float) -> None:
    print(
        f"embedded bus, values of {len(VALUE):,} bytes, synchronous=FULL, SQLite {sqlite3.sqlite_version}, Python {platform.python_version()}"
    )
    print(f"{'rows/s, batch of':32}" + "".join(f"{size:>10,}" for size in BATCHES))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(EmbeddedBus(folder / "bus.sqlite3", clock=SystemClock())) as bus:
            bus.publish(ITEMS, [Message(str(n), VALUE, {"schema": "item/1"}) for n in range(100)])
            bare = [bare_insert(folder, size, seconds) for size in BATCHES]
            table = [
                ("bare sqlite3 insert", bare),
                ("publish", [published(bus, size, seconds) for size in BATCHES]),
                ("poll + commit", [consumed(bus, size, seconds / 4, copy=False) for size in BATCHES]),
                ("poll + commit with outputs", [consumed(bus, size, seconds / 4, copy=True) for size in BATCHES]),
            ]
    for what, rates in table:
        print(f"{what:32}" + "".join(f"{rate:>10,.0f}" for rate in rates))
    print(f"{'publish / bare insert':32}" + "".join(f"{ours / theirs:>10.2f}" for ours, theirs in zip(table[1][1], bare, strict=True)))


def shuttled(rounds: int) -> None:
    """Print the table of records copied; each figure is the median of so many rounds, in which the three take turns."""
    with kafka_cluster(java=FULL_SPEED) as cluster, tempfile.TemporaryDirectory() as name:
        print(
            f"\ntopic to topic, batches of {BATCH}, {PARTITIONS} partitions, Kafka {KAFKA_VERSION} on this machine, one broker, gzip, acks=all"
        )
        print(f"{'':10}{'':12}{'published':>12}{'copied':>12}{'p99 commit':>12}")
        for size, records in ((1_000, 10_000), (20_000, 1_600)):
            for processes in (1, 4):
                found: dict[str, list[Figures]] = {"embedded": [], "bare": [], "kafka": []}
                for turn in range(rounds):
                    for kind, figures in found.items():
                        where = f"{name}/{size}-{processes}-{turn}.sqlite3" if kind == "embedded" else cluster.servers
                        prefix = f"{kind}-{size}-{processes}-{turn}."
                        figures.append(measure(kind, where, prefix, size=size, records=records * processes, processes=processes))
                print(f"{size:,} bytes, {processes} process{'es' if processes > 1 else ''}")
                for kind, figures in found.items():
                    published, copied, p99 = (
                        statistics.median(getattr(f, what) for f in figures) for what in ("published", "copied", "p99_ms")
                    )
                    label = {"embedded": "embedded", "kafka": "Kafka", "bare": "bare kafka-python"}[kind]
                    print(f"  {label:20}{published:>10,.0f}/s{copied:>10,.0f}/s{p99:>9,.0f} ms")
                ratios = [
                    statistics.median(getattr(o, w) / getattr(b, w) for o, b in zip(found["kafka"], found["bare"], strict=True))
                    for w in ("published", "copied")
                ]
                print(f"  {'Kafka / bare':20}{ratios[0]:>12.2f}{ratios[1]:>12.2f}")


def main(seconds: float, which: str) -> None:
    if which in {"", "embedded"}:
        alone(seconds)
    if which in {"", "kafka"}:
        try:
            shuttled(rounds=3)
        except ServerUnavailable as error:
            raise SystemExit(f"no figures of Kafka: {error}") from None


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0, sys.argv[2] if len(sys.argv) > 2 else "")
