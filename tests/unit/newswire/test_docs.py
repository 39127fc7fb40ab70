"""The documents say what the code says."""

import re
import tomllib
from pathlib import Path

import pytest

from benchmarks import sizing
from newswire import __version__
from newswire.bus.kafka_settings import OPTIONS, REFUSED
from newswire.cli import reference
from newswire.variables import VARIABLES
from tests.pages import pages, prose_without_blocks

ROOT = Path(__file__).parents[3]


def test_the_reference_is_written_anew_when_the_code_changes() -> None:
    assert (ROOT / "docs" / "reference.md").read_text("utf-8") == reference.text(), "run `newswire reference`"


def test_the_sizing_page_is_computed_from_the_figures_that_it_names() -> None:
    assert (ROOT / "docs" / "sizing.md").read_text("utf-8") == sizing.text(), "run python -m benchmarks.sizing"


EXAMPLES = {
    "NEWSWIRE_ARCHIVE_URL",
    "NEWSWIRE_TEAM_URL",
    "NEWSWIRE_KAFKA",
    "NEWSWIRE_CRASH_AT",
    "NEWSWIRE_REQUIRE_SERVERS",
    "NEWSWIRE_DASHBOARDS",
}
"""What a `url_env` names in examples, the beginning of many names, and what only tests or Grafana read."""


@pytest.mark.parametrize("page", sorted(pages()))
def test_every_block_of_a_page_names_its_language(page: str) -> None:
    fences = [line.strip() for line in pages()[page].splitlines() if line.lstrip().startswith("```")]
    assert fences[::2].count("```") == 0, "a block that is no language is ```text"


@pytest.mark.parametrize("page", sorted(pages()))
def test_a_page_names_only_settings_that_there_are(page: str) -> None:
    known = EXAMPLES | {variable.name for variable in VARIABLES}
    known |= {f"NEWSWIRE_KAFKA_{name.upper()}" for name in (*(option.name for option in OPTIONS), *REFUSED)}
    named = set(re.findall(r"NEWSWIRE_[A-Z_]+[A-Z]", pages()[page]))
    assert sorted(name for name in named if name.removesuffix("_FILE") not in known) == []


def commands() -> dict[str, set[str]]:
    """Return each command of the reference with its options."""
    rows = re.findall(r"^\| `newswire ([a-z -]+)` \| .* \| (.*) \|$", reference.text(), re.MULTILINE)
    return {name: set(re.findall(r"--[a-z-]+", options)) | {"--help", "--version"} for name, options in rows}


def unknown(span: str, known: dict[str, set[str]]) -> bool:
    """Return whether `newswire …`, as a page writes it, is no command, or has an option that the command has not."""
    words = re.split(r"[ ,]+", span)[1:]
    options = set(re.findall(r"--[a-z-]+", span))
    groups = {name.partition(" ")[0] for name in known if " " in name}
    if words[0] in groups and len(words) > 1 and re.fullmatch(r"[a-z|]+", words[1]):
        named = [f"{words[0]} {one}" for one in words[1].split("|")]
    else:
        named = [words[0]]
    return any((name not in known and name not in groups) or not options <= known.get(name, options) | {"--help"} for name in named)


@pytest.mark.parametrize("page", sorted(set(pages()) - {"CHANGELOG.md"}))
def test_a_page_names_only_commands_and_options_that_there_are(page: str) -> None:
    known = commands() | {"reference": set(), "schemas": set()}  # these two are for developers, and hidden
    spans = re.findall(r"`(newswire [a-z][^`\n]*)`", prose_without_blocks(pages()[page]))
    assert [span for span in spans if unknown(span, known)] == []


@pytest.mark.parametrize("span", ["newswire wyh URL", "newswire silence ad", "newswire why --jsn URL", "newswire export alerts|report"])
def test_a_command_that_there_is_not_is_found(span: str) -> None:
    assert unknown(span, commands())
    assert not unknown("newswire export alerts|reports --since 30d", commands())


def test_the_pages_name_only_targets_that_the_makefile_has() -> None:
    targets = set(re.findall(r"^([a-z-]+)%?:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for document, text in pages().items():
        for target in re.findall(r"`make ([a-z-]+[a-z])", text):
            if target == "bench":  # `make bench-…`
                continue
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
