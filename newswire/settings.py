"""Where things are and what is secret, from the environment: checked whole, with every fault said at once."""

import ctypes
import difflib
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from newswire import __version__
from newswire.errors import ConfigurationError, Fault
from newswire.variables import KAFKA_PREFIX, VARIABLES, DiskLow, Encryption, SmtpServer

_PREFIX: Final = "NEWSWIRE_"
_SECRET_FILE_BYTES: Final = 65_536
_DAY_S: Final = 86_400.0
_DISK_LOW: Final = DiskLow(0.05, 500_000_000)
_PR_SET_DUMPABLE: Final = 4
_PATH_LEAST: Final = 12  # characters: a shorter path is no secret, and stands in other texts


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the environment decides, checked. Build it once, in `newswire.cli`; what may hold a password cannot be printed."""

    config: Path | None = None  # NEWSWIRE_CONFIG; None: ./config, then the shipped copy
    data: Path = Path("var")  # NEWSWIRE_DATA
    bus: str = "embedded"  # NEWSWIRE_BUS
    store: SecretStr | None = None  # NEWSWIRE_STORE; None: sqlite under the data folder
    topic_prefix: str = ""  # NEWSWIRE_TOPIC_PREFIX
    slack_token: SecretStr | None = None  # NEWSWIRE_SLACK_TOKEN
    slack_url: str = "https://slack.com/api/"  # NEWSWIRE_SLACK_URL
    webhook_secret: SecretStr | None = None  # NEWSWIRE_WEBHOOK_SECRET
    smtp: SmtpServer | None = None  # NEWSWIRE_SMTP_URL
    smtp_user: SecretStr | None = None  # NEWSWIRE_SMTP_USER
    smtp_password: SecretStr | None = None  # NEWSWIRE_SMTP_PASSWORD
    http_host: str = "127.0.0.1"  # NEWSWIRE_HTTP_ADDRESS
    http_port: int = 9464
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()  # NEWSWIRE_ALLOW_NETWORKS
    allow_ports: frozenset[int] = field(default_factory=frozenset)  # NEWSWIRE_ALLOW_PORTS
    poll_floor_s: float = 120.0  # NEWSWIRE_POLL_FLOOR
    host_spacing_s: float = 2.0  # NEWSWIRE_HOST_SPACING
    slow_after_s: float = 900.0  # NEWSWIRE_SLOW_AFTER
    stop_after_s: float = 7_200.0  # NEWSWIRE_STOP_AFTER
    disk_low: DiskLow = _DISK_LOW  # NEWSWIRE_DISK_LOW
    keep_text_s: float = 90 * _DAY_S  # NEWSWIRE_KEEP_TEXT; 0: for ever
    keep_reports_s: float = 90 * _DAY_S  # NEWSWIRE_KEEP_REPORTS
    keep_decisions_s: float = 400 * _DAY_S  # NEWSWIRE_KEEP_DECISIONS
    contact: str = ""  # NEWSWIRE_CONTACT, in the User-Agent
    log_level: str = "info"  # NEWSWIRE_LOG
    dead_limit: int = 50  # NEWSWIRE_DEAD_LIMIT, records in a row; 0: none
    kafka: Mapping[str, SecretStr] = field(default_factory=dict)  # NEWSWIRE_KAFKA_…, names in lower case; some are passwords
    named: Mapping[str, SecretStr] = field(default_factory=dict)  # what a `url_env` or `secret_env` of routes.yaml names

    @property
    def store_url(self) -> str:
        """The store's SQLAlchemy URL, with its password."""
        return self.store.get_secret_value() if self.store else f"sqlite:///{self.data / 'newswire.sqlite3'}"

    @property
    def user_agent(self) -> str:
        """How Newswire names itself to the world: product, version, and who can be asked about it."""
        contact = f"; {self.contact}" if self.contact else ""
        return f"newswire/{__version__} (news monitoring{contact})"

    @property
    def folders_filled(self) -> tuple[Path, ...]:
        """The folders of this machine that fill up as Newswire runs: of the embedded bus, and of an SQLite store."""
        folders = [self.data] if self.bus == "embedded" else []
        if self.store_url.startswith("sqlite:///") and (path := self.store_url.removeprefix("sqlite:///").partition("?")[0]):
            folders.append(Path(path).parent)
        return tuple(dict.fromkeys(folders))

    def secret_values(self) -> Iterator[str]:
        """Yield every secret in clear, for the one processor of the log that looks for them."""
        for secret in (self.slack_token, self.webhook_secret, self.smtp_password, *self.named.values()):
            if secret:
                yield secret.get_secret_value()
        for address in self.named.values():  # of an incoming webhook the path is the secret, and servers repeat it without the host
            path = address.get_secret_value().partition("://")[2].partition("/")[2]
            yield from (part for part in (path, path.rpartition("/")[2]) if len(part) >= _PATH_LEAST)
        if self.store and (password := urlsplit(self.store.get_secret_value()).password):
            yield from {password, unquote(password)}
        for name, value in self.kafka.items():
            if _is_secret_of_kafka(name):
                yield value.get_secret_value()


