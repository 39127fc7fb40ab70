"""PostgreSQL dies and comes back: what was committed is there, what was not is not, and whoever was told to try again goes on."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import func, select

from newswire.errors import Retryable
from newswire.outcomes import RetryReason
from newswire.store import Store, leaders, open_store
from newswire.store.engine import migrate
from newswire.store.tables import hosts
from newswire.store.upsert import upsert
from tests.measured import Say
from tests.servers.fixtures import required
from tests.servers.postgres import PostgresServer, postgres_server

pytestmark = [pytest.mark.crash, pytest.mark.servers, pytest.mark.timeout(300)]

WRITERS = 4
BATCH = 20


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """One server that a test may kill."""
    with required(postgres_server()) as started:
        yield started


@pytest.fixture
def store(server: PostgresServer) -> Iterator[Store]:
    migrate(server.url)
    with closing(open_store(server.url)) as opened:
        yield opened


def add(store: Store, batch: str) -> None:
    """Write a batch of rows, one statement each and then all at once, in one transaction."""
    rows = [{"host": f"{batch} {n:02}", "failures": 0} for n in range(BATCH)]
    with store.begin() as connection:
        for row in rows[:5]:
            upsert(connection, hosts, [row], ("host",))
        upsert(connection, hosts, rows, ("host",), update=("failures",))


def batches(store: Store) -> dict[str, int]:
    with store.read() as connection:
        name = func.split_part(hosts.c.host, " ", 1)
        return {row[0]: row[1] for row in connection.execute(select(name, func.count()).group_by(name))}


def answering(store: Store) -> float:
    """Return when the database answers again, with the seconds that took."""
    began = time.monotonic()
    while time.monotonic() < began + 60:
        try:
            batches(store)
        except Retryable:
            time.sleep(0.05)
        else:
            return time.monotonic() - began
    pytest.fail("the store did not come back")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_server_that_dies_in_mid_transaction_keeps_what_was_committed_and_nothing_else(
    server: PostgresServer, store: Store, end: str, say: Say
) -> None:
    add(store, "committed")

    def die_halfway() -> None:
        with store.begin() as connection:
            upsert(connection, hosts, [{"host": "open 1"}], ("host",))
            server.stop("immediate") if end == "stop" else server.kill()
            upsert(connection, hosts, [{"host": "open 2"}], ("host",))

    with pytest.raises(Retryable) as caught:
        die_halfway()
    assert caught.value.reason is RetryReason.STORE
    with pytest.raises(Retryable, match="no connection to the database"):  # while it is away
        add(store, "away")
    server.start()
    took_s = answering(store)
    assert batches(store) == {"committed": BATCH}
    add(store, "after")
    assert batches(store) == {"committed": BATCH, "after": BATCH}
    say(f"PostgreSQL ended ({end}) in a transaction: the next one went through {took_s:.2f} s after its return")


def test_a_server_that_dies_before_the_commit_has_committed_nothing(server: PostgresServer, store: Store) -> None:
    def die_at_the_end() -> None:
        with store.begin() as connection:
            upsert(connection, hosts, [{"host": "open 1"}], ("host",))
            server.kill()

    with pytest.raises(Retryable):
        die_at_the_end()
    server.start()
    answering(store)
    assert batches(store) == {}


def test_a_connection_ended_in_a_read_or_between_two_transactions_is_replaced(server: PostgresServer, store: Store) -> None:
    add(store, "one")

    def end_sessions() -> None:
        server.run_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'newswire'")

    end_sessions()
    add(store, "two")  # found dead before its use: nobody hears of it

    def read_halfway() -> None:
        with store.read() as connection:
            connection.execute(select(hosts.c.host))
            end_sessions()
            connection.execute(select(hosts.c.host))

    with pytest.raises(Retryable):
        read_halfway()
    assert batches(store) == {"one": BATCH, "two": BATCH}


def test_the_leader_leads_on_after_a_restart_of_the_server(server: PostgresServer, store: Store) -> None:
    with store.begin() as connection:
        assert leaders.take(connection, "alerter", "a", 100.0, 30.0) == 1
    server.kill()
    server.start()
    answering(store)
    with store.begin() as connection:
        leaders.holds(connection, "alerter", "a", 1)
        assert leaders.take(connection, "alerter", "b", 120.0, 30.0) is None
        assert leaders.take(connection, "alerter", "a", 120.0, 30.0) == 1


def test_killed_again_and_again_under_writers_nothing_committed_is_lost(server: PostgresServer, store: Store, say: Say) -> None:
    over = threading.Event()
    told = {"committed": 0, "again": 0}

    def write(writer: int) -> list[str]:
        done: list[str] = []
        while not over.is_set():
            batch = f"{writer}-{len(done)}"
            try:
                add(store, batch)
            except Retryable:
                told["again"] += 1
                time.sleep(0.05)
            else:
                done.append(batch)
        return done

    with ThreadPoolExecutor(WRITERS) as threads:
        writing = [threads.submit(write, writer) for writer in range(WRITERS)]
        try:
            for turn in range(5):
                time.sleep(random.uniform(0.2, 0.8))
                server.kill() if turn % 2 else server.stop("immediate")
                time.sleep(0.2)
                server.start()
        finally:
            over.set()
        done = [batch for one in writing for batch in one.result()]
    answering(store)
    found = batches(store)
    assert dict.fromkeys(done, BATCH).items() <= found.items()
    assert set(found.values()) == {BATCH}  # no half of a batch
    assert len(found) - len(done) <= WRITERS  # what a last commit, whose answer was lost, has left
    assert told["again"] > 0
    say(f"PostgreSQL ended 5 times: {len(done)} transactions committed, {told['again']} told to try again, none lost")
