"""The doctor's checks of store and bus: on real SQLite files, sound, damaged, held and shared."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from newswire.bus.embedded import EmbeddedBus
from newswire.cli.doctor import server_checks, store_checks
from newswire.cli.doctor.finding import AS_NEWSWIRES_USER, Level
from newswire.clock import SystemClock
from newswire.errors import ConfigurationError, Retryable
from newswire.filelock import FileLock
from newswire.store import leaders, open_store
from newswire.store.server_facts import ServerFacts
from tests.doctor_builders import asked, found, worst
from tests.fakes import NOW

SERVERS: dict[str, Any] = {"bus": "kafka://127.0.0.1:1", "store": SecretStr("postgresql+psycopg://u:p@127.0.0.1:1/db")}


def a_store(tmp_path: Path) -> Path:
    path = tmp_path / "var" / "newswire.sqlite3"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.mark.parametrize(("used", "faulty", "level"), [(True, True, Level.WARN), (True, False, Level.OK), (False, True, Level.NOTE)])
def test_an_sqlite_with_the_wal_reset_bug_is_warned_of_where_it_is_used(used: bool, faulty: bool, level: Level) -> None:
    [finding] = store_checks.version_findings(used, "3.40.1", faulty=faulty)
    assert finding.level is level
    assert level is not Level.WARN or "sqlite.org/wal.html#walresetbug" in finding.why


def test_sound_files_pass(tmp_path: Path) -> None:
    assert found(store_checks.sqlite_files, asked(tmp_path)) == [(Level.NOTE, "no SQLite file is here yet")]
    a_store(tmp_path)
    for deep in (False, True):
        [finding] = store_checks.sqlite_files(asked(tmp_path, deep=deep))
        assert finding.level is Level.OK
        assert ("integrity" if deep else "quick") in finding.what


def test_a_damaged_file_fails(tmp_path: Path) -> None:
    path = a_store(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[4096 * 3 : 4096 * 9] = b"\x5a" * (4096 * 6)
    path.write_bytes(raw)
    assert worst(store_checks.sqlite_files, asked(tmp_path)).level is Level.FAIL
    path.write_bytes(b"no database at all" * 300)
    assert "cannot be read" in worst(store_checks.sqlite_files, asked(tmp_path)).what


def test_a_file_that_may_not_be_read_now_is_not_called_damaged(tmp_path: Path) -> None:
    path = a_store(tmp_path)
    path.with_name(f"{path.name}-wal").mkdir()  # no right is as root has it: what cannot be opened stands in for it
    unread = worst(store_checks.sqlite_files, asked(tmp_path))
    assert (unread.level, unread.why, unread.do) == (Level.FAIL, "whether the file is sound is not known", AS_NEWSWIRES_USER)
    assert "SQLITE_CANTOPEN" in unread.what


def test_another_journal_mode_is_warned_of(tmp_path: Path) -> None:
    connection = sqlite3.connect(a_store(tmp_path))
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    assert worst(store_checks.sqlite_files, asked(tmp_path)).level is Level.WARN


def test_a_large_file_is_left_to_deep(tmp_path: Path) -> None:
    path = a_store(tmp_path)
    with path.open("r+b") as file:
        file.truncate(store_checks.QUICK_BYTES + 4096)
    [finding] = store_checks.sqlite_files(asked(tmp_path))
    assert (finding.level, finding.do) == (Level.NOTE, "`newswire doctor --deep`")


def test_the_store_opens_or_says_why_not(tmp_path: Path) -> None:
    assert worst(store_checks.store, asked(tmp_path)).level is Level.NOTE
    path = a_store(tmp_path)
    assert worst(store_checks.store, asked(tmp_path)).level is Level.OK
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.commit()
    connection.close()
    with pytest.raises(ConfigurationError, match="is older than this Newswire's"):
        worst(store_checks.store, asked(tmp_path))


def test_a_clock_that_was_set_back_under_the_store_is_warned_of(tmp_path: Path) -> None:
    connection = sqlite3.connect(a_store(tmp_path))
    later = NOW.timestamp() + 7_200
    connection.execute(
        "INSERT INTO hosts (host, next_at, held_until, down_until, failures, robots_until) VALUES ('a', ?, ?, 0, 0, 0)", (later, later)
    )
    connection.commit()
    connection.close()
    assert worst(store_checks.store, asked(tmp_path)).level is Level.WARN


def test_the_bus_is_looked_at(tmp_path: Path) -> None:
    assert worst(store_checks.bus, asked(tmp_path)).level is Level.NOTE
    bus = EmbeddedBus(tmp_path / "var" / "bus.sqlite3", clock=SystemClock())
    assert worst(store_checks.bus, asked(tmp_path)).what.endswith("1 process has it open")
    bus.close()
    connection = sqlite3.connect(tmp_path / "var" / "bus.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigurationError, match=r"bus\.sqlite3: a log of version 99, written by a newer Newswire"):
        worst(store_checks.bus, asked(tmp_path))
    (tmp_path / "var" / "bus.sqlite3").write_bytes(b"rubbish" * 1_000)
    with pytest.raises(ConfigurationError, match=r"bus\.sqlite3: not a log of Newswire, or a damaged one: file is not a database"):
        worst(store_checks.bus, asked(tmp_path))


def _leads(tmp_path: Path, owner: str) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'var' / 'newswire.sqlite3'}")
    with store.begin() as connection:
        leaders.take(connection, leaders.ALERTER, owner, NOW.timestamp(), 30.0)
    store.close()


def test_two_newswires_on_one_store_are_warned_of(tmp_path: Path) -> None:
    a_store(tmp_path)
    assert worst(store_checks.two_newswires, asked(tmp_path)).level is Level.OK
    _leads(tmp_path, "other-host-77-0a0a0a0a")
    alone = worst(store_checks.two_newswires, asked(tmp_path))
    assert alone.level is Level.WARN
    assert "other-host-77-0a0a0a0a" in alone.what
    bus = EmbeddedBus(tmp_path / "var" / "bus.sqlite3", clock=SystemClock())
    assert worst(store_checks.two_newswires, asked(tmp_path)).level is Level.OK
    bus.close()


def test_a_store_that_was_moved_fails(tmp_path: Path) -> None:
    a_store(tmp_path)
    store = open_store(f"sqlite:///{tmp_path / 'var' / 'newswire.sqlite3'}")
    with store.begin() as connection:
        leaders.hold_for_move(connection, "postgresql://db", NOW.timestamp() + 1e9)
    store.close()
    assert worst(store_checks.two_newswires, asked(tmp_path)).level is Level.FAIL


def test_a_lock_that_is_held_for_long_is_warned_of_and_those_of_the_dead_are_noted(tmp_path: Path) -> None:
    path = a_store(tmp_path)
    assert worst(store_checks.locks, asked(tmp_path)).level is Level.OK
    (tmp_path / "var" / "bus.sqlite3.member-0123456789abcdef").touch()
    assert worst(store_checks.locks, asked(tmp_path)).level is Level.NOTE
    lock = FileLock(Path(f"{path}.lock"))
    assert lock.take()
    assert worst(store_checks.locks, asked(tmp_path)).level is Level.WARN
    lock.close()


@pytest.mark.parametrize("check", [store_checks.sqlite_version, store_checks.sqlite_files, store_checks.bus, store_checks.locks])
def test_what_a_cluster_does_not_use_is_a_note(tmp_path: Path, check: object) -> None:
    assert worst(check, asked(tmp_path, **SERVERS)).level is Level.NOTE  # type: ignore[arg-type]


def test_servers_that_are_away_are_what_the_check_raises(tmp_path: Path) -> None:
    with pytest.raises(Retryable):
        worst(server_checks.postgresql, asked(tmp_path, **SERVERS))
    assert worst(server_checks.postgresql, asked(tmp_path)).level is Level.NOTE
    assert worst(server_checks.kafka, asked(tmp_path)).level is Level.NOTE


def test_a_broker_that_is_older_than_what_was_tried_is_warned_of() -> None:
    assert not list(server_checks.kafka_version_findings([(4, 0), (4, 1)]))
    (old,) = server_checks.kafka_version_findings([(3, 9), (4, 1)])
    assert (old.level, "Kafka 3.9" in old.what) == (Level.WARN, True)


def test_a_broker_that_is_away_is_a_warning_with_what_it_holds_up() -> None:
    away, behind = server_checks.kafka_copies_findings([3], {"news.reports": 1, "news.items": 12})
    assert {away.level, behind.level} == {Level.WARN}
    assert away.what == "broker 3 does not answer"
    assert behind.what == "fewer copies are in step than there are: news.items (12 partitions), news.reports (1 partition)"
    assert not [*server_checks.kafka_copies_findings([], {})]


def test_kafkas_clock_is_compared_with_ours_where_it_tells() -> None:
    apart = {seconds: [*server_checks.kafka_clock_findings(NOW.timestamp() - seconds, NOW)] for seconds in (0, 59, 90, -90, 4_000)}
    assert [[one.level for one in found] for found in apart.values()] == [[], [], [Level.WARN], [Level.WARN], [Level.FAIL]]
    assert [apart[seconds][0].what for seconds in (90, -90)] == ["our clock is 90 s ahead of Kafka's", "our clock is 90 s behind Kafka's"]
    assert not [*server_checks.kafka_clock_findings(None, NOW)]


GOOD = ServerFacts("16.2", 16, "UTF8", "newswire", (), 100, 80, 0.0)


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ({}, Level.OK),
        ({"major": 12, "version": "12.1"}, Level.WARN),
        ({"encoding": "SQL_ASCII"}, Level.FAIL),
        ({"lacking": ("make tables in its schema",)}, Level.FAIL),
        ({"connections_left": 10}, Level.WARN),
        ({"connections_left": 2}, Level.FAIL),
    ],
)
def test_what_postgresql_lacks_is_told(told: dict[str, object], level: Level) -> None:
    values = {name: getattr(GOOD, name) for name in GOOD.__dataclass_fields__}
    assert [one.level for one in server_checks.postgresql_findings(ServerFacts(**(values | told)))] == [level]
