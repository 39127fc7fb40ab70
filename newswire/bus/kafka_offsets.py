"""How far Newswire's groups have committed on Kafka: noted for a backup, and put back by a restore.

Never: moves a group forward, or past what is there.
"""

from collections.abc import Mapping
from typing import Any, Final

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.structs import OffsetAndMetadata

from newswire.bus.kafka_admin import KafkaAdmin
from newswire.bus.kafka_clients import KafkaClients
from newswire.bus.kafka_settings import KafkaSettings
from newswire.errors import Retryable
from newswire.outcomes import RetryReason
from newswire.topics import GROUPS

Offsets = dict[str, dict[int, int]]
"""By topic, without prefix: partition → the next record that its group reads."""

_NONE: Final = -1


class KafkaOffsets:
    """Asks, and puts back. Not thread-safe."""

    def __init__(self, settings: KafkaSettings, *, prefix: str) -> None:
        self._prefix, self._request_ms = prefix, settings.request_s * 1_000
        self._admin = KafkaAdmin(KafkaClients(settings))

    def committed(self) -> Offsets:
        """Return what each group has committed; a partition of which it has committed nothing is left out.

        Raises:
            Retryable: no broker answers.

        """
        return {topic.name: self._committed(self._prefix + topic.name, self._prefix + group) for topic, group in GROUPS}

    def put_back(self, noted: Offsets) -> dict[str, int]:
        """Let each group go on where it was when `noted` was noted; return, by topic, how many records since are there no more.

        What was not noted, or lies past the end of a topic that was made anew, is read from the beginning.

        Raises:
            Retryable: no broker answers, or a group still has members.

        """
        return {topic.name: self._put_back(topic.name, self._prefix + group, noted.get(topic.name, {})) for topic, group in GROUPS}

    def close(self) -> None:
        """Close the connection."""
        self._admin.close()

    def _put_back(self, topic: str, group: str, noted: Mapping[int, int]) -> int:
        name = self._prefix + topic
        now, starts, ends = self._committed(name, group), self._ends(name, OffsetSpec.EARLIEST), self._ends(name, OffsetSpec.LATEST)
        wanted: dict[TopicPartition, OffsetAndMetadata] = {}
        gone = 0
        for partition, first in starts.items():
            offset = min(noted.get(partition, first), now.get(partition, noted.get(partition, first)))
            offset = first if offset > ends[partition] else offset
            gone += max(0, first - offset)
            wanted[TopicPartition(name, partition)] = OffsetAndMetadata(max(first, offset), "", _NONE)
        found = self._admin.ask(f"putting back the offsets of {group}", lambda admin: admin.alter_group_offsets(group, wanted))
        refused = sorted({error.__name__ for error in found.values() if getattr(error, "errno", 0)})
        if refused:
            raise Retryable(RetryReason.BUS, f"the offsets of {group} cannot be put back: {', '.join(refused)} (is a stage running?)")
        return gone

    def _committed(self, name: str, group: str) -> dict[int, int]:
        partitions = [TopicPartition(name, partition) for partition in self._partitions(name)]
        found = self._admin.ask(f"asking for the offsets of {group}", lambda admin: admin.list_group_offsets({group: partitions}))[group]
        return {at.partition: found[at].offset for at in partitions if at in found and found[at].offset >= 0}

    def _partitions(self, name: str) -> list[int]:
        [found] = self._admin.ask(f"asking for the topic {name}", lambda admin: admin.describe_topics([name]))
        if found["error_code"] or not found["partitions"]:
            raise Retryable(RetryReason.BUS, f"the topic {name} does not exist; `newswire topics create` makes it")
        return sorted(one["partition_index"] for one in found["partitions"])

    def _ends(self, name: str, which: Any) -> dict[int, int]:
        wanted = {TopicPartition(name, partition): which for partition in self._partitions(name)}
        found = self._admin.ask(
            f"asking for the offsets of {name}", lambda admin: admin.list_partition_offsets(wanted, timeout_ms=self._request_ms)
        )
        return {at.partition: found[at].offset for at in wanted}
