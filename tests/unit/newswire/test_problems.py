"""The forms in which problems are printed, and what keeps a hostile name from more than its own line."""

from newswire.cli.problems import FileProblem, Level, as_github, as_json, as_sarif, as_text, problems_of, summary
from newswire.errors import Fault, one_line

A = Fault("config/watchlists/a,b.yaml", 3, 7, "100% of 'x': wrong")
WHOLE = Fault("config/lists/a.yaml", 0, 0, "the file is empty")
HOSTILE = Fault("config/\n\x1b[2J\udcff.yaml", 1, 1, "a\r\n::error::b\u202e")


def test_text_is_the_form_of_gcc() -> None:
    assert as_text(FileProblem(A, Level.ERROR)) == "config/watchlists/a,b.yaml:3:7: error: 100% of 'x': wrong"
    assert as_text(FileProblem(WHOLE, Level.WARNING)) == "config/lists/a.yaml:1:1: warning: the file is empty"


def test_github_is_escaped_as_its_own_toolkit_does() -> None:
    assert as_github(FileProblem(A, Level.ERROR)) == "::error file=config/watchlists/a%2Cb.yaml,line=3,col=7::100%25 of 'x': wrong"


def test_a_hostile_name_stays_in_its_line() -> None:
    for line in (as_text(FileProblem(HOSTILE, Level.ERROR)), as_github(FileProblem(HOSTILE, Level.ERROR)), str(HOSTILE)):
        assert line.isprintable()
        assert r"config/\n\x1b[2J\udcff.yaml" in line
    assert as_sarif([FileProblem(HOSTILE, Level.ERROR)])["runs"][0]["results"][0]["message"]["text"] == r"a\r\n::error::b\u202e"
    assert as_json([HOSTILE])[0]["file"] == r"config/\n\x1b[2J\udcff.yaml"


def test_text_of_other_scripts_is_left_as_it_is() -> None:
    for text in ("گیمنگ انڈسٹری", "می\u200cخواهم", "游戏", "naïve — “x”"):
        assert one_line(text) == text


def test_problems_come_in_order_of_place_and_the_strict_know_no_warning() -> None:
    assert [problem.level for problem in problems_of([A], [WHOLE], strict=False)] == [Level.WARNING, Level.ERROR]
    strict = problems_of([A], [WHOLE], strict=True)
    assert [problem.level for problem in strict] == [Level.ERROR, Level.ERROR]
    assert summary(strict) == "2 errors in 2 files"
    assert summary(problems_of([A, A], [A], strict=False)) == "2 errors and 1 warning in 1 file"
