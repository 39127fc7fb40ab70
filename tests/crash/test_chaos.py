"""A thousand alerts, twelve kinds of fault, two hundred kills at any moment: every story is told, none twice, threads stay whole."""

import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from newswire.store import Store, open_store
from tests.crash.chaos_books import Books, balance, balance_of_a_late_slack, summary
from tests.crash.chaos_storm import ON_READS, blow, storm, weather
from tests.crash.chaos_world import GATHERED, in_order, stories
from tests.crash.fleet import seed
from tests.fake_slack import FakeSlack
from tests.measured import Say

pytestmark = [pytest.mark.crash, pytest.mark.timeout(240)]

STORIES = int(os.environ.get("CHAOS_STORIES", "150"))
KILLS = int(os.environ.get("CHAOS_KILLS", "25"))  # `make chaos` makes it 1,000 and 200
LATE_STORIES = 30
ACCEPTED = ("accept_then_500", "accept_then_reset", "accept_then_error:internal_error")
SHOWN_AFTER_S = 8.0  # on the machine's clock; it is looked for after three seconds
LIFE_S = 1.0  # how long an alerter works before it is killed, in the mean


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if getattr(request, "param", "sqlite") == "postgresql":
        url: str = request.getfixturevalue("migrated")()
        return url
    return f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_sqlite'), tmp_path / 'store.sqlite3')}"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.mark.parametrize("store_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)], indirect=True)
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


def test_what_slack_shows_later_than_it_was_looked_for_is_repeated_and_counted(
    store: Store, store_url: str, tmp_path: Path, say: Say
) -> None:
    number = seed()
    chance = random.Random(number)
    told = [story for story in stories(LATE_STORIES, number) if not story.by_digest]
    faults = [chance.choice((*ACCEPTED, "ok", "ok", "ok")) for _ in range(LATE_STORIES)]
    began = time.monotonic()
    with FakeSlack(faults=faults, visible_after_s=SHOWN_AFTER_S) as slack, FakeSlack() as spare:
        with storm(tmp_path, store, store_url, slack, spare) as run:
            say(f"seed {number}")
            blow(run, told, 0, chance, mean_s=LIFE_S)
        books = Books(run, told)
        say(summary(books, time.monotonic() - began))
        assert balance_of_a_late_slack(books) > 0


ON_THE_WAY = ("send_after_sending:1", "send_after_accepted:1", "send_after_sent:1")
"""Noted but not sent; sent again, and accepted; found, and noted so: what a message goes through that is cut off at each of its steps."""


def test_a_digest_that_is_cut_off_at_each_step_names_everything_once_in_one_thread(store: Store, store_url: str, tmp_path: Path) -> None:
    told = [replace(story, later=0, reports=story.reports[:1]) for story in stories(1_000, 0) if story.subject == GATHERED][:60]
    with FakeSlack() as slack, FakeSlack() as spare, storm(tmp_path, store, store_url, slack, spare) as run:
        run.publish(in_order(told))
        run.start()
        run.wait_until(lambda: run.gathered() == len(told), limit_s=60)
        run.kill("at work")
        run.plan = run.digest_in(2)
        for point in ("digest_in_transaction", "digest_after_put", *ON_THE_WAY * 2):
            assert run.gathered() == len(told)
            run.start(point)
            run.dies()
        run.leads(run.start())
        run.wait_until(run.settled, limit_s=60)
        run.end()
    books = Books(run, told)
    balance(books)
    pages = books.events("newswire_digest")
    assert len(pages) > 2
    assert sum(page.posted.thread_ts is None for page in pages) == 1


def test_a_notice_that_is_cut_off_at_each_step_is_said_once(store: Store, store_url: str, tmp_path: Path) -> None:
    told = [next(story for story in stories(60, 0) if not story.by_digest and not story.later)]
    with FakeSlack(faults=["error:is_archived"]) as slack, FakeSlack() as spare, storm(tmp_path, store, store_url, slack, spare) as run:
        run.publish(in_order(told))
        for point in ("notice_in_transaction", "notice_after_put", *ON_THE_WAY):
            run.start(point)
            run.dies()
        run.leads(run.start())
        run.wait_until(run.settled, limit_s=60)
        run.end()
    books = Books(run, told)
    balance(books)
    said = Counter(one.posted.body["text"] for one in books.events("newswire_notice"))
    assert said
    assert set(said.values()) == {1}
