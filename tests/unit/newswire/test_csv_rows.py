"""CSV that a spreadsheet shows and does not run."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire import csv_rows


def read(text: str) -> list[list[str]]:
    assert text.startswith(csv_rows.BYTE_ORDER_MARK)
    return list(csv.reader(io.StringIO(text.removeprefix(csv_rows.BYTE_ORDER_MARK), newline="")))


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =cmd|' /C calc'!A0", '"=1', "＝1＋1", "＋1", "－1", "＠x", "'=1"]
)
def test_what_a_spreadsheet_would_run_is_given_an_apostrophe(cell: str) -> None:
    (_, row) = read(csv_rows.header(["title"]) + csv_rows.lines(["title"], [{"title": cell}]))
    assert row == ["'" + cell]
    assert csv_rows.harmless('Minister, "envoy" meet - again = good') == 'Minister, "envoy" meet - again = good'


@given(st.text(max_size=40))
def test_no_text_begins_a_formula_and_all_come_back(cell: str) -> None:
    safe = csv_rows.harmless(cell)
    assert safe.removeprefix("'") == cell or safe == cell
    assert not safe.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


def test_rows_hold_lists_numbers_flags_and_nothing() -> None:
    row = {"a": ["US", "=x"], "b": -0.5, "c": True, "d": None, "e": 'say "so",\r\nthen', "at": datetime(2026, 11, 2, tzinfo=UTC)}
    found = read(csv_rows.header(list(row)) + csv_rows.lines(list(row), [row]))
    assert found[1] == ["US; =x", "-0.5", "yes", "", 'say "so",\r\nthen', "2026-11-02 00:00:00+00:00"]
    assert csv_rows.lines(["a"], [{"a": ["=x"]}]) == "'=x\r\n"
