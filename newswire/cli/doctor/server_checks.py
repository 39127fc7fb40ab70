"""The servers that a cluster stands on: PostgreSQL and Kafka."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.engine import make_url

from newswire.cli.doctor.finding import Asked, CheckName, Finding, Level
from newswire.cli.doctor.machine_checks import clock_against
from newswire.cli.reading import open_for_reading
from newswire.cli.status.read import hasty_settings
from newswire.cli.status.words import many
from newswire.store import server_facts
from newswire.store.clocks import SKEW_S
from newswire.store.server_facts import ServerFacts

LEAST_VERSION: Final = 14
LEAST_KAFKA: Final = (4, 0)
KAFKA_SKEW_S: Final = 3_600.0
"""Kafka's own default of message.timestamp.after.max.ms."""

CONNECTIONS_DUE: Final = 20
_KAFKA_S: Final = 3.0


def postgresql(asked: Asked) -> Iterator[Finding]:
    """Yield how PostgreSQL is set up: version, encoding, rights, connections left, clock."""
    if make_url(asked.settings.store_url).get_backend_name() != "postgresql":
        yield Finding(CheckName.POSTGRESQL, Level.NOTE, "not used: the store is SQLite")
        return
    with open_for_reading(hasty_settings(asked.settings)) as opened:
        if opened is None:  # a file alone can be missing
            return
        with opened.read() as connection:
            facts = server_facts.of(connection)
    yield from postgresql_findings(facts)
    yield from clock_against(CheckName.POSTGRESQL, "PostgreSQL's", facts.now, asked.clock.now())


def postgresql_findings(facts: ServerFacts) -> Iterator[Finding]:
    """Yield what of these facts would break something."""
    name = CheckName.POSTGRESQL
    sound = True
    if facts.major < LEAST_VERSION:
        sound = False
        yield Finding(
            name,
            Level.WARN,
            f"PostgreSQL {facts.version} is no longer looked after by its makers",
            "faults in it stay",
            f"version {LEAST_VERSION} or newer",
        )
    if facts.encoding != "UTF8":
        sound = False
        yield Finding(
            name,
            Level.FAIL,
            f"the database's encoding is {facts.encoding}",
            "the world's titles cannot be kept in it",
            "createdb --encoding=UTF8 --template=template0, and NEWSWIRE_STORE to it",
        )
    for right in facts.lacking:
        sound = False
        yield Finding(
            name,
            Level.FAIL,
            f"{facts.user} may not {right}",
            "Newswire cannot keep its rows, or the next release its tables",
            f"GRANT USAGE, CREATE ON SCHEMA public TO {facts.user}; its tables must be its own",
        )
    if facts.connections_left < CONNECTIONS_DUE:
        sound = False
        yield Finding(
            name,
            Level.WARN if facts.connections_left > 5 else Level.FAIL,
            f"{facts.connections_left} of {facts.connections_most} connections are left",
            "each process takes up to some ten",
            "raise max_connections, end what idles there, or put a pool before it",
        )
    if sound:
        yield Finding(
            name,
            Level.OK,
            f"PostgreSQL {facts.version}, {facts.encoding}, {facts.connections_left} of {facts.connections_most} connections left",
        )


def kafka(asked: Asked) -> Iterator[Finding]:
    """Yield whether the brokers answer, and are new enough, whether the topics keep the promises, and which group is about to lose records."""
    name, settings = CheckName.KAFKA, asked.settings
    if settings.bus == "embedded":
        yield Finding(name, Level.NOTE, "not used: the bus is embedded")
        return
    from newswire.bus.kafka_settings import kafka_settings
    from newswire.bus.kafka_topics import KafkaTopics

    hasty = replace(kafka_settings(settings.bus, settings.kafka), request_s=_KAFKA_S)
    with KafkaTopics(hasty, prefix=settings.topic_prefix) as topics:
        found = topics.examine(asked.clock.now())
        now = asked.clock.now()
    amiss = [
        *kafka_copies_findings(found.silent, found.behind),
        *kafka_version_findings(found.releases),
        *kafka_clock_findings(found.clock_at, now),
    ]
    yield from amiss
    for fault in found.faults:
        yield Finding(
            name,
            Level.FAIL,
            f"{fault.file}: {fault.message}",
            "a promise would break: no stage starts",
            "`newswire topics create` makes what is missing; docs/operating.md has the settings",
        )
    for fault in found.late:
        yield Finding(
            name,
            Level.WARN,
            f"{fault.file}: {fault.message}",
            "Kafka drops what nobody has read",
            "raise retention.ms now, then start more processes",
        )
    if not found.faults and not found.late and not amiss:
        brokers = "1 broker answers" if len(found.releases) == 1 else f"{len(found.releases)} brokers answer"
        release = ".".join(str(part) for part in found.releases[0])
        clock = "its clock is ours" if found.clock_at is not None else "what its clock says is not told to us"
        yield Finding(
            name,
            Level.OK,
            f"{', '.join(hasty.servers)}: {brokers}, Kafka {release}, {clock}, the topics keep the promises, no group is far behind",
        )


def kafka_copies_findings(silent: Sequence[int], behind: Mapping[str, int]) -> Iterator[Finding]:
    """Yield which brokers are away, and which topics have fewer copies in step than there are."""
    why = "nothing is lost, and nothing stands still yet; with one more away, records may not be taken"
    if silent:
        who = f"broker {silent[0]} does" if len(silent) == 1 else f"brokers {', '.join(str(node) for node in silent)} do"
        do = "start it, or see why it is not reached from here under the address that it gives (advertised.listeners)"
        yield Finding(CheckName.KAFKA, Level.WARN, f"{who} not answer", why, do)
    if behind:
        topics = ", ".join(f"{name} ({many(count, 'partition')})" for name, count in sorted(behind.items()))
        do = "they catch up by themselves when their broker is back; where none is away, its log says what holds it up"
        yield Finding(CheckName.KAFKA, Level.WARN, f"fewer copies are in step than there are: {topics}", why, do)


def kafka_clock_findings(at: float | None, now: datetime) -> Iterator[Finding]:
    """Yield how far our clock is from that of the active controller, where it tells."""
    if at is not None:
        why = "Kafka refuses records that are an hour ahead of its clock, and drops by it what it takes for old"
        yield from clock_against(CheckName.KAFKA, "Kafka's", at, now, why=why, fail_s=KAFKA_SKEW_S, warn_s=SKEW_S)


def kafka_version_findings(versions: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    """Yield what is wrong with the releases that the brokers speak, the oldest first."""
    if versions and versions[0] < LEAST_KAFKA:
        yield Finding(
            CheckName.KAFKA,
            Level.WARN,
            f"a broker speaks the protocol of Kafka {versions[0][0]}.{versions[0][1]}",
            "the promises were never tried on it",
            f"version {LEAST_KAFKA[0]}.{LEAST_KAFKA[1]} or newer",
        )
