"""Later reports of a story through the whole stage: what waits in the outbox, when it is due, and what is said in the end."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from alerting import bulletin as bulletins
from alerting import updates
from alerting.desk import Desk
from alerting.message import Message, from_json
from alerting.stage import ReportHandler
from alerting.updates import Update
from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.outcomes import SendState
from newswire.records import MessageKind, Report
from newswire.store import Store, open_store
from newswire.store.tables import METADATA, outbox
from tests.alerting_builders import GAMING, AlwaysLeading, a_report, a_set, delivered, page_of, routes_to
from tests.fakes import NOW

MINUTE = 60.0
AT = NOW.timestamp()


class Stage:
    """A stage over a store, its clock, and a sender that only marks rows."""

    def __init__(self, store: Store, **alert: Any) -> None:
        self.store, self.clock = store, ManualClock(NOW)
        self._desk = Desk(a_set(gaming=GAMING | {"alert": alert}), routes_to("desk"))
        self._handler = ReportHandler(desk=lambda: self._desk, store=store, clock=self.clock, metrics=Metrics(), leadership=AlwaysLeading())

    def hand(self, *reports: Report, minute: float | None = None) -> None:
        if minute is not None:
            self.clock.set(NOW + timedelta(minutes=minute))
        self._handler.handle(delivered(*reports))

    def send(self, minute: float) -> None:
        """Mark every row that is due then as sent."""
        at = AT + minute * MINUTE
        with self.store.begin() as connection:
            due = update(outbox).where(outbox.c.state == SendState.NEW.value, outbox.c.next_try_at <= at)
            connection.execute(due.values(state=SendState.SENT.value, attempts=1, settled_at=at))

    def rows(self, kind: MessageKind) -> list[Any]:
        with self.store.read() as connection:
            return list(connection.execute(select(outbox).where(outbox.c.kind == kind.value).order_by(outbox.c.sequence)).all())

    def replies(self) -> list[tuple[int, float, list[str]]]:
        """Return of each reply its sequence, the minute at which it is due, and the outlets that it names."""
        return [
            (row.sequence, round((row.next_try_at - AT) / MINUTE, 3), [one.outlet for one in updates.from_json(row.message).reports])
            for row in self.rows(MessageKind.REPLY)
        ]

    def said(self) -> list[Update]:
        return [updates.from_json(row.message) for row in self.rows(MessageKind.REPLY)]

    def newest(self) -> Message:
        rows = [*self.rows(MessageKind.PARENT), *self.rows(MessageKind.EDIT)]
        return from_json(max(rows, key=lambda row: row.sequence).message)


@pytest.fixture
def stage(store: Store) -> Stage:
    return Stage(store)


def an_outlet(name: str, *, minute: float = 0, **changes: Any) -> Report:
    """Return the report of another outlet, seen at that minute."""
    report = a_report(name, outlet=name, **changes)
    return replace(report, item=replace(report.item, seen_at=NOW + timedelta(minutes=minute)))


def test_replies_gather_grow_and_keep_their_distance(stage: Stage) -> None:
    stage.hand(a_report())
    stage.send(0)
    stage.hand(an_outlet("Dawn"), minute=3)
    stage.hand(an_outlet("Jang"), an_outlet("APP"), minute=9)
    assert stage.replies() == [(1, 15, ["Dawn", "Jang", "APP"])]
    stage.send(15)
    stage.hand(an_outlet("Geo"), minute=16)
    assert stage.replies()[1:] == [(2, 30, ["Geo"])]
    stage.send(30)
    stage.hand(an_outlet("Samaa"), minute=300)
    assert stage.replies()[2:] == [(3, 300, ["Samaa"])], "the last reply is long ago"
    assert len({one.update_id for one in stage.said()}) == 3


def test_what_is_urgent_takes_along_what_was_gathered(stage: Stage) -> None:
    stage.hand(a_report())
    stage.hand(an_outlet("Dawn"), minute=3)
    stage.hand(an_outlet("Jang", partners=("US", "JP")), minute=4)
    assert stage.replies() == [(1, 4, ["Dawn", "Jang"])]
    assert stage.said()[0].partners == ("JP",)
    stage.hand(an_outlet("APP"), minute=5)
    assert stage.replies() == [(1, 4, ["Dawn", "Jang", "APP"])], "it was not sent yet"


def test_a_flood_of_new_partners_is_one_reply_in_five_minutes(stage: Stage) -> None:
    stage.hand(a_report())
    stage.send(0)
    for minute, partner in enumerate(("JP", "KR", "FR", "DE", "IT", "ES", "NL"), start=1):
        stage.hand(an_outlet(f"Outlet {minute}", partners=("US", partner)), an_outlet(f"Other {minute}"), minute=minute)
        stage.send(minute)
    assert [due for _, due, _ in stage.replies()] == [1, 6, 11]
    assert [one.partners for one in stage.said()] == [("JP",), ("KR", "FR", "DE", "IT", "ES"), ("NL",)]


def test_a_retraction_waits_for_no_other_reply(stage: Stage) -> None:
    partner = an_outlet("Dawn", partners=("US", "JP"))
    stage.hand(a_report())
    stage.send(0)
    stage.hand(partner, minute=1)
    stage.send(1)
    stage.hand(*(page_of(one, text="Weather.", partners=()) for one in (a_report(), partner)), minute=2)
    assert [due for _, due, _ in stage.replies()] == [1, 2]
    assert stage.said()[-1].unsupported is not None


def test_a_reply_that_the_sender_has_begun_grows_no_more(stage: Stage) -> None:
    stage.hand(a_report())
    stage.hand(an_outlet("Dawn"), minute=3)
    with stage.store.begin() as connection:
        begun = update(outbox).where(outbox.c.kind == MessageKind.REPLY.value)
        connection.execute(begun.values(state=SendState.NEW.value, attempts=1))  # refused once, to be tried again
    stage.hand(an_outlet("Jang"), minute=4)
    assert [(sequence, outlets) for sequence, _, outlets in stage.replies()] == [(1, ["Dawn"]), (2, ["Jang"])]


def test_a_reply_that_cannot_be_read_stops_no_story(stage: Stage) -> None:
    stage.hand(a_report())
    stage.hand(an_outlet("Dawn"), minute=3)
    for attempts, message in ((0, "{}"), (2, bulletins.to_json(updates.laid_out(stage.said()[0])))):
        with stage.store.begin() as connection:
            connection.execute(update(outbox).where(outbox.c.kind == MessageKind.REPLY.value).values(message=message, attempts=attempts))
        stage.hand(an_outlet(f"Jang {attempts}"), minute=4 + attempts)
        row = stage.rows(MessageKind.REPLY)[-1]
        assert [one.outlet for one in updates.from_json(row.message).reports] == [f"Jang {attempts}"]


def test_a_replay_of_any_batch_changes_nothing(stage: Stage) -> None:
    batches: list[list[Report]] = [[a_report(), an_outlet("Dawn")], [an_outlet("Jang"), page_of(a_report())]]
    for batch in batches:
        stage.hand(*batch)
    before = [row._mapping for kind in MessageKind for row in stage.rows(kind)]
    for batch in batches:
        stage.hand(*batch)
    assert [row._mapping for kind in MessageKind for row in stage.rows(kind)] == before


def test_under_a_message_told_anew_replies_begin_anew_and_the_old_thread_keeps_its_own(store: Store) -> None:
    stage = Stage(store, realert="24h", update_every="2h")
    stage.hand(a_report())
    stage.send(0)
    stage.hand(an_outlet("Dawn", minute=23 * 60), minute=23 * 60)
    stage.hand(an_outlet("Jang", minute=24 * 60), an_outlet("APP", minute=24 * 60), minute=24 * 60)
    old, new = stage.rows(MessageKind.PARENT)
    assert (old.sequence, new.sequence) == (0, 2)
    assert old.alert_id != new.alert_id
    assert [(row.alert_id, row.sequence) for row in stage.rows(MessageKind.REPLY)] == [(old.alert_id, 1), (new.alert_id, 2)]
    assert [outlets for _, _, outlets in stage.replies()] == [["Dawn"], ["APP"]], "Jang stands in the message told anew"
    assert stage.replies()[1][1] == 26 * 60


def test_a_reply_in_the_channel_puts_off_that_the_story_is_told_anew(store: Store) -> None:
    stage = Stage(store, realert="24h", updates="message", update_every="5m")
    stage.hand(a_report())
    stage.send(0)
    stage.hand(an_outlet("Dawn"), minute=60)
    stage.send(60)
    stage.hand(an_outlet("Jang", minute=24 * 60), minute=24 * 60)
    assert len(stage.rows(MessageKind.PARENT)) == 1
    stage.send(24 * 60)
    stage.hand(an_outlet("APP", minute=49 * 60), minute=49 * 60)
    assert len(stage.rows(MessageKind.PARENT)) == 2


def test_a_page_that_takes_the_headline_back_is_said_in_the_thread_at_once(stage: Stage) -> None:
    stage.hand(a_report())
    stage.hand(page_of(a_report(), text="Weather.", partners=()), minute=2)
    (said,) = stage.said()
    assert said.unsupported is not None
    assert stage.replies() == [(1, 2, [])]
    assert stage.newest().threaded


def test_a_changed_headline_is_said_once_and_an_official_source_is_named(stage: Stage) -> None:
    report = a_report()
    stage.hand(report)
    revised = a_report(revision="r2", title="Pakistan, US agree on IT")
    stage.hand(revised, replace(page_of(revised)), minute=2)
    official = an_outlet("Ministry of Foreign Affairs")
    stage.send(2)
    stage.hand(replace(official, item=replace(official.item, source_url="https://mofa.gov.pk/feed")), minute=3)
    first, second = stage.said()
    assert [(one.old, one.new) for one in first.corrections] == [(report.item.title, "Pakistan, US agree on IT")]
    assert second.officials == ("Ministry of Foreign Affairs",)
    assert stage.replies()[1][1] == 3


@pytest.fixture(scope="module")
def scratch() -> Iterator[Store]:
    """A store in memory for many short lives: `emptied` before each."""
    store = open_store("sqlite://")
    yield store
    store.close()


def emptied(store: Store) -> Stage:
    with store.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(delete(table))
    return Stage(store)


FLOW = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["Dawn", "Jang", "APP"]), st.booleans(), st.sampled_from(["US", "KR"])),
    min_size=1,
    max_size=7,
    unique_by=lambda one: (one[0], one[2]),
)


def reports_of(flow: Sequence[tuple[str, str, bool, str]]) -> list[Report]:
    """Return the flow's reports; an item has the same outlet and partners in its feed's report and its page's."""
    facts = {key: (outlet, tuple(dict.fromkeys(("US", partner)))) for key, outlet, _, partner in flow}
    reports = [a_report(key, outlet=facts[key][0], partners=facts[key][1]) for key, *_ in flow]
    return [page_of(report) if page else report for report, (_, _, page, _) in zip(reports, flow, strict=True)]


