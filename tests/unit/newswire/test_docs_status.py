"""docs/status.md and docs/doctor.md say what the code says."""

import re
from pathlib import Path
from typing import Any

import pytest

from newswire.cli.doctor.catalogue import CATALOGUE
from newswire.cli.doctor.finding import Level
from newswire.cli.doctor.render import as_json as doctor_json
from newswire.cli.status.as_json import as_json as status_json
from newswire.cli.status.judge import ALARMS, Concern, judge
from newswire.cli.status.sources import sources_of
from tests.fakes import NOW
from tests.status_builders import troubled

ROOT = Path(__file__).parents[3]
STATUS = (ROOT / "docs" / "status.md").read_text("utf-8")
DOCTOR = (ROOT / "docs" / "doctor.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["whole-80", "troubled-80"])
def test_the_pages_that_are_shown_are_the_golden_ones(name: str) -> None:
    assert (ROOT / "tests" / "golden" / "status" / f"{name}.txt").read_text("utf-8") in STATUS


def test_every_concern_stands_in_the_table_with_its_alarm() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (?:`(Newswire[A-Za-z]+)`|none: [^|]+) \|$", STATUS, re.MULTILINE))
    assert rows == {str(concern): ALARMS.get(concern, "") for concern in Concern}


def _names(value: Any) -> set[str]:
    """Return every name in a JSON value but those that are data: of sources' states, topics, watchlists, matchers and tables."""
    if isinstance(value, list):
        return set().union(*(_names(one) for one in value))
    if not isinstance(value, dict):
        return set()
    inner = set().union(
        *(_names(one) for name, one in value.items() if name not in {"by_state", "by_name", "matchers", "tables", "kept_since"})
    )
    return set(value) | inner


def test_every_name_of_the_json_is_told() -> None:
    table = STATUS[STATUS.index("## For programs") :]
    assert _names(status_json(judge(troubled()))) <= set(re.findall(r"`([a-z_]+)`", table))
    assert sources_of([], {}, 0.0).total == 0


def test_the_table_of_checks_is_the_catalogue() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", DOCTOR[DOCTOR.index("## The checks") : DOCTOR.index("`--deep` reads")], re.MULTILINE)
    assert rows == [(str(name), entry.looks_at) for name, entry in CATALOGUE.items()]


def test_every_level_and_every_name_of_the_doctors_json_is_told() -> None:
    told = set(re.findall(r"`([a-z_]+)`", DOCTOR))
    assert {str(level) for level in Level} | set(doctor_json([], NOW)) | {"check", "level", "what", "why", "do"} <= told


def test_the_finding_lines_that_are_shown_are_of_checks_that_there_are() -> None:
    shown = re.findall(r"^(fail|warn|note|ok) +([a-z_]+) ", DOCTOR.split("```")[1], re.MULTILINE)
    assert {name for _, name in shown} == {str(name) for name in CATALOGUE}
