"""The topics on a real cluster: made, looked at, and refused at start-up where they would break a promise.

Never: changes or drops a topic that is there; what a person has set stands, and is said where it is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Self

from kafka.admin import ConfigResource
from kafka.errors import TopicAlreadyExistsError

from newswire.bus.kafka_admin import KafkaAdmin
from newswire.bus.kafka_clients import KafkaClients
from newswire.bus.kafka_reader import KafkaReader
from newswire.bus.kafka_settings import KafkaSettings
from newswire.bus.topic_set import Lag, TopicFacts, TopicPlan, faults, plans, warnings
from newswire.errors import ConfigurationError, Fault, NewswireError, Retryable
from newswire.topics import GROUPS


@dataclass(frozen=True, slots=True)
class Examined:
    """A cluster as it is found: what breaks a promise, which groups are late for retention (not looked at where a promise breaks)."""

    faults: Sequence[Fault]
    late: Sequence[Fault]
    releases: Sequence[tuple[int, int]]  # of Kafka, whose protocol each broker speaks, the oldest first: brokers do not say what they are
    silent: Sequence[int]  # brokers that belong to the cluster and do not answer
    behind: Mapping[str, int]  # by topic: partitions of which fewer copies are in step than there are
    clock_at: float | None  # by the clock of the active controller, in seconds since 1970 UTC; None: it did not say


class KafkaTopics:
    """What `newswire topics create` and `check` ask for; a context manager, so that its connections are closed."""

    def __init__(self, settings: KafkaSettings, *, prefix: str = "") -> None:
        self._clients, self._prefix = KafkaClients(settings), prefix
        self._reader = KafkaReader(self._clients)
        self._admin = KafkaAdmin(self._clients)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def create(self) -> list[str]:
        """Make the topics that do not exist, and return their names; those that do are left as they are.

        Raises:
            Retryable: no broker answers.
            ConfigurationError: the brokers refuse us, or what was wished for.

        """
        wanted, found, nodes = self._look()
        brokers = len(nodes)
        missing = [plan for plan in wanted if plan.name not in found]
        for plan in missing:
            if plan.replication > brokers:
                raise ConfigurationError(
                    [
                        Fault(
                            plan.name,
                            0,
                            0,
                            f"NEWSWIRE_KAFKA_DEFAULT_REPLICATION_FACTOR is {plan.replication}; {'1 broker is' if brokers == 1 else f'{brokers} brokers are'} there",
                        )
                    ]
                )
        for plan in missing:
            self._admin.ask(f"making the topic {plan.name}", _creation(plan))
        if missing:
            names = [plan.name for plan in missing]
            self._admin.ask(
                "waiting for the topics", lambda admin: admin.wait_for_topics(names, timeout_ms=self._clients.settings.delivery_s * 1_000)
            )
        return [plan.name for plan in missing]

    def check(self) -> list[Fault]:
        """Return everything that would break a promise, in words.

        Raises:
            Retryable: no broker answers.
            ConfigurationError: the brokers refuse us.

        """
        wanted, found, brokers = self._look()
        return faults(wanted, found, brokers=len(brokers))

    def check_lag(self, now: datetime) -> list[Fault]:
        """Return which groups are about to lose records to retention: no reason not to start, but one to hurry.

        Raises:
            Retryable: no broker answers.

        """
        _, found, _ = self._look()
        return self._late(found, now)

    def examine(self, now: datetime) -> Examined:
        """Return all of it, and what the brokers tell of themselves.

        Raises:
            Retryable: no broker answers, or none that has the records.
            ConfigurationError: the brokers refuse us.

        """
        wanted, found, brokers = self._look()
        broken = faults(wanted, found, brokers=len(brokers))
        late = [] if broken else self._late(found, now)
        spoken = {one["broker_id"]: self._release(one) for one in brokers}
        return Examined(
            broken,
            late,
            releases=sorted(release for release in spoken.values() if release is not None),
            silent=sorted(node for node, release in spoken.items() if release is None),
            behind={name: facts.behind for name, facts in found.items() if facts.behind},
            clock_at=self._clock(),
        )

    def require(self) -> None:
        """Return where the topics keep the promises.

        Raises:
            Retryable: no broker answers.
            ConfigurationError: with every fault; a stage must not start.

        """
        if found := self.check():
            raise ConfigurationError(found)

    def close(self) -> None:
        """Close the connections."""
        self._reader.close()
        self._admin.close()

    def _late(self, found: Mapping[str, TopicFacts], now: datetime) -> list[Fault]:
        lags = []
        for topic, group in GROUPS:
            if self._prefix + topic.name in found:
                oldest = self._reader.backlog(self._prefix + topic.name, self._prefix + group).oldest_at
                if oldest is not None:
                    lags.append(Lag(self._prefix + topic.name, self._prefix + group, (now - oldest).total_seconds()))
        return warnings(lags, found)

    def _release(self, broker: Mapping[str, Any]) -> tuple[int, int] | None:
        if broker.get("is_fenced"):  # the controller has not heard of it for a while
            return None
        try:
            major, minor, *_ = self._admin.ask("asking for a broker's version", partial(_version, node=broker["broker_id"]))
        except Retryable:
            return None
        return major, minor

    def _clock(self) -> float | None:
        try:
            quorum = self._admin.ask("asking for the time", lambda admin: admin.describe_metadata_quorum())
        except NewswireError:  # a Kafka without KRaft, or no right to describe the cluster
            return None
        told = (
            one["last_fetch_timestamp"]
            for topic in quorum["topics"]
            for partition in topic["partitions"]
            for one in partition["current_voters"]
            if one["replica_id"] == partition["leader_id"]  # which fetches from nobody, and says what time it is
        )
        at_ms = next(told, -1)
        return at_ms / 1_000 if at_ms > 0 else None

    def _look(self) -> tuple[Sequence[TopicPlan], Mapping[str, TopicFacts], Sequence[Mapping[str, Any]]]:
        brokers = self._admin.ask("asking for the brokers", lambda admin: admin.describe_cluster())["brokers"]
        wanted = plans(self._clients.settings.topics, brokers=len(brokers), prefix=self._prefix)
        described = self._admin.ask("asking for the topics", lambda admin: admin.describe_topics([plan.name for plan in wanted]))
        there = {one["name"]: one for one in described if not one["error_code"]}
        resources = [ConfigResource("topic", name) for name in there]
        settings = {}
        if resources:
            settings = self._admin.ask(
                "asking for the topics' settings", lambda admin: admin.describe_configs(resources, config_filter="all")
            )["topic"]
        found = {
            name: TopicFacts(
                name,
                partitions=len(one["partitions"]),
                replication=min(len(partition["replica_nodes"]) for partition in one["partitions"]),
                settings={key: str(value["value"]) for key, value in settings[name].items()},
                behind=sum(len(partition["isr_nodes"]) < len(partition["replica_nodes"]) for partition in one["partitions"]),
            )
            for name, one in there.items()
        }
        return wanted, found, brokers


def _version(admin: Any, node: int) -> tuple[int, ...]:
    found: tuple[int, ...] = admin.get_broker_version_data(node).broker_version
    return found


def _creation(plan: TopicPlan) -> Callable[[Any], None]:
    wish = {"num_partitions": plan.partitions, "replication_factor": plan.replication, "configs": dict(plan.settings)}

    def create(admin: Any) -> None:
        with suppress(TopicAlreadyExistsError):  # another process was quicker
            admin.create_topics({plan.name: wish})

    return create
