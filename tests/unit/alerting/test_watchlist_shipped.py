"""What ships under `config/` works as it stands: no fault, no warning, and every inline test passes."""

from pathlib import Path

import pytest

from alerting.routes import Labelled, receivers_for
from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.in_words import in_words
from alerting.watchlists.inline_tests import Understand, run_tests
from alerting.watchlists.load import DeskFiles
from alerting.watchlists.model import InlineTest
from newswire.cli.compose import read_desk
from newswire.clock import SystemClock
from newswire.records import Label, Severity
from processors.understand import Understanding
from tests.fakes import NOW

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config"


@pytest.fixture(scope="module")
def desk(understanding: Understanding) -> DeskFiles:
    return read_desk(CONFIG, understanding, NOW)


def test_the_shipped_files_have_no_fault_and_no_warning(desk: DeskFiles) -> None:
    assert (desk.faults, desk.warnings) == ((), ())


def test_every_shipped_watchlist_passes_its_tests_both_ways(desk: DeskFiles, understood: Understand) -> None:
    results = run_tests(compile_watchlists(desk.watchlists, desk.lists), desk.watchlists, understood, SystemClock().now())
    assert [(one.watchlist, one.test, one.fault) for one in results if not one.passed] == []
    for name, watchlist in desk.watchlists.items():
        assert len(watchlist.tests) >= 4, name
        assert {test.alert for test in watchlist.tests} == {True, False}, name
        assert {test.item.lang for test in watchlist.tests} - {None, "en"}, f"{name}: no test in another language"
        assert any(_is_worked_out(test) for test in watchlist.tests), f"{name}: no test without pins"


def _is_worked_out(test: InlineTest) -> bool:
    """Return whether nothing of what was understood is pinned, so that the real understanding decides."""
    pins = ("label", "score", "home", "partners", "countries", "organisations", "topics")
    return all(getattr(test.item, pin) is None for pin in pins)


LIBRARY = {
    "ai-governance",
    "cyber-dialogues",
    "data-centres-and-cloud",
    "data-protection",
    "development-finance",
    "digital-government",
    "e-commerce-and-payments",
    "gaming-partners",
    "it-bodies",
    "it-diplomacy-partners",
    "itu-and-standards",
    "minister-abroad",
    "satellite-licences",
    "semiconductors",
    "spectrum-and-5g",
    "submarine-cables",
    "talent-and-training",
    "vendor-bans",
}


def test_the_library_covers_the_subject_and_every_watchlist_is_somebodys(desk: DeskFiles) -> None:
    assert desk.watchlists.keys() == LIBRARY
    for name, watchlist in desk.watchlists.items():
        for key in ("owner", "description", "tags", "falsepositives", "review_by"):
            assert getattr(watchlist, key), f"{name} says nothing under `{key}`"


def test_every_shipped_watchlist_says_what_it_does(desk: DeskFiles) -> None:
    said = {one.name: in_words(one, desk.routes) for one in compile_watchlists(desk.watchlists, desk.lists).watchlists}
    assert said["it-diplomacy-partners"] == (
        "alerts at once, medium, on diplomacy items that engage one of the 26 countries in partner-countries; "
        "the label must score 0.5 or more; items older than 72 hours stay silent; later reports in its thread every 15 minutes; "
        "at most 30 an hour, the rest in one digest when the hour is over"
    )
    assert all(sentence.startswith("alerts at once, ") for sentence in said.values())


def test_the_shipped_routes_tell_the_desk_and_without_a_token_the_terminal(desk: DeskFiles) -> None:
    seen = Labelled(Severity.HIGH, Label.DIPLOMACY, "gaming-partners", ("gaming",))
    assert receivers_for(desk.routes, seen, at=NOW) == ("desk",)
    assert receivers_for(desk.routes.with_terminal(), seen, at=NOW) == ("terminal",)
