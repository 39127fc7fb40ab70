"""`newswire receivers list` and `test`, and what a missing variable means to `check`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerting.receivers.slack import SlackReceiver
from newswire.cli.receiver_steps import LOOK_S, LOOKS, steps
from newswire.outcomes import SendOutcome
from newswire.records import MessageKind
from newswire.store import open_store, outbox
from newswire.store.outbox import Entry
from tests.cli_in_process import Run, runner
from tests.fake_slack import FakeSlack, permalink_of
from tests.fake_smtp import FakeSmtp
from tests.fake_webhook import FakeWebhook, Says
from tests.fakes import NOW

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
    assert "team: slack_webhook has no threads, no edits" in done
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


def test_the_terminal_that_stands_in_for_slack_is_no_receiver_of_its_own(make: Make, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    put(tmp_path, "terminal", "s1")
    assert "terminal" not in {row["name"] for row in _rows(make())}
    with_token = {row["name"]: row["state"] for row in _rows(make(NEWSWIRE_SLACK_TOKEN="xoxb-canary"))}
    assert with_token["terminal"] == "not in routes.yaml"


def test_a_webhook_hears_a_test_that_is_marked(make: Make) -> None:
    with FakeWebhook() as hook:
        done = make()("receivers", "test", "archive", NEWSWIRE_ARCHIVE_URL=hook.address, NEWSWIRE_WEBHOOK_SECRET=SECRET)
        assert (done.status, done.out.splitlines()) == (
            0,
            [
                "archive: the test message was taken.",
                "archive: the reply in its thread was taken.",
                "archive: the edit was taken.",
            ],
        )
        said = [json.loads(one.body) for one in hook.taken]
        assert [(one["kind"], one["test"]) for one in said] == [("parent", True), ("reply", True), ("edit", True)]
        assert "TEST" in said[0]["watchlists"][0]["title"]
        assert len({one["alert_id"] for one in said}) == 1


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
        assert [b"This is a test" in one.content for one in server.taken] == [True] * 3
        assert [b"\r\nReferences: " in one.content for one in server.taken] == [False, True, True]
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


def desk_test(make: Make, slack: FakeSlack, *more: str) -> tuple[int, str, str]:
    done = make()("receivers", "test", "desk", *more, NEWSWIRE_SLACK_TOKEN="xoxb-canary", NEWSWIRE_SLACK_URL=slack.url)
    return done.status, done.out, done.err


def test_slack_is_tested_with_a_reply_an_edit_and_a_look_at_them(make: Make) -> None:
    with FakeSlack() as slack:
        status, out, err = desk_test(make, slack)
        parent, reply = slack.posted
        assert slack.refused == []
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "desk: the test message was taken.",
        "desk: the reply in its thread was taken.",
        "desk: the edit was taken.",
        "desk: it was found in the channel: what is in doubt is looked for there.",
        "desk: it was found in the thread: what is in doubt is looked for there.",
        f"desk: it stands at {permalink_of(parent)}.",
    ]
    assert reply.thread_ts == parent.ts
    assert [("edited" in str(one)) for one in parent.versions] == [False, True]
    assert "TEST of Newswire" in str(reply.body)


def test_a_token_that_may_not_read_is_said_and_the_test_is_taken(make: Make) -> None:
    with FakeSlack(scopes={"chat:write", "chat:write.public"}) as slack:
        status, out, err = desk_test(make, slack)
        as_json = desk_test(make, slack, "--json")
    assert (status, len(out.splitlines()), as_json[0]) == (0, 4, 0)
    assert "desk: the channel cannot be read: missing_scope; give the app the scopes of deploy/slack-app-manifest.yaml" in err
    assert "What is in doubt is sent again, as a possible repeat." in err
    steps = {one["step"]: one for one in json.loads(as_json[1])["steps"]}
    assert [steps[name]["good"] for name in ("message", "reply", "edit", "read_back", "read_back_thread", "link")] == [True] * 3 + [
        False
    ] * 2 + [True]


def test_a_refused_reply_or_edit_is_a_failed_test(make: Make) -> None:
    for faults, good in ((["error:not_in_channel"], [False]), (["ok", "error:thread_not_found"], [True, False, True, True, True])):
        with FakeSlack(faults=faults) as slack:
            status, out, _ = desk_test(make, slack, "--json")
        said = json.loads(out)
        assert (status, said["taken"]) == (1, False)
        assert [one["good"] for one in said["steps"]] == good


def test_a_message_that_is_shown_late_is_looked_for_again_and_then_said() -> None:
    waited: list[float] = []
    with FakeSlack(visible_after_s=3_600.0) as slack:
        receiver = SlackReceiver("desk", channel="#desk", token=SecretStr("x"), base_url=slack.url)
        done = {step.step: step for step in steps(receiver, NOW, waited.append)}
    assert waited == [LOOK_S] * (LOOKS - 1) * 2
    assert "may be said twice" in done["read_back"].words
    assert not done["read_back_thread"].good
