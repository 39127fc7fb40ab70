"""A TCP proxy with a will of its own: it passes bytes on, refuses connections, or takes them and says nothing."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from enum import Enum
from types import TracebackType
from typing import Self

_CHUNK = 65_536


class Mode(Enum):
    """What the proxy does with what comes."""

    PASS = "pass"
    REFUSE = "refuse"  # open connections are reset, new ones are closed at once
    STALL = "stall"  # connections stay, and nothing passes in either direction


class Proxy:
    """Listens on a free port of 127.0.0.1 and forwards to `target`, from a thread of its own."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._wake, self._woken = socket.socketpair()
        self._mode = Mode.PASS
        self._closing = False
        self._peers: dict[socket.socket, socket.socket] = {}
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing = True
        self._wake.send(b"x")
        self._thread.join()
        for one in (self._listener, self._wake, self._woken):
            one.close()

    def set(self, mode: Mode) -> None:
        """Change what happens from now on."""
        self._mode = mode
        self._wake.send(b"x")

    @contextlib.contextmanager
    def being(self, mode: Mode) -> Iterator[None]:
        """A block in which the proxy is so."""
        self.set(mode)
        try:
            yield
        finally:
            self.set(Mode.PASS)

    def _run(self) -> None:
        while not self._closing:
            if self._mode is Mode.REFUSE:
                self._drop_all()
            watched = [self._listener, self._woken]
            if self._mode is Mode.PASS:
                watched += list(self._peers)
            for one in self._readable(watched):
                if one is self._woken:
                    one.recv(1_024)
                elif one is self._listener:
                    self._accept()
                elif one in self._peers:
                    self._forward(one)
        self._drop_all()

    @staticmethod
    def _readable(watched: list[socket.socket]) -> list[socket.socket]:
        """Return those with something to read within a second. Not by select(): a run of many tests holds more descriptors than it can take."""
        with selectors.PollSelector() as waiting:
            for one in watched:
                waiting.register(one, selectors.EVENT_READ, one)
            return [key.data for key, _ in waiting.select(1.0)]

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self._mode is Mode.REFUSE:
            client.close()
            return
        try:
            server = socket.create_connection(self._target, timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(30)
        client.settimeout(30)
        self._peers[client], self._peers[server] = server, client

    def _forward(self, one: socket.socket) -> None:
        other = self._peers[one]
        try:
            data = one.recv(_CHUNK)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        self._drop(one)

    def _drop(self, one: socket.socket) -> None:
        other = self._peers.pop(one)
        self._peers.pop(other, None)
        one.close()
        other.close()

    def _drop_all(self) -> None:
        while self._peers:
            self._drop(next(iter(self._peers)))
