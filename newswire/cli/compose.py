"""Everything built by hand, once, from settings and configuration: no container, no framework, no globals.

What is built is imported where it is built: a command that only looks at files does not wait for SQL, HTTP and the jail to load.
"""

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from structlog.typing import FilteringBoundLogger

from newswire import log
from newswire.bus import Bus
from newswire.cli.known import understanding_folder
from newswire.cli.leaving import Leaving
from newswire.clock import Clock, SystemClock
from newswire.config import find_config_folder
from newswire.errors import ConfigurationError, Fault
from newswire.garbage import nothing_thrown_away
from newswire.outcomes import Dependency, RunStage
from newswire.settings import Settings

if TYPE_CHECKING:
    from alerting.desk import Desk
    from alerting.reload import ReloadWorker
    from alerting.watchlists.compile import WatchlistSet
    from alerting.watchlists.load import DeskFiles
    from alerting.watchlists.vocabulary import Vocabulary
    from collectors.sources import Source
    from newswire.bus.kafka_topics import KafkaTopics
    from newswire.cli.patience import Probes
    from newswire.http import Http
    from newswire.jail import Jail
    from newswire.metrics import Metrics
    from newswire.store import Store
    from processors.names import Names
    from processors.understand import Understanding

JAIL_TASKS: Final = (
    "collectors.jailed:read_feed",
    "collectors.jailed:find_feeds",
    "processors.jailed:extract_article",
    "processors.jailed:robots_allow",
    "processors.jailed:robots_delay",
)
JAIL_WORKERS: Final = 2


@dataclass(frozen=True, slots=True)
class Ground:
    """What every stage stands on."""

    settings: Settings
    folder: Path  # of the configuration
    clock: Clock
    metrics: "Metrics"
    log: FilteringBoundLogger
    store: "Store"
    bus: Bus
    owner: str  # names this process in leases
    probes: "Probes"
    leaving: Leaving = field(default_factory=Leaving)

    def now(self) -> datetime:
        return self.clock.now()


@contextmanager
def open_ground(
    settings: Settings, *stages: RunStage, log_stream: TextIO | None = None, serving: bool = False, patient: bool = False
) -> Iterator[Ground]:
    """Yield the ground of these stages, store and bus open, closed again at the end.

    `serving`: `/metrics`, `/healthz` and `/readyz` are there from the first moment on. `patient`: a server that is away is waited for.

    Raises:
        ConfigurationError: the configuration folder, the store or the bus cannot be used; the address of the status pages is taken.
        Retryable: a server is away, and nobody is patient.

    """
    from newswire.bus.measured import MeasuredBus
    from newswire.cli.patience import Probes, waited_for
    from newswire.dependency import Uses
    from newswire.metrics import Metrics
    from newswire.store import open_store

    with ExitStack() as stack:
        leaving = stack.enter_context(Leaving())
        logger = log.set_up(level=settings.log_level, secrets=tuple(settings.secret_values()), stream=log_stream)
        clock = SystemClock()
        metrics = Metrics()
        metrics.runs(*stages)  # before a server is waited for: a stage that waits is there, and not to be started
        folder = find_config_folder(settings.config)
        probes = Probes()
        if serving:
            serve_status(settings, metrics, probes, logger, stack)
        bus_uses, store_uses = Uses(Dependency.BUS, metrics), Uses(Dependency.STORE, metrics)
        opened_store = partial(store_uses.opened, partial(open_store, settings.store_url))
        opened_bus: Callable[[], Bus] = partial(bus_uses.opened, partial(open_bus, settings, clock))
        store = waited_for(opened_store, "store", "NEWSWIRE_STORE, and whether that server runs", logger) if patient else opened_store()
        stack.callback(store.close)
        bus = waited_for(opened_bus, "bus", "NEWSWIRE_BUS, and whether those servers run", logger) if patient else opened_bus()
        stack.callback(bus.close)
        store.watch(partial(store_uses.use, took=metrics.store_transaction))
        bus = MeasuredBus(bus, use=bus_uses.use, commit=partial(bus_uses.use, took=metrics.bus_commit))
        owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        yield Ground(settings, folder, clock, metrics, logger, store, bus, owner, probes, leaving)


def open_bus(settings: Settings, clock: Clock) -> Bus:
    """Return the bus that the settings name.

    Raises:
        ConfigurationError: it cannot be used, or its topics would break the promises.
        Retryable: no broker answers now.

    """
    if settings.bus == "embedded":
        from newswire.bus.embedded import EmbeddedBus

        return EmbeddedBus(settings.data / "bus.sqlite3", clock=clock, prefix=settings.topic_prefix)
    from newswire.bus.kafka import KafkaBus
    from newswire.bus.kafka_settings import kafka_settings

    with open_topics(settings) as topics:
        topics.require()
    return KafkaBus(kafka_settings(settings.bus, settings.kafka), prefix=settings.topic_prefix)


