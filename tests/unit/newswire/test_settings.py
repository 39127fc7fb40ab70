import json
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest
from pydantic import SecretStr, TypeAdapter

from newswire.errors import ConfigurationError
from newswire.settings import Settings, forget_secrets, from_environment, unknown_variables
from newswire.variables import VARIABLES, DiskLow, Encryption, SmtpServer

ROOT = Path(__file__).resolve().parents[3]
CANARY = "xoxb-canary-1234567890"
FULL = {
    "NEWSWIRE_CONFIG": "/etc/newswire",
    "NEWSWIRE_DATA": "/var/lib/newswire",
    "NEWSWIRE_BUS": "kafka://one:9092,two.example:9093,[::1]:9094",
    "NEWSWIRE_STORE": f"postgresql+psycopg://desk:{CANARY}@db/newswire",
    "NEWSWIRE_TOPIC_PREFIX": "test.",
    "NEWSWIRE_SLACK_TOKEN": CANARY,
    "NEWSWIRE_SLACK_URL": "http://127.0.0.1:8080/api",
    "NEWSWIRE_WEBHOOK_SECRET": CANARY,
    "NEWSWIRE_SMTP_URL": "smtps://[::1]",
    "NEWSWIRE_SMTP_USER": "desk",
    "NEWSWIRE_SMTP_PASSWORD": CANARY,
    "NEWSWIRE_HTTP_ADDRESS": "[::1]:0",
    "NEWSWIRE_ALLOW_NETWORKS": "10.0.0.0/8, fd00::/8, 127.0.0.1",
    "NEWSWIRE_ALLOW_PORTS": "8080,8443,",
    "NEWSWIRE_POLL_FLOOR": "1h30m",
    "NEWSWIRE_HOST_SPACING": "0s",
    "NEWSWIRE_SLOW_AFTER": "10m",
    "NEWSWIRE_STOP_AFTER": "0",
    "NEWSWIRE_DISK_LOW": "2.5%, 1.5GB",
    "NEWSWIRE_KEEP_TEXT": "30d",
    "NEWSWIRE_KEEP_REPORTS": "0",
    "NEWSWIRE_KEEP_DECISIONS": "100d",
    "NEWSWIRE_CONTACT": "desk@example.org",
    "NEWSWIRE_DEAD_LIMIT": "0",
    "NEWSWIRE_LOG": "WARNING",
    "NEWSWIRE_KAFKA_SASL_MECHANISM": "PLAIN",
    "NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD": CANARY,
}
WRONG = {
    "NEWSWIRE_DATA": __file__,
    "NEWSWIRE_BUS": "kafka://",
    "NEWSWIRE_STORE": f"mysql://desk:{CANARY}@db/newswire",
    "NEWSWIRE_TOPIC_PREFIX": "a/b",
    "NEWSWIRE_SLACK_TOKEN": f"{CANARY} {CANARY}",
    "NEWSWIRE_SLACK_URL": f"https://x:{CANARY}@slack.com/api/",
    "NEWSWIRE_SMTP_URL": f"smtp://desk:{CANARY}@mail.example",
    "NEWSWIRE_SMTP_USER": "desk\r\nMAIL FROM:<>",
    "NEWSWIRE_SMTP_PASSWORD_FILE": "/nowhere/password",
    "NEWSWIRE_HTTP_ADDRESS": "9464",
    "NEWSWIRE_ALLOW_NETWORKS": "10.0.0.0/8;fd00::/8",
    "NEWSWIRE_ALLOW_PORTS": "8080,70000",
    "NEWSWIRE_POLL_FLOOR": "120",
    "NEWSWIRE_HOST_SPACING": "-2s",
    "NEWSWIRE_SLOW_AFTER": "soon",
    "NEWSWIRE_STOP_AFTER": "-1h",
    "NEWSWIRE_DISK_LOW": "5",
    "NEWSWIRE_KEEP_TEXT": "1h",
    "NEWSWIRE_KEEP_REPORTS": "90",
    "NEWSWIRE_KEEP_DECISIONS": "90d",
    "NEWSWIRE_CONTACT": "desk\r\nX-Injected: 1",
    "NEWSWIRE_DEAD_LIMIT": "-1",
    "NEWSWIRE_LOG": "warn",
    "NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD_FILE": "/nowhere/password",
}


