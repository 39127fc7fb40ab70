"""Insert-or-update, the one place where the two dialects of SQL are told apart.

Both dialects spell `ON CONFLICT` alike; SQLAlchemy keeps the clause on each dialect's own `insert`.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

_ROWS_A_CHUNK: Final = 2_000
"""Rows handed to the driver at once: bounds the memory of one call, whatever the caller gathered."""


def upsert(
    connection: Connection,
    table: Table,
    rows: Iterable[Mapping[str, Any]],
    keys: Sequence[str],
    update: Sequence[str] | None = None,
) -> None:
    """Insert the rows; where one with the same `keys` is there, set its `update` columns (None: leave it alone).

    `keys` are the columns of the primary key or of a unique constraint. All rows have the same columns. Two rows with equal
    keys act as if written one after the other: the later one wins in the `update` columns.
    """
    distinct = _in_lock_order(connection, table, _fold(rows, keys, update), keys)
    statement = _statement(connection.dialect.name, table, tuple(keys), tuple(update or ()), returning=False)
    for start in range(0, len(distinct), _ROWS_A_CHUNK):
        connection.execute(statement, distinct[start : start + _ROWS_A_CHUNK])


def insert_new(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]], keys: Sequence[str]) -> set[tuple[Any, ...]]:
    """Return the key tuples of the rows that were new; rows whose keys were there already are left alone."""
    distinct = _in_lock_order(connection, table, _fold(rows, keys, None), keys)
    statement = _statement(connection.dialect.name, table, tuple(keys), (), returning=True)
    new: set[tuple[Any, ...]] = set()
    for start in range(0, len(distinct), _ROWS_A_CHUNK):
        # SQLAlchemy makes this multi-row INSERTs under each database's limit of bound variables.
        new.update(tuple(row) for row in connection.execute(statement, distinct[start : start + _ROWS_A_CHUNK]))
    return new


def _fold(rows: Iterable[Mapping[str, Any]], keys: Sequence[str], update: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return one row for each key. PostgreSQL refuses a multi-row upsert that meets one row twice."""
    distinct: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        earlier = distinct.get(key)
        if earlier is None:
            distinct[key] = dict(row)
        else:
            earlier.update({name: row[name] for name in update or ()})
    return list(distinct.values())


def _in_lock_order(connection: Connection, table: Table, rows: list[dict[str, Any]], keys: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows in the order in which they are to be locked, so that no two processes wait for each other in a ring.

    A table that counts its rows keeps the order given: it is what the count means.
    """
    if connection.dialect.name != "postgresql" or table.autoincrement_column is not None:
        return rows
    return sorted(rows, key=lambda row: [row[name] for name in keys])


@lru_cache(maxsize=256)
def _statement(dialect: str, table: Table, keys: tuple[str, ...], update: tuple[str, ...], *, returning: bool) -> Executable:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    conflict = (
        insert.on_conflict_do_update(index_elements=keys, set_={name: insert.excluded[name] for name in update})
        if update
        else insert.on_conflict_do_nothing(index_elements=keys)
    )
    return conflict.returning(*(table.c[name] for name in keys)) if returning else conflict
