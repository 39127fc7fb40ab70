"""`newswire doctor` as a whole: checks that hang or raise, the page and the JSON, the exit status, and no secret in any of them."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from newswire.cli.bounded import all_within
from newswire.cli.doctor import command
from newswire.cli.doctor.catalogue import CATALOGUE, Entry
from newswire.cli.doctor.finding import Asked, CheckName, Finding, Level
from newswire.cli.doctor.render import answer, as_json, rendered
from newswire.cli.doctor.run import examine
from newswire.errors import ConfigurationError, Fault, Retryable, one_line
from newswire.outcomes import RetryReason
from tests.cli_in_process import runner
from tests.doctor_builders import a_folder, asked, knows
from tests.fakes import NOW
from tests.secrets_of_all import CANARIES, ROUTES


@pytest.fixture(autouse=True)
def _no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    # Patched: the command asks this machine's resolver, and no test may ask a name server.
    monkeypatch.setattr(command, "resolve", knows())


def _well(_: Asked) -> Iterable[Finding]:
    return [Finding(CheckName.BUS, Level.OK, "well")]


def _raising(error: Exception) -> Entry:
    def check(_: Asked) -> Iterator[Finding]:
        yield Finding(CheckName.DISK, Level.OK, "begun")
        raise error

    return Entry(check, "")


def test_a_check_that_hangs_or_raises_is_a_finding_and_the_others_go_on(tmp_path: Path) -> None:
    held = threading.Event()

    def hangs(_: Asked) -> Iterable[Finding]:
        held.wait(30)
        return []

    catalogue = {
        CheckName.CLOCK: Entry(hangs, ""),
        CheckName.DISK: _raising(ZeroDivisionError("by nothing")),
        CheckName.STORE: _raising(Retryable(RetryReason.STORE, "the store: away")),
        CheckName.MAIL: _raising(ConfigurationError([Fault("environment", 0, 0, "NEWSWIRE_STORE: another one is due")])),
        CheckName.DNS: _raising(sqlite3.DatabaseError("file is not a database")),
        CheckName.BUS: Entry(_well, ""),
    }
    told = examine(asked(tmp_path), catalogue, wait_s=0.2, load=lambda: 0.5)
    slow = examine(asked(tmp_path), {CheckName.CLOCK: catalogue[CheckName.CLOCK]}, wait_s=0.01, load=lambda: 6.0)
    held.set()
    assert [(one.level, one.what) for one in slow] == [
        (Level.WARN, "no answer within 0.01 s, on a machine that is busy: 6 want each of its processors")
    ]
    assert [(one.check, one.level, one.what) for one in told] == [
        (CheckName.CLOCK, Level.FAIL, "it hangs: no answer within 0.2 s"),
        (CheckName.DISK, Level.FAIL, "ZeroDivisionError: by nothing"),
        (CheckName.STORE, Level.FAIL, "the store: away"),
        (CheckName.MAIL, Level.FAIL, "NEWSWIRE_STORE: another one is due"),
        (CheckName.DNS, Level.FAIL, "DatabaseError: file is not a database"),
        (CheckName.BUS, Level.OK, "well"),
    ]
    assert all(one.why and one.do for one in told if one.level is Level.FAIL)
    assert [one.check for one in told if "NEWSWIRE_STORE" in one.do] == [CheckName.STORE]


def test_one_cause_is_told_once_and_faults_of_files_by_the_check_that_reads_them_all(tmp_path: Path) -> None:
    away = _raising(Retryable(RetryReason.STORE, "the store: away"))
    denied = _raising(PermissionError(13, "Permission denied", "/data/bus.sqlite3"))
    faulty = _raising(ConfigurationError([Fault("config/routes.yaml", 7, 1, "unknown key 'colour'")]))
    of = {CheckName.STORE: away, CheckName.BUS: denied, CheckName.LOCKS: denied, CheckName.POSTGRESQL: away, CheckName.SLACK: faulty}
    assert [(one.check, one.level, one.what) for one in examine(asked(tmp_path), of)] == [
        (CheckName.STORE, Level.FAIL, "the store: away"),
        (CheckName.BUS, Level.FAIL, "/data/bus.sqlite3: permission denied"),
        (CheckName.LOCKS, Level.NOTE, "not looked at, for what bus says"),
        (CheckName.POSTGRESQL, Level.NOTE, "not looked at, for what store says"),
        (CheckName.SLACK, Level.NOTE, "not looked at: config/routes.yaml:7: unknown key 'colour'"),
    ]


def test_looks_are_taken_at_once_and_each_answers_for_itself() -> None:
    meet = threading.Barrier(3)
    found = all_within(10, {name: lambda: meet.wait(5) for name in "abc"})
    assert sorted(found.values(), key=str) == [0, 1, 2]


def test_every_check_stands_in_the_catalogue_and_says_what_it_looks_at() -> None:
    assert list(CATALOGUE) == list(CheckName)
    assert all(entry.looks_at for entry in CATALOGUE.values())


FINDINGS = [
    Finding(CheckName.SETTINGS, Level.OK, "3 variables"),
    Finding(CheckName.DISK, Level.WARN, "it fills up", "no source is polled", "make room"),
    Finding(CheckName.SLACK, Level.FAIL, "invalid_auth", "nobody is told", "sign in"),
    Finding(CheckName.KAFKA, Level.NOTE, "not used"),
]


def test_what_fails_stands_first_with_why_and_what_to_do_and_the_answer_last() -> None:
    lines = [line.plain.rstrip() for line in rendered(FINDINGS, 80, one_line)]
    assert lines[:3] == ["fail slack             invalid_auth", f"{'':23}nobody is told", f"{'':23}→ sign in"]
    assert lines[3].startswith("warn disk")
    assert lines[-1] == "1 fail, 1 warn (4 checks)"
    assert answer([FINDINGS[0]]) == "Nothing is amiss (1 check)"


@settings(max_examples=15)
@given(st.text(max_size=200), st.integers(20, 200))
@example("林総務相" * 60, 80)
def test_no_line_is_wider_than_the_terminal(text: str, width: int) -> None:
    lines = rendered([Finding(CheckName.SLACK, Level.FAIL, text, text, text)], width, one_line)
    assert all(cell_len(line.plain) <= max(width, 60) for line in lines)


def test_the_json_has_its_shape() -> None:
    told = as_json(FINDINGS, NOW)
    assert set(told) == {"shape", "at", "version", "failed", "findings"}
    assert told["failed"] is True
    assert told["findings"][1] == {"check": "disk", "level": "warn", "what": "it fills up", "why": "no source is polled", "do": "make room"}


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_secret_is_shown_whatever_fails_and_nothing_is_made(
    form: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_folder(tmp_path / "config", routes=ROUTES)
    given_ = CANARIES if not form else CANARIES | {"NEWSWIRE_BUS": "embedded", "HTTPS_PROXY": "http://canary-user:canary-proxy@127.0.0.1:1"}
    before = sorted(tmp_path.rglob("*"))
    done = runner(monkeypatch, capsys, tmp_path, COLUMNS="100", NEWSWIRE_HTTP_ADDRESS="127.0.0.1:0", **given_)("doctor", *form)
    assert sorted(tmp_path.rglob("*")) == before
    assert done.status == 1
    assert "canary" not in done.out + done.err
    assert "slack" in done.out
    if form:
        assert {one["check"] for one in json.loads(done.out)["findings"]} == {str(name) for name in CheckName}


def test_settings_that_cannot_be_used_are_the_first_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = runner(monkeypatch, capsys, tmp_path, NEWSWIRE_BUS="rabbit://there", NEWSWIRE_STORE="canary://secret")("doctor", "--json")
    assert done.status == 1
    told = json.loads(done.out)["findings"]
    assert [(one["check"], one["level"]) for one in told] == [("settings", "fail")] * 2
    assert "canary" not in done.out


def test_a_configuration_folder_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = runner(monkeypatch, capsys, tmp_path)("doctor", "--config", str(tmp_path / "nowhere"))
    assert done.status == 1
    assert f"{tmp_path}/nowhere" in done.out.replace("\n", "").replace(" ", "")
