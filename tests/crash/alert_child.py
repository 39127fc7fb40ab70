"""The alerting stage in a process of its own, to be killed: decides a file of reports, and sends and publishes until nothing is left.

Every life reads the file from its beginning, which is the worst replay that a bus could give.
"""

import os
import sys
import time
from pathlib import Path

from pydantic import SecretStr

from alerting.desk import Desk
from alerting.leadership import StoreLeadership
from alerting.publisher import PublisherWorker
from alerting.receivers.directory import Listed
from alerting.receivers.slack import SlackReceiver
from alerting.sender import SenderWorker
from alerting.stage import ReportHandler
from newswire.bus import Delivered
from newswire.clock import SystemClock
from newswire.metrics import Metrics
from newswire.store import open_store
from newswire.topics import REPORTS
from tests.alerting_builders import GAMING, a_set, routes_to
from tests.fakes import NOW, MemoryBus

BATCH = 4


def main(store_url: str, slack_url: str, reports: str) -> None:
    clock, metrics, store = SystemClock(), Metrics(), open_store(store_url)
    leadership = StoreLeadership(store=store, clock=clock, metrics=metrics, owner=f"life {os.getpid()}", lease_s=0.3)
    desk = Desk(a_set(gaming=GAMING | {"max_age": "3650d"}), routes_to("desk"))
    handler = ReportHandler(desk=lambda: desk, store=store, clock=clock, metrics=metrics, leadership=leadership)
    receiver = SlackReceiver("desk", channel="#desk", token=SecretStr("xoxb-test"), base_url=slack_url, spacing_s=0.0, deadline_s=0.3)
    sender = SenderWorker(
        store=store,
        listed=lambda: Listed({"desk": receiver}),
        clock=clock,
        metrics=metrics,
        leadership=leadership,
        doubt_wait_s=0.3,
        back_off_s=0.02,
    )
    publisher = PublisherWorker(store=store, bus=MemoryBus(), clock=clock, leadership=leadership)
    while not leadership.leading():
        time.sleep(0.05)
    lines = Path(reports).read_bytes().splitlines()
    messages = [Delivered(REPORTS.name, 0, n, "", line, {}, NOW) for n, line in enumerate(lines)]
    for start in range(0, len(messages), BATCH):
        handled = handler.handle(messages[start : start + BATCH])
        if handled.after is not None:
            handled.after()
        sender.step()
        publisher.step()
    while not (sender.idle() and publisher.idle()):
        time.sleep(min(0.02, max(sender.step(), publisher.step())))


if __name__ == "__main__":
    main(*sys.argv[1:])
