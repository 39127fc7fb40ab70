from dataclasses import replace
from typing import Any

import pytest

from newswire.bus import Delivered
from newswire.clock import ManualClock
from newswire.codec import decode
from newswire.metrics import Metrics
from newswire.outcomes import ItemOutcome, NoPageReason, PageOutcome, Stage
from newswire.records import Basis, DeadLetter, Report
from newswire.service import ConsumerWorker
from newswire.store import Store, pages, trail
from newswire.store.pages import DuePage
from newswire.store.trail import Step
from newswire.topics import DEAD, ITEMS, PROCESSORS_GROUP, REPORTS
from processors.stage import ItemHandler
from tests.fake_pages import BODY, FakeUnderstanding, an_item, delivered, item_message, reports_on
from tests.fakes import NOW, MemoryBus


@pytest.fixture
def handler(store: Store, clock: ManualClock, metrics: Metrics) -> ItemHandler:
    return ItemHandler(understanding=FakeUnderstanding(), store=store, clock=clock, metrics=metrics)


def due(store: Store) -> list[DuePage]:
    with store.begin() as connection:
        return pages.lease(connection, now=NOW.timestamp() + 1e6, owner="test", until=0, most=100, per_host=100)


def steps(store: Store, item_id: str) -> list[Step]:
    with store.read() as connection:
        return trail.of_item(connection, item_id)


def report_of(outputs: Any, place: int = 0) -> Report:
    assert outputs[place].topic is REPORTS
    return decode(Report, outputs[place].message.value)


def test_an_item_is_reported_at_once_and_its_page_is_owed(handler: ItemHandler, store: Store) -> None:
    handled = handler.handle([delivered(an_item())])
    report = report_of(handled.outputs)
    assert (report.basis, report.final, report.text) == (Basis.FEED, False, "")
    assert report.reported_at == NOW
    (page,) = due(store)
    assert (page.url, page.host, page.attempts) == ("https://news.example/a", "news.example", 0)
    (step,) = steps(store, report.item.item_id)
    assert (step.stage, step.outcome, step.reason) == (Stage.READ_FEED, ItemOutcome.REPORTED, None)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"url": None}, NoPageReason.NO_URL),
        ({"content": BODY * 3}, NoPageReason.FULL_TEXT),
        ({"url": "https://news.example/report.PDF"}, NoPageReason.NOT_A_PAGE),
    ],
)
def test_without_a_page_to_read_the_first_report_is_final(
    handler: ItemHandler, store: Store, metrics: Metrics, given: dict[str, Any], reason: NoPageReason
) -> None:
    handled = handler.handle([delivered(an_item(**given))])
    assert report_of(handled.outputs).final
    assert due(store) == []
    assert handled.after is not None
    handled.after()
    assert metrics.registry.get_sample_value("newswire_processors_items_total", {"outcome": ItemOutcome.REPORTED_FINAL, "reason": reason})
    assert metrics.registry.get_sample_value("newswire_processors_labels_total", {"label": "diplomacy", "language": "en"}) == 1


def test_a_truncated_feed_text_is_read_and_the_page_too(handler: ItemHandler, store: Store) -> None:
    handled = handler.handle([delivered(an_item(content=BODY * 3 + "and so […]"))])
    report = report_of(handled.outputs)
    assert not report.final
    assert report.text.startswith(BODY)
    assert report.item.content == ""
    assert len(due(store)) == 1


def test_the_same_item_again_gives_the_same_report_and_no_second_page(handler: ItemHandler, store: Store) -> None:
    first = handler.handle([delivered(an_item())])
    again = handler.handle([delivered(an_item())])
    assert report_of(first.outputs) == report_of(again.outputs)
    assert len(due(store)) == 1


def test_a_page_that_was_reported_is_not_owed_again_on_replay(handler: ItemHandler, store: Store) -> None:
    item = an_item()
    handler.handle([delivered(item)])
    with store.begin() as connection:
        pages.remove(connection, [(item.item_id, item.revision)])
        trail.record(connection, [Step(item.item_id, item.revision, Stage.READ_PAGE, "", PageOutcome.REPORTED, None, None, 1.0)])
    handler.handle([delivered(item)])
    assert due(store) == []


def test_a_newer_revision_takes_the_older_ones_page(handler: ItemHandler, store: Store) -> None:
    old, new = an_item(), an_item(revision="2" * 16, title="Minister meets two ambassadors")
    handler.handle([delivered(old)])
    handler.handle([delivered(new)])
    assert [page.revision for page in due(store)] == [new.revision]
    handler.handle([delivered(old)])  # a replay of the older one does not bring it back
    assert [page.revision for page in due(store)] == [new.revision]
    told = {(step.revision, step.stage): step.outcome for step in steps(store, old.item_id)}
    assert told[old.revision, Stage.READ_PAGE] == PageOutcome.SUPERSEDED


def test_two_revisions_in_one_batch_owe_one_page(handler: ItemHandler, store: Store) -> None:
    old, new = an_item(), an_item(revision="2" * 16)
    handled = handler.handle([delivered(old), delivered(new, 1)])
    assert len(handled.outputs) == 2
    assert [page.revision for page in due(store)] == [new.revision]


def test_a_bad_record_and_a_poison_item_do_not_stop_the_good_one(handler: ItemHandler, metrics: Metrics) -> None:
    newer = delivered(an_item("b")).value.replace(b'"schema":1', b'"schema":99', 1)
    messages = [
        Delivered(ITEMS.name, 0, 0, "x", b"no record", {}, NOW),
        Delivered(ITEMS.name, 0, 1, "b", newer, {}, NOW),
        delivered(an_item("c", title="poison"), 2),
        delivered(an_item("d"), 3),
    ]
    handled = handler.handle(messages)
    assert [output.topic for output in handled.outputs] == [DEAD, DEAD, DEAD, REPORTS]
    reasons = [decode(DeadLetter, output.message.value).reason for output in handled.outputs[:3]]
    assert reasons == ["bad_record", "unknown_schema", "bug"]
    assert handled.after is not None
    handled.after()
    ends = [sample.value for family in metrics.items.collect() for sample in family.samples if sample.name.endswith("_total")]
    assert sum(ends) == metrics.registry.get_sample_value("newswire_processors_items_in_total") == 4


def test_pages_are_due_before_the_reports_are_on_the_bus(
    handler: ItemHandler, store: Store, bus: MemoryBus, clock: ManualClock, metrics: Metrics
) -> None:
    worker = ConsumerWorker(
        name="items", bus=bus, topic=ITEMS, group=PROCESSORS_GROUP, stage=Stage.READ_FEED, handler=handler, metrics=metrics, clock=clock
    )
    bus.publish(ITEMS, [item_message(an_item("a")), item_message(an_item("b"))])
    bus.fail_commits = 1
    with pytest.raises(Exception, match="told to fail"):
        worker.step()
    assert reports_on(bus) == []
    assert metrics.registry.get_sample_value("newswire_processors_items_in_total") == 0  # counted when it is done, not tried
    assert len(due(store)) == 2
    worker.step()
    assert [report.item.guid for report in reports_on(bus)] == ["a", "b"]
    assert len(due(store)) == 2
    assert worker.idle()


def test_an_unfetchable_host_does_not_break_the_batch(handler: ItemHandler, store: Store) -> None:
    handled = handler.handle([delivered(replace(an_item(), url="https://no such host/x"))])
    assert len(handled.outputs) == 1
