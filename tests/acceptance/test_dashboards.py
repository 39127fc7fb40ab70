"""Every expression of every dashboard and every rule, asked of a real Prometheus that scraped a run in which some of everything happened."""

import math
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import yaml

from tests.acceptance.world import ROOT, Web, World
from tests.fake_slack import FakeSlack
from tests.measured import Say
from tests.servers.fixtures import required
from tests.servers.prometheus import Prometheus, Sample
from tests.watched_world import FAULTS, TROUBLES, Watched, watched
from tools.dashboards import dashboards

pytestmark = [pytest.mark.acceptance, pytest.mark.servers, pytest.mark.timeout(240)]

STAGES = {"embedded": [["run"]], "servers": [["collect"], ["process"], ["alert"]]}
RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml"))
AS_GRAFANA = {"$__rate_interval": "1m", "$__range": "1h", "$instance": ".*", "$country": ".*", "$receiver": ".*", "$watchlist": ".*"}
"""A scrape every 15 seconds makes a rate's interval of a minute; all of everything is chosen."""

MAY_BE_EMPTY = {
    "Which alarms fire or are about to?": "where all is well, there is none",
    "Children of the jail that were killed, a minute": "no page hangs",
    "Pages that gave no text, a minute": "every page has one",
    "Dead letters in the last hour": "nothing was given up",
    "Steps of workers that raised, in the last hour": "store and bus are there",
    "Digests an hour": "none is due",
    "Notices to operators, an hour": "no ops channel is named",
    "Rows that were kept long enough, an hour": "nothing is old",
}
"""What need not happen: these say so in words where it did not."""
HAPPENED = (
    'sum(newswire_collectors_polls_total{outcome="failed"})',
    'sum(newswire_processors_pages_total{outcome="reported"}) > 5',
    'sum(newswire_alerting_reports_total{outcome="joined"})',
    'sum(newswire_alerting_reports_total{outcome="held"}) > 5',
    "sum(newswire_alerting_gathered_total)",
    'sum(newswire_alerting_sends_total{outcome="sent"}) > 5',
    'sum(newswire_alerting_sends_total{outcome="in_doubt"})',
    'sum(newswire_alerting_sends_total{outcome="rate_limited"})',
    "sum(newswire_alerting_alerts_total)",
    "sum(newswire_alerting_held_total)",
    "newswire_published_to_seen_seconds_count",
    "sum(newswire_alerting_receiver_refusing)",
)


def as_grafana(expression: str) -> str:
    for name, value in AS_GRAFANA.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def rules() -> Iterator[tuple[str, str]]:
    for path in RULES:
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            for rule in group["rules"]:
                yield rule.get("record") or rule["alert"], rule["expr"]


def in_words(samples: list[Sample], legend: str, unit: str) -> str:
    shown = []
    for sample in samples[:4]:
        name = legend
        for label in re.findall(r"{{(\w+)}}", legend):
            name = name.replace(f"{{{{{label}}}}}", sample.labels.get(label, ""))
        name = name or "/".join(sample.labels.values())
        value = "none ended" if math.isnan(sample.value) else f"{sample.value:.4g}"
        shown.append(f"{name} {value}".strip())
    return ", ".join(shown) + (f" … {len(samples)} series" if len(samples) > 4 else "") + f" ({unit})"


def every_rule(prometheus: Prometheus) -> list[dict[str, Any]]:
    groups = httpx2.get(f"{prometheus.url}/api/v1/rules", trust_env=False).json()["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def look_at_panels(running: Watched, say: Say) -> list[str]:
    """Print every panel with its last values, and return those that are empty."""
    empty = []
    for dashboard in dashboards():
        for panel in dashboard.panels:
            for query in panel.queries:
                samples = running.prometheus.query(as_grafana(query.expression))
                say(f"{dashboard.title} | {panel.title} | {in_words(samples, query.legend, panel.unit)}")
                if not samples and not (panel.no_value and panel.title in MAY_BE_EMPTY):
                    empty.append(f"{dashboard.title} | {panel.title} | {query.expression}")
        for annotation in dashboard.annotations:
            running.prometheus.query(as_grafana(annotation.expression))
        for variable in dashboard.variables:
            if found := re.fullmatch(r"label_values\((\w+), (\w+)\)", variable.query):
                values = {sample.labels.get(found[2], "") for sample in running.prometheus.query(found[1])}
                assert values - {""}, variable
    return empty


def test_every_expression_has_an_answer(world: World, web: Web, request: pytest.FixtureRequest, say: Say) -> None:
    pair = "servers" if "NEWSWIRE_BUS" in world.environment else "embedded"
    with (
        FakeSlack(faults=FAULTS, archived=("archived",)) as slack,
        required(watched(world, web, slack, STAGES[pair], rules=RULES, troubles=TROUBLES)) as running,
    ):
        began = time.monotonic()
        running.wait_for("sum(newswire_collectors_polls_total)")
        say(f"first poll after {time.monotonic() - began:.0f} s")
        for _ in range(4):
            running.publish()
            time.sleep(2)
        running.wait_for(*HAPPENED)
        say(f"all happened in {time.monotonic() - began:.0f} s")
        time.sleep(3)  # what happened last is scraped twice, as a rate wants it, and the rules have seen it
        empty = look_at_panels(running, say)
        assert not empty, "\n".join(empty)

        exposed = set(re.findall(r"^(\w+?)(?:{| )", running.exposed(), re.MULTILINE))
        recorded = {name for name, _ in rules()}
        written = [query.expression for dashboard in dashboards() for panel in dashboard.panels for query in panel.queries]
        for expression in [*written, *(expression for _, expression in rules())]:
            named = set(re.findall(r"\b(?:newswire|process)[\w:]+", re.sub(r'"[^"]*"', '""', expression)))
            assert named - exposed - recorded <= NEVER_SET.keys(), expression

        unheard = {
            selector
            for _, expression in rules()
            for selector in re.findall(r"\b((?:newswire|process)[\w:]+(?:{[^}]*})?|up{[^}]*})", expression)
            if not running.prometheus.query(selector)
        }
        assert {selector.partition("{")[0] for selector in unheard} <= SELECTS_NOTHING.keys(), unheard
        assert [rule for rule in every_rule(running.prometheus) if rule["health"] != "ok"] == []


NEVER_SET = {
    "newswire_backup_last_success_timestamp_seconds": "nobody made a backup",
    "newswire_bus_bytes": "Kafka's size is not ours to measure",
}
SELECTS_NOTHING = {
    "newswire_backup_last_success_timestamp_seconds": "nobody made a backup",
    "newswire:stage_down": "every stage is up",
    "newswire:no_active_alerter": "one is active",
    "newswire:dependency_away": "bus and store are there",
    "newswire:dead_letters:increase1h": "there were none an hour ago, nor is anything an hour old",
}
