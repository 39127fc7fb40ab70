"""How much room a store takes, and the moments of its backups, over both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from newswire.errors import ConfigurationError
from newswire.store import Store, backups, open_store, sizes
from newswire.store.backups import Restored
from newswire.store.engine import migrate
from newswire.store.tables import archive, decisions
from tests.servers.postgres import PostgresServer


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite3'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    migrate(url)
    opened = open_store(url)
    yield opened
    opened.close()


def test_sizes_and_ages(store: Store) -> None:
    report = {
        "item_id": "1" * 32,
        "revision": "r",
        "basis": "feed",
        "final": True,
        "report": b"x" * 200_000,
        "label": "other",
        "score": 0.1,
        "dated_at": 5.0,
    }
    decision = {"item_id": "1" * 32, "revision": "r", "basis": "feed", "kind": "hold", "reason": "no_match", "record": b"{}"}
    with store.begin() as connection:
        for n, (at, whole) in enumerate([(10.0, False), (20.0, True), (30.0, True)]):
            connection.execute(insert(archive).values({**report, "revision": str(n), "archived_at": at, "whole": whole}))
            connection.execute(insert(decisions).values({**decision, "decision_id": str(n), "decided_at": at + 1}))
    with store.read() as connection:
        found = sizes.sizes(connection)
        assert found.bytes == sizes.store_bytes(connection)
    assert found.bytes > 0
    assert found.kept["text"] == sizes.Kept(20.0, 30.0)
    assert found.kept["reports"] == sizes.Kept(10.0, 30.0)
    assert found.kept["decisions"] == sizes.Kept(11.0, 31.0)
    assert found.kept["matches"] == sizes.Kept(None, None)
    assert {"archive", "outbox", "marks"} <= found.tables.keys()
    assert found.tables["archive"] > found.tables["marks"] > 0 or store.session() is not None


def test_a_large_file_is_not_read_through(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # The limit is lowered rather than a file of its size made.
    monkeypatch.setattr(sizes, "BY_TABLE_MOST_BYTES", 0)
    with store.read() as connection:
        found = sizes.sizes(connection)
        assert bool(found.tables) == (connection.dialect.name == "postgresql")
    assert found.bytes > 0


def test_the_size_of_a_store_whose_connection_has_a_temporary_database(store: Store) -> None:
    with store.begin() as connection:
        before = sizes.store_bytes(connection)
        connection.execute(text("CREATE TEMPORARY TABLE passing (a INTEGER)"))
        assert sizes.store_bytes(connection) >= before > 0


def test_a_bus_that_is_not_there_has_no_size(tmp_path: Path) -> None:
    assert sizes.bus_bytes(tmp_path) is None
    (tmp_path / "bus.sqlite3").write_bytes(b"12345")
    (tmp_path / "bus.sqlite3-wal").write_bytes(b"123")
    assert sizes.bus_bytes(tmp_path) == 8


def test_the_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    found = sizes.disk(tmp_path / "not" / "yet")
    assert found is not None
    assert 0 <= found.free_bytes <= found.bytes


def test_the_moments_of_backup_and_restore(url: str, store: Store) -> None:
    with store.begin() as connection:
        assert backups.last_success(connection) is None
        assert backups.restored(connection) is None
        backups.succeeded(connection, 100.0)
        backups.succeeded(connection, 200.0)
        assert backups.last_success(connection) == 200.0
        backups.note_recalled(connection, "desk", 250.0)
        backups.begin_restore(connection, 300.0)
    with pytest.raises(ConfigurationError, match="broken off; run `newswire restore DIR` again"):
        open_store(url)
    with store.begin() as connection:
        backups.end_restore(connection, Restored(200.0, 310.0))
        assert not backups.is_recalled(connection, "desk")
        assert backups.restored(connection) == Restored(200.0, 310.0)
    open_store(url).close()
