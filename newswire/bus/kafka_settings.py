"""What `NEWSWIRE_BUS=kafka://…` and `NEWSWIRE_KAFKA_…` say, checked whole: Kafka's own names, with every fault at once.

Never: lets a setting through that would break a promise (`acks`, automatic commits, …), or shows a secret.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from newswire.errors import ConfigurationError, Fault

DAY_S: Final = 86_400
PREFIX: Final = "NEWSWIRE_KAFKA_"
_SASL: Final = ("sasl_mechanism", "sasl_plain_username", "sasl_plain_password")


@dataclass(frozen=True, slots=True)
class TopicWishes:
    """What a topic should be like where it is made anew; None: by the number of brokers."""

    partitions: int = 12
    replication: int | None = None
    min_insync_replicas: int | None = None
    retention_s: float = 7 * DAY_S


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Which brokers, how to be let in, and how long to wait."""

    servers: tuple[str, ...]
    access: Mapping[str, Any] = field(default_factory=dict, repr=False)  # kafka-python's names; some are passwords
    client_id: str = "newswire"
    request_s: float = 10.0  # one answer of a broker
    delivery_s: float = 30.0  # a record is acknowledged, through elections and retries
    session_s: float = 10.0  # a member that is not heard of for so long is put out
    poll_interval_s: float = 120.0  # one that does not come back for more is put out, too
    probe_s: float = 5.0  # after so much silence, whether a broker is there at all is looked into
    topics: TopicWishes = field(default_factory=TopicWishes)


@dataclass(frozen=True, slots=True)
class Option:
    """One `NEWSWIRE_KAFKA_…`. `read` returns its value, or raises ValueError in words."""

    name: str
    meaning: str
    read: Callable[[str], Any]


def kafka_settings(bus: str, given: Mapping[str, SecretStr]) -> KafkaSettings:
    """Return the settings; `bus` is `kafka://HOST:PORT,…`, `given` what `Settings.kafka` holds.

    Raises:
        ConfigurationError: with a fault for every name or value that cannot be used.

    """
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, secret in sorted(given.items()):
        try:
            values[name] = _option(name).read(secret.get_secret_value())
        except ValueError as error:
            faults.append(_fault(f"{PREFIX}{name.upper()}: {error}"))
    faults += [_fault(text) for text in _contradictions(values, refused=bool(faults))]
    if faults:
        raise ConfigurationError(faults)
    return KafkaSettings(
        servers=tuple(bus.removeprefix("kafka://").split(",")),
        access={name: value for name, value in values.items() if name.startswith(("sasl_", "ssl_", "security_"))},
        topics=TopicWishes(**{_WISHES[name]: value for name, value in values.items() if name in _WISHES}),
        **{_TIMES[name]: value for name, value in values.items() if name in _TIMES},
    )


def _option(name: str) -> Option:
    for option in OPTIONS:
        if option.name == name:
            return option
    if name in REFUSED:
        raise ValueError(f"cannot be set: {REFUSED[name]}")
    near = difflib.get_close_matches(name, [option.name for option in OPTIONS], n=1, cutoff=0.6)
    raise ValueError("Newswire reads no setting of this name" + (f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""))


def _contradictions(values: Mapping[str, Any], *, refused: bool) -> list[str]:
    """Return what does not fit together; `refused` values are not missed."""
    found = []
    protocol = values.get("security_protocol", "PLAINTEXT")
    sasl = [name for name in _SASL if name in values]
    if protocol.startswith("SASL_"):
        missing = [] if refused else [name for name in _SASL if name not in values]
        found += [f"{PREFIX}{name.upper()} is missing: {PREFIX}SECURITY_PROTOCOL is {protocol}" for name in missing]
    elif sasl:
        found.append(
            f"{PREFIX}{sasl[0].upper()} is set, but {PREFIX}SECURITY_PROTOCOL is {protocol}; SASL_SSL (or SASL_PLAINTEXT) sends it"
        )
    tls = [name for name in values if name.startswith("ssl_")]
    if tls and protocol not in {"SSL", "SASL_SSL"}:
        found.append(f"{PREFIX}{tls[0].upper()} is set, but {PREFIX}SECURITY_PROTOCOL is {protocol}; SSL or SASL_SSL reads it")
    if ("ssl_certfile" in values) != ("ssl_keyfile" in values):
        found.append(f"{PREFIX}SSL_CERTFILE and {PREFIX}SSL_KEYFILE go together; one of them is missing")
    defaults = KafkaSettings(())
    session_s, poll_interval_s = (
        values.get("session_timeout_ms", defaults.session_s),
        values.get("max_poll_interval_ms", defaults.poll_interval_s),
    )
    delivery_s, request_s = values.get("delivery_timeout_ms", defaults.delivery_s), values.get("request_timeout_ms", defaults.request_s)
    if session_s > poll_interval_s:
        found.append(f"{PREFIX}SESSION_TIMEOUT_MS is longer than {PREFIX}MAX_POLL_INTERVAL_MS")
    if delivery_s <= request_s:
        found.append(f"{PREFIX}DELIVERY_TIMEOUT_MS must be longer than {PREFIX}REQUEST_TIMEOUT_MS")
    if delivery_s + request_s >= poll_interval_s:
        found.append(
            f"{PREFIX}DELIVERY_TIMEOUT_MS leaves no time within {PREFIX}MAX_POLL_INTERVAL_MS: a slow commit would lose its partitions"
        )
    return found


