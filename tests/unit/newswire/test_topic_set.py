from collections.abc import Mapping

import pytest

from newswire.bus.kafka_settings import DAY_S, TopicWishes
from newswire.bus.topic_set import Lag, TopicFacts, TopicPlan, faults, plans, warnings
from newswire.topics import TOPICS


def as_planned(plan: TopicPlan, *, partitions: int | None = None, replication: int | None = None, **settings: str) -> TopicFacts:
    changed = {name.replace("_", "."): value for name, value in settings.items()}
    return TopicFacts(plan.name, partitions or plan.partitions, replication or plan.replication, {**plan.settings, **changed})


def found(wanted: list[TopicPlan], **changes: object) -> Mapping[str, TopicFacts]:
    """The topics as planned, `news.items` changed."""
    facts = {plan.name: as_planned(plan) for plan in wanted}
    facts["news.items"] = as_planned(wanted[0], **changes)  # type: ignore[arg-type]  # each test names what it changes
    return facts


@pytest.mark.parametrize(("brokers", "replication", "in_step"), [(1, 1, "1"), (2, 2, "1"), (3, 3, "2"), (7, 3, "2")])
def test_as_many_copies_as_are_safe_and_one_may_be_away(brokers: int, replication: int, in_step: str) -> None:
    wanted = plans(TopicWishes(), brokers=brokers, prefix="eu.")
    assert [plan.name for plan in wanted] == [f"eu.{topic.name}" for topic in TOPICS]
    assert {(plan.partitions, plan.replication, plan.settings["min.insync.replicas"]) for plan in wanted} == {(12, replication, in_step)}
    assert faults(wanted, {plan.name: as_planned(plan) for plan in wanted}, brokers=brokers) == []


def test_dead_letters_wait_longer_for_a_person() -> None:
    retention = {plan.name: int(plan.settings["retention.ms"]) for plan in plans(TopicWishes(), brokers=1, prefix="")}
    assert retention["news.items"] == 7 * DAY_S * 1_000
    assert retention["news.dead"] == 90 * DAY_S * 1_000


def test_a_topic_that_is_not_there() -> None:
    wanted = list(plans(TopicWishes(), brokers=1, prefix=""))
    there = dict(found(wanted))
    del there["news.dead"]
    assert [str(fault) for fault in faults(wanted, there, brokers=1)] == [
        "news.dead: the topic does not exist; `newswire topics create` makes it"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"partitions": 3}, "3 partitions, and 12 are wished for: no more than 3 processes can share the work"),
        ({"replication": 1, "min_insync_replicas": "1"}, "1 copy of each record, and 3 are due: the disk of one broker would take records"),
        ({"min_insync_replicas": "1"}, "min.insync.replicas is 1 of 3: acks=all waits for the copies in step only"),
        ({"min_insync_replicas": "3"}, "min.insync.replicas is 3 of 3: with one broker away nothing can be written; 2 is due"),
        ({"min_insync_replicas": "4"}, "min.insync.replicas is 4, and there are 3 copies: nothing can be written"),
        ({"retention_ms": "86400000"}, "retention.ms keeps records for 24 hours: a group may stand still for 3 days"),
        ({"retention_bytes": "1000000"}, "retention.bytes is 1000000: a full partition would drop records that nobody has read"),
        ({"cleanup_policy": "compact"}, "cleanup.policy is compact: an item's earlier revisions would be dropped"),
        ({"cleanup_policy": "compact,delete"}, "cleanup.policy is compact: an item's earlier revisions would be dropped"),
        ({"max_message_bytes": "500000"}, "max.message.bytes is 500000: records of 900,000 bytes must fit; 1048576 is due"),
        ({"message_timestamp_type": "CreateTime"}, "message.timestamp.type is CreateTime: a process whose clock is wrong"),
        ({"unclean_leader_election_enable": "true"}, "unclean.leader.election.enable is true: a broker that is behind"),
    ],
)
def test_what_would_break_a_promise_is_said(changes: dict[str, object], said: str) -> None:
    wanted = list(plans(TopicWishes(), brokers=3, prefix=""))
    [fault] = faults(wanted, found(wanted, **changes), brokers=3)
    assert fault.file == "news.items"
    assert fault.message.startswith(said)


@pytest.mark.parametrize(
    "changes",
    [
        {"partitions": 48},
        {"retention_ms": "-1"},
        {"retention_ms": str(30 * DAY_S * 1_000)},
        {"max_message_bytes": "5000000"},
        {"segment_bytes": "1"},
    ],
)
def test_more_than_was_wished_for_is_no_fault(changes: dict[str, object]) -> None:
    wanted = list(plans(TopicWishes(), brokers=3, prefix=""))
    assert faults(wanted, found(wanted, **changes), brokers=3) == []


def test_a_group_that_is_far_behind_is_told_before_its_records_are_dropped() -> None:
    wanted = list(plans(TopicWishes(), brokers=1, prefix=""))
    there = found(wanted)
    assert warnings([Lag("news.items", "processors", 3 * DAY_S)], there) == []
    [warning] = warnings([Lag("news.items", "processors", 4 * DAY_S)], there)
    assert str(warning) == (
        "news.items: the group processors is 4 days behind, and records are dropped after 7 days: "
        "raise retention.ms, or start more processes of this stage"
    )
    assert warnings([Lag("news.items", "processors", 400 * DAY_S)], found(wanted, retention_ms="-1")) == []
    assert warnings([Lag("gone", "processors", 400 * DAY_S)], there) == []
