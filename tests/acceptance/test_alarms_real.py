"""Each part of a real deployment is broken in turn before a real Prometheus with the real rules: the right alarm fires in time, no wrong one, and it clears.

Durations of the rules are divided, since nobody waits for hours here; what they are undivided, promtool holds (deploy/prometheus/tests).
"""

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
import yaml
from sqlalchemy.engine import make_url

from tests.acceptance.test_rolling_restart import Stream
from tests.acceptance.test_standby import leads
from tests.acceptance.world import ROOT, Answer, Web, World
from tests.crash.fleet import Fleet, Life, Wire, wait_until
from tests.crash.fleet_day import Day
from tests.crash.full_disk import limit_files, longest
from tests.fake_slack import FakeSlack
from tests.measured import Say
from tests.servers.fixtures import required
from tests.servers.kafka import KafkaCluster
from tests.servers.postgres import PostgresServer
from tests.servers.processes import free_ports
from tests.servers.prometheus import Prometheus, prometheus_server, quicker
from tests.servers.proxy import Mode, Proxy

pytestmark = [pytest.mark.acceptance, pytest.mark.servers, pytest.mark.timeout(600)]

FACTOR: Final = 30.0
"""By which durations are divided: two minutes are four seconds."""
FACTORS: Final[Mapping[str, float]] = {
    "NewswireNoActiveAlerter": 6.0,  # a standby takes over within 15 s, here as there
    "NewswireTargetDown": 8.0,  # a start takes its seconds, here as there
    "NewswireNotReady": 8.0,
    "NewswireSourcesFailing": 90.0,
    "NewswireCountryBlind": 360.0,
    "NewswireConfigRefused": 180.0,
    "NewswireItemsLate": 8.0,  # what waits for a start or for a standby is as old as that takes
    "NewswireReportsLate": 8.0,
}
RULES: Final = ROOT / "deploy" / "prometheus" / "rules"
FACES: Final = ("collect-1", "collect-2", "process-1", "process-2", "alert-1", "alert-2")
COUNTRIES: Final = ("PK", "US", "GB")
SETTLED_S: Final = 6.0  # a first start works its backlog off
HEALTHY_S: Final = 12.0
NOTICED_S: Final = 20.0  # until each stage has asked a server in vain: not divided, as the clients' own deadlines are not
CLEARED_S: Final = 90.0


def quick_rules(folder: Path) -> list[Path]:
    """Return the rules with their durations divided, each alarm by its own factor."""
    rules = [quicker(RULES / "recording.yaml", folder / "recording.yaml", FACTOR)]
    for number, factor in enumerate(sorted({FACTOR, *FACTORS.values()})):
        document = yaml.safe_load((RULES / "alarms.yaml").read_text("utf-8"))
        for group in document["groups"]:
            group["rules"] = [rule for rule in group["rules"] if FACTORS.get(rule["alert"], FACTOR) == factor]
        document["groups"] = [group | {"name": f"{group['name']}-{number}"} for group in document["groups"] if group["rules"]]
        whole = folder / f"whole-{number}.yaml"
        whole.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
        rules.append(quicker(whole, folder / f"alarms-{number}.yaml", factor))
    return rules


def stated_s(alarm: str) -> float:
    """Return the `for` of an alarm, divided."""
    for group in yaml.safe_load((RULES / "alarms.yaml").read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            if rule["alert"] == alarm:
                number, unit = float(rule["for"][:-1]), rule["for"][-1]
                return number * {"s": 1, "m": 60, "h": 3600}[unit] / FACTORS.get(alarm, FACTOR)
    raise AssertionError(f"there is no alarm {alarm}")


@dataclass(frozen=True)
class Drill:
    """One thing that is broken, and what is to be heard of it."""

    name: str
    breaks: Callable[[], object]
    repairs: Callable[[], object]
    alarm: str | None  # None: nobody is told
    seen_s: float  # beside the rule's own `for`: until what is broken can be seen, as its runbook says, divided; or how long nothing is to be heard
    labels: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)  # alarms that are right beside it, and why


