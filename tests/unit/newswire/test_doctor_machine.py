"""The doctor's checks of settings, configuration and machine: each passes where all is well, and each is made to fail."""

import os
import resource
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from pydantic import SecretStr

from newswire.cli.doctor import machine_checks, own_checks, settings_checks
from newswire.cli.doctor.finding import CheckName, Level
from newswire.cli.doctor.machine_checks import clock_against, file_system_of, memory_left, unmet
from newswire.clock import ManualClock
from newswire.config import shipped_folder
from newswire.variables import DiskLow
from tests.doctor_builders import asked, found, worst
from tests.fakes import NOW


def test_a_variable_that_nothing_reads_is_warned_of_with_the_one_that_was_meant(tmp_path: Path) -> None:
    assert worst(settings_checks.settings, asked(tmp_path, environ={"NEWSWIRE_LOG": "info"})).level is Level.OK
    wrong = worst(settings_checks.settings, asked(tmp_path, environ={"NEWSWIRE_SLAK_TOKEN": "x"}))
    assert wrong.level is Level.WARN
    assert "did you mean NEWSWIRE_SLACK_TOKEN?" in wrong.what


def test_a_secret_in_the_environment_is_noted_and_one_in_an_open_file_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("xoxb-canary", "utf-8")
    path.chmod(0o600)
    in_file = {"NEWSWIRE_SLACK_TOKEN_FILE": str(path)}
    assert found(settings_checks.secrets, asked(tmp_path, environ=in_file)) == [(Level.OK, "1 secret in files that nobody else reads")]
    path.chmod(0o644)
    assert worst(settings_checks.secrets, asked(tmp_path, environ=in_file)).level is Level.WARN
    path.chmod(0o660)
    assert "the file's group" in worst(settings_checks.secrets, asked(tmp_path, environ=in_file)).what
    noted = worst(settings_checks.secrets, asked(tmp_path, environ={"NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD": "canary"}))
    assert (noted.level, noted.what) == (Level.NOTE, "NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD stands in the environment")
    named = asked(tmp_path, environ={"NEWSWIRE_TEAM_URL": "canary"}, named={"NEWSWIRE_TEAM_URL": SecretStr("canary")})
    assert worst(settings_checks.secrets, named).level is Level.NOTE


def test_the_configuration_is_told_in_short(tmp_path: Path) -> None:
    assert worst(settings_checks.configuration, asked(tmp_path)).level is Level.OK
    fault = worst(settings_checks.configuration, asked(tmp_path, routes="receivers: []\nroute: {to: desk}\n"))
    assert fault.level is Level.FAIL
    assert "routes.yaml" in fault.what
    lacking = worst(
        settings_checks.configuration,
        asked(tmp_path, routes="receivers: [{name: team, webhook: {url_env: NEWSWIRE_TEAM_URL}}]\nroute: {to: team}\n"),
    )
    assert lacking.level is Level.FAIL
    assert "NEWSWIRE_TEAM_URL" in lacking.what


def test_a_configuration_that_would_tell_nobody_is_warned_of(tmp_path: Path) -> None:
    assert (Level.WARN, "no source is configured") in found(settings_checks.configuration, asked(tmp_path, sources="sources: []\n"))
    faulty = found(settings_checks.configuration, asked(tmp_path, sources='sources: [{url: "ftp://there"}]\n'))
    assert [level for level, _ in faulty] == [Level.FAIL]


class Jumping:
    """A clock that is an hour further at the second look."""

    def __init__(self) -> None:
        self._looks = 0

    def now(self) -> object:
        self._looks += 1
        return NOW + timedelta(hours=self._looks)

    def monotonic(self) -> float:
        return 0.0


def test_a_clock_that_jumps_is_warned_of(tmp_path: Path) -> None:
    assert worst(machine_checks.clock, asked(tmp_path, clock=Jumping())).level is Level.WARN  # type: ignore[arg-type]


class Slow:
    """Clocks that both are an hour further at the second look: the check itself was kept waiting."""

    def __init__(self) -> None:
        self._jumping, self._looks = Jumping(), 0

    def now(self) -> object:
        return self._jumping.now()

    def monotonic(self) -> float:
        self._looks += 1
        return self._looks * 3_600.0


def test_a_check_that_was_kept_waiting_is_no_jump_of_the_clock(tmp_path: Path) -> None:
    assert worst(machine_checks.clock, asked(tmp_path, clock=Slow())).level is Level.OK  # type: ignore[arg-type]


def test_a_clock_that_is_years_off_fails(tmp_path: Path) -> None:
    assert worst(machine_checks.clock, asked(tmp_path, clock=ManualClock(NOW.replace(year=1970)))).level is Level.FAIL


@pytest.mark.parametrize(("apart_s", "levels"), [(0.5, []), (-20, [Level.WARN]), (3_600, [Level.FAIL])])
def test_clocks_that_are_apart_are_told(apart_s: float, levels: list[Level]) -> None:
    assert [one.level for one in clock_against(CheckName.SLACK, "Slack's", NOW.timestamp() - apart_s, NOW)] == levels


DIGEST = 'receivers: [{name: screen, terminal: {}}, {name: morning, digest: {to: screen, at: "07:00", zone: Asia/Karachi}}]\nroute: {to: screen}\n'


