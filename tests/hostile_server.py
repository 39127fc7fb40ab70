"""A scripted server on raw sockets: everything that an HTTP answer can do to a client.

A script is a function of one accepted connection; a path names the script that answers it. `tests/unit` and `tests/acceptance` use it alike.
"""

import contextlib
import functools
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Self

import brotli
from backports import zstd

Script = Callable[[socket.socket], None]
GIB = 1 << 30


class HostileServer:
    """Listens on a loopback address; answers each path by its script. `requests` holds the head of every request it read."""

    def __init__(
        self, scripts: Mapping[str, Script] | None = None, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.scripts = dict(scripts or {})
        self.requests: list[str] = []
        self.connections = 0
        self._tls = tls
        self._listener = socket.create_server((host, port), backlog=256)
        self.host, self.port = self._listener.getsockname()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def url(self, path: str, *, host: str | None = None, scheme: str = "http") -> str:
        return f"{scheme}://{host or self.host}:{self.port}{path}"

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            with contextlib.suppress(OSError):
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                head = b""
                while b"\r\n\r\n" not in head and len(head) < 100_000:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    head += piece
                text = head.decode("latin-1")
                self.requests.append(text)
                path = text.split(" ", 2)[1].partition("?")[0]
                self.scripts.get(path, status(404))(connection)
        finally:
            connection.close()


def raw(data: bytes) -> Script:
    """Send these bytes and close."""
    return lambda connection: connection.sendall(data)


def status(code: int, headers: str = "", body: bytes = b"") -> Script:
    """An honest answer; `headers` are lines that end with CRLF."""
    head = f"HTTP/1.1 {code} Said\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return raw(head.encode("latin-1") + body)


def redirect(location: str, code: int = 302) -> Script:
    return status(code, f"Location: {location}\r\n")


def endless(head: bytes, piece: bytes, pause_s: float = 0.0) -> Script:
    """Send the head, then the piece again and again until the client goes."""

    def script(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            if pause_s:
                time.sleep(pause_s)

    return script


def silence(connection: socket.socket) -> None:
    """Say nothing until the client goes."""
    while connection.recv(1024):
        continue


def encoded(encoding: str, body: bytes) -> Script:
    return status(200, f"Content-Encoding: {encoding}\r\n", body)


OK_HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS_CHUNKED = endless(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
ENDLESS_UNFRAMED = endless(OK_HEAD + b"\r\n", b"x" * 0x10000)
DRIP_BODY = endless(OK_HEAD + b"Content-Length: 100000\r\n\r\n", b"x", 0.5)
DRIP_HEADER = endless(OK_HEAD + b"X-Slow: ", b"x", 0.5)
STORM_OF_103 = endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000)
DRIP_OF_103 = endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0.05)
REDIRECT_WITH_ENDLESS_BODY = endless(
    b"HTTP/1.1 302 Found\r\nLocation: /good\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
)


@functools.cache
def gzip_bomb() -> bytes:
    """1 GiB of zeros in 1 MB: a block flushed whole is the same each time, so that it is compressed once."""
    compressor = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    zeros = bytes(1 << 20)
    first, block = (compressor.compress(zeros) + compressor.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + block * (GIB // len(zeros) - 1)


@functools.cache
def brotli_bomb() -> bytes:
    """1 GiB of zeros in less than 2 kB."""
    compressor = brotli.Compressor(quality=5)
    zeros = bytes(1 << 24)
    first, block = (compressor.process(zeros) + compressor.flush() for _ in range(2))
    return bytes(first + block * (GIB // len(zeros) - 1) + compressor.finish())


@functools.cache
def zstd_bomb() -> bytes:
    """1 GiB of zeros in 64 frames of 531 bytes."""
    zeros = bytes(1 << 24)
    return zstd.compress(zeros) * (GIB // len(zeros))


def gzip_in_gzip_bomb() -> bytes:
    return zlib.compress(gzip_bomb(), wbits=zlib.MAX_WBITS | 16)


def bombs() -> Iterator[tuple[str, Script]]:
    """Yield the path and the script of every bomb."""
    yield "/gzip", encoded("gzip", gzip_bomb())
    yield "/br", encoded("br", brotli_bomb())
    yield "/zstd", encoded("zstd", zstd_bomb())
    yield "/gzip-in-gzip", encoded("gzip, gzip", gzip_in_gzip_bomb())
    yield "/redirect", status(302, "Location: /good\r\nContent-Encoding: gzip\r\n", gzip_bomb())
