"""Every table is copied whole, on both databases, and what comes after is numbered after it."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Double, Integer, LargeBinary, Table, func, select

from newswire.errors import NewswireError
from newswire.store import Store, copy, leaders, open_store
from newswire.store.tables import METADATA, feeds, outbox, seen


def value_of(column: Column[Any], number: int) -> object:
    kind = column.type
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, Double):
        return 0.0 if column.name in {"lease_until", "held_until"} else number + 1 / 3
    if isinstance(kind, LargeBinary):
        return bytes([number % 256, 0, 255, 10, 92])
    if isinstance(kind, Integer) or column.name == "row_id":
        return number + 7
    if column.nullable and number % 3 == 0:
        return None
    return f"{number:04}\t\\N é"[: getattr(kind, "length", None) or 99]


def fill(store: Store, table: Table, rows: int) -> None:
    with store.begin() as connection:
        connection.execute(table.insert(), [{column.name: value_of(column, n) for column in table.columns} for n in range(rows)])


def rows_of(store: Store, table: Table) -> list[str]:
    with store.read() as connection:
        return sorted(str(tuple(row)) for row in connection.execute(select(table)))


@pytest.fixture
def source(tmp_path: Path) -> Any:
    opened = open_store(f"sqlite:///{tmp_path / 'source.sqlite3'}")
    yield opened
    opened.close()


def test_every_row_of_every_table_arrives_and_comes_back(source: Store, store: Store, tmp_path: Path) -> None:
    for table in copy.tables():
        fill(source, table, copy.BATCH + 3 if table is seen else 5)
    with source.read() as old, store.begin() as new:
        counts = {one.table: one.rows for one in copy.copy_tables(old, new)}
    assert counts == {table.name: copy.BATCH + 3 if table is seen else 5 for table in copy.tables()}
    assert set(counts) | {"leaders", "search", "search_due"} == set(METADATA.tables)
    back = open_store(f"sqlite:///{tmp_path / 'back.sqlite3'}")
    with store.read() as old, back.begin() as new:
        list(copy.copy_tables(old, new))
    for table in copy.tables():
        assert rows_of(store, table) == rows_of(source, table) == rows_of(back, table)
    back.close()

    with store.begin() as connection:
        new_row = {column.name: value_of(column, 99) for column in outbox.columns if column.name != "row_id"}
        connection.execute(outbox.insert(), [new_row])
        assert connection.execute(select(func.max(outbox.c.row_id))).scalar_one() == 12  # after 11, the last that was copied


def test_a_nul_is_stored_where_it_can_be(source: Store, store: Store) -> None:
    with source.begin() as connection:
        connection.execute(
            seen.insert(), [{"source_id": "a", "item_id": "b", "revision": "c\x00d", "first_seen_at": 1.0, "listed_at": 1.0}]
        )
    with source.read() as old, store.begin() as new:
        list(copy.copy_tables(old, new))
    with store.read() as connection:
        assert connection.execute(select(seen.c.revision)).scalar_one() in {"c\x00d", "c\N{REPLACEMENT CHARACTER}d"}


def test_a_filled_store_says_so_and_a_row_too_many_is_refused_in_words(source: Store, store: Store) -> None:
    with store.read() as connection:
        assert copy.filled(connection) == []
    for filled in (source, store):
        fill(filled, seen, 2)
    with store.read() as connection:
        assert copy.filled(connection) == ["seen"]
    with source.read() as old, pytest.raises(NewswireError, match="table seen: a row does not fit the new store"), store.begin() as new:
        list(copy.copy_tables(old, new))
    assert len(rows_of(store, seen)) == 2


def test_signs_of_work_are_told(store: Store) -> None:
    assert copy.in_use(store) == []
    fill(store, feeds, 1)
    with store.begin() as connection:
        connection.execute(feeds.update().values(lease_until=4e9))
        assert leaders.take(connection, leaders.ALERTER, "somebody", 4e9, 10.0) == 1
    assert copy.in_use(store) == ["sources are being polled (feeds)", "an alerter is active (leaders)"]


def test_a_move_takes_the_role_and_gives_it_back(store: Store) -> None:
    with store.begin() as connection:
        assert leaders.moved_to(connection) is None
        assert not leaders.reopen(connection)
        leaders.hold_for_move(connection, "kafka://elsewhere", until=4e9)
        leaders.hold_for_move(connection, "kafka://elsewhere", until=4e9)
        assert leaders.moved_to(connection) == "kafka://elsewhere"
        assert not leaders.alerter_is_active(connection, 1e9)
        assert leaders.take(connection, leaders.ALERTER, "an old alerter", 1e9, 10.0) is None
        assert leaders.reopen(connection)
        assert leaders.moved_to(connection) is None
        assert leaders.take(connection, leaders.ALERTER, "an old alerter", 1e9, 10.0) is not None