@dataclass
class Siren:
    """What has fired, heard twice a second."""

    prometheus: Prometheus
    heard: dict[tuple[str, str], float] = field(default_factory=dict)  # alarm and labels, since when (monotonic)
    first: list[tuple[float, str, Mapping[str, str]]] = field(default_factory=list)

    def listen(self) -> None:
        now, firing = time.monotonic(), {}
        for alarm in self.prometheus.alarms():
            if alarm.state == "firing":
                key = (alarm.name, str(sorted(alarm.labels.items())))
                firing[key] = self.heard.get(key, now)
                if key not in self.heard:
                    self.first.append((now, alarm.name, alarm.labels))
        self.heard = firing

    def since(self, began: float) -> list[tuple[float, str, Mapping[str, str]]]:
        return [one for one in self.first if one[0] >= began]


@contextmanager
def listening(prometheus: Prometheus) -> Iterator[Siren]:
    siren, over = Siren(prometheus), threading.Event()

    def listen() -> None:
        while not over.wait(0.5):
            with suppress(httpx2.HTTPError):
                siren.listen()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield siren
    finally:
        over.set()
        thread.join()


class Deployment:
    """Processes of all stages, each with an address of its own that outlives it."""

    def __init__(self, fleet: Fleet, names: Sequence[str]) -> None:
        self._fleet = fleet
        self.addresses = {name: f"127.0.0.1:{port}" for name, port in zip(names, free_ports(len(names)), strict=True)}
        self.lives: dict[str, Life] = {}

    def start(self, *names: str, **more: str) -> None:
        for name in names:
            environment = self._fleet.world.environment
            before = dict(environment)
            environment |= {"NEWSWIRE_HTTP_ADDRESS": self.addresses[name]} | more
            self.lives[name] = self._fleet.start(name.partition("-")[0])
            environment.clear()
            environment |= before
        wait_until(lambda: all(self.lives[name].ready() for name in names), limit_s=90)

    def stop(self, *names: str) -> None:
        for name in names:
            self._fleet.dismiss(self.lives[name])

    def again(self, *names: str, **more: str) -> None:
        self.stop(*names)
        self.start(*names, **more)

    def active(self) -> Life:
        alerters = [life for name, life in self.lives.items() if name.startswith("alert")]
        wait_until(lambda: any(leads(life) for life in alerters), limit_s=30)
        return next(life for life in alerters if leads(life))

    def processes(self) -> list[int]:
        return [life.process.pid for life in self.lives.values()]


def perform(drills: Sequence[Drill], siren: Siren) -> str:
    """Break, hear, repair, and hear it end; return the line of the table. Several drills at once have nothing to do with each other."""
    names = " and ".join(drill.name for drill in drills)
    began = time.monotonic()
    for drill in drills:
        drill.breaks()
    broken = time.monotonic()
    fired = [f"{drill.alarm} after {hear(drill, siren, began) - broken:.1f} s" for drill in drills if drill.alarm is not None]
    time.sleep(2 if fired else max(drill.seen_s for drill in drills))  # for what follows from it
    repaired = time.monotonic()
    for drill in drills:
        drill.repairs()
    quiet = repaired
    while siren.heard:
        quiet = time.monotonic()
        assert quiet - repaired < CLEARED_S, f"{names}: {sorted(siren.heard)} has not cleared"
        time.sleep(0.2)
    right = {drill.alarm for drill in drills} | {name for drill in drills for name in drill.also}
    others = [(name, labels) for _, name, labels in siren.since(began) if name not in right]
    assert not others, f"{names}: wrong alarms {others}"
    return f"{names}: {', '.join(fired) or 'none'}" + (f", cleared {quiet - repaired:.1f} s after the repair" if fired else "")


def hear(drill: Drill, siren: Siren, began: float) -> float:
    """Return when the alarm fired; it did so in its stated time."""
    assert drill.alarm is not None
    limit_s = stated_s(drill.alarm) + drill.seen_s + 4  # a scrape, an evaluation, and what this machine is late
    while True:
        for at, name, labels in siren.since(began):
            if name == drill.alarm and drill.labels.items() <= labels.items():
                return at
        assert time.monotonic() - began < limit_s + 20, (
            f"{drill.name}: no {drill.alarm} in {limit_s + 20:.0f} s; heard {siren.since(began)}"
        )
        time.sleep(0.1)


