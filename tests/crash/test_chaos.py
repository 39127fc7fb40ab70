"""A thousand alerts, twelve kinds of fault, two hundred kills at any moment: every story is told, none twice, threads stay whole."""

import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from newswire.store import Store, open_store
from tests.crash.chaos_books import Books, balance, summary
from tests.crash.chaos_storm import ON_READS, Storm, blow, storm, weather
from tests.crash.chaos_world import stories
from tests.crash.fleet import seed
from tests.fake_slack import FakeSlack
from tests.measured import Say

pytestmark = [pytest.mark.crash]

STORIES = int(os.environ.get("CHAOS_STORIES", "150"))
KILLS = int(os.environ.get("CHAOS_KILLS", "25"))  # `make chaos` makes it 1,000 and 200
LIFE_S = 1.0  # how long an alerter works before it is killed, in the mean


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        url: str = request.getfixturevalue("migrated")()
        return url
    return f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_sqlite'), tmp_path / 'store.sqlite3')}"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.mark.timeout(1_800)
def test_every_story_is_told_once_whoever_is_killed_and_however_slack_fails(store: Store, store_url: str, tmp_path: Path, say: Say) -> None:
    number = seed()
    chance = random.Random(number)
    told = stories(STORIES, number)
    began = time.monotonic()
    with FakeSlack(faults=weather(chance, 2 * STORIES)) as slack, FakeSlack(faults=weather(chance, STORIES // 20, spare=True)) as spare:
        slack.read_faults.extend(chance.choice((*ON_READS, *["ok"] * 20)) for _ in range(STORIES))
        with storm(tmp_path, store, store_url, slack, spare) as run:
            say(f"seed {number}")
            blow(run, told, KILLS, chance, mean_s=LIFE_S)
        assert not slack.faults, "not every fault was met"
        books = Books(run, told)
        say(summary(books, time.monotonic() - began))
        balance(books)