def from_environment(environ: Mapping[str, str], named: Collection[str] = ()) -> Settings:
    """Return the settings that the environment decides. An empty variable is one that is not set.

    `named` are the variables that routes.yaml names: secrets, each with its twin `…_FILE`.

    Raises:
        ConfigurationError: with a fault for every variable that cannot be used.

    """
    fields: dict[str, Any] = {}
    faults: list[Fault] = []
    for variable in VARIABLES:
        try:
            text = _text(environ, variable.name, secret=variable.secret)
            if text:
                fields.update(variable.read(text))
        except ValueError as error:
            faults.append(_fault(f"{variable.name}: {error}"))
    kafka = _secrets(environ, {name.removesuffix("_FILE") for name in environ if name.startswith(KAFKA_PREFIX)}, faults)
    also = _secrets(environ, named, faults)
    if faults:
        raise ConfigurationError(faults)
    settings = Settings(**fields, kafka={name.removeprefix(KAFKA_PREFIX).lower(): value for name, value in kafka.items()}, named=also)
    if contradictions := [_fault(words) for words in _contradictions(settings)]:
        raise ConfigurationError(contradictions)
    return settings


def _secrets(environ: Mapping[str, str], names: Iterable[str], faults: list[Fault]) -> dict[str, SecretStr]:
    """Return those of these variables that are set, each with its twin `…_FILE`, and add what is wrong to `faults`."""
    found: dict[str, SecretStr] = {}
    for name in sorted(names):
        try:
            if text := _text(environ, name, secret=True):
                found[name] = SecretStr(text)
        except ValueError as error:
            faults.append(_fault(f"{name}: {error}"))
    return found


def _contradictions(settings: Settings) -> Iterator[str]:
    if (words := _keeps_too_short(settings)) is not None:
        yield words
    if 0 < settings.stop_after_s <= settings.slow_after_s:
        yield "NEWSWIRE_STOP_AFTER: a longer time than NEWSWIRE_SLOW_AFTER is due, or 0 for never"
    if settings.smtp_password and not settings.smtp_user:
        yield "NEWSWIRE_SMTP_PASSWORD: NEWSWIRE_SMTP_USER is due beside it"
    if settings.smtp_user and settings.smtp and settings.smtp.encryption is Encryption.NONE and not settings.smtp.is_this_machine:
        yield "NEWSWIRE_SMTP_USER: it could be read on its way; smtp:// or smtps:// is due in NEWSWIRE_SMTP_URL"


def _keeps_too_short(settings: Settings) -> str | None:
    """Return what is wrong where Kafka keeps a record for longer than it is known that it was decided: it could be told again."""
    kept = settings.kafka.get("retention_ms")
    text = kept.get_secret_value() if kept is not None else ""
    if settings.keep_decisions_s and text.isascii() and text.isdigit() and int(text) / 1_000 >= settings.keep_decisions_s:
        return f"NEWSWIRE_KEEP_DECISIONS: a longer time than {KAFKA_PREFIX}RETENTION_MS is due, or 0 for ever: Kafka keeps records for {text} ms"
    return None


def unknown_variables(environ: Iterable[str], also: Collection[str] = ()) -> list[Fault]:
    """Return a warning for each `NEWSWIRE_…` variable that nothing reads. `also` are the names that routes.yaml gives."""
    known = {variable.name for variable in VARIABLES} | {f"{variable.name}_FILE" for variable in VARIABLES if variable.secret}
    known |= {"NEWSWIRE_CRASH_AT", *also, *(f"{name}_FILE" for name in also)}
    warnings = []
    for name in sorted(environ):
        if name.startswith(_PREFIX) and not name.startswith(KAFKA_PREFIX) and name not in known:
            if name.removesuffix("_FILE") in known:
                warnings.append(_fault(f"{name} is not read by Newswire; only secrets may stand in a file"))
                continue
            ends = sorted(one.removeprefix(_PREFIX) for one in known - {"NEWSWIRE_CRASH_AT"})
            near = difflib.get_close_matches(name.removeprefix(_PREFIX), ends, n=1, cutoff=0.6)
            warnings.append(_fault(f"{name} is not read by Newswire" + (f"; did you mean {_PREFIX}{near[0]}?" if near else "")))
    return warnings


def forget_secrets(environ: MutableMapping[str, str], also: Collection[str] = ()) -> None:
    """Delete the variables that hold secrets, so that no child process and no dump of the environment has them."""
    secret = {variable.name for variable in VARIABLES if variable.secret} | set(also)
    for name in list(environ):
        if name in secret or (name.startswith(KAFKA_PREFIX) and _is_secret_of_kafka(name.removeprefix(KAFKA_PREFIX).lower())):
            del environ[name]


def keep_memory_to_ourselves() -> None:
    """Let no other process of the same user look into this one, and no crash leave a core file.

    What was deleted from the environment still stands in `/proc/PID/environ`, where the children that parse foreign bytes could read it,
    and all secrets stand in memory. Those who debug need root (PR_SET_DUMPABLE, prctl(2); of Linux alone).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)


def _text(environ: Mapping[str, str], name: str, *, secret: bool) -> str:
    text, path = environ.get(name, "").strip(), environ.get(f"{name}_FILE", "").strip()
    if not secret or not path:
        return text
    if text:
        raise ValueError(f"{name}_FILE is set too; set one of the two")
    try:
        with Path(path).open("rb") as file:
            raw = file.read(_SECRET_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{name}_FILE names {path}, which cannot be read: {(error.strerror or str(error)).lower()}") from None
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError:
        raise ValueError(f"{name}_FILE names {path}, which is not text") from None
    if not text or len(raw) > _SECRET_FILE_BYTES:
        raise ValueError(f"{name}_FILE names {path}, which is {'too large' if text else 'empty'}")
    return text


def _is_secret_of_kafka(name: str) -> bool:
    return any(word in name for word in ("password", "token", "secret"))


def _fault(message: str) -> Fault:
    return Fault("environment", 0, 0, message)
