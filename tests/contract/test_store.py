"""What every store keeps, whichever database is behind it. What only PostgreSQL can be asked stands in test_store_postgresql.py."""

import importlib
import pkgutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement

import newswire.store
from newswire.errors import ConfigurationError, Retryable
from newswire.outcomes import RetryReason
from newswire.store import Store, open_store, schema
from newswire.store.engine import migrate
from newswire.store.tables import METADATA, hosts
from newswire.store.upsert import _statement, insert_new, upsert
from tests.servers.postgres import PostgresServer

POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy types it not


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """A database that is empty yet."""
    if request.param == "sqlite":
        return sqlite_url
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    migrate(url)
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    opened = open_store(sqlite_url)
    yield opened
    opened.close()


def names(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(hosts.c.host).order_by(hosts.c.host)).scalars())


def test_a_block_that_ends_is_committed(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(insert(hosts).values(host="a"))
    assert names(store) == ["a"]


def test_a_block_that_raises_leaves_nothing(store: Store) -> None:
    def fail_halfway() -> None:
        with store.begin() as connection:
            connection.execute(insert(hosts).values(host="a"))
            raise KeyError("oops")

    with pytest.raises(KeyError, match="oops"):
        fail_halfway()
    assert names(store) == []
    with store.begin() as connection:  # and nothing is left locked
        connection.execute(insert(hosts).values(host="b"))
    assert names(store) == ["b"]


def test_a_reader_sees_one_snapshot(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(insert(hosts).values(host="a"))
    with store.read() as reader:
        before = list(reader.execute(select(hosts.c.host)).scalars())
        with store.begin() as writer:  # a reader keeps no writer waiting
            writer.execute(insert(hosts).values(host="b"))
        assert list(reader.execute(select(hosts.c.host)).scalars()) == before == ["a"]
    assert names(store) == ["a", "b"]


def test_what_a_writer_has_read_stands_until_it_commits(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(insert(hosts).values(host="a", failures=0))

    def add_one(_: int) -> None:
        with store.begin() as connection:
            failures = connection.execute(select(hosts.c.failures).with_for_update()).scalar_one()
            connection.execute(update(hosts).values(failures=failures + 1))

    with ThreadPoolExecutor(8) as threads:  # each reads, then writes: on a deferred transaction this is SQLITE_BUSY_SNAPSHOT
        list(threads.map(add_one, range(80)))
    with store.read() as connection:
        assert connection.execute(select(hosts.c.failures)).scalar_one() == 80


def test_a_second_writer_of_a_row_waits_for_the_first(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(insert(hosts).values(host="a", failures=0))
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with store.begin() as connection:
            connection.execute(update(hosts).values(failures=1))
            inside.set()
            assert go_on.wait(10)

    def second() -> None:
        assert inside.wait(10)
        go_on.set()
        with store.begin() as connection:
            connection.execute(update(hosts).values(failures=hosts.c.failures * 10))

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(first), threads.submit(second)]:
            done.result()
    with store.read() as connection:
        assert connection.execute(select(hosts.c.failures)).scalar_one() == 10


def test_a_second_writer_of_sqlite_waits_before_it_reads(sqlite_store: Store) -> None:
    store = sqlite_store
    order = []
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with store.begin() as connection:
            inside.set()
            assert go_on.wait(10)
            connection.execute(insert(hosts).values(host="first"))
            order.append("first")

    def second() -> None:
        assert inside.wait(10)
        go_on.set()
        with store.begin() as connection:
            order.append("second")
            assert connection.execute(select(hosts.c.host)).scalars().all() == ["first"]

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(first), threads.submit(second)]:
            done.result()
    assert order == ["first", "second"]


def test_a_transaction_inside_another_is_said_to_be_a_bug(store: Store) -> None:
    with store.begin(), pytest.raises(RuntimeError, match="would wait for itself"), store.begin():
        pass


CHILD = """
import sys
from sqlalchemy import insert
from newswire.store import open_store
from newswire.store.tables import hosts
store = open_store(sys.argv[1])
for n in range(5):
    with store.begin() as connection:
        connection.execute(insert(hosts).values(host=f"committed {n}"))
    print("committed", n, flush=True)
with store.begin() as connection:
    connection.execute(insert(hosts).values(host="open"))
    print("open", flush=True)
    sys.stdin.read()
"""


def test_killed_in_mid_transaction_it_keeps_what_was_committed_and_nothing_else(url: str) -> None:
    migrate(url)
    child = subprocess.Popen([sys.executable, "-c", CHILD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        said = [child.stdout.readline().strip() for _ in range(6)]
        child.send_signal(signal.SIGKILL)
    assert said[-1] == "open"
    store = open_store(url)
    assert names(store) == [f"committed {n}" for n in range(5)]
    with store.begin() as connection:  # its lock died with it
        connection.execute(insert(hosts).values(host="after"))
    assert len(names(store)) == 6
    store.close()


def test_a_full_disk_is_retryable_and_heals(sqlite_store: Store) -> None:
    store = sqlite_store
    with store.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Retryable, match="the disk is full") as caught, store.begin() as connection:
        connection.execute(insert(hosts).values(host="a", robots="x" * 100_000))
    assert caught.value.reason is RetryReason.STORE
    with store.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1073741823")
        connection.execute(insert(hosts).values(host="a", robots="x" * 100_000))
    assert names(store) == ["a"]


def test_a_database_that_another_program_holds_is_retryable(sqlite_store: Store, tmp_path: Path) -> None:
    with sqlite_store.read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
    other = sqlite3.connect(tmp_path / "store.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Retryable, match="another connection holds it"), sqlite_store.begin():
        pass
    other.execute("ROLLBACK")
    other.close()


def test_a_bug_stays_a_bug(store: Store) -> None:
    with pytest.raises(IntegrityError), store.begin() as connection:
        connection.execute(insert(hosts).values(host=None))


def test_the_wal_is_moved_into_the_database_as_it_grows(sqlite_store: Store, tmp_path: Path) -> None:
    wal = tmp_path / "store.sqlite3-wal"
    for n in range(12):
        with sqlite_store.begin() as connection:
            connection.execute(insert(hosts).values(host=f"{n}", robots="x" * 1_000_000))
    assert wal.stat().st_size < 8_000_000
    assert (tmp_path / "store.sqlite3").stat().st_size > 4_000_000


def test_a_database_in_memory_serves_all_threads() -> None:
    store = open_store("sqlite://")

    def add(n: int) -> int:
        with store.begin() as connection:
            connection.execute(insert(hosts).values(host=str(n)))
        return len(names(store))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(40)))
    assert len(names(store)) == 40
    store.close()


# --- upsert

rows_of_hosts = st.lists(
    st.fixed_dictionaries({"host": st.sampled_from(["a", "b", "c"]), "failures": st.integers(0, 5), "owner": st.none() | st.just("x")}),
    max_size=6,
)


def written(model: dict[str, dict[str, Any]], rows: list[dict[str, Any]], update: tuple[str, ...]) -> None:
    """Do to a dict what `upsert` does to the table, one row after the other."""
    for row in rows:
        if row["host"] in model:
            model[row["host"]].update({name: row[name] for name in update})
        else:
            model[row["host"]] = dict(row)


def stored(connection: Connection) -> dict[str, dict[str, Any]]:
    found = connection.execute(select(hosts.c.host, hosts.c.failures, hosts.c.owner))
    return {row.host: row._asdict() for row in found}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batches=st.lists(rows_of_hosts, max_size=3), update=st.sampled_from([(), ("failures",), ("failures", "owner")]))
def test_upsert_does_what_writing_row_by_row_would(store: Store, batches: list[list[dict[str, Any]]], update: tuple[str, ...]) -> None:
    model: dict[str, dict[str, Any]] = {}
    with store.begin() as connection:
        connection.execute(hosts.delete())
        for rows in batches:
            upsert(connection, hosts, rows, ["host"], update or None)
            written(model, rows, update)
            once = stored(connection)
            upsert(connection, hosts, rows, ["host"], update or None)
            assert stored(connection) == once
        assert stored(connection) == model


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(first=rows_of_hosts, second=rows_of_hosts)
def test_insert_new_tells_what_was_new(store: Store, first: list[dict[str, Any]], second: list[dict[str, Any]]) -> None:
    with store.begin() as connection:
        connection.execute(hosts.delete())
        assert insert_new(connection, hosts, first, ["host"]) == {(row["host"],) for row in first}
        before = stored(connection)
        assert insert_new(connection, hosts, second, ["host"]) == {(row["host"],) for row in second} - {(row["host"],) for row in first}
        assert before.items() <= stored(connection).items()


def test_more_rows_than_a_statement_has_variables(store: Store) -> None:
    rows = [{"host": f"{n:06}", "failures": n} for n in range(40_000)]
    with store.begin() as connection:
        assert len(insert_new(connection, hosts, rows, ["host"])) == 40_000
        upsert(connection, hosts, [{**row, "failures": 1} for row in rows], ["host"], ["failures"])
        assert connection.execute(select(hosts.c.failures).distinct()).scalars().all() == [1]


# --- schema


def _is_portable(name: str | None, kind: str, _parents: object) -> bool:
    """Return whether a table is the same on both databases: the words of the search index are not, and a test of theirs holds them."""
    return kind != "table" or not (name or "").startswith("search_words")


def test_the_migrations_lead_to_the_tables(url: str, store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "include_name": _is_portable}
        )
        assert compare_metadata(context, METADATA) == [], "the tables differ from the migrations: add a revision for the difference"
        assert schema.revision(connection) == schema.HEAD
    assert ScriptDirectory.from_config(schema._alembic()).get_heads() == [schema.HEAD]


