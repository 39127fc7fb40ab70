"""`newswire alerts`, `search` and `export` over a store that the real handler filled."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from typer.testing import CliRunner, Result

from alerting.archive_upkeep import IndexWorker
from alerting.desk import Desk
from alerting.stage import ReportHandler
from newswire.cli import add_commands, app
from newswire.clock import ManualClock
from newswire.codec import decode
from newswire.metrics import Metrics
from newswire.records import Report
from newswire.store import open_store, search
from tests.alerting_builders import GAMING, TELECOM, AlwaysLeading, a_report, a_set, delivered, routes_to

NOW = datetime.now(UTC)
Run = Callable[..., Result]
FIXED = ["alert_id", "story_id", "watchlists", "severity", "receiver", "state", "reason", "at", "title", "url"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    add_commands()

    def invoke(*arguments: str, columns: int = 140) -> Result:
        environment = {"NEWSWIRE_DATA": str(tmp_path / "var"), "COLUMNS": str(columns)}
        return CliRunner().invoke(app, arguments, env=environment)

    return invoke


@pytest.fixture(scope="session")
def archive_of_three_days(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Path:
    """A store to be copied: an alert each of the first two days, a held one, and one that nothing matched."""
    path = Path(shutil.copy(migrated_sqlite, tmp_path_factory.mktemp("archive") / "newswire.sqlite3"))
    store, clock, metrics = open_store(f"sqlite:///{path}"), ManualClock(NOW), Metrics()
    desk = Desk(a_set(gaming=GAMING, telecom=TELECOM | {"status": "staged"}), routes_to("desk"))
    handler = ReportHandler(desk=lambda: desk, store=store, clock=clock, metrics=metrics, leadership=AlwaysLeading())
    reports = [
        (a_report("first", title="=Pakistan and the US on the gaming industry"), 3.0),
        (
            a_report(
                "second", title="Seoul visits for the gaming industry", partners=("KR",), text="Short. 网络安全, 5G", lead="Oslo came."
            ),
            2.0,
        ),
        (a_report("third", title="Minister opens <a> road", partners=(), text="A road of asphalt, قائد and bridge."), 1.0),
    ]
    for report, days in reports:
        at = NOW - timedelta(days=days)
        clock.set(at)
        handler.handle(delivered(replace(report, item=replace(report.item, published_at=at, seen_at=at))))
    worker = IndexWorker(store=store, clock=clock, metrics=metrics, leadership=AlwaysLeading())
    while not worker.idle():
        worker.step()
    store.close()
    return path


@pytest.fixture
def filled(run: Run, archive_of_three_days: Path, tmp_path: Path) -> Run:
    (tmp_path / "var").mkdir()
    shutil.copy(archive_of_three_days, tmp_path / "var" / "newswire.sqlite3")
    return run


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_alerts_keep_their_fixed_fields_and_can_be_narrowed(filled: Run) -> None:
    told = lines(filled("alerts", "--json"))
    assert [row["title"][:8] for row in told] == ["=Pakista", "Seoul vi"]
    assert list(told[0])[: len(FIXED)] == FIXED
    assert told[1]["countries"] == ["PK", "KR"]

    def narrowed(*options: str) -> list[str]:
        return [row["title"][:6] for row in lines(filled("alerts", "--json", *options))]

    assert narrowed("--since", "60h") == ["Seoul "]
    assert narrowed("--until", "60h") == ["=Pakis"]
    assert narrowed("--since", (NOW - timedelta(days=9)).strftime("%Y-%m-%d"), "--country", "KR") == ["Seoul "]
    assert narrowed("--watchlist", "gaming.yaml") == ["=Pakis", "Seoul "]
    assert narrowed("--watchlist", "other") == []
    assert narrowed("--severity", told[0]["severity"]) == ["=Pakis", "Seoul "]
    assert narrowed("--severity", "critical") == []
    shown = filled("alerts")
    assert "Seoul visits" in shown.stdout
    assert "No alert that was asked for." in filled("alerts", "--country", "JP").stderr


def test_what_was_held_is_listed_with_its_reason(filled: Run) -> None:
    held = lines(filled("alerts", "--held", "--json"))
    assert list(held[0])[: len(FIXED)] == FIXED
    assert {(row["state"], row["reason"], *row["watchlists"]) for row in held} == {("held", "staged", "telecom")}
    assert held[0]["because"]
    assert "staged" in filled("alerts", "--held").stdout
    assert lines(filled("alerts", "--held", "--json", "--watchlist", "gaming")) == []
    assert "Nothing was held that was asked for." in filled("alerts", "--held", "--country", "JP").stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("alerts", "--since", "soon"), "--since: a moment such as"),
        (("alerts", "--since", "1d", "--until", "2d"), "--until is not after --since"),
        (("alerts", "--country", "UK"), "--country: unknown country code 'UK'; did you mean GB?"),
        (("search", '"half'), "a quotation mark is missing"),
        (("search", "-road"), "name a word to search for"),
        (("search", "road", "--sicne", "1d"), "no such option: --sicne"),
        (("search", "road", "--since", "x"), "--since: a moment such as"),
    ],
)
def test_a_wrong_word_is_one_clear_line(filled: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = filled(*arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_before_anything_ran_there_is_nothing_and_no_store_is_made(run: Run, tmp_path: Path) -> None:
    assert (run("alerts").exit_code, run("alerts").stderr) == (0, "No alert yet.\n")
    assert "nothing was archived here yet" in run("search", "road").stderr
    assert run("export", "reports").stdout == ""
    assert not (tmp_path / "var").exists()


def test_search_finds_newest_first_and_marks_the_words(filled: Run) -> None:
    both = lines(filled("search", "gaming", "indust*", "--json"))
    assert [row["title"][:6] for row in both] == ["Seoul ", "=Pakis"]
    first = both[0]
    assert [first["title"][start:end] for start, end in first["title_marks"]] == ["gaming", "industry"]
    assert (first["alerted"], first["watchlists"], first["label"], first["outlet"]) == (True, ["gaming"], "diplomacy", "The Nation")
    assert first["story_id"]
    assert [row["title"][:6] for row in lines(filled("search", "gaming", "-oslo", "--json"))] == ["=Pakis"]
    (road,) = lines(filled("search", "قائد", "--json"))
    assert (road["alerted"], [road["excerpt"][start:end] for start, end in road["excerpt_marks"]]) == (False, ["قائد"])
    assert lines(filled("search", "网络", "--country", "KR", "--label", "diplomacy", "--since", "3d", "--limit", "1", "--json"))
    assert lines(filled("search", "网络", "--watchlist", "nobody", "--json")) == []
    shown = filled("search", '"gaming industry"').stdout
    assert "*gaming* *industry*" in shown.replace("*gaming industry*", "*gaming* *industry*")
    assert "alerted: gaming" in shown
    assert "not alerted" in filled("search", "asphalt").stdout
    assert filled("search", "quantum").stderr == "Nothing found.\n"


def test_a_late_index_is_said(filled: Run, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'var' / 'newswire.sqlite3'}")
    with store.begin() as connection:
        search.put_all_due(connection)
    store.close()
    late = filled("search", "gaming")
    assert "are not all indexed yet" in late.stderr


def test_exports_are_whole_and_safe(filled: Run, tmp_path: Path) -> None:
    reports = filled("export", "reports").stdout.splitlines()
    assert [decode(Report, line.encode()).item.title[:6] for line in reports] == ["=Pakis", "Seoul ", "Minist"]
    out = tmp_path / "alerts.csv"
    out.write_text("old", encoding="utf-8")
    assert filled("export", "alerts", "--format", "csv", "--out", str(out)).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"), newline="")))
    assert [row["title"][:7] for row in rows] == ["'=Pakis", "Seoul v"]
    assert rows[1]["countries"] == "PK; KR"
    held = filled("export", "alerts", "--held", "--format", "csv").stdout
    assert held.startswith("\ufeffat,severity,title")
    told = [json.loads(line) for line in filled("export", "alerts", "--since", "60h").stdout.splitlines()]
    assert [row["title"][:6] for row in told] == ["Seoul "]
    table = list(csv.DictReader(io.StringIO(filled("export", "reports", "--format", "csv", "--country", "KR").stdout, newline="")))
    assert [(row["partners"], row["final"]) for row in table] == [("KR", "no")]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    refused = filled("export", "alerts", "--out", str(tmp_path / "none" / "x"))
    assert "cannot be written: no such file or directory" in str(refused.exception)


@pytest.mark.parametrize("what", ["alerts", "reports"])
def test_a_feed_of_a_watchlist_is_read_by_feed_readers(filled: Run, what: str) -> None:
    told = {row["alert_id"]: row["title"] for row in lines(filled("alerts", "--json"))}
    read = feedparser.parse(filled("export", what, "--format", "rss", "--watchlist", "gaming").stdout.encode())
    assert not read.bozo
    assert read.version == "rss20"
    assert [entry.title for entry in read.entries] == list(reversed(told.values()))
    if what == "alerts":
        assert [entry.id for entry in read.entries] == list(reversed(told))
        assert "by gaming" in read.entries[0].summary
    assert read.feed.link == f"urn:newswire:{what}:gaming"
