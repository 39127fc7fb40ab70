"""What each watchlist matched, on both databases, and the way from and to the schema before it."""

from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, select

from newswire.outcomes import HoldReason
from newswire.records import Basis, Severity
from newswire.store import Store, matches, open_store, schema
from newswire.store.matches import Matched, Told
from newswire.store.tables import matches as table
from tests.alerting_builders import A_MATCH_KEPT as ONE


def of_item(letter: str, story: str, *, watchlist: str = "gaming", reason: HoldReason | None = None, **changes: object) -> Matched:
    return replace(ONE, item_id=letter * 32, story_id=story, watchlist=watchlist, reason=reason, **changes)  # type: ignore[arg-type]


def kept(store: Store, at: float, *matched: Matched) -> None:
    with store.begin() as connection:
        matches.keep(connection, matched, at)


def test_a_match_is_written_once_and_a_replay_changes_nothing(store: Store) -> None:
    kept(store, 100.0, ONE)
    kept(store, 200.0, ONE, replace(ONE, basis=Basis.PAGE, final=True), replace(ONE, title="Otherwise"))
    kept(store, 300.0)
    with store.read() as connection:
        rows = connection.execute(select(table.c.basis, table.c.at, table.c.title).order_by(table.c.at)).all()
    assert [tuple(row) for row in rows] == [("feed", 100.0, ONE.title), ("page", 200.0, ONE.title)]


def test_alerts_are_stories_told_dated_by_the_report_that_told_them_first(store: Store) -> None:
    kept(store, 100.0, of_item("a", "s1"), of_item("b", "s2"), of_item("a", "s1", watchlist="cables"))
    kept(store, 200.0, of_item("c", "s1"), of_item("d", "s3"), of_item("e", "s4", reason=HoldReason.MAX_AGE))
    kept(store, 300.0, of_item("f", "s1"), of_item("e", "s4", watchlist="new", reason=HoldReason.STAGED))
    with store.read() as connection:
        assert matches.told(connection, 0.0) == {"gaming": Told(3, 200.0), "cables": Told(1, 100.0)}
        assert matches.told(connection, 150.0) == {"gaming": Told(1, 200.0), "cables": Told(0, 100.0)}
        assert matches.first_at(connection) == 100.0


def test_staged_stories_come_newest_first_with_who_told_them(store: Store) -> None:
    staged = HoldReason.STAGED
    kept(store, 50.0, of_item("z", "s0", reason=staged), of_item("y", "old", reason=staged))
    kept(store, 100.0, of_item("a", "s1", reason=staged, severity=Severity.LOW), of_item("a", "s1", watchlist="cables"))
    kept(store, 200.0, of_item("b", "s2", reason=staged, url=None), of_item("g", "s1", reason=staged), of_item("y", "old", reason=staged))
    kept(store, 250.0, of_item("a", "s1", reason=staged, basis=Basis.PAGE, final=True, title="Its page"))
    kept(store, 300.0, of_item("c", "s3", reason=HoldReason.BACKLOG), of_item("d", "s4", watchlist="other", reason=staged))
    with store.read() as connection:
        found = matches.staged(connection, "gaming", 100.0)
    assert [(one.story_id, one.at, one.articles, one.severity, one.told_by) for one in found] == [
        ("s2", 200.0, 1, Severity.HIGH, ()),
        ("s1", 100.0, 2, Severity.HIGH, ("cables",)),
    ]
    assert (found[1].title, found[1].because, found[0].url) == (ONE.title, ONE.because, None)


def test_more_staged_stories_than_a_statement_has_variables_for(store: Store) -> None:
    kept(store, 10.0, *(replace(ONE, item_id=f"{n:032}", story_id=f"{n}", reason=HoldReason.STAGED) for n in range(2_500)))
    with store.read() as connection:
        assert len(matches.staged(connection, "gaming", 0.0)) == 2_500


@pytest.mark.parametrize("filled", [False, True])
def test_a_store_of_before_is_brought_up_to_date_and_the_way_back_loses_the_matches_alone(store: Store, *, filled: bool) -> None:
    if filled:
        kept(store, 100.0, ONE)
    with store.begin() as connection:
        command.downgrade(schema._alembic(connection), "0002")
        assert schema.revision(connection) == "0002"
        assert not inspect(connection).has_table("matches")
        assert inspect(connection).has_table("decisions")
    with store.begin() as connection:
        assert schema.upgrade(connection, "the store") == ("0002", schema.HEAD)
    with store.read() as connection:
        assert matches.first_at(connection) is None


def test_a_file_of_the_schema_before_is_upgraded_where_it_is_opened(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    opened = open_store(url)
    with opened.begin() as connection:
        command.downgrade(schema._alembic(connection), "0002")
    opened.close()
    again = open_store(url)
    kept(again, 1.0, ONE)
    with again.read() as connection:
        assert matches.told(connection, 0.0) == {"gaming": Told(1, 1.0)}
    again.close()