def run(stage: Stage, reports: Sequence[Report], cuts: Sequence[bool], sent: Sequence[bool]) -> Message:
    """Hand the reports over, a batch at each cut, with the sender at work now and then; return what the message says in the end."""
    batch: list[Report] = []
    for n, report in enumerate(reports):
        batch.append(report)
        if cuts[n]:
            stage.hand(*batch, minute=n * 4)
            batch = []
        if sent[n]:
            stage.send(n * 4)
    stage.hand(*batch, minute=len(reports) * 4)
    return stage.newest()


@settings(max_examples=8, deadline=None)
@given(flow=FLOW, data=st.data())
def test_any_batching_ends_in_the_same_message_and_names_each_report_once(
    scratch: Store, flow: list[tuple[str, str, bool, str]], data: st.DataObject
) -> None:
    reports = reports_of(flow)
    some = st.lists(st.booleans(), min_size=len(reports), max_size=len(reports))
    cuts, sent = data.draw(some), data.draw(some)
    expected = run(emptied(scratch), reports, [True] * len(reports), [False] * len(reports))
    for order in (reports, data.draw(st.permutations(reports))):
        stage = emptied(scratch)
        newest = run(stage, order, cuts, sent)
        if order is reports:
            assert newest == expected
        assert {one.item_id for one in newest.carriers} == {one.item_id for one in expected.carriers}
        assert (newest.severity, set(newest.partners)) == (expected.severity, set(expected.partners))
        (parent,) = stage.rows(MessageKind.PARENT)
        first = from_json(parent.message)
        named = [one.item_id for said in stage.said() for one in said.reports]
        assert sorted([first.item_id, *named]) == sorted({report.item.item_id for report in reports})
        told_partners = [*first.partners, *(code for said in stage.said() for code in said.partners)]
        assert sorted(told_partners) == sorted(newest.partners), "nothing is said twice"
        replies = stage.rows(MessageKind.REPLY)
        assert all(row.alert_id == parent.alert_id and row.row_id > parent.row_id for row in replies)
        assert [row.sequence for row in replies] == list(range(1, len(replies) + 1))
