"""The digests' worker over a real store: each time once, over restarts and other alerters; nothing for a time before; nothing lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select
from structlog.testing import capture_logs

from alerting.bulletin import Bulletin, from_json, text_of
from alerting.desk import Desk
from alerting.digests.proof import Place
from alerting.digests.watch import MARK_EVERY_S
from alerting.digests.worker import LOOK_S, DigestWorker
from alerting.leadership import ROLE, STANDBY_S
from alerting.message import to_json
from alerting.routes import Routes
from newswire.clock import ManualClock
from newswire.errors import Fenced
from newswire.metrics import Metrics
from newswire.outcomes import DigestOccasion, GatherReason, SendState
from newswire.records import MessageKind
from newswire.store import Store, digests, feeds, leaders, outbox, watch
from newswire.store.digests import Growth
from newswire.store.outbox import Entry, Gathered
from newswire.store.tables import digest_times
from newswire.store.tables import feeds as feeds_table
from newswire.store.tables import outbox as outbox_table
from tests.alerting_builders import GAMING, AlwaysLeading, a_set
from tests.digest_builders import an_alert

START = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)  # 15:00 in Karachi, a Thursday
FIRST = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)  # 07:00 there
PLACES = {f"{n:012}": Place(f"Outlet {n}", "PK") for n in range(4)}
RECEIVERS = [
    {"name": "desk", "slack": {"channel": "#desk"}},
    {"name": "morning", "digest": {"to": "desk", "at": "07:00", "zone": "Asia/Karachi"}},
]


def routes(*receivers: dict[str, Any]) -> Routes:
    return Routes.model_validate({"receivers": list(receivers or RECEIVERS), "route": {"to": [(receivers or RECEIVERS)[0]["name"]]}})


class World:
    """A store, a clock that is moved, and alerters that come and go."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.metrics = store, ManualClock(START), Metrics()
        self.desk = Desk(a_set(gaming=GAMING), routes())
        self.worker = self.an_alerter()

    def an_alerter(self, leadership: Any = None, *, watched: bool = True) -> DigestWorker:
        return DigestWorker(
            store=self.store,
            desk=lambda: self.desk,
            clock=self.clock,
            metrics=self.metrics,
            leadership=leadership or AlwaysLeading(),
            places=PLACES if watched else None,
        )

    def at(self, moment: datetime) -> "World":
        self.clock.set(moment)
        self.worker.step()
        return self

    def gather(self, key: str, gathered_for: str = "morning", *, due: datetime = FIRST, reason: GatherReason = GatherReason.DIGEST) -> str:
        message = an_alert(key, title=f"title of {key}").message
        entry = Entry(
            message.story_id, "desk", MessageKind.PARENT, 0, message.alert_id, "d", message.item_id, "r1", ["gaming"], "medium",
            message.title, message.url, to_json(message), gathered=Gathered(gathered_for, reason, due.timestamp()),
        )  # fmt: skip
        with self.store.begin() as connection:
            outbox.put(connection, [entry], self.clock.now().timestamp())
        return message.alert_id

    def rows(self) -> list[Any]:
        with self.store.read() as connection:
            asked = select(outbox_table).where(outbox_table.c.kind == MessageKind.DIGEST.value).order_by(outbox_table.c.row_id)
            return list(connection.execute(asked))

    def told(self) -> list[Bulletin]:
        return [from_json(row.message) for row in self.rows()]

    def waiting(self) -> list[str]:
        with self.store.read() as connection:
            return [one.gathered_for for one in watch.waiting(connection)]


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def test_a_digest_goes_out_at_its_time_with_what_was_gathered(world: World) -> None:
    world.at(START)
    keys = [world.gather(key) for key in ("one", "two")]
    assert world.at(FIRST - timedelta(seconds=1)).told() == []
    (page,) = world.at(FIRST + timedelta(seconds=3)).told()
    assert page.data is not None
    assert [one["alert_id"] for one in page.data["alerts"]] == sorted(keys)
    (row,) = world.rows()
    assert (row.receiver, row.kind, row.sequence, row.state, row.story_id, row.alert_id) == (
        "desk",
        "digest",
        0,
        "new",
        page.bulletin_id,
        page.bulletin_id,
    )
    with world.store.read() as connection:
        assert {one.alert_id for one in digests.taken(connection, page.bulletin_id)} == set(keys)
    assert world.waiting() == []
    assert world.metrics.digests.labels(DigestOccasion.SCHEDULED)._value.get() == 1


