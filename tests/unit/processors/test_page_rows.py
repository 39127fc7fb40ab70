"""The statements of `newswire.store.pages` and `newswire.store.robots`, on a real database."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from newswire.outcomes import PageOutcome, Stage
from newswire.store import Store, pages, robots, trail
from newswire.store.pages import DuePage, Retry
from newswire.store.robots import RobotsRow
from newswire.store.tables import hosts
from newswire.store.trail import Step

NOW = 1_000.0


def a_page(name: str, host: str = "a.example", *, due_at: float = NOW, revision: str = "1") -> DuePage:
    return DuePage(name, revision, f"https://{host}/{name}", host, b"{}", added_at=due_at, due_at=due_at)


def add(store: Store, *due: DuePage) -> list[tuple[str, str]]:
    with store.begin() as connection:
        return pages.add(connection, due)


def lease(
    store: Store, owner: str = "one", now: float = NOW, *, most: int = 10, per_host: int = 2, full: tuple[str, ...] = ()
) -> list[str]:
    with store.begin() as connection:
        leased = pages.lease(connection, now=now, owner=owner, until=now + 60, most=most, per_host=per_host, full_hosts=full)
    return [page.item_id for page in leased]


def hold(store: Store, host: str, **until: float) -> None:
    with store.begin() as connection:
        connection.execute(insert(hosts), [{"host": host, **until}])


def test_the_oldest_come_first_and_a_few_of_each_host(store: Store) -> None:
    add(store, a_page("new", due_at=30), a_page("old", due_at=10), a_page("middle", due_at=20), a_page("other", "b.example", due_at=40))
    assert lease(store) == ["old", "middle", "other"]
    assert lease(store, "two") == ["new"]
    assert lease(store, "three") == []
    with store.read() as connection:
        assert not pages.any_free(connection, NOW)
        assert pages.any_free(connection, NOW + 61)


def test_a_full_lease_takes_one_of_each_host_before_a_second_of_any(store: Store) -> None:
    add(store, *(a_page(f"a{n}", due_at=n) for n in range(5)), a_page("b", "b.example", due_at=50))
    assert lease(store, most=2, per_host=4) == ["a0", "b"]


def test_a_lease_that_ran_out_is_anybodys(store: Store) -> None:
    add(store, a_page("x"))
    assert lease(store, "dead") == ["x"]
    assert lease(store, "heir", NOW + 59) == []
    assert lease(store, "heir", NOW + 61) == ["x"]


def test_what_is_not_due_or_held_back_or_full_stays(store: Store) -> None:
    add(store, a_page("later", due_at=NOW + 1), a_page("down", "down.example"), a_page("spaced", "spaced.example"))
    add(store, a_page("soon", "soon.example"), a_page("full", "full.example"))
    hold(store, "down.example", down_until=NOW + 3_600)
    hold(store, "spaced.example", next_at=NOW + 3_600)
    hold(store, "soon.example", next_at=NOW + 2)  # the client waits so long itself
    assert lease(store, full=("full.example",)) == ["soon"]


def test_coming_pages_are_told_but_for_hosts_that_are_down(store: Store) -> None:
    add(store, a_page("x", due_at=NOW + 50))
    hold(store, "a.example", down_until=NOW + 3_600)
    with store.read() as connection:
        assert not pages.any_due_by(connection, NOW + 60)
        assert pages.any_due_by(connection, NOW + 3_600)
        assert pages.waiting(connection) == (1, NOW + 50)


def test_a_retry_comes_back_at_its_time_with_its_attempts(store: Store) -> None:
    add(store, a_page("x"))
    lease(store)
    with store.begin() as connection:
        pages.retry(connection, "one", [Retry(("x", "1"), 2, NOW + 500, "dns")])
    assert lease(store, now=NOW + 400) == []
    with store.begin() as connection:
        (page,) = pages.lease(connection, now=NOW + 500, owner="two", until=NOW + 600, most=1, per_host=1)
    assert page == replace(a_page("x"), due_at=NOW + 500, attempts=2)


def test_a_late_retry_does_not_touch_another_owners_lease(store: Store) -> None:
    add(store, a_page("x"))
    lease(store, "slow")
    assert lease(store, "heir", NOW + 61) == ["x"]
    with store.begin() as connection:
        pages.retry(connection, "slow", [Retry(("x", "1"), 1, NOW, "dns")])
    assert lease(store, "third", NOW + 62) == []


def test_releasing_gives_back_ones_own_alone(store: Store) -> None:
    add(store, a_page("x"), a_page("y", "b.example"))
    assert lease(store, "one", most=1) == ["x"]
    assert lease(store, "two") == ["y"]
    with store.begin() as connection:
        pages.release(connection, "one")
    assert lease(store, "three") == ["x"]


def test_adding_is_idempotent_and_a_newer_revision_replaces(store: Store) -> None:
    assert add(store, a_page("x")) == []
    lease(store)
    assert add(store, a_page("x", due_at=5)) == []
    assert lease(store, "two") == []  # the row is the old one, leased
    assert add(store, a_page("x", revision="2"), a_page("y")) == [("x", "1")]
    assert add(store) == []
    with store.read() as connection:
        assert pages.waiting(connection)[0] == 2


@pytest.mark.parametrize(
    ("outcome", "is_settled"), [(PageOutcome.REPORTED, True), (PageOutcome.FEED_FINAL, True), (PageOutcome.RETRY, False)]
)
def test_a_look_that_ended_is_settled(store: Store, outcome: PageOutcome, is_settled: bool) -> None:
    with store.begin() as connection:
        trail.record(connection, [Step("x", "1", Stage.READ_PAGE, "", outcome, None, None, NOW)])
        trail.record(connection, [Step("x", "2", Stage.READ_FEED, "", "reported", None, None, NOW)])
        assert pages.settled(connection, ["x", "y"]) == ({("x", "1")} if is_settled else set())


def test_robots_are_kept_beside_what_the_host_has_already(store: Store) -> None:
    hold(store, "a.example", down_until=77.0)
    rows = {"a.example": RobotsRow("User-agent: *", "ok", 10.0), "b.example": RobotsRow("", "http_4xx", 20.0)}
    with store.begin() as connection:
        assert robots.of_hosts(connection, ["a.example"]) == {}
        robots.keep(connection, rows)
        robots.keep(connection, rows | {"b.example": RobotsRow("", "gone", 30.0)})
        robots.keep(connection, {})
        assert robots.of_hosts(connection, ["a.example", "b.example", "c.example"]) == rows | {"b.example": RobotsRow("", "gone", 30.0)}
        row = connection.execute(hosts.select().where(hosts.c.host == "a.example")).one()
    assert row.down_until == 77.0