def _fault(message: str) -> Fault:
    return Fault("environment", 0, 0, message)


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.upper() not in allowed:
            raise ValueError(f"one of {', '.join(allowed)} is due, not '{text[:60]}'")
        return text.upper()

    return read


def _file(text: str) -> str:
    try:
        with Path(text).open("rb"):
            return text
    except OSError as error:
        raise ValueError(f"{text} cannot be read: {(error.strerror or str(error)).lower()}") from None


def _yes_or_no(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError(f"true or false is due, not '{text[:60]}'")
    return text.lower() == "true"


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 15 and least <= int(text) <= most):
            raise ValueError(f"a whole number from {least:,} to {most:,} is due, not '{text[:60]}'")
        return int(text)

    return read


def _milliseconds(least: int, most: int) -> Callable[[str], float]:
    whole = _whole(least, most)
    return lambda text: whole(text) / 1_000


OPTIONS: Final = (
    Option(
        "security_protocol",
        "PLAINTEXT (default), SSL, SASL_PLAINTEXT or SASL_SSL",
        _one_of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
    ),
    Option("sasl_mechanism", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", _one_of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")),
    Option("sasl_plain_username", "user for PLAIN and SCRAM", str),
    Option("sasl_plain_password", "password for PLAIN and SCRAM; better in a file: …_FILE", str),
    Option("ssl_cafile", "PEM file of the authority that signed the brokers' certificates", _file),
    Option("ssl_certfile", "PEM file of our certificate, where brokers ask for one", _file),
    Option("ssl_keyfile", "PEM file of its key", _file),
    Option("ssl_password", "password of the key; better in a file: …_FILE", str),
    Option("ssl_crlfile", "PEM file of revoked certificates", _file),
    Option("ssl_ciphers", "ciphers, as OpenSSL lists them", str),
    Option("ssl_check_hostname", "whether a broker's name must be that of its certificate (true)", _yes_or_no),
    Option("client_id", "how the brokers' logs and quotas name this client (newswire)", str),
    Option("request_timeout_ms", "one answer of a broker (10000)", _milliseconds(1_000, 120_000)),
    Option("delivery_timeout_ms", "a record acknowledged, through elections and retries (30000)", _milliseconds(1_000, 600_000)),
    Option("session_timeout_ms", "a member not heard of for so long is put out (10000)", _milliseconds(1_000, 1_800_000)),
    Option("max_poll_interval_ms", "a member that takes longer over a batch is put out (120000)", _milliseconds(10_000, 3_600_000)),
    Option("num_partitions", "partitions of a topic that is made: most processors that can share the work (12)", _whole(1, 1_000)),
    Option("default_replication_factor", "copies of a topic that is made (3, or as many as there are brokers)", _whole(1, 10)),
    Option("min_insync_replicas", "copies that must hold a record before it counts (one less than there are)", _whole(1, 10)),
    Option(
        "retention_ms",
        "how long a topic that is made keeps records (604800000: a week)",
        _milliseconds(DAY_S * 1_000, 3_650 * DAY_S * 1_000),
    ),
)
"""Every `NEWSWIRE_KAFKA_…`; each may have a twin `…_FILE`."""

REFUSED: Final = {
    "acks": "nothing is lost only with acks=all",
    "enable_idempotence": "the producer is always idempotent",
    "retries": "DELIVERY_TIMEOUT_MS says how long a record is tried",
    "transactional_id": "records are made once by their identity, not by transactions",
    "enable_auto_commit": "offsets move only after the outputs are durable",
    "auto_offset_reset": "a group without offsets begins at the beginning, or records would be lost",
    "group_id": "groups have fixed names; NEWSWIRE_TOPIC_PREFIX stands before them",
    "bootstrap_servers": "NEWSWIRE_BUS=kafka://HOST:PORT,… names the brokers",
    "compression_type": "records are compressed with gzip, which every Kafka tool reads",
    "key_deserializer": "values travel as bytes",
    "value_deserializer": "values travel as bytes",
}
"""Names of Kafka that would break a promise, with the reason."""

_WISHES: Final = {
    "num_partitions": "partitions",
    "default_replication_factor": "replication",
    "min_insync_replicas": "min_insync_replicas",
    "retention_ms": "retention_s",
}
_TIMES: Final = {
    "client_id": "client_id",
    "request_timeout_ms": "request_s",
    "delivery_timeout_ms": "delivery_s",
    "session_timeout_ms": "session_s",
    "max_poll_interval_ms": "poll_interval_s",
}
