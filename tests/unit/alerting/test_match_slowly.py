"""Matching through the automaton and its triggers equals the slow and obvious matcher, on random watchlists and texts."""

from collections import Counter
from dataclasses import astuple
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, note, settings

from alerting.watchlists.match import match
from newswire.records import Report
from tests import slow_matcher
from tests.fakes import NOW
from tests.random_watchlists import LISTS, cases
from tests.slow_matcher import Spot
from tests.unit.alerting.desk import compiled

FEW: Final = 200
PARTS: Final = 6
MANY: Final = 1_000  # examples of each part, in CI


def assert_equal(watchlists: list[dict[str, Any]], seen: Report) -> None:
    item = seen.item
    note(f"{watchlists}\non {item.title!r}, {item.summary!r}, {seen.text!r}, {seen.language}")
    assert fast(watchlists, seen) == slow(watchlists, seen)


Found = dict[int, set[Spot] | None]
"""Which watchlists matched; and for those that only look for plain terms, where these stand."""


def fast(watchlists: list[dict[str, Any]], seen: Report) -> Found:
    made = match(compiled(*watchlists, lists=LISTS), seen, NOW)
    found = {int(one.verdict.watchlist.removeprefix("w")): one.spans for one in made if one.verdict.matched}
    return {n: {Spot(*span[:3]) for span in map(astuple, spans)} if is_plain(watchlists[n]) else None for n, spans in found.items()}


def slow(watchlists: list[dict[str, Any]], seen: Report) -> Found:
    found = [n for n, watchlist in enumerate(watchlists) if slow_matcher.matches(watchlist, LISTS, seen)]
    return {n: slow_matcher.evidence(watchlists[n]["when"]["any"], LISTS, seen) if is_plain(watchlists[n]) else None for n in found}


def is_plain(watchlist: dict[str, Any]) -> bool:
    """Return whether only phrases are asked for: of words near each other not every pair is told."""
    return watchlist["when"].keys() == {"any"} and not any(key in str(watchlist["when"]) for key in ("near", "list"))


@settings(max_examples=FEW, deadline=None)
@given(cases)
def test_the_fast_matcher_equals_the_slow_one(case: tuple[list[dict[str, Any]], Report]) -> None:
    assert_equal(*case)


@pytest.mark.acceptance
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_fast_matcher_equals_the_slow_one_on_six_thousand_cases(part: int) -> None:
    asked = 0

    @settings(max_examples=MANY, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(cases)
    def equal(case: tuple[list[dict[str, Any]], Report]) -> None:
        nonlocal asked
        asked += 1
        assert_equal(*case)

    equal()
    assert asked >= MANY, f"part {part}"


def test_the_random_cases_match_and_miss() -> None:
    tried: Counter[str] = Counter()
    matched: Counter[str] = Counter()

    @settings(max_examples=FEW, deadline=None, derandomize=True, database=None)
    @given(cases)
    def look(case: tuple[list[dict[str, Any]], Report]) -> None:
        watchlists, seen = case
        found = slow(watchlists, seen)
        for n, watchlist in enumerate(watchlists):
            keys = ["all of them", *watchlist["when"]]
            tried.update(keys)
            matched.update(keys if n in found else ())

    look()
    shares = {key: matched[key] / tried[key] for key in tried}
    assert len(shares) == 12, "each key of `when` is tried"
    assert all(0.02 < share < 0.98 for share in shares.values()), shares
    assert 0.1 < shares["all of them"] < 0.9, shares