def the_rules_hold_here(document: list[Path]) -> list[Path]:
    """Return the rules without those that a small disk of this machine would set off."""
    usage = shutil.disk_usage(Path.cwd())
    return document if usage.free > max(0.12 * usage.total, 2e9) else [_without(path, "NewswireDiskLow") for path in document]


def _without(path: Path, alarm: str) -> Path:
    document: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    for group in document["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert") != alarm]
    path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    return path


@dataclass(frozen=True)
class Scene:
    world: World
    sites: Sequence[Web]
    proxies: Sequence[Proxy]
    slack: FakeSlack
    wire: Wire


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    world = World(tmp_path / "world")
    with ExitStack() as stack:
        sites = [stack.enter_context(Web()) for _ in COUNTRIES]
        proxies = [stack.enter_context(Proxy(("127.0.0.1", site.port))) for site in sites]
        for site, proxy in zip(sites, proxies, strict=True):
            site.base = f"http://127.0.0.1:{proxy.port}"
        slack = stack.enter_context(FakeSlack())
        day = Day.of(sites, items=1_000, with_page=200, told=100)
        wire = Wire(sites, day.entries, feeds=9)
        for number, country in enumerate(COUNTRIES):
            world.sources(*wire.urls[number :: len(COUNTRIES)], name=country.lower(), country=country, interval="2s")
        world.allow_ports(*(proxy.port for proxy in proxies))
        world.slack(slack.url)
        yield Scene(world, sites, proxies, slack, wire)


def gone(web: Web, path: str) -> Callable[[], None]:
    """Return what makes one feed fail; the stream brings it back."""

    def breaks() -> None:
        web.answers[path] = Answer(b"", status=503)

    return breaks


def hang(scene: Scene) -> None:
    for site in scene.sites:
        site.held = ("/p", "/story")


def let_go(scene: Scene) -> None:
    for site in scene.sites:
        site.held = ()


def let_slack_go(slack: FakeSlack) -> None:
    slack.faults.clear()
    slack.released.set()


def fill(deployment: Deployment, data: Path) -> None:
    for pid in deployment.processes():
        limit_files(pid, longest(data) + 4_000)


def empty(deployment: Deployment) -> None:
    for pid in deployment.processes():
        limit_files(pid, None)


def drills(scene: Scene, deployment: Deployment) -> Iterator[Sequence[Drill]]:
    """Yield the drills, those together that touch different things; one is put together when its turn has come."""
    nobody: Callable[[], None] = lambda: None  # noqa: E731 -- a name for nothing to be done
    slack, routes = scene.slack, scene.world.config / "routes.yaml"
    right = routes.read_text("utf-8")

    def restart_one_of_each() -> None:
        deployment.again(*FACES[::2])

    def restart_alerters() -> None:
        slack.faults.clear()
        for name in FACES[-2:]:
            deployment.again(name)

    yield [Drill("a process of each stage is restarted", restart_one_of_each, nobody, None, 5)]
    yield [
        Drill("one source fails", gone(scene.sites[1], "/feed1"), nobody, None, 10),
        Drill("every page hangs", lambda: hang(scene), lambda: let_go(scene), None, 10),
    ]
    country = Drill(
        "all sources of a country are unreachable",
        lambda: scene.proxies[0].set(Mode.REFUSE),
        lambda: scene.proxies[0].set(Mode.PASS),
        "NewswireCountryBlind",
        10,
        {"country": "PK"},
    )
    configuration = Drill(
        "the configuration has a fault",
        lambda: routes.write_text(right + "nonsense: 1\n", "utf-8"),
        lambda: routes.write_text(right, "utf-8"),
        "NewswireConfigRefused",
        5,
    )
    yield [country, configuration]
    yield [
        Drill(
            "the processors are stopped",
            lambda: deployment.stop("process-1", "process-2"),
            lambda: deployment.start("process-1", "process-2"),
            "NewswireStageDown",
            5,
            {"stage": "process"},
        )
    ]
    yield [
        Drill(
            "the alerters are stopped",
            lambda: deployment.stop("alert-1", "alert-2"),
            lambda: deployment.start("alert-1", "alert-2"),
            "NewswireStageDown",
            5,
            {"stage": "alert"},
        )
    ]
    hung = deployment.active()
    yield [
        Drill(
            "the active alerter hangs, the standby takes over",
            lambda: hung.process.send_signal(signal.SIGSTOP),
            lambda: hung.process.send_signal(signal.SIGCONT),
            None,
            17,
        )
    ]
    yield [
        Drill(
            "Slack refuses the token",
            lambda: slack.faults.extend(["error:invalid_auth"] * 1_000),
            restart_alerters,  # as one does who sets another token; else it is tried again after three minutes
            "NewswireReceiverRefusing",
            15,
            {"receiver": "desk"},
        )
    ]
    yield [
        Drill(
            "Slack hangs",
            lambda: slack.faults.extend(["silence"] * 1_000),
            lambda: let_slack_go(slack),
            "NewswireSendingLate",
            5 * 60 / FACTOR + 10,
            {"receiver": "desk"},
        )
    ]
    yield [
        Drill(
            "bus and store are full",
            lambda: fill(deployment, scene.world.data),
            lambda: empty(deployment),
            "NewswireStoreAway",
            10,
            also={"NewswireBusAway": "the embedded bus lies on the same disk"},
        )
    ]
    yield [
        Drill(
            "the disk is low",
            lambda: deployment.again(*FACES[:2], NEWSWIRE_DISK_LOW="900000GB"),
            lambda: deployment.again(*FACES[:2]),
            "NewswireDiskFull",
            10,
        )
    ]


