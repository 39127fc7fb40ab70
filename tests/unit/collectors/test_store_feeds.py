from dataclasses import replace

import pytest

from newswire.outcomes import Stage
from newswire.store import Store, feeds, seen, trail
from newswire.store.tables import hosts
from newswire.store.upsert import upsert

NOW = 1_793_610_000.0


def new(source_id: str, host: str | None = None, **more: float) -> feeds.NewFeed:
    return feeds.NewFeed(source_id, f"https://{host or source_id}/feed", host or source_id, 600.0, **more)


def lease(store: Store, *, owner: str = "one", now: float = NOW, per_host: int = 4, most: int = 100) -> list[str]:
    with store.begin() as connection:
        ids = feeds.due(connection, due_before=now, now=now, per_host=per_host, most=most)
        return [state.source_id for state in feeds.lease(connection, ids, owner=owner, now=now, until=now + 180)]


def sync(store: Store, *sources: feeds.NewFeed, now: float = NOW) -> None:
    with store.begin() as connection:
        feeds.sync(connection, sources, now)


def hold(store: Store, host: str, **columns: float) -> None:
    row = {"host": host, "next_at": 0.0, "held_until": 0.0, "down_until": 0.0, "failures": 0, "robots_until": 0.0}
    with store.begin() as connection:
        upsert(connection, hosts, [row | columns], ("host",), update=tuple(columns))


def test_new_sources_are_due_at_once_and_leased_once(store: Store) -> None:
    sync(store, new("a"), new("b"))
    assert sorted(lease(store)) == ["a", "b"]
    assert lease(store, owner="two") == []
    assert sorted(lease(store, owner="two", now=NOW + 181)) == ["a", "b"]  # whoever held them is gone


def test_one_host_gets_few_leases_however_many_sources_it_has(store: Store) -> None:
    sync(store, *(new(f"h{n}", "one.example") for n in range(10)), new("z", "other.example"))
    first = lease(store, per_host=2)
    assert len(first) == 3
    assert "z" in first
    assert lease(store, per_host=2) == []
    assert len(lease(store, per_host=3)) == 1


def test_a_host_with_more_sources_than_one_look_takes_in_leaves_the_others_their_turn(store: Store) -> None:
    sync(store, *(new(f"h{n}", "one.example") for n in range(2_100)), now=NOW - 60)
    sync(store, *(new(f"h{n}", "one.example") for n in range(2_100)), new("z", "other.example"))
    assert len(lease(store, per_host=2)) == 2
    assert lease(store, per_host=2) == ["z"]


def test_under_pressure_a_source_waits_for_more_of_its_intervals(store: Store) -> None:
    sync(store, new("a"))
    with store.begin() as connection:
        for now, stretch, found in ((NOW + 599, 1.0, []), (NOW + 600, 1.0, ["a"]), (NOW + 600, 1.1, []), (NOW, 0.0, ["a"])):
            assert feeds.due(connection, due_before=NOW, now=now, per_host=4, most=9, stretch=stretch) == found


@pytest.mark.parametrize("column", ["next_at", "down_until", "held_until"])
def test_a_host_that_is_held_back_is_not_asked(store: Store, column: str) -> None:
    sync(store, new("a", "busy.example"), new("b"))
    hold(store, "busy.example", **{column: NOW + 5})
    assert lease(store) == ["b"]
    assert lease(store, now=NOW + 6) == ["a"]


def test_what_is_due_counts_leased_sources_but_not_those_of_a_host_that_is_down_for_long(store: Store) -> None:
    sync(store, new("a"), new("b"), new("c"))
    hold(store, "b", down_until=NOW + 3_600)
    hold(store, "c", down_until=NOW + 5)
    lease(store)
    with store.read() as connection:
        assert feeds.count_due(connection, due_before=NOW, now=NOW) == 2


def test_a_settled_poll_is_written_and_a_lost_lease_is_not(store: Store) -> None:
    sync(store, new("a"))
    with store.begin() as connection:
        (state,) = feeds.lease(connection, ["a"], owner="one", now=NOW, until=NOW + 180)
        feeds.settle(connection, [replace(state, next_due_at=NOW + 60, etag='"1"', failures=2)], owner="two")
        assert feeds.health(connection)["a"].failures == 0
        feeds.settle(connection, [replace(state, next_due_at=NOW + 60, etag='"1"', failures=2)], owner="one")
        assert feeds.health(connection)["a"].failures == 2
    assert lease(store) == []
    assert lease(store, now=NOW + 61) == ["a"]
    with store.begin() as connection:
        (state,) = feeds.lease(connection, ["a"], owner="one", now=NOW + 500, until=NOW + 600)
    assert state.etag == '"1"'


