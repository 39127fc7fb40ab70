"""Prometheus' and Alertmanager's own programs read what is shipped: rules, their cases, the configurations, who is told of what."""

import json
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
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


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (("severity=page", "stage=alert"), "ops-pages,pager"),
        (("severity=ticket", "stage=alert"), "ops-tickets"),
        (("alertname=Watchdog", "severity=none"), "watchdog"),
    ],
)
def test_pages_wake_somebody_tickets_do_not_and_the_watchdog_goes_elsewhere(labels: Sequence[str], told: str) -> None:
    words = ("config", "routes", "test", f"--config.file={ALERTMANAGER / 'alertmanager.yml'}", *labels)
    assert _run("amtool", "prometheus-alertmanager", *words).strip() == told


@pytest.mark.parametrize(
    ("states", "title"),
    [
        ("firing", "PAGE: No process does the stage 1"),
        ("firing firing", "PAGE: No process does the stage 1 (2 in all)"),
        ("resolved firing", "PAGE: No process does the stage 2"),
        ("resolved resolved", "Over: No process does the stage 1 (2 in all)"),
    ],
)
def test_the_title_names_what_is_still_so(tmp_path: Path, states: str, title: str) -> None:
    alerts = [
        {"status": state, "annotations": {"summary": f"No process does the stage {number}"}}
        for number, state in enumerate(states.split(), 1)
    ]
    data = {"status": "firing" if "firing" in states else "resolved", "alerts": alerts, "commonLabels": {"severity": "page"}}
    (tmp_path / "data.json").write_text(json.dumps(data), "utf-8")
    words = ("template", "render", f"--template.glob={ALERTMANAGER / 'newswire.tmpl'}", f"--template.data={tmp_path / 'data.json'}")
    assert _run("amtool", "prometheus-alertmanager", *words, '--template.text={{ template "newswire.title" . }}').strip() == title


@dataclass(frozen=True)
class Told:
    """What fires at once, and of what somebody is told then."""

    firing: Sequence[str]  # alarm, stage, instance
    told: set[str]


INHIBITED = [
    Told(["StageDown collect", "CountryBlind collect", "Slow alert"], {"StageDown", "Slow"}),
    Told(["RestartLoop alert one", "StageDown alert", "NoActiveAlerter alert", "NotReady any one"], {"RestartLoop"}),
    Told(["RestartLoop collect one", "NoActiveAlerter alert", "NotReady any two"], {"RestartLoop", "NoActiveAlerter", "NotReady"}),
    Told(["StoreAway any", "DiskFull collect", "TargetDown any one", "SendingLate alert"], {"StoreAway", "SendingLate"}),
]


@pytest.mark.timeout(120)
def test_of_one_cause_one_is_told(tmp_path: Path) -> None:
    """No two hold each other back, and none holds back what another stage does not get done."""
    severities = {rule.name: rule.labels["severity"] for rule in alarms()}
    configuration = yaml.safe_load((ALERTMANAGER / "alertmanager.yml").read_text("utf-8"))
    configuration["global"] = {"slack_api_url": "http://127.0.0.1:9/"}
    for number, case in enumerate(INHIBITED):
        labels = [dict(zip(("alertname", "stage", "instance"), f"Newswire{one}".split(), strict=False)) for one in case.firing]
        (folder := tmp_path / str(number)).mkdir()
        with required(alertmanager_server(folder, yaml.safe_dump(configuration), ALERTMANAGER / "newswire.tmpl")) as manager:
            api = f"http://{manager}/api/v2/alerts"
            posted = [{"labels": one | {"severity": severities[one["alertname"]]}} for one in labels]
            httpx2.post(api, json=posted, trust_env=False).raise_for_status()
            assert _told(api, len(posted)) == {f"Newswire{name}" for name in case.told}, case.firing


def _told(api: str, posted: int) -> set[str]:
    deadline = time.monotonic() + 30
    while True:
        found = httpx2.get(api, trust_env=False).json()
        if len(found) == posted and all(one["status"]["state"] != "unprocessed" for one in found):
            return {one["labels"]["alertname"] for one in found if not one["status"]["inhibitedBy"]}
        assert time.monotonic() < deadline, "it did not look at them within 30 s"
        time.sleep(0.1)


def test_what_is_inhibited_names_alarms_that_there_are() -> None:
    rules = yaml.safe_load((ALERTMANAGER / "alertmanager.yml").read_text("utf-8"))["inhibit_rules"]
    names = {rule.name for rule in alarms()} | {"Newswire.+"}
    for matcher in (one for rule in rules for one in (*rule["source_matchers"], *rule["target_matchers"])):
        if matcher.startswith("alertname"):
            assert set(matcher.partition('"')[2].rstrip('"').split("|")) <= names, matcher


@pytest.mark.timeout(120)
def test_an_alarm_reaches_the_pager_and_the_ops_channel(tmp_path: Path) -> None:
    """No process is there at all: so all three stages are down, which is one message each."""
    rules = [quicker(RULES / name, tmp_path / name, 60) for name in ("recording.yaml", "alarms.yaml", "watchdog.yaml")]
    with FakeWebhook() as pager, FakeWebhook() as watchdog, FakeWebhook() as slack:
        configuration = yaml.safe_load((ALERTMANAGER / "alertmanager.yml").read_text("utf-8"))
        configuration["global"] = {"slack_api_url": slack.address}
        configuration["route"]["group_wait"] = "2s"
        for receiver, hook in zip(configuration["receivers"][-2:], (pager, watchdog), strict=True):
            receiver["webhook_configs"][0]["url"] = hook.address
        with (
            required(alertmanager_server(tmp_path, yaml.safe_dump(configuration), ALERTMANAGER / "newswire.tmpl")) as manager,
            required(prometheus_server(tmp_path, {}, rules=rules, alertmanagers=[manager])),
        ):
            posts = _taken([pager, slack, watchdog])
    paged, written, lives = (json.loads(post.body) for post in posts)
    assert [one["labels"]["alertname"] for one in lives["alerts"]] == ["Watchdog"]
    assert {(one["labels"]["alertname"], one["labels"]["stage"]) for one in paged["alerts"]} == {
        ("NewswireStageDown", stage) for stage in ("collect", "process", "alert")
    }
    (attachment,) = written["attachments"]
    assert written["channel"] == "#newswire-ops"
    assert attachment["title"] == "PAGE: No process does the stage alert (3 in all)"
    assert attachment["title_link"] == "https://git.example/newswire/blob/main/docs/runbooks/NewswireStageDown.md"
    assert "*Do:* Start `newswire collect`, or see in its log why it is not ready." in attachment["text"]
    assert attachment["text"].count("|Runbook> · since ") == 3


def _taken(hooks: Sequence[FakeWebhook]) -> Iterable[Taken]:
    deadline = time.monotonic() + 60
    while not all(hook.taken for hook in hooks):
        assert time.monotonic() < deadline, "nobody was told within a minute"
        time.sleep(0.2)
    return [hook.taken[0] for hook in hooks]
