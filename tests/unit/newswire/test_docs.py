"""The documents say what the code says."""

import re
import tomllib
from pathlib import Path

from benchmarks import sizing
from newswire import __version__
from newswire.bus.kafka_settings import OPTIONS
from newswire.cli import reference
from newswire.settings import VARIABLES

ROOT = Path(__file__).parents[3]


def test_the_reference_is_written_anew_when_the_code_changes() -> None:
    assert (ROOT / "docs" / "reference.md").read_text("utf-8") == reference.text(), "run `newswire reference`"


def test_the_sizing_page_is_computed_from_the_figures_that_it_names() -> None:
    assert (ROOT / "docs" / "sizing.md").read_text("utf-8") == sizing.text(), "run python -m benchmarks.sizing"


def test_the_pages_for_operators_name_only_commands_and_settings_that_there_are() -> None:
    commands = set(re.findall(r"^\| `newswire ([a-z-]+(?: [a-z]+)?)`", reference.text(), re.MULTILINE))
    known = {variable.name for variable in VARIABLES} | {f"NEWSWIRE_KAFKA_{option.name.upper()}" for option in OPTIONS}
    known |= {"NEWSWIRE_ARCHIVE_URL", "NEWSWIRE_TEAM_URL"}  # examples of what a `url_env` names
    for page in (
        "operating",
        "upgrading",
        "moving",
        "sizing",
        "first-watchlist",
        "watchlists",
        "backtest",
        "checking",
        "timelines",
        "taxonomy",
        "archive",
        "silences",
        "receivers",
        "slack",
        "status",
        "doctor",
    ):
        text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
        for command in re.findall(
            r"(?:^|[`\s])newswire ((?:dead|topics|sources|watchlist|export|silence|receivers) [a-z]+|[a-z]+(?:-[a-z]+)*)(?=[\s`;)])", text
        ):
            assert command in commands, f"{page}.md: newswire {command}"
        for name in re.findall(r"NEWSWIRE_[A-Z_]+[A-Z]", text):
            assert name.removesuffix("_FILE") in known or name == "NEWSWIRE_KAFKA", f"{page}.md: {name}"


def test_the_readme_has_every_setting_and_every_command() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert reference.settings_table() in readme
    for command in re.findall(r"^\| `newswire ([a-z]+)", reference.text(), re.MULTILINE):
        assert re.search(rf"`(newswire )?{command}\b", readme), command


def test_the_readme_names_only_targets_that_the_makefile_has() -> None:
    targets = set(re.findall(r"^([a-z-]+)%?:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"`make ([a-z-]+)", (ROOT / document).read_text("utf-8")):
            benchmark = ROOT / "benchmarks" / f"{target.replace('-', '_')}.py"
            assert target in targets or benchmark.exists(), f"{document}: make {target}"


def test_every_constraint_is_a_plain_pin_without_an_index_address() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", pin) for pin in pins)
    pinned = {re.sub(r"[-_.]+", "-", pin.partition("==")[0]).lower() for pin in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for requirement in needed:
        name = re.split(r"[\[<>=!; ]", requirement)[0]
        if "python_version" not in requirement:
            assert re.sub(r"[-_.]+", "-", name).lower() in pinned, name


def test_the_changelog_speaks_of_what_is_not_released() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_no_source_file_has_outgrown_itself() -> None:
    for package in ("newswire", "collectors", "processors", "alerting"):
        for path in (ROOT / package).rglob("*.py"):
            assert len(path.read_text("utf-8").splitlines()) <= 500, path
