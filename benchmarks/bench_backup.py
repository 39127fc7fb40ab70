"""`make bench-backup`: what a backup and a restore of a large store take, and how long a writer had to wait meanwhile, on SQLite and PostgreSQL.

A few thousand articles of the labelled corpus are decided by the real stage; SQL then multiplies what that left in the store, until it holds
so many items, each with its text; the search index is left out. While `newswire backup` runs, a process writes to store and bus ten times a
second, as collectors do, and notes its longest wait: to be below the two seconds within which an alert is due. Beside each time stands a
peer's on the same data: `VACUUM INTO` and a plain copy, `pg_dump` and `pg_restore`.

usage: python -m benchmarks.bench_backup [--items 300000]
"""

import argparse
import json
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert

from benchmarks.bench_search import batches, handler_of, reports
from newswire.bus import Message
from newswire.bus.embedded import EmbeddedBus
from newswire.clock import SystemClock
from newswire.store import open_store
from newswire.store.engine import migrate
from newswire.store.tables import seen
from newswire.topics import ITEMS
from tests.alerting_builders import delivered
from tests.servers.postgres import postgres_server
from tests.servers.processes import ServerUnavailable

ROOT: Final = Path(__file__).resolve().parents[1]
DECIDED: Final = 3_000
MOST_WAIT_S: Final = 2.0
QUIET_S: Final = 10.0
WRITE_EVERY_S: Final = 0.1
_MEBIBYTE: Final = 1 << 20

# By table: the columns that a copy has of its own.
_MULTIPLIED: Final = {
    "archive": {"item_id": "substr(item_id, 1, 24) || '-' || n"},
    "decisions": {"item_id": "substr(item_id, 1, 24) || '-' || n", "decision_id": "substr(decision_id, 1, 24) || '-' || n"},
    "matches": {"item_id": "substr(item_id, 1, 24) || '-' || n"},
    "trail": {"item_id": "substr(item_id, 1, 24) || '-' || n"},
}


