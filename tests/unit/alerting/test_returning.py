"""A story that returns after days, through the alerting stage: its first message points at what the same receiver was told."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from alerting.desk import Desk
from alerting.message import Earlier, EarlierKind, Message, from_json
from alerting.stage import ReportHandler
from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.outcomes import SendState
from newswire.records import Report
from newswire.store import Store, retention, story_marks, trail
from newswire.store.tables import outbox, stories
from newswire.store.tables import story_marks as marks_table
from tests.alerting_builders import AlwaysLeading, a_report, a_set, delivered, routes_to
from tests.fakes import NOW

PARKS = {"title": "IT parks", "severity": "medium", "when": {"any": ["IT park"], "partners": "any"}}
DAY = timedelta(days=1)


def seen_at(at: datetime, report: Report) -> Report:
    return replace(report, item=replace(report.item, seen_at=at))


def loan(at: datetime = NOW) -> Report:
    return seen_at(
        at,
        a_report(
            "loan",
            title="Korea Eximbank approves 76 million dollars for Karachi IT park",
            lead="Ambassador Park Kijun told the IT minister so.",
            text="Korea's Eximbank approved a loan of 76.3 million dollars for the IT park in Karachi.",
            partners=("KR",),
            topics=("it_parks",),
            organisations=("Korea Eximbank",),
            published_at=at,
        ),
    )


def ground(at: datetime, key: str = "ground", outlet: str = "Dawn") -> Report:
    return seen_at(
        at,
        a_report(
            key,
            title="Ground broken in Karachi for IT park with Korean loan",
            lead="Ambassador Park Kijun and the IT minister were there.",
            text="Korea Eximbank pays for the Karachi IT park with 76.3 million dollars.",
            partners=("KR",),
            topics=("it_parks",),
            organisations=("Korea Eximbank",),
            published_at=at,
            outlet=outlet,
        ),
    )


class Desks:
    """The stage on a store, whoever its receivers are."""

    def __init__(self, store: Store, clock: ManualClock, metrics: Metrics) -> None:
        self.store, self.clock, self.metrics = store, clock, metrics

    def hears(self, *receivers: str) -> ReportHandler:
        desk = Desk(a_set(parks=PARKS), routes_to(*receivers))
        return ReportHandler(desk=lambda: desk, store=self.store, clock=self.clock, metrics=self.metrics, leadership=AlwaysLeading())

    def messages(self, item_id: str) -> dict[str, Message]:
        with self.store.read() as connection:
            rows = connection.execute(select(outbox).where(outbox.c.item_id == item_id, outbox.c.kind.in_(("parent", "edit")))).all()
        return {row.receiver: from_json(row.message) for row in rows}

    def after(self, days: float) -> datetime:
        self.clock.set(NOW + timedelta(days=days))
        return self.clock.now()


@pytest.fixture
def desks(store: Store, clock: ManualClock, metrics: Metrics) -> Desks:
    return Desks(store, clock, metrics)


def test_a_story_that_returns_after_days_points_at_the_old_message_and_the_trail_says_why(desks: Desks) -> None:
    desks.hears("desk").handle(delivered(loan()))
    at = desks.after(20)
    desks.hears("desk").handle(delivered(ground(at)))
    old, new = desks.messages(loan().item.item_id)["desk"], desks.messages(ground(at).item.item_id)["desk"]
    assert new.story_id != old.story_id
    assert new.earlier == Earlier(EarlierKind.RETURNED, old.story_id, "desk", NOW, loan().item.title)
    with desks.store.read() as connection:
        (step,) = (one for one in trail.of_item(connection, ground(at).item.item_id) if one.stage == "alert")
    assert step.detail is not None
    assert step.detail["returns_to"]["story_id"] == old.story_id
    assert step.detail["returns_to"]["nearest"] == loan().item.item_id
    assert step.detail["story"]["reason"] == "opened"


def test_what_comes_within_the_window_joins_and_links_nothing(desks: Desks) -> None:
    desks.hears("desk").handle(delivered(loan()))
    at = desks.after(2)
    desks.hears("desk").handle(delivered(ground(at)))
    (message,) = desks.messages(ground(at).item.item_id).values()
    assert message.earlier is None


@pytest.mark.parametrize("days", [70, 200])
def test_after_two_months_it_is_news(desks: Desks, days: float) -> None:
    desks.hears("desk").handle(delivered(loan()))
    at = desks.after(days)
    desks.hears("desk").handle(delivered(ground(at)))
    assert desks.messages(ground(at).item.item_id)["desk"].earlier is None


def test_a_receiver_that_was_not_told_is_not_pointed_at_what_another_one_was(desks: Desks) -> None:
    desks.hears("desk").handle(delivered(loan()))
    at = desks.after(20)
    desks.hears("desk", "embassies").handle(delivered(ground(at)))
    messages = desks.messages(ground(at).item.item_id)
    assert messages["desk"].earlier is not None
    assert messages["embassies"].earlier is None


def test_a_message_that_was_given_up_was_told_to_nobody(desks: Desks) -> None:
    desks.hears("desk").handle(delivered(loan()))
    with desks.store.begin() as connection:
        connection.execute(outbox.update().values(state=SendState.FAILED.value))
    at = desks.after(20)
    desks.hears("desk").handle(delivered(ground(at)))
    assert desks.messages(ground(at).item.item_id)["desk"].earlier is None


def test_a_second_report_of_the_same_batch_keeps_the_link(desks: Desks) -> None:
    desks.hears("desk").handle(delivered(loan()))
    at = desks.after(20)
    desks.hears("desk").handle(delivered(ground(at), ground(at, "second", "Jang")))
    with desks.store.read() as connection:
        rows = connection.execute(select(outbox.c.message).where(outbox.c.kind == "edit")).scalars().all()
    assert [from_json(message).earlier is not None for message in rows] == [True]


def test_a_story_without_a_watchlist_is_never_looked_up(desks: Desks) -> None:
    desks.hears("desk").handle(delivered(a_report(text="Nothing that a watchlist asks for.")))
    with desks.store.read() as connection:
        assert connection.execute(select(marks_table)).all() == []
        assert len(connection.execute(select(stories)).all()) == 1


def test_marks_go_with_their_story(desks: Desks) -> None:
    desks.hears("desk").handle(delivered(loan()))
    with desks.store.begin() as connection:
        connection.execute(outbox.update().values(state=SendState.SENT.value, published=True, settled_at=0.0))
        assert story_marks.first_told(connection, desks.messages(loan().item.item_id)["desk"].story_id)["desk"].title == loan().item.title
        retention.forget_stories(connection, (NOW + DAY).timestamp(), 10)
        assert connection.execute(select(marks_table)).all() == []
