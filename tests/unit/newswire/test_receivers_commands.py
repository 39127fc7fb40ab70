"""`newswire receivers list` and `test`, and what a missing variable means to `check`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from newswire.outcomes import SendOutcome
from newswire.records import MessageKind
from newswire.store import open_store, outbox
from newswire.store.outbox import Entry
from tests.cli_in_process import Run, runner
from tests.fake_slack import FakeSlack
from tests.fake_smtp import FakeSmtp
from tests.fake_webhook import FakeWebhook, Says

SECRET = "canary-secret-of-a-webhook"
ROUTES = """\
receivers:
  - {name: desk, slack: {channel: "#desk"}}
  - {name: archive, webhook: {url_env: NEWSWIRE_ARCHIVE_URL}, explain: none}
  - {name: team, slack_webhook: {url_env: NEWSWIRE_TEAM_URL}}
  - {name: chief, email: {to: chief@ministry.example, from: newswire@ministry.example}}
  - {name: screen, terminal: {}}
  - {name: morning, digest: {to: desk, at: "07:00"}}
route: {to: desk}
"""

Make = Callable[..., Run]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Make:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "routes.yaml").write_text(ROUTES, encoding="utf-8")
    for name in ("NEWSWIRE_SLACK_TOKEN", "NEWSWIRE_ARCHIVE_URL", "NEWSWIRE_TEAM_URL", "NEWSWIRE_SMTP_URL", "NEWSWIRE_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return lambda **usual: runner(monkeypatch, capsys, tmp_path, **usual)


def put(folder: Path, receiver: str, story: str) -> tuple[str, int]:
    store = open_store(f"sqlite:///{folder / 'var' / 'newswire.sqlite3'}")
    entry = Entry(story, receiver, MessageKind.PARENT, 0, story + receiver, "d", "i", "r", ["w"], "high", "t", None, "{}")
    with store.begin() as connection:
        outbox.put(connection, [entry], 1.0)
        row = outbox.parent_of(connection, story, receiver)
        assert row is not None
        if receiver == "desk":
            outbox.mark_again(connection, row.row_id, SendOutcome.RATE_LIMITED, next_try_at=4e9, reason="rate_limited")
        elif receiver == "archive":
            outbox.mark_failed(connection, row.row_id, "http_404", at=2.0)
    store.close()
    return story, row.row_id


def test_the_list_says_kind_place_and_state_without_a_secret(make: Make, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    for receiver in ("desk", "archive", "gone"):
        put(tmp_path, receiver, "s1")
    environment = {
        "NEWSWIRE_SLACK_TOKEN": "xoxb-canary",
        "NEWSWIRE_ARCHIVE_URL": f"https://archive.example/{SECRET}",
        "NEWSWIRE_TEAM_URL": f"https://hooks.slack.com/services/{SECRET}",
        "NEWSWIRE_SMTP_URL": "smtp://mail.example",
        "NEWSWIRE_WEBHOOK_SECRET": SECRET,
    }
    run = make(**environment, COLUMNS="250")
    with pytest.MonkeyPatch.context() as patch:  # the first run takes the secrets out of the environment
        patch.setattr("newswire.cli.options.forget_secrets", lambda *_: None)
        rows = _rows(run)
    assert [(row["name"], row["kind"], row["state"]) for row in rows] == [
        ("desk", "slack", "rate limited"),
        ("archive", "webhook", "refused"),
        ("team", "slack_webhook", "unused"),
        ("chief", "email", "unused"),
        ("screen", "terminal", "unused"),
        ("morning", "digest", "unused"),
        ("gone", None, "not in routes.yaml"),
    ]
    by_name = {row["name"]: row for row in rows}
    assert str(by_name["desk"]["until"]).startswith("2096-")
    assert (by_name["archive"]["why"], by_name["archive"]["failed"], by_name["archive"]["explain"]) == ("http_404", 1, "none")
    assert "nobody takes messages at this address" in str(by_name["archive"]["do"])
    assert by_name["team"]["limits"] == "no threads, no edits"
    assert by_name["gone"]["waiting"] == 1
    done = _listed(run)
    assert "archive: refused: http_404; nobody takes messages" in done
    assert "slack_webhook (no threads, no edits)" in done
    assert SECRET not in done + str(rows)


def _listed(run: Run) -> str:
    return _ended(run, "receivers", "list")


def _rows(run: Run) -> list[dict[str, object]]:
    return [json.loads(line) for line in _ended(run, "receivers", "list", "--json").splitlines()]


def _ended(run: Run, *arguments: str) -> str:
    done = run(*arguments)
    assert (done.status, done.err) == (0, "")
    return done.out


def test_a_receiver_without_its_variable_is_not_set_up(make: Make) -> None:
    rows = {str(row["name"]): row for row in _rows(make())}
    assert {name: row["state"] for name, row in rows.items()} == {
        **dict.fromkeys(("desk", "archive", "team", "chief"), "not set up"),
        **dict.fromkeys(("screen", "morning"), "unused"),
    }
    assert "NEWSWIRE_SLACK_TOKEN is not set" in str(rows["desk"]["why"])
    checked = make()("check")
    assert checked.status == 0
    assert "warning: environment: receiver 'archive' needs NEWSWIRE_ARCHIVE_URL (or NEWSWIRE_ARCHIVE_URL_FILE), its address" in checked.err
    assert "receiver 'chief' needs NEWSWIRE_SMTP_URL" in checked.err


def test_a_webhook_hears_a_test_that_is_marked(make: Make) -> None:
    with FakeWebhook() as hook:
        done = make()("receivers", "test", "archive", NEWSWIRE_ARCHIVE_URL=hook.address, NEWSWIRE_WEBHOOK_SECRET=SECRET)
        assert (done.status, done.out) == (0, "archive: the test message was taken.\n")
        said = json.loads(hook.taken[0].body)
        assert said["test"] is True
        assert "TEST" in said["watchlists"][0]["title"]


def test_an_incoming_webhook_that_refuses_is_said_with_what_to_do(make: Make) -> None:
    with FakeWebhook([Says(404, b"no_service")]) as hook:
        done = make()("receivers", "test", "team", "--json", NEWSWIRE_TEAM_URL=hook.address)
    assert done.status == 1
    said = json.loads(done.out)
    assert (said["taken"], said["answer"], said["reason"]) == (False, "BadAccess", "no_service")
    assert "make a new one in Slack" in said["do"]


def test_mail_and_slack_and_the_terminal_take_a_test(make: Make) -> None:
    with FakeSmtp() as server:
        assert make()("receivers", "test", "chief", NEWSWIRE_SMTP_URL=f"smtp://127.0.0.1:{server.port}").status == 0
        assert b"This is a test" in server.taken[0].content
    with FakeSlack() as slack:
        assert make()("receivers", "test", "desk", NEWSWIRE_SLACK_TOKEN="xoxb-canary", NEWSWIRE_SLACK_URL=slack.url).status == 0
        assert "Test message" in str(slack.posted[0].body)
    done = make()("receivers", "test", "screen")
    assert "Test message for the receiver “screen”" in done.out
    assert done.out.endswith("screen: the test message was taken.\n")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dessk", "unknown receiver 'dessk'; did you mean 'desk'?"),
        ("morning", "'morning' is a digest, which gathers; test the receiver that hears it: desk"),
        ("desk", "NEWSWIRE_SLACK_TOKEN is not set"),
        ("archive", "needs NEWSWIRE_ARCHIVE_URL"),
    ],
)
def test_what_cannot_be_tested_is_said(make: Make, name: str, said: str) -> None:
    done = make()("receivers", "test", name)
    assert done.status == 2
    assert said in done.err