def fill(folder: Path, items: int) -> None:
    """Make a data folder whose store holds so many items."""
    path = folder / "newswire.sqlite3"
    store, bus = open_store(f"sqlite:///{path}"), EmbeddedBus(folder / "bus.sqlite3", clock=SystemClock())
    handler = handler_of(store)
    for batch in batches(reports(min(items, DECIDED))):
        handler.handle(delivered(*batch))
    store.close()
    bus.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("DELETE FROM search_due")
        for table, own in _MULTIPLIED.items():
            columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(own.get(name, name) for name in columns)
            numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :most)"
            connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) {numbers} SELECT {values} FROM {table}, numbers WHERE :most > 0",
                {"most": max(0, items // DECIDED - 1)},
            )
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def write(url: str, data: Path, pipe: Connection) -> None:
    """Write to bus and store until told to end; answer with the longest wait of each, and how often it wrote."""
    store, bus = open_store(url), EmbeddedBus(data / "bus.sqlite3", clock=SystemClock())
    longest, number = 0.0, 0
    pipe.send(None)
    while not pipe.poll(WRITE_EVERY_S):
        item_id, began = f"written-{os.getpid()}-{number}", time.perf_counter()
        bus.publish(ITEMS, [Message(item_id, b"{}" * 400)])
        with store.begin() as connection:
            row = {"source_id": "bench", "item_id": item_id, "revision": "r", "first_seen_at": time.time(), "listed_at": time.time()}
            connection.execute(insert(seen).values(row))
        longest, number = max(longest, time.perf_counter() - began), number + 1
    pipe.send((longest, number))
    bus.close()
    store.close()


@contextmanager
def writer(url: str, data: Path) -> Iterator[Callable[[], tuple[float, int]]]:
    """Have a process write; what is yielded ends it, and returns what it tells."""
    spawn = multiprocessing.get_context("spawn")
    ours, its = spawn.Pipe()
    process = spawn.Process(target=write, args=(url, data, its), daemon=True)
    process.start()
    its.close()  # so that its end is seen, were it to fail
    ours.recv()

    def ended() -> tuple[float, int]:
        ours.send(None)
        found: tuple[float, int] = ours.recv()
        return found

    try:
        yield ended
    finally:
        process.join(30)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def newswire(url: str, data: Path, *arguments: str) -> Any:
    """Run a command, and return what it says as JSON."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEWSWIRE_")}
    environment |= {"PYTHONPATH": str(ROOT), "NEWSWIRE_DATA": str(data), "NEWSWIRE_STORE": url, "NEWSWIRE_CONFIG": str(ROOT / "config")}
    done = subprocess.run(
        [sys.executable, "-m", "newswire", *arguments, "--json"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"newswire {' '.join(arguments)}: {done.stderr}")
    return json.loads(done.stdout)


def backed_up(url: str, data: Path, parent: Path) -> tuple[dict[str, Any], float]:
    """Print what a backup takes while another process writes; return what it says, and the writer's longest wait."""
    with writer(url, data) as ended:
        time.sleep(QUIET_S)
        quiet_s, _ = ended()
    made: dict[str, Any] = {}
    with writer(url, data) as ended:
        took = timed(lambda: made.update(newswire(url, data, "backup", str(parent))))
        wait_s, writes = ended()
    print(f"  newswire backup            {took:8.1f} s   {made['bytes'] / _MEBIBYTE:8,.0f} MiB   {sum(made['rows'].values()):,} rows")
    print(f"  a writer's longest wait    {wait_s:8.2f} s   of {writes:,} writes   ({quiet_s:.2f} s in {QUIET_S:.0f} s without a backup)")
    return made, wait_s


def size(path: Path) -> float:
    return path.stat().st_size / _MEBIBYTE


def on_sqlite(folder: Path) -> tuple[dict[str, Any], float]:
    url, data = f"sqlite:///{folder / 'old' / 'newswire.sqlite3'}", folder / "old"
    print(f"SQLite, a file of {size(data / 'newswire.sqlite3'):,.0f} MiB")
    made, wait_s = backed_up(url, data, folder / "backups")
    vacuumed, copied = folder / "vacuumed.sqlite3", folder / "copied.sqlite3"
    with closing(sqlite3.connect(data / "newswire.sqlite3")) as connection:
        took = timed(lambda: connection.execute("VACUUM INTO ?", (str(vacuumed),)))
    print(f"  VACUUM INTO                {took:8.1f} s   {size(vacuumed):8,.0f} MiB   (not synced, not summed)")
    took = timed(lambda: shutil.copyfile(data / "newswire.sqlite3", copied))
    print(f"  a plain copy of the file   {took:8.1f} s   {size(copied):8,.0f} MiB   (not synced; not sound while others write)")
    vacuumed.unlink()
    copied.unlink()
    again = folder / "again"
    print(f"  newswire restore --check   {timed(lambda: newswire(url, data, 'restore', made['folder'], '--check')):8.1f} s")
    there = f"sqlite:///{again / 'newswire.sqlite3'}"
    print(f"  newswire restore           {timed(lambda: newswire(there, again, 'restore', made['folder'])):8.1f} s")
    shutil.rmtree(again)
    return made, wait_s


def on_postgresql(folder: Path, made: dict[str, Any]) -> float:
    with postgres_server() as server:
        data = folder / "beside"
        url = server.new_database()
        migrate(url)
        took = timed(lambda: newswire(url, data, "restore", made["folder"]))
        database, name = url.replace("+psycopg", ""), url.rpartition("/")[2]
        server.run_sql("CHECKPOINT")
        print(f"PostgreSQL, a database of {int(server.run_sql(f'SELECT pg_database_size({name!r})')) / _MEBIBYTE:,.0f} MiB")
        _, wait_s = backed_up(url, data, folder / "backups")
        dump, dumper = folder / "dump", shutil.which("pg_dump")
        if dumper is not None:
            dumped = timed(lambda: subprocess.run([dumper, "-Fc", "-Z0", "-f", str(dump), database], check=True))
            print(f"  pg_dump -Fc -Z0            {dumped:8.1f} s   {size(dump):8,.0f} MiB   (not synced, not summed)")
        print(f"  newswire restore           {took:8.1f} s   of the SQLite backup")
        if dumper is not None:
            empty = server.new_database().replace("+psycopg", "")
            loaded = timed(lambda: subprocess.run(["pg_restore", "--no-owner", "-d", empty, str(dump)], check=True))
            print(f"  pg_restore                 {loaded:8.1f} s")
    return wait_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=300_000)
    items = parser.parse_args().items
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "old").mkdir()
        took = timed(lambda: fill(folder / "old", items))
        print(f"{items:,} items with their texts, made in {took:.0f} s; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
        backup, wait_s = on_sqlite(folder)
        try:
            wait_s = max(wait_s, on_postgresql(folder, backup))
        except ServerUnavailable as error:
            print(error)
    if wait_s >= MOST_WAIT_S:
        sys.exit(f"a writer waited {wait_s:.2f} s; the limit is {MOST_WAIT_S:g}")


if __name__ == "__main__":
    main()
