"""No table grows without an end: each is bounded by a function that drops what is old, by the configuration, or by the work in hand."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import Boolean, Connection, Double, Integer, LargeBinary, Table, func, insert, select

from newswire.store import Store, hosts, retention, seen, trail
from newswire.store.tables import METADATA

OLD: Final = 1.0
BEFORE: Final = 2.0

DROPPED: Final[dict[str, Callable[[Connection], object]]] = {
    "archive": lambda connection: retention.forget_reports(connection, BEFORE, 10),
    "search": lambda connection: retention.forget_reports(connection, BEFORE, 10),
    "matches": lambda connection: retention.forget_matches(connection, BEFORE, 10),
    "silences": lambda connection: retention.forget_matches(connection, BEFORE, 10),
    "stories": lambda connection: retention.forget_stories(connection, BEFORE, 10),
    "story_items": lambda connection: retention.forget_stories(connection, BEFORE, 10),
    "story_marks": lambda connection: retention.forget_stories(connection, BEFORE, 10),
    "outbox": lambda connection: retention.forget_stories(connection, BEFORE, 10),
    "decisions": lambda connection: retention.forget_decisions(connection, BEFORE, 10),
    "trail": lambda connection: trail.forget(connection, BEFORE, 10),
    "watch_marks": lambda connection: retention.forget_digests(connection, BEFORE, 10),
    "recalled": lambda connection: retention.forget_digests(connection, BEFORE, 10),
    "seen": lambda connection: seen.forget(connection, BEFORE),
    "hosts": lambda connection: hosts.forget(connection, 1e12),
}
"""What drops old rows, by table. The silences go once no match names them; of digests and notices see test_store_digests."""

OTHERWISE: Final = {
    "feeds": "one row for each source that was ever configured",
    "digest_times": "one row for each digest that is configured",
    "leaders": "one row for each role",
    "marks": "one row for each kind of mark, and two for each receiver",
    "pages": "a row goes with its report; `newswire_processors_pages_due` shows how many there are",
    "search_due": "a row goes when its report is indexed; `newswire_alerting_search_lag_seconds` shows how old they are",
}

_VALUES: Final[dict[str, Any]] = {"kind": "parent", "state": "sent", "settled_at": OLD, "silence_id": None, "first_read_at": OLD}


def test_every_table_has_an_answer() -> None:
    """A new table is added to one of the two lists above, with what bounds it."""
    assert DROPPED.keys() | OTHERWISE.keys() == set(METADATA.tables)
    assert not DROPPED.keys() & OTHERWISE.keys()


def row_of(table: Table) -> dict[str, Any]:
    """Return an old row."""

    def value(name: str, kind: object) -> Any:
        if name in _VALUES and not (name == "silence_id" and table.name == "silences"):
            return _VALUES[name]
        if isinstance(kind, Double):
            return OLD
        if isinstance(kind, Boolean):
            return True
        if isinstance(kind, LargeBinary):
            return b"{}"
        return 1 if isinstance(kind, Integer) else "{}" if name in {"facts", "message"} else "x"

    return {column.name: value(column.name, column.type) for column in table.columns}


NEEDED: Final = {"search": "archive", "story_items": "stories", "story_marks": "stories", "outbox": "stories"}
"""With whose row theirs goes."""


@pytest.mark.parametrize("name", sorted(DROPPED))
def test_what_is_old_goes(store: Store, name: str) -> None:
    table = METADATA.tables[name]
    with store.begin() as connection:
        for one in {table, METADATA.tables[NEEDED.get(name, name)]}:
            connection.execute(insert(one).values(row_of(one)))
        if name == "seen":  # its source was read since, and lists something else
            connection.execute(insert(table).values(row_of(table) | {"item_id": "y", "listed_at": BEFORE}))
    with store.begin() as connection:
        DROPPED[name](connection)
        left = connection.execute(select(func.count()).select_from(table)).scalar_one()
    assert left == (1 if name == "seen" else 0)
