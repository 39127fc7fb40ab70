"""A world for real processes: a web of feeds and pages, a configuration folder of its own, and `newswire` in child processes."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

from newswire.bus import Bus
from newswire.cli.compose import open_bus, open_topics
from newswire.clock import SystemClock
from newswire.settings import from_environment
from newswire.store import Store, open_store
from tests.canaries import CANARY_TOKEN
from tests.servers.kafka import KafkaCluster

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    title: str
    summary: str
    link: str
    published_at: datetime | None = None
    content: str = ""  # the whole article, where the feed carries it


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # several processes connect at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that was killed, or told to end, hangs up."""


class Web:
    """An HTTP server on a loopback address; `answers` may be changed while it runs."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.held: tuple[str, ...] = ()  # what is asked for under these paths is answered when they stand here no more
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                while self.path.startswith(web.held):
                    time.sleep(0.1)
                answer = web.answers.get(self.path) or web.answers.get(self.path.partition("?")[0]) or Answer(b"nothing here", status=404)
                etag = answer.headers.get("ETag")
                unchanged = etag is not None and self.headers.get("If-None-Match") == etag
                body = b"" if unchanged else answer.body
                self.send_response(304 if unchanged else answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if not unchanged:
                    self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the standard library's
                pass

        self._server = _Server((address, 0), Handler)
        self.port: int = self._server.server_address[1]
        self.base = f"http://{address}:{self.port}"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.held = ()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def feed(self, path: str, entries: Iterable[Entry], **headers: str) -> str:
        """Serve an RSS feed at `path` and return its address."""
        self.answers[path] = Answer(rss(entries).encode(), "application/rss+xml", headers=headers)
        return self.base + path

    def page(self, path: str, title: str, text: str) -> str:
        """Serve an article page at `path` and return its address."""
        paragraphs = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.split("\n\n"))
        html = (
            f"<html><head><title>{escape(title)}</title></head><body><article><h1>{escape(title)}</h1>{paragraphs}</article></body></html>"
        )
        self.answers[path] = Answer(html.encode())
        return self.base + path


def rss(entries: Iterable[Entry]) -> str:
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>{escape(entry.title)}</title><link>{escape(entry.link)}</link><guid>{escape(entry.link)}</guid>"
        f"<description>{escape(entry.summary)}</description>"
        + (f"<content:encoded>{escape(entry.content)}</content:encoded>" if entry.content else "")
        + f"<pubDate>{format_datetime(entry.published_at or now - timedelta(minutes=5))}</pubDate></item>"
        for entry in entries
    )
    return f'<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>t</title><link>/</link><description>d</description>{items}</channel></rss>'


def wait_until_ready(running: "subprocess.Popen[str]") -> None:
    """Return when every worker of a process has done a step: its signals are its own from then on, and its places are taken."""
    assert running.stderr is not None
    serving = next(line for line in running.stderr if "serving" in line)
    ready = re.findall(r"http://[^\"\s]+/metrics", serving)[0].replace("/metrics", "/readyz")
    for _ in range(300):
        with suppress(urllib.error.HTTPError), urllib.request.urlopen(ready, timeout=5):
            return
        time.sleep(0.1)
    raise AssertionError("never ready")


class World:
    """A folder with configuration and data, and commands run in it as a user would."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = root / "config"
        self.data = root / "var"
        root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ROOT / "config", self.config, ignore=shutil.ignore_patterns("sources"))
        (self.config / "sources").mkdir()
        self.environment: dict[str, str] = {
            "NEWSWIRE_CONFIG": str(self.config),
            "NEWSWIRE_DATA": str(self.data),
            "NEWSWIRE_ALLOW_NETWORKS": "127.0.0.0/8",
            "NEWSWIRE_HOST_SPACING": "0s",
            "NEWSWIRE_POLL_FLOOR": "0s",
            "NEWSWIRE_HTTP_ADDRESS": "127.0.0.1:0",
            "NEWSWIRE_DISK_LOW": "0",  # this machine's disk is no part of the test
        }

    def on_servers(self, kafka: KafkaCluster, store_url: str, *, partitions: int = 4) -> None:
        """Move to a real Kafka, under a prefix of its own, and to this PostgreSQL database; the topics are made."""
        self.environment |= {
            "NEWSWIRE_BUS": f"kafka://{kafka.servers}",
            "NEWSWIRE_STORE": store_url,
            "NEWSWIRE_TOPIC_PREFIX": f"{uuid.uuid4().hex[:8]}.",
            "NEWSWIRE_KAFKA_NUM_PARTITIONS": str(partitions),
            "NEWSWIRE_KAFKA_SESSION_TIMEOUT_MS": "3000",  # a killed member is put out soon
        }
        with open_topics(from_environment(self.environment)) as topics:  # what `newswire topics create` does, without a process for it
            topics.create()

    @contextmanager
    def bus(self) -> Iterator[Bus]:
        """This world's bus, for a look from outside."""
        bus = open_bus(from_environment(self.environment), SystemClock())
        try:
            yield bus
        finally:
            bus.close()

    @contextmanager
    def store(self) -> Iterator[Store]:
        """This world's store, for a look from outside."""
        store = open_store(from_environment(self.environment).store_url)
        try:
            yield store
        finally:
            store.close()

    def allow_ports(self, *ports: int) -> None:
        self.environment["NEWSWIRE_ALLOW_PORTS"] = ",".join(str(port) for port in ports)

    def sources(self, *urls: str, name: str = "test", **fields: str) -> None:
        """Write `config/sources/NAME.yaml` with these feeds."""
        more = "".join(f"    {key}: {value}\n" for key, value in fields.items())
        lines = "".join(f"  - url: {json.dumps(url)}\n{more}" for url in urls)
        (self.config / "sources" / f"{name}.yaml").write_text("sources:\n" + lines, encoding="utf-8")

    def slack(self, url: str, token: str = CANARY_TOKEN) -> None:
        self.environment |= {"NEWSWIRE_SLACK_TOKEN": token, "NEWSWIRE_SLACK_URL": url}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "newswire", *arguments]

    def full_environment(self, **more: str) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("NEWSWIRE_")},
            **self.environment,
            "PYTHONPATH": str(ROOT),
            **more,
        }

    def run(self, *arguments: str, timeout: float = 50, status: int | None = 0, **more: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end; fail with what it printed where its exit status is not `status` (None: any)."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.full_environment(**more),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert CANARY_TOKEN not in done.stdout + done.stderr, f"{arguments} shows the Slack token"
        assert status is None or done.returncode == status, (
            f"{arguments} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        )
        return done

    def start(self, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        """Start one command that goes on."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.full_environment(**more),
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)

    def json_lines(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*arguments, "--json").stdout.splitlines()]
