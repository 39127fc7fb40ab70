"""`/metrics`, `/healthz` and `/readyz`, from one thread in which no reader can hold up another.

Never: shows anything of the world but numbers, or of files more than that they have faults; listens beyond loopback unless told to.
"""

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable
from typing import Final

from structlog.typing import FilteringBoundLogger

from newswire.errors import ConfigurationError, Fault

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_TEXT_TYPE: Final = "text/plain; charset=utf-8"

_CONNECTIONS: Final = 32  # at once; for one more the oldest is closed, so that who holds many and says nothing keeps no probe out
_REQUEST_BYTES: Final = 8_192
_REQUEST_S: Final = 5.0
_ANSWER_S: Final = 30.0


class StatusServer:
    """Serves from the moment it is made until `close`.

    `metrics` gives the text exposition; `healthy` and `ready` answer 200 or 503; `note`, where it is not empty, follows on `/readyz`. They are called on the server's thread and must be quick.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        metrics: Callable[[], bytes],
        healthy: Callable[[], bool],
        ready: Callable[[], bool],
        note: Callable[[], str] = str,
        log: FilteringBoundLogger,
    ) -> None:
        """Listen; port 0 takes any.

        Raises:
            ConfigurationError: the address is in use or is not one of this machine.

        """
        self._metrics, self._healthy, self._ready, self._note, self._log = metrics, healthy, ready, note, log
        self._socket = _listen(host, port)
        self._host, self._port = self._socket.getsockname()[:2]
        self._open: dict[asyncio.StreamWriter, None] = {}  # the oldest first
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="status-server", daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self._host, self._port

    def close(self) -> None:
        """Stop listening and drop the connections that are open."""
        with contextlib.suppress(RuntimeError):  # closed twice: the loop has ended
            self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._answer, sock=self._socket, limit=_REQUEST_BYTES)
        await self._ending.wait()
        server.close()  # the runner cancels what is still being answered

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= _CONNECTIONS:
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.transport.abort()
        self._open[writer] = None
        try:
            async with asyncio.timeout(_REQUEST_S):
                request = await reader.readuntil(b"\r\n\r\n")
            async with asyncio.timeout(_ANSWER_S):
                writer.write(self._response(request))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a client that is slow, gone or no HTTP client is its own affair
        finally:
            self._open.pop(writer, None)
            writer.transport.abort()

    def _response(self, request: bytes) -> bytes:
        method, _, rest = request.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0].decode("ascii", "replace")
        status, kind, body = "405 Method Not Allowed", _TEXT_TYPE, b"GET is allowed\n"
        if method in {b"GET", b"HEAD"}:
            status, kind, body = self._page(path)
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
        return head.encode() + (b"" if method == b"HEAD" else body)

    def _page(self, path: str) -> tuple[str, str, bytes]:
        try:
            match path:
                case "/metrics":
                    return "200 OK", METRICS_TYPE, self._metrics()
                case "/healthz":
                    return _verdict(self._healthy(), b"healthy\n", b"not healthy\n")
                case "/readyz":
                    note = f"{self._note()}\n".lstrip("\n").encode()
                    return _verdict(self._ready(), b"ready\n" + note, b"not ready\n" + note)
        except Exception:  # noqa: BLE001 -- a fault in one answer must not end the server
            self._log.exception("status page failed", path=path)
            return "500 Internal Server Error", _TEXT_TYPE, b"this page failed; the log says why\n"
        return "404 Not Found", _TEXT_TYPE, b"/metrics, /healthz and /readyz are here\n"


def _verdict(holds: bool, yes: bytes, no: bytes) -> tuple[str, str, bytes]:
    return ("200 OK", _TEXT_TYPE, yes) if holds else ("503 Service Unavailable", _TEXT_TYPE, no)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=_CONNECTIONS)
    except OSError as error:
        words = (
            "is in use by another program; set another port" if error.errno == errno.EADDRINUSE else (error.strerror or str(error)).lower()
        )
        raise ConfigurationError([Fault("environment", 0, 0, f"NEWSWIRE_HTTP_ADDRESS: {host}:{port} {words}")]) from None
