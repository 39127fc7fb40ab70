from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from alerting.desk import Desk
from alerting.leadership import LeaderGate, StoreLeadership
from alerting.publisher import PublisherWorker
from alerting.routes import RouteTable
from alerting.stage import ReportHandler
from newswire.bus import Delivered
from newswire.clock import ManualClock
from newswire.codec import decode
from newswire.errors import Fenced, Retryable
from newswire.metrics import Metrics
from newswire.outcomes import AlertReason, DeadReason, HoldReason, PageReason, ReportOutcome, RetryReason, RunStage, SendOutcome, Stage
from newswire.records import Basis, DeadLetter, Decision, DecisionKind, Delivery, Label, Report
from newswire.store import Store, archive, decisions, outbox, stories, trail
from newswire.store.tables import matches
from newswire.topics import ALERTS, DEAD, REPORTS, Topic
from tests.alerting_builders import GAMING, TELECOM, AlwaysLeading, a_report, a_set, delivered, page_of, routes_to
from tests.fakes import NOW, MemoryBus

Make = Callable[..., ReportHandler]


@pytest.fixture
def make(store: Store, clock: ManualClock, metrics: Metrics) -> Make:
    def made(leadership: AlwaysLeading | None = None, **watchlists: object) -> ReportHandler:
        desk = Desk(a_set(**(watchlists or {"gaming": GAMING})), routes_to("desk"))
        return ReportHandler(
            desk=lambda: desk,
            store=store,
            clock=clock,
            metrics=metrics,
            leadership=leadership or AlwaysLeading(),
        )

    return made


def taken(store: Store, report: Report) -> list[Decision]:
    with store.read() as connection:
        return decisions.decisions_of_item(connection, report.item.item_id)


def alerts(store: Store) -> list[str]:
    with store.read() as connection:
        return [one["title"] for one in outbox.alerts(connection)]


def counted(metrics: Metrics) -> dict[tuple[str, str], float]:
    return {
        (sample.labels["outcome"], sample.labels["reason"]): sample.value
        for family in metrics.reports.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }


def test_a_batch_is_decided_on_the_one_set_that_was_in_force_when_it_began_and_records_its_hash(
    store: Store, clock: ManualClock, metrics: Metrics
) -> None:
    first = Desk(a_set(gaming=GAMING), routes_to("desk"))
    second = Desk(a_set(gaming=GAMING | {"when": {"any": ["gaming industry"]}}), routes_to("ops"))
    taken_in_turn = iter((first, second))
    handler = ReportHandler(
        desk=lambda: next(taken_in_turn), store=store, clock=clock, metrics=metrics, leadership=AlwaysLeading()
    )  # a second look in one batch would take the second set, and a third would raise
    told = [a_report("one"), a_report("two", title="Korea and Pakistan agree on spectrum", partners=("KR",))]
    later = a_report("three", title="Envoy of Norway speaks of the gaming industry", partners=("NO",))
    handler.handle(delivered(*told))
    handler.handle(delivered(later))
    for report, desk, receiver in ((told[0], first, "desk"), (told[1], first, "desk"), (later, second, "ops")):
        (decision,) = taken(store, report)
        assert [verdict.content_hash for verdict in decision.watchlists] == [desk.watchlists.named("gaming").content_hash]
        assert decision.receivers == (receiver,)
    assert first.watchlists.named("gaming").content_hash != second.watchlists.named("gaming").content_hash


