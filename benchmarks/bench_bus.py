"""Rows a second through the embedded bus, beside a bare sqlite3 insert loop on the same disk in the same run.

usage: python benchmarks/bench_bus.py [SECONDS_PER_FIGURE]
"""

import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from newswire.bus import Message, Output
from newswire.bus.embedded import EmbeddedBus
from newswire.clock import SystemClock
from newswire.sqlite import prepare
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS

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


def main(seconds: float) -> None:
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


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