def open_topics(settings: Settings) -> "KafkaTopics":
    """Return what makes and checks Kafka's topics.

    Raises:
        ConfigurationError: the bus is not Kafka, or its settings cannot be used.

    """
    from newswire.bus.kafka_settings import kafka_settings
    from newswire.bus.kafka_topics import KafkaTopics

    if not settings.bus.startswith("kafka://"):
        raise ConfigurationError(
            [Fault("environment", 0, 0, "the embedded bus makes its own topics; NEWSWIRE_BUS=kafka://HOST:PORT names a cluster")]
        )
    return KafkaTopics(kafka_settings(settings.bus, settings.kafka), prefix=settings.topic_prefix)


def open_http(ground: Ground, stack: ExitStack) -> "Http":
    """Return a guarded client with its own loop, which keeps the hosts' slots in the store."""
    from newswire.guard import Guard
    from newswire.http import GuardedHttp
    from newswire.store.hosts import StoreSlots

    settings = ground.settings
    slots = StoreSlots(store=ground.store, clock=ground.clock, owner=ground.owner, spacing_s=settings.host_spacing_s)
    client = GuardedHttp(
        guard=Guard(settings.allow_networks, settings.allow_ports),
        slots=slots,
        metrics=ground.metrics,
        user_agent=settings.user_agent,
        clock=ground.clock,
    )
    stack.callback(client.close)
    return client


def open_jail(ground: Ground, stack: ExitStack) -> "Jail":
    """Return the jail with its children started, for feeds and pages."""
    from newswire.jail import ProcessJail

    jail = ProcessJail(workers=JAIL_WORKERS, tasks=JAIL_TASKS, metrics=ground.metrics)
    stack.callback(jail.close)
    return jail


def read_sources(folder: Path) -> "list[Source]":
    """Return the configured sources.

    Raises:
        ConfigurationError: with every fault of every file.

    """
    from collectors.sources_file import require_sources

    return require_sources(folder / "sources")


@nothing_thrown_away()
def load_understanding(folder: Path, *, reads: bool = True) -> "Understanding":
    """Return what reads items: taxonomy and model of the configuration folder, or the shipped ones where it has neither.

    Without `reads` it holds no encoder in memory, and leaves what evidence leaves open.

    Raises:
        ConfigurationError: a file of the taxonomy or the model cannot be used.

    """
    from processors.understand import Understanding

    return Understanding.load(understanding_folder(folder), reads=reads)


def read_desk(folder: Path, known: "Names | Understanding", now: datetime) -> "DeskFiles":
    """Return the desk's files, their faults and warnings beside them."""
    from alerting.watchlists.load import load_desk

    return load_desk(folder, vocabulary_of(known), now.date())


def vocabulary_of(known: "Names | Understanding") -> "Vocabulary":
    """Return the words that a desk's files may choose from."""
    from alerting.watchlists.vocabulary import Vocabulary

    return Vocabulary(countries=known.countries, topics=known.topics, organisations=known.organisations, languages=known.languages)


def require_desk(folder: Path, known: "Names | Understanding", now: datetime) -> "DeskFiles":
    """Return the desk's files.

    Raises:
        ConfigurationError: with every fault of every file.

    """
    desk = read_desk(folder, known, now)
    if desk.faults:
        raise ConfigurationError(desk.faults)
    return desk


def compile_desk(desk: "DeskFiles") -> "WatchlistSet":
    """Return the watchlists ready for matching."""
    from alerting.watchlists.compile import compile_watchlists

    return compile_watchlists(desk.watchlists, desk.lists)


def keep_desk(ground: Ground, known: "Names | Understanding") -> "ReloadWorker":
    """Return the desk's files put in force, and kept so as they change. Of an understanding only its words are held on to.

    Raises:
        ConfigurationError: with every fault of every file, or what the environment lacks for the receivers.

    """
    from alerting.desk import desk_of
    from alerting.reload import ReloadWorker
    from alerting.watchlists.load import load_desk
    from newswire.cli.compose_receivers import lacking_here

    words, on_terminal = vocabulary_of(known), ground.settings.slack_token is None

    def make(digest: str, now: datetime) -> "Desk":
        files = load_desk(ground.folder, words, now.date())
        if faults := files.faults or lacking_here(files.routes, ground.settings):
            raise ConfigurationError(faults)
        return desk_of(files, digest=digest, since=now, on_terminal=on_terminal)

    kept = ReloadWorker(folder=ground.folder, make=make, clock=ground.clock, metrics=ground.metrics)
    ground.probes.note = lambda: kept.standing().trouble(ground.now())
    return kept


def serve_status(settings: Settings, metrics: "Metrics", probes: "Probes", logger: FilteringBoundLogger, stack: ExitStack) -> None:
    """Serve `/metrics`, `/healthz` and `/readyz` until the stack is closed.

    Raises:
        ConfigurationError: its address is taken.

    """
    from newswire.status_server import StatusServer

    metrics.ready.follow(probes.ready)
    server = StatusServer(
        settings.http_host,
        settings.http_port,
        metrics=metrics.exposition,
        healthy=probes.healthy,
        ready=probes.ready,
        note=probes.noted,
        log=logger,
    )
    stack.callback(server.close)
    host, port = server.address
    logger.info("serving", metrics=f"http://{host}:{port}/metrics")