def fail_with(settings: Settings) -> None:
    raise KeyError(settings)


def faults_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        from_environment(environ)
    return [str(fault) for fault in caught.value.faults]


def test_an_empty_environment_is_enough_and_an_empty_variable_is_none() -> None:
    assert from_environment({}) == Settings()
    assert from_environment(dict.fromkeys(FULL, "")) == Settings()


def test_every_variable_is_read() -> None:
    settings = from_environment(FULL)
    assert settings.config == Path("/etc/newswire")
    assert settings.data == Path("/var/lib/newswire")
    assert settings.bus == FULL["NEWSWIRE_BUS"]
    assert settings.store_url == FULL["NEWSWIRE_STORE"]
    assert settings.topic_prefix == "test."
    assert settings.slack_token == SecretStr(CANARY)
    assert settings.slack_url == "http://127.0.0.1:8080/api/"
    assert settings.webhook_secret == SecretStr(CANARY)
    assert settings.smtp == SmtpServer("::1", 465, Encryption.TLS)
    assert (settings.smtp_user, settings.smtp_password) == (SecretStr("desk"), SecretStr(CANARY))
    assert (settings.http_host, settings.http_port) == ("::1", 0)
    assert settings.allow_networks == (IPv4Network("10.0.0.0/8"), IPv6Network("fd00::/8"), IPv4Network("127.0.0.1/32"))
    assert settings.allow_ports == {8080, 8443}
    assert (settings.poll_floor_s, settings.host_spacing_s) == (5400.0, 0.0)
    assert (settings.slow_after_s, settings.stop_after_s, settings.disk_low) == (600.0, 0.0, DiskLow(0.025, 1_500_000_000))
    assert (settings.contact, settings.log_level) == ("desk@example.org", "warning")
    assert settings.dead_limit == 0
    assert (settings.keep_text_s, settings.keep_reports_s, settings.keep_decisions_s) == (30 * 86_400.0, 0.0, 100 * 86_400.0)
    assert settings.kafka == {"sasl_mechanism": SecretStr("PLAIN"), "sasl_plain_password": SecretStr(CANARY)}
    assert {variable.name for variable in VARIABLES} <= FULL.keys()


def test_the_defaults_said_in_the_table_are_the_defaults() -> None:
    said = from_environment({variable.name: variable.default for variable in VARIABLES})
    assert said == Settings()
    read = {name for variable in VARIABLES for name in variable.read(FULL[variable.name])}
    assert read | {"kafka", "named"} == {field.name for field in fields(Settings)}
    assert Settings(data=Path("x")).store_url == "sqlite:///x/newswire.sqlite3"


@pytest.mark.parametrize("text", ["100%", "5%500MB", "500mb", "-1GB", "5%,lots"])
def test_a_wrong_low_water_mark_is_told_with_what_would_be_right(text: str) -> None:
    (fault,) = faults_of({"NEWSWIRE_DISK_LOW": text})
    assert "such as 5%,500MB, or 0 for none" in fault


@pytest.mark.parametrize("place", ["127.0.0.1:", "127.0.0.1:abc", "127.0.0.1:99999", "[::1", "db:0"])
def test_a_store_whose_address_cannot_be_read_is_told_without_its_password(place: str) -> None:
    (fault,) = faults_of({"NEWSWIRE_STORE": f"postgresql+psycopg://desk:{CANARY}@{place}/newswire"})
    assert "NEWSWIRE_STORE: this URL cannot be read" in fault
    assert CANARY not in fault


def test_a_stop_before_the_slowing_is_refused() -> None:
    assert "a longer time than NEWSWIRE_SLOW_AFTER is due" in faults_of({"NEWSWIRE_STOP_AFTER": "5m"})[0]
    assert from_environment({"NEWSWIRE_SLOW_AFTER": "0", "NEWSWIRE_STOP_AFTER": "5m"}).stop_after_s == 300


