"""What Kafka's topics must be like for the promises to hold: wishes for new ones, faults of those that are there. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from newswire.bus.kafka_settings import DAY_S, TopicWishes
from newswire.bus.size import MESSAGE_LIMIT_BYTES
from newswire.errors import Fault
from newswire.topics import DEAD, TOPICS, Topic

RETENTION_FLOOR_S: Final = 3 * DAY_S
"""Shorter, and a long weekend in which nobody looks loses records."""

DEAD_RETENTION_S: Final = 90 * DAY_S  # a dead letter waits for a person

_SAFE_COPIES: Final = 3
_RECORD_BYTES: Final = 1_048_576
_FOR_EVER: Final = -1


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """A topic as it is to be made."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic as it is: its settings with the brokers' defaults filled in; `replication` is that of its poorest partition."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str]
    behind: int = 0  # partitions of which fewer copies are in step than there are


@dataclass(frozen=True, slots=True)
class Lag:
    """How old the oldest record is that a group has not committed."""

    name: str
    group: str
    oldest_s: float


def plans(wishes: TopicWishes, *, brokers: int, prefix: str) -> Sequence[TopicPlan]:
    """Return every topic of Newswire as it is to be made on so many brokers."""
    replication = wishes.replication or min(_SAFE_COPIES, brokers)
    in_step = wishes.min_insync_replicas or max(1, replication - 1)
    return [
        TopicPlan(
            prefix + topic.name,
            wishes.partitions,
            replication,
            {
                "cleanup.policy": "delete",
                "compression.type": "producer",  # as it comes: gzip
                "max.message.bytes": str(_RECORD_BYTES),
                "message.timestamp.type": "LogAppendTime",
                "min.insync.replicas": str(in_step),
                "retention.bytes": str(_FOR_EVER),
                "retention.ms": str(round(_retention_s(topic, wishes) * 1_000)),
                "unclean.leader.election.enable": "false",
            },
        )
        for topic in TOPICS
    ]


def faults(wanted: Sequence[TopicPlan], found: Mapping[str, TopicFacts], *, brokers: int) -> list[Fault]:
    """Return, in words, everything about the topics that would break a promise; none where they will do."""
    said = []
    for plan in wanted:
        facts = found.get(plan.name)
        if facts is None:
            said.append(Fault(plan.name, 0, 0, "the topic does not exist; `newswire topics create` makes it"))
        else:
            said += [Fault(plan.name, 0, 0, text) for text in _faults_of(plan, facts, brokers)]
    return said


def warnings(lags: Iterable[Lag], found: Mapping[str, TopicFacts]) -> list[Fault]:
    """Return which groups are so far behind that the brokers will soon drop what they have not read."""
    said = []
    for lag in lags:
        facts = found.get(lag.name)
        retention_s = _number(facts, "retention.ms", _FOR_EVER) / 1_000 if facts is not None else _FOR_EVER
        if 0 <= retention_s < 2 * lag.oldest_s:
            said.append(
                Fault(
                    lag.name,
                    0,
                    0,
                    f"the group {lag.group} is {_hours(lag.oldest_s)} behind, and records are dropped after {_hours(retention_s)}: "
                    "raise retention.ms, or start more processes of this stage",
                )
            )
    return said


def _faults_of(plan: TopicPlan, facts: TopicFacts, brokers: int) -> Iterable[str]:
    if facts.partitions < plan.partitions:
        yield (
            f"{facts.partitions} partitions, and {plan.partitions} are wished for: no more than {facts.partitions} processes can share the work. "
            "Keys would change their partition where some were added: set NEWSWIRE_KAFKA_NUM_PARTITIONS lower, or make the topic anew"
        )
    copies = min(plan.replication, brokers)
    if facts.replication < copies:
        yield f"{_copies(facts.replication)} of each record, and {copies} are due: the disk of one broker would take records with it"
    yield from _in_step(facts)
    yield from _kept(facts)
    if "compact" in facts.settings.get("cleanup.policy", "delete"):
        yield "cleanup.policy is compact: an item's earlier revisions would be dropped before they are read; delete is due"
    if _number(facts, "max.message.bytes", _RECORD_BYTES) < MESSAGE_LIMIT_BYTES * 1.1:
        yield f"max.message.bytes is {facts.settings['max.message.bytes']}: records of {MESSAGE_LIMIT_BYTES:,} bytes must fit; {_RECORD_BYTES} is due"
    if facts.settings.get("message.timestamp.type", "CreateTime") != "LogAppendTime":
        yield "message.timestamp.type is CreateTime: a process whose clock is wrong would have its records dropped; LogAppendTime is due"
    if facts.settings.get("unclean.leader.election.enable", "false") == "true":
        yield "unclean.leader.election.enable is true: a broker that is behind may become leader, and what it lacks is lost; false is due"


def _in_step(facts: TopicFacts) -> Iterable[str]:
    in_step = _number(facts, "min.insync.replicas", 1)
    if in_step > facts.replication:
        yield f"min.insync.replicas is {in_step}, and there {'is' if facts.replication == 1 else 'are'} {_copies(facts.replication)}: nothing can be written"
    elif in_step == facts.replication > 1:
        yield f"min.insync.replicas is {in_step} of {facts.replication}: with one broker away nothing can be written; {in_step - 1} is due"
    elif in_step < facts.replication - 1:
        yield (
            f"min.insync.replicas is {in_step} of {facts.replication}: acks=all waits for the copies in step only, "
            f"which may be {in_step}; {facts.replication - 1} is due"
        )


def _kept(facts: TopicFacts) -> Iterable[str]:
    retention_s = _number(facts, "retention.ms", _FOR_EVER) / 1_000
    if 0 <= retention_s < RETENTION_FLOOR_S:
        yield f"retention.ms keeps records for {_hours(retention_s)}: a group may stand still for {_hours(RETENTION_FLOOR_S)}"
    if _number(facts, "retention.bytes", _FOR_EVER) != _FOR_EVER:
        yield f"retention.bytes is {facts.settings['retention.bytes']}: a full partition would drop records that nobody has read; -1 is due"


def _retention_s(topic: Topic, wishes: TopicWishes) -> float:
    return max(DEAD_RETENTION_S, wishes.retention_s) if topic is DEAD else wishes.retention_s


def _number(facts: TopicFacts, name: str, default: int) -> int:
    try:
        return int(facts.settings.get(name, default))
    except ValueError:
        return default


def _copies(count: int) -> str:
    return "1 copy" if count == 1 else f"{count} copies"


def _hours(seconds: float) -> str:
    return f"{seconds / 3_600:,.0f} hours" if seconds < 2 * DAY_S else f"{seconds / DAY_S:,.0f} days"
