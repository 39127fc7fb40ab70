"""What tests measure, for the reader of a run: lines at its end, whichever process ran the test."""

from collections.abc import Callable, Iterator
from typing import Protocol

import pytest

_PROPERTY = "measured"


class Say(Protocol):
    """Writes a line under what was measured."""

    def __call__(self, text: str) -> None: ...


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Say:
    def write(text: str) -> None:
        record_property(_PROPERTY, text)

    return write


def measured(reports: list[pytest.TestReport]) -> Iterator[str]:
    """Yield the lines that these tests wrote."""
    for report in reports:
        for name, text in report.user_properties if report.when == "call" else ():
            if name == _PROPERTY:
                yield f"{report.nodeid.rpartition('::')[2]}: {text}"
