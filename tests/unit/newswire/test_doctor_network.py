"""The doctor's checks of the way out, over real sockets of this machine; and of those who are told, with servers that speak as the real ones do."""

import socket
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from alerting.receivers.slack_access import FINDS, POSTS, POSTS_ANYWHERE, READS_BACK
from newswire import log
from newswire.cli.doctor import network_checks, receiver_checks
from newswire.cli.doctor.finding import Asked, Level
from newswire.clock import SystemClock
from newswire.demo import DemoSite, demo_items
from newswire.metrics import Metrics
from newswire.status_server import StatusServer
from newswire.variables import Encryption, SmtpServer
from tests.doctor_builders import asked, found, knows, worst
from tests.fake_slack import FakeSlack
from tests.fake_smtp import FakeSmtp
from tests.fake_webhook import FakeWebhook
from tests.fakes import NOW

ROOT = Path(__file__).parents[3]
SOURCE = 'sources: [{url: "https://dawn.example/feed", outlet: Dawn, country: PK}]\n'


def test_names_of_sources_are_looked_for(tmp_path: Path) -> None:
    good = asked(tmp_path, sources=SOURCE, resolve=knows(dawn_example="192.0.2.1"))
    assert found(network_checks.dns, good) == [(Level.OK, "dawn.example: found")]
    assert worst(network_checks.dns, asked(tmp_path, sources=SOURCE)).level is Level.FAIL


def test_a_resolver_that_makes_addresses_up_is_warned_of(tmp_path: Path) -> None:
    lies = worst(network_checks.dns, asked(tmp_path, sources=SOURCE, resolve=lambda _: ["192.0.2.66"]))
    assert lies.level is Level.WARN
    assert "is 192.0.2.66" in lies.what


def test_a_few_sources_are_fetched_by_our_own_client(tmp_path: Path) -> None:
    with DemoSite(demo_items(NOW)[:3]) as site:
        sources = yaml.safe_dump({"sources": [{"url": f"http://127.0.0.1:{site.port}{_path(site.feeds[0].url)}", "outlet": "Demo"}]})
        open_guard: dict[str, Any] = {"allow_networks": (IPv4Network("127.0.0.1/32"),), "allow_ports": frozenset({site.port})}
        assert worst(network_checks.sources, asked(tmp_path, sources=sources, clock=SystemClock(), **open_guard)).level is Level.OK
        refused = worst(network_checks.sources, asked(tmp_path, sources=sources, clock=SystemClock()))
    assert refused.level is Level.FAIL
    assert "blocked" in refused.what
    assert refused.do.startswith("allow it")
    away = [{"url": f"http://127.0.0.{last}:{site.port}/", "outlet": f"O{last}"} for last in (1, 2, 3)]  # where nothing listens any more
    near: dict[str, Any] = {"allow_networks": (IPv4Network("127.0.0.0/8"),), "allow_ports": frozenset({site.port})}
    [one] = network_checks.sources(asked(tmp_path, sources=yaml.safe_dump({"sources": away}), clock=SystemClock(), **near))
    assert one.what.startswith("O1, O2, O3 do not answer: connect: ")
    assert worst(network_checks.sources, asked(tmp_path, sources="sources: []\n")).level is Level.NOTE


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def test_proxies_that_are_not_used_are_noted(tmp_path: Path) -> None:
    assert worst(network_checks.proxies, asked(tmp_path)).level is Level.OK
    noted = worst(network_checks.proxies, asked(tmp_path, environ={"HTTPS_PROXY": "http://user:canary@proxy:3128"}))
    assert (noted.level, noted.what) == (Level.NOTE, "HTTPS_PROXY is set and not used")


def test_the_status_address_is_free_ours_or_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        other.close()
        assert worst(network_checks.status_address, asked(tmp_path, http_port=port)).level is Level.OK
    server = StatusServer("127.0.0.1", 0, metrics=Metrics().exposition, healthy=lambda: True, ready=lambda: True, log=log.set_up())
    ours = worst(network_checks.status_address, asked(tmp_path, http_port=server.address[1]))
    server.close()
    assert (ours.level, ours.what.endswith(": ready")) == (Level.OK, True)
    older = b'newswire_build_info{version="0.0.9"} 1\n'
    server = StatusServer("127.0.0.1", 0, metrics=lambda: older, healthy=lambda: True, ready=lambda: True, log=log.set_up())
    another = worst(network_checks.status_address, asked(tmp_path, http_port=server.address[1]))
    server.close()
    assert (another.level, another.what.startswith("newswire 0.0.9 answers")) == (Level.WARN, True)
    with FakeWebhook() as stranger:
        taken = worst(network_checks.status_address, asked(tmp_path, http_port=int(stranger.address.rsplit(":", 1)[1].split("/")[0])))
    assert taken.level is Level.FAIL


