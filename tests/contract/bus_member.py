"""A member of a group in a process of its own: copies news.items to news.reports in batches of five, until its input ends.

usage: bus_member.py LOG copy|hold
"""

import os
import select
import sys
import time
from pathlib import Path

from newswire.bus import Message, Output
from newswire.bus.embedded import EmbeddedBus
from newswire.clock import SystemClock
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS


def main(path: Path, task: str) -> None:
    bus = EmbeddedBus(path, clock=SystemClock())
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
    main(Path(sys.argv[1]), sys.argv[2])