def test_each_time_has_one_digest_whoever_looks_and_however_often(world: World) -> None:
    world.at(START)
    world.gather("one")
    world.at(FIRST + timedelta(seconds=3)).at(FIRST + timedelta(seconds=8))
    other = world.an_alerter()
    other.step()
    assert len(world.rows()) == 1
    world.gather("late")  # its time was computed before the digest went out, and committed after it
    other.step()
    assert len(world.rows()) == 1
    (_, page) = world.at(FIRST + timedelta(days=1)).told()
    assert "title of late" in page.heading[0].text + " ".join(text_of(line) for line in page.lines)


def test_a_time_that_is_told_twice_loses_nothing_that_came_between(world: World) -> None:
    world.at(START)
    world.gather("one")
    world.at(FIRST + timedelta(seconds=3))
    with world.store.begin() as connection:  # as by a clock that was set back by a day
        connection.execute(digest_times.update().values(told_at=START.timestamp(), first_at=START.timestamp()))
    world.gather("two")
    (_, second) = world.at(FIRST + timedelta(seconds=8)).told()
    assert [one["title"] for one in (second.data or {})["alerts"]] == ["title of two"]
    assert world.waiting() == []


def test_what_the_stage_adds_while_a_digest_is_put_together_is_told_in_it(world: World) -> None:
    world.at(START)
    world.gather("one")
    story = an_alert("one").message
    world.clock.set(FIRST + timedelta(seconds=3))
    with world.store.begin() as connection:
        leaders.take(connection, ROLE, "me", FIRST.timestamp(), 99.0)
    with ThreadPoolExecutor(1) as threads:
        with world.store.begin() as stage:
            leaders.holds(stage, ROLE, "me", 1)
            assert digests.standings(stage, [story.story_id])[story.story_id, "desk"].waits
            told = threads.submit(world.worker.step)
            wait([told], timeout=0.5)  # it would be done by then if it waited for nobody
            grown = Growth(story.story_id, "desk", 0, ["gaming"], "high", "grown", None, to_json(replace(story, title="grown")))
            digests.grow(stage, [grown])
        told.result()
    (page,) = world.told()
    assert [one["title"] for one in (page.data or {})["alerts"]] == ["grown"]


def test_a_digest_goes_out_though_nothing_was_gathered(world: World) -> None:
    (page,) = world.at(START).at(FIRST).told()
    assert page.fallback.startswith("Blind: ")  # no source is watched in this store
    assert page.data is not None
    assert page.data["since"] == "2026-11-26T10:00:00Z"


def test_none_for_a_time_before_newswire_first_ran(world: World) -> None:
    assert world.at(FIRST + timedelta(hours=1)).told() == []
    assert len(world.at(FIRST + timedelta(days=1)).told()) == 1


def test_none_for_a_time_before_the_digest_was_configured_or_moved(world: World) -> None:
    world.desk = Desk(a_set(gaming=GAMING), routes(RECEIVERS[0]))
    world.at(START).at(FIRST + timedelta(hours=1))
    world.desk = Desk(a_set(gaming=GAMING), routes())  # reloaded while it runs, an hour past its time
    world.at(FIRST + timedelta(hours=1, seconds=5)).at(FIRST + timedelta(hours=2))
    assert world.told() == []
    earlier = {"name": "morning", "digest": {"to": "desk", "at": "06:30", "zone": "Asia/Karachi"}}
    world.desk = Desk(a_set(gaming=GAMING), routes(RECEIVERS[0], earlier))
    assert world.at(FIRST + timedelta(hours=3)).told() == []
    assert len(world.at(FIRST + timedelta(hours=23, minutes=30)).told()) == 1


def test_one_digest_for_all_the_times_that_a_downtime_passed_over(world: World) -> None:
    world.at(START).at(FIRST)
    world.gather("one", due=FIRST + timedelta(days=1))
    world.worker = world.an_alerter()
    (_, page) = world.at(FIRST + timedelta(days=3, hours=2)).told()
    assert page.data is not None
    assert (page.data["since"], page.data["until"]) == ("2026-11-27T02:00:00Z", "2026-11-30T02:00:00Z")
    assert len(page.data["alerts"]) == 1
    assert len(world.at(FIRST + timedelta(days=3, hours=3)).told()) == 2