SLACK = "receivers: [{name: desk, slack: {channel: '#desk'}}]\nroute: {to: desk}\nops: desk\n"


def slack_asked(tmp_path: Path, slack: FakeSlack, **told: Any) -> Asked:
    settings: dict[str, Any] = {"slack_token": SecretStr("xoxb-canary"), "slack_url": slack.url, "clock": SystemClock()}
    return asked(tmp_path, routes=SLACK, **(settings | told))


def test_slack_with_every_scope_and_its_channel_passes(tmp_path: Path) -> None:
    with FakeSlack(channels=("desk",)) as slack:
        assert found(receiver_checks.slack, slack_asked(tmp_path, slack)) == [
            (Level.OK, "signed in as newswire in Fake, with every scope that is due"),
            (Level.OK, "desk: #desk is there, and the bot is in it"),
        ]
        assert slack.posted == []


@pytest.mark.parametrize(
    ("workspace", "level", "words"),
    [
        ({"token": "xoxb-another"}, Level.FAIL, "Slack refuses or does not answer: invalid_auth"),
        ({"scopes": (FINDS | READS_BACK)}, Level.FAIL, "the token lacks chat:write"),
        ({"scopes": (POSTS | FINDS)}, Level.WARN, "the token lacks channels:history, groups:history"),
        ({"channels": ("other",)}, Level.FAIL, "desk: #desk was not found: channel_not_found"),
        ({"archived": ("desk",)}, Level.FAIL, "desk: #desk is archived"),
        ({"not_joined": ("desk",)}, Level.WARN, "desk: the bot may post in #desk and is not in it"),
        ({"not_joined": ("desk",), "scopes": POSTS | FINDS | READS_BACK}, Level.FAIL, "desk: the bot is not in #desk"),
    ],
)
def test_what_slack_refuses_is_told(tmp_path: Path, workspace: dict[str, Any], level: Level, words: str) -> None:
    with FakeSlack(**({"channels": ("desk",)} | workspace)) as slack:
        finding = worst(receiver_checks.slack, slack_asked(tmp_path, slack))
    assert (finding.level, finding.what) == (level, words)
    assert finding.do


@pytest.mark.parametrize(
    ("faults", "of"), [(["rate_limited:40"], "auth.test"), (["ok", "rate_limited:40"], "desk: #desk was not looked for")]
)
def test_slack_that_is_asked_too_often_is_no_refusal(tmp_path: Path, faults: list[str], of: str) -> None:
    with FakeSlack(channels=("desk",)) as slack:
        slack.read_faults.extend(faults)
        finding = worst(receiver_checks.slack, slack_asked(tmp_path, slack))
    assert finding.level is Level.WARN
    assert finding.what == f"{of}: Slack is asked too often, and wants 40 s of silence (429, Retry-After)"
    assert finding.do.startswith("look again after 40 s")


def test_a_test_message_that_slack_wants_later_is_said_with_the_seconds(tmp_path: Path) -> None:
    with FakeSlack(channels=("desk",), faults=["rate_limited:40"]) as slack:
        finding = worst(receiver_checks.send, slack_asked(tmp_path, slack, send_to="desk"))
        assert slack.posted == []
    assert (finding.level, finding.what) == (Level.FAIL, "desk: message: not taken: rate limited, it wants 40 s of silence")
    assert finding.do == "`newswire doctor --send` after 40 s"


def test_slacks_clock_is_compared_with_ours(tmp_path: Path) -> None:
    with FakeSlack(channels=("desk",)) as slack:
        slack.ahead_s = 3_600
        finding = worst(receiver_checks.slack, slack_asked(tmp_path, slack))
    assert (finding.level, finding.what) == (Level.FAIL, "our clock is 60 min behind Slack's")