def test_one_batch_gives_decisions_stories_outbox_archive_and_trail(make: Make, store: Store, metrics: Metrics) -> None:
    told, silent = a_report(), a_report("quiet", label=Label.DOMESTIC, partners=())
    handled = make().handle(delivered(told, silent, page_of(told, text=told.text + " The promotion of the gaming industry came first.")))
    assert handled.outputs == []
    assert [(d.kind, d.reason) for d in taken(store, told)] == [
        (DecisionKind.ALERT, AlertReason.MATCHED),
        (DecisionKind.JOIN, AlertReason.MORE_EVIDENCE),
    ]
    (quiet,) = taken(store, silent)
    assert (quiet.reason, quiet.story_id) == (HoldReason.LABEL, None)
    assert alerts(store) == [told.item.title]
    with store.read() as connection:
        assert stories.of_items(connection, [told.item.item_id, silent.item.item_id]) == {told.item.item_id: taken(store, told)[0].story_id}
        assert archive.of_item(connection, told.item.item_id)[0] == told
        assert len(archive.page(connection, NOW.timestamp())) == 3
        steps = {step.step: step for step in trail.of_item(connection, told.item.item_id)}
        (held,) = trail.of_item(connection, silent.item.item_id)
    assert (steps["feed"].stage, steps["feed"].outcome, steps["page"].outcome) == (Stage.ALERT, "alerted", "joined")
    assert steps["feed"].detail is not None
    assert steps["feed"].detail["watchlists"][0]["because"] == ["gaming industry", "partner US"]
    assert steps["feed"].detail["story"]["reason"] == "opened"
    assert held.reason == "label"
    assert held.detail is not None
    assert held.detail["watchlists"][0]["missed"] == "label is domestic (0.97), wants diplomacy"
    assert counted(metrics) == {("alerted", "matched"): 1, ("joined", "more_evidence"): 1, ("held", "label"): 1}
    assert metrics.registry.get_sample_value("newswire_alerting_reports_in_total") == 3
    assert metrics.registry.get_sample_value("newswire_alerting_matches_total", {"watchlist": "gaming"}) == 2


def test_a_replay_changes_nothing_and_is_counted(make: Make, store: Store, metrics: Metrics) -> None:
    messages = delivered(a_report(), a_report())
    make().handle(messages)
    before = taken(store, a_report())
    make().handle(messages)
    assert taken(store, a_report()) == before
    assert len(alerts(store)) == 1
    assert counted(metrics)[ReportOutcome.REPLAYED, ""] == 3
    assert metrics.registry.get_sample_value("newswire_alerting_reports_in_total") == sum(counted(metrics).values())


def test_a_changed_title_makes_no_new_alert(make: Make, store: Store, clock: ManualClock) -> None:
    handler = make()
    handler.handle(delivered(a_report()))
    pass_time(clock, 60)
    handler.handle(delivered(a_report(revision="r2", title="Something else altogether about the gaming industry")))
    assert [d.reason for d in taken(store, a_report())] == [AlertReason.MATCHED, AlertReason.REVISED]
    assert alerts(store) == ["Something else altogether about the gaming industry"]


def test_later_outlets_join_in_the_same_batch_in_the_next_and_after_a_restart(make: Make, store: Store) -> None:
    first = make()
    first.handle(delivered(a_report(), a_report("two", outlet="Dawn")))
    first.handle(delivered(a_report("three", outlet="Jang")))
    make().handle(delivered(a_report("four", outlet="APP")))
    assert len(alerts(store)) == 1
    with store.read() as connection:
        story = taken(store, a_report())[0].story_id
        assert story is not None
        sequence, _ = outbox.told(connection, [story])[story]["desk"]
        assert sequence == 3
        assert set(stories.of_items(connection, [a_report(key).item.item_id for key in ("one", "two", "three", "four")]).values()) == {
            story
        }


def test_another_event_is_another_alert(make: Make, store: Store) -> None:
    other = a_report(
        "korea",
        title="Seoul and Islamabad open talks on esports",
        lead="Ambassador Park Kijun called on the secretary.",
        text="A centre for the gaming industry will be built in Lahore with a Korean loan.",
        partners=("KR",),
    )
    make().handle(delivered(a_report(), other))
    assert len(alerts(store)) == 2


def test_a_page_that_does_not_match_takes_the_headline_back(make: Make, store: Store) -> None:
    handler = make()
    handler.handle(delivered(a_report()))
    handler.handle(delivered(page_of(a_report(), label=Label.DOMESTIC)))
    assert taken(store, a_report())[1].reason is AlertReason.NOT_SUPPORTED
    with store.read() as connection:
        story = taken(store, a_report())[0].story_id or ""
        assert "label is domestic (0.97), wants diplomacy" in outbox.told(connection, [story])[story]["desk"][1]