@pytest.mark.parametrize(
    ("group", "reason", "begins"),
    [("overflow:desk", GatherReason.CAPPED, "Over the cap at desk"), ("outage:desk", GatherReason.OUTAGE, "After an outage, at desk")],
)
def test_overflow_and_outage_are_told_when_they_are_due(world: World, group: str, reason: GatherReason, begins: str) -> None:
    world.at(START)
    soon = START + timedelta(minutes=10)
    for n in range(30):
        world.gather(f"s{n}", group, due=soon, reason=reason)
    assert world.at(soon - timedelta(seconds=1)).told() == []
    laid_out = world.at(soon).told()
    assert [page.sequence for page in laid_out] == [0, 1]
    assert laid_out[0].fallback.startswith(f"{begins}: 30 stories")
    assert sum(len((page.data or {})["alerts"]) for page in laid_out) == 30
    world.gather("more", group, due=soon, reason=reason)
    assert len(world.at(soon + timedelta(seconds=5)).told()) == 3
    assert world.waiting() == []


def test_what_nobody_hears_waits_and_is_said_once(world: World) -> None:
    world.at(START)
    world.gather("one")
    world.gather("two", "overflow:desk", reason=GatherReason.CAPPED)
    world.desk = Desk(a_set(gaming=GAMING), routes({"name": "other", "slack": {"channel": "#other"}}))
    with capture_logs() as logs:
        world.at(FIRST + timedelta(minutes=1)).at(FIRST + timedelta(minutes=2))
    assert [one["digest"] for one in logs if one["log_level"] == "warning"] == ["morning", "overflow:desk"]
    assert world.told() == []
    assert sorted(world.waiting()) == ["morning", "overflow:desk"]
    world.desk = Desk(a_set(gaming=GAMING), routes())
    world.at(FIRST + timedelta(minutes=3)).at(FIRST + timedelta(days=1))
    assert sorted(alert["title"] for page in world.told() for alert in (page.data or {})["alerts"]) == ["title of one", "title of two"]


def test_what_waits_for_a_receiver_that_becomes_a_digest_or_none_any_more_is_told(world: World) -> None:
    world.at(START)
    world.gather("one")
    world.gather("two", "overflow:desk", reason=GatherReason.CAPPED)
    now_a_digest = RECEIVERS[1] | {"name": "desk", "digest": {"to": "morning", "at": "07:00", "zone": "Asia/Karachi"}}
    world.desk = Desk(a_set(gaming=GAMING), routes({"name": "morning", "slack": {"channel": "#morning"}}, now_a_digest))
    with capture_logs() as logs:
        world.at(FIRST + timedelta(minutes=1))
    assert [one for one in logs if one["log_level"] == "warning"] == []
    assert {row.receiver for row in world.rows()} == {"morning"}
    assert sorted(alert["title"] for page in world.told() for alert in (page.data or {})["alerts"]) == ["title of one", "title of two"]
    assert world.waiting() == []


def test_a_row_that_cannot_be_read_is_told_by_its_headline_and_keeps_no_other_back(world: World) -> None:
    world.at(START)
    broken = world.gather("one")
    world.gather("two")
    with world.store.begin() as connection:
        connection.execute(outbox_table.update().where(outbox_table.c.alert_id == broken).values(message='{"a newer": "shape"}'))
    with capture_logs() as logs:
        (page,) = world.at(FIRST).told()
    assert [one["alert_id"] for one in logs if one["log_level"] == "error"] == [broken]
    said = [text_of(line) for line in page.lines]
    assert any("title of one" in line for line in said)
    assert any("title of two" in line for line in said)
    assert world.waiting() == []


class Paused(AlwaysLeading):
    """The leadership of a process that was stopped, and goes on though another is the alerter now."""

    def check(self, connection: Connection) -> int:
        raise Fenced("another process is the active alerter")


class StandingBy(AlwaysLeading):
    def leading(self) -> bool:
        return False


