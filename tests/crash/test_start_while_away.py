"""Commands that meet a server which is away, or does not let them in: what goes on waits, what is short says why and ends."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.engine import make_url

from tests.acceptance.world import World
from tests.crash.pipeline import Process, running, wait_for
from tests.measured import Say
from tests.servers.fixtures import required
from tests.servers.kafka import PASSWORD, KafkaCluster, kafka_cluster
from tests.servers.postgres import PostgresServer
from tests.servers.processes import free_ports
from tests.servers.proxy import Mode, Proxy

pytestmark = [pytest.mark.crash, pytest.mark.servers, pytest.mark.timeout(240)]

CANARY = "a-password-of-nobody"


def waits_for(one: Process, server: str) -> bool:
    return any(line["event"] == "waiting for a server" and line["server"] == server for line in one.lines())


def look(one: Process) -> tuple[bool, bool]:
    """Return whether it says that it is healthy, and ready."""
    sample = one.samples[-1]
    return sample.healthy, sample.ready


def test_what_goes_on_waits_for_its_servers_and_ends_when_told(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer, migrated: Callable[[], str], say: Say
) -> None:
    url = migrated()
    world = World(tmp_path)
    world.on_servers(kafka, url)
    world.sources("http://127.0.0.1:9/feed")
    with Proxy(("127.0.0.1", postgres.port)) as to_postgres, Proxy(("127.0.0.1", kafka.brokers[0].ports["plain"])) as to_kafka:
        world.environment |= {
            "NEWSWIRE_STORE": make_url(url).set(port=to_postgres.port).render_as_string(hide_password=False),
            "NEWSWIRE_BUS": f"kafka://127.0.0.1:{to_kafka.port}",
            "NEWSWIRE_KAFKA_REQUEST_TIMEOUT_MS": "2000",
        }
        to_postgres.set(Mode.REFUSE)
        to_kafka.set(Mode.REFUSE)
        with running(world, "run", "collect", "process", "alert") as processes:
            run, collect, *others = processes
            wait_for(lambda: all(waits_for(one, "store") and one.samples for one in processes), "all wait for the store", limit_s=60)
            assert [look(one) for one in processes] == [(True, False)] * 4
            assert run.end() == 0  # told to end while it waits for the store
            time.sleep(5)
            to_postgres.set(Mode.PASS)
            wait_for(lambda: all(waits_for(one, "bus") for one in [collect, *others]), "the others wait for the bus", limit_s=60)
            assert collect.end() == 0  # and for the bus
            time.sleep(2)
            assert [look(one) for one in others] == [(True, False)] * 2
            to_kafka.set(Mode.PASS)
            ready_s = wait_for(lambda: all(one.ready() for one in others), "ready", limit_s=60)
    for one in processes:
        said = [line for line in one.lines() if line.get("level") == "warning"]
        assert 1 <= len(said) <= 12, said
        assert all(line["error"] and line["right"].startswith("NEWSWIRE_") for line in said if line["event"] == "waiting for a server")
        assert "Traceback" not in one.log.read_text()
    [line] = [line for line in others[0].lines() if line["event"] == "waiting for a server" and line["server"] == "store"][:1]
    say(f"started without servers: healthy, not ready, SIGTERM ends it with 0; ready {ready_s:.1f} s after both are there")
    say(f"it says: {line['event']}: {line['error']}; look at {line['right']}")


@pytest.mark.parametrize("arguments", [("run", "--until-idle"), ("alerts",), ("dead", "list"), ("topics", "check")])
def test_what_is_short_says_where_nobody_answered_and_ends_with_1(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    world = World(tmp_path)
    ports = free_ports(2)
    world.environment |= {
        "NEWSWIRE_STORE": f"postgresql+psycopg://newswire:{CANARY}@127.0.0.1:{ports[0]}/news",
        "NEWSWIRE_BUS": f"kafka://127.0.0.1:{ports[1]}",
        "NEWSWIRE_KAFKA_REQUEST_TIMEOUT_MS": "1000",
    }
    port = ports[1] if arguments[0] in {"dead", "topics"} else ports[0]
    ended = world.run(*arguments, status=1)
    [said] = [line for line in ended.stderr.splitlines() if line.startswith("newswire: ")]
    assert f"127.0.0.1:{port}" in said or f'"127.0.0.1", port {port}' in said, said
    assert "refused" in said.lower()
    assert "Traceback" not in ended.stderr
    assert CANARY not in ended.stderr


@pytest.fixture(scope="module")
def secured() -> Iterator[KafkaCluster]:
    with required(kafka_cluster(secured=True)) as cluster:
        yield cluster


def refused_by(world: World, cluster: KafkaCluster, protocol: str, mechanism: str) -> int:
    """Return the status with which a wrong password ends a command; the right one did what was asked."""
    world.environment |= {
        "NEWSWIRE_BUS": f"kafka://{cluster.sasl_ssl_servers if protocol == 'SASL_SSL' else cluster.sasl_servers}",
        "NEWSWIRE_TOPIC_PREFIX": f"{protocol}.{mechanism}.",
        "NEWSWIRE_KAFKA_SECURITY_PROTOCOL": protocol,
        "NEWSWIRE_KAFKA_SASL_MECHANISM": mechanism,
        "NEWSWIRE_KAFKA_SASL_PLAIN_USERNAME": "newswire",
        "NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD": PASSWORD,
        "NEWSWIRE_KAFKA_REQUEST_TIMEOUT_MS": "5000",
    }
    if protocol == "SASL_SSL":
        world.environment["NEWSWIRE_KAFKA_SSL_CAFILE"] = str(cluster.certificate)
    world.run("topics", "create")
    wrong = world.run("run", "--until-idle", status=None, NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD=CANARY)
    assert "refuses name or password" in wrong.stderr
    assert world.environment["NEWSWIRE_BUS"].removeprefix("kafka://") in wrong.stderr
    assert "NEWSWIRE_KAFKA_SASL_PLAIN_USERNAME and …_PASSWORD" in wrong.stderr or wrong.returncode == 1
    assert CANARY not in wrong.stderr
    assert "Traceback" not in wrong.stderr
    return wrong.returncode


def test_a_wrong_password_of_kafka_is_said_and_the_right_one_works(tmp_path: Path, secured: KafkaCluster, say: Say) -> None:
    ways = [(protocol, mechanism) for protocol in ("SASL_PLAINTEXT", "SASL_SSL") for mechanism in ("PLAIN", "SCRAM-SHA-256")]
    with ThreadPoolExecutor(len(ways)) as threads:
        ends = [one.result() for one in [threads.submit(refused_by, World(tmp_path / "-".join(way)), secured, *way) for way in ways]]
    # A broker hangs up together with its refusal; where kafka-python loses that in each of its tries, the end is 1, with the hint.
    assert set(ends) <= {1, 2}
    said = ", ".join(f"{protocol} {mechanism} {status}" for (protocol, mechanism), status in zip(ways, ends, strict=True))
    say(f"a wrong SASL password ends with status: {said}")


def test_a_broker_whose_certificate_is_not_trusted_is_said(tmp_path: Path, secured: KafkaCluster) -> None:
    world = World(tmp_path)
    world.environment |= {"NEWSWIRE_BUS": f"kafka://{secured.sasl_ssl_servers}", "NEWSWIRE_KAFKA_SECURITY_PROTOCOL": "SSL"}
    world.environment["NEWSWIRE_KAFKA_REQUEST_TIMEOUT_MS"] = "2000"
    refused = world.run("run", status=2)
    assert f"connecting to Kafka at {secured.sasl_ssl_servers}: the broker's certificate is not trusted" in refused.stderr
    assert "NEWSWIRE_KAFKA_SSL_CAFILE must be the file of the authority" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda url: url.set(username="locked", password=CANARY),
            'password authentication failed for user "locked"; the user and password of NEWSWIRE_STORE must be right',
        ),
        (lambda url: url.set(username="nobody"), 'role "nobody" does not exist; NEWSWIRE_STORE must name a user of that server'),
        (lambda url: url.set(database="nowhere"), 'database "nowhere" does not exist; NEWSWIRE_STORE must name a database that is there'),
    ],
)
def test_a_postgresql_that_does_not_let_us_in_is_said_and_not_waited_for(
    tmp_path: Path, postgres: PostgresServer, change: Callable[[URL], URL], words: str
) -> None:
    postgres.lock_role("locked", password="right-password")
    url = change(make_url(postgres.url))
    world = World(tmp_path)
    refused = world.run("run", status=2, NEWSWIRE_STORE=url.render_as_string(hide_password=False))
    assert words in refused.stderr
    assert f"@127.0.0.1:{postgres.port}/" in refused.stderr
    assert CANARY not in refused.stderr
    assert "Traceback" not in refused.stderr
