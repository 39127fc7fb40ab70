"""`newswire silence add`, `list`, `expire`, as people and programs type them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from newswire.cli import add_commands, app
from newswire.cli.silence_asked import MOST, moment
from newswire.outcomes import HoldReason
from newswire.store import Store, matches, open_store, stories
from newswire.store.stories import Joining
from newswire.store.tables import silences as table
from newswire.urls import canonical_url, item_id_of_url
from tests.alerting_builders import A_MATCH_KEPT

URL = "https://nation.example/1"
ITEM = item_id_of_url(canonical_url(URL) or "")
STORY, OTHER = "a1b2c3d4" + "0" * 24, "a1b2c3ff" + "0" * 24
WHO = ("--by", "Ayesha", "--why", "summit week")
NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    folder = tmp_path / "config" / "watchlists"
    folder.mkdir(parents=True)
    for name in ("gaming", "cables"):
        (folder / f"{name}.yaml").write_text("a file that nobody need read", encoding="utf-8")
    add_commands()

    def invoke(*arguments: str) -> Result:
        environment = {"NEWSWIRE_CONFIG": str(folder.parent), "NEWSWIRE_DATA": str(tmp_path / "var"), "COLUMNS": "200"}
        return CliRunner().invoke(app, ["silence", *arguments], env=environment)

    return invoke


@pytest.fixture
def kept(tmp_path: Path) -> Store:
    """The store of the commands, with two stories in it."""
    store = open_store(f"sqlite:///{tmp_path / 'var' / 'newswire.sqlite3'}")
    with store.begin() as connection:
        joining = [Joining(STORY, ITEM, "Minister meets envoy", 1.0, {}), Joining(OTHER, "b" * 32, "Another", 1.0, {})]
        stories.join(connection, joining, 1.0, members_kept=10)
    return store


def added(run: Run, *arguments: str) -> dict[str, Any]:
    done = run("add", *arguments, *WHO, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def listed(run: Run, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("list", "--json", *arguments).stdout.splitlines()]


def test_a_silence_is_added_listed_and_ended_with_who_when_and_why(run: Run) -> None:
    said = run("add", "--watchlist", "gaming", "--country", "US", "--country", "KR", "--below", "critical", "--for", "4h", *WHO)
    assert said.exit_code == 0
    silence_id, _, sentence = said.stdout.strip().partition("  ")
    assert sentence.startswith("watchlist gaming and country US or KR, below critical: silent until ")
    assert sentence.endswith(" UTC, by Ayesha: summit week")
    assert f"newswire silence expire {silence_id}" in said.stderr

    (one,) = listed(run)
    assert (one["silence_id"], one["state"], one["by"], one["why"]) == (silence_id, "active", "Ayesha", "summit week")
    assert one["matchers"] == {"country": ["US", "KR"], "watchlist": ["gaming"]}
    assert datetime.fromisoformat(one["ends_at"]) - datetime.fromisoformat(one["begins_at"]) == timedelta(hours=4)
    assert (one["below"], one["expired_at"], one["expired_by"], one["stories_held"]) == ("critical", None, None, 0)
    assert "Ayesha: summit week" in run("list").stdout

    assert run("expire", silence_id[:6], "--by", "Omar").stdout == f"{silence_id} has ended; it held 0 stories.\n"
    assert "ended by Omar: nothing to do." in run("expire", silence_id).stdout
    assert listed(run) == []
    assert run("list").stderr == "Nothing is silenced.\n"
    (ended,) = listed(run, "--all")
    assert (ended["state"], ended["by"], ended["expired_by"]) == ("expired", "Ayesha", "Omar")
    assert "ended by Omar" in run("list", "--all").stdout


def test_who_ends_it_is_the_login_name_where_nobody_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "omar")
    one = added(run, "--label", "other", "--for", "1h")
    run("expire", one["silence_id"])
    assert [ended["expired_by"] for ended in listed(run, "--all")] == ["omar"]


def test_the_same_command_with_the_same_end_makes_one_silence(run: Run) -> None:
    end = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    first = added(run, "--watchlist", "gaming", "--until", end)
    assert added(run, "--watchlist", "gaming.yaml", "--until", end) == first
    assert "nothing to do" in run("add", "--watchlist", "gaming", "--until", end, *WHO).stderr
    assert len(listed(run)) == 1


@pytest.mark.parametrize("named", [STORY, STORY[:8], STORY[:8].upper(), URL, f"{URL}?utm_source=x"])
def test_a_story_is_named_by_its_id_the_beginning_of_it_or_an_article(run: Run, kept: Store, named: str) -> None:
    assert added(run, "--story", named, "--for", "2d")["matchers"] == {"story": [STORY]}
    kept.close()


def test_how_many_stories_it_held_is_listed(run: Run, kept: Store) -> None:
    one = added(run, "--story", STORY, "--for", "2d")
    with kept.begin() as connection:
        row = replace(A_MATCH_KEPT, item_id=ITEM, story_id=STORY, reason=HoldReason.SILENCED, silence_id=one["silence_id"])
        matches.keep(connection, [row], 1.0)
    kept.close()
    assert [each["stories_held"] for each in listed(run)] == [1]
    assert run("expire", one["silence_id"]).stdout.endswith("it held 1 story.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what is to be silent: --watchlist, --story"),
        (["--watchlist", "gamnig", "--for", "4h"], "unknown watchlist 'gamnig'; did you mean 'gaming'?"),
        (
            ["--watchlist", "gaming"],
            "say when it ends: --for 4h, or --until 2026-12-01T08:00 (UTC); a silence without an end would be forgotten",
        ),
        (["--watchlist", "gaming", "--for", "4h", "--until", "18:30"], "not both"),
        (["--watchlist", "gaming", "--for", "four hours"], "--for: a duration is due here, such as 90s"),
        (["--watchlist", "gaming", "--for", "0"], "it would end at "),
        (["--watchlist", "gaming", "--for", "31d"], "a silence lasts 30 days at most"),
        (["--watchlist", "gaming", "--for", "999999999w"], "a silence lasts 30 days at most"),
        (["--watchlist", "gaming", "--for", "4h", "--from", "2199-01-01"], "begins within as many"),
        (["--watchlist", "gaming", "--until", "2020-01-01"], "it would end at 2020-01-01 00:00 UTC, which is past"),
        (["--watchlist", "gaming", "--until", "tomorrow"], "a moment such as 2026-12-01T08:00"),
        (["--watchlist", "gaming", "--until", "0001-01-01T00:00+14:00"], "a moment such as 2026-12-01T08:00"),
        (["--country", "UK", "--for", "4h"], "unknown country code 'UK'; did you mean GB?"),
        (["--label", "diplomatic", "--for", "4h"], "unknown label 'diplomatic'; did you mean 'diplomacy'?"),
        (["--label", "other", "--below", "severe", "--for", "4h"], "unknown severity 'severe'"),
        (["--label", "other", "--below", "info", "--for", "4h"], "nothing is less severe"),
        (["--outlet", " ", "--for", "4h"], "--outlet: an outlet's name"),
        (["--story", "minister", "--for", "4h"], "--story: a story's id as in `newswire alerts --json`"),
        (["--story", "a1b2c3", "--for", "4h"], "--story: several stories' ids begin with a1b2c3: "),
        (["--story", "ffffffff", "--for", "4h"], "--story: no story's id begins with ffffffff"),
        (["--story", "https://other.example/", "--for", "4h"], "is in no story; `newswire why URL` says"),
        (["--story", "://", "--for", "4h"], "is in no story"),
        ([*["--outlet", "x"] * 51, "--for", "4h"], "--outlet: 51 are too many"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right_and_nothing_is_written(
    run: Run, kept: Store, arguments: list[str], said: str
) -> None:
    kept.close()
    done = run("add", *arguments, *WHO)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert listed(run, "--all") == []


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (["--why", "summit"], "--by: who silences"),
        (["--by", "\u202e\u200b", "--why", "summit"], "--by: who silences"),
        (["--by", "Ayesha"], "--why: the reason"),
        (["--by", "A" * 81, "--why", "summit"], "--by: too long; at most 80 characters"),
        (["--by", "Ayesha", "--why", "w" * 100_000], "--why: too long; at most 300 characters"),
    ],
)
def test_who_and_why_are_required(run: Run, who: list[str], said: str) -> None:
    done = run("add", "--label", "other", "--for", "4h", *who)
    assert done.exit_code == 2
    assert said in done.stderr


def test_there_is_a_most(run: Run, kept: Store) -> None:
    now = datetime.now(UTC).timestamp()
    with kept.begin() as connection:
        common = {"matchers": "{}", "begins_at": now, "ends_at": now + 600, "why": "b", "created_at": now, "created_by": "A"}
        connection.execute(table.insert(), [{**common, "silence_id": f"{n:012}"} for n in range(MOST)])
    kept.close()
    done = run("add", "--label", "other", "--for", "4h", *WHO)
    assert (done.exit_code, f"{MOST} silences have not ended yet" in done.stderr) == (2, True)


def test_hostile_words_move_no_terminal(run: Run) -> None:
    done = run("add", "--outlet", "\x1b[31m\u202eNation\nX", "--for", "4h", "--by", "[red]A\x07", "--why", "a\r\nb")
    assert done.exit_code == 0
    shown = done.stdout + run("list").stdout
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(shown)
    assert "[red]A" in shown
    assert "a b" in shown


@pytest.mark.parametrize("named", ["", "nothing", "%"])
def test_a_silence_that_is_not_there_cannot_be_ended(run: Run, named: str) -> None:
    added(run, "--label", "other", "--for", "4h")
    done = run("expire", named)
    assert done.exit_code == 1
    assert "no single silence's id begins with" in done.stderr


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("18:30", NOON.replace(hour=18, minute=30)),
        ("9:00", NOON.replace(day=28, hour=9)),
        ("12:00", NOON + timedelta(days=1)),
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01T08:00", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-12-01T13:00+05:00", datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_day_a_time_or_both(text: str, at: datetime) -> None:
    assert moment(text, NOON) == at


@pytest.mark.parametrize("text", ["25:00", "29:99", "", "1h"])
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="a moment such as"):
        moment(text, NOON)


def test_a_pending_silence_says_when_it_begins(run: Run) -> None:
    begin = datetime.now(UTC) + timedelta(hours=2)
    one = added(run, "--outlet", "The Nation", "--from", begin.isoformat(), "--for", "1h")
    assert one["state"] == "pending"
    assert datetime.fromisoformat(one["ends_at"]) - datetime.fromisoformat(one["begins_at"]) == timedelta(hours=1)
    assert f"from {begin:%Y-%m-%d %H:%M}" in run("list").stdout