def test_only_the_active_alerter_tells_and_marks(world: World) -> None:
    world.at(START)
    world.gather("one")
    world.clock.set(FIRST)
    assert world.an_alerter(StandingBy()).step() == STANDBY_S
    for paused in (world.an_alerter(Paused()), world.an_alerter(Paused(), watched=False)):
        with pytest.raises(Fenced):
            paused.step()
    assert world.told() == []
    assert world.waiting() == ["morning"]
    with world.store.read() as connection:
        assert watch.newest_mark_at(connection) == START.timestamp()


def test_marks_are_made_every_five_minutes_over_restarts(world: World) -> None:
    for n in range(0, 1_200, 60):
        if n == 420:
            world.worker = world.an_alerter()
        world.at(START + timedelta(seconds=n))
    with world.store.read() as connection:
        found = [mark.at - START.timestamp() for mark in watch.marks(connection, START.timestamp(), START.timestamp() + 2_000)]
    assert found == [0.0, MARK_EVERY_S, 2 * MARK_EVERY_S, 3 * MARK_EVERY_S]


def test_a_worker_is_idle_while_nothing_is_due(world: World) -> None:
    world.at(START)
    assert world.worker.idle()
    world.clock.set(FIRST)
    assert not world.worker.idle()
    assert world.worker.step() == LOOK_S
    assert world.worker.idle()


def polled(store: Store, source_id: str, now: datetime, **values: Any) -> None:
    at = now.timestamp()
    with store.begin() as connection:
        feeds.sync(connection, [feeds.NewFeed(one, f"https://{one}.example/feed", f"{one}.example", 600) for one in PLACES], at)
        state = {"polled_at": at, "succeeded_at": at, "outcome": "read", "entries": 20, "next_due_at": at + 600, "failures": 0}
        connection.execute(feeds_table.update().where(feeds_table.c.source_id == source_id).values(**state | values))


def answer(store: Store, now: datetime, read: Callable[[Connection, float], Any]) -> Any:
    with store.read() as connection:
        return read(connection, now.timestamp())


def test_a_source_answers_where_it_is_polled_in_time_with_entries_and_without_two_faults(store: Store) -> None:
    one, two, three, four = PLACES
    polled(store, one, START)
    polled(store, two, START, failures=1, outcome="failed", reason="deadline")
    polled(store, three, START, failures=2, outcome="failed", reason="deadline")
    polled(store, four, START, entries=0)
    assert answer(store, START, watch.answering) == (4, 2)
    assert answer(store, START + timedelta(minutes=19), watch.answering) == (4, 2)
    assert answer(store, START + timedelta(minutes=21), watch.answering) == (4, 0)  # due ten minutes ago, and nobody asked
    polled(store, one, START + timedelta(minutes=21), gone_at=START.timestamp())
    assert answer(store, START + timedelta(minutes=21), watch.answering) == (3, 0)
    with store.read() as connection:
        states = {state.source_id: state.answers for state in watch.sources(connection, START.timestamp() - 60, START.timestamp())}
    assert states == {one: False, two: True, three: False, four: False}


def test_a_source_that_was_never_polled_is_not_counted_yet(store: Store) -> None:
    with store.begin() as connection:
        feeds.sync(connection, [feeds.NewFeed("0" * 12, "https://one.example/feed", "one.example", 600)], START.timestamp())
    assert answer(store, START, watch.answering) == (0, 0)


def test_queues_say_since_when_the_oldest_has_been_due(world: World) -> None:
    message = an_alert("one").message
    entry = Entry(message.story_id, "desk", MessageKind.PARENT, 0, message.alert_id, "d", "i", "r", [], "low", "t", None, to_json(message))
    with world.store.begin() as connection:
        outbox.put(connection, [entry], START.timestamp())
    queues = answer(world.store, START + timedelta(hours=1), watch.queues)
    assert (queues.sending_since, queues.page_since, queues.age_s(START.timestamp() + 3_600)) == (START.timestamp(), None, 3_600)
    with world.store.begin() as connection:
        # It is tried again later: it waits all the same.
        connection.execute(outbox_table.update().values(attempts=3, next_try_at=START.timestamp() + 90_000))
    assert answer(world.store, START + timedelta(hours=1), watch.queues) == queues
    with world.store.begin() as connection:
        connection.execute(outbox_table.update().values(state=SendState.SENT.value))
    assert answer(world.store, START + timedelta(hours=1), watch.queues).sending_since is None
