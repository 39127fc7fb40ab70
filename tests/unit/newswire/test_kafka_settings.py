from pathlib import Path

import pytest
from pydantic import SecretStr

from newswire.bus.kafka_settings import OPTIONS, REFUSED, KafkaSettings, kafka_settings
from newswire.errors import ConfigurationError

PASSWORD = "hunter2-is-secret"


def read(bus: str = "kafka://one:9092,two:9093", **given: str) -> KafkaSettings:
    return kafka_settings(bus, {name: SecretStr(text) for name, text in given.items()})


def faults(**given: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        read(**given)
    assert PASSWORD not in str(refused.value)
    return [fault.message for fault in refused.value.faults]


def test_the_brokers_alone_are_enough() -> None:
    assert read() == KafkaSettings(("one:9092", "two:9093"))


def test_names_are_kafkas_and_times_become_seconds(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("PEM")
    settings = read(
        security_protocol="sasl_ssl",
        sasl_mechanism="scram-sha-512",
        sasl_plain_username="newswire",
        sasl_plain_password=PASSWORD,
        ssl_cafile=str(authority),
        ssl_check_hostname="false",
        delivery_timeout_ms="20000",
        session_timeout_ms="6000",
        num_partitions="24",
        default_replication_factor="2",
        min_insync_replicas="1",
        retention_ms=str(14 * 86_400_000),
    )
    assert settings.access == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "newswire",
        "sasl_plain_password": PASSWORD,
        "ssl_cafile": str(authority),
        "ssl_check_hostname": False,
    }
    assert (settings.delivery_s, settings.session_s) == (20.0, 6.0)
    topics = settings.topics
    assert (topics.partitions, topics.replication, topics.min_insync_replicas, topics.retention_s) == (24, 2, 1, 14 * 86_400)
    assert PASSWORD not in repr(settings)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"sasl_mechanisms": "PLAIN"},
            "NEWSWIRE_KAFKA_SASL_MECHANISMS: Newswire reads no setting of this name; did you mean NEWSWIRE_KAFKA_SASL_MECHANISM?",
        ),
        ({"zzz": "1"}, "NEWSWIRE_KAFKA_ZZZ: Newswire reads no setting of this name"),
        ({"acks": "1"}, "NEWSWIRE_KAFKA_ACKS: cannot be set: nothing is lost only with acks=all"),
        (
            {"security_protocol": "TLS"},
            "NEWSWIRE_KAFKA_SECURITY_PROTOCOL: one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL is due, not 'TLS'",
        ),
        ({"num_partitions": "0"}, "NEWSWIRE_KAFKA_NUM_PARTITIONS: a whole number from 1 to 1,000 is due, not '0'"),
        ({"num_partitions": "²"}, "NEWSWIRE_KAFKA_NUM_PARTITIONS: a whole number from 1 to 1,000 is due, not '²'"),
        ({"request_timeout_ms": "5s"}, "NEWSWIRE_KAFKA_REQUEST_TIMEOUT_MS: a whole number from 1,000 to 120,000 is due, not '5s'"),
        ({"retention_ms": "60000"}, "NEWSWIRE_KAFKA_RETENTION_MS: a whole number from 86,400,000 to 315,360,000,000 is due, not '60000'"),
        (
            {"security_protocol": "SSL", "ssl_cafile": "/no/such.pem"},
            "NEWSWIRE_KAFKA_SSL_CAFILE: /no/such.pem cannot be read: no such file or directory",
        ),
        (
            {"security_protocol": "SSL", "ssl_check_hostname": "maybe"},
            "NEWSWIRE_KAFKA_SSL_CHECK_HOSTNAME: true or false is due, not 'maybe'",
        ),
        (
            {"sasl_plain_password": PASSWORD},
            "NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD is set, but NEWSWIRE_KAFKA_SECURITY_PROTOCOL is PLAINTEXT; SASL_SSL (or SASL_PLAINTEXT) sends it",
        ),
        (
            {"ssl_ciphers": "HIGH"},
            "NEWSWIRE_KAFKA_SSL_CIPHERS is set, but NEWSWIRE_KAFKA_SECURITY_PROTOCOL is PLAINTEXT; SSL or SASL_SSL reads it",
        ),
        (
            {"session_timeout_ms": "500000"},
            "NEWSWIRE_KAFKA_SESSION_TIMEOUT_MS is longer than NEWSWIRE_KAFKA_MAX_POLL_INTERVAL_MS",
        ),
        (
            {"request_timeout_ms": "30000"},
            "NEWSWIRE_KAFKA_DELIVERY_TIMEOUT_MS must be longer than NEWSWIRE_KAFKA_REQUEST_TIMEOUT_MS",
        ),
        (
            {"delivery_timeout_ms": "115000"},
            (
                "NEWSWIRE_KAFKA_DELIVERY_TIMEOUT_MS leaves no time within NEWSWIRE_KAFKA_MAX_POLL_INTERVAL_MS: "
                "a slow commit would lose its partitions"
            ),
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_words(given: dict[str, str], said: str) -> None:
    assert faults(**given) == [said]


def test_every_fault_is_said_at_once() -> None:
    found = faults(acks="0", num_partitions="many", security_protocol="SASL_SSL", sasl_mechanism="NTLM")
    assert len(found) == 3
    assert faults(security_protocol="SASL_SSL", sasl_mechanism="PLAIN") == [
        "NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD is missing: NEWSWIRE_KAFKA_SECURITY_PROTOCOL is SASL_SSL",
        "NEWSWIRE_KAFKA_SASL_PLAIN_USERNAME is missing: NEWSWIRE_KAFKA_SECURITY_PROTOCOL is SASL_SSL",
    ]


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    certificate = tmp_path / "our.pem"
    certificate.write_text("PEM")
    assert faults(security_protocol="SSL", ssl_certfile=str(certificate)) == [
        "NEWSWIRE_KAFKA_SSL_CERTFILE and NEWSWIRE_KAFKA_SSL_KEYFILE go together; one of them is missing"
    ]


def test_no_name_is_both_read_and_refused() -> None:
    names = [option.name for option in OPTIONS]
    assert len(names) == len(set(names))
    assert not set(names) & set(REFUSED)