def test_an_old_item_and_a_backlog_are_held(make: Make, store: Store) -> None:
    old = a_report("old", published_at=NOW - timedelta(days=9))
    backlog = a_report("backlog", published_at=None, backlog=True)
    make().handle(delivered(old, backlog))
    assert [taken(store, one)[0].reason for one in (old, backlog)] == [HoldReason.MAX_AGE, HoldReason.BACKLOG]


def test_a_bad_record_is_a_dead_letter_and_the_next_is_decided(make: Make, store: Store, metrics: Metrics) -> None:
    bad = Delivered(REPORTS.name, 0, 7, "k", b'{"record":"report","schema":99}', {}, NOW)
    handled = make().handle([bad, *delivered(a_report())])
    (output,) = handled.outputs
    assert output.topic is DEAD
    assert (ReportOutcome.DEAD, "unknown_schema") not in counted(metrics)  # it is not durable yet, and comes again where that fails
    assert handled.after is not None
    handled.after()
    letter = decode(DeadLetter, output.message.value)
    assert (letter.stage, letter.reason) == (Stage.ALERT, DeadReason.UNKNOWN_SCHEMA)
    assert len(alerts(store)) == 1
    assert counted(metrics)[ReportOutcome.DEAD, "unknown_schema"] == 1


def test_what_was_rolled_back_leaves_no_trace_in_stories_and_figures(make: Make, store: Store, metrics: Metrics) -> None:
    class FailsOnce(AlwaysLeading):
        failures = 1

        def check(self, connection: Connection) -> int:
            if self.failures:
                self.failures -= 1
                raise Retryable(RetryReason.STORE, "the fake was told to fail")
            return self.epoch

    handler = make(FailsOnce())
    with pytest.raises(Retryable):
        handler.handle(delivered(a_report()))
    assert taken(store, a_report()) == []
    handler.handle(delivered(a_report()))
    assert taken(store, a_report())[0].kind is DecisionKind.ALERT
    assert metrics.registry.get_sample_value("newswire_alerting_reports_in_total") == sum(counted(metrics).values()) == 1


def test_a_new_epoch_reads_the_stories_anew(make: Make, store: Store) -> None:
    here, there = AlwaysLeading(), AlwaysLeading()
    mine, other = make(here), make(there)
    mine.handle(delivered(a_report("early", title="Kenya and China on 5G", text="spectrum", lead="", home="KE", partners=("CN",))))
    other.handle(delivered(a_report()))
    here.epoch = 3
    mine.handle(delivered(a_report("two", outlet="Dawn")))
    assert taken(store, a_report("two"))[0].story_id == taken(store, a_report())[0].story_id


def test_two_watchlists_make_one_message(make: Make, store: Store) -> None:
    make(gaming=GAMING, telecom=TELECOM).handle(delivered(a_report(text="The gaming industry and 5G spectrum were discussed.")))
    with store.read() as connection:
        (alert,) = outbox.alerts(connection)
    assert alert["watchlists"] == ["gaming", "telecom"]
    assert alert["severity"] == "high"


def matched(store: Store) -> list[tuple[str, str, str | None]]:
    with store.read() as connection:
        rows = connection.execute(select(matches.c.watchlist, matches.c.basis, matches.c.reason).order_by(*matches.primary_key)).all()
    return [tuple(row) for row in rows]


