"""Corners of the watchlist language: what a name may be, how a source may be written, what `because` may say."""

from pathlib import Path
from typing import Any

import pytest

from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.inline_tests import InlineResult, run_tests
from alerting.watchlists.load import load_desk
from alerting.watchlists.match import Match, match
from alerting.watchlists.model import Watchlist
from tests.fakes import NOW
from tests.unit.alerting.desk import VOCABULARY, judged, report, understand
from tests.unit.alerting.test_check_files import TODAY

SELECTIONS: dict[str, Any] = {
    "title": "t",
    "selections": {
        "gaming": {"any": ["gaming industry"]},
        "policy": {"any": ["tariff"]},
        "partner": {"partners": ["US"], "none": ["casino"]},
        "betting": {"any": ["casino"]},
    },
    "condition": "gaming and (policy or partner) and not betting",
}
ITEM = {"title": "Envoys discuss the gaming industry", "label": "diplomacy", "partners": ["US"]}


def run(test: dict[str, Any]) -> InlineResult:
    source = Watchlist.model_validate({**SELECTIONS, "tests": [test]})
    return run_tests(compile_watchlists({"w": source}, {}), {"w": source}, understand, NOW)[0]


def test_because_may_name_the_selections_that_bear_the_alert_out() -> None:
    assert run({"item": ITEM, "alert": "true", "because": ["gaming", "partner", "gaming industry"]}).fault == ""


@pytest.mark.parametrize("name", ["policy", "betting"])
def test_because_names_no_selection_that_does_not_hold_or_is_excluded(name: str) -> None:
    assert run({"item": ITEM, "alert": "true", "because": name}).fault == (
        f"should alert because of '{name}', and alerts because of 'gaming industry' and 'partner US' (the selections gaming, partner)"
    )


def test_an_excluded_selection_with_exclusions_of_its_own_lets_through_what_they_exclude() -> None:
    keys = {
        **SELECTIONS,
        "condition": "gaming and not partner",
        "selections": {key: SELECTIONS["selections"][key] for key in ("gaming", "partner")},
    }
    watchlist = {key: value for key, value in keys.items() if key != "title"}
    assert not judged_whole(watchlist, "gaming industry").verdict.matched
    seen = judged_whole(watchlist, "gaming industry and a casino")
    assert (seen.verdict.matched, seen.verdict.because) == (True, ("gaming industry",))


def judged_whole(watchlist: dict[str, Any], title: str) -> Match:
    sources = {"w": Watchlist.model_validate({"title": "t", **watchlist})}
    return match(compile_watchlists(sources, {}), report(title, partners=("US",)), NOW)[0]


@pytest.mark.parametrize("source", ["Nation.example", "HTTPS://www.nation.example/Feed", "www.nation.example", "a1b2c3d4e5f6"])
def test_a_source_is_found_in_whatever_case_it_is_written(source: str) -> None:
    assert judged({"any": ["esports"]}, report("esports"), sources=[source]).verdict.matched


def test_a_list_cannot_be_called_any(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "any.yaml").write_text("title: Any\ncountries: [US]\n")
    assert [fault.message for fault in load_desk(tmp_path, VOCABULARY, TODAY).faults] == [
        "a list cannot be called any: `partners: any` means every country; rename the file to what it lists"
    ]


@pytest.mark.parametrize("name", ["gaming.YAML", "gaming.yml", "gaming.yaml.txt", "Gaming.Yml.TXT"])
def test_a_file_that_is_nearly_yaml_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "watchlists" / name).write_text("title: t\nwhen: {any: [esports]}\n")
    desk = load_desk(tmp_path, VOCABULARY, TODAY)
    assert [fault.message for fault in desk.faults] == ["only *.yaml is read; rename it to .yaml"]


def messages(folder: Path, text: str) -> list[str]:
    (folder / "watchlists").mkdir()
    (folder / "watchlists" / "w.yaml").write_text(f"title: t\nstatus: draft\n{text}")
    desk = load_desk(folder, VOCABULARY, TODAY)
    return [fault.message for fault in (*desk.faults, *desk.warnings)]


def test_typographic_quotes_around_a_term_are_told(tmp_path: Path) -> None:
    assert messages(tmp_path, "when: {any: [“esports”, people’s republic]}\n") == [
        "'“esports”' has typographic quotes, which belong to the term: it is found only where a text has them; write esports without"
    ]


def test_a_phrase_may_go_over_two_lines_of_the_file(tmp_path: Path) -> None:
    assert messages(tmp_path, "when:\n  any:\n    - |\n      gaming\n      industry\n    - >-\n      video\n      game\n") == []
    assert judged({"any": ["gaming \n industry\n"]}, report("gaming industry")).verdict.because == ("gaming industry",)


def test_of_a_condition_that_is_no_text_its_selections_are_not_said_to_be_unused(tmp_path: Path) -> None:
    assert messages(tmp_path, "selections: {a: {any: [esports]}}\ncondition: [a]\n") == ["text is due here"]
