from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.world import Web, World
from tests.fake_slack import FakeSlack

BOTH_PAIRS = ("embedded", pytest.param("servers", marks=[pytest.mark.servers, pytest.mark.timeout(240)]))
"""The embedded log with SQLite, and a real Kafka with a real PostgreSQL: the same promises."""


@pytest.fixture(params=BOTH_PAIRS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A world; every test that asks for one runs on both pairs."""
    made = World(tmp_path)
    if request.param == "servers":
        made.on_servers(request.getfixturevalue("kafka"), request.getfixturevalue("migrated")())
    return made


@pytest.fixture
def embedded(tmp_path: Path) -> World:
    """A world on the embedded pair alone, for what ends before it opens a bus or a store."""
    return World(tmp_path)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        yield running
