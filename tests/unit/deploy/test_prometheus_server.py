"""The real Prometheus that other tests ask: what it scrapes, what its rules say, and what is said where it is not there."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
import yaml

from newswire.metrics import Metrics
from newswire.status_server import StatusServer
from tests.servers.fixtures import required
from tests.servers.processes import ServerUnavailable
from tests.servers.prometheus import Prometheus, Sample, program_path, prometheus_server, quicker, quicker_expression

RULES = """
groups:
  - name: newswire
    interval: 1m
    rules:
      - alert: NewswireLate
        expr: max by (topic) (newswire_bus_backlog_oldest_seconds) > 15 * 60 and on () (vector(time()) > 2 * 3600)
        for: 5m
        labels: {severity: page}
        annotations: {summary: "{{ $labels.topic }} waits"}
"""


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it did not come about within 30 s"
        time.sleep(0.1)


@pytest.mark.servers
def test_it_scrapes_a_process_and_its_quicker_rules_fire(tmp_path: Path, metrics: Metrics) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    rules = quicker(tmp_path / "rules.yaml", tmp_path / "quicker.yaml", 600)
    metrics.backlog_age.labels("news.items", "processors").set(60)
    serving = StatusServer("127.0.0.1", 0, metrics=metrics.exposition, healthy=lambda: True, ready=lambda: True, log=structlog.get_logger())
    host, port = serving.address
    try:
        with required(prometheus_server(tmp_path, {"one": f"{host}:{port}", "gone": "127.0.0.1:1"}, rules=[rules])) as prometheus:
            _fires(prometheus)
    finally:
        serving.close()


def _fires(prometheus: Prometheus) -> None:
    _eventually(lambda: prometheus.targets() == {"one": "up", "gone": "down"})
    _eventually(lambda: any(alarm.state == "firing" for alarm in prometheus.alarms()))
    (alarm,) = prometheus.alarms()
    assert (alarm.name, alarm.labels) == ("NewswireLate", {"topic": "news.items", "severity": "page"})
    assert alarm.annotations == {"summary": "news.items waits"}
    assert prometheus.query("max by (group) (newswire_bus_backlog_oldest_seconds)") == [Sample({"group": "processors"}, 60)]
    assert prometheus.query("1 + 1") == [Sample({}, 2)]
    ((labels, points),) = prometheus.series("newswire_bus_backlog_oldest_seconds", 30)
    assert (labels["job"], labels["instance"]) == ("newswire", "one")
    assert {value for _, value in points} == {60}
    with pytest.raises(ValueError, match="parse error"):
        prometheus.query("max by (")


@pytest.mark.servers
def test_a_rule_that_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES.replace("max by", "most by"))
    with required(prometheus_server(tmp_path, {})):
        pass  # there is a Prometheus: so it is the rule
    with pytest.raises(ValueError, match="could not parse expression"):
        prometheus_server(tmp_path, {}, rules=[tmp_path / "rules.yaml"]).__enter__()


def test_a_program_that_is_not_there_is_named_with_its_package() -> None:
    with pytest.raises(ServerUnavailable, match=r"no-such-program was not found\. On Debian: apt-get install prometheus"):
        program_path("no-such-program", "prometheus")


def test_only_durations_are_divided(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    (group,) = yaml.safe_load(quicker(tmp_path / "rules.yaml", tmp_path / "to.yaml", 60).read_text())["groups"]
    (rule,) = group["rules"]
    assert "interval" not in group
    assert rule["for"] == "5000ms"
    assert rule["expr"] == "max by (topic) (newswire_bus_backlog_oldest_seconds) > 15 and on () (vector(time()) > 120)"
    assert rule["labels"] == {"severity": "page"}


@pytest.mark.parametrize(
    ("written", "divided"),
    [
        ("increase(a_total[1h30m]) > 2", "increase(a_total[90000ms]) > 2"),
        ("rate(a_total[5m])", "rate(a_total[5000ms])"),
        ("rate(a_total[30s])", "rate(a_total[5000ms])"),
        ("max_over_time(a[1h:10m])", "max_over_time(a[60000ms:10000ms])"),
        ("a offset 10m", "a offset 10000ms"),
        ('a{le="60"} > 0.5 * 4', 'a{le="60"} > 0.5 * 4'),
        ("1.5 * 3600 < a", "90 < a"),
    ],
)
def test_an_expression_is_divided(written: str, divided: str) -> None:
    assert quicker_expression(written, 60) == divided