def test_slack_that_is_not_used_or_not_set_up_is_a_note(tmp_path: Path) -> None:
    assert worst(receiver_checks.slack, asked(tmp_path)).level is Level.NOTE
    assert worst(receiver_checks.slack, asked(tmp_path, routes=SLACK)).level is Level.NOTE


def test_the_manifest_asks_for_the_scopes_that_are_due() -> None:
    manifest = yaml.safe_load((ROOT / "deploy" / "slack-app-manifest.yaml").read_text("utf-8"))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == POSTS | FINDS | READS_BACK | {POSTS_ANYWHERE}


HOOK = "receivers: [{name: archive, webhook: {url_env: NEWSWIRE_ARCHIVE_URL}}]\nroute: {to: archive}\n"


def test_a_webhooks_host_is_reached_and_nothing_is_sent(tmp_path: Path) -> None:
    assert worst(receiver_checks.webhooks, asked(tmp_path)).level is Level.NOTE
    assert worst(receiver_checks.webhooks, asked(tmp_path, routes=HOOK)).level is Level.FAIL
    with FakeWebhook() as hook:
        assert worst(receiver_checks.webhooks, asked(tmp_path, routes=HOOK, named={"NEWSWIRE_ARCHIVE_URL": hook.url})).level is Level.OK
        plain = SecretStr(hook.url.get_secret_value().replace("http://", "https://"))
        assert worst(receiver_checks.webhooks, asked(tmp_path, routes=HOOK, named={"NEWSWIRE_ARCHIVE_URL": plain})).level is Level.FAIL
        assert hook.taken == []
    away = worst(
        receiver_checks.webhooks, asked(tmp_path, routes=HOOK, named={"NEWSWIRE_ARCHIVE_URL": SecretStr("http://127.0.0.1:1/canary")})
    )
    assert (away.level, away.what) == (Level.FAIL, "archive: 127.0.0.1:1 cannot be reached: connection refused")


MAIL = "receivers: [{name: chief, email: {to: a@b.example, from: c@d.example}}]\nroute: {to: chief}\n"


def test_the_mail_server_is_greeted_and_nothing_is_sent(tmp_path: Path) -> None:
    assert worst(receiver_checks.mail, asked(tmp_path)).level is Level.NOTE
    assert worst(receiver_checks.mail, asked(tmp_path, routes=MAIL)).level is Level.FAIL
    with FakeSmtp() as server:
        plain = SmtpServer("127.0.0.1", server.port, Encryption.NONE)
        assert worst(receiver_checks.mail, asked(tmp_path, smtp=plain)).level is Level.OK
        assert worst(receiver_checks.mail, asked(tmp_path, smtp=plain, smtp_user=SecretStr("canary"))).what.endswith("takes no login")
        tls = SmtpServer("127.0.0.1", server.port, Encryption.STARTTLS)
        assert worst(receiver_checks.mail, asked(tmp_path, smtp=tls)).level is Level.WARN
    away = worst(receiver_checks.mail, asked(tmp_path, smtp=SmtpServer("127.0.0.1", 1, Encryption.NONE)))
    assert away.level is Level.FAIL
    with FakeWebhook() as no_mail_server:
        port = int(no_mail_server.address.rsplit(":", 1)[1].split("/")[0])
        assert worst(receiver_checks.mail, asked(tmp_path, smtp=SmtpServer("127.0.0.1", port, Encryption.TLS))).level is Level.FAIL


def test_a_test_message_is_sent_and_looked_for_only_where_it_is_asked_for(tmp_path: Path) -> None:
    with FakeSlack(channels=("desk",)) as slack:
        assert worst(receiver_checks.send, slack_asked(tmp_path, slack)).level is Level.NOTE
        assert slack.posted == []
        sent = found(receiver_checks.send, slack_asked(tmp_path, slack, send_to="desk"))
        assert {level for level, _ in sent} == {Level.OK}
        assert len(slack.posted) == 2  # a message, and a reply in its thread
    with FakeSlack(channels=("desk",), token="xoxb-another") as slack:
        assert worst(receiver_checks.send, slack_asked(tmp_path, slack, send_to="desk")).level is Level.FAIL
    assert worst(receiver_checks.send, asked(tmp_path, send_to="nobody")).level is Level.FAIL
