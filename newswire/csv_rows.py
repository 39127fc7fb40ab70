"""Rows as CSV that a spreadsheet shows and does not run. Pure.

A cell that begins with = + - @, their full-width forms, a tab or a line end is taken for a formula by spreadsheets (OWASP, "CSV Injection");
blanks and quotation marks before it do not help, since some programs strip them. Such a cell is given an apostrophe in front, which
spreadsheets read as "this is text". Programs that want the bytes as they are read JSONL.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

BYTE_ORDER_MARK: Final = "\ufeff"
"""Stands before the first line: without it Excel reads Urdu and Chinese as Latin-1."""

_FORMULA: Final = re.compile("[\\s\"']*[=+\\-@\uff1d\uff0b\uff0d\uff20\u2212]|[\\t\\r\\n]")


def harmless(cell: str) -> str:
    """Return the cell as text that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def header(columns: Sequence[str]) -> str:
    """Return the first line."""
    return BYTE_ORDER_MARK + _line(columns)


def lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a line for each row; lists are joined with `; `, what is missing or None is empty."""
    return "".join(_line([_cell(row.get(column)) for column in columns]) for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)  # a number is no formula, and -0.5 is to stay one
    if isinstance(value, list | tuple):
        return harmless("; ".join(map(str, value)))
    return harmless(str(value))


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
