"""What was found when the watch was looked at: facts, with nothing judged yet. Times are seconds since 1970 UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from newswire.errors import Fault
from newswire.silence import Silence
from newswire.store.at_work import AtWork
from newswire.store.sizes import Sizes
from newswire.store.source_health import SourceHealth
from newswire.store.standings import Overdue, Settled, Standing

P = TypeVar("P")

GIVEN_UP_S: Final = 86_400.0
"""Alerts that were given up before that are no news."""


@dataclass(frozen=True, slots=True)
class Away:
    """A part that could not be looked at, and why, in words."""

    why: str


@dataclass(frozen=True, slots=True)
class Place:
    """Who publishes a source, and in which country."""

    outlet: str
    country: str | None


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What the store tells."""

    sources: Sequence[SourceHealth]
    work: AtWork
    standings: Mapping[str, Standing]  # by receiver
    overdue: Mapping[str, Overdue]  # by receiver
    given_up: Sequence[Settled]  # within `GIVEN_UP_S`
    silences: Sequence[Silence]  # that have not ended
    moved_to: str | None = None
    backup_at: float | None = None
    sizes: Sizes | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """What a consumer group has still to commit, and how many members it has."""

    topic: str
    group: str
    records: int
    oldest_at: float | None
    members: int


@dataclass(frozen=True, slots=True)
class BusFacts:
    """What the bus tells."""

    queues: tuple[Queue, ...]
    processes: int | None  # that have the log open; None: the log does not tell
    dead: int  # letters that are kept
    dead_newest_at: float | None


@dataclass(frozen=True, slots=True)
class LocalFacts:
    """What answers at NEWSWIRE_HTTP_ADDRESS."""

    address: str
    ours: bool  # a Newswire answers there
    ready: bool | None = None
    note: str = ""
    version: str | None = None
    stages: tuple[str, ...] = ()
    files_in_force: bool | None = None  # whether its last look at the desk's files was a success


@dataclass(frozen=True, slots=True)
class ReceiverFacts:
    """A receiver as `newswire receivers list` shows it."""

    name: str
    kind: str | None
    to: str | None
    state: str
    why: str | None
    do: str | None
    until: str | None
    waiting: int
    gathering: int
    failed: int
    last_sent_at: str | None
    one_message: bool = False  # what was refused was a message for what it held, not we


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """A scheduled digest: who hears it, when it is due next."""

    name: str
    to: str
    due_at: float


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What stands in the configuration folder."""

    folder: str
    sources: Mapping[str, Place]  # by id
    source_faults: tuple[Fault, ...]
    watchlists: Mapping[str, str]  # name → status
    faults: tuple[Fault, ...]  # of the desk's files
    digests: tuple[DigestFacts, ...]
    routes: Any = None  # alerting.routes.Routes
    receivers_lack: tuple[str, ...] = ()  # what the environment lacks for them


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """How much of a disk is free, and how much of it must stay so."""

    folder: str
    free_bytes: int
    total_bytes: int
    must_bytes: float


@dataclass(frozen=True, slots=True)
class SizeFacts:
    """Sizes on this machine's disks; None where there is nothing to be measured."""

    bus_bytes: int | None = None
    disks: tuple[DiskFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was found. `store` and `bus` are None where nothing has run here yet: there is no such file."""

    now: datetime
    store: StoreFacts | Away | None
    bus: BusFacts | Away | None
    local: LocalFacts | Away
    files: FileFacts | Away
    receivers: Sequence[ReceiverFacts] = ()
    sizes: SizeFacts = field(default_factory=SizeFacts)
    store_shown: str = ""
    bus_shown: str = ""


def there(part: P | Away | None) -> P | None:
    """Return a part that was found, None for one that is away or not there."""
    return None if isinstance(part, Away) else part
