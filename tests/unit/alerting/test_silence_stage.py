"""Silences in the alerting stage: heeded from one batch to the next, with what they held in the store; and the watch that says when they end."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from alerting.desk import Desk
from alerting.leadership import STANDBY_S
from alerting.rehearsal import Rehearsal
from alerting.silence_watch import LOOK_S, SilenceWatch
from alerting.stage import ReportHandler
from newswire.clock import ManualClock
from newswire.errors import Fenced
from newswire.metrics import Metrics
from newswire.outcomes import AlertReason, HoldReason
from newswire.records import DecisionKind, Report
from newswire.silence import Silence
from newswire.store import Store, decisions, outbox, silences, stories, trail
from newswire.store.tables import matches
from newswire.store.tables import outbox as outbox_table
from tests.alerting_builders import GAMING, TELECOM, AlwaysLeading, a_report, a_set, delivered, routes_to
from tests.fakes import NOW

Handle = Callable[..., None]
AT = NOW.timestamp()
GAMING_ONLY = {"watchlist": ("gaming",)}
BOTH = "Both sides agreed on 5G and on the gaming industry."


@pytest.fixture
def handler(store: Store, clock: ManualClock, metrics: Metrics) -> ReportHandler:
    desk = Desk(a_set(gaming=GAMING, telecom=TELECOM), routes_to("desk"))
    return ReportHandler(desk=lambda: desk, store=store, clock=clock, metrics=metrics, leadership=AlwaysLeading())


def silence(store: Store, *, matchers: Mapping[str, tuple[str, ...]] = GAMING_ONLY, begins: float = 0, length: float = 3_600) -> Silence:
    with store.begin() as connection:
        return silences.add(connection, Silence(matchers, AT + begins, AT + begins + length, "Ayesha", "summit week", AT))


def reasons(store: Store, report: Report) -> list[tuple[DecisionKind, AlertReason | HoldReason]]:
    with store.read() as connection:
        return [(one.kind, one.reason) for one in decisions.decisions_of_item(connection, report.item.item_id)]


def matched(store: Store) -> dict[str, tuple[str | None, str | None]]:
    with store.read() as connection:
        return {row.watchlist: (row.reason, row.silence_id) for row in connection.execute(select(matches))}


def sent(store: Store) -> list[tuple[str, int]]:
    with store.read() as connection:
        return [(row.kind, row.sequence) for row in connection.execute(select(outbox_table).order_by(outbox_table.c.row_id))]


def test_a_silence_holds_the_next_batch_and_after_its_end_a_later_report_tells(
    handler: ReportHandler, store: Store, clock: ManualClock
) -> None:
    held, later = a_report(), a_report("two", outlet="Dawn")
    made = silence(store)
    handler.handle(delivered(held))
    assert reasons(store, held) == [(DecisionKind.HOLD, HoldReason.SILENCED)]
    assert matched(store) == {"gaming": ("silenced", made.silence_id)}
    with store.read() as connection:
        assert outbox.alerts(connection) == []
        (story,) = silences.held(connection, AT)
        assert stories.of_items(connection, [held.item.item_id]) == {held.item.item_id: story.story_id}
        (step,) = trail.of_item(connection, held.item.item_id)
    assert (story.title, story.articles) == (held.item.title, 1)
    assert step.detail is not None
    (verdict,) = (one for one in step.detail["watchlists"] if one["matched"])
    assert (step.reason, verdict["reason"], verdict["silence_id"]) == ("silenced", "silenced", made.silence_id)
    assert verdict["missed"].startswith("silenced by Ayesha until ")

    clock.set(NOW + timedelta(hours=1))
    handler.handle(delivered(held))  # a replay sends nothing late
    assert sent(store) == []
    handler.handle(delivered(later))
    assert reasons(store, later) == [(DecisionKind.ALERT, AlertReason.MATCHED)]
    assert sent(store) == [("parent", 0)]


def test_expired_by_a_command_it_holds_the_next_batch_no_longer(handler: ReportHandler, store: Store) -> None:
    made = silence(store)
    with store.begin() as connection:
        silences.expire(connection, made.silence_id, AT, "Omar")
    handler.handle(delivered(a_report()))
    assert sent(store) == [("parent", 0)]


def test_other_watchlists_tell_of_the_same_report_and_the_match_that_is_held_is_kept(handler: ReportHandler, store: Store) -> None:
    made = silence(store)
    report = a_report(text=BOTH)
    handler.handle(delivered(report))
    assert reasons(store, report) == [(DecisionKind.ALERT, AlertReason.MATCHED)]
    assert matched(store) == {"gaming": ("silenced", made.silence_id), "telecom": (None, None)}
    with store.read() as connection:
        assert [one["watchlists"] for one in outbox.alerts(connection)] == [["telecom"]]
        (decision,) = decisions.decisions_of_item(connection, report.item.item_id)
    assert [(one.watchlist, one.silence_id) for one in decision.watchlists] == [("telecom", None), ("gaming", made.silence_id)]


def test_a_story_is_silenced_by_its_id_however_it_was_told_before(handler: ReportHandler, store: Store) -> None:
    handler.handle(delivered(a_report()))
    with store.read() as connection:
        (story_id,) = stories.of_items(connection, [a_report().item.item_id]).values()
    made = silence(store, matchers={"story": (story_id,)})
    again = a_report("two", outlet="Dawn")
    other = a_report(
        "other", title="Korea to train esports coaches with Nepal", lead="", text="The gaming industry of Seoul.", partners=["KR"]
    )
    handler.handle(delivered(again, other))
    assert reasons(store, again) == [(DecisionKind.HOLD, HoldReason.SILENCED)]
    assert reasons(store, other) == [(DecisionKind.ALERT, AlertReason.MATCHED)]
    assert sent(store) == [("parent", 0), ("parent", 0)]
    with store.read() as connection:
        assert silences.stories_held(connection, [made.silence_id]) == {made.silence_id: 1}


def test_a_silence_that_has_not_begun_holds_nothing(handler: ReportHandler, store: Store) -> None:
    silence(store, begins=10)
    handler.handle(delivered(a_report()))
    assert sent(store) == [("parent", 0)]


def test_a_rehearsal_knows_no_silence(store: Store, clock: ManualClock) -> None:
    silence(store)
    with Rehearsal(watchlists=a_set(gaming=GAMING), routes=routes_to("desk"), clock=clock) as rehearsal:
        (decision,) = rehearsal.decide(delivered(a_report()))
    assert decision is not None
    assert decision.kind is DecisionKind.ALERT


# --- the watch


class StandingBy(AlwaysLeading):
    def leading(self) -> bool:
        return False


def counted(metrics: Metrics) -> dict[str, float]:
    return {sample.labels["state"]: sample.value for family in metrics.silences.collect() for sample in family.samples}


def a_watch(store: Store, clock: ManualClock, metrics: Metrics, leadership: AlwaysLeading | None = None) -> SilenceWatch:
    return SilenceWatch(store=store, clock=clock, metrics=metrics, leadership=leadership or AlwaysLeading())


def test_the_watch_counts_warns_once_and_says_what_has_ended_and_what_it_held(
    handler: ReportHandler, store: Store, clock: ManualClock, metrics: Metrics
) -> None:
    made = silence(store, length=2 * 3_600)
    silence(store, begins=600, length=2 * 3_600, matchers={"country": ("KR",)})
    handler.handle(delivered(a_report()))
    watch = a_watch(store, clock, metrics)
    with capture_logs() as logs:
        assert watch.step() == LOOK_S
        assert counted(metrics) == {"pending": 1, "active": 1, "ending": 0}
        clock.set(NOW + timedelta(hours=1))
        watch.step()
        a_watch(store, clock, metrics).step()  # a standby that took over
        assert counted(metrics) == {"pending": 0, "active": 1, "ending": 1}
        clock.set(NOW + timedelta(hours=2))
        watch.step()
    warned = [one for one in logs if one["event"] == "silence ends soon"]
    assert [(one["silence"], one["log_level"], one["left"], one["by"]) for one in warned][:1] == [
        (made.silence_id, "warning", "1:00:00", "Ayesha")
    ]
    assert len({one["silence"] for one in warned}) == len(warned)
    (ended,) = (one for one in logs if one["event"] == "silence has ended")
    assert (ended["silence"], ended["stories_held"], ended["what"]) == (made.silence_id, 1, "watchlist gaming")
    assert watch.idle()


def test_a_standby_counts_nothing_and_one_that_lost_its_role_warns_of_nothing(store: Store, clock: ManualClock, metrics: Metrics) -> None:
    silence(store, length=600)
    assert a_watch(store, clock, metrics, StandingBy()).step() == STANDBY_S
    assert counted(metrics) == {}

    class Lost(AlwaysLeading):
        def check(self, connection: object) -> int:
            raise Fenced("another one")

    with capture_logs() as logs, pytest.raises(Fenced):
        a_watch(store, clock, metrics, Lost()).step()
    assert logs == []
