"""Prometheus' and Alertmanager's own programs read what is shipped: rules, their cases, the configurations, who is told of what."""

import json
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
import yaml

from tests.alarm_rules import CASES, ROOT, RULES, alarms
from tests.fake_webhook import FakeWebhook, Taken
from tests.servers.alertmanager import alertmanager_server
from tests.servers.fixtures import required
from tests.servers.processes import ServerUnavailable, servers_are_required
from tests.servers.prometheus import program_path, prometheus_server, quicker

pytestmark = pytest.mark.servers

ALERTMANAGER = ROOT / "deploy" / "alertmanager"


def _run(program: str, package: str, *words: object) -> str:
    try:
        path = program_path(program, package)
    except ServerUnavailable as error:
        if servers_are_required():
            pytest.fail(str(error))
        pytest.skip(str(error))
    done = subprocess.run([path, *(str(word) for word in words)], capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_reads_rules_and_configuration() -> None:
    said = _run("promtool", "prometheus", "check", "config", RULES.parent / "prometheus.yml")
    assert f"SUCCESS: {len(alarms())} rules found" in said


@pytest.mark.timeout(300)  # two cores that others use too: alone none takes half a minute
@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_alarm_fires_clears_and_keeps_still(path: Path) -> None:
    _run("promtool", "prometheus", "test", "rules", path)


def test_amtool_reads_the_configuration() -> None:
    assert "SUCCESS" in _run("amtool", "prometheus-alertmanager", "check-config", ALERTMANAGER / "alertmanager.yml")


@pytest.mark.parametrize(("severity", "told"), [("page", "ops-pages,pager"), ("ticket", "ops-tickets")])
def test_pages_wake_somebody_and_tickets_do_not(severity: str, told: str) -> None:
    words = ("config", "routes", "test", f"--config.file={ALERTMANAGER / 'alertmanager.yml'}", f"severity={severity}", "stage=alert")
    assert _run("amtool", "prometheus-alertmanager", *words).strip() == told


def test_what_is_inhibited_names_alarms_that_there_are() -> None:
    rules = yaml.safe_load((ALERTMANAGER / "alertmanager.yml").read_text("utf-8"))["inhibit_rules"]
    names = {rule.name for rule in alarms()} | {"Newswire.+"}
    for matcher in (one for rule in rules for one in (*rule["source_matchers"], *rule["target_matchers"])):
        if matcher.startswith("alertname"):
            assert set(matcher.partition('"')[2].rstrip('"').split("|")) <= names, matcher


@pytest.mark.timeout(120)
def test_an_alarm_reaches_the_pager_and_the_ops_channel(tmp_path: Path) -> None:
    """No process is there at all: so all three stages are down, which is one message each."""
    rules = [quicker(RULES / name, tmp_path / name, 60) for name in ("recording.yaml", "alarms.yaml")]
    with FakeWebhook() as pager, FakeWebhook() as slack:
        configuration = yaml.safe_load((ALERTMANAGER / "alertmanager.yml").read_text("utf-8"))
        configuration["global"] = {"slack_api_url": slack.address}
        configuration["route"]["group_wait"] = "2s"
        configuration["receivers"][-1]["webhook_configs"][0]["url"] = pager.address
        with (
            required(alertmanager_server(tmp_path, yaml.safe_dump(configuration), ALERTMANAGER / "newswire.tmpl")) as manager,
            required(prometheus_server(tmp_path, {}, rules=rules, alertmanagers=[manager])),
        ):
            posts = _taken([pager, slack])
    paged, written = (json.loads(post.body) for post in posts)
    assert {(one["labels"]["alertname"], one["labels"]["stage"]) for one in paged["alerts"]} == {
        ("NewswireStageDown", stage) for stage in ("collect", "process", "alert")
    }
    (attachment,) = written["attachments"]
    assert written["channel"] == "#newswire-ops"
    assert attachment["title"] == "PAGE: No process does the stage alert (and 3 in all)"
    assert attachment["title_link"] == "https://git.example/newswire/blob/main/docs/runbooks/NewswireStageDown.md"
    assert "*Do:* Start `newswire collect`, or see in its log why it is not ready." in attachment["text"]
    assert attachment["text"].count("|Runbook> · since ") == 3


def _taken(hooks: Sequence[FakeWebhook]) -> Iterable[Taken]:
    deadline = time.monotonic() + 60
    while not all(hook.taken for hook in hooks):
        assert time.monotonic() < deadline, "nobody was told within a minute"
        time.sleep(0.2)
    return [hook.taken[0] for hook in hooks]