@contextmanager
def watched(scene: Scene, names: Sequence[str], folder: Path, say: Say) -> Iterator[tuple[Deployment, Siren]]:
    """Yield a deployment under a steady stream of news, before a Prometheus that has heard no alarm of it."""
    with ExitStack() as stack:
        fleet = stack.enter_context(Fleet(scene.world))
        deployment = Deployment(fleet, names)
        deployment.start(*names)
        rules = the_rules_hold_here(quick_rules(folder))
        prometheus = stack.enter_context(required(prometheus_server(folder, deployment.addresses, rules=rules)))
        siren = stack.enter_context(listening(prometheus))
        stack.enter_context(Stream(scene.wire, a_second=3.0, most=1_000))
        time.sleep(SETTLED_S)
        began = time.monotonic()
        time.sleep(HEALTHY_S)
        assert siren.since(began) == [], "with nothing broken"
        say(f"nothing broken for {HEALTHY_S:.0f} s: none")
        yield deployment, siren
        fleet.dismiss_all()
        assert not fleet.bugs()


def test_each_part_broken_in_turn_sets_off_its_alarm_and_no_other(scene: Scene, tmp_path: Path, say: Say) -> None:
    with watched(scene, FACES, tmp_path, say) as (deployment, siren):
        for at_once in drills(scene, deployment):
            say(perform(at_once, siren))


def test_a_bus_that_says_nothing_and_a_store_that_is_away_set_off_their_alarms_and_no_other(
    scene: Scene, kafka: KafkaCluster, postgres: PostgresServer, migrated: Callable[[], str], tmp_path: Path, say: Say
) -> None:
    url = migrated()
    scene.world.on_servers(kafka, url)
    with Proxy(("127.0.0.1", postgres.port)) as to_postgres:
        scene.world.environment |= {
            "NEWSWIRE_STORE": make_url(url).set(port=to_postgres.port).render_as_string(hide_password=False),
            "NEWSWIRE_BUS": f"kafka://{kafka.proxied_servers}",
        }
        to_kafka = kafka.brokers[0].proxy
        with watched(scene, ("collect-1", "process-1", "alert-1"), tmp_path, say) as (_, siren):
            for name, proxy, mode, alarm in (
                ("Kafka says nothing", to_kafka, Mode.STALL, "NewswireBusAway"),
                ("PostgreSQL is away", to_postgres, Mode.REFUSE, "NewswireStoreAway"),
            ):
                drill = Drill(name, partial(proxy.set, mode), partial(proxy.set, Mode.PASS), alarm, NOTICED_S)
                say(perform([drill], siren))
