"""The looks that `newswire status` takes: at the store, the bus, the status pages here, the files; each by itself, all at once."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy.engine import make_url

from newswire.cli.bounded import all_within
from newswire.cli.status.facts import (
    GIVEN_UP_S,
    Away,
    BusFacts,
    DiskFacts,
    Facts,
    FileFacts,
    LocalFacts,
    Queue,
    ReceiverFacts,
    SizeFacts,
    StoreFacts,
    there,
)
from newswire.cli.status.read_files import file_facts, receiver_facts
from newswire.cli.status.read_local import local_facts
from newswire.cli.status.words import fault_in_words
from newswire.clock import Clock
from newswire.config import find_config_folder
from newswire.errors import ConfigurationError, one_line
from newswire.settings import Settings
from newswire.store.sizes import bus_bytes, disk

LOOK_S: Final = 8.0
"""A part that has not answered after so long is away, to the eye of who asks."""

LAST_ALERTS: Final = 5
_CONNECT_S: Final = 4
_STATEMENT_S: Final = 6
_KAFKA_S: Final = 3.0
_NOBODY: Final = "nobody"  # a group that has committed nothing: all that is on a topic waits for it

P = TypeVar("P")


def read_facts(settings: Settings, clock: Clock, *, look_s: float = LOOK_S) -> Facts:
    """Return what is found within `look_s` seconds."""
    now = clock.now()
    folder = find_config_folder(settings.config)
    looks: dict[str, Callable[[], Any]] = {
        "store": partial(store_facts, settings, now),
        "bus": partial(bus_facts, settings),
        "local": partial(local_facts, settings),
        "files": partial(file_facts, folder, settings, now),
        "sizes": partial(size_facts, settings),
    }
    found = all_within(look_s, looks)
    store: StoreFacts | Away | None = _part(found["store"])
    bus: BusFacts | Away | None = _part(found["bus"])
    local: LocalFacts | Away | None = _part(found["local"])
    files: FileFacts | Away | None = _part(found["files"])
    sizes: SizeFacts | Away | None = _part(found["sizes"])
    seen, read = there(store), there(files)
    receivers: tuple[ReceiverFacts, ...] = ()
    if read is not None:
        receivers = receiver_facts(
            read.routes, settings, dict(seen.standings) if seen is not None else None if isinstance(store, Away) else {}, now
        )
    return Facts(
        now=now,
        store=store,
        bus=bus,
        local=local or Away("nothing answers"),
        files=files or Away("no file was read"),
        receivers=receivers,
        sizes=there(sizes) or SizeFacts(),
        store_shown=store_shown(settings),
        bus_shown=settings.bus if settings.bus != "embedded" else f"embedded, {(settings.data / 'bus.sqlite3').absolute()}",
    )


def _part(found: Any) -> Any:
    """Return the part, or why it is away, on one line."""
    if isinstance(found, ConfigurationError):
        return Away("; ".join(fault_in_words(fault) for fault in found.faults))
    if isinstance(found, Exception):
        return Away(one_line(str(found) or type(found).__name__))
    return found


def store_shown(settings: Settings) -> str:
    """Return where the store is, with no name and no password; a file by its whole path, as who looks may stand elsewhere."""
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite":
        return str(Path(url.database).absolute()) if url.database else "memory"
    return f"PostgreSQL {url.host or 'local'}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def hasty_settings(settings: Settings) -> Settings:
    """Return the settings with a PostgreSQL store that gives an answer, or none, within seconds."""
    from dataclasses import replace

    from pydantic import SecretStr

    url = make_url(settings.store_url)
    if url.get_backend_name() != "postgresql":
        return settings
    wishes = {"connect_timeout": str(_CONNECT_S), "options": f"-c statement_timeout={_STATEMENT_S}s -c default_transaction_read_only=on"}
    hasty = url.update_query_dict({name: value for name, value in wishes.items() if name not in url.query})
    return replace(settings, store=SecretStr(hasty.render_as_string(hide_password=False)))


def store_facts(settings: Settings, now: datetime) -> StoreFacts | None:
    """Return what the store tells, None where there is none yet.

    Raises:
        ConfigurationError: it cannot be used, or its schema is another one.
        Retryable: it cannot be reached now.

    """
    from newswire.cli.reading import open_for_reading
    from newswire.store import backups, leaders, silences, sizes
    from newswire.store.at_work import at_work
    from newswire.store.source_health import source_health
    from newswire.store.standings import given_up, overdue, standings

    at = now.timestamp()
    with open_for_reading(hasty_settings(settings)) as store:
        if store is None:
            return None
        with store.read() as connection:
            return StoreFacts(
                sources=source_health(connection),
                work=at_work(connection, at, alerts=LAST_ALERTS),
                standings=standings(connection, at),
                overdue=overdue(connection, at),
                given_up=given_up(connection, at - GIVEN_UP_S),
                silences=silences.current(connection, at),
                moved_to=leaders.moved_to(connection),
                backup_at=backups.last_success(connection),
                sizes=sizes.sizes(connection),
            )


def bus_facts(settings: Settings) -> BusFacts | None:
    """Return what the bus tells, None where there is none yet.

    Raises:
        Retryable: it cannot be read now.
        ConfigurationError: it cannot be used.

    """
    if settings.bus != "embedded":
        return _kafka_facts(settings)
    from newswire.bus.embedded_look import look

    found = look(settings.data / "bus.sqlite3", settings.topic_prefix)
    if found is None:
        return None
    queues = tuple(Queue(one.topic.name, one.name, one.backlog.records, _at(one.backlog.oldest_at), one.members) for one in found.groups)
    return BusFacts(queues, found.processes, found.dead, _at(found.dead_newest_at))


def _kafka_facts(settings: Settings) -> BusFacts:
    from dataclasses import replace

    from newswire.bus.kafka import KafkaBus
    from newswire.bus.kafka_settings import kafka_settings
    from newswire.topics import DEAD, GROUPS

    bus = KafkaBus(replace(kafka_settings(settings.bus, settings.kafka), request_s=_KAFKA_S), prefix=settings.topic_prefix)
    try:
        bus.ping()
        queues = []
        for topic, group in GROUPS:
            backlog = bus.backlog(topic, group)
            queues.append(Queue(topic.name, group, backlog.records, _at(backlog.oldest_at), bus.others([(topic, group)])))
        dead = bus.backlog(DEAD, _NOBODY)
        newest = None
        if dead.records:
            with suppress(Exception):  # how new the newest is, is worth no failure
                newest = max((one.written_at.timestamp() for one in bus.browse(DEAD)), default=None)
        return BusFacts(tuple(queues), None, dead.records, newest)
    finally:
        bus.close()


def size_facts(settings: Settings) -> SizeFacts:
    """Return what the files of this machine take, and what is free beside them."""
    disks = []
    for folder in settings.folders_filled:
        if (found := disk(folder)) is not None:
            must = max(settings.disk_low.size_bytes, settings.disk_low.share * found.bytes)
            disks.append(DiskFacts(str(folder), found.free_bytes, found.bytes, must))
    return SizeFacts(bus_bytes(settings.data) if settings.bus == "embedded" else None, tuple(disks))


def _at(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment is not None else None
