"""What the active alerter indexes and drops beside its work, on both databases."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Table, func, select, update

from alerting.archive_upkeep import PRUNE_LOOK_S, PRUNE_PAUSE_S, IndexWorker, Keep, RetentionWorker
from alerting.decide import decision_id_of
from alerting.desk import Desk
from alerting.leadership import STANDBY_S
from alerting.stage import LOOK_BACK_S, ReportHandler
from newswire.clock import ManualClock
from newswire.errors import Fenced
from newswire.metrics import Metrics
from newswire.outcomes import Kept
from newswire.records import MessageKind, Report
from newswire.search_query import parse
from newswire.store import Store, archive, decisions, search, stories
from newswire.store.outbox import Entry, put
from newswire.store.search import Filter
from newswire.store.tables import METADATA, outbox, search_due, silences, watch_marks
from tests.alerting_builders import GAMING, AlwaysLeading, a_report, a_set, delivered, page_of, routes_to
from tests.fakes import NOW, JumpingClock

DAY = timedelta(days=1)
KEEP = Keep(text_s=20 * DAY.total_seconds(), reports_s=50 * DAY.total_seconds(), decisions_s=100 * DAY.total_seconds())
NOT_KEPT_FOR_EVER = ("archive", "decisions", "matches", "outbox", "search", "stories", "story_items", "trail")


class StandingBy(AlwaysLeading):
    """The leadership of a process that is not the active one."""

    def leading(self) -> bool:
        return False


class Replaced(AlwaysLeading):
    """The leadership of a process that another took the role from, unawares."""

    def check(self, connection: Connection) -> int:
        raise Fenced("another leads")


Tell = Callable[..., None]


@pytest.fixture
def tell(store: Store, clock: ManualClock, metrics: Metrics) -> Tell:
    """Return what decides reports at a time, and has all that follows published and sent, unless told otherwise."""
    desk = Desk(a_set(gaming=GAMING), routes_to("desk"))
    handler = ReportHandler(desk=lambda: desk, store=store, clock=clock, metrics=metrics, leadership=AlwaysLeading())

    def told(*reports: Report, days: float = 0, settled: bool = True) -> None:
        clock.set(NOW + days * DAY)
        at = clock.now()
        handler.handle(delivered(*(replace(one, item=replace(one.item, published_at=at, seen_at=at)) for one in reports)))
        with store.begin() as connection:
            taken = decisions.unpublished(connection, 1_000)
            decisions.mark_published(connection, [one.decision_id for one in taken])
            if settled:
                connection.execute(
                    update(outbox).where(outbox.c.published.is_(False)).values(state="sent", settled_at=at.timestamp(), published=True)
                )

    return told


def count(store: Store, table: Table) -> int:
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def counts(store: Store, names: Sequence[str] = NOT_KEPT_FOR_EVER) -> dict[str, int]:
    return {name: count(store, METADATA.tables[name]) for name in names}


def retention(
    store: Store, clock: ManualClock, metrics: Metrics, *, keep: Keep = KEEP, leadership: AlwaysLeading | None = None
) -> RetentionWorker:
    return RetentionWorker(keep=keep, store=store, clock=clock, metrics=metrics, leadership=leadership or AlwaysLeading())


def pruned(store: Store, clock: ManualClock, metrics: Metrics, *, days: float, keep: Keep = KEEP) -> None:
    clock.set(NOW + days * DAY)
    worker = retention(store, clock, metrics, keep=keep)
    while worker.step() == PRUNE_PAUSE_S:
        assert worker.idle()
    worker.close()


def index(store: Store, clock: ManualClock, metrics: Metrics) -> IndexWorker:
    worker = IndexWorker(store=store, clock=clock, metrics=metrics, leadership=AlwaysLeading())
    while not worker.idle():
        worker.step()
    worker.step()
    worker.close()
    return worker


def found(store: Store, words: str) -> int:
    with store.read() as connection:
        return len(search.find(connection, parse(words), Filter(), 10))


def test_what_is_archived_is_indexed_soon_and_counted(store: Store, clock: ManualClock, metrics: Metrics, tell: Tell) -> None:
    tell(a_report("one"), a_report("two", title="Envoy of Norway speaks of the gaming industry"))
    tell(page_of(a_report("one")))
    assert found(store, "norway") == 0
    index(store, clock, metrics)
    assert (found(store, "norway"), found(store, "gaming")) == (1, 2)
    assert metrics.registry.get_sample_value("newswire_alerting_search_indexed_total") == 2
    assert metrics.registry.get_sample_value("newswire_alerting_search_lag_seconds") == 0


def test_one_who_stands_by_or_was_replaced_changes_nothing(store: Store, clock: ManualClock, metrics: Metrics, tell: Tell) -> None:
    tell(a_report("one"))
    clock.set(NOW + 900 * DAY)
    before = counts(store)
    for leadership in (StandingBy(), Replaced()):
        workers = (
            IndexWorker(store=store, clock=clock, metrics=metrics, leadership=leadership),
            retention(store, clock, metrics, leadership=leadership),
        )
        for worker in workers:
            if isinstance(leadership, StandingBy):
                assert worker.step() == STANDBY_S
            else:
                with pytest.raises(Fenced):
                    worker.step()
    assert counts(store) == before
    assert count(store, search_due) == 1


def told_by_digest(store: Store, at: float) -> None:
    """Have a digest sent, and a mark made that it rests on."""
    page = Entry("d" * 32, "desk", MessageKind.DIGEST, 0, "d" * 32, "", "", "", [], "info", "The morning", None, "{}")
    with store.begin() as connection:
        put(connection, [page], at)
        connection.execute(update(outbox).where(outbox.c.kind == "digest").values(state="sent", settled_at=at, published=True))
        connection.execute(watch_marks.insert(), [{"at": at, "sources": 1, "answered": 1, "items": 1, "reports": 1}])


def test_a_text_goes_before_its_report_and_the_report_before_the_decision(
    store: Store, clock: ManualClock, metrics: Metrics, tell: Tell
) -> None:
    report = a_report("one")
    tell(report)
    index(store, clock, metrics)
    full = counts(store)
    pruned(store, clock, metrics, days=19)
    assert (counts(store), found(store, "judicial")) == (full, 1)
    pruned(store, clock, metrics, days=21)
    index(store, clock, metrics)
    assert counts(store) == full
    assert (found(store, "judicial"), found(store, "telecom")) == (0, 1)
    with store.read() as connection:
        (kept,) = archive.of_item(connection, report.item.item_id)
        assert archive.shortened(connection, report.item.item_id)
        assert archive.page(connection, 0.0, whole=True) == []
        assert len(archive.page(connection, 0.0)) == 1
    assert (kept.text, kept.item.summary, kept.item.title) == ("", report.item.summary, report.item.title)
    pruned(store, clock, metrics, days=51)
    assert counts(store) == full | {"archive": 0, "search": 0}
    assert found(store, "telecom") == 0
    told_by_digest(store, NOW.timestamp())
    tell(a_report("later", title="Korea, Pakistan speak of quantum chips", lead="", text="", partners=("KR",)), days=101)
    pruned(store, clock, metrics, days=101)
    with store.read() as connection:
        assert decisions.known(connection, [decision_id_of(report)]) == set()
        assert stories.of_items(connection, [report.item.item_id]) == {}
    assert counts(store, ("archive", "decisions", "stories", "trail")) == {"archive": 1, "decisions": 1, "stories": 1, "trail": 1}
    assert counts(store, ("matches", "outbox")) == {"matches": 0, "outbox": 0}
    assert {kind: metrics.registry.get_sample_value("newswire_alerting_pruned_total", {"kind": kind}) for kind in Kept} == {
        "text": 1, "reports": 1, "matches": 1, "stories": 3, "decisions": 1, "trail": 1, "digests": 2,
    }  # fmt: skip


def test_nothing_that_is_unsent_or_unpublished_or_still_open_goes(store: Store, clock: ManualClock, metrics: Metrics, tell: Tell) -> None:
    unsent, joined = (
        a_report("unsent"),
        a_report("joined", title="Norway and Sweden agree on a submarine cable", partners=("SE",), home="NO"),
    )
    tell(unsent, settled=False)
    tell(joined, settled=False)
    with store.begin() as connection:
        connection.execute(update(decisions_table()).where(decisions_table().c.item_id == joined.item.item_id).values(published=False))
    pruned(store, clock, metrics, days=500)
    with store.read() as connection:
        # The newest story there is stays, however old: clustering would load it. So does what waits to be sent, with what it is to say.
        assert len(stories.of_items(connection, [unsent.item.item_id, joined.item.item_id])) == 2
        assert decisions.known(connection, [decision_id_of(unsent), decision_id_of(joined)]) == {
            decision_id_of(unsent),
            decision_id_of(joined),
        }
    assert count(store, outbox) == 1
    tell(a_report("new", title="Quantum chips for Korea", partners=("KR",)), days=500, settled=False)
    pruned(store, clock, metrics, days=500)
    with store.read() as connection:
        assert stories.of_items(connection, [unsent.item.item_id, joined.item.item_id]).keys() == {unsent.item.item_id}
    assert count(store, outbox) >= 1


def decisions_table() -> Table:
    return METADATA.tables["decisions"]


def test_a_story_that_an_item_joined_lately_stays_whatever_its_date(store: Store, clock: ManualClock, metrics: Metrics, tell: Tell) -> None:
    report = a_report("old")
    tell(report)
    tell(a_report("new", title="Quantum chips for Korea", partners=("KR",)), days=300)
    with store.begin() as connection:
        connection.execute(update(METADATA.tables["story_items"]).values(joined_at=(NOW + 299 * DAY).timestamp()))
    pruned(store, clock, metrics, days=300)
    with store.read() as connection:
        assert report.item.item_id in stories.of_items(connection, [report.item.item_id])
    assert KEEP.decisions_s > LOOK_BACK_S


def test_a_record_that_comes_again_within_its_time_is_known(store: Store, clock: ManualClock, metrics: Metrics, tell: Tell) -> None:
    report = a_report("one")
    tell(report)
    pruned(store, clock, metrics, days=99)
    before = counts(store)
    same = replace(report, item=replace(report.item, published_at=NOW, seen_at=NOW))
    assert decision_id_of(same) == decision_id_of(report)
    tell(report, days=99)
    assert counts(store) == before


def test_what_is_kept_for_ever_stays_and_many_rows_go_in_small_batches(
    store: Store, clock: ManualClock, metrics: Metrics, tell: Tell
) -> None:
    tell(*(a_report(f"n{n}", title=f"Number {n} says nothing", lead="", text="", partners=(), home=None) for n in range(450)))
    before = counts(store)
    pruned(store, clock, metrics, days=5_000, keep=Keep(0, 0, 0))
    assert counts(store) == before
    clock.set(NOW + 5_000 * DAY)
    worker = retention(store, clock, metrics, keep=Keep(0, KEEP.reports_s, 0))
    assert worker.step() == PRUNE_PAUSE_S
    assert count(store, METADATA.tables["archive"]) == 250
    assert [worker.step() for _ in range(3)] == [PRUNE_PAUSE_S, PRUNE_PAUSE_S, PRUNE_LOOK_S]
    assert counts(store) == before | {"archive": 0}


def test_a_clock_that_jumps_ahead_drops_nothing(store: Store, metrics: Metrics, tell: Tell) -> None:
    tell(a_report("one"))
    before = counts(store)
    jumping = JumpingClock(NOW)
    worker = RetentionWorker(keep=KEEP, store=store, clock=jumping, metrics=metrics, leadership=AlwaysLeading())
    jumping.jump(500 * DAY.total_seconds())
    assert worker.step() == PRUNE_LOOK_S
    assert counts(store) == before
    jumping.jump(-500 * DAY.total_seconds())
    jumping.pass_s(51 * DAY.total_seconds())
    assert worker.step() == PRUNE_PAUSE_S
    assert count(store, METADATA.tables["archive"]) == 0


def test_silences_go_with_the_matches_of_their_time(store: Store, clock: ManualClock, metrics: Metrics) -> None:
    row = {"matchers": "{}", "why": "x", "created_at": 0.0, "created_by": "desk", "begins_at": 0.0}
    with store.begin() as connection:
        connection.execute(
            silences.insert(),
            [{**row, "silence_id": "old", "ends_at": NOW.timestamp()}, {**row, "silence_id": "lasting", "ends_at": 4e9}],
        )
    pruned(store, clock, metrics, days=101)
    with store.read() as connection:
        assert connection.execute(select(silences.c.silence_id)).scalars().all() == ["lasting"]
