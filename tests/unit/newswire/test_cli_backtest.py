import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from newswire.cli.backtest_markdown import escaped
from newswire.cli.backtest_reports import ReportsFile, from_archive
from newswire.cli.backtest_result import HELD
from newswire.codec import encode
from newswire.errors import Fault
from newswire.outcomes import HoldReason
from newswire.store import Store, archive, open_store
from newswire.store.archive import Archived
from newswire.store.tables import METADATA
from tests.alerting_builders import a_report, page_of
from tests.cli_in_process import Run, runner
from tests.fakes import NOW

GOLDEN = Path(__file__).parents[2] / "golden" / "backtest"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Return what runs the command line beside the golden files, with an empty data folder."""
    return runner(monkeypatch, capsys, GOLDEN, NEWSWIRE_DATA=str(tmp_path / "var"), NEWSWIRE_CONFIG="config", COLUMNS="100")


@pytest.mark.parametrize(
    ("golden", "arguments"),
    [
        ("difference.md", ("gaming", "--against", "gaming-before.yaml", "--markdown")),
        ("difference.txt", ("gaming", "--against", "gaming-before.yaml")),
        ("difference.json", ("gaming", "--against", "gaming-before.yaml", "--json")),
        ("all.txt", ("--most", "2", "--days", "3")),
    ],
)
def test_the_known_difference_on_a_fixed_archive(run: Run, golden: str, arguments: tuple[str, ...]) -> None:
    done = run("backtest", *arguments, "--reports", "reports.jsonl")
    assert [line.rstrip() for line in done.out.splitlines()] == (GOLDEN / golden).read_text("utf-8").splitlines()
    assert done.err.splitlines() == [
        "reports.jsonl:5: report/99 is newer than report/1, which this Newswire reads: upgrade it, then replay",
        "reports.jsonl:10: not JSON: Unterminated string starting at: line 1 column 193 (char 192)",
    ]
    assert done.status == 1  # some lines were no reports


def rows_of(store: Store) -> dict[str, list[str]]:
    with store.read() as connection:
        return {table.name: sorted(map(str, connection.execute(select(table)))) for table in METADATA.sorted_tables}


def test_it_runs_over_the_archive_and_leaves_the_store_as_it_was(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    store = open_store(url)
    now = datetime.now(UTC)
    with store.begin() as connection:
        for days_ago in (40, 20, 3):
            at = now - timedelta(days=days_ago)
            told = a_report(f"k{days_ago}", title=f"Visit number {days_ago}", published_at=at)
            told = replace(told, item=replace(told.item, seen_at=at), reported_at=at)
            archive.keep(connection, [Archived(told, None)], at.timestamp())
    before = rows_of(store)
    told = json.loads(run("backtest", "gaming", "--json", NEWSWIRE_STORE=url).out)
    assert told["reports"] == 2
    assert [story["title"] for story in told["new"]["stories"]] == ["Visit number 20", "Visit number 3"]
    assert rows_of(store) == before
    store.close()


def test_the_archive_is_read_page_by_page_each_report_once(store: Store) -> None:
    with store.begin() as connection:
        for n in range(7):
            kept = [Archived(one, None) for one in (a_report(f"k{n}"), page_of(a_report(f"k{n}")))]
            archive.keep(connection, kept, NOW.timestamp() + n // 3)
    with store.read() as connection:
        whole = archive.page(connection, NOW.timestamp())
        pages, after = [], None
        while page := archive.page(connection, NOW.timestamp(), after, most=3):
            pages += page
            after = page[-1][0]
    assert pages == whole
    assert len(whole) == 14
    faults: list[Fault] = []
    assert [dated.at.timestamp() - NOW.timestamp() for dated in from_archive(store, NOW + timedelta(seconds=1), faults.append)] == [
        1.0
    ] * 6 + [2.0] * 2
    assert not faults


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a git repository whose first commit has the watchlist as it was, and whose folder has it as it is."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "desk"
    shutil.copytree(GOLDEN / "config", folder / "config")
    now = folder / "config" / "watchlists" / "gaming.yaml"
    kept = now.read_text("utf-8")
    now.write_text((GOLDEN / "gaming-before.yaml").read_text("utf-8"), "utf-8")
    (folder / "config" / "watchlists" / "retired.yaml").write_text((GOLDEN / "gaming-before.yaml").read_text("utf-8"), "utf-8")
    git = ["git", "-C", str(folder), "-c", "user.name=desk", "-c", "user.email=desk@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "before"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    now.write_text(kept, "utf-8")
    (folder / "config" / "watchlists" / "retired.yaml").unlink()
    return folder


def test_a_git_revision_is_the_whole_configuration_of_that_day(run: Run, repository: Path) -> None:
    config = str(repository / "config")
    with_file = json.loads((GOLDEN / "difference.json").read_text("utf-8"))
    told = json.loads(run("backtest", "gaming", "--against", "HEAD", "--reports", "reports.jsonl", "--config", config, "--json").out)
    assert told["added"] == with_file["added"]
    assert told["removed"] == with_file["removed"]
    done = run("backtest", "retired", "--against", "HEAD", "--reports", "reports.jsonl", "--config", config, "--json")
    told = json.loads(done.out)
    assert told["watchlists"] == {"retired": ""}
    assert told["added"] == []
    assert {one["other"] for one in told["removed"]} == {"the watchlist is not there"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gamin",), "did you mean 'gaming'?"),
        (("--against", "no-such-revision"), "--against no-such-revision: no file or folder is called so, and git knows no such revision"),
        (("--against=--output=x",), "no revision of git can be"),
        (("--against", "../pages"), "has no watchlists/ in it"),
        (("--against", "gaming-before.yaml"), "newswire backtest NAME --against FILE"),
        (("gaming", "--against", "reports.jsonl"), "reports.jsonl:2: this is not YAML"),
        (("--reports", "nothing.jsonl"), "nothing.jsonl: cannot be read: no such file"),
        (("--reports", "config"), "config: cannot be read: is a directory"),
        (("--against", "x" * 5_000), "no file or folder is called so"),
        (("--reports", "gaming-before.yaml"), "holds no report"),
        ((), "there is no archive yet"),
        (("--markdown", "--json"), "choose one"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_line(run: Run, arguments: tuple[str, ...], words: str) -> None:
    done = run("backtest", *arguments)
    assert words in done.err
    assert done.status == 2


def test_without_git_a_revision_is_refused_in_words(run: Run, tmp_path: Path) -> None:
    assert "git is not installed" in run("backtest", "--against", "HEAD~1", PATH=str(tmp_path)).err


def test_outside_of_a_repository_too(run: Run, tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "config", tmp_path / "config")
    done = run("backtest", "--against", "HEAD~1", "--config", str(tmp_path / "config"), GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert "is in no git repository" in done.err


def test_a_repository_that_git_does_not_trust_is_named_as_such(run: Run) -> None:
    done = run("backtest", "--against", "HEAD", GIT_TEST_ASSUME_DIFFERENT_OWNER="1")  # git's own switch, which it has for its tests
    assert "belongs to another user, so git does not read it" in done.err


def test_the_reports_of_a_file_come_in_their_own_order(tmp_path: Path) -> None:
    reports = [replace(a_report(f"k{n}"), reported_at=NOW + timedelta(days=n)) for n in (3, 1, 2, 9)]
    lines = [b"\xef\xbb\xbf" + encode(reports[0]), b"", *map(encode, reports[1:]), b"x" * 9_000_000, b"[]"]
    path = tmp_path / "reports.jsonl"
    path.write_bytes(b"\r\n".join(lines))
    faults: list[Fault] = []
    file = ReportsFile(path, faults.append)
    assert [dated.at for dated in file] == [NOW + timedelta(days=n) for n in (1, 2, 3, 9)]
    assert [(fault.line, fault.message[:14]) for fault in faults] == [(6, "longer than 8,"), (7, "a record of ki")]
    assert [dated.at for dated in ReportsFile(path, faults.append, days=7)] == [NOW + timedelta(days=n) for n in (2, 3, 9)]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("[x](https://evil.example)", "\\[x\\](https:\u2060//evil.example)"),
        ("@team <b>*now*</b> `rm`", "＠team ‹b›\\*now\\*‹/b› \\`rm\\`"),
        ("a | b\n# c\u202e", "a \\| b \\# c"),
        ("www.evil.example", "www\u2060.evil.example"),
    ],
)
def test_a_headline_formats_links_and_pings_nothing_in_markdown(title: str, shown: str) -> None:
    assert escaped(title) == shown


def test_every_reason_to_tell_nobody_is_said_in_words() -> None:
    assert set(HELD) == set(HoldReason)


def test_headings_stand_where_nothing_was_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "reports.jsonl"
    path.write_bytes(encode(a_report(text="Nothing of interest.", lead="", title="A visit")))
    told: Any = run("backtest", "gaming", "--reports", str(path))
    assert told.status == 0
    assert "What would have been told (0)\n  none" in told.out
    assert "### Told (0)\n\nnone" in run("backtest", "gaming", "--reports", str(path), "--markdown").out
