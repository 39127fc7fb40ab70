"""`make run-kafka`: the whole pipeline as five processes over a real Kafka and a real PostgreSQL of this machine.

`--until-idle` ends by itself when everything was told; without it, it goes on until Ctrl-C. It serves the demo's little web on loopback;
`--real` watches the sources of the configuration instead.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

import yaml
from rich.console import Console

from newswire.bus import Bus
from newswire.cli.compose import open_bus
from newswire.clock import SystemClock
from newswire.config import find_config_folder
from newswire.demo import DemoSite, demo_items
from newswire.settings import from_environment
from newswire.store import Store, feeds, open_store, outbox, pages
from newswire.store.engine import migrate
from newswire.topics import ALERTING_GROUP, ALERTS, ITEMS, PROCESSORS_GROUP, REPORTS, TOPICS
from tests.servers.kafka import FULL_SPEED, jars, kafka_cluster
from tests.servers.postgres import postgres_server, require_postgres
from tests.servers.processes import ServerUnavailable, free_ports, tail

FOLDER: Final = Path("var/run-kafka")
STAGES: Final = (("collect", 1), ("process", 2), ("alert", 2))
_LOOK_S: Final = 0.3
_END_S: Final = 20.0
_SHOWN: Final = 300  # characters
_CONSUMER: Final = "org.apache.kafka.tools.consumer.ConsoleConsumer"

_console = Console(highlight=False, markup=False, soft_wrap=True)
_complaints = Console(highlight=False, markup=False, soft_wrap=True, stderr=True)


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the processes, where its log goes, and where its metrics are."""

    name: str
    log: Path
    metrics: str
    process: "subprocess.Popen[bytes]"


class _Told(Exception):  # noqa: N818 -- a signal is no error
    """Somebody asked for the end."""


def main() -> None:
    """Run it, and exit with 0, with 1 where a process of ours ended by itself, or with 2 where something is not installed."""
    parser = argparse.ArgumentParser(prog="make run-kafka", description="Newswire as five processes over a real Kafka and PostgreSQL.")
    parser.add_argument("--until-idle", action="store_true", help="end by itself when everything was told")
    parser.add_argument("--real", action="store_true", help="watch the sources of the configuration, not the demo's little web")
    arguments = parser.parse_args()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _told)
    if missing := _missing():
        for line in missing:
            _complaints.print(f"run-kafka: {line}")
        sys.exit(2)
    try:
        sys.exit(run(real=arguments.real, until_idle=arguments.until_idle))
    except ServerUnavailable as error:
        _complaints.print(f"run-kafka: {error}")
        sys.exit(2)
    except _Told:
        _console.print("Everything has ended; nothing is left running.", style="dim")


def run(*, real: bool, until_idle: bool) -> int:
    """Start all, show what there is to see, and return the exit status. Everything is ended in order when it returns or raises."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        _console.print("Starting Kafka and PostgreSQL …", style="dim")
        kafka = stack.enter_context(kafka_cluster(java=FULL_SPEED))
        postgres = stack.enter_context(postgres_server())
        environment = _environment(f"kafka://{kafka.servers}", postgres.new_database(), stack, real=real)
        _newswire(environment, "topics", "create")
        migrate(environment["NEWSWIRE_STORE"])
        _console.print(f"Kafka       {kafka.servers}   (NEWSWIRE_BUS={environment['NEWSWIRE_BUS']})")
        _console.print(f"PostgreSQL  {environment['NEWSWIRE_STORE']}")
        stages = stack.enter_context(_stages(environment, until_idle=until_idle))
        for stage in stages:
            _console.print(f"{stage.name:<11} {stage.metrics}   log {stage.log}")
        _console.rule("alerts, each through Kafka")
        settings = from_environment(environment)
        bus = open_bus(settings, SystemClock())
        stack.callback(bus.close)
        store = open_store(settings.store_url)
        stack.callback(store.close)
        status = _until_told(stages, bus, store)
        if status == 0:
            _console.rule("all told")
            _say_what_lies_there(bus)
            if not until_idle:
                _say_how_to_read(kafka.servers)
                _console.print("It goes on watching. Ctrl-C ends it.", style="bold")
                status = _watch(stages)
    return status


def _environment(bus: str, store: str, stack: ExitStack, *, real: bool) -> dict[str, str]:
    """Return what the five processes are told; alerts are for this terminal, whatever token there is."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NEWSWIRE_") or (real and "SLACK" not in name)}
    ours |= {"NEWSWIRE_BUS": bus, "NEWSWIRE_STORE": store, "NEWSWIRE_DATA": str(FOLDER)}
    if real:
        return ours
    site = stack.enter_context(DemoSite(demo_items(datetime.now(UTC))))
    config = FOLDER / "config"
    shutil.rmtree(config, ignore_errors=True)
    shutil.copytree(find_config_folder(None), config, ignore=shutil.ignore_patterns("sources"))
    (config / "sources").mkdir()
    sources = [{"url": feed.url, "outlet": feed.outlet, "language": feed.language} for feed in site.feeds]
    (config / "sources" / "demo.yaml").write_text(yaml.safe_dump({"sources": sources}, allow_unicode=True), encoding="utf-8")
    _console.print(f"A little web on 127.0.0.1:{site.port} lists the demo's articles in {len(sources)} feeds: no internet is needed.")
    return ours | {
        "NEWSWIRE_CONFIG": str(config),
        "NEWSWIRE_ALLOW_NETWORKS": "127.0.0.1/32",
        "NEWSWIRE_ALLOW_PORTS": str(site.port),
        "NEWSWIRE_HOST_SPACING": "0s",
    }


