"""A server that takes webhooks on loopback: it keeps what it was sent, and answers what it is told to."""

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from pydantic import SecretStr


@dataclass(frozen=True)
class Taken:
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Says:
    """An answer, or what is done in its place: `then` is `reset` or `silence`."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    then: str = ""


class FakeWebhook:
    """Each request takes the next of `says`; 200 and `ok` when none is left."""

    def __init__(self, says: Iterable[Says] = ()) -> None:
        self.says = deque(says)
        self.taken: list[Taken] = []
        self._released = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                fake.taken.append(Taken(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                says = fake.says.popleft() if fake.says else Says()
                if says.then == "silence":
                    fake._released.wait(20)
                if says.then:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    return
                self.send_response(says.status)
                for name, value in says.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(says.body)))
                self.end_headers()
                self.wfile.write(says.body)

            def do_GET(self) -> None:
                fake.taken.append(Taken(self.path, {}, b"GET"))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Say nothing of connections that were broken on purpose."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hooks/T0/secret-path"

    @property
    def url(self) -> SecretStr:
        return SecretStr(self.address)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
