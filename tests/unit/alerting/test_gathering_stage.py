"""What the alerting stage tells at once and what it leaves to digests, on both databases."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from alerting.desk import Desk
from alerting.message import Message, from_json
from alerting.routes import Routes
from alerting.stage import ReportHandler
from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.outcomes import SendState, Stage
from newswire.records import Report, Severity
from newswire.store import Store, digests, open_store, outbox, trail
from newswire.store.tables import outbox as table
from tests.alerting_builders import GAMING, AlwaysLeading, a_report, a_set, delivered
from tests.fakes import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DESK = {"name": "desk", "slack": {"channel": "#desk"}}
CHIEF = {"name": "chief", "slack": {"channel": "#chief"}}
MORNING = {"name": "morning", "digest": {"to": "desk", "at": "07:00", "zone": "Asia/Karachi"}}
DUTY = {"name": "duty", "zone": "UTC", "hours": ["03:00-03:01"]}
SYLLABLES = ("ba", "cho", "du", "fe", "gri", "ka", "lo", "mu", "ne", "pri", "ro", "sta", "ti", "vo", "wu", "ze")

Decide = Callable[..., None]


def routes(*receivers: dict[str, Any], to: Sequence[str] = ("desk",), table: Sequence[dict[str, Any]] = (), **keys: Any) -> Routes:
    return Routes.model_validate({"receivers": list(receivers), "route": {"to": list(to), "routes": list(table)}, **keys})


def coined(n: int) -> str:
    """Return six words that nobody uses, others for each number."""
    digits = sha256(str(n).encode()).hexdigest()
    return " ".join("".join(SYLLABLES[int(one, 16)] for one in digits[at : at + 4]).capitalize() for at in range(0, 24, 4))


def stories(count: int, *, first: int = 0) -> list[Report]:
    """Return as many reports, each of a story of its own."""
    return [
        a_report(
            f"story-{n}",
            title=coined(n),
            lead="",
            text="The gaming industry.",
            partners=("US",),
            topics=(),
            outlet=f"Outlet {n}",
        )
        for n in range(first, first + count)
    ]


def handler_of(store: Store, clock: ManualClock, found: Routes, metrics: Metrics, **watchlists: object) -> ReportHandler:
    desk = Desk(a_set(**(watchlists or {"gaming": GAMING})), found)
    return ReportHandler(desk=lambda: desk, store=store, clock=clock, metrics=metrics, leadership=AlwaysLeading())


@pytest.fixture
def decide(store: Store, clock: ManualClock, metrics: Metrics) -> Decide:
    handlers: dict[int, ReportHandler] = {}

    def decided(found: Routes, *reports: Report, at: datetime = NOW, **watchlists: object) -> None:
        clock.set(at)
        handler = handlers.setdefault(id(found), handler_of(store, clock, found, metrics, **watchlists))
        handler.handle(delivered(*(replace(one, item=replace(one.item, seen_at=min(one.item.seen_at, at))) for one in reports)))

    return decided


def rows(store: Store) -> list[tuple[str, str, int, str, str | None, str | None]]:
    columns = (table.c.receiver, table.c.kind, table.c.sequence, table.c.state, table.c.reason, table.c.gathered_for)
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(table.c.row_id))]


def message_of(store: Store, gathered_for: str) -> Message:
    with store.read() as connection:
        (one,) = digests.gathered(connection, gathered_for)
    return from_json(one.message)


def told_by_digest(store: Store, gathered_for: str, at: float) -> None:
    with store.begin() as connection:
        waiting = [one.row_id for one in digests.gathered(connection, gathered_for)]
        digests.take(connection, gathered_for, "d" * 32, waiting, at)
        digests.settled(connection, "d" * 32, SendState.SENT, None, at)


def gathered_in_trail(store: Store, report: Report) -> list[dict[str, Any]]:
    with store.read() as connection:
        (step,) = [one for one in trail.of_item(connection, report.item.item_id) if one.stage is Stage.ALERT]
    return list((step.detail or {}).get("gathered", ()))


def test_500_stories_in_a_minute_the_caps_messages_then_every_other_in_one_digest(store: Store, decide: Decide, metrics: Metrics) -> None:
    found = routes(DESK)
    every = stories(500)
    for n in range(0, 500, 100):
        decide(found, *every[n : n + 100], at=NOW + timedelta(seconds=n / 10))
    states = Counter((row[3], row[4], row[5]) for row in rows(store))
    assert states == {("new", None, None): 30, ("gathered", "capped", "overflow:desk"): 470}
    assert metrics.registry.get_sample_value("newswire_alerting_gathered_total", {"reason": "capped"}) == 470
    with store.read() as connection:
        assert {one["title"] for one in outbox.alerts(connection)} == {one.item.title for one in every}
        assert digests.due(connection, NOW.timestamp() + 3_599.0) == []
        (due,) = digests.due(connection, NOW.timestamp() + 3_600.0)
    assert (due.gathered_for, len(due.rows), len({row.story_id for row in due.rows})) == ("overflow:desk", 470, 470)
    decide(found, *stories(1, first=500), at=NOW + HOUR)
    assert rows(store)[-1][3] == "new"


def test_what_is_over_the_cap_waits_for_the_receivers_digest_and_its_trail_says_so(store: Store, decide: Decide) -> None:
    watchlist = GAMING | {"alert": {"cap": {"per_hour": 2}}}
    every = stories(3)
    decide(routes(DESK, MORNING), *every, gaming=watchlist)
    assert rows(store)[1:] == [
        ("desk", "parent", 0, "new", None, None),
        ("desk", "parent", 0, "gathered", "capped", "morning"),
    ]
    assert gathered_in_trail(store, every[0]) == []
    (said,) = gathered_in_trail(store, every[2])
    assert {key: said[key] for key in ("receiver", "reason", "for", "watchlist", "per_hour")} == {
        "receiver": "desk", "reason": "capped", "for": "morning", "watchlist": "gaming", "per_hour": 2,
    }  # fmt: skip
    assert said["due_at"].endswith("T02:00:00Z")


def test_a_channel_has_its_own_cap(store: Store, decide: Decide) -> None:
    small = DESK | {"cap": {"per_hour": 2}}
    every = stories(3)
    decide(routes(small, CHIEF, to=("desk", "chief")), *every)
    assert Counter((row[0], row[3]) for row in rows(store)) == {("desk", "new"): 2, ("desk", "gathered"): 1, ("chief", "new"): 3}
    assert gathered_in_trail(store, every[2])[0]["watchlist"] is None


def test_edits_of_what_was_told_are_not_capped(store: Store, decide: Decide) -> None:
    found, watchlist = routes(DESK), GAMING | {"alert": {"cap": {"per_hour": 1}}}
    decide(found, a_report(), *stories(1), gaming=watchlist)
    decide(found, a_report("two", outlet="Dawn"), at=NOW + MINUTE)
    assert ("desk", "edit", 1, "new", None, None) in rows(store)
    assert [row[3] for row in rows(store) if row[1] == "parent"] == ["new", "gathered"]


def test_a_digest_gathers_what_its_route_sends_there_and_what_comes_outside_of_a_calendar(store: Store, decide: Decide) -> None:
    every = stories(1)
    decide(routes(DESK, MORNING, to=("morning",)), every[0])
    other = routes(
        DESK, MORNING, table=[{"match": {}, "to": "desk", "during": "duty", "otherwise": "morning"}], to=("desk",), calendars=[DUTY]
    )
    decide(other, *stories(1, first=1))
    assert rows(store) == [
        ("morning", "parent", 0, "gathered", "digest", "morning"),
        ("morning", "parent", 0, "gathered", "calendar", "morning"),
    ]
    (said,) = gathered_in_trail(store, stories(1, first=1)[0])
    assert (said["calendar"], said["for"]) == ("duty", "morning")


def test_old_news_is_told_in_one_summary_when_the_backlog_has_drained(store: Store, decide: Decide) -> None:
    found = routes(DESK)
    later = NOW + 7 * HOUR
    for n in range(3):
        decide(found, *stories(2, first=2 * n), at=later + n * MINUTE / 2)
    assert {row[3:] for row in rows(store)} == {("gathered", "outage", "outage:desk")}
    with store.read() as connection:
        assert digests.due(connection, (later + 1.9 * MINUTE).timestamp()) == []
        (due,) = digests.due(connection, (later + 2 * MINUTE).timestamp())
    assert len(due.rows) == 6


def test_a_gathered_story_grows_until_its_digest_goes_out(store: Store, decide: Decide) -> None:
    found = routes(DESK, MORNING, to=("morning",))
    decide(found, a_report(), a_report("two", outlet="Dawn"))
    decide(found, a_report("three", outlet="Yonhap", country="KR"), at=NOW + MINUTE)
    decide(found, a_report(revision="r2", partners=("US", "KR")), at=NOW + 2 * MINUTE)
    assert rows(store) == [("morning", "parent", 0, "gathered", "digest", "morning")]
    message = message_of(store, "morning")
    assert {carrier.outlet for carrier in message.carriers} == {"The Nation", "Dawn", "Yonhap"}
    assert set(message.partners) == {"US", "KR"}


def test_what_a_digest_told_is_gathered_again_where_it_says_something_new(store: Store, decide: Decide) -> None:
    found = routes(DESK, MORNING, to=("morning",))
    decide(found, a_report())
    told_by_digest(store, "morning", NOW.timestamp() + 1)
    decide(found, a_report("two", outlet="Dawn"), at=NOW + MINUTE)
    told = ("morning", "parent", 0, "sent", "digest", "morning")
    assert rows(store) == [told]
    decide(found, a_report(revision="r2", partners=("US", "KR")), at=NOW + 2 * MINUTE)
    assert rows(store) == [told, ("morning", "parent", 1, "gathered", "digest", "morning")]
    message = message_of(store, "morning")
    assert {carrier.outlet for carrier in message.carriers} == {"The Nation", "Dawn"}
    decide(found, a_report("three", outlet="Yonhap"), at=NOW + 3 * MINUTE)
    assert len(rows(store)) == 2
    assert len(message_of(store, "morning").carriers) == 3
    with store.read() as connection:
        ids = [one["alert_id"] for one in outbox.alerts(connection)]
    assert len(set(ids)) == 2


def test_a_rise_that_reaches_another_receiver_tells_there_at_once(store: Store, decide: Decide) -> None:
    found = routes(DESK, MORNING, to=("morning",), table=[{"match": {"severity": "critical"}, "to": "desk"}])
    rising = GAMING | {"severity_if": [{"if": {"partners": ["KR"]}, "set": "critical"}]}
    decide(found, a_report(), gaming=rising)
    told_by_digest(store, "morning", NOW.timestamp() + 1)
    decide(found, a_report(revision="r2", partners=("US", "KR")), at=NOW + MINUTE)
    assert rows(store)[1:] == [("desk", "parent", 0, "new", None, None)]


def test_a_digest_that_waits_says_the_severity_to_which_its_story_rose_elsewhere(store: Store, decide: Decide) -> None:
    found = routes(DESK, MORNING, to=("morning",), table=[{"match": {"severity": "critical"}, "to": "desk"}])
    rising = GAMING | {"severity_if": [{"if": {"partners": ["KR"]}, "set": "critical"}]}
    decide(found, a_report(), gaming=rising)
    decide(found, a_report(revision="r2", partners=("US", "KR")), at=NOW + MINUTE)
    assert {row[:3] for row in rows(store)} == {("morning", "parent", 0), ("desk", "parent", 0)}
    assert message_of(store, "morning").severity is Severity.CRITICAL


def test_a_capped_story_that_its_digest_told_is_told_again_in_its_channel_where_there_is_room(store: Store, decide: Decide) -> None:
    found, watchlist = routes(DESK), GAMING | {"alert": {"cap": {"per_hour": 1}}}
    decide(found, *stories(1), a_report(), gaming=watchlist)
    told_by_digest(store, "overflow:desk", NOW.timestamp() + 3_600)
    decide(found, a_report(revision="r2", partners=("US", "KR")), at=NOW + 2 * HOUR)
    decide(found, a_report("two", outlet="Dawn", partners=("US", "KR")), at=NOW + 2 * HOUR + MINUTE)
    assert rows(store)[1:] == [
        ("desk", "parent", 0, "sent", "capped", "overflow:desk"),
        ("desk", "parent", 1, "new", None, None),
        ("desk", "edit", 2, "new", None, None),
        ("desk", "reply", 1, "new", None, None),
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["US", "KR"]), st.integers(0, 40)), min_size=1, max_size=25),
    st.integers(1, 3),
    st.booleans(),
)
def test_every_story_is_told_or_gathered_once_at_each_receiver_and_no_hour_holds_too_many(
    arrivals: list[tuple[int, str, int]], most: int, with_digest: bool
) -> None:
    store, clock, at = open_store("sqlite://"), ManualClock(NOW), NOW
    found = routes(DESK, CHIEF, *([MORNING] if with_digest else []), to=("desk", "chief", *(["morning"] if with_digest else [])))
    handler = handler_of(store, clock, found, Metrics(), gaming=GAMING | {"alert": {"cap": {"per_hour": most}}})
    said: dict[str, set[str]] = {}
    for n, (story, partner, minutes) in enumerate(arrivals):
        at += minutes * MINUTE
        clock.set(at)
        (report,) = stories(1, first=story)
        report = replace(report, partners=(partner,), item=replace(report.item, revision=f"{n:016}", seen_at=at, published_at=at))
        said.setdefault(report.item.item_id, set()).add(report.item.outlet)
        handler.handle(delivered(report))
    with store.read() as connection:
        parents = list(connection.execute(select(table).where(table.c.kind == "parent")))
        newest = outbox.told(connection, [row.story_id for row in parents])
    store.close()
    assert Counter((row.receiver, row.item_id) for row in parents) == {
        (receiver.name, item_id): 1 for receiver in found.receivers for item_id in said
    }
    for of_story in newest.values():
        for _, text in of_story.values():
            (carrier,) = from_json(text).carriers
            assert {carrier.outlet} == said[carrier.item_id]
    for receiver in ("desk", "chief"):
        moments = [row.created_at for row in parents if row.receiver == receiver and row.state == "new"]
        assert all(sum(begin <= one < begin + 3_600 for one in moments) <= most for begin in moments)
