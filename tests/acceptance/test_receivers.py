"""Webhook, incoming webhook and mail, told by the whole line through real sockets, with no Slack token at all."""

import base64
import hashlib
import hmac
import json

import pytest

from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import Entry, Web, World
from tests.fake_smtp import FakeSmtp
from tests.fake_webhook import FakeWebhook, Says

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
    for one in archive.taken:
        signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
        due = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        assert one.headers["webhook-signature"] == f"v1,{due}"
    assert len(team.taken) == 1
    assert "because" not in team.taken[0].body.decode()
    assert len(mail.taken) == 1
    assert mail.taken[0].to == ["chief@ministry.example"]
