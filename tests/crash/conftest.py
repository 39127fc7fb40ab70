import sys
from typing import Protocol

import pytest


class Say(Protocol):
    """Writes a line to the terminal, captured or not: the figures are what a reader of the run wants."""

    def __call__(self, text: str) -> None: ...


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Say:
    def write(text: str) -> None:
        with capfd.disabled():
            sys.stdout.write(f"\n  {text}")
            sys.stdout.flush()

    return write
