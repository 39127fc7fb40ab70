"""Nothing in a shipped watchlist is there for show: whatever term or condition is taken out, one of its own tests fails."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from alerting.watchlists.compile import compile_watchlists, lists_used
from alerting.watchlists.inline_tests import Understand, run_tests
from alerting.watchlists.lists import resolve
from alerting.watchlists.load import DeskFiles
from alerting.watchlists.model import NamedList, Watchlist
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
    results = run_tests(compile_watchlists(watchlists, lists), watchlists, understood, SystemClock().now())
    return all(one.passed for one in results)


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


def test_every_list_is_used(shipped: DeskFiles) -> None:
    used = {name for watchlist in shipped.watchlists.values() for name in lists_used(watchlist)}
    included = {name for one in shipped.lists.values() for name in one.include}
    assert set(shipped.lists) - used - included == set()
    assert resolve(shipped.lists)[1] == {name: [] for name in shipped.lists}
