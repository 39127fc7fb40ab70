from typing import Any

import pytest

from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.explain import lines, truth_table
from alerting.watchlists.facts import facts_of
from alerting.watchlists.inline_tests import InlineResult, run_tests
from alerting.watchlists.model import Watchlist
from newswire.records import Label
from tests.fakes import NOW
from tests.unit.alerting.desk import compiled, report, understand

GAMING: dict[str, Any] = {
    "title": "Gaming industry with partner countries",
    "severity": "high",
    "when": {"any": ["gaming industry", "video game*", "esports"], "partners": ["US", "CN"]},
}
BLOME = {
    "title": "Pakistan, US agree to boost cooperation in IT",
    "text": "The minister and US Ambassador Donald Blome discussed the promotion of the gaming industry.",
}


def run(test: dict[str, Any], **keys: Any) -> InlineResult:
    source = Watchlist.model_validate({**GAMING, **keys, "tests": [test]})
    return run_tests(compile_watchlists({"w": source}, {}), {"w": source}, understand, NOW)[0]


@pytest.mark.parametrize(
    "test",
    [
        {"item": BLOME, "alert": "true"},
        {"item": BLOME, "alert": "true", "severity": "high", "because": ["gaming industry", "partner US"]},
        {"item": {"title": "Macau gaming industry revenue up", "text": "Casino takings rose in May."}, "alert": "false"},
        {"item": {**BLOME, "label": "domestic"}, "alert": "false", "held": "label"},
        {"item": {**BLOME, "score": "0.3"}, "alert": "false", "held": "score"},
        {"item": {**BLOME, "partners": []}, "alert": "false", "held": "condition"},
        {"item": {**BLOME, "partners": ["CN"]}, "alert": "true", "because": "partner CN"},
        {"item": {**BLOME, "published": "2026-10-01"}, "alert": "false", "held": "max_age"},
        {"item": {**BLOME, "published": "2026-11-01T10:00:00+05:00"}, "alert": "true"},
        {"item": {"title": "esports", "summary": "gaming industry", "label": "diplomacy", "partners": "US"}, "alert": "true"},
    ],
)
def test_a_test_that_says_what_happens_passes(test: dict[str, Any]) -> None:
    assert run(test).fault == ""


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        ({"item": {"title": "Chess"}, "alert": "true"}, "should alert, and is held (label): label is other (0.97), wants diplomacy"),
        (
            {"item": {**BLOME, "partners": ["KR"]}, "alert": "true"},
            "should alert, and is held (condition): engages KR, not in US, CN",
        ),
        ({"item": BLOME, "alert": "false"}, "should stay silent, and alerts because of 'gaming industry' and 'partner US'"),
        ({"item": BLOME, "alert": "true", "severity": "low"}, "should alert as low, and alerts as high"),
        (
            {"item": BLOME, "alert": "true", "because": ["esports", "gaming industry"]},
            "should alert because of 'esports', and alerts because of 'gaming industry' and 'partner US'",
        ),
        (
            {"item": {"title": "Chess"}, "alert": "false", "held": "condition"},
            "should be held for condition, and is held for label: label is other (0.97), wants diplomacy",
        ),
    ],
)
def test_a_test_that_fails_says_how(test: dict[str, Any], fault: str) -> None:
    result = run(test)
    assert (result.passed, result.fault) == (False, fault)
    assert result.table


@pytest.mark.parametrize("status", ["draft", "staged", "muted"])
def test_what_is_not_active_is_tested_as_if_it_were(status: str) -> None:
    assert run({"item": BLOME, "alert": "true"}, status=status).passed


def test_scope_is_tested_with_the_items_own_outlet_and_source() -> None:
    scope = {"outlets": ["Dawn"], "sources": ["dawn.example"], "languages": ["en", "ur"]}
    item = {**BLOME, "outlet": "Dawn", "source": "https://dawn.example/feed", "lang": "en"}
    assert run({"item": item, "alert": "true"}, **scope).passed
    assert run({"item": {**item, "outlet": "The Nation"}, "alert": "false", "held": "scope"}, **scope).passed


def test_all_that_can_be_pinned_is_pinned() -> None:
    when = {"countries": ["KR"], "home": ["PK"], "organisations": ["ITU"], "people": ["A B"], "topics": ["ai"]}
    item = {
        "title": "x",
        "label": "diplomacy",
        "countries": ["KR"],
        "home": "PK",
        "organisations": ["ITU"],
        "people": ["A B"],
        "topics": ["ai"],
    }
    result = run(
        {"item": item, "alert": "true", "because": ["country KR", "home PK", "organisation ITU", "person A B", "topic ai"]}, when=when
    )
    assert result.fault == ""


def test_the_truth_table_names_every_condition_with_its_words_or_its_nearest_miss() -> None:
    when = {"any": ["gaming industry", "esports"], "none": ["casino*"], "partners": ["US"], "topics": ["gaming"]}
    watchlists = compiled({"when": when})
    seen = report("The gaming industry", "A casino", partners=("KR",), topics=("gaming",))
    assert lines(truth_table(watchlists.watchlists[0], facts_of(watchlists.search, seen), NOW)) == [
        "holds  diplomacy, score at least 0.5, in scope: label is diplomacy (0.97), language en, outlet The Nation",
        "holds  say 'gaming industry' or 'esports': gaming industry (“gaming industry” in the title at 4)",
        "fails  do not say 'casino*': 'casino*' is found, which `none` excludes",
        "fails  engage US: engages KR, not in US",
        "holds  are about gaming: topic gaming",
        "holds  may tell: nothing holds it back",
    ]


def test_the_truth_table_shows_the_first_miss_too() -> None:
    watchlists = compiled({"when": {"any": ["esports"]}, "status": "muted"})
    seen = report("esports", label=Label.DOMESTIC)
    table = truth_table(watchlists.watchlists[0], facts_of(watchlists.search, seen), NOW)
    assert [(row.holds, row.why) for row in table] == [
        (False, "label is domestic (0.97), wants diplomacy"),
        (True, "esports (“esports” in the title at 0)"),
        (False, "the watchlist is muted"),
    ]
