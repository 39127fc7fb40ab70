"""A Slack that speaks the Web API's wire format over HTTP, and fails as Slack and networks do.

It knows `chat.postMessage`, `chat.update`, `conversations.history`, `conversations.list` and `auth.test`, with form or JSON bodies. Faults are
scripted: each write call takes the next one. In a process of its own: `python -m tests.fake_slack --port 9000 --log FILE`, where every
accepted write is one JSON line of FILE.
"""

import argparse
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

WRITES = ("chat.postMessage", "chat.update")
FAULTS = (
    "accept_then_reset",
    "accept_then_silence",
    "accept_then_500",
    "accept_then_html",
    "accept_drip",
    "accept_then_error:internal_error",
    "reset",
    "silence",
    "http_503",
    "html",
    "rate_limited:1",
    "error:fatal_error",
)
"""Twelve ways to fail; `error:CODE` and `rate_limited:SECONDS` take any value, `ok` is none."""


@dataclass
class Posted:
    """One message in a channel, as it stands now, with every version that was accepted."""

    channel: str
    ts: str
    body: dict[str, Any]
    versions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def alert_id(self) -> str | None:
        metadata = self.body.get("metadata") or {}
        found: str | None = metadata.get("event_payload", {}).get("alert_id")
        return found


class FakeSlack:
    """A workspace whose channels are made when they are first named."""

    def __init__(
        self,
        *,
        port: int = 0,
        faults: Iterable[str] = (),
        log: Path | None = None,
        page: int = 100,
        channels: tuple[str, ...] | None = None,
        history_error: str | None = None,
        slow_s: float = 0.0,
    ) -> None:
        self.faults = deque(faults)
        self.page = page
        self.channels = channels  # names that exist; None: any
        self.history_error = history_error
        self.slow_s = slow_s  # a write takes so long: half of it before it counts, half before the answer
        self.posted: list[Posted] = []
        self.calls: list[str] = []
        self.released = threading.Event()  # ends the silences
        self._log = log
        self._lock = threading.Lock()
        self._clock = time.time()
        self._ids = {name: f"C{n + 1:07d}" for n, name in enumerate(channels or ())}
        self._server = _Server(("127.0.0.1", port), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def by_alert(self) -> dict[str | None, list[Posted]]:
        found: dict[str | None, list[Posted]] = {}
        for posted in self.posted:
            found.setdefault(posted.alert_id, []).append(posted)
        return found

    def next_fault(self, method: str) -> str:
        with self._lock:
            self.calls.append(method)
            return self.faults.popleft() if method in WRITES and self.faults else "ok"

    def answer(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Do what the call asks, and return Slack's answer."""
        with self._lock:
            if method == "auth.test":
                return {"ok": True, "team": "Fake", "user": "newswire", "bot_id": "B1"}
            if method == "chat.postMessage":
                return self._post(asked)
            if method == "chat.update":
                return self._update(asked)
            if method == "conversations.history":
                return self._history(asked)
            if method == "conversations.list":
                return {"ok": True, "channels": [{"id": id_, "name": name} for name, id_ in self._ids.items()]}
            return {"ok": False, "error": "unknown_method"}

    def _channel_id(self, named: str) -> str | None:
        if named in self._ids.values():
            return named
        name = named.removeprefix("#")
        if self.channels is not None and name not in self.channels:
            return None
        return self._ids.setdefault(name, f"C{len(self._ids) + 1:07d}")

    def _post(self, asked: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel_id(str(asked.get("channel", "")))
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        if not asked.get("text") and not asked.get("blocks"):
            return {"ok": False, "error": "no_text"}
        self._clock = max(time.time(), self._clock + 0.000_001)
        posted = Posted(channel, f"{self._clock:.6f}", asked, [asked])
        self.posted.append(posted)
        self._write_log("chat.postMessage", posted)
        return {"ok": True, "channel": channel, "ts": posted.ts, "message": {"text": asked.get("text"), "ts": posted.ts}}

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        posted = next((p for p in self.posted if (p.channel, p.ts) == (asked.get("channel"), asked.get("ts"))), None)
        if posted is None:
            return {"ok": False, "error": "message_not_found"}
        posted.body = posted.body | asked
        posted.versions.append(asked)
        self._write_log("chat.update", posted)
        return {"ok": True, "channel": posted.channel, "ts": posted.ts, "text": asked.get("text")}

    def _history(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.history_error:
            return {"ok": False, "error": self.history_error}
        if asked.get("channel") not in self._ids.values():
            return {"ok": False, "error": "channel_not_found"}
        oldest = float(asked.get("oldest") or 0)
        there = [p for p in reversed(self.posted) if p.channel == asked["channel"] and float(p.ts) >= oldest]
        start = int(str(asked.get("cursor") or "0"))
        size = min(self.page, int(asked.get("limit") or self.page))
        messages = []
        for posted in there[start : start + size]:
            said = {"type": "message", "text": posted.body.get("text"), "ts": posted.ts, "bot_id": "B1"}
            if str(asked.get("include_all_metadata")).lower() in {"1", "true"} and posted.body.get("metadata"):
                said["metadata"] = posted.body["metadata"]
            messages.append(said)
        more = start + size < len(there)
        after = {"response_metadata": {"next_cursor": str(start + size)}} if more else {}
        return {"ok": True, "messages": messages, "has_more": more, **after}

    def _write_log(self, method: str, posted: Posted) -> None:
        if self._log is not None:
            line = {"method": method, "channel": posted.channel, "ts": posted.ts, "alert_id": posted.alert_id, "body": posted.versions[-1]}
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is the point of half of the faults."""


def _handler_for(slack: FakeSlack) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the signature of the standard library
            """Say nothing."""

        def _serve(self) -> None:
            method = urlsplit(self.path).path.rsplit("/", 1)[-1]
            asked = self._asked()
            fault, _, value = slack.next_fault(method).partition(":")
            accepts = fault == "ok" or fault.startswith("accept")
            pause_s = slack.slow_s / 2 if method in WRITES else 0.0
            slack.released.wait(pause_s)
            body = slack.answer(method, asked) if accepts else {}
            slack.released.wait(pause_s)
            match fault:
                case "ok":
                    self._json(200, body)
                case "accept_then_500" | "http_503":
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

        def _asked(self) -> dict[str, Any]:
            asked: dict[str, Any] = dict(parse_qsl(urlsplit(self.path).query))
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--faults", default="", help="comma list, taken one by one by the write calls")
    arguments = parser.parse_args()
    faults = [fault for fault in arguments.faults.split(",") if fault]
    with FakeSlack(port=arguments.port, faults=faults, log=arguments.log) as slack:
        print(slack.url, flush=True)  # noqa: T201 -- the parent reads where it listens
        threading.Event().wait()


if __name__ == "__main__":
    main()
