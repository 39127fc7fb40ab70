"""A new watchlist's file, made of four answers: it is read as meant, and its tests pass."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import newswire
from alerting.watchlists.check import Known, check_name, check_watchlist
from alerting.watchlists.compile import compile_watchlists
from alerting.watchlists.faults import UnusableError
from alerting.watchlists.inline_tests import run_tests
from alerting.watchlists.lists import resolve
from alerting.watchlists.model import NamedList, Status, Watchlist
from alerting.watchlists.names import right_name
from alerting.watchlists.new_file import Answers, Countries, new_file, read_countries, read_title, read_words, scalar
from newswire.config import check
from newswire.records import Severity
from newswire.strict_yaml import read_text
from tests.fakes import NOW
from tests.unit.alerting.desk import VOCABULARY, understand

TEMPLATE = (Path(newswire.__file__).parent / "starting" / "watchlist.template").read_text("utf-8")
NAMED = {
    "partner-countries": NamedList.model_validate({"title": "x", "countries": ["NO", "US"]}),
    "bodies": NamedList.model_validate({"title": "x", "organisations": ["ITU"]}),
}
LISTS = resolve(NAMED)[0]


def answers(
    title: str = "A title", words: str = "", which: str = "none", severity: Severity = Severity.LOW, status: Status = Status.DRAFT
) -> Answers:
    return Answers("new", read_title(title), read_words(words), read_countries(which, LISTS, VOCABULARY), severity, status)


def loaded(text: str) -> Watchlist:
    document, faults = read_text(text, "new.yaml")
    assert document is not None, faults
    value, more = check(Watchlist, document)
    assert [*faults, *more] == []
    assert value is not None
    assert list(check_watchlist(document.values(), Known(LISTS, frozenset(), VOCABULARY), NOW.date())) == []
    return value


def failures(watchlist: Watchlist) -> list[str]:
    return [
        one.fault for one in run_tests(compile_watchlists({"new": watchlist}, NAMED), {"new": watchlist}, understand, NOW) if not one.passed
    ]


@pytest.mark.parametrize(
    ("words", "which"),
    [
        ("gaming industry, video game*, esports", "partner-countries"),
        ("=ITU, 5G", "none"),
        ("", "any"),
        ("", "no"),
        ("游戏产业، کیبل", "pk, us"),
        ('"quoted", a: b, #tag, C++, {x}, - y, null', "KR"),
        ("minister, visit, weather", "any"),
        (", ".join(f"a rather long phrase {n}" for n in range(30)), "US"),
    ],
)
def test_the_file_is_read_as_meant_and_its_tests_pass_both_ways(words: str, which: str) -> None:
    given_answers = answers("Who: and #what", words, which, Severity.HIGH, Status.ACTIVE)
    watchlist = loaded(new_file(TEMPLATE, given_answers))
    assert (watchlist.title, watchlist.severity, watchlist.status) == ("Who: and #what", Severity.HIGH, Status.ACTIVE)
    assert watchlist.when is not None
    assert (watchlist.when.any or ()) == given_answers.words
    assert (watchlist.when.partners is not None) == (which != "none")
    assert {test.alert for test in watchlist.tests} == {True, False}
    assert failures(watchlist) == []


WORDS = st.lists(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn"), exclude_characters="*,،、，="),
        min_size=3,
        max_size=20,
    ),
    max_size=4,
)


@given(title=st.text(max_size=60), words=WORDS, which=st.sampled_from(["any", "none", "US, KR", "partner-countries", "PK"]))
def test_whatever_is_answered_gives_a_refusal_or_a_file_that_says_it(title: str, words: list[str], which: str) -> None:
    try:
        made = answers(title, ", ".join(words), which)
        text = new_file(TEMPLATE, made)
    except UnusableError:
        return  # said in words; the cases below hold which
    document, faults = read_text(text, "new.yaml")
    if document is None or faults:
        assert faults  # a character that no file may hold: the loader says which
        return
    values = document.values()
    assert values["title"] == made.title
    assert values["when"].get("any", []) == [word.written for word in made.words]


@pytest.mark.parametrize(
    ("answer", "written", "example"),
    [
        ("partner-countries", "partner-countries", "NO"),
        ("us, kr", "[US, KR]", "US"),
        ("us kr", "[US, KR]", "US"),
        ("[US, US]", "[US]", "US"),
        ("ANY", "any", "US"),
        (" none ", "", "US"),
        ("", "", "US"),
        ("no", "[NO]", "NO"),
    ],
)
def test_countries_are_a_list_or_codes_or_any_or_none(answer: str, written: str, example: str) -> None:
    assert read_countries(answer, LISTS, VOCABULARY) == Countries(written, example)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("Norway", r"did you mean NO \(Norway\)\?; or a list: partner-countries"),
        ("bodies", "is a list of organisations; a list of countries is due here"),
        ("partner-countrys", "unknown country"),
        ("US, XX", "unknown country 'XX'"),
    ],
)
def test_a_country_that_is_none_is_refused_with_what_would_be_right(answer: str, words: str) -> None:
    with pytest.raises(UnusableError, match=words):
        read_countries(answer, LISTS, VOCABULARY)


def test_words_are_refused_as_in_a_file_and_counted_once() -> None:
    assert [word.written for word in read_words("gaming, ,gaming،esports")] == ["gaming", "esports"]
    for answer, words in (("gam*", "at least 4 letters"), ("a", "single character"), ("!!", "needs a letter")):
        with pytest.raises(UnusableError, match=words):
            read_words(answer)


def test_nothing_to_look_for_is_refused() -> None:
    with pytest.raises(UnusableError, match="every item would match"):
        new_file(TEMPLATE, answers())
    with pytest.raises(UnusableError, match="a title is due"):
        answers(" \n")


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("gaming-2", "gaming-2"),
        ("Gaming Partners", "gaming-partners"),
        ("Übersee.yaml", "ubersee-yaml"),
        ("../x", "x"),
        ("", "gaming-partners"),
        ("-" * 300, "gaming-partners"),
    ],
)
def test_a_bad_name_is_made_right(name: str, right: str) -> None:
    assert right_name(name) == right
    assert list(check_name(right)) == []


@given(st.text(max_size=300))
def test_the_right_name_is_always_one_that_a_file_may_have(name: str) -> None:
    right = right_name(name)
    assert list(check_name(right)) == []
    assert right_name(right) == right


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=30))
def test_a_scalar_reads_back_as_the_text(text: str) -> None:
    document, faults = read_text(f"a: [{scalar(text)}]\nb: {scalar(text)} # a comment\n", "x")
    if not faults:
        assert document is not None
        assert document.values() == {"a": [text], "b": text}