@contextmanager
def _stages(environment: Mapping[str, str], *, until_idle: bool) -> Iterator[Sequence[Stage]]:
    """Yield the running processes; those left at the end are told to drain, first stage first, and killed where they do not."""
    names = [f"{stage}-{number}" if count > 1 else stage for stage, count in STAGES for number in range(1, count + 1)]
    ports = free_ports(len(names))
    started: list[Stage] = []
    try:
        for name, port in zip(names, ports, strict=True):
            log = FOLDER / f"{name}.log"
            stage = name.partition("-")[0]
            once = ["--until-idle"] if until_idle and stage == "collect" else []
            with log.open("wb") as file:
                process = subprocess.Popen(
                    [sys.executable, "-m", "newswire", stage, *once],
                    env={**environment, "NEWSWIRE_HTTP_ADDRESS": f"127.0.0.1:{port}"},
                    stdin=subprocess.DEVNULL,
                    stderr=file,
                    process_group=0,  # Ctrl-C is for us: they are ended in order
                )
            started.append(Stage(name, log, f"http://127.0.0.1:{port}/metrics", process))
        yield started
    finally:
        for stage_ in started:
            _end(stage_.process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _until_told(stages: Sequence[Stage], bus: Bus, store: Store) -> int:
    """Return 0 when every feed was polled and all that it gave was told, 1 where a process has ended by itself."""
    while True:
        time.sleep(_LOOK_S)
        if status := _ended(stages):
            return status
        if _polled(stages[0], store) and _nothing_waits(bus, store):
            return 0


def _polled(collecting: Stage, store: Store) -> bool:
    if collecting.process.poll() == 0:
        return True
    with store.read() as connection:
        health = feeds.health(connection)
    return bool(health) and all(feed.polled_at is not None for feed in health.values())


def _nothing_waits(bus: Bus, store: Store) -> bool:
    """Return whether every queue is empty, asked in the order of the flow: what leaves one is in the next by then."""
    if bus.backlog(ITEMS, PROCESSORS_GROUP).records:
        return False
    with store.read() as connection:
        due, _ = pages.waiting(connection)
    if due or bus.backlog(REPORTS, ALERTING_GROUP).records:
        return False
    with store.read() as connection:
        unsent, _ = outbox.waiting(connection, time.time())
    return not unsent


def _watch(stages: Sequence[Stage]) -> int:
    """Return 1 when a process has ended by itself."""
    while not (status := _ended(stages)):
        time.sleep(_LOOK_S)
    return status


def _ended(stages: Sequence[Stage]) -> int:
    for stage in stages:
        if stage.process.poll():
            _complaints.print(f"run-kafka: {stage.name} ended with {stage.process.returncode}; the end of {stage.log}:")
            _complaints.print(tail(stage.log))
            return 1
    return 0


def _say_what_lies_there(bus: Bus) -> None:
    counts = {}
    last = b""
    for topic in TOPICS:
        counts[topic.name] = 0
        for message in bus.browse(topic):
            counts[topic.name] += 1
            last = message.value if topic is ALERTS else last
    _console.print("Records on Kafka: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    _console.print(f"The last of news.alerts: {last.decode()[:_SHOWN]}…")


def _say_how_to_read(servers: str) -> None:
    _console.print("Read a topic with any Kafka tool, readable JSON in each record:")
    _console.print(f"  kcat -b {servers} -t news.alerts -o beginning -e")
    _console.print(f"  kafka-console-consumer.sh --bootstrap-server {servers} --topic news.alerts --from-beginning")
    _console.print(f"  java -cp '{jars()}/*' {_CONSUMER} --bootstrap-server {servers} --topic news.alerts --from-beginning")


def _newswire(environment: Mapping[str, str], *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "newswire", *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServerUnavailable(f"newswire {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")


def _missing() -> list[str]:
    """Return what is to be installed, a line each."""
    said = []
    for look in (jars, require_postgres):
        try:
            look()
        except ServerUnavailable as error:
            said.append(str(error))
    return said


def _told(_signum: int, _frame: FrameType | None) -> None:
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)  # the end is on its way
    with suppress(OSError):
        _console.print("\nEnding: collect, process, alert, then PostgreSQL and Kafka …", style="dim")
    raise _Told


if __name__ == "__main__":
    main()
