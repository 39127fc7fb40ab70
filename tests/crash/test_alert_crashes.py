import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newswire.codec import encode
from newswire.store import open_store, outbox
from tests.alerting_builders import a_report, page_of
from tests.fake_slack import FAULTS, FakeSlack
from tests.fakes import NOW

STORIES = 14
LIVES = (
    "alert_after_store:1",
    "alert_after_commit:2",
    "send_after_sending:2",
    "send_after_accepted:2",
    "send_after_sent:2",
    "publish_after_alerts:2",
    "alert_after_store:7",
    "send_after_accepted:1",
    "send_after_sending:1",
    "send_after_accepted:3",
)
"""Where each life of the process ends, and at which time it gets there."""


def write_reports(path: Path) -> None:
    """Write two reports for each of so many stories: far enough apart in time that none joins another."""
    reports = []
    for n in range(STORIES):
        feed = a_report(f"item{n}", title=f"Talks number {n} on the gaming industry", text="", published_at=NOW - timedelta(days=6 * n))
        feed = replace(feed, item=replace(feed.item, seen_at=datetime.now(UTC)))  # what lay in queues for hours is left to a digest
        reports += [feed, page_of(feed, text=f"The promotion of the gaming industry was discussed for the {n}th time.")]
    path.write_bytes(b"\n".join(encode(one) for one in reports) + b"\n")


def live(store_url: str, slack: FakeSlack, reports: Path, crash_at: str) -> int:
    root = Path(__file__).parents[2]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "NEWSWIRE_CRASH_AT": crash_at}
    command = [sys.executable, str(root / "tests" / "crash" / "alert_child.py"), store_url, slack.url, str(reports)]
    return subprocess.run(command, env=environment, cwd=root, timeout=30, check=False, capture_output=True).returncode


@pytest.mark.crash
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
@pytest.mark.timeout(120)
def test_killed_at_every_point_and_failed_in_twelve_ways_each_story_is_told_once(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    store_url = f"sqlite:///{tmp_path / 'store.sqlite3'}" if database == "sqlite" else request.getfixturevalue("migrated")()
    reports = tmp_path / "reports.jsonl"
    write_reports(reports)
    faults = [one for fault in FAULTS for one in (fault, "ok", "ok")]
    with FakeSlack(faults=faults, page=5) as slack:
        for crash_at in LIVES:
            assert live(store_url, slack, reports, crash_at) == -signal.SIGKILL, crash_at
        assert live(store_url, slack, reports, "") == 0
        assert not slack.faults, "not every fault was met"
        told = Counter(one.alert_id for one in slack.posted)
    store = open_store(store_url)
    with store.read() as connection:
        alerts = outbox.alerts(connection)
    store.close()
    assert len(alerts) == STORIES
    assert {one["state"] for one in alerts} == {"sent"}
    assert told == {one["alert_id"]: 1 for one in alerts}
    assert all("for the" in str(one.body) for one in slack.posted), "an edit was lost"
