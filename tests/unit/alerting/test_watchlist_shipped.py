"""What ships under `config/` works as it stands: no fault, no warning, every inline test passes, and the schemas are current."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from check_jsonschema.cli.main_command import main as check_jsonschema  # type: ignore[import-untyped]  # it ships no types
from click.testing import CliRunner

from alerting.routes import Labelled, receivers_for
from alerting.schemas import schemas
from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.in_words import in_words
from alerting.watchlists.inline_tests import run_tests
from alerting.watchlists.load import DeskFiles, load_desk
from newswire.records import Label, Severity
from tests.fakes import NOW
from tests.unit.alerting.desk import VOCABULARY, understand

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config"
GOLDEN = ROOT / "tests" / "golden" / "watchlists"


@pytest.fixture(scope="module")
def desk() -> DeskFiles:
    return load_desk(CONFIG, VOCABULARY, date(2026, 11, 2))


def test_the_shipped_files_have_no_fault_and_no_warning(desk: DeskFiles) -> None:
    assert (desk.faults, desk.warnings) == ((), ())


def test_every_shipped_watchlist_passes_its_tests_both_ways(desk: DeskFiles) -> None:
    results = run_tests(compile_watchlists(desk.watchlists, desk.lists), desk.watchlists, understand, NOW)
    assert [(one.watchlist, one.test, one.fault) for one in results if not one.passed] == []
    for name, watchlist in desk.watchlists.items():
        assert len(watchlist.tests) >= 4, name
        assert {test.alert for test in watchlist.tests} == {True, False}, name
        assert {test.item.lang for test in watchlist.tests} - {None, "en"}, f"{name}: no test in another language"


def test_every_shipped_watchlist_says_what_it_does(desk: DeskFiles) -> None:
    said = {one.name: in_words(one) for one in compile_watchlists(desk.watchlists, desk.lists).watchlists}
    assert said["it-diplomacy-partners"] == (
        "alerts at once, medium, on diplomacy items that engage one of the 26 countries in partner-countries; "
        "the label must score 0.5 or more; items older than 72h stay silent; later reports are added to its message"
    )
    assert all(sentence.startswith("alerts at once, ") for sentence in said.values())


def test_the_shipped_routes_tell_the_desk_and_without_a_token_the_terminal(desk: DeskFiles) -> None:
    seen = Labelled(Severity.HIGH, Label.DIPLOMACY, "gaming-partners", ("gaming",))
    assert receivers_for(desk.routes, seen, at=NOW) == ("desk",)
    assert receivers_for(desk.routes.with_terminal(), seen, at=NOW) == ("terminal",)


@pytest.mark.parametrize("name", ["watchlist", "list", "routes"])
def test_the_checked_in_schemas_are_current(name: str) -> None:
    assert json.loads((CONFIG / "schemas" / f"{name}.json").read_text()) == schemas()[name]


@pytest.mark.parametrize(("schema", "pattern"), [("watchlist", "watchlists/*.yaml"), ("list", "lists/*.yaml"), ("routes", "routes.yaml")])
def test_every_shipped_file_names_its_schema_and_agrees_with_it(schema: str, pattern: str) -> None:
    paths = sorted(CONFIG.glob(pattern))
    assert paths
    for path in paths:
        named = path.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / named).resolve() == CONFIG / "schemas" / f"{schema}.json"
    assert _agrees(schema, paths) == (0, "")


_BEYOND_A_SCHEMA = {
    "Not a plain Word",  # the file's name
    "anchors",  # gone before the schema is asked
    "condition-nested-too-deep",
    "condition-of-a-thousand-parentheses",
    "exclusions-alone",
    "exclusions-alone-in-a-block",
    "empty-when",
    "at-least-too-many",
    "selections-unused-and-excluding",
    "tests-that-contradict-themselves",
    "scalars-that-yaml-1-1-misread",  # valid
}
"""Cases that the reader refuses and a schema cannot see, or the other way round."""


@pytest.mark.parametrize("path", sorted((GOLDEN / "watchlists").glob("*.yaml")), ids=lambda path: path.stem)
def test_schema_and_reader_agree_where_a_schema_can_see(path: Path) -> None:
    refused = any(not line.startswith("warning: ") for line in path.with_suffix(".txt").read_text().splitlines())
    if path.stem not in _BEYOND_A_SCHEMA:
        assert (_agrees("watchlist", [path])[0] != 0) == refused


def _agrees(schema: str, paths: list[Path]) -> tuple[int, str]:
    arguments: list[Any] = ["--schemafile", str(CONFIG / "schemas" / f"{schema}.json"), *map(str, paths)]
    outcome = CliRunner().invoke(check_jsonschema, arguments)
    return outcome.exit_code, "" if outcome.exit_code == 0 else outcome.output
