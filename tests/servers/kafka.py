"""A real Kafka for tests and for `make run-kafka`: one broker or three, on loopback, from jars that Maven fetches once."""

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kafka import KafkaAdminClient

from tests.servers.processes import ServerUnavailable, cache_folder, free_ports, tail
from tests.servers.proxy import Proxy

KAFKA_VERSION: Final = "4.3.1"
PASSWORD: Final = "right-password"  # of the user `newswire`, on the two SASL listeners
QUICK_START: Final = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # for tests: a broker is up in half the time
FULL_SPEED: Final = ("-Xmx1g",)  # for figures

_TEMPLATES: Final = Path(__file__).with_name("kafka_files")
_START_S: Final = 60.0
_MISSING: Final = "Kafka needs {}, which is not installed. On Debian: apt-get install openjdk-17-jre-headless maven"


@dataclass
class Broker:
    """One broker process and where it listens. `proxy` stands before its PROXIED listener."""

    node: int
    folder: Path
    ports: dict[str, int]
    proxy: Proxy
    java: Sequence[str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def log(self) -> Path:
        return self.folder / "broker.log"

    def start(self) -> None:
        """Start the process; it is ready when the cluster says so."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [_java(), *self.java, "-cp", f"{jars()}/*", "kafka.Kafka", str(self.properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "LOG_DIR": str(self.folder)},
                process_group=0,  # Ctrl-C is for whoever started it, which then stops it in order
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End it in order; killed where that takes too long."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Let it hang: connections stay open and nothing is answered."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


class KafkaCluster:
    """Brokers that know each other."""

    def __init__(self, brokers: Sequence[Broker], certificate: Path | None) -> None:
        self.brokers = brokers
        self.certificate = certificate  # what a client of SASL_SSL must trust, where the cluster is secured

    @property
    def servers(self) -> str:
        """What a client is given: HOST:PORT, comma-separated."""
        return self._servers("plain")

    @property
    def proxied_servers(self) -> str:
        """The same brokers through their proxies."""
        return ",".join(f"127.0.0.1:{broker.proxy.port}" for broker in self.brokers)

    @property
    def sasl_servers(self) -> str:
        return self._servers("sasl")

    @property
    def sasl_ssl_servers(self) -> str:
        return self._servers("sasl_ssl")

    def restart(self, node: int) -> None:
        """Start a broker that was killed or stopped, and return when the cluster is whole again."""
        self.brokers[node].start()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return when every running broker is registered and not fenced.

        Raises:
            ServerUnavailable: with the end of its log, where one has ended or takes too long.

        """
        until = time.monotonic() + _START_S
        running = [broker for broker in self.brokers if broker.process is not None]
        while why := _missing(running):
            for broker in running:
                assert broker.process is not None
                if broker.process.poll() is not None:
                    raise ServerUnavailable(f"broker {broker.node} ended with {broker.process.returncode}:\n{tail(broker.log)}")
            if time.monotonic() > until:
                raise ServerUnavailable(f"Kafka was not ready after {_START_S:.0f} s: {why}\n{tail(running[0].log)}")
            time.sleep(0.1)

    def _servers(self, listener: str) -> str:
        return ",".join(f"127.0.0.1:{broker.ports[listener]}" for broker in self.brokers)


@contextmanager
def kafka_cluster(
    *, brokers: int = 1, secured: bool = False, folder: Path | None = None, java: Sequence[str] = QUICK_START, properties: str = ""
) -> Iterator[KafkaCluster]:
    """Yield a cluster of so many brokers, ready; stopped and forgotten at the end. `folder` keeps its data where one is named.

    A `secured` one has listeners with SASL and TLS, too. `properties` are appended to those of every broker.

    Raises:
        ServerUnavailable: Java or Maven is missing, the jars cannot be fetched, or a broker does not start.

    """
    jars()
    with ExitStack() as stack:
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="newswire-kafka-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        cluster = _lay_out(folder, brokers, stack, secured=secured, java=java, properties=properties)
        for broker in cluster.brokers:
            broker.start()
        cluster.wait_until_ready()
        yield cluster


def jars() -> Path:
    """Return the folder of Kafka's jars, fetched where they are not there yet.

    Raises:
        ServerUnavailable: Java or Maven is missing, or they cannot be fetched.

    """
    _java()
    folder = cache_folder() / f"kafka-{KAFKA_VERSION}-{_fingerprint()}"
    if not folder.is_dir():
        maven = shutil.which("mvn")
        if maven is None:
            raise ServerUnavailable(_MISSING.format("Maven"))
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            fetched = Path(fresh) / "jars"
            command = [maven, "-q", "-B", "-f", str(_TEMPLATES / "pom.xml"), "dependency:copy-dependencies", f"-DoutputDirectory={fetched}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
            if done.returncode != 0:
                said = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
                raise ServerUnavailable(f"Maven could not fetch Kafka's jars:\n{said}")
            if not folder.is_dir():  # somebody else may have been quicker
                fetched.rename(folder)
    return folder


def _fingerprint() -> str:
    return hashlib.sha256((_TEMPLATES / "pom.xml").read_bytes()).hexdigest()[:8]


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise ServerUnavailable(_MISSING.format("Java"))
    return java


def _lay_out(folder: Path, count: int, stack: ExitStack, *, secured: bool, java: Sequence[str], properties: str) -> KafkaCluster:
    """Return the brokers with their folders formatted, none of them running."""
    keystore, certificate = _make_certificate(folder) if secured else (None, None)
    listeners = ("plain", "controller", "proxied", "sasl", "sasl_ssl")
    free = iter(free_ports(count * len(listeners)))
    ports = [{name: next(free) for name in listeners} for _ in range(count)]
    voters = ",".join(f"{node + 1}@127.0.0.1:{of['controller']}" for node, of in enumerate(ports))
    template = (_TEMPLATES / "server.properties").read_text()
    scram: list[str] = []
    if secured:
        template += (_TEMPLATES / "secured.properties").read_text()
        scram = ["--add-scram", f"SCRAM-SHA-256=[name=newswire,password={PASSWORD}]"]
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    brokers = []
    for node, of in enumerate(ports):
        proxy = stack.enter_context(Proxy(("127.0.0.1", of["proxied"])))
        broker = Broker(node + 1, folder / f"broker-{node + 1}", of, proxy, java)
        stack.callback(broker.stop)
        broker.folder.mkdir(parents=True, exist_ok=True)
        broker.properties.write_text(
            template.format(
                **of,
                node=broker.node,
                voters=voters,
                proxy=proxy.port,
                sasl_listeners=f",SASL_PLAINTEXT://127.0.0.1:{of['sasl']},SASL_SSL://127.0.0.1:{of['sasl_ssl']}" if secured else "",
                sasl_protocols=",SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL" if secured else "",
                password=PASSWORD,
                keystore=keystore,
                data=broker.folder / "data",
                replication=min(3, count),
            )
            + properties
        )
        # With a blank in place of the sign, an id that begins with a hyphen, as one in 64 does, is taken for an option.
        formatted = ["format", "--ignore-formatted", f"--cluster-id={cluster_id}", "-c", broker.properties, *scram]
        _run(_java(), *QUICK_START, "-cp", f"{jars()}/*", "kafka.tools.StorageTool", *formatted)
        brokers.append(broker)
    return KafkaCluster(brokers, certificate)


def _make_certificate(folder: Path) -> tuple[Path, Path]:
    """Return a key store for 127.0.0.1 and its certificate as PEM."""
    folder.mkdir(parents=True, exist_ok=True)
    keystore, certificate = folder / "broker.p12", folder / "broker.pem"
    keytool = str(Path(_java()).resolve().with_name("keytool"))
    common = ["-keystore", keystore, "-storepass", PASSWORD, "-alias", "broker"]
    _run(keytool, "-genkeypair", *common, "-keyalg", "EC", "-storetype", "PKCS12", "-dname", "CN=127.0.0.1", "-ext", "SAN=IP:127.0.0.1")
    _run(keytool, "-exportcert", *common, "-rfc", "-file", certificate)
    return keystore, certificate


def _run(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise ServerUnavailable(f"{Path(str(command[0])).name} failed:\n{done.stdout}\n{done.stderr}")


def _missing(brokers: Sequence[Broker]) -> str:
    """Return why the cluster is not ready: a broker that does not answer, or does not see all of them; empty where it is."""
    wanted = {broker.node for broker in brokers}
    for broker in brokers:
        try:
            admin = KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{broker.ports['plain']}", bootstrap_timeout_ms=2_000)
            try:
                known = {one["broker_id"] for one in admin.describe_cluster()["brokers"] if not one.get("is_fenced")}
            finally:
                admin.close()
        except Exception as error:  # noqa: BLE001 -- a broker half up makes kafka-python raise whatever there is; the deadline decides
            return f"broker {broker.node}: {error!r}"
        if not wanted <= known:
            return f"broker {broker.node} sees {sorted(known)} of {sorted(wanted)}"
    return ""


def main() -> None:
    """Run one broker until the input ends: `python -m tests.servers.kafka [FOLDER]` prints its address."""
    with kafka_cluster(folder=Path(sys.argv[1]) if len(sys.argv) > 1 else None) as cluster:
        print(cluster.servers, flush=True)  # noqa: T201 -- it is what was asked for
        sys.stdin.read()


if __name__ == "__main__":
    main()