def test_time_zones_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    what = asked(tmp_path, routes=DIGEST)
    assert found(machine_checks.time_zones, what) == [(Level.OK, "Asia/Karachi, UTC: known")]
    # Patched: a machine without time zone data, whose lookup fails in this way.
    monkeypatch.setattr(machine_checks, "ZoneInfo", lambda name: (_ for _ in ()).throw(OSError(name)))
    assert worst(machine_checks.time_zones, what).level is Level.FAIL


def test_a_disk_without_room_fails_and_one_that_fills_up_is_warned_of(tmp_path: Path) -> None:
    usage = os.statvfs(tmp_path)
    free = usage.f_bavail * usage.f_frsize
    assert worst(machine_checks.disk, asked(tmp_path, disk_low=DiskLow(size_bytes=free * 10))).level is Level.FAIL
    assert worst(machine_checks.disk, asked(tmp_path, disk_low=DiskLow(size_bytes=int(free * 0.75)))).level is Level.WARN
    assert worst(machine_checks.disk, asked(tmp_path, disk_low=DiskLow(share=1.0))).level is Level.FAIL


MOUNTS = """\
server:/export /data nfs4 rw 0 0
tmpfs /data/quick\\040one tmpfs rw 0 0
/dev/sda1 / ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "ext4"), ("/data/newswire", "nfs4"), ("/data/quick one/x", "tmpfs"), ("/database", "ext4")]
)
def test_the_file_system_is_that_of_the_nearest_mount(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS, "utf-8")
    assert file_system_of(Path(path), mounts) == kind
    assert file_system_of(Path(path), tmp_path / "none") == "unknown"


@pytest.mark.parametrize(("kind", "level"), [("nfs4", Level.WARN), ("tmpfs", Level.WARN), ("overlay", Level.WARN), ("ext4", None)])
def test_a_network_file_system_and_one_that_is_gone_at_the_next_start_are_warned_of(kind: str, level: Level | None) -> None:
    assert [one.level for one in machine_checks.kind_findings(Path("var"), kind)] == ([level] if level else [])


@pytest.fixture(params=[(400, Level.FAIL), (600, Level.WARN), (1_024, Level.OK)], ids=str)
def few_files(request: pytest.FixtureRequest) -> Iterator[Level]:
    most, level = request.param
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
    yield level
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_too_few_open_files_are_told(tmp_path: Path, few_files: Level) -> None:
    assert worst(machine_checks.open_files, asked(tmp_path)).level is few_files


def test_the_memory_left_is_the_control_groups_where_that_is_less(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2048000 kB\n", "ascii")
    assert memory_left(tmp_path) == 2_048_000 * 1_024
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/memory.max").write_text("400000000\n", "ascii")
    (tmp_path / "sys/fs/cgroup/memory.current").write_text("300000000\n", "ascii")
    assert memory_left(tmp_path) == 100_000_000
    assert memory_left(tmp_path / "none") is None


@pytest.mark.parametrize(("free", "level"), [(None, Level.NOTE), (100 << 20, Level.FAIL), (400 << 20, Level.WARN), (4 << 30, Level.OK)])
def test_too_little_memory_is_told(free: int | None, level: Level) -> None:
    assert [one.level for one in machine_checks.memory_findings(free)] == [level]


def test_libraries_that_are_missing_or_of_another_version_are_named() -> None:
    wanted = [Requirement(text) for text in ("nobody-has-this>=1", "pydantic>=99", "pydantic>=2", 'nothing>=1; python_version < "3"')]
    words = [*unmet(wanted)]
    assert words[0] == "nobody-has-this is not installed; >=1 is due"
    assert words[1].startswith("pydantic is ")
    assert len(words) == 2
    assert len([*unmet([Requirement('nobody-has-this>=1; python_version >= "3"')])]) == 1


def test_our_own_libraries_are_as_they_are_due(tmp_path: Path) -> None:
    assert worst(machine_checks.python, asked(tmp_path)).level is Level.OK


def test_the_jail_works_here(tmp_path: Path) -> None:
    assert worst(own_checks.jail, asked(tmp_path)).level is Level.OK


def test_a_jail_that_lets_a_child_swell_fails() -> None:
    assert [one.level for one in own_checks.swell_findings(512 << 20)] == [Level.FAIL]


def test_the_shipped_model_is_the_one_that_it_should_be(tmp_path: Path) -> None:
    assert worst(own_checks.model, asked(tmp_path)).level is Level.OK


def test_a_reader_that_was_changed_or_is_missing_is_found(tmp_path: Path) -> None:
    shipped = shipped_folder() / "model"
    (tmp_path / "reader.json").write_bytes((shipped / "reader.json").read_bytes())
    (tmp_path / "reader-tokenizer.json").write_text("{}", "utf-8")
    assert own_checks.hash_faults(tmp_path)[0].endswith("reader.onnx is missing")
    (tmp_path / "reader.onnx").write_bytes(b"another")
    assert "is not the one that" in own_checks.hash_faults(tmp_path)[0]
    (tmp_path / "reader.json").write_text("[]", "utf-8")
    assert "does not name the sha256" in own_checks.hash_faults(tmp_path)[0]