def test_migrate_says_where_it_came_from_and_can_be_repeated(url: str) -> None:
    assert migrate(url) == (None, schema.HEAD)
    assert migrate(url) == (schema.HEAD, schema.HEAD)


def test_of_several_that_migrate_at_once_one_does(url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(migrate, [url] * 4), key=str) == [(schema.HEAD, schema.HEAD)] * 3 + [(None, schema.HEAD)]


def test_two_that_start_on_an_empty_file_at_once_both_find_it_ready(sqlite_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        for opened in threads.map(open_store, [sqlite_url] * 4):
            assert names(opened) == []
            opened.close()


def test_an_older_schema_is_refused_where_it_may_not_be_migrated(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"its schema \(none\) is older than this Newswire's .*; run: newswire migrate"):
        open_store(url, migrate=False)


def test_a_newer_schema_is_refused_in_words_and_left_alone(url: str, store: Store) -> None:
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (open_store, migrate):
        with pytest.raises(ConfigurationError, match=r"its schema \(9999\) is not known.*start that one") as caught:
            attempt(url)
        assert len(caught.value.faults) == 1
    with store.read() as connection:
        assert schema.revision(connection) == "9999"


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite3").write_text("this is a letter to the editor, and long enough to be read as a header of a file\n" * 3)
    with pytest.raises(ConfigurationError, match="not a sound SQLite database"):
        open_store(f"sqlite:///{tmp_path / 'x.sqlite3'}")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://desk:canary-password@host/x", "is due"),
        ("canary-password", "is due"),
        ("sqlite:////proc/newswire/x.sqlite3", "cannot be written"),
        ("postgresql+asyncpg://desk:canary-password@host/x", "is due"),
        ("postgresql+psycopg://desk:canary-password@127.0.0.1/x?what=ever", "what"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        open_store(url)
    assert "canary" not in str(caught.value)


WITHOUT_DRIVER = """
import sys
sys.modules["psycopg"] = None
from newswire.errors import ConfigurationError
from newswire.store import open_store
try:
    open_store("postgresql+psycopg://desk:canary-password@127.0.0.1/x")
except ConfigurationError as error:
    print(error)
"""


def test_a_driver_that_is_not_installed_is_asked_for() -> None:
    said = subprocess.run([sys.executable, "-c", WITHOUT_DRIVER], capture_output=True, text=True, check=True, timeout=30).stdout
    assert "pip install 'newswire[postgres]'" in said
    assert "canary" not in said


# --- PostgreSQL can run it


def test_every_table_compiles_for_postgresql() -> None:
    for table in METADATA.sorted_tables:
        assert str(CreateTable(table).compile(dialect=POSTGRESQL))
        for index in table.indexes:
            name = str(index.name)
            assert len(name) <= 63, f"{name} is longer than a name may be in PostgreSQL"
            assert str(CreateIndex(index).compile(dialect=POSTGRESQL))


def test_every_prebuilt_statement_compiles_for_postgresql() -> None:
    compiled = 0
    for module in pkgutil.iter_modules(newswire.store.__path__, "newswire.store."):
        if module.name.endswith(".migrations"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            for statement in value.values() if isinstance(value, dict) else [value]:
                if isinstance(statement, Executable) and isinstance(statement, ClauseElement) and not _of_sqlite(statement):
                    assert str(statement.compile(dialect=POSTGRESQL))
                    compiled += 1
    assert compiled >= 5


def _of_sqlite(statement: ClauseElement) -> bool:
    return type(statement).__module__.startswith("sqlalchemy.dialects.sqlite") or "sqlite" in str(
        type(getattr(statement, "_post_values_clause", None)).__module__,
    )


@pytest.mark.parametrize("update", [(), ("failures", "owner")])
@pytest.mark.parametrize("returning", [False, True])
def test_upserts_compile_for_postgresql(update: tuple[str, ...], returning: bool) -> None:
    statement = _statement("postgresql", hosts, ("host",), update, returning=returning)
    assert isinstance(statement, ClauseElement)
    sql = str(statement.compile(dialect=POSTGRESQL))
    assert "ON CONFLICT (host) DO " in sql
    assert ("excluded.failures" in sql) is bool(update)
    assert ("RETURNING" in sql) is returning
