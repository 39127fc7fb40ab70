"""Where things are and what is secret, from the environment: one table, checked whole, with every fault said at once."""

import difflib
import ipaddress
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from newswire.errors import ConfigurationError, Fault
from newswire.field_types import seconds

_PREFIX: Final = "NEWSWIRE_"
_KAFKA: Final = "NEWSWIRE_KAFKA_"
_SECRET_FILE_BYTES: Final = 65_536
_DAY_S: Final = 86_400.0
_PATH_LEAST: Final = 12  # characters: a shorter path is no secret, and stands in other texts
_SIZES: Final = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True, slots=True)
class DiskLow:
    """How much of a disk must stay free: the larger one of a share of it and a size; nothing where both are 0."""

    share: float = 0.0
    size_bytes: int = 0


class Encryption(StrEnum):
    """How the way to a mail server is kept from being read."""

    TLS = "tls"  # from the first byte on
    STARTTLS = "starttls"  # demanded after the greeting
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The server that takes our mail."""

    host: str
    port: int
    encryption: Encryption

    @property
    def is_this_machine(self) -> bool:
        """Whether nobody stands between us and it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


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
    disk_low: DiskLow = DiskLow(0.05, 500_000_000)  # NEWSWIRE_DISK_LOW
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


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the environment. `read` returns the fields of `Settings` that its text decides, or raises ValueError in words."""

    name: str
    default: str  # as one would write it; empty: not set
    meaning: str
    read: Callable[[str], dict[str, Any]]
    secret: bool = False  # then it has a twin `…_FILE`, and its text is never shown


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
    kafka = _secrets(environ, {name.removesuffix("_FILE") for name in environ if name.startswith(_KAFKA)}, faults)
    also = _secrets(environ, named, faults)
    if faults:
        raise ConfigurationError(faults)
    settings = Settings(**fields, kafka={name.removeprefix(_KAFKA).lower(): value for name, value in kafka.items()}, named=also)
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
        return f"NEWSWIRE_KEEP_DECISIONS: a longer time than {_KAFKA}RETENTION_MS is due, or 0 for ever: Kafka keeps records for {text} ms"
    return None


def unknown_variables(environ: Iterable[str], also: Collection[str] = ()) -> list[Fault]:
    """Return a warning for each `NEWSWIRE_…` variable that nothing reads. `also` are the names that routes.yaml gives."""
    known = {variable.name for variable in VARIABLES} | {f"{variable.name}_FILE" for variable in VARIABLES if variable.secret}
    known |= {"NEWSWIRE_CRASH_AT", *also, *(f"{name}_FILE" for name in also)}
    warnings = []
    for name in sorted(environ):
        if name.startswith(_PREFIX) and not name.startswith(_KAFKA) and name not in known:
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
        if name in secret or (name.startswith(_KAFKA) and _is_secret_of_kafka(name.removeprefix(_KAFKA).lower())):
            del environ[name]


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


def _data(text: str) -> dict[str, Any]:
    path = Path(text)
    if os.path.isfile(path):  # noqa: PTH113 -- what may not be looked at is told by what tries to use it
        raise ValueError(f"a folder is due, and {text} is none")
    return {"data": path}


def _bus(text: str) -> dict[str, Any]:
    due = "embedded or kafka://HOST:PORT,HOST:PORT is due"
    if text == "embedded":
        return {"bus": text}
    servers = text.removeprefix("kafka://")
    if "@" in text:
        raise ValueError(f"{due}; name and password belong in {_KAFKA}SASL_PLAIN_USERNAME and {_KAFKA}SASL_PLAIN_PASSWORD_FILE")
    if servers == text or not all(
        re.fullmatch(r"(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}", server) for server in servers.split(",")
    ):
        raise ValueError(f"{due}, not '{text[:60]}'")
    return {"bus": text}


def _store(text: str) -> dict[str, Any]:
    if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE is due")  # what stands there may hold a password
    try:
        urlsplit(text)
    except ValueError:
        raise ValueError("this URL cannot be read; percent-encode special characters of the password") from None
    return {"store": SecretStr(text)}


def _topic_prefix(text: str) -> dict[str, Any]:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text):
        raise ValueError(f"at most 100 letters, digits, dots, underscores and hyphens are due, not '{text[:60]}'")
    return {"topic_prefix": text}


def _slack_token(text: str) -> dict[str, Any]:
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("a token has no blanks and no letters beyond ASCII")
    return {"slack_token": SecretStr(text)}


def _slack_url(text: str) -> dict[str, Any]:
    try:
        url = urlsplit(text)
        usable = url.scheme in {"http", "https"} and url.hostname and url.port != 0 and not (url.query or url.fragment)
    except ValueError:
        usable = False
    if not usable or "@" in text or not re.fullmatch(r"[!-~]+", text):
        raise ValueError("an address such as https://slack.com/api/ is due, with no name, password or query in it")
    return {"slack_url": text.rstrip("/") + "/"}


def _webhook_secret(text: str) -> dict[str, Any]:
    return {"webhook_secret": SecretStr(text)}


_SMTP_WAYS: Final = {"smtp": (Encryption.STARTTLS, 587), "smtps": (Encryption.TLS, 465), "smtp+plain": (Encryption.NONE, 25)}


def _smtp_url(text: str) -> dict[str, Any]:
    due = "smtp://HOST:587 (STARTTLS), smtps://HOST:465 (TLS) or smtp+plain://HOST:25 (not encrypted) is due"
    if "@" in text:
        raise ValueError(f"{due}; name and password belong in NEWSWIRE_SMTP_USER and NEWSWIRE_SMTP_PASSWORD_FILE")
    found = re.fullmatch(
        r"(?P<way>smtp|smtps|smtp\+plain)://(?P<host>[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>[0-9]{1,5}))?/?", text
    )
    if not found or not 1 <= int(found["port"] or 1) <= 65_535:
        raise ValueError(f"{due}, not '{text[:60]}'")
    encryption, port = _SMTP_WAYS[found["way"]]
    return {"smtp": SmtpServer(found["host"].strip("[]"), int(found["port"] or port), encryption)}


def _smtp_word(field_name: str) -> Callable[[str], dict[str, Any]]:
    def read(text: str) -> dict[str, Any]:
        if not re.fullmatch(r"[ -~]{1,255}", text):
            raise ValueError("at most 255 ASCII characters are due")
        return {field_name: SecretStr(text)}

    return read


def _http_address(text: str) -> dict[str, Any]:
    found = re.fullmatch(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})", text)
    if not found or int(found["port"]) > 65_535:
        raise ValueError(f"HOST:PORT is due, such as 127.0.0.1:9464, not '{text[:60]}'")
    return {"http_host": found["host"].strip("[]"), "http_port": int(found["port"])}


def _allow_networks(text: str) -> dict[str, Any]:
    networks = []
    for part in _list(text):
        try:
            networks.append(ipaddress.ip_network(part, strict=False))
        except ValueError:
            raise ValueError(f"networks such as 10.0.0.0/8,fd00::/8 are due, not '{part[:60]}'") from None
    return {"allow_networks": tuple(networks)}


def _allow_ports(text: str) -> dict[str, Any]:
    for part in _list(text):
        if not re.fullmatch(r"[0-9]{1,5}", part) or not 1 <= int(part) <= 65_535:
            raise ValueError(f"ports such as 8080,8443 are due, not '{part[:60]}'")
    return {"allow_ports": frozenset(int(part) for part in _list(text))}


def _disk_low(text: str) -> dict[str, Any]:
    share, size_bytes = 0.0, 0
    for part in _list(text):
        found = re.fullmatch(r"(?P<number>[0-9]{1,9}(?:\.[0-9]{1,3})?)(?P<unit>%|kB|MB|GB|TB)", part)
        if (part != "0" and not found) or (found and found["unit"] == "%" and float(found["number"]) >= 100):
            raise ValueError(f"a share, a size or both are due, such as 5%,500MB, or 0 for none, not '{part[:60]}'")
        if found and found["unit"] == "%":
            share = float(found["number"]) / 100
        elif found:
            size_bytes = int(float(found["number"]) * _SIZES[found["unit"]])
    return {"disk_low": DiskLow(share, size_bytes)}


def _kept(field_name: str, least: str, why: str) -> Callable[[str], dict[str, Any]]:
    def read(text: str) -> dict[str, Any]:
        kept_s = seconds(text)
        if 0 < kept_s < seconds(least):
            raise ValueError(f"at least {least} is due, or 0 for ever: {why}")
        return {field_name: kept_s}

    return read


def _contact(text: str) -> dict[str, Any]:
    if not re.fullmatch(r"[ -~]{1,200}", text):
        raise ValueError("a mail address or URL is due, in at most 200 ASCII characters: it is sent in the User-Agent")
    return {"contact": text}


def _log_level(text: str) -> dict[str, Any]:
    levels = ("debug", "info", "warning", "error")
    if text.lower() not in levels:
        near = difflib.get_close_matches(text.lower(), levels, n=1, cutoff=0.6)
        raise ValueError(f"one of {', '.join(levels)} is due, not '{text[:60]}'" + (f"; did you mean {near[0]}?" if near else ""))
    return {"log_level": text.lower()}


def _dead_limit(text: str) -> dict[str, Any]:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError(f"a whole number is due, 0 for no limit, not '{text[:60]}'")
    return {"dead_limit": int(text)}


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


VARIABLES: Final = (
    Variable(
        "NEWSWIRE_CONFIG", "", "configuration folder; not set: ./config, then the copy that was shipped", lambda t: {"config": Path(t)}
    ),
    Variable("NEWSWIRE_DATA", "var", "data folder: the embedded bus, the SQLite store", _data),
    Variable("NEWSWIRE_BUS", "embedded", "embedded, or kafka://HOST:PORT,HOST:PORT", _bus),
    Variable("NEWSWIRE_STORE", "", "sqlite:///PATH (not set: in the data folder) or postgresql+psycopg://…", _store, secret=True),
    Variable("NEWSWIRE_TOPIC_PREFIX", "", "stands before the name of every topic and group", _topic_prefix),
    Variable("NEWSWIRE_SLACK_TOKEN", "", "bot token; not set: alerts are printed on the terminal", _slack_token, secret=True),
    Variable("NEWSWIRE_SLACK_URL", "https://slack.com/api/", "base address of Slack's Web API, for proxies and tests", _slack_url),
    Variable(
        "NEWSWIRE_WEBHOOK_SECRET", "", "signs what webhooks get, where a receiver names no `secret_env`", _webhook_secret, secret=True
    ),
    Variable(
        "NEWSWIRE_SMTP_URL",
        "",
        "mail server: smtp://HOST:587 (STARTTLS), smtps://HOST:465 (TLS), smtp+plain://HOST:25 (neither)",
        _smtp_url,
    ),
    Variable("NEWSWIRE_SMTP_USER", "", "name at the mail server, where it asks for one", _smtp_word("smtp_user"), secret=True),
    Variable("NEWSWIRE_SMTP_PASSWORD", "", "password at the mail server", _smtp_word("smtp_password"), secret=True),
    Variable("NEWSWIRE_HTTP_ADDRESS", "127.0.0.1:9464", "where /metrics, /healthz and /readyz are served; port 0: any", _http_address),
    Variable("NEWSWIRE_ALLOW_NETWORKS", "", "comma list of networks that may be fetched from beside public addresses", _allow_networks),
    Variable("NEWSWIRE_ALLOW_PORTS", "", "comma list of ports that may be fetched from beside 80 and 443", _allow_ports),
    Variable("NEWSWIRE_POLL_FLOOR", "2m", "shortest interval between two polls of a source", lambda t: {"poll_floor_s": seconds(t)}),
    Variable(
        "NEWSWIRE_HOST_SPACING", "2s", "time between two requests to one host; 0s only for tests", lambda t: {"host_spacing_s": seconds(t)}
    ),
    Variable(
        "NEWSWIRE_SLOW_AFTER",
        "15m",
        "age of the oldest record that a stage has not taken yet, past which fewer feeds are polled; 0: never",
        lambda t: {"slow_after_s": seconds(t)},
    ),
    Variable("NEWSWIRE_STOP_AFTER", "2h", "age past which no feed is polled; 0: never", lambda t: {"stop_after_s": seconds(t)}),
    Variable(
        "NEWSWIRE_DISK_LOW",
        "5%,500MB",
        "no feed is polled while less of the data folder's disk is free (the larger of the two); on again at twice as much; 0: off",
        _disk_low,
    ),
    Variable(
        "NEWSWIRE_KEEP_TEXT",
        "90d",
        "the text of archived articles; past it title, summary and what was understood stay; 0: as long as the report",
        _kept("keep_text_s", "1d", "stories of today are still being read"),
    ),
    Variable(
        "NEWSWIRE_KEEP_REPORTS",
        "90d",
        "archived reports, for `newswire search`, `backtest` and `why`; 0: for ever",
        _kept("keep_reports_s", "1d", "stories of today are still being read"),
    ),
    Variable(
        "NEWSWIRE_KEEP_DECISIONS",
        "400d",
        "alerts, decisions, matches, stories and each item's trail: a year and a month; 0: for ever",
        _kept("keep_decisions_s", "100d", "dead letters can be replayed for 90 days, and must not be told twice"),
    ),
    Variable("NEWSWIRE_CONTACT", "", "mail address or URL that webmasters read in the User-Agent", _contact),
    Variable("NEWSWIRE_DEAD_LIMIT", "50", "a stage stops where more records in a row cannot be handled; 0: it never does", _dead_limit),
    Variable("NEWSWIRE_LOG", "info", "least level that is logged: debug, info, warning, error", _log_level),
)
"""Every variable that Newswire reads, beside `NEWSWIRE_KAFKA_…` (kafka-python's own settings) and those named by a `url_env` or `secret_env`."""
