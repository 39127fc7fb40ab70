"""Silences and what they held, on both databases, and the way from and to the schema before them."""

from dataclasses import replace

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select

from newswire.outcomes import HoldReason
from newswire.records import Basis, Severity
from newswire.silence import Kind, Silence
from newswire.store import Store, matches, schema, silences
from newswire.store.tables import matches as matches_table
from newswire.store.tables import silences as table
from tests.alerting_builders import A_MATCH_KEPT

ONE = Silence({"watchlist": ("gaming",), "country": ("US", "KR")}, 100.0, 500.0, "Ayesha", "summit week", 100.0, below=Severity.CRITICAL)
HELD = replace(A_MATCH_KEPT, severity=Severity.MEDIUM, reason=HoldReason.SILENCED, silence_id=ONE.silence_id)


def added(store: Store, silence: Silence) -> Silence:
    with store.begin() as connection:
        return silences.add(connection, silence)


def expired(store: Store, silence: Silence, at: float, by: str = "Omar") -> bool:
    with store.begin() as connection:
        return silences.expire(connection, silence.silence_id, at, by)


def current(store: Store, at: float) -> list[Silence]:
    with store.read() as connection:
        return silences.current(connection, at)


def test_a_silence_comes_back_as_it_was_until_it_ends(store: Store) -> None:
    later = replace(ONE, begins_at=300.0, ends_at=400.0, below=None, silence_id="")
    for silence in (ONE, later):
        assert added(store, silence) == silence
    assert current(store, 100.0) == [later, ONE]  # the first to end comes first
    assert current(store, 450.0) == [ONE]
    assert current(store, 500.0) == []
    with store.read() as connection:
        assert {one.silence_id for one in silences.every(connection)} == {ONE.silence_id, later.silence_id}
        assert silences.beginning_with(connection, ONE.silence_id[:8]) == [ONE]
        assert silences.beginning_with(connection, "%") == []


def test_the_very_same_silence_is_written_once_and_anew_when_it_has_ended(store: Store) -> None:
    again = replace(ONE, begins_at=200.0, created_at=200.0, silence_id="")
    assert added(store, ONE) == added(store, ONE) == added(store, again) == ONE
    assert len(current(store, 200.0)) == 1
    assert expired(store, ONE, 210.0)
    anew = replace(again, begins_at=220.0, created_at=220.0, silence_id="")
    assert added(store, anew) == anew
    assert current(store, 220.0) == [anew]


@pytest.mark.parametrize("changed", [{"why": "x"}, {"by": "x"}, {"ends_at": 501.0}, {"below": None}, {"matchers": {"label": ("other",)}}])
def test_a_silence_that_differs_is_another_one(store: Store, changed: dict[str, object]) -> None:
    other = replace(ONE, **changed, silence_id="")  # type: ignore[arg-type]
    assert added(store, ONE).silence_id != added(store, other).silence_id
    assert len(current(store, 200.0)) == 2


def test_it_is_expired_once_and_who_did_so_stays(store: Store) -> None:
    added(store, ONE)
    assert expired(store, ONE, 200.0)
    assert not expired(store, ONE, 300.0, "somebody else")
    assert current(store, 200.0) == []
    with store.read() as connection:
        (kept,) = silences.every(connection)
    assert (kept.expired_at, kept.expired_by, kept.ended_at, kept.by) == (200.0, "Omar", 200.0, "Ayesha")
    assert [kept.in_force(at) for at in (99.0, 100.0, 199.9, 200.0)] == [False, True, True, False]


def test_what_has_run_out_cannot_be_expired(store: Store) -> None:
    added(store, ONE)
    assert not expired(store, ONE, 500.0)
    with store.read() as connection:
        assert silences.every(connection) == [ONE]


def test_a_warning_is_remembered(store: Store) -> None:
    added(store, ONE)
    with store.begin() as connection:
        silences.mark_warned(connection, [], 1.0)
        silences.mark_warned(connection, [ONE.silence_id], 450.0)
    assert [one.warned_at for one in current(store, 460.0)] == [450.0]


def test_what_a_silence_held_is_listed_by_story_and_watchlist(store: Store) -> None:
    with store.begin() as connection:
        matches.keep(connection, [HELD, replace(HELD, item_id="b" * 32, story_id="s2", url=None)], 110.0)
        matches.keep(connection, [replace(HELD, item_id="c" * 32, severity=Severity.HIGH, title="A later one")], 120.0)
        matches.keep(connection, [replace(HELD, basis=Basis.PAGE, final=True, title="Its page")], 130.0)
        matches.keep(connection, [replace(HELD, item_id="d" * 32, reason=None, silence_id=None)], 140.0)
    with store.read() as connection:
        found = silences.held(connection, 100.0)
        late = silences.held(connection, 125.0)
        count = silences.stories_held(connection, [ONE.silence_id, "another"])
    assert [(one.story_id, one.first_at, one.last_at, one.articles, one.severity, one.title) for one in found] == [
        ("s1", 110.0, 130.0, 2, Severity.HIGH, "Its page"),
        ("s2", 110.0, 110.0, 1, Severity.MEDIUM, HELD.title),
    ]
    assert [(one.story_id, one.first_at, one.articles) for one in late] == [("s1", 130.0, 1)]
    assert count == {ONE.silence_id: 2}


def test_more_silences_than_a_statement_has_variables_for(store: Store) -> None:
    with store.read() as connection:
        assert silences.stories_held(connection, [f"{n:012}" for n in range(2_500)]) == {}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    matchers=st.dictionaries(
        st.sampled_from(list(Kind)).map(str),
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1).map(tuple),
        min_size=1,
    )
)
def test_any_words_come_back_as_they_were(store: Store, matchers: dict[str, tuple[str, ...]]) -> None:
    silence = replace(ONE, matchers=matchers, silence_id="")
    assert added(store, silence) in current(store, 200.0)
    with store.begin() as connection:
        connection.execute(table.delete())


def test_a_store_of_before_is_brought_up_to_date_and_the_way_back_loses_the_silences_alone(store: Store) -> None:
    added(store, ONE)
    with store.begin() as connection:
        matches.keep(connection, [HELD], 110.0)
    with store.begin() as connection:
        command.downgrade(schema._alembic(connection), "0003")
        assert not inspect(connection).has_table("silences")
        assert "silence_id" not in {column["name"] for column in inspect(connection).get_columns("matches")}
    with store.begin() as connection:
        assert schema.upgrade(connection, "the store") == ("0003", schema.HEAD)
    with store.read() as connection:
        assert silences.every(connection) == []
        assert [(row.title, row.silence_id) for row in connection.execute(select(matches_table))] == [(HELD.title, None)]
