"""The embedded bus under SIGKILL at random moments: what went in is what came out, each once."""

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from newswire.bus import Message, Output
from newswire.bus.embedded import EmbeddedBus
from newswire.clock import SystemClock
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS

KILLS = 40
MEMBER = Path(__file__).parents[1] / "contract" / "bus_member.py"


def start(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(MEMBER), str(path), "copy"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(MEMBER.parents[2])},
    )


@pytest.mark.crash
def test_forty_kills_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bus.sqlite3"
    chance = random.Random(3)
    bus = EmbeddedBus(path, clock=SystemClock())
    published = 0

    def publish_more() -> None:
        nonlocal published
        while bus.backlog(ITEMS, PROCESSORS_GROUP).records < 1_000:
            bus.publish(ITEMS, [Message(str(n), str(n).encode()) for n in range(published, published + 500)])
            published += 500

    killed_at_work = 0
    publish_more()
    members = [start(path), start(path)]
    for turn in range(KILLS):
        publish_more()
        victim = members[turn % 2]
        assert victim.stdout is not None
        assert victim.stdout.readline() == "working\n"
        time.sleep(chance.uniform(0, 0.06))
        killed_at_work += bus.backlog(ITEMS, PROCESSORS_GROUP).records > 0
        victim.kill()
        victim.communicate()
        members[turn % 2] = start(path)
    for member in members:
        member.kill()
        member.communicate()

    last = bus.consumer(ITEMS, PROCESSORS_GROUP)
    while batch := last.poll(timeout_s=0.1):
        last.commit(batch, [Output(REPORTS, Message(m.key, m.value)) for m in batch.messages])
    copied = Counter(int(message.value) for message in bus.browse(REPORTS))
    bus.close()

    assert killed_at_work >= 30
    assert copied == Counter(range(published))
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