def test_a_decision_is_kept_for_longer_than_kafka_keeps_its_record() -> None:
    long = {"NEWSWIRE_KAFKA_RETENTION_MS": str(500 * 86_400_000)}
    assert "a longer time than NEWSWIRE_KAFKA_RETENTION_MS is due" in faults_of(long)[0]
    assert from_environment(long | {"NEWSWIRE_KEEP_DECISIONS": "0"}).keep_decisions_s == 0
    assert from_environment(long | {"NEWSWIRE_KEEP_DECISIONS": "600d"}).keep_decisions_s == 600 * 86_400


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 587, Encryption.STARTTLS)),
        ("smtps://mail.example:4465/", SmtpServer("mail.example", 4465, Encryption.TLS)),
        ("smtp+plain://10.0.0.1", SmtpServer("10.0.0.1", 25, Encryption.NONE)),
    ],
)
def test_a_mail_server_is_named_with_how_it_is_reached(text: str, server: SmtpServer) -> None:
    assert from_environment({"NEWSWIRE_SMTP_URL": text}).smtp == server
    assert not server.is_this_machine


@pytest.mark.parametrize(
    "text", ["mail.example:25", "smtp://", "smtp://mail.example:0", "smtp://mail.example:70000", "http://mail.example"]
)
def test_what_is_no_mail_server_is_told_with_what_would_be_right(text: str) -> None:
    assert "smtp://HOST:587 (STARTTLS)" in faults_of({"NEWSWIRE_SMTP_URL": text})[0]


def test_a_password_is_never_sent_where_it_could_be_read() -> None:
    login = {"NEWSWIRE_SMTP_USER": "desk", "NEWSWIRE_SMTP_PASSWORD": CANARY}
    assert "could be read on its way" in faults_of({**login, "NEWSWIRE_SMTP_URL": "smtp+plain://mail.example"})[0]
    assert from_environment({**login, "NEWSWIRE_SMTP_URL": "smtp+plain://127.0.0.1"}).smtp_user
    assert "NEWSWIRE_SMTP_USER is due beside it" in faults_of({"NEWSWIRE_SMTP_PASSWORD": CANARY})[0]


def test_what_routes_name_is_read_as_a_secret_from_the_environment_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "address"
    path.write_text(f"https://hook.example/{CANARY}\n")
    environ = {"NEWSWIRE_A_URL": f"https://hook.example/{CANARY}", "NEWSWIRE_B_URL_FILE": str(path)}
    settings = from_environment(environ, {"NEWSWIRE_A_URL", "NEWSWIRE_B_URL", "NEWSWIRE_C_URL"})
    assert set(settings.named) == {"NEWSWIRE_A_URL", "NEWSWIRE_B_URL"}
    assert set(settings.secret_values()) == {f"https://hook.example/{CANARY}", CANARY}
    assert CANARY not in repr(settings)
    assert unknown_variables(environ, {"NEWSWIRE_A_URL", "NEWSWIRE_B_URL"}) == []
    with pytest.raises(ConfigurationError, match="NEWSWIRE_B_URL_FILE names"):
        from_environment({"NEWSWIRE_B_URL_FILE": "/nowhere"}, {"NEWSWIRE_B_URL"})


def test_the_folders_that_fill_up_are_those_of_this_machine() -> None:
    assert from_environment({}).folders_filled == (Path("var"),)
    assert from_environment({"NEWSWIRE_STORE": "sqlite:////srv/news.sqlite3"}).folders_filled == (Path("var"), Path("/srv"))
    assert from_environment({"NEWSWIRE_BUS": FULL["NEWSWIRE_BUS"], "NEWSWIRE_STORE": FULL["NEWSWIRE_STORE"]}).folders_filled == ()


def test_every_fault_is_said_at_once_with_what_would_be_right() -> None:
    found = faults_of(WRONG)
    assert [fault.split(":")[1].strip().removesuffix("_FILE") for fault in found] == sorted(name.removesuffix("_FILE") for name in WRONG)
    assert "environment: NEWSWIRE_LOG: one of debug, info, warning, error is due, not 'warn'; did you mean warning?" in found
    assert all(" due" in fault or "cannot be read" in fault or "ASCII" in fault for fault in found)
    assert CANARY not in "\n".join(found)


