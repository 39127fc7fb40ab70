"""How receivers stand: what the environment lacks for them, what their last answers mean, and what a person can do."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from alerting.receivers import http_answers, slack_answers, smtp, smtp_answers
from alerting.receivers.advice import ELSE, what_to_do
from alerting.receivers.standing import State, place_of, shown
from alerting.routes import Routes
from alerting.variables import host_of, lacking, usable_address, variables_named
from newswire.outcomes import GatherReason, SendOutcome
from newswire.records import MessageKind
from newswire.settings import Settings
from newswire.store import Store, outbox
from newswire.store.outbox import Entry, Gathered, Queued
from newswire.store.standings import Standing, standings
from newswire.store.tables import outbox as table
from newswire.variables import Encryption, SmtpServer

URL = SecretStr("https://hooks.example:8443/services/T0/B0/canary")
RECEIVERS: list[dict[str, Any]] = [
    {"name": "desk", "slack": {"channel": "#desk"}},
    {"name": "archive", "webhook": {"url_env": "NEWSWIRE_ARCHIVE_URL", "secret_env": "NEWSWIRE_ARCHIVE_SECRET"}},
    {"name": "team", "slack_webhook": {"url_env": "NEWSWIRE_TEAM_URL"}},
    {"name": "chief", "email": {"to": "chief@ministry.example", "from": "newswire@ministry.example"}},
]
ROUTES = Routes.model_validate({"receivers": RECEIVERS, "route": {"to": "desk"}})
NAMED = {"NEWSWIRE_ARCHIVE_URL": URL, "NEWSWIRE_ARCHIVE_SECRET": SecretStr("s" * 24), "NEWSWIRE_TEAM_URL": URL}
WHOLE = Settings(named=NAMED, smtp=SmtpServer("mail.example", 587, Encryption.STARTTLS))


def test_the_variables_that_a_file_names_are_found_whatever_else_is_wrong_with_it() -> None:
    raw = {
        "receivers": [*RECEIVERS, "x", {"webhook": 3}, {"webhook": {"url_env": "https://a.example"}}, {"slack_webhook": {"url_env": ["A"]}}]
    }
    assert variables_named(raw) == NAMED.keys()
    assert variables_named({"receivers": "x"}) == variables_named({}) == frozenset()


def test_what_the_environment_lacks_is_said_for_each_receiver() -> None:
    assert list(lacking(ROUTES, WHOLE)) == []
    said = dict(lacking(ROUTES, Settings(named={"NEWSWIRE_TEAM_URL": SecretStr("canary")})))
    assert said["archive"].startswith("receiver 'archive' needs NEWSWIRE_ARCHIVE_SECRET (or NEWSWIRE_ARCHIVE_SECRET_FILE)")
    assert said["team"] == "NEWSWIRE_TEAM_URL: an address such as https://hooks.slack.com/services/… is due for receiver 'team'"
    assert "NEWSWIRE_SMTP_URL" in said["chief"]
    shared = Routes.model_validate({"receivers": [{"name": "a", "webhook": {"url_env": "NEWSWIRE_TEAM_URL"}}], "route": {"to": "a"}})
    assert "NEWSWIRE_WEBHOOK_SECRET" in dict(lacking(shared, WHOLE))["a"]
    assert list(lacking(shared, Settings(named=NAMED, webhook_secret=SecretStr("s")))) == []


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ("https://hooks.example/x?y=z", True),
        ("http://10.0.0.7:8080/", True),  # the operator wrote it: a private network is as good as any
        ("http://[::1]/", True),
        ("ftp://hooks.example/", False),
        ("https://", False),
        ("https://hooks.example/\r\nX: y", False),
        ("https://hooks.example:99999/", False),
        ("https://hooks.example/#x", False),
        ("https://hookś.example/", False),
    ],
)
def test_an_address_that_can_be_used(text: str, usable: bool) -> None:
    assert usable_address(SecretStr(text)) == usable


def test_where_a_receiver_leads_is_shown_without_its_secret() -> None:
    assert [place_of(entry, WHOLE) for entry in ROUTES.receivers] == [
        "#desk",
        "https://hooks.example:8443/… (NEWSWIRE_ARCHIVE_URL)",
        "https://hooks.example:8443/… (NEWSWIRE_TEAM_URL)",
        "chief@ministry.example through mail.example:587",
    ]
    assert host_of(SecretStr("https://user:canary@a.example/x")) == "https://a.example/…"


CODES = {
    *slack_answers.BAD_ACCESS,
    *slack_answers.BAD_MESSAGE,
    *slack_answers.BAD_ROUTE,
    *http_answers._SLACK_WORDS,
    *(f"http_{code}" for statuses, _ in http_answers._BY_STATUS for code in statuses),
    *(f"http_{code}" for code in range(500, 512)),
    *(f"smtp_{code}" for code in (*smtp_answers._REFUSES_US, *range(421, 460), *range(550, 556))),
    smtp.NO_STARTTLS,
    smtp.NO_LOGIN,
    "not_smtp",
    "html",
    "timeout",
    "dns",
    "invalid_metadata_schema",
    *(
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "ConnectionResetError",
        "RemoteDisconnected",
        "IncompleteRead",
    ),
}


def test_every_code_of_the_tables_says_what_can_be_done() -> None:
    assert [code for code in sorted(CODES) if what_to_do(code) == ELSE] == []
    advice = {what_to_do(code) for code in CODES}
    pages = {page for text in advice for page in re.findall(r"(?:docs|deploy)/[a-z.-]+[a-z]", text)}
    assert all((Path(__file__).parents[3] / page).is_file() for page in pages)


@pytest.mark.parametrize(
    ("standing", "state", "why"),
    [
        (Standing(), State.UNUSED, None),
        (Standing(waiting=2, oldest_at=1.0), State.UNUSED, None),
        (Standing(last_sent_at=5.0), State.OK, None),
        (Standing(trouble=SendOutcome.RATE_LIMITED, trouble_for="rate_limited", next_try_at=99.0), State.RATE_LIMITED, "rate_limited"),
        (Standing(last_sent_at=5.0, trouble=SendOutcome.RATE_LIMITED, trouble_for="rate_limited", next_try_at=9.0), State.OK, None),
        (Standing(trouble=SendOutcome.RETRY, trouble_for="invalid_auth"), State.REFUSED, "invalid_auth"),
        (Standing(trouble=SendOutcome.RETRY, trouble_for="http_401"), State.REFUSED, "http_401"),
        (Standing(trouble=SendOutcome.RETRY, trouble_for="smtp_535"), State.REFUSED, "smtp_535"),
        (Standing(trouble=SendOutcome.RETRY, trouble_for="smtp_450"), State.UNREACHABLE, "smtp_450"),
        (Standing(trouble=SendOutcome.RETRY, trouble_for="ConnectionRefusedError"), State.UNREACHABLE, "ConnectionRefusedError"),
        (Standing(trouble=SendOutcome.RETRY, trouble_for="tls_certificate"), State.UNREACHABLE, "tls_certificate"),
        (Standing(trouble=SendOutcome.IN_DOUBT, trouble_for="timeout"), State.IN_DOUBT, "timeout"),
        (Standing(last_sent_at=5.0, failed=1, last_failed_at=6.0, last_failed_for="is_archived"), State.REFUSED, "is_archived"),
        (Standing(last_sent_at=7.0, failed=1, last_failed_at=6.0, last_failed_for="is_archived"), State.OK, None),
    ],
)
def test_a_state_in_one_word(standing: Standing, state: State, why: str | None) -> None:
    found = shown(standing, lacks=None, now=10.0)
    assert (found.state, found.why) == (state, why)
    assert shown(standing, lacks="no token", now=10.0).state is State.NOT_SET_UP


def row_for(store: Store, receiver: str, story: str) -> Queued:
    entry = Entry(story, receiver, MessageKind.PARENT, 0, story + receiver, "d", "i", "r", ["w"], "high", "t", None, "{}")
    with store.begin() as connection:
        outbox.put(connection, [entry], 1.0)
    with store.read() as connection:
        found = outbox.parent_of(connection, story, receiver)
    assert found is not None
    return found


def test_the_outbox_knows_how_each_receiver_stands(store: Store) -> None:
    sent, failed, limited, late = (row_for(store, name, story) for name, story in (("a", "1"), ("a", "2"), ("b", "3"), ("b", "4")))
    with store.begin() as connection:
        outbox.mark_sent(connection, sent, SendOutcome.SENT, channel="c", reference="r", at=5.0)
        outbox.mark_failed(connection, failed.row_id, "is_archived", at=6.0)
        outbox.mark_again(connection, limited.row_id, SendOutcome.RATE_LIMITED, next_try_at=40.0, reason="rate_limited")
        outbox.mark_again(connection, late.row_id, SendOutcome.RETRY, next_try_at=9.0, reason="dns")
    with store.read() as connection:
        assert standings(connection, 10.0) == {
            "a": Standing(last_sent_at=5.0, failed=1, last_failed_at=6.0, last_failed_for="is_archived"),
            "b": Standing(waiting=2, oldest_at=1.0, trouble=SendOutcome.RATE_LIMITED, trouble_for="rate_limited", next_try_at=40.0),
        }


@pytest.mark.parametrize(
    ("kind", "reason", "seen"),
    [
        (MessageKind.DIGEST, "is_archived", True),
        (MessageKind.NOTICE, "channel_not_found", True),
        (MessageKind.REPLY, "is_archived", True),
        (MessageKind.REPLY, "thread_not_found", False),
        (MessageKind.REPLY, "parent_failed", False),
        (MessageKind.EDIT, "message_not_found", False),
    ],
)
def test_what_is_refused_beside_alerts_is_seen_too(store: Store, kind: MessageKind, reason: str, seen: bool) -> None:
    entry = Entry("1", "a", kind, 1, "x", "d", "i", "r", ["w"], "high", "t", None, "{}")
    with store.begin() as connection:
        outbox.put(connection, [entry], 1.0)
        row_id = connection.execute(select(table.c.row_id)).scalar_one()
        outbox.mark_failed(connection, row_id, reason, at=6.0)
    with store.read() as connection:
        found = standings(connection, 10.0).get("a", Standing())
    assert (found.last_failed_for, found.failed) == (reason if seen else None, 0)


def test_what_waits_for_its_time_is_not_counted_as_late(store: Store) -> None:
    entry = Entry("1", "a", MessageKind.REPLY, 1, "x", "d", "i", "r", ["w"], "high", "t", None, "{}", due_at=60.0)
    digest = Gathered("a", GatherReason.DIGEST, 900.0)
    gathered = Entry("2", "a", MessageKind.PARENT, 0, "y", "d", "i", "r", ["w"], "high", "t", None, "{}", gathered=digest)
    with store.begin() as connection:
        outbox.put(connection, [entry, gathered], 1.0)
    with store.read() as connection:
        assert standings(connection, 10.0) == {"a": Standing(gathering=2)}
        assert standings(connection, 61.0) == {"a": Standing(waiting=1, oldest_at=1.0, gathering=1)}
