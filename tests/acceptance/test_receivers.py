"""Webhook, incoming webhook and mail, told by the whole line through real sockets, with no Slack token at all."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from alerting import bulletin as bulletins
from alerting import updates
from newswire.records import MessageKind
from newswire.store import outbox
from newswire.store.outbox import Entry as Row
from newswire.store.outbox import Queued
from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import Entry, Web, World
from tests.bulletins import DIGEST, a_digest, an_update
from tests.fake_smtp import FakeSmtp
from tests.fake_webhook import FakeWebhook, Says, Taken

pytestmark = pytest.mark.acceptance

SECRET = "canary-secret-of-the-archive"
ROUTES = """\
receivers:
  - {name: desk, slack: {channel: "#desk"}}
  - {name: archive, webhook: {url_env: ARCHIVE_ADDRESS, secret_env: ARCHIVE_SECRET}}
  - {name: team, slack_webhook: {url_env: NEWSWIRE_TEAM_URL}, explain: none}
  - {name: chief, email: {to: [chief@ministry.example], from: newswire@ministry.example}}
route: {to: [desk, archive, team, chief]}
"""


def is_genuine(one: Taken) -> bool:
    signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
    due = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    return one.headers["webhook-signature"] == f"v1,{due}"


def test_one_story_reaches_each_of_them_once(world: World, web: Web) -> None:
    article = FIVE["demo-us-gaming"]
    link = web.page("/article", article["title"], article["text"])
    world.sources(web.feed("/feed", [Entry(article["title"], article["summary"], link)]), outlet="Islamabad Wire", country="PK")
    world.allow_ports(web.port)
    (world.config / "routes.yaml").write_text(ROUTES, encoding="utf-8")

    refused = world.run("run", "--until-idle", status=2)
    assert "environment: receiver 'archive' needs ARCHIVE_ADDRESS (or ARCHIVE_ADDRESS_FILE), its address" in refused.stderr

    limited = Says(429, b"", {"Retry-After": "1"})
    with FakeWebhook([limited]) as archive, FakeWebhook() as team, FakeSmtp() as mail:
        world.environment |= {
            "ARCHIVE_ADDRESS": archive.address,
            "ARCHIVE_SECRET": SECRET,
            "NEWSWIRE_TEAM_URL": team.address,
            "NEWSWIRE_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
        }
        for _ in range(2):
            done = world.run("run", "--until-idle")
            assert SECRET not in done.stdout + done.stderr
            assert "secret-path" not in done.stdout + done.stderr
            assert "is not read by Newswire" not in done.stderr
        rows = {row["name"]: row for row in world.json_lines("receivers", "list")}
    assert {name: row["state"] for name, row in rows.items()} == {"desk": "not set up", "archive": "ok", "team": "ok", "chief": "ok"}

    first, parent, *edits = archive.taken
    assert first.headers["webhook-id"] == parent.headers["webhook-id"]  # the one that was to wait, and its repeat
    said = json.loads(parent.body)
    assert (said["kind"], said["url"], said["partners"]) == ("parent", link, ["US"])
    assert {json.loads(one.body)["kind"] for one in edits} <= {"edit"}
    assert all(is_genuine(one) for one in archive.taken)
    assert len(team.taken) == 1
    assert "because" not in team.taken[0].body.decode()
    assert len(mail.taken) == 1
    assert mail.taken[0].to == ["chief@ministry.example"]


class Post:
    """What aiosmtpd, a mail server of its own right, took."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name and signature
        found: Message | EmailMessage = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.taken.append(found)
        return "250 taken"

    @contextmanager
    def served(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port: int = free.getsockname()[1]
        controller = Controller(self, hostname="127.0.0.1", port=port)
        controller.start()
        try:
            yield port
        finally:
            controller.stop()


def test_alerts_replies_and_digests_reach_real_servers_signed_and_in_their_threads(world: World, web: Web) -> None:
    article = FIVE["demo-us-gaming"]
    link = web.page("/article", article["title"], article["text"])
    world.sources(
        web.feed("/feed", [Entry(article["title"], article["summary"], link, content=article["text"])]),
        outlet="Islamabad Wire",
        country="PK",
    )
    world.allow_ports(web.port)
    (world.config / "routes.yaml").write_text(
        """\
receivers:
  - {name: archive, webhook: {url_env: ARCHIVE_ADDRESS, secret_env: ARCHIVE_SECRET}}
  - {name: chief, email: {to: [chief@ministry.example], from: newswire@ministry.example}}
route: {to: [archive, chief]}
""",
        encoding="utf-8",
    )
    post = Post()
    with FakeWebhook() as archive, post.served() as port:
        world.environment |= {
            "ARCHIVE_ADDRESS": archive.address,
            "ARCHIVE_SECRET": SECRET,
            "NEWSWIRE_SMTP_URL": f"smtp://127.0.0.1:{port}",
        }
        world.run("run", "--until-idle")
        told = {receiver: alert_of(world, receiver) for receiver in ("archive", "chief")}
        for receiver, parent in told.items():
            put_reply_and_digest(world, receiver, parent)
        world.run("run", "--until-idle")

    assert all(is_genuine(one) for one in archive.taken)
    documents = [json.loads(one.body) for one in archive.taken]
    by_kind = {kind: [one for one in documents if one["kind"] == kind] for kind in ("parent", "reply", "digest")}
    assert [len(by_kind[kind]) for kind in by_kind] == [1, 1, 2]
    (parent,), (reply,) = by_kind["parent"], by_kind["reply"]
    assert reply["alert_id"] == parent["alert_id"] == told["archive"].alert_id
    assert reply["data"]["raised_from"] == "high"
    assert [(one["alert_id"], one["sequence"]) for one in by_kind["digest"]] == [(DIGEST, 0), (DIGEST, 1)]
    assert len({one.headers["webhook-id"] for one in archive.taken}) == len(documents)

    mails = {str(mail["Message-ID"]): mail for mail in post.taken}
    first = mails[f"<{told['chief'].alert_id}.0@ministry.example>"]
    digest = mails[f"<{DIGEST}.0@ministry.example>"]
    (answered,) = (mail for mail in post.taken if mail["References"] == first["Message-ID"] and mail["X-Newswire-Kind"] == "reply")
    (page,) = (mail for mail in post.taken if mail["References"] == digest["Message-ID"])
    assert answered["Subject"] == f"Re: {first['Subject']}"
    assert page["Subject"] == f"Re: {digest['Subject']}"
    assert digest["References"] is None
    assert len(mails) == len(post.taken)
    for mail in (first, answered, digest, page):
        assert mail.get_content_type() == "multipart/alternative"


def alert_of(world: World, receiver: str) -> Queued:
    [story] = {row["story_id"] for row in world.json_lines("alerts") if row["receiver"] == receiver}
    with world.store() as store, store.read() as connection:
        found = outbox.parent_of(connection, story, receiver)
    assert found is not None
    return found


def put_reply_and_digest(world: World, receiver: str, parent: Queued) -> None:
    """Put in the outbox what the stage and a digest put there."""
    update = an_update(alert_id=parent.alert_id, story_id=parent.story_id)
    said = [(MessageKind.REPLY, 1, parent.story_id, parent.alert_id, updates.to_json(update))]
    said += [(MessageKind.DIGEST, page, DIGEST, DIGEST, bulletins.to_json(a_digest(sequence=page))) for page in (0, 1)]
    rows = [
        Row(
            story_id=story_id,
            receiver=receiver,
            kind=kind,
            sequence=sequence,
            alert_id=alert_id,
            decision_id=parent.decision_id,
            item_id=parent.item_id,
            revision=parent.revision,
            watchlists=[],
            severity="high",
            title="x",
            url=None,
            message=text,
        )
        for kind, sequence, story_id, alert_id, text in said
    ]
    with world.store() as store, store.begin() as connection:
        outbox.put(connection, rows, 1.0)