def test_every_match_has_a_row_the_held_ones_too_and_a_replay_adds_none(make: Make, store: Store) -> None:
    handler = make(
        gaming=GAMING, staged={**GAMING, "status": "staged"}, draft={**GAMING, "status": "draft"}, muted={**GAMING, "status": "muted"}
    )
    messages = delivered(a_report(), page_of(a_report()), a_report("quiet", label=Label.DOMESTIC, partners=()))
    handler.handle(messages)
    expected = [
        (name, basis, reason) for name, reason in (("gaming", None), ("muted", "muted"), ("staged", "staged")) for basis in ("feed", "page")
    ]
    assert matched(store) == expected
    handler.handle(messages)
    assert matched(store) == expected
    first, _ = taken(store, a_report())
    assert [(one.watchlist, one.reason) for one in first.watchlists] == [
        ("gaming", None),
        ("muted", HoldReason.MUTED),
        ("staged", HoldReason.STAGED),
    ]
    assert alerts(store) == [a_report().item.title]
    with store.read() as connection:
        (alert,) = outbox.alerts(connection)
        row = connection.execute(select(matches).where(matches.c.watchlist == "gaming", matches.c.basis == "feed")).one()
    assert alert["watchlists"] == ["gaming"]
    assert (row.story_id, row.at, row.severity, row.title) == (first.story_id, NOW.timestamp(), "high", a_report().item.title)
    assert (row.because, row.outlet, row.url) == ('["gaming industry", "partner US"]', "The Nation", a_report().item.url)
    assert row.content_hash == first.watchlists[0].content_hash


def test_what_a_staged_watchlist_would_not_send_is_not_called_staged(make: Make, store: Store) -> None:
    old = a_report("old", published_at=NOW - timedelta(days=9))
    make(staged={**GAMING, "status": "staged"}).handle(delivered(old, a_report("backlog", published_at=None, backlog=True)))
    assert sorted(reason or "" for _, _, reason in matched(store)) == ["backlog", "max_age"]


def test_a_match_that_no_receiver_hears_is_not_told(store: Store, clock: ManualClock, metrics: Metrics) -> None:
    compiled = a_set(gaming=GAMING, staged={**GAMING, "status": "staged"})
    nobody = routes_to("desk").model_copy(update={"route": RouteTable.model_construct(to=(), routes=())})
    desk = Desk(compiled, nobody)
    handler = ReportHandler(desk=lambda: desk, store=store, clock=clock, metrics=metrics, leadership=AlwaysLeading())
    handler.handle(delivered(a_report()))
    assert matched(store) == [("gaming", "feed", "no_receiver"), ("staged", "feed", "no_receiver")]


def test_decisions_and_deliveries_are_published_from_their_rows_once(make: Make, store: Store, clock: ManualClock) -> None:
    bus = MemoryBus()
    publisher = PublisherWorker(store=store, bus=bus, clock=clock, leadership=AlwaysLeading())
    assert publisher.step() > 0
    assert publisher.idle()
    make().handle(delivered(a_report(), a_report("quiet", label=Label.OTHER)))
    assert not publisher.idle()
    assert publisher.step() == 0
    with store.begin() as connection:
        row = outbox.next_due(connection, "desk", NOW.timestamp())
        assert row is not None
        outbox.mark_sent(connection, row, SendOutcome.FOUND, channel="C1", reference="12.5", at=NOW.timestamp())
    publisher.step()
    assert publisher.idle()
    told = [message for message in bus.browse(ALERTS) if message.headers["schema"] == "decision/1"]
    assert {decode(Decision, message.value).kind for message in told} == {DecisionKind.ALERT, DecisionKind.HOLD}
    (sent,) = (message for message in bus.browse(ALERTS) if message.headers["schema"] == "delivery/1")
    delivery = decode(Delivery, sent.value)
    assert (delivery.outcome, delivery.reference, delivery.trace_id) == (SendOutcome.FOUND, "12.5", "trace-one")
    assert sent.key == delivery.story_id


