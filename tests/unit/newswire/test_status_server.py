import contextlib
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import structlog

from newswire.errors import ConfigurationError
from newswire.metrics import Metrics
from newswire.status_server import StatusServer


class Health:
    def __init__(self) -> None:
        self.healthy = True
        self.ready = False
        self.note = ""
        self.body: bytes | None = Metrics().exposition()

    def metrics(self) -> bytes:
        if self.body is None:
            raise ValueError("told to fail")
        return self.body


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def server(health: Health) -> Iterator[StatusServer]:
    running = StatusServer(
        "127.0.0.1",
        0,
        metrics=health.metrics,
        healthy=lambda: health.healthy,
        ready=lambda: health.ready,
        note=lambda: health.note,
        log=structlog.wrap_logger(structlog.testing.CapturingLogger(), wrapper_class=structlog.make_filtering_bound_logger(0)),
    )
    yield running
    running.close()


def get(server: StatusServer, path: str, method: str = "GET") -> tuple[int, str, str]:
    host, port = server.address
    request = urllib.request.Request(f"http://{host}:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def raw(server: StatusServer, request: bytes) -> socket.socket:
    connection = socket.create_connection(server.address, timeout=10)
    connection.sendall(request)
    return connection


def test_metrics_are_served_as_prometheus_reads_them(server: StatusServer) -> None:
    status, kind, body = get(server, "/metrics?name[]=x")
    assert status == 200
    assert kind.startswith("text/plain; version=0.0.4")
    assert "newswire_build_info{" in body
    assert body.endswith("\n")


def test_health_and_readiness_follow_what_they_are_told(server: StatusServer, health: Health) -> None:
    assert get(server, "/healthz")[0] == 200
    assert get(server, "/readyz")[0] == 503
    health.ready, health.healthy = True, False
    assert get(server, "/readyz")[0] == 200
    assert get(server, "/healthz")[0] == 503


def test_a_note_stands_under_the_readiness_and_changes_nothing_about_it(server: StatusServer, health: Health) -> None:
    health.ready = True
    assert get(server, "/readyz")[2] == "ready\n"
    health.note = "configuration: 2 faults"
    assert get(server, "/readyz")[::2] == (200, "ready\nconfiguration: 2 faults\n")
    health.ready = False
    assert get(server, "/readyz")[::2] == (503, "not ready\nconfiguration: 2 faults\n")


def test_other_paths_and_methods_are_refused(server: StatusServer) -> None:
    assert get(server, "/../etc/passwd") == (404, "text/plain; charset=utf-8", "/metrics, /healthz and /readyz are here\n")
    assert get(server, "/metrics", "POST")[0] == 405
    assert get(server, "/healthz", "HEAD") == (200, "text/plain; charset=utf-8", "")


def test_a_page_that_fails_ends_in_500_and_the_next_is_served(server: StatusServer, health: Health) -> None:
    health.body = None
    assert get(server, "/metrics")[0] == 500
    health.body = b"x 1\n"
    assert get(server, "/metrics")[2] == "x 1\n"


def test_a_scraper_that_reads_a_byte_at_a_time_holds_up_nobody(server: StatusServer, health: Health) -> None:
    health.body = b"x 1\n" * 5_000_000  # more than the socket's buffers take
    slow = raw(server, b"GET /metrics HTTP/1.1\r\n\r\n")
    slow.recv(1)
    health.body = b"y 1\n"
    assert get(server, "/metrics")[2] == "y 1\n"
    slow.recv(1)
    assert get(server, "/healthz")[0] == 200
    slow.close()


def test_clients_that_say_nothing_or_nonsense_hold_up_nobody(server: StatusServer) -> None:
    silent = raw(server, b"GET /met")
    endless = raw(server, b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000)
    nonsense = raw(server, b"\x16\x03\x01\r\n\r\n")
    assert nonsense.recv(12) == b"HTTP/1.1 405"
    assert get(server, "/healthz")[0] == 200
    for connection in (silent, endless, nonsense):
        connection.close()


def test_who_holds_all_connections_and_says_nothing_keeps_no_probe_out(server: StatusServer) -> None:
    held = [raw(server, b"GET") for _ in range(100)]
    assert get(server, "/healthz")[0] == 200
    for connection in held[:68]:  # the oldest made room, each for one more
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    held[-1].sendall(b" /healthz HTTP/1.1\r\n\r\n")
    assert held[-1].recv(12) == b"HTTP/1.1 200"
    for connection in held:
        connection.close()


def test_an_address_in_use_is_one_clear_line(server: StatusServer) -> None:
    host, port = server.address
    with pytest.raises(ConfigurationError) as caught:
        StatusServer(host, port, metrics=lambda: b"", healthy=lambda: True, ready=lambda: True, log=structlog.get_logger())
    assert str(caught.value) == f"environment: NEWSWIRE_HTTP_ADDRESS: {host}:{port} is in use by another program; set another port"


def test_it_can_be_closed_twice_and_listens_no_more(server: StatusServer) -> None:
    server.close()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(server.address, timeout=10)
