"""Files are data: a faulty timeline, and beside it, as text, the faults and warnings that it must give."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from check_jsonschema.cli.main_command import main as check_jsonschema  # type: ignore[import-untyped]  # it ships no types
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from alerting.schemas import schemas
from alerting.timelines.check import Names, check_timeline
from alerting.timelines.model import Expectation, Expected, FeedStep, Timeline
from alerting.timelines.run import DeskInForce, run_timeline
from alerting.timelines.silences import TimelineSilence
from alerting.watchlists.load import DeskFiles, load_desk
from alerting.watchlists.model import InlineItem
from alerting.watchlists.vocabulary import Vocabulary
from newswire.outcomes import AlertReason
from tests.unit.alerting.desk import VOCABULARY, understand

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "watchlists" / "timelines"
SCHEMA = ROOT / "config" / "schemas" / "timeline.json"
CASES = sorted(GOLDEN.glob("*.yaml"))

_BEYOND_A_SCHEMA = {
    "pages-out-of-place",
    "own-routes-unreachable",
    "too-long",
    "never-seen",  # a warning
}


def desk_of(folder: Path, timeline: Path) -> DeskFiles:
    for name in ("watchlists", "tests"):
        (folder / name).mkdir()
    for name in ("gaming", "cables", "partners"):
        (folder / "watchlists" / f"{name}.yaml").write_text("title: T\nstatus: draft\nwhen: {any: [esports]}\n")
    (folder / "routes.yaml").write_text("receivers:\n  - {name: desk, terminal: {}}\nroute: {to: desk}\n")
    shutil.copy(timeline, folder / "tests")
    return load_desk(folder, VOCABULARY, date(2026, 11, 2))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_faulty_timeline_gives_all_its_faults_at_their_lines(path: Path, tmp_path: Path) -> None:
    desk = desk_of(tmp_path, path)
    assert desk.faults == ()  # a test that cannot be read keeps nobody from telling
    lines = [*map(str, desk.timeline_faults), *(f"warning: {fault}" for fault in desk.warnings)]
    said = "".join(f"{line}\n".replace(f"{tmp_path}/", "") for line in lines)
    assert said == path.with_suffix(".txt").read_text()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_schema_and_reader_agree_where_a_schema_can_see(path: Path) -> None:
    refused = bool(path.with_suffix(".txt").read_text())
    if path.stem not in _BEYOND_A_SCHEMA:
        assert (agrees([path]) == "") != refused


def test_the_checked_in_schema_is_current_and_every_shipped_timeline_names_it() -> None:
    assert json.loads(SCHEMA.read_text()) == schemas()["timeline"]
    paths = sorted((ROOT / "config" / "tests").glob("*.yaml"))
    assert len(paths) >= 4
    for path in paths:
        assert path.read_text().splitlines()[0] == "# yaml-language-server: $schema=../schemas/timeline.json"
    assert agrees(paths) == ""


SILENCE_KEYS = {field.alias or name for name, field in TimelineSilence.model_fields.items()}
_ROUTES = ("receivers", "route", "calendars", "name", "digest", "match", "during", "otherwise", "tags", "fallback")
_KEYS = st.sampled_from(
    sorted(
        {
            *Timeline.model_fields,
            *FeedStep.model_fields,
            *Expectation.model_fields,
            *Expected.model_fields,
            *SILENCE_KEYS,
            *_ROUTES,
            "visit",
        }
    )
)
_WORDS = st.sampled_from(["visit", "0m", "3m", "soon", "page", "gaming", "nobody", "US", "", "9" * 99 + "d"]) | st.none()
_SHAPES = st.recursive(_WORDS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=24)


@given(st.dictionaries(_KEYS, _SHAPES, max_size=9))
def test_whatever_shape_a_timeline_has_it_is_checked_to_the_end(raw: dict[str, Any]) -> None:
    names = Names(frozenset({"gaming"}), frozenset({"desk"}), VOCABULARY)
    for problem in check_timeline(raw, names):
        assert problem.path[0] in raw


def test_a_sighting_can_say_all_that_an_inline_tests_item_can() -> None:
    assert InlineItem.model_fields.keys() <= FeedStep.model_fields.keys()


def test_nothing_is_said_of_receivers_while_the_routes_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("title: T\nfeed:\n  - {at: 0m, title: x}\nexpect:\n  - {at: 0m, post: {receiver: nobody}}\n")
    desk = desk_of(tmp_path, tmp_path / "t.yaml")
    assert [fault.message for fault in desk.timeline_faults] == ["unknown receiver 'nobody'; one of: desk"]
    (tmp_path / "routes.yaml").write_text("receivers: [\n")
    desk = load_desk(tmp_path, VOCABULARY, date(2026, 11, 2))
    assert ([fault.file for fault in desk.faults], desk.timeline_faults) == ([str(tmp_path / "routes.yaml")], ())


def test_the_page_about_timelines_names_every_key_and_its_example_passes(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "timelines.md").read_text()
    keys = {key for model in (Timeline, FeedStep, Expectation, Expected) for key in model.model_fields} | SILENCE_KEYS
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []
    assert [reason for reason in AlertReason if f"`{reason}`" not in page] == []
    for name in ("watchlists", "lists"):
        shutil.copytree(ROOT / "config" / name, tmp_path / name)
    shutil.copy(ROOT / "config" / "routes.yaml", tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "example.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0])
    desk = load_desk(tmp_path, Vocabulary(), date(2026, 11, 2))
    assert (desk.faults, desk.timeline_faults, desk.warnings) == ((), (), ())
    result = run_timeline("example", desk.timelines["example"], DeskInForce(desk.watchlists, desk.lists, desk.routes), understand)
    assert result.failures == ()


def agrees(paths: list[Path]) -> str:
    outcome = CliRunner().invoke(check_jsonschema, ["--schemafile", str(SCHEMA), *map(str, paths)])
    return "" if outcome.exit_code == 0 else outcome.output