def test_a_refusal_becomes_a_dead_letter_with_its_decision(make: Make, store: Store, clock: ManualClock) -> None:
    bus = MemoryBus()
    make().handle(delivered(a_report()))
    with store.begin() as connection:
        row = outbox.next_due(connection, "desk", NOW.timestamp())
        assert row is not None
        outbox.mark_failed(connection, row.row_id, "msg_too_long", at=NOW.timestamp())
    PublisherWorker(store=store, bus=bus, clock=clock, leadership=AlwaysLeading()).step()
    (message,) = bus.browse(DEAD)
    letter = decode(DeadLetter, message.value)
    assert (letter.stage, letter.reason, letter.topic) == (Stage.DELIVER, DeadReason.REFUSED, ALERTS.name)
    assert "msg_too_long" in letter.error


def test_rows_are_not_marked_where_the_bus_fails(make: Make, store: Store, clock: ManualClock) -> None:
    class Broken(MemoryBus):
        def publish(self, topic: Topic, messages: object) -> None:
            raise Retryable(RetryReason.BUS, "down")

    make().handle(delivered(a_report()))
    publisher = PublisherWorker(store=store, bus=Broken(), clock=clock, leadership=AlwaysLeading())
    with pytest.raises(Retryable):
        publisher.step()
    assert not publisher.idle()


def a_leadership(store: Store, clock: ManualClock, owner: str) -> StoreLeadership:
    return StoreLeadership(store=store, clock=clock, metrics=Metrics(), owner=owner)


def pass_time(clock: ManualClock, seconds: float) -> None:
    clock.set(clock.now() + timedelta(seconds=seconds))


def test_one_leads_and_another_takes_over_within_the_lease(store: Store, clock: ManualClock) -> None:
    first, second = a_leadership(store, clock, "first"), a_leadership(store, clock, "second")
    assert first.leading()
    assert not second.leading()
    for _ in range(5):
        pass_time(clock, 4)
        assert first.leading()
        assert not second.leading()
    pass_time(clock, 10.5)  # the first one has stopped
    assert second.leading()
    with store.begin() as connection, pytest.raises(Fenced):
        first.check(connection)
    assert not first.leading()
    with store.begin() as connection:
        assert second.check(connection) == 2


def test_who_resigns_is_followed_at_once(store: Store, clock: ManualClock) -> None:
    first, second = a_leadership(store, clock, "first"), a_leadership(store, clock, "second")
    assert first.leading()
    assert not second.leading()
    first.resign()
    pass_time(clock, 1.5)
    assert not first.leading()
    assert second.leading()
    with store.begin() as connection, pytest.raises(Fenced):
        first.check(connection)


class Counting:
    name = "counting"

    def __init__(self) -> None:
        self.steps = self.closed = 0

    def step(self) -> float:
        self.steps += 1
        return 0.0

    def idle(self) -> bool:
        return self.steps > 0

    def close(self) -> None:
        self.closed += 1


def test_the_gate_lets_only_the_leader_work_and_leaves_the_group_when_it_falls_back(store: Store, clock: ManualClock) -> None:
    first, second = a_leadership(store, clock, "first"), a_leadership(store, clock, "second")
    working, waiting = Counting(), Counting()
    active, standby = LeaderGate(working, leadership=first), LeaderGate(waiting, leadership=second)
    assert active.step() == 0
    assert standby.step() > 0
    assert (working.steps, waiting.steps, waiting.closed) == (1, 0, 0)
    assert active.idle()
    pass_time(clock, 11)
    assert standby.step() == 0
    assert active.step() > 0
    assert (working.steps, working.closed) == (1, 1)
    standby.close()
    pass_time(clock, 2)
    assert active.step() == 0


def test_a_report_that_waited_for_a_page_in_vain_is_not_timed_as_one_of_the_feeds_text(make: Make, metrics: Metrics) -> None:
    """The alarm on slow decisions asks for what the feed's text decides; walls and teasers are everyday."""
    metrics.runs(RunStage.ALERT)
    first = a_report()
    make().handle(delivered(first, replace(first, final=True, page_failure=PageReason.LESS_TEXT)))
    timed = {basis: metrics.registry.get_sample_value("newswire_seen_to_decided_seconds_count", {"basis": basis}) for basis in Basis}
    assert timed == {Basis.FEED: 1, Basis.PAGE: 1}