@pytest.mark.parametrize("name", ["NEWSWIRE_SLACK_TOKEN", "NEWSWIRE_WEBHOOK_SECRET", "NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD"])
def test_a_secret_may_stand_in_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{CANARY}\n")
    assert set(from_environment({f"{name}_FILE": str(path)}).secret_values()) == {CANARY}
    assert faults_of({name: CANARY, f"{name}_FILE": str(path)}) == [f"environment: {name}: {name}_FILE is set too; set one of the two"]
    path.write_text("\n")
    assert "which is empty" in faults_of({f"{name}_FILE": str(path)})[0]
    path.write_bytes(b"\xff\xfe")
    assert "which is not text" in faults_of({f"{name}_FILE": str(path)})[0]
    path.write_text("x" * 70_000)
    assert "which is too large" in faults_of({f"{name}_FILE": str(path)})[0]


def test_a_name_that_nothing_reads_is_a_warning_with_the_nearest_one() -> None:
    environ = {
        **FULL,
        "NEWSWIRE_SLACK_TOKN": "x",
        "NEWSWIRE_ARCHIVE_URL": "x",
        "NEWSWIRE_CRASH_AT": "x",
        "NEWSWIRE_LOG_FILE": "x",
        "HOME": "/",
    }
    assert [fault.message for fault in unknown_variables(environ, also={"NEWSWIRE_ARCHIVE_URL"})] == [
        "NEWSWIRE_LOG_FILE is not read by Newswire; only secrets may stand in a file",
        "NEWSWIRE_SLACK_TOKN is not read by Newswire; did you mean NEWSWIRE_SLACK_TOKEN?",
    ]
    assert unknown_variables(FULL) == []


def test_secrets_can_be_forgotten() -> None:
    environ = {**FULL, "NEWSWIRE_ARCHIVE_URL": f"https://hook/{CANARY}", "NEWSWIRE_SLACK_TOKEN_FILE": "/run/secrets/x", "HOME": "/"}
    forget_secrets(environ, also={"NEWSWIRE_ARCHIVE_URL"})
    assert CANARY not in str(environ)
    assert environ["HOME"] == "/"
    assert environ["NEWSWIRE_KAFKA_SASL_MECHANISM"] == "PLAIN"


def test_no_secret_can_be_printed() -> None:
    settings = from_environment(FULL)
    shown = [
        repr(settings),
        str(settings),
        f"{settings}",
        f"{settings.slack_token}",
        f"{settings.store} {settings.kafka!r}",
        str(asdict(settings)),
    ]
    shown.append(TypeAdapter(Settings).dump_json(settings).decode())
    with pytest.raises(TypeError) as refused:
        json.dumps(asdict(settings)["slack_token"])
    shown.append(str(refused.value))
    failed = ThreadPoolExecutor(1)
    with failed:
        error = failed.submit(fail_with, settings).exception()
    assert error is not None
    shown.extend(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert settings.slack_token is not None
    assert "canary" not in "\n".join(line for line in shown if "CANARY" not in line)
    assert set(settings.secret_values()) == {CANARY}


def test_of_a_password_in_an_address_both_spellings_are_secret_and_of_a_webhook_its_path() -> None:
    environ = {
        "NEWSWIRE_STORE": "postgresql+psycopg://u:p%40ssword@h/d",
        "HOOK": "https://hooks.example/services/T0/a-long-secret",
        "SHORT": "https://h.example/in",
    }
    secrets = set(from_environment(environ, ["HOOK", "SHORT"]).secret_values())
    assert secrets == {"p%40ssword", "p@ssword", environ["HOOK"], "services/T0/a-long-secret", "a-long-secret", environ["SHORT"]}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other walls")
def test_a_process_that_knows_secrets_is_closed_to_its_neighbours_and_leaves_no_core_file(tmp_path: Path) -> None:
    asks = "import ctypes; from newswire.cli.options import read_settings; read_settings(); print('dumpable', ctypes.CDLL(None).prctl(3))"
    environment = {"PYTHONPATH": str(ROOT), "NEWSWIRE_SLACK_TOKEN": CANARY}
    asked = subprocess.run([sys.executable, "-c", asks], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert asked.stdout == "dumpable 0\n"
