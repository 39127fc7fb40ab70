"""A member of a group in a process of its own: copies news.items to news.reports in batches of five, until its input ends.

usage: bus_member.py LOG|kafka://HOST:PORT copy|hold
"""

import os
import select
import sys
import time
from pathlib import Path

from newswire.bus import Bus, Message, Output
from newswire.bus.embedded import EmbeddedBus
from newswire.clock import SystemClock
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS


def open_bus(where: str) -> Bus:
    if not where.startswith("kafka://"):
        return EmbeddedBus(Path(where), clock=SystemClock())
    from newswire.bus.kafka import KafkaBus  # noqa: PLC0415 -- a member of an embedded log starts sooner without
    from newswire.bus.kafka_settings import KafkaSettings  # noqa: PLC0415

    return KafkaBus(KafkaSettings((where.removeprefix("kafka://"),), session_s=2.0))


def main(where: str, task: str) -> None:
    bus = open_bus(where)
    consumer = bus.consumer(ITEMS, PROCESSORS_GROUP)
    said = False
    while not select.select([sys.stdin], [], [], 0)[0]:
        batch = consumer.poll(timeout_s=0.02, max_messages=5)
        if not batch:
            continue
        if not said:
            sys.stdout.write("working\n")
            sys.stdout.flush()
            said = True
        if task == "hold":
            time.sleep(60)
        consumer.commit(batch, [Output(REPORTS, Message(m.key, m.value, {"member": str(os.getpid())})) for m in batch.messages])
    consumer.close()
    bus.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
