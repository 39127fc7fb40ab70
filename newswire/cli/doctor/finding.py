"""What a check is, and what it finds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from newswire.clock import Clock
from newswire.settings import Settings

AS_NEWSWIRES_USER: Final = (
    "look as the user that Newswire runs as (with systemd: `sudo newswire-command doctor`); where that was so, give it the right"
)


class Level(StrEnum):
    """How a finding is to be taken, the worst first."""

    FAIL = "fail"  # Newswire does not work, or will lose something
    WARN = "warn"  # it works, and will not for long, or less well
    NOTE = "note"  # worth knowing
    OK = "ok"


class CheckName(StrEnum):
    """Every check, in the order in which they are told."""

    SETTINGS = "settings"
    SECRETS = "secrets"
    CONFIGURATION = "configuration"
    CLOCK = "clock"
    TIME_ZONES = "time_zones"
    DISK = "disk"
    OPEN_FILES = "open_files"
    MEMORY = "memory"
    PYTHON = "python"
    SQLITE_VERSION = "sqlite_version"
    SQLITE_FILES = "sqlite_files"
    STORE = "store"
    BUS = "bus"
    TWO_NEWSWIRES = "two_newswires"
    LOCKS = "locks"
    DNS = "dns"
    SOURCES = "sources"
    PROXIES = "proxies"
    KAFKA = "kafka"
    POSTGRESQL = "postgresql"
    SLACK = "slack"
    WEBHOOKS = "webhooks"
    MAIL = "mail"
    JAIL = "jail"
    MODEL = "model"
    STATUS_ADDRESS = "status_address"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: what, why it matters, what to do. The latter two are empty where all is well."""

    check: CheckName
    level: Level
    what: str
    why: str = ""
    do: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the checks are about. `resolve` returns the addresses of a name, or raises OSError."""

    settings: Settings
    folder: Path  # of the configuration
    environ: Mapping[str, str] = field(repr=False)  # as it was when the command began, secrets and all
    clock: Clock
    resolve: Callable[[str], list[str]]
    deep: bool = False
    send_to: str | None = None  # a receiver's name


class Check(Protocol):
    """Looks at one thing and yields what it finds. What it raises is a finding, too."""

    def __call__(self, asked: Asked, /) -> Iterable[Finding]: ...
