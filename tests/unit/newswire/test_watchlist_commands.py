"""What the desk sees of its watchlists: `newswire watchlist list` and `newswire staged`."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from alerting.watchlists.lists import resolve
from alerting.watchlists.load import load_desk
from alerting.watchlists.version import content_hash
from alerting.watchlists.vocabulary import Vocabulary
from newswire.cli import add_commands, app
from newswire.outcomes import HoldReason
from newswire.store import matches, open_store
from newswire.store.matches import Matched
from tests.alerting_builders import A_MATCH_KEPT

NOW = datetime.now(UTC)
BOTH = "tests: [{item: {title: x}, alert: true}, {item: {title: y}, alert: false}]\n"
ONE = replace(
    A_MATCH_KEPT,
    watchlist="cables",
    because=("submarine cable", "partner US"),
    title="A cable between Karachi and Marseille is agreed upon by the two governments",
)

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config" / "watchlists"
    made.mkdir(parents=True)
    for name, text in (
        ("cables", f"title: Cables\nseverity: high\nreview_by: 2027-01-31\nwhen: {{any: [cable]}}\n{BOTH}"),
        ("quantum", "title: Quantum\nstatus: staged\nwhen: {any: [quantum]}\ntests: [{item: {title: x}, alert: true}]\n"),
        ("satellites", "title: Satellites\nstatus: draft\nwhen: {any: [satellite]}\n"),
        ("typo", "title: Typo\nwehn: {any: [x]}\n"),
    ):
        (made / f"{name}.yaml").write_text(text, encoding="utf-8")
    return made.parent


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Run:
    add_commands()

    def invoke(*arguments: str, columns: int = 80) -> Result:
        environment = {"NEWSWIRE_CONFIG": str(folder), "NEWSWIRE_DATA": str(tmp_path / "var"), "COLUMNS": str(columns)}
        return CliRunner().invoke(app, arguments, env=environment)

    return invoke


def kept(tmp_path: Path, days_ago: float, *matched: Matched) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'var' / 'newswire.sqlite3'}")
    with store.begin() as connection:
        matches.keep(connection, matched, (NOW - timedelta(days=days_ago)).timestamp())
    store.close()


def current_hash(folder: Path, name: str) -> str:
    desk = load_desk(folder, Vocabulary(), NOW.date())
    return content_hash(desk.watchlists[name], resolve(desk.lists)[0])


def test_the_list_needs_no_store_and_makes_none(run: Run, tmp_path: Path) -> None:
    done = run("watchlist", "list")
    assert done.exit_code == 0
    assert "typo.yaml:2: unknown key 'wehn'" in done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[:3] for line in lines[2:]] == [
        ["cables", "active", "high"],
        ["quantum", "staged", "medium"],
        ["satellites", "draft", "medium"],
        ["typo", "faulty"],
    ]
    assert [" ".join(line.split()[3:]) for line in lines[2:]] == ["2 both ways 2027-01-31", "1 one way", "none", ""]
    assert max(map(len, lines)) <= 80
    assert not (tmp_path / "var").exists()
    rows = [json.loads(line) for line in run("watchlist", "list", "--json").stdout.splitlines()]
    assert rows[0] == {
        "name": "cables",
        "status": "active",
        "severity": "high",
        "title": "Cables",
        "alerts_30d": None,
        "last_alert_at": None,
        "tests": 2,
        "tests_both_ways": True,
        "review_by": "2027-01-31",
    }


def test_an_alert_is_a_story_that_was_told(run: Run, tmp_path: Path) -> None:
    kept(tmp_path, 40, ONE)
    kept(
        tmp_path,
        3,
        *(replace(ONE, item_id=letter * 32, story_id=story) for letter, story in (("b", "x"), ("c", "x"), ("d", "y"), ("e", "s1"))),
    )
    kept(tmp_path, 1, replace(ONE, item_id="f" * 32, story_id="z", reason=HoldReason.MAX_AGE))
    cables, quantum, *_ = (json.loads(line) for line in run("watchlist", "list", "--json").stdout.splitlines())
    assert (cables["alerts_30d"], cables["last_alert_at"][:10]) == (2, (NOW - timedelta(days=3)).isoformat()[:10])
    assert (quantum["alerts_30d"], quantum["last_alert_at"]) == (0, None)
    assert f" 2  {(NOW - timedelta(days=3)).date()}  2 both ways" in run("watchlist", "list").stdout


def test_a_store_that_cannot_be_asked_leaves_its_columns_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "newswire.sqlite3").write_text("this is a letter to the editor and no database at all, as it seems to me\n" * 9)
    done = run("watchlist", "list")
    assert done.exit_code == 0
    assert "nothing is known of alerts" in done.stderr
    assert "2 both ways" in done.stdout


def test_staged_lists_what_would_have_been_sent_newest_first(run: Run, tmp_path: Path, folder: Path) -> None:
    staged = replace(ONE, watchlist="quantum", reason=HoldReason.STAGED, content_hash=current_hash(folder, "quantum"))
    kept(tmp_path, 5, replace(staged, title="An older story", content_hash="0" * 12), ONE)
    kept(tmp_path, 2, replace(staged, item_id="b" * 32, story_id="s2", title="A newer story", outlet="Dawn"))
    kept(tmp_path, 1, replace(staged, item_id="c" * 32, story_id="s2"))
    kept(tmp_path, 1, replace(staged, item_id="d" * 32, story_id="s3", reason=HoldReason.BACKLOG))
    done = run("staged")
    assert done.exit_code == 0
    words = " ".join(done.stdout.split())
    assert (
        "quantum (staged): 2 stories in 3 articles in 7d, 0.4 a day (of the last 5 days: nothing was counted before); not one was sent."
        in words
    )
    assert "Of these, 1 told by other watchlists; 1 matched before its file or a list was last changed." in words
    assert words.index("A newer story") < words.index("An older story")
    assert "Dawn · 2 articles · because submarine cable, partner US" in words
    assert "told by cables" in words
    assert "newswire promote quantum" in words
    assert "satellites (draft): checked and tested only" in words
    assert max(map(len, done.stdout.splitlines())) <= 80
    found = [json.loads(line) for line in run("staged", "quantum", "--json", "--since", "3d").stdout.splitlines()]
    assert [(one["name"], one["stories"], one["articles"], one["stories_a_day"]) for one in found] == [("quantum", 1, 2, 0.3)]
    assert [one["title"] for one in found[0]["would_have_sent"]] == ["A newer story"]


def test_without_a_store_staged_says_that_nothing_was_counted(run: Run) -> None:
    done = run("staged", "quantum")
    assert done.exit_code == 0
    assert "nothing was counted here" in done.stderr
    assert "quantum (staged): nothing matched in 7d." in done.stdout


def test_a_long_list_is_cut_on_the_terminal_alone(run: Run, tmp_path: Path) -> None:
    staged = replace(ONE, watchlist="quantum", reason=HoldReason.STAGED)
    kept(tmp_path, 1, *(replace(staged, item_id=f"{n:032}", story_id=f"s{n}") for n in range(60)))
    assert "and 50 more: newswire staged quantum --json lists all." in run("staged").stdout
    assert "and 10 more" in run("staged", "quantum").stdout
    assert len(json.loads(run("staged", "quantum", "--json").stdout)["would_have_sent"]) == 60


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("staged", "quantm"), "unknown watchlist 'quantm'; did you mean 'quantum'?"),
        (("staged", "cables"), "cables is active, not staged"),
        (("staged", "--since", "a week"), "such as 90s"),
        (("staged", "--since", "0"), "no time at all"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(run: Run, arguments: tuple[str, ...], words: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr


def test_nothing_staged_is_said(run: Run, folder: Path) -> None:
    for name in ("quantum", "satellites"):
        (folder / "watchlists" / f"{name}.yaml").unlink()
    assert "No watchlist is staged" in run("staged").stderr
    for path in (folder / "watchlists").iterdir():
        path.unlink()
    assert "`newswire watchlist new NAME` makes one" in run("watchlist", "list").stderr


def test_check_says_what_is_missing_where_nothing_is_wrong(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("check", "--config", str(tmp_path / "empty"))
    assert done.exit_code == 0
    assert "0 lists: nothing is wrong, but no source is watched and no watchlist would alert anybody." in done.stdout
    (folder / "watchlists" / "typo.yaml").unlink()
    assert "3 watchlists, 0 lists: nothing is wrong, but no source is watched." in run("check").stdout
