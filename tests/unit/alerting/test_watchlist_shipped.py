"""What ships under `config/` works as it stands: no fault, no warning, and every inline test passes."""

from datetime import date
from pathlib import Path

import pytest

from alerting.routes import Labelled, receivers_for
from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.in_words import in_words
from alerting.watchlists.inline_tests import run_tests
from alerting.watchlists.load import DeskFiles, load_desk
from newswire.records import Label, Severity
from tests.fakes import NOW
from tests.unit.alerting.desk import VOCABULARY, understand

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config"


@pytest.fixture(scope="module")
def desk() -> DeskFiles:
    return load_desk(CONFIG, VOCABULARY, date(2026, 11, 2))


def test_the_shipped_files_have_no_fault_and_no_warning(desk: DeskFiles) -> None:
    assert (desk.faults, desk.warnings) == ((), ())


def test_every_shipped_watchlist_passes_its_tests_both_ways(desk: DeskFiles) -> None:
    results = run_tests(compile_watchlists(desk.watchlists, desk.lists), desk.watchlists, understand, NOW)
    assert [(one.watchlist, one.test, one.fault) for one in results if not one.passed] == []
    for name, watchlist in desk.watchlists.items():
        assert len(watchlist.tests) >= 4, name
        assert {test.alert for test in watchlist.tests} == {True, False}, name
        assert {test.item.lang for test in watchlist.tests} - {None, "en"}, f"{name}: no test in another language"


def test_every_shipped_watchlist_says_what_it_does(desk: DeskFiles) -> None:
    said = {one.name: in_words(one) for one in compile_watchlists(desk.watchlists, desk.lists).watchlists}
    assert said["it-diplomacy-partners"] == (
        "alerts at once, medium, on diplomacy items that engage one of the 26 countries in partner-countries; "
        "the label must score 0.5 or more; items older than 72h stay silent; later reports are added to its message"
    )
    assert all(sentence.startswith("alerts at once, ") for sentence in said.values())


def test_the_shipped_routes_tell_the_desk_and_without_a_token_the_terminal(desk: DeskFiles) -> None:
    seen = Labelled(Severity.HIGH, Label.DIPLOMACY, "gaming-partners", ("gaming",))
    assert receivers_for(desk.routes, seen, at=NOW) == ("desk",)
    assert receivers_for(desk.routes.with_terminal(), seen, at=NOW) == ("terminal",)
