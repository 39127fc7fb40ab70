"""The wire of the fake Slack: HTTP requests in, answers out, and the ways in which networks fail."""

import json
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from tests.fake_slack import FakeSlack

WRITES = ("chat.postMessage", "chat.update")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is the point of half of the faults."""


def handler_for(slack: "FakeSlack") -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the signature of the standard library
            """Say nothing."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() + slack.ahead_s if timestamp is None else timestamp)

        def _serve(self) -> None:
            method = urlsplit(self.path).path.rsplit("/", 1)[-1]
            asked = self._asked()
            if asked is None:
                self.close_connection = True
                return
            fault, _, value = slack.next_fault(method).partition(":")
            accepts = fault == "ok" or fault.startswith("accept")
            pause_s = slack.slow_s / 2 if method in WRITES else 0.0
            slack.released.wait(pause_s)
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or str(asked.get("token", ""))
            body = slack.answer(method, asked, token) if accepts else {}
            slack.released.wait(pause_s)
            match fault:
                case "ok":
                    allowed = {"X-OAuth-Scopes": ",".join(sorted(slack.scopes))} if body.get("ok") else {}
                    self._json(200, body, allowed)
                case "accept_then_500" | "http_500" | "http_503":
                    self._send(int(fault[-3:]), "text/html", b"<html>upstream</html>")
                case "html" | "accept_then_html":
                    self._send(200, "text/html", b"<html>Please sign in to this network</html>")
                case "rate_limited":
                    self._json(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": value or "1"})
                case "error" | "accept_then_error":
                    self._json(200, {"ok": False, "error": value})
                case "accept_then_silence" | "silence":
                    slack.released.wait(30)
                    self.close_connection = True
                case "accept_drip":
                    self._drip(json.dumps(body).encode())
                case "accept_then_reset" | "reset":
                    self._reset()
                case _:
                    raise AssertionError(fault)

        def _asked(self) -> dict[str, Any] | None:
            """Return what is asked; None where the client was killed before all of it was said."""
            asked: dict[str, Any] = dict(parse_qsl(urlsplit(self.path).query))
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            if len(raw) < length:
                return None
            if "json" in (self.headers.get("Content-Type") or ""):
                given: dict[str, Any] = json.loads(raw or b"{}")
                return asked | given
            form: dict[str, Any] = dict(parse_qsl(raw.decode()))
            for name in ("blocks", "attachments", "metadata"):
                if name in form:
                    form[name] = json.loads(form[name])
            return asked | form

        def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            self._send(status, "application/json; charset=utf-8", json.dumps(body).encode(), headers)

        def _send(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _drip(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if slack.released.wait(0.5):
                    return

        def _reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

    return Handler
