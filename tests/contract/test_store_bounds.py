"""No table grows without an end: each is bounded by a function that drops what is old, by the configuration, or by the work in hand."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import Boolean, Connection, Double, Integer, LargeBinary, Table, func, insert, select

from newswire.codec import encode
from newswire.store import Store, archive, hosts, retention, seen, trail
from newswire.store.search import KEY, readable
from newswire.store.tables import METADATA
from tests.alerting_builders import a_report

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


RETAINED: Final = {
    "archive": (retention.forget_reports, "item_id", ("archived_at",)),
    "decisions": (retention.forget_decisions, "decision_id", ("decided_at",)),
    "matches": (retention.forget_matches, "item_id", ("at",)),
    "outbox": (retention.forget_digests, "story_id", ("settled_at",)),
    "stories": (retention.forget_stories, "story_id", ("opened_at", "last_at")),
    "trail": (retention.forget_trail, "item_id", ("at",)),
    "watch_marks": (retention.forget_digests, "at", ("at",)),
}
"""What drops rows of a table a few at a time, what tells its rows apart, and what says how old one is."""


@pytest.mark.parametrize("name", RETAINED)
def test_the_oldest_go_first_no_more_at_once_than_asked_and_what_is_as_old_as_asked_stays(store: Store, name: str) -> None:
    forget, key, ages = RETAINED[name]
    table = METADATA.tables[name]

    def left(connection: Connection) -> list[float]:
        return sorted(connection.execute(select(table.c[ages[-1]])).scalars())

    with store.begin() as connection:
        for number, age in enumerate((BEFORE, 0.5, 1.5, 1.0)):
            row = row_of(table) | {"row_id": number, "kind": "digest", key: str(number)} | dict.fromkeys(ages, age)
            connection.execute(insert(table).values({column: value for column, value in row.items() if column in table.c}))
    with store.begin() as connection:
        assert (forget(connection, BEFORE, 2), left(connection)) == (2, [1.5, BEFORE])
        assert (forget(connection, BEFORE, 2), left(connection)) == (1, [BEFORE])
        assert (forget(connection, BEFORE, 2), left(connection)) == (0, [BEFORE])


def test_each_old_report_loses_its_own_text_the_oldest_first_and_is_due_to_be_indexed_without_it(store: Store) -> None:
    table = METADATA.tables["archive"]
    reports = {title: encode(a_report(title, title=title)) for title in ("younger", "oldest", "of the moment", "older")} | {
        "strange": b"{}"
    }
    ages = {"younger": 1.5, "oldest": 0.5, "of the moment": BEFORE, "older": 1.0, "strange": 1.2}
    with store.begin() as connection:
        for title, report in reports.items():
            connection.execute(insert(table).values(row_of(table) | {"item_id": title, "archived_at": ages[title], "report": report}))
    with store.begin() as connection:
        assert [retention.shorten_reports(connection, BEFORE, 2, 9.0) for _ in range(3)] == [2, 2, 0]
        found = {row.item_id: row for row in connection.execute(select(table))}
        due = connection.execute(select(METADATA.tables["search_due"])).all()
        assert archive.shortened(connection, "oldest")
    assert {title for title, row in found.items() if row.whole} == {"of the moment"}
    assert found["strange"].report == b"{}"
    for title in ("oldest", "older", "younger", "of the moment"):
        kept = readable(found[title].report)
        assert kept is not None
        assert (kept.item.title, bool(kept.text)) == (title, title == "of the moment")
    assert {tuple(row._mapping[name] for name in KEY) for row in due} == {(title, "x", "x", True) for title in {*found} - {"of the moment"}}
    assert {row.at for row in due} == {9.0}


OF_A_STORY: Final = ("stories", "story_items", "story_marks", "outbox")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("stories", {"last_at": BEFORE}),
        ("stories", {"opened_at": BEFORE}),
        ("story_items", {"joined_at": BEFORE}),
        ("outbox", {"published": False}),
        ("outbox", {"settled_at": BEFORE}),
        ("outbox", {"settled_at": None}),
    ],
)
def test_a_story_stays_whole_while_one_thing_of_it_is_not_over(store: Store, name: str, change: dict[str, object]) -> None:
    with store.begin() as connection:
        for number, story in enumerate(("stays", "goes")):
            for table in (METADATA.tables[one] for one in OF_A_STORY):
                row = row_of(table) | {"story_id": story} | (change if (story, table.name) == ("stays", name) else {})
                row |= {key: value for key, value in {"row_id": number, "item_id": story, "mark": story}.items() if key in table.c}
                connection.execute(insert(table).values(row))
    with store.begin() as connection:
        assert retention.forget_stories(connection, BEFORE, 10) == 4
        for table in (METADATA.tables[one] for one in OF_A_STORY):
            assert connection.execute(select(table.c.story_id)).scalars().all() == ["stays"], table.name


@pytest.mark.parametrize(("of_decision", "of_message", "goes"), [(True, True, 1), (False, True, 0), (True, False, 0)])
def test_a_decision_stays_until_it_and_its_messages_are_published(store: Store, of_decision: bool, of_message: bool, goes: int) -> None:
    with store.begin() as connection:
        for name, published in (("decisions", of_decision), ("outbox", of_message)):
            connection.execute(insert(METADATA.tables[name]).values(row_of(METADATA.tables[name]) | {"published": published}))
    with store.begin() as connection:
        assert retention.forget_decisions(connection, BEFORE, 10) == goes


def test_a_silence_stays_while_it_lasts_and_while_a_match_names_it(store: Store) -> None:
    silences, matches = METADATA.tables["silences"], METADATA.tables["matches"]
    changes: dict[str, dict[str, Any]] = {
        "named": {},
        "lasts": {"ends_at": BEFORE},
        "was ended": {"expired_at": 0.5},
        "ended": {"expired_at": None},
    }
    with store.begin() as connection:
        for name, change in changes.items():
            connection.execute(insert(silences).values(row_of(silences) | {"silence_id": name} | change))
        connection.execute(insert(matches).values(row_of(matches) | {"at": BEFORE, "silence_id": "named"}))
    with store.begin() as connection:
        assert retention.forget_matches(connection, BEFORE, 10) == 2
        assert set(connection.execute(select(silences.c.silence_id)).scalars()) == {"named", "lasts"}


def test_the_index_forgets_an_item_with_its_last_report(store: Store) -> None:
    table, index = METADATA.tables["archive"], METADATA.tables["search"]
    with store.begin() as connection:
        for number, (item, at) in enumerate({"gone": OLD, "left": BEFORE}.items()):
            connection.execute(insert(table).values(row_of(table) | {"item_id": item, "archived_at": at}))
            connection.execute(insert(index).values(row_of(index) | {"item_id": item, "row_id": number}))
        connection.execute(insert(table).values(row_of(table) | {"item_id": "left", "revision": "y"}))
    with store.begin() as connection:
        assert retention.forget_reports(connection, BEFORE, 10) == 2
        assert connection.execute(select(index.c.item_id)).scalars().all() == ["left"]


def test_what_was_read_back_after_a_restore_stays_for_its_time(store: Store) -> None:
    recalled = METADATA.tables["recalled"]
    with store.begin() as connection:
        for item, at in {"old": OLD, "just now": BEFORE}.items():
            connection.execute(insert(recalled).values(row_of(recalled) | {"item": item, "at": at}))
    with store.begin() as connection:
        assert retention.forget_digests(connection, BEFORE, 10) == 1
        assert connection.execute(select(recalled.c.item)).scalars().all() == ["just now"]
