"""What `newswire alerts --held` and `newswire why` say of alerts that digests tell."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from alerting.desk import Desk
from alerting.routes import Routes
from alerting.stage import ReportHandler
from newswire.cli import add_commands, app
from newswire.cli.gathered_words import gathered_in_words, telling_in_words
from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.outcomes import SendState
from newswire.store import Store, digests, open_store
from tests.alerting_builders import GAMING, AlwaysLeading, a_report, a_set, delivered

NOW = datetime.now(UTC)
AT = "2026-11-20T12:00:00.000+00:00"
Run = Callable[..., Result]
ROUTES = Routes.model_validate(
    {
        "receivers": [{"name": "desk", "slack": {"channel": "#desk"}}, {"name": "morning", "digest": {"to": "desk", "at": "07:00"}}],
        "route": {"to": ["morning"]},
    }
)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = open_store(f"sqlite:///{tmp_path / 'var' / 'newswire.sqlite3'}")
    clock = ManualClock(NOW)
    desk = Desk(a_set(gaming=GAMING), ROUTES)
    handler = ReportHandler(desk=lambda: desk, store=opened, clock=clock, metrics=Metrics(), leadership=AlwaysLeading())
    report = a_report()
    handler.handle(delivered(replace(report, item=replace(report.item, published_at=NOW, seen_at=NOW))))
    yield opened
    opened.close()


@pytest.fixture
def run(tmp_path: Path, store: Store) -> Run:
    add_commands()
    environment = {"NEWSWIRE_DATA": str(tmp_path / "var"), "NEWSWIRE_CONFIG": str(tmp_path / "none"), "COLUMNS": "160"}
    return lambda *arguments: CliRunner().invoke(app, arguments, env=environment)


def settle(store: Store, state: SendState, reason: str | None = None) -> None:
    with store.begin() as connection:
        (one,) = digests.gathered(connection, "morning")
        digests.take(connection, "morning", "d" * 32, [one.row_id], NOW.timestamp())
        digests.settled(connection, "d" * 32, state, reason, NOW.timestamp() + 60)


def test_what_waits_for_a_digest_is_held_with_its_reason_and_is_an_alert(run: Run, store: Store) -> None:
    (held,) = [json.loads(line) for line in run("alerts", "--held", "--json").stdout.splitlines()]
    assert (held["state"], held["reason"], held["receiver"], held["gathered_for"]) == ("gathered", "digest", "morning", "morning")
    assert held["due_at"] > held["at"]
    assert (held["outlet"], held["articles"], held["because"]) == ("The Nation", 1, ["gaming industry", "partner US"])
    assert f"morning, {held['due_at'][:10]} 07:00" in run("alerts", "--held").stdout
    assert run("alerts", "--held", "--watchlist", "cables").stdout == ""
    (told,) = [json.loads(line) for line in run("alerts", "--json").stdout.splitlines()]
    assert (told["state"], told["reason"], told["alert_id"]) == ("gathered", "digest", held["alert_id"])
    settle(store, SendState.SENT)
    assert run("alerts", "--held", "--json").stdout == ""
    assert json.loads(run("alerts", "--json").stdout)["state"] == "sent"


def test_why_says_which_digest_tells_it_and_later_that_it_did(run: Run, store: Store) -> None:
    url = a_report().item.item_id  # as good as its address
    said = run("why", url).stdout
    assert "gathered for morning, which its route names; told at 07:00 UTC" in said
    assert "morning: waits for the digest morning, due " in said
    told = json.loads(run("why", url, "--json").stdout)
    (facts,) = next(stage["detail"]["gathered"] for stage in told["stages"] if stage["stage"] == "alert")
    assert (facts["receiver"], facts["reason"], facts["for"]) == ("morning", "digest", "morning")
    assert [(one["state"], one["reason"], one["told_at"]) for one in told["gathered"]] == [("gathered", "digest", None)]
    settle(store, SendState.SENT)
    assert "morning: told in the digest morning at " in run("why", url).stdout


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"receiver": "desk", "reason": "capped", "for": "morning", "due_at": "2026-11-21T02:00:00Z", "zone": "Asia/Karachi", "watchlist": "gaming", "per_hour": 30},
            "capped: gaming had its 30 messages of this hour at desk; told in the digest morning at 07:00 (Asia/Karachi)",
        ),
        (
            {"receiver": "desk", "reason": "capped", "for": "overflow:desk", "due_at": "2026-11-20T12:40:00Z", "watchlist": None, "per_hour": 60},
            "capped: desk had its 60 messages of this hour; told in one digest of all that is over the cap at 12:40 UTC",
        ),
        (
            {"receiver": "morning", "reason": "calendar", "for": "morning", "due_at": "2026-11-23T07:00:00Z", "zone": "UTC", "calendar": "duty"},
            "outside of calendar duty; told by morning at Mon 23 Nov 07:00 UTC",
        ),
        (
            {"receiver": "desk", "reason": "outage", "for": "outage:desk", "due_at": "2026-11-20T12:01:00Z"},
            "old news: it lay in Newswire's own queues for more than six hours; told at desk in one summary of all that is old, about 12:01 UTC",
        ),
    ],
)  # fmt: skip
def test_each_reason_in_words(facts: dict[str, Any], words: str) -> None:
    assert gathered_in_words(facts, AT) == words


def test_a_digest_that_could_not_be_told_is_said() -> None:
    telling = {"receiver": "desk", "for": "overflow:desk", "state": "failed", "reason": "is_archived", "due_at": AT, "told_at": AT}
    assert telling_in_words(telling) == "desk: one digest of all that is over the cap could not be told: is_archived"
