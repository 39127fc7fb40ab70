"""The real understanding and the shipped files, read once for all that holds them."""

from functools import cache
from pathlib import Path

import pytest

from alerting.watchlists.inline_tests import Understand
from alerting.watchlists.load import DeskFiles
from newswire.cli.compose import read_desk
from newswire.cli.tests import understand_with
from newswire.clock import SystemClock
from processors.understand import Understanding
from tests.cli_in_process import shipped_understanding

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture(scope="session")
def understanding() -> Understanding:
    return shipped_understanding()


@pytest.fixture(scope="session")
def shipped(understanding: Understanding) -> DeskFiles:
    return read_desk(CONFIG, understanding, SystemClock().now())


@pytest.fixture(scope="session")
def understood(understanding: Understanding) -> Understand:
    """Each item is read once, however many mutants of a watchlist are tested on it."""
    return cache(understand_with(understanding))
