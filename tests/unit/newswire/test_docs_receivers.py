"""docs/receivers.md and docs/slack.md: their examples work as they stand."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from alerting.receivers.advice import ELSE, what_to_do
from alerting.receivers.slack_answers import BAD_ACCESS, BAD_MESSAGE, BAD_ROUTE
from alerting.receivers.webhook_body import schema, signed_headers
from alerting.routes import KINDS, Routes

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "receivers.md").read_text("utf-8")
SLACK = (ROOT / "docs" / "slack.md").read_text("utf-8")


@pytest.mark.parametrize("secret", ["any random text", "whsec_YSBrZXkgb2YgdHdlbnR5LWZvdXIgYnl0ZXM="])
def test_the_example_verifies_what_is_sent_and_nothing_else(secret: str) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(example.strip().splitlines()) <= 12
    scope: dict[str, Any] = {}
    exec(example, scope)
    is_genuine = scope["is_genuine"]
    content, now = b'{"version":1}', datetime.now(UTC)
    headers = signed_headers(content, key="a.0", secret=SecretStr(secret), at=now)
    assert is_genuine(secret, headers, content)
    assert not is_genuine(secret, headers, content + b" ")
    assert not is_genuine(f"another {secret}", headers, content)
    assert not is_genuine(secret, {**headers, "webhook-id": "a.1"}, content)
    old = signed_headers(content, key="a.0", secret=SecretStr(secret), at=now - timedelta(minutes=6))
    assert not is_genuine(secret, old, content)
    assert not is_genuine(secret, {**old, "webhook-timestamp": headers["webhook-timestamp"]}, content)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # The example of its specification (spec/standard-webhooks.md, "Signature scheme"; the same in its libraries' tests).
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers(b'{"test": 2432232314}', key="msg_p5jXN8AQM9LWM0D4loKWxJek", secret=secret, at=at)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_example_of_a_body_has_fields_that_there_are() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert json.loads(example).keys() <= schema()["$defs"]["Body"]["properties"].keys()


def test_every_example_of_routes_is_right() -> None:
    found = set()
    for page in (PAGE, SLACK):
        for example in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
            raw = yaml.safe_load(example)
            routes = Routes.model_validate({"route": {"to": raw["receivers"][0]["name"]}} | raw)
            found |= {kind for one in routes.receivers for kind in one.kinds}
    assert found == {"slack", "slack_webhook", "webhook", "email"}


def test_the_page_says_what_to_do_about_everything_that_slack_answers() -> None:
    rows = [line for line in SLACK.splitlines() if line.startswith("| `")]
    named = {code for line in rows for code in re.findall(r"`([A-Za-z_]+)`", line.split("|")[1])}
    assert sorted((BAD_MESSAGE | BAD_ROUTE | BAD_ACCESS) - named) == []
    assert sorted(code for code in named if what_to_do(code) == ELSE and ":" not in code) == ["message_limit_exceeded", "ratelimited"]


def test_every_kind_stands_in_the_table() -> None:
    assert set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE)) == set(KINDS) - {"digest"}


def test_the_manifest_has_the_scopes_that_the_page_names() -> None:
    manifest = yaml.safe_load((ROOT / "deploy" / "slack-app-manifest.yaml").read_text("utf-8"))
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    assert set(re.findall(r"`((?:chat|channels|groups):[a-z.]+)`", SLACK)) == scopes
