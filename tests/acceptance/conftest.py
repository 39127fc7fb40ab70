from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.world import Web, World
from tests.fake_slack import FakeSlack


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        yield running
