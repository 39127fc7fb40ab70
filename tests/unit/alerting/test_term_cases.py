"""The table of cases in tests/golden/terms: what each watched term finds, by WATCHLISTS.md."""

from pathlib import Path
from typing import Any, Final

import pytest

from alerting.watchlists.compile import WatchlistSet
from alerting.watchlists.match import Match, match
from newswire.records import CountryMention, Field, Report, Role, Span
from newswire.strict_yaml import read
from tests.fakes import NOW
from tests.unit.alerting.desk import compiled, report

FILES: Final = sorted((Path(__file__).parents[2] / "golden" / "terms").glob("*.yaml"))


def table() -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return the cases by id and all named lists, read as the desk's own files are."""
    cases: dict[str, dict[str, Any]] = {}
    lists: dict[str, dict[str, Any]] = {}
    for path in FILES:
        document, faults = read(path)
        assert document is not None, faults
        assert not faults
        values = document.values()
        lists |= values.get("lists", {})
        for case in values["cases"]:
            name = f"{path.stem}: {case['name']}"
            assert name not in cases, f"{name} stands twice"
            cases[name] = case
    return cases, lists


CASES, LISTS = table()
KEYS: Final = {"name", "watch", "when", "title", "lead", "body", "lang", "found", "because", "home", "countries"}
SEVERAL: Final = ("partners", "organisations", "people", "topics")


def when_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return the conditions: `watch` is short for `any`, of one term or a list of them."""
    if "when" in case:
        return dict(case["when"])
    return {"any": case["watch"] if isinstance(case["watch"], list) else [case["watch"]]}


def report_of(case: dict[str, Any]) -> Report:
    assert not case.keys() - KEYS - {*SEVERAL}, "a key that nothing reads"
    named = tuple(CountryMention(code, Role.MENTIONED, Span(Field.TITLE, 0, 0, "")) for code in case.get("countries", ()))
    understood: dict[str, Any] = {key: tuple(case.get(key, ())) for key in SEVERAL}
    return report(
        case.get("title", ""),
        case.get("body", ""),
        summary=case.get("lead", ""),
        language=case.get("lang", "en"),
        home=case.get("home"),
        countries=named,
        **understood,
    )


def assert_as_said(case: dict[str, Any], made: Match | None) -> None:
    """Hold that the watchlist matched, on those words, or did not."""
    assert ("found" in case) != ("because" in case), "a case says either the words found or the reasons"
    expected = case.get("found", case.get("because"))
    matched = made is not None and made.verdict.matched
    said = [] if not matched or made is None else [span.text for span in made.spans] if "found" in case else list(made.verdict.because)
    assert said == ([] if expected == "nothing" else expected)
    assert matched == (expected != "nothing")


@pytest.mark.parametrize("name", CASES)
def test_a_term_is_found_where_the_page_says(name: str) -> None:
    case = CASES[name]
    (made,) = match(compiled({"when": when_of(case)}, lists=LISTS), report_of(case), NOW)
    assert_as_said(case, made)


@pytest.fixture(scope="module")
def together() -> WatchlistSet:
    return compiled(*({"when": when_of(case)} for case in CASES.values()), lists=LISTS)


def test_every_case_stands_among_the_watchlists_of_all_others(together: WatchlistSet) -> None:
    for position, case in enumerate(CASES.values()):
        made = [one for one in match(together, report_of(case), NOW) if one.verdict.watchlist == f"w{position}"]
        assert_as_said(case, made[0] if made else None)


def test_the_table_is_whole() -> None:
    assert len(FILES) == 9
    assert len(CASES) >= 300