def test_a_postponed_source_stays_due_and_is_leased_later(store: Store) -> None:
    sync(store, new("a"))
    lease(store)
    with store.begin() as connection:
        feeds.postpone(connection, {"a": NOW + 5}, owner="one")
        assert feeds.count_due(connection, due_before=NOW, now=NOW) == 1
    assert lease(store) == []
    assert lease(store, now=NOW + 6) == ["a"]


def test_sources_follow_the_configuration(store: Store) -> None:
    sync(store, new("a"), new("b"))
    sync(store, new("b"))
    assert lease(store) == ["b"]
    with store.begin() as connection:
        feeds.release(connection, owner="one")
    sync(store, new("a"), new("b"))
    assert sorted(lease(store)) == ["a", "b"]


def test_a_source_that_was_taken_out_and_put_back_is_asked_at_once_even_where_it_once_said_410(store: Store) -> None:
    sync(store, new("a"))
    with store.begin() as connection:
        (state,) = feeds.lease(connection, ["a"], owner="one", now=NOW, until=NOW + 180)
        feeds.settle(connection, [replace(state, next_due_at=NOW + 86_400, failures=9, gone_at=NOW, etag='"1"')], owner="one")
    sync(store, new("a"), now=NOW + 60)
    assert lease(store, now=NOW + 90_000) == []  # retired
    sync(store, now=NOW + 120)
    sync(store, new("a"), now=NOW + 180)
    with store.begin() as connection:
        (state,) = feeds.lease(connection, ["a"], owner="one", now=NOW + 180, until=NOW + 360)
    assert (state.next_due_at, state.gone_at, state.etag) == (NOW + 180, None, '"1"')


def test_a_shorter_configured_interval_brings_a_source_forward_unless_it_fails(store: Store) -> None:
    sync(store, new("a"), new("b"))
    with store.begin() as connection:
        states = feeds.lease(connection, ["a", "b"], owner="one", now=NOW, until=NOW + 1)
        feeds.settle(connection, [replace(s, next_due_at=NOW + 3_000, failures=int(s.source_id == "b")) for s in states], owner="one")
    sync(store, new("a", due_within_s=60.0), new("b", due_within_s=60.0))
    assert lease(store, now=NOW + 61) == ["a"]


def test_marks_outlive_the_listing_and_go_when_the_source_was_read_without_them(store: Store) -> None:
    day = 86_400.0
    with store.begin() as connection:
        seen.mark(connection, [seen.Mark("s1", "old", "r1", NOW), seen.Mark("s2", "only", "r1", NOW), seen.Mark("s1", "kept", "r1", NOW)])
        seen.mark(connection, [seen.Mark("s1", "kept", "r2", NOW + 100 * day)])
        assert seen.marks_of(connection, ["old", "kept", "unknown"]) == {"old": {"s1": "r1"}, "kept": {"s1": "r2"}}
        assert seen.forget(connection, NOW + 10 * day) == 1
        # s2 was not read since: what it listed last it will list again.
        assert set(seen.marks_of(connection, ["old", "only", "kept"])) == {"only", "kept"}


def test_the_revisions_that_were_published_are_known_from_the_trail(store: Store) -> None:
    with store.begin() as connection:
        trail.record(connection, [trail.Step("i", revision, Stage.COLLECT, "", "new", None, None, NOW) for revision in ("r1", "r2")])
        trail.record(connection, [trail.Step("i", "r3", Stage.ALERT, "", "held", None, None, NOW)])
        assert seen.revisions_of(connection, ["i", "j"]) == {"i": {"r1", "r2"}}


def test_many_ids_are_asked_for_in_pieces(store: Store) -> None:
    with store.begin() as connection:
        seen.mark(connection, (seen.Mark("s", f"i{n}", "r", NOW) for n in range(2_500)))
        assert len(seen.marks_of(connection, (f"i{n}" for n in range(3_000)))) == 2_500
