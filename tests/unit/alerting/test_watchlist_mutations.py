"""Nothing in a shipped watchlist is there for show: whatever term or condition is taken out, one of its own tests fails."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.inline_tests import Understand, run_tests
from alerting.watchlists.lists import resolve
from alerting.watchlists.load import DeskFiles
from alerting.watchlists.model import NamedList, Watchlist
from alerting.watchlists.version import lists_used
from newswire.clock import SystemClock
from newswire.strict_yaml import read
from tests.unit.alerting.mutations import mutants, without_term

CONFIG = Path(__file__).parents[3] / "config"
WATCHLISTS = sorted(CONFIG.glob("watchlists/*.yaml"))
LISTS = sorted(CONFIG.glob("lists/*.yaml"))


def raw_of(path: Path) -> dict[str, Any]:
    document, faults = read(path, path.name)
    assert document is not None, faults
    return document.values()


def all_pass(watchlists: dict[str, Watchlist], lists: dict[str, NamedList], understood: Understand) -> bool:
    """Return whether every test passes; the first that fails is enough to know."""
    compiled, now = compile_watchlists(watchlists, lists), SystemClock().now()
    alone = ({name: one.model_copy(update={"tests": (test,)})} for name, one in watchlists.items() for test in one.tests)
    return all(result.passed for single in alone for result in run_tests(compiled, single, understood, now))


def survivors(name: str, raw: dict[str, Any], lists: dict[str, NamedList], understood: Understand) -> list[str]:
    """Return the mutations that none of the watchlist's tests notices."""
    unnoticed = []
    for change, mutant in mutants(raw):
        try:
            changed = Watchlist.model_validate(mutant)
        except ValidationError:
            continue  # `newswire check` notices
        if all_pass({name: changed}, lists, understood):
            unnoticed.append(f"{name}: {change}: every test still passes")
    return unnoticed


@pytest.mark.parametrize("path", WATCHLISTS, ids=lambda path: path.stem)
def test_every_term_and_condition_of_a_watchlist_is_held_by_one_of_its_tests(
    path: Path, shipped: DeskFiles, understood: Understand
) -> None:
    raw, lists = raw_of(path), dict(shipped.lists)
    assert all_pass({path.stem: Watchlist.model_validate(raw)}, lists, understood), f"newswire test {path.stem}"
    assert survivors(path.stem, raw, lists, understood) == []


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_every_term_of_a_list_is_held_by_a_test_of_a_watchlist_that_uses_it(path: Path, shipped: DeskFiles, understood: Understand) -> None:
    users = {name: one for name, one in shipped.watchlists.items() if path.stem in lists_used(one)}
    unnoticed = []
    for change, mutant in without_term(raw_of(path)):
        lists = {**shipped.lists, path.stem: NamedList.model_validate(mutant)}
        if all_pass(users, lists, understood):
            unnoticed.append(f"{path.stem}: {change}: every test of {', '.join(users) or 'nobody'} still passes")
    assert unnoticed == []


def test_a_term_without_a_test_is_named(understood: Understand) -> None:
    item = {"title": "Envoys discuss esports and video games", "label": "diplomacy", "home": "PK", "partners": ["SA"]}
    tests = [
        {"item": item, "alert": "true"},
        {"item": {**item, "partners": []}, "alert": "false"},
        {"item": {**item, "label": "domestic"}, "alert": "false"},
        {"item": {**item, "title": "Envoys discuss rice"}, "alert": "false"},
    ]
    raw = {"title": "Games", "when": {"any": ["esports", "video game*"], "partners": "any"}, "tests": tests}
    assert survivors("games", raw, {}, understood) == [
        "games: without 'esports' in `when`: every test still passes",
        "games: without 'video game*' in `when`: every test still passes",
    ]


def test_everything_that_decides_is_taken_out_once() -> None:
    raw = {
        "title": "Games",
        "severity": "high",
        "min_score": "0.6",
        "selections": {
            "games": {
                "any": [
                    "esports",
                    {"phrase": "video game*", "in": "title", "case": "exact"},
                    {"near": [["game*", "gaming"], ["tax"]]},
                    "=PUBG",
                ]
            },
            "states": {"partners": ["US", "KR"], "at_least": {"n": "2", "of": ["accord", "minister"]}},
            "betting": {"any": ["casino*"]},
            "policy_a": {"topics": "any"},
            "policy_b": {"any_of": [{"home": "any"}, {"organisations": "it-bodies", "none": ["chess"]}]},
        },
        "condition": "games and (states or 1 of policy*) and not betting",
        "severity_if": [{"if": "states and not betting", "set": "high"}, {"if": {"partners": "any"}, "set": "low"}],
        "tests": [],
    }
    assert [change for change, _ in mutants(raw)] == [
        "without `severity`",
        "without `min_score`",
        "with `label: any`",
        "without 'esports' in `selections.games`",
        "without 'video game*' in `selections.games`",
        "without `in` of 'video game*' in `selections.games`",
        "without `case` of 'video game*' in `selections.games`",
        "without 'game*/gaming near tax' in `selections.games`",
        "without game* in 'game*/gaming near tax' in `selections.games`",
        "without gaming in 'game*/gaming near tax' in `selections.games`",
        "without '=PUBG' in `selections.games`",
        "with any case of =PUBG in `selections.games`",
        "without `selections.states.partners`",
        "with `any` for ['US', 'KR'] in `selections.states.partners`",
        "without US in `selections.states.partners`",
        "without KR in `selections.states.partners`",
        "without `selections.states.at_least`",
        "without 'accord' in `selections.states.at_least`",
        "without 'minister' in `selections.states.at_least`",
        "with one less than `selections.states.at_least.n`",
        "without `selections.policy_b.any_of.0`",
        "without `selections.policy_b.any_of.1`",
        "without `selections.policy_b.any_of.1.organisations`",
        "with `any` for it-bodies in `selections.policy_b.any_of.1.organisations`",
        "without `selections.policy_b.any_of.1.none`",
        "without `games` in `condition`",
        "without `states or 1 of policy*` in `condition`",
        "without `states` in `condition`",
        "without `1 of policy*` in `condition`",
        "without `not betting` in `condition`",
        "without the selection `policy_a` of `condition`",
        "without the selection `policy_b` of `condition`",
        "without `severity_if.0`",
        "without `states` in `severity_if.0.if`",
        "without `not betting` in `severity_if.0.if`",
        "without `severity_if.1`",
    ]


def test_every_list_is_used(shipped: DeskFiles) -> None:
    used = {name for watchlist in shipped.watchlists.values() for name in lists_used(watchlist)}
    included = {name for one in shipped.lists.values() for name in one.include}
    assert set(shipped.lists) - used - included == set()
    assert resolve(shipped.lists)[1] == {name: [] for name in shipped.lists}
