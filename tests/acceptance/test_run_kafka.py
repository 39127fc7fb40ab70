"""`make run-kafka`: five processes over a real Kafka and PostgreSQL, alerts on the terminal, and nothing left behind."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from kafka import KafkaConsumer, TopicPartition

from tests.acceptance.world import ROOT
from tests.servers.kafka import KafkaCluster
from tests.servers.postgres import PostgresServer

pytestmark = [pytest.mark.acceptance, pytest.mark.servers, pytest.mark.timeout(240)]


def start(folder: Path, *arguments: str, path: str = os.environ["PATH"]) -> "subprocess.Popen[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSWIRE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.servers.run_kafka", *arguments],
        env={**kept, "PYTHONPATH": str(ROOT), "PATH": path, "COLUMNS": "200", "NEWSWIRE_SLACK_TOKEN": "xoxb-never-used"},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read(servers: str, topic: str) -> list[bytes]:
    """Return the topic's values, as any client of Kafka reads them."""
    consumer = KafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        consumer.assign([TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)])
        ends = consumer.end_offsets(consumer.assignment())
        values: list[bytes] = []
        while any(consumer.position(at) < end for at, end in ends.items()):
            for records in consumer.poll(timeout_ms=500).values():
                values += [record.value for record in records]
        return values
    finally:
        consumer.close()


@pytest.mark.usefixtures("kafka", "postgres")  # so that it is skipped where they cannot be started
def test_alerts_travel_through_kafka_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    shown = ""
    running = start(tmp_path)
    try:
        assert running.stdout is not None
        for line in running.stdout:
            shown += line
            if "Ctrl-C ends it" in line:
                break
        assert "Ctrl-C ends it" in shown, (shown, running.communicate())
        children = psutil.Process(running.pid).children(recursive=True)
        servers = re.search(r"^Kafka +(\S+)", shown, re.MULTILINE)
        database = re.search(r"^PostgreSQL +\S+@127\.0\.0\.1:(\d+)/", shown, re.MULTILINE)
        assert servers is not None
        assert database is not None

        for words in ("Pakistan, US agree", "gaming industry", "partner US"):
            assert words in shown
        items, alerts = (list(map(json.loads, read(servers[1], topic))) for topic in ("news.items", "news.alerts"))
        assert {"record", "schema", "title", "url"} <= items[0].keys()
        assert len({item["item_id"] for item in items}) == 105
        assert {alert["record"] for alert in alerts} == {"decision", "delivery"}
        [consumer] = re.findall(r"^ +(java .*)$", shown, re.MULTILINE)
        by_hand = subprocess.run(
            [*shlex.split(consumer), "--max-messages", "1", "--timeout-ms", "30000"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert json.loads(by_hand.stdout.splitlines()[0])["record"] in {"decision", "delivery"}
        logs = {path.name for path in (tmp_path / "var" / "run-kafka").glob("*.log")}
        assert logs == {"collect.log", "process-1.log", "process-2.log", "alert-1.log", "alert-2.log"}

        running.send_signal(signal.SIGINT)
        rest, complaints = running.communicate(timeout=60)
    finally:
        if running.poll() is None:  # the test has failed
            running.terminate()
            running.communicate(timeout=60)
    assert running.returncode == 0, complaints
    assert complaints == ""
    assert "nothing is left running" in rest
    assert len(children) >= 6
    assert not [child for child in children if child.is_running()]
    for port in (int(servers[1].rpartition(":")[2]), int(database[1])):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)


def test_it_ends_by_itself_when_everything_was_told(tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer) -> None:
    del kafka, postgres  # as above
    said, complaints = (running := start(tmp_path, "--until-idle")).communicate(timeout=200)
    assert running.returncode == 0, complaints
    assert "Records on Kafka: news.items 105, news.reports 210, news.alerts" in said


def test_what_is_missing_is_said_with_its_package(tmp_path: Path) -> None:
    said, complaints = (running := start(tmp_path, path=str(tmp_path))).communicate(timeout=50)
    assert running.returncode == 2
    assert said == ""
    assert "apt-get install openjdk-17-jre-headless maven" in complaints
    assert "Traceback" not in complaints
