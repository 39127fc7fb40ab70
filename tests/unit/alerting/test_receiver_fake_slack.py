"""The fake Slack refuses what Slack refuses, with Slack's own codes: else no test that speaks to it would prove anything."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
import yaml

from tests.fake_slack import SCOPES, FakeSlack, permalink_of
from tests.slack_rules import BLOCKS_MOST, mentions, refusal


def rich(*parts: dict[str, Any], kind: str = "rich_text_section", **more: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(parts), **more}]}


def section(text: str, kind: str = "mrkdwn", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": kind, "text": text}, **more}


TEXT = {"type": "text", "text": "x"}
DATE = {"type": "date", "timestamp": 1_793_602_800, "format": "{date_short_pretty} {time}", "fallback": "x"}


@pytest.mark.parametrize(
    "block",
    [
        rich(TEXT, {"type": "link", "url": "https://a.example/", "text": "x", "style": {"bold": True}}, DATE),
        rich(TEXT, kind="rich_text_quote"),
        rich({"type": "rich_text_section", "elements": [TEXT]}, kind="rich_text_list", style="bullet"),
        section("x" * 3_000),
        {"type": "section", "fields": [{"type": "plain_text", "text": "x"}]},
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}},
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": "x"}, {"type": "image", "image_url": "https://a.example/x", "alt_text": "x"}],
        },
        {"type": "divider", "block_id": "x"},
    ],
)
def test_a_good_block_is_taken(block: dict[str, Any]) -> None:
    assert refusal({"blocks": [block]}) is None
    assert refusal({"attachments": [{"color": "#c5221f", "fallback": "", "blocks": [block]}]}) is None


@pytest.mark.parametrize(
    "block",
    [
        {"type": "no_such"},
        {"type": "rich_text", "elements": []},
        rich(),
        rich({"type": "text", "text": ""}),
        rich({"type": "text", "text": "x" * 3_001}),
        rich({"type": "text", "text": "x", "colour": "red"}),
        rich({"type": "text", "text": "x", "style": {"blink": True}}),
        rich({"type": "text", "text": "x", "style": {"bold": "yes"}}),
        rich({"type": "link", "url": "https://a.example/" + "a" * 3_000}),
        rich({"type": "link", "url": "javascript:alert(1)"}),
        rich({"type": "link", "text": "x"}),
        rich(DATE | {"format": "{month}"}),
        rich(DATE | {"format": "no token"}),
        rich(DATE | {"timestamp": "1793602800"}),
        rich(TEXT, kind="rich_text_poem"),
        rich(TEXT, border=1),
        rich(TEXT, kind="rich_text_list", style="bullet"),
        section(""),
        section("x" * 3_001),
        section("x", kind="markdown"),
        section("x", colour="red"),
        {"type": "section"},
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11},
        {"type": "divider", "block_id": "x" * 256},
    ],
)
def test_a_bad_block_is_refused(block: dict[str, Any]) -> None:
    assert (refusal({"text": "x", "blocks": [block]}) or ("", ""))[0] == "invalid_blocks"
    assert (refusal({"text": "x", "attachments": [{"blocks": [block]}]}) or ("", ""))[0] == "invalid_attachments"


META = {"event_type": "newswire_update", "event_payload": {"bulletin_id": "x"}}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [{"type": "divider"}] * (BLOCKS_MOST + 1)}, "invalid_blocks"),
        ({"blocks": [rich(TEXT | {"text": "x" * 2_900})] * 5}, "msg_blocks_too_long"),
        ({"text": "x", "attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        ({"text": "x", "attachments": [{"text": "x", "colour": "red"}]}, "invalid_attachments"),
        ({"text": "x", "attachments": [{"text": "x", "color": "red"}]}, "invalid_attachments"),
        ({"text": "x", "attachments": [{"color": "good"}]}, "invalid_attachments"),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": META | {"event_type": "a b"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": META | {"event_payload": "x"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": META | {"event_payload": {"story_id": None}}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": META | {"more": 1}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": META | {"event_payload": {"x": "x" * 9_000}}}, "metadata_too_large"),
    ],
)
def test_a_message_beyond_the_limits_is_refused(asked: dict[str, Any], code: str) -> None:
    assert (refusal(asked) or ("", ""))[0] == code


def test_mentions_are_seen_wherever_they_stand() -> None:
    said = {
        "text": "<!channel> <@U1>",
        "link_names": True,
        "blocks": [section("<!here>"), rich({"type": "user", "user_id": "U1"}, {"type": "broadcast", "range": "here"})],
    }
    assert len(mentions(said)) == 6
    assert mentions({"text": "&lt;!channel&gt;", "blocks": [rich({"type": "text", "text": "<!channel>"})]}) == []


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(
        channels=("desk", "old", "closed", "away"), archived=("old",), private=("closed",), not_joined=("closed", "away")
    ) as running:
        yield running


def ask(slack: FakeSlack, method: str, *, token: str = "xoxb-1", **asked: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with urlopen(Request(slack.url + method, json.dumps(asked).encode(), headers), timeout=5) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def post(slack: FakeSlack, channel: str = "#desk", **more: Any) -> dict[str, Any]:
    return ask(slack, "chat.postMessage", channel=channel, text="x", **more)


@pytest.mark.parametrize(
    ("channel", "more", "code"),
    [
        ("#nowhere", {}, "channel_not_found"),
        ("", {}, "channel_not_found"),
        ("#old", {}, "is_archived"),
        ("#closed", {}, "channel_not_found"),
        ("#desk", {"thread_ts": "0"}, "invalid_thread_ts"),
        ("#desk", {"thread_ts": 1.0}, "invalid_thread_ts"),
        ("#desk", {"thread_ts": "1700000000.000001"}, "thread_not_found"),
    ],
)
def test_a_channel_or_thread_that_is_not_there(slack: FakeSlack, channel: str, more: dict[str, Any], code: str) -> None:
    assert post(slack, channel, **more)["error"] == code
    assert [one[:2] for one in slack.refused] == [("chat.postMessage", code)]
    assert slack.posted == []


def test_a_thread_is_that_of_its_own_channel(slack: FakeSlack) -> None:
    parent = post(slack)
    assert post(slack, "#away", thread_ts=parent["ts"])["error"] == "thread_not_found"
    reply = post(slack, thread_ts=parent["ts"])
    assert reply["ok"]
    assert post(slack, thread_ts=reply["ts"])["error"] == "thread_not_found"


def test_scopes_and_tokens() -> None:
    with FakeSlack(scopes={"chat:write"}, not_joined=("away",), private=("closed",), token="xoxb-1") as slack:
        assert post(slack, token="")["error"] == "not_authed"
        assert post(slack, token="xoxb-2")["error"] == "invalid_auth"
        assert post(slack, "#away")["error"] == "not_in_channel"
        channel = post(slack)["channel"]
        for method in ("conversations.history", "conversations.list"):
            refused = ask(slack, method, channel=channel)
            assert (refused["error"], refused["provided"]) == ("missing_scope", "chat:write")
        slack.scopes = frozenset()
        assert post(slack)["needed"] == "chat:write"
        assert ask(slack, "auth.test")["ok"]
        assert ask(slack, "chat.delete")["error"] == "unknown_method"


def test_only_our_own_message_can_be_edited(slack: FakeSlack) -> None:
    theirs = slack.somebody_says("desk", "hello")
    assert ask(slack, "chat.update", channel=theirs.channel, ts=theirs.ts, text="x")["error"] == "cant_update_message"
    ours = post(slack, blocks=[{"type": "divider"}])
    assert ask(slack, "chat.update", channel="#desk", ts=ours["ts"], text="x")["error"] == "channel_not_found"
    assert ask(slack, "chat.update", channel=ours["channel"], ts="1.0", text="x")["error"] == "message_not_found"
    assert ask(slack, "chat.update", channel=ours["channel"], ts=ours["ts"], blocks=[{}])["error"] == "invalid_blocks"
    assert ask(slack, "chat.update", channel=ours["channel"], ts=ours["ts"], text="y")["ok"]
    assert slack.posted[1].body == {"channel": ours["channel"], "ts": ours["ts"], "text": "y"}


def test_history_has_no_replies_and_comes_in_pages(slack: FakeSlack) -> None:
    posts = [post(slack) for _ in range(5)]
    channel = posts[0]["channel"]
    replies = [post(slack, thread_ts=posts[0]["ts"])["ts"] for _ in range(3)]
    seen, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page = ask(slack, "conversations.history", channel=channel, limit=2, cursor=cursor)
        seen += [one["ts"] for one in page["messages"]]
        cursor, pages = page.get("response_metadata", {}).get("next_cursor", ""), pages + 1
    assert (seen, pages) == ([one["ts"] for one in reversed(posts)], 3)
    thread = ask(slack, "conversations.replies", channel=channel, ts=posts[0]["ts"], limit=2)
    assert [one["ts"] for one in thread["messages"]] == [posts[0]["ts"], *replies[:2]]
    later = ask(slack, "conversations.history", channel=channel, oldest=posts[2]["ts"])
    assert [one["ts"] for one in later["messages"]] == [posts[4]["ts"], posts[3]["ts"]]
    for wrong, code in (
        ({"limit": 0}, None),
        ({"limit": 2_000}, "invalid_limit"),
        ({"cursor": "?"}, "invalid_cursor"),
        ({"oldest": "x"}, "invalid_ts_oldest"),
    ):
        assert ask(slack, "conversations.history", channel=channel, **wrong).get("error") == code
    assert ask(slack, "conversations.history", channel="#desk")["error"] == "channel_not_found"
    assert ask(slack, "conversations.replies", channel=channel, ts=replies[0])["error"] == "thread_not_found"
    post(slack, "#away")
    assert ask(slack, "conversations.history", channel="C0000004")["error"] == "not_in_channel"


def test_a_message_is_seen_late_where_it_is_asked_for(slack: FakeSlack) -> None:
    slack.visible_after_s = 3_600.0
    parent = post(slack)
    reply = post(slack, thread_ts=parent["ts"])
    assert reply["ok"]
    assert ask(slack, "conversations.history", channel=parent["channel"])["messages"] == []
    assert len(ask(slack, "conversations.replies", channel=parent["channel"], ts=parent["ts"])["messages"]) == 1
    slack.visible_after_s = 0.000_001
    time.sleep(0.001)
    assert len(ask(slack, "conversations.history", channel=parent["channel"])["messages"]) == 1


def test_permalinks_and_the_list_of_channels(slack: FakeSlack) -> None:
    parent = post(slack)
    reply = post(slack, thread_ts=parent["ts"])
    links = [ask(slack, "chat.getPermalink", channel=one["channel"], message_ts=one["ts"])["permalink"] for one in (parent, reply)]
    assert links == [permalink_of(one) for one in slack.posted]
    assert "?thread_ts=" in links[1]
    assert ask(slack, "chat.getPermalink", channel=parent["channel"], message_ts="1.0")["error"] == "message_not_found"
    named = ask(slack, "conversations.list", types="public_channel,private_channel", exclude_archived=True)["channels"]
    assert [one["name"] for one in named] == ["desk", "away"]


def test_the_scopes_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load((Path(__file__).parents[3] / "deploy" / "slack-app-manifest.yaml").read_text("utf-8"))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES


def test_a_text_that_slack_would_split_is_counted(slack: FakeSlack) -> None:
    ask(slack, "chat.postMessage", channel="#desk", text="x" * 4_001)
    assert slack.split == 1


def test_what_a_killed_client_did_not_say_to_its_end_is_not_heard(slack: FakeSlack) -> None:
    address = urlsplit(slack.url)
    with socket.create_connection((address.hostname, address.port)) as client:
        client.sendall(f"POST {address.path}chat.postMessage HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\nchannel=".encode())
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    assert (list(slack.calls), list(slack.refused), slack.posted) == ([], [], [])
