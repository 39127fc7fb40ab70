"""Matching through the automaton and its triggers equals the slow and obvious matcher, on random watchlists and texts."""

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis.strategies import SearchStrategy

from alerting.watchlists.compile import WatchlistSet
from alerting.watchlists.match import match
from newswire.records import Report
from tests import slow_matcher
from tests.fakes import NOW
from tests.random_watchlists import LISTS, cases, terms_of, texts_by_script
from tests.slow_matcher import Spot
from tests.unit.alerting.desk import compiled

FEW: Final = 150
PARTS: Final = 5
MANY: Final = 1_000  # examples of each part, in CI


def assert_equal(watchlists: list[dict[str, Any]], seen: Report) -> None:
    item = seen.item
    note(f"{watchlists}\non {item.title!r}, {item.summary!r}, {seen.text!r}, {seen.language}")
    assert fast(watchlists, seen) == slow(watchlists, seen)


Found = dict[int, tuple[str, set[Spot] | None]]
"""Which watchlists matched, how severely; and for those that only look for phrases, where these stand."""


def fast(watchlists: list[dict[str, Any]], seen: Report) -> Found:
    return found_by(compiled(*watchlists, lists=LISTS), watchlists, seen)


def found_by(compiled_set: WatchlistSet, watchlists: list[dict[str, Any]], seen: Report) -> Found:
    made = {int(one.verdict.watchlist.removeprefix("w")): one for one in match(compiled_set, seen, NOW) if one.verdict.matched}
    spots = {n: {Spot(span.field, span.start, span.end) for span in one.spans} for n, one in made.items()}
    return {n: (one.verdict.severity, spots[n] if is_plain(watchlists[n]) else None) for n, one in made.items()}


def slow(watchlists: list[dict[str, Any]], seen: Report) -> Found:
    return {
        n: (
            slow_matcher.severity(watchlist, LISTS, seen),
            slow_matcher.evidence(watchlist["when"]["any"], LISTS, seen) if is_plain(watchlist) else None,
        )
        for n, watchlist in enumerate(watchlists)
        if slow_matcher.matches(watchlist, LISTS, seen)
    }


def is_plain(watchlist: dict[str, Any]) -> bool:
    """Return whether only phrases are asked for: of words near each other not every pair is told, and what raises the severity is told too."""
    when = watchlist.get("when", {})
    return when.keys() == {"any"} and "severity_if" not in watchlist and not any(key in str(when) for key in ("near", "list"))


@cache
def every_term(script: str) -> tuple[WatchlistSet, list[dict[str, Any]]]:
    watchlists = [{"when": {"any": [term]}} for term in terms_of(script)]
    return compiled(*watchlists), watchlists


def assert_terms_equal(script: str, seen: Report) -> None:
    compiled_set, watchlists = every_term(script)
    note(f"{seen.item.title!r}, {seen.text!r}, {seen.language}")
    assert found_by(compiled_set, watchlists, seen) == slow(watchlists, seen)


@settings(max_examples=FEW, deadline=None)
@given(cases)
def test_the_fast_matcher_equals_the_slow_one(case: tuple[list[dict[str, Any]], Report]) -> None:
    assert_equal(*case)


@settings(max_examples=FEW, deadline=None)
@given(texts_by_script)
def test_every_term_of_a_script_is_found_where_the_slow_matcher_finds_it(case: tuple[str, Report]) -> None:
    assert_terms_equal(*case)


@pytest.mark.acceptance
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_fast_matcher_equals_the_slow_one_on_five_thousand_cases(part: int) -> None:
    assert asked_of(cases, assert_equal) >= MANY, f"part {part}"


@pytest.mark.acceptance
@pytest.mark.timeout(300)
def test_every_term_is_found_where_the_slow_matcher_finds_it_in_a_thousand_texts() -> None:
    assert asked_of(texts_by_script, assert_terms_equal) >= MANY


def asked_of(strategy: SearchStrategy[tuple[Any, Report]], check: Callable[[Any, Report], None]) -> int:
    """Return how many examples the check was made on."""
    asked = 0

    @settings(
        max_examples=MANY, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate, Phase.shrink]
    )
    @given(strategy)
    def look(case: tuple[Any, Report]) -> None:
        nonlocal asked
        asked += 1
        check(*case)

    look()
    return asked


def test_the_random_cases_match_and_miss() -> None:
    tried: Counter[str] = Counter()
    matched: Counter[str] = Counter()

    @settings(max_examples=2 * FEW, deadline=None, derandomize=True, database=None)
    @given(cases)
    def look(case: tuple[list[dict[str, Any]], Report]) -> None:
        watchlists, seen = case
        found = slow(watchlists, seen)
        for n, watchlist in enumerate(watchlists):
            keys = ["all of them", *(watchlist.get("when") or ["condition"])]
            tried.update(keys)
            matched.update(keys if n in found else ())

    look()
    shares = {key: matched[key] / tried[key] for key in tried}
    assert len(shares) == 13, "each key of `when` is tried, and a condition"
    assert all(0 < shares[key] < 1 for key in ("any", "all", "at_least", "any_of", "condition")), shares
    assert any(matched[key] for key in ("partners", "countries", "home", "organisations", "people", "topics")), shares
    assert 0.1 < shares["all of them"] < 0.9, shares
