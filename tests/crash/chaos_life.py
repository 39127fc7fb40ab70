"""The whole alerter in processes that are there to be killed: `python -m tests.crash.chaos_life` brings them forth by forks of one that has
imported everything already, so that a life costs no start. Each line of its input is a request as JSON, each line of its output the answer.
"""

import json
import os
import signal
import sys
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from alerting.digests.worker import DigestWorker
from alerting.leadership import LeaderGate, StoreLeadership
from alerting.notices.worker import NoticeWorker
from alerting.publisher import PublisherWorker
from alerting.receivers.directory import Directory
from alerting.receivers.slack import SlackReceiver
from alerting.reload import Standing
from alerting.routes import Receiver
from alerting.sender import SenderWorker
from alerting.stage import ReportHandler
from newswire import log
from newswire.bus.embedded import EmbeddedBus
from newswire.consumer import DeadLimit
from newswire.metrics import Metrics
from newswire.outcomes import Stage
from newswire.service import ConsumerWorker, Service, Worker
from newswire.store import leaders, open_store
from newswire.store.presence import SessionLock
from newswire.topics import ALERTING_GROUP, REPORTS
from tests.crash.chaos_world import FastClock, desk

BATCH: Final = 4
_SHORTEST_S: Final = 0.04  # a machine that is shared is not asked more often


@dataclass(frozen=True, slots=True)
class Plan:
    """What every life of a run is made of."""

    folder: str
    store: str
    slack: str
    spare_slack: str  # where the fallback receiver's workspace is
    origin: float
    speed: float
    digest_at: str
    deadline_s: float = 1.0  # of a call to Slack, on the machine's own clock
    doubt_wait_s: float = 60.0  # twice what it is in earnest: a machine that is busy keeps even the fake Slack waiting

    def clock(self) -> FastClock:
        return FastClock(self.origin, self.speed)

    def bus(self) -> EmbeddedBus:
        return EmbeddedBus(Path(self.folder) / "bus.sqlite3", clock=self.clock())

    def log(self, number: int) -> Path:
        return Path(self.folder) / f"life{number:03}.log"

    def at_work(self, number: int) -> Path:
        """The file that a life leaves when it leads."""
        return Path(self.folder) / f"life{number:03}.leads"


class Hurried:
    """A worker whose pauses are as short as its clock is fast."""

    def __init__(self, worker: Worker, speed: float) -> None:
        self.name = worker.name
        self._worker, self._speed = worker, speed

    def step(self) -> float:
        wait_s = self._worker.step()
        return max(wait_s / self._speed, _SHORTEST_S) if wait_s > 0 else 0.0

    def idle(self) -> bool:
        return self._worker.idle()

    def close(self) -> None:
        self._worker.close()


class _Herald:
    """Says, with a file, that this life leads."""

    name = "herald"

    def __init__(self, leadership: StoreLeadership, file: Path) -> None:
        self._leadership, self._file = leadership, file

    def step(self) -> float:
        if not self._file.exists() and self._leadership.leading():
            self._file.touch()
        return 1.0

    def idle(self) -> bool:
        return True

    def close(self) -> None:
        """Hold nothing."""


def live(plan: Plan, number: int) -> int:
    """Return the exit code of one alerter's life, which ends at SIGTERM."""
    with plan.log(number).open("w", encoding="utf-8", buffering=1) as stream:
        logger = log.set_up(stream=stream, console=False)
        metrics, clock, store, bus = Metrics(), plan.clock(), open_store(plan.store), plan.bus()
        presence = SessionLock(store, leaders.ALERTER)
        leadership = StoreLeadership(store=store, clock=clock, metrics=metrics, owner=f"life {number}", presence=presence)
        in_force = desk(digest_at=plan.digest_at)
        common: dict[str, Any] = {"store": store, "clock": clock, "metrics": metrics, "leadership": leadership}
        handler = ReportHandler(desk=lambda: in_force, **common)
        reports = ConsumerWorker(
            name="reports",
            bus=bus,
            topic=REPORTS,
            group=ALERTING_GROUP,
            stage=Stage.ALERT,
            handler=handler,
            metrics=metrics,
            clock=clock,
            limit=DeadLimit(most=0),
            batch=BATCH,
        )
        directory = Directory(routes=lambda: in_force.routes, make=lambda entry: _receiver(plan, entry))
        standing = Standing(in_force)
        workers: list[Worker] = [
            LeaderGate(reports, leadership=leadership),
            SenderWorker(listed=directory.listed, doubt_wait_s=plan.doubt_wait_s, **common),
            PublisherWorker(store=store, bus=bus, clock=clock, leadership=leadership),
            DigestWorker(desk=lambda: in_force, **common),
            NoticeWorker(standing=lambda: standing, places={}, bus=bus, owner=f"life {number}", **common),
            _Herald(leadership, plan.at_work(number)),
        ]
        hurried = [Hurried(worker, plan.speed) for worker in workers]
        service = Service(hurried, clock=clock, metrics=metrics, log=logger, step_limit_s=180 * plan.speed, drain_s=10 * plan.speed)
        code = service.run()
        (Path(plan.folder) / f"life{number:03}.metrics").write_text(metrics.exposition().decode(), encoding="utf-8")
        bus.close()
        store.close()
        return code


def _receiver(plan: Plan, entry: Receiver) -> SlackReceiver:
    return SlackReceiver(
        entry.name,
        channel=entry.slack.channel if entry.slack is not None else "#nobody",  # nothing is sent to a digest
        token=SecretStr("xoxb-test"),
        base_url=plan.spare_slack if entry.name == "spare" else plan.slack,
        timeout_s=2,
        deadline_s=plan.deadline_s,
    )


def main() -> None:
    living = 0
    for line in sys.stdin:
        asked = json.loads(line)
        answer: int | None = None
        match asked["do"]:
            case "start":
                sys.stdout.flush()
                living = answer = os.fork()
                if living == 0:
                    _be_born(Plan(**asked["plan"]), asked["number"], asked["crash_at"])
            case "signal":
                os.kill(living, asked["signal"])
            case "wait":
                answer = os.waitstatus_to_exitcode(os.waitpid(living, 0)[1])
            case "look":
                ended, status = os.waitpid(living, os.WNOHANG)
                answer = os.waitstatus_to_exitcode(status) if ended else None
        if asked["do"] in {"wait", "look"} and answer is not None:
            living = 0
        print(json.dumps(answer), flush=True)  # noqa: T201 -- the parent reads it
    if living:
        os.kill(living, signal.SIGKILL)


def _be_born(plan: Plan, number: int, crash_at: str) -> None:
    """Live, in the fork, and never come back."""
    code = 70
    try:
        os.close(0)
        os.dup2(os.open(str(plan.log(number)) + ".stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.dup2(2, 1)
        os.environ["NEWSWIRE_CRASH_AT"] = crash_at
        code = live(plan, number)
    except BaseException:  # noqa: BLE001 -- nobody above knows of it
        traceback.print_exc()
    finally:
        os._exit(code)


def start_request(plan: Plan, number: int, crash_at: str = "") -> dict[str, Any]:
    """Return the request by which a life begins."""
    return {"do": "start", "plan": asdict(plan), "number": number, "crash_at": crash_at}


def signal_request(signum: signal.Signals) -> dict[str, Any]:
    return {"do": "signal", "signal": int(signum)}


if __name__ == "__main__":
    main()
