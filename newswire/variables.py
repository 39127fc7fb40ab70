"""Every variable of the environment that Newswire reads: its name, what it means, and how its text is read."""

import difflib
import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from newswire.field_types import seconds

KAFKA_PREFIX: Final = "NEWSWIRE_KAFKA_"
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
class Variable:
    """One variable of the environment. `read` returns the fields of `Settings` that its text decides, or raises ValueError in words."""

    name: str
    default: str  # as one would write it; empty: not set
    meaning: str
    read: Callable[[str], dict[str, Any]]
    secret: bool = False  # then it has a twin `…_FILE`, and its text is never shown


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
        raise ValueError(f"{due}; name and password belong in {KAFKA_PREFIX}SASL_PLAIN_USERNAME and {KAFKA_PREFIX}SASL_PLAIN_PASSWORD_FILE")
    if servers == text or not all(
        re.fullmatch(r"(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}", server) for server in servers.split(",")
    ):
        raise ValueError(f"{due}, not '{text[:60]}'")
    return {"bus": text}


def _store(text: str) -> dict[str, Any]:
    if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE is due")  # what stands there may hold a password
    try:
        url = urlsplit(text)
        usable = url.port != 0 and not url.netloc.endswith(":")
    except ValueError:  # of the port too
        usable = False
    if not usable:
        raise ValueError("this URL cannot be read; percent-encode special characters of the password, and see to the port")
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
