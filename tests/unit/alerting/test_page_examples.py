"""The examples of the watchlist language's norm, each as a file, through the real loader: they behave as the norm says."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from alerting.routes import Labelled, receivers_for
from alerting.watchlists.compile import WatchlistSet, compile_watchlists
from alerting.watchlists.in_words import in_words
from alerting.watchlists.inline_tests import run_tests
from alerting.watchlists.load import DeskFiles, load_desk
from alerting.watchlists.match import Match, match
from newswire.records import Label, Report, Severity
from tests.fakes import NOW
from tests.unit.alerting.desk import VOCABULARY, report, understand

EXAMPLES = Path(__file__).parents[2] / "golden" / "norm"


@pytest.fixture(scope="module")
def desk() -> DeskFiles:
    return load_desk(EXAMPLES, VOCABULARY, date(2026, 11, 2))


@pytest.fixture(scope="module")
def watchlists(desk: DeskFiles) -> WatchlistSet:
    return compile_watchlists(desk.watchlists, desk.lists)


def one(watchlists: WatchlistSet, name: str, seen: Report) -> Match | None:
    return next((found for found in match(watchlists, seen, NOW) if found.verdict.watchlist == name and found.verdict.matched), None)


def test_no_example_has_a_fault(desk: DeskFiles) -> None:
    assert desk.faults == ()
    needless = ("is not needed", "is the same as")  # the page shows many ways to write a term side by side
    assert [warning.message for warning in desk.warnings if not any(words in warning.message for words in needless)] == []


def test_the_whole_of_a_useful_one_passes_its_own_tests(desk: DeskFiles, watchlists: WatchlistSet) -> None:
    results = run_tests(watchlists, {"whole": desk.watchlists["whole"]}, understand, NOW)
    assert [(result.test, result.fault) for result in results] == [
        ("the US and the gaming industry", ""),
        ("a casino is another kind of gaming", ""),
    ]


@pytest.mark.parametrize(
    ("title", "extra", "severity"),
    [
        ("Ministers license gaming firms, tax to follow", {"partners": ("US",)}, Severity.HIGH),
        ("Talks on the gaming industry", {"partners": ("KR",)}, Severity.LOW),
        ("Talks on the gaming industry and a casino", {"partners": ("KR",)}, None),
        ("Talks on the gaming industry", {}, None),
        ("Talks on broadband", {"partners": ("US",)}, None),
    ],
)
def test_selections_and_their_condition(watchlists: WatchlistSet, title: str, extra: dict[str, Any], severity: Severity | None) -> None:
    found = one(watchlists, "selections", report(title, **extra))
    assert (found.verdict.severity if found else None) == severity


@pytest.mark.parametrize(
    ("title", "language", "because"),
    [
        ("The gaming\N{NO-BREAK SPACE}industry grows", "en", "gaming industry"),
        ("Gaming-industries grow", "en", "gaming industry"),
        ("State to grant licences", "en", "licen*"),
        ("ITU meets", "en", "=ITU"),
        ("The union ITU meets", "en", "ITU"),
        ("A tax on game makers, said the minister", "en", "game*/gaming near tax/licen*"),
        ("الوزير وصناعة الألعاب", "ar", "صناعة الألعاب"),
        ("Esports grow", "en", "esports"),
        ("Title words only", "en", "title words"),
    ],
)
def test_each_form_of_a_term(watchlists: WatchlistSet, title: str, language: str, because: str) -> None:
    found = one(watchlists, "terms", report(title, language=language))
    assert found is not None
    assert because in found.verdict.because


@pytest.mark.parametrize(
    ("title", "text", "language"),
    [
        ("It u-turns on tariffs", "", "en"),
        ("itu", "", "en"),
        ("صناعة الألعاب", "", "fa"),  # the term is for Arabic alone
        ("A tax. Game makers wait.", "", "en"),
        ("Nothing", "These are title words.", "en"),
    ],
)
def test_what_a_term_does_not_find(watchlists: WatchlistSet, title: str, text: str, language: str) -> None:
    assert one(watchlists, "terms", report(title, text, language=language)) is None


@pytest.mark.parametrize(
    ("key", "holds", "fails"),
    [
        ("any", report("Tax"), report("Fee")),
        ("all", report("Tax and law"), report("Tax")),
        ("none", report("Tax"), report("Tax on casinos")),
        ("at-least", report("Tax and ban"), report("Tax")),
        ("partners", report("x", partners=("KR",)), report("x", partners=("CN",))),
        ("partners-any", report("x", partners=("CN",)), report("x")),
        ("partners-list", report("x", partners=("NO",)), report("x", partners=("CN",))),
        ("countries", report("x", home="NO"), report("x", home="SE")),
        ("home", report("x", home="US"), report("x", partners=("US",))),
        ("organisations", report("x", organisations=("ITU",)), report("x")),
        ("people", report("x", people=("A B",)), report("x")),
        ("topics", report("x", topics=("gaming",)), report("x", topics=("ai",))),
        ("any-of", report("x", topics=("ai",), home="US"), report("x", topics=("ai",), home="NO")),
    ],
)
def test_each_key_of_a_condition(watchlists: WatchlistSet, key: str, holds: Report, fails: Report) -> None:
    assert one(watchlists, f"key-{key}", holds) is not None
    assert one(watchlists, f"key-{key}", fails) is None


@pytest.mark.parametrize(
    ("severity", "tags", "hour", "told"),
    [
        (Severity.HIGH, (), 9, ("desk",)),
        (Severity.CRITICAL, (), 22, ("desk",)),
        (Severity.MEDIUM, ("trade",), 9, ("desk",)),  # 14:00 in Karachi
        (Severity.MEDIUM, ("trade",), 22, ("morning",)),
        (Severity.LOW, (), 9, ("morning",)),
    ],
)
def test_the_routes(desk: DeskFiles, severity: Severity, tags: tuple[str, ...], hour: int, told: tuple[str, ...]) -> None:
    labelled = Labelled(severity, Label.DIPLOMACY, "whole", tags)
    assert receivers_for(desk.routes, labelled, at=datetime(2026, 11, 2, hour, tzinfo=UTC)) == told
    assert (desk.routes.fallback, desk.routes.ops) == ("archive", "ops")


def test_what_the_example_will_do_in_words(watchlists: WatchlistSet) -> None:
    assert in_words(watchlists.named("whole")).startswith(
        "alerts at once, high, on diplomacy items that say 'gaming industry', 'video game*' or 'esports' "
        "and engage one of the 3 countries in partner-countries; "
    )
