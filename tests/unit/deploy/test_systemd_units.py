import itertools
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from newswire.config import folder_holding, shipped_folder
from newswire.settings import unknown_variables
from tests.acceptance.systemd_confinement import settings
from tests.pages import all_blocks
from tests.servers.processes import servers_are_required

ROOT = Path(__file__).parents[3]
UNITS = ROOT / "deploy/systemd"
SERVICES = sorted(UNITS.glob("*.service"))
LASTING = [unit for unit in SERVICES if "ExecReload" in settings(unit)]
_MOST_EXPOSED = 15  # tenths; systemd calls all up to 4 "OK"


def analyzer() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        if servers_are_required():
            raise RuntimeError("systemd-analyze was not found. On Debian: apt-get install systemd")
        pytest.skip("systemd-analyze was not found. On Debian: apt-get install systemd")
    return found


@pytest.fixture
def instances(tmp_path: Path) -> Path:
    """The units as files of their instances, with a program that is on every machine in the place of ours."""
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/opt/newswire/bin/newswire", "/bin/true")
        (tmp_path / unit.name).write_text(text)
        if "@" in unit.name:
            for number in (1, 2):
                (tmp_path / unit.name.replace("@", f"@{number}")).write_text(text)
    return tmp_path


@pytest.mark.servers
def test_systemd_finds_nothing_wrong_with_the_units(instances: Path) -> None:
    names = [
        path.name for path in sorted(instances.iterdir()) if path.suffix in {".service", ".target", ".timer"} and "@." not in path.name
    ]
    done = subprocess.run(
        [analyzer(), "verify", "--man=no", "--recursive-errors=no", *names], cwd=instances, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")


@pytest.mark.servers
def test_every_service_is_confined(instances: Path) -> None:
    names = [path.name for path in sorted(instances.glob("*.service")) if "@." not in path.name]
    for name in names:  # one at a time: systemd ends with 1 where one of them is over the threshold, and does not say which
        done = subprocess.run(
            [analyzer(), "security", "--offline=true", f"--threshold={_MOST_EXPOSED}", "--no-pager", name],
            cwd=instances,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stdout.strip().splitlines()[-1:]} {done.stderr}"


def test_every_service_has_the_same_confinement() -> None:
    def confinement(unit: Path) -> list[str]:
        after = unit.read_text().partition("# Nothing to write to but its own folder")[2]
        return [line for line in after.splitlines() if "=" in line and not re.match("StateDirectory=|MemoryMax|TasksMax|WantedBy", line)]

    first, *others = SERVICES
    assert len(confinement(first)) > 25
    for unit in others:
        assert confinement(unit) == confinement(first), unit.name


@pytest.mark.parametrize("unit", LASTING, ids=lambda unit: unit.name)
def test_a_process_is_restarted_where_that_helps_and_left_where_it_does_not(unit: Path) -> None:
    says = settings(unit)
    assert says["Restart"] == ["always"]
    assert says["StartLimitIntervalSec"] == ["0"]  # a fault of minutes is not the end of the watch
    assert says["RestartPreventExitStatus"] == ["2"]
    assert says["RestartForceExitStatus"] == ["75"]
    assert says["OOMPolicy"] == [
        "continue"
    ]  # a child that swells is ended by the kernel before its own limit, and the stage is not stopped for it
    assert int(says["TimeoutStopSec"][0]) >= 30
    assert "$MAINPID" in says["ExecReload"][0]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_secrets_come_from_files_that_systemd_hands_over(unit: Path) -> None:
    says = settings(unit)
    handed = {value.partition(":")[0] for value in says.get("LoadCredential", [])}
    read = dict(re.findall(r"(NEWSWIRE_\w+)_FILE=%d/(\w+)", unit.read_text()))
    assert set(read.values()) == handed
    assert not re.search(r"NEWSWIRE_(SLACK_TOKEN|STORE|\w*PASSWORD)=", unit.read_text())


def test_instances_of_all_stages_have_ports_of_their_own() -> None:
    ports = [value for unit in LASTING for value in settings(unit)["Environment"] if "HTTP_ADDRESS" in value]
    assert len(ports) == len(set(ports)) == 3


def handed_over(folder: Path, *arguments: str) -> dict[str, list[str]]:
    """Run `newswire-command` beside a `systemd-run` that says what it was called with; return its properties, its unit, and the command behind them."""
    (folder / "systemd-run").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (folder / "systemd-run").chmod(0o755)
    text = (UNITS / "newswire-command").read_text().replace("in /etc/newswire/secrets/", f"in {folder}/secrets/")
    done = subprocess.run(
        ["/bin/sh", "-c", text, "newswire-command", *arguments],
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.splitlines()
    found: dict[str, list[str]] = {"command": words[words.index("/opt/newswire/bin/newswire") :], "options": []}
    for before, word in itertools.pairwise(words):
        if before == "-p":
            name, _, value = word.partition("=")
            found.setdefault(name, []).append(value)
        elif word.startswith("--") and word not in found["command"]:
            found["options"].append(word)
    return found


def test_a_command_is_given_what_the_services_are(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    for name in ("slack", "store", "kafka", "NEWSWIRE_TEAM_URL", "notes"):
        (tmp_path / "secrets" / name).write_text("secret")
    says = handed_over(tmp_path, "receivers", "test", "desk")
    assert says["command"] == ["/opt/newswire/bin/newswire", "receivers", "test", "desk"]
    assert "%" not in str(says)  # systemd expands it in unit files alone: https://github.com/systemd/systemd/issues/5699
    (unit,) = (option.removeprefix("--unit=") for option in says["options"] if option.startswith("--unit="))
    service = settings(UNITS / "newswire.service")
    for same in ("User", "Group", "UMask", "StateDirectory", "StateDirectoryMode", "EnvironmentFile"):
        assert says[same] == service[same], same
    given = dict(one.split("=", 1) for one in says["Environment"])
    assert given.pop("NEWSWIRE_CONFIG") == "/etc/newswire/config"
    assert given.pop("NEWSWIRE_DATA") == "/var/lib/newswire"
    assert given == {
        "NEWSWIRE_SLACK_TOKEN_FILE": f"/run/credentials/{unit}/slack",
        "NEWSWIRE_STORE_FILE": f"/run/credentials/{unit}/store",
        "NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD_FILE": f"/run/credentials/{unit}/kafka",
        "NEWSWIRE_TEAM_URL_FILE": f"/run/credentials/{unit}/NEWSWIRE_TEAM_URL",
    }
    handed = {one.partition(":")[0] for one in says["LoadCredential"]}
    assert sorted(says["LoadCredential"]) == sorted(f"{name}:/etc/newswire/secrets/{name}" for name in handed)
    assert handed == {"slack", "store", "kafka", "NEWSWIRE_TEAM_URL"}
    assert unknown_variables(given, {"NEWSWIRE_TEAM_URL"}) == []


def test_a_command_is_given_no_secret_that_is_not_there(tmp_path: Path) -> None:
    assert "LoadCredential" not in handed_over(tmp_path, "status")


def test_the_pages_commands_put_all_there_that_the_units_name(tmp_path: Path) -> None:
    """Debian has no /etc/sysusers.d; of what is written to, only these four folders are on every machine."""
    for folder in ("opt/newswire", "etc/systemd/system", "usr/local/sbin", "src"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("config", "deploy", "docs"):
        (tmp_path / "src" / name).symlink_to(ROOT / name)
    (tmp_path / "src/token").write_text("xoxb-0")
    block = next(block for block in all_blocks("sh") if block.page == "docs/deployment.md" and "sysusers" in block.text)
    lines = [line for line in block.text.splitlines() if not re.search("pip install|-m venv|systemctl", line)]
    text = re.sub(r"(?<= )/(?=opt|etc|usr)", f"{tmp_path}/", "\n".join(lines).replace("sudo systemd-sysusers", "true").replace("sudo ", ""))
    done = subprocess.run(["sh", "-eu", "-c", text], cwd=tmp_path / "src", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for unit in SERVICES:
        assert (tmp_path / "etc/systemd/system" / unit.name).is_file()
        for place in settings(unit)["Documentation"]:
            assert (tmp_path / place.removeprefix("file:///")).is_file(), place
        for credential in settings(unit).get("LoadCredential", []):
            assert credential.partition(":")[2] in {"/etc/newswire/secrets/slack", "/etc/newswire/secrets/store"}
    assert (tmp_path / "etc/newswire/secrets").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "etc/sysusers.d/newswire.conf").is_file()


def test_what_is_copied_for_the_desk_is_no_model_that_an_upgrade_would_not_replace(tmp_path: Path) -> None:
    page = (ROOT / "docs/deployment.md").read_text("utf-8")
    (copied,) = re.findall(r"^sudo cp -r (.+) /etc/newswire/config/$", page, re.MULTILINE)
    subprocess.run(["cp", "-r", *copied.split(), tmp_path], cwd=ROOT, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"routes.yaml", "sources", "watchlists", "lists", "tests"}
    assert folder_holding(("taxonomy", "model"), tmp_path) == shipped_folder()
