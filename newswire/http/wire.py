"""One GET over one connection of its own, dialled to an address that was checked: the only place where foreign bytes come in.

A connection serves one request and is closed, so that junk after an answer can never become the answer to the next request
(a feed is polled once in minutes; keeping connections would gain nothing). Cookies, redirects, proxies and `.netrc` do not exist here.
"""

import asyncio
import os
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Any, Final

import httpcore2

from newswire.guard import Guard, Target, printable
from newswire.http.encoding import ACCEPT_ENCODING, BrokenEncoding, decode, decoders_for
from newswire.outcomes import FetchReason

CONNECT_S: Final = 10.0
SILENCE_S: Final = 15.0
DIALLED_ADDRESSES: Final = 3
RESOLVER_THREADS: Final = 32
# h11 takes no header section above 100 KiB, but any number of `103 Early Hints` before it; beyond this many bytes it is a storm.
PREAMBLE_BYTES: Final = 512 * 1024

Resolve = Callable[[str, int], Sequence[str]]
"""Name and port to addresses; blocking, raises OSError where the name does not resolve."""


class HopFailed(Exception):  # noqa: N818 -- it says what happened to the hop
    """One request of a fetch gave no answer that can be used."""

    def __init__(self, reason: FetchReason, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request got. The body is read for status 200 alone. Header names are in lower case, repeated ones joined by commas."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# The first line that fits decides. `TimeoutError` is an `OSError`, `UnicodeError` a `ValueError`.
_FAULTS: Final[tuple[tuple[type[Exception], FetchReason, str], ...]] = (
    (httpcore2.ConnectTimeout, FetchReason.CONNECT, "no connection in time"),
    (httpcore2.ConnectError, FetchReason.CONNECT, "no connection"),
    (httpcore2.TimeoutException, FetchReason.DEADLINE, f"the server was silent for {SILENCE_S:.0f} s"),
    (httpcore2.NetworkError, FetchReason.CONNECT, "the connection broke"),
    (httpcore2.ProtocolError, FetchReason.PROTOCOL, "not HTTP as it should be"),
    (httpcore2.UnsupportedProtocol, FetchReason.PROTOCOL, "not HTTP as it should be"),
    (BrokenEncoding, FetchReason.PROTOCOL, "the body is broken"),
    (ssl.SSLError, FetchReason.TLS, "no secure connection"),
    (MemoryError, FetchReason.TOO_LARGE, "no memory left for the body"),
    (TimeoutError, FetchReason.DEADLINE, "not done in time"),
    (OSError, FetchReason.CONNECT, "no connection"),
    (ValueError, FetchReason.PROTOCOL, "not HTTP as it should be"),
)


def fault_of(error: Exception) -> HopFailed | None:
    """Return what an exception from under the wire means, or None for one that nobody foresaw."""
    if isinstance(error, HopFailed):
        return error
    for kind, reason, words in _FAULTS:
        if isinstance(error, kind):
            said = printable(str(error))[:300]
            return HopFailed(reason, f"{words}: {said}" if said else words)
    return None


def resolve_by_system(host: str, port: int) -> list[str]:
    """Return the addresses that the system's resolver knows for a name, each once, in its order."""
    if host.removesuffix(".").endswith(".localhost"):
        return [
            "127.0.0.1"
        ]  # RFC 6761, 6.3: such names are this machine's own and are not looked up; the guard lets none through by itself
    # A look-up whose fetch was given up still holds its thread: the resolver must not try for the 20 seconds it may by default.
    os.environ.setdefault("RES_OPTIONS", "timeout:2 attempts:1")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Resolver:
    """Threads that look names up, so that hanging names cannot stand in the way of the loop's own work (or of each other, up to 32).

    They are daemons, unlike those of an executor: a look-up that hangs must not hold the process at its end.
    """

    def __init__(self, resolve: Resolve | None = None, threads: int = RESOLVER_THREADS) -> None:
        self._resolve = resolve or resolve_by_system
        self._wanted: queue.SimpleQueue[tuple[str, int, asyncio.AbstractEventLoop, asyncio.Future[list[str]]] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"resolver-{n}", daemon=True) for n in range(threads)]
        self._started = 0
        self._idle = 0

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a name.

        Raises:
            HopFailed: `dns` where it has none.

        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()
        if not self._idle and self._started < len(self._threads):
            self._threads[self._started].start()
            self._started += 1
        else:
            self._idle -= 1
        self._wanted.put((host, port, loop, answer))
        try:
            addresses = await answer
        except (OSError, UnicodeError) as error:
            raise HopFailed(FetchReason.DNS, f"{host} does not resolve: {printable(str(error))[:200]}") from None
        if not addresses:
            raise HopFailed(FetchReason.DNS, f"{host} has no address")
        return addresses

    def close(self) -> None:
        """Let the threads end, each after the look-up it is at."""
        for _ in range(self._started):
            self._wanted.put(None)

    def _work(self) -> None:
        while wanted := self._wanted.get():
            host, port, loop, answer = wanted
            error: Exception | None = None
            addresses: list[str] = []
            try:
                addresses = list(self._resolve(host, port))
            except Exception as raised:  # noqa: BLE001 -- handed to the fetch that asked, whatever it is
                error = raised
            try:
                loop.call_soon_threadsafe(self._settle, answer, addresses, error)
            except RuntimeError:
                return  # the loop has ended; nobody waits any more

    def _settle(self, answer: "asyncio.Future[list[str]]", addresses: list[str], error: Exception | None) -> None:
        self._idle += 1
        if answer.done():
            return
        if error is None:
            answer.set_result(addresses)
        else:
            answer.set_exception(error)


class _Metered(httpcore2.AsyncNetworkStream):
    """A stream that breaks when more than `limit` bytes were read from it; `limit` None: no more counting."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream, limit: int) -> None:
        self._inner = inner
        self.limit: int | None = limit
        self._read = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 -- httpcore2's signature
        data = await self._inner.read(max_bytes, timeout)
        if self.limit is not None:
            self._read += len(data)
            if self._read > self.limit:
                raise HopFailed(FetchReason.PROTOCOL, f"no answer in the first {self.limit} bytes (an endless run of 1xx answers)")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 -- httpcore2's signature
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Wire:
    """Sends one GET at a time to wherever the guard lets it. Lives on one asyncio loop."""

    def __init__(self, *, guard: Guard, resolver: Resolver, user_agent: str, ssl_context: ssl.SSLContext) -> None:
        self._guard = guard
        self._resolver = resolver
        self._ssl_context = ssl_context
        self._backend = httpcore2.AnyIOBackend()
        self._headers = [
            (b"User-Agent", user_agent.encode("ascii", "replace")),
            (b"Accept-Encoding", ACCEPT_ENCODING.encode()),
            (b"Connection", b"close"),
        ]

    async def get(self, target: Target, headers: Mapping[str, str], cap_bytes: int) -> Answer:
        """Return the answer.

        Raises:
            HopFailed: with the closed reason, for everything that a server, a network or a resolver can do to us.

        """
        try:
            stream = _Metered(await self._connect(target), PREAMBLE_BYTES)
            try:
                return await self._exchange(stream, target, headers, cap_bytes)
            finally:
                await stream.aclose()
        except Exception as error:
            failed = fault_of(error)
            if failed is None:
                raise
            raise failed from None

    async def _connect(self, target: Target) -> httpcore2.AsyncNetworkStream:
        addresses = await self._addresses(target)
        blocked = self._guard.check_addresses(target.host, addresses)
        if blocked is not None:
            raise HopFailed(blocked.reason, blocked.detail)
        stream = await self._dial(_both_families_first(addresses)[:DIALLED_ADDRESSES], target.port)
        if target.scheme == "http":
            return stream
        try:
            return await stream.start_tls(self._ssl_context, server_hostname=target.host, timeout=CONNECT_S)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.ReadError, ssl.SSLError, OSError) as error:
            await stream.aclose()
            raise HopFailed(FetchReason.TLS, f"no secure connection: {printable(str(error))[:300] or 'no answer in time'}") from None
        except BaseException:
            await stream.aclose()
            raise

    async def _addresses(self, target: Target) -> list[str]:
        try:
            ip_address(target.host)
        except ValueError:
            return await self._resolver.addresses(target.host, target.port)
        return [target.host]

    async def _dial(self, addresses: Sequence[str], port: int) -> httpcore2.AsyncNetworkStream:
        # The literal that was checked is what is dialled: a second look-up might give another (DNS rebinding).
        *earlier, last = [partial(self._backend.connect_tcp, address, port, CONNECT_S / len(addresses)) for address in addresses]
        for connect in earlier:
            try:
                return await connect()
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await last()

    async def _exchange(self, stream: _Metered, target: Target, headers: Mapping[str, str], cap_bytes: int) -> Answer:
        url = httpcore2.URL(scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path)
        request = httpcore2.Request(
            method=b"GET",
            url=url,
            headers=[(b"Host", target.slot.encode()), *self._headers, *((k.encode(), v.encode()) for k, v in headers.items())],
            extensions={"timeout": {"read": SILENCE_S, "write": SILENCE_S}},
        )
        connection = httpcore2.AsyncHTTP11Connection(origin=url.origin, stream=stream)
        response = await connection.handle_async_request(request)
        stream.limit = None
        received = _joined(response.headers)
        body = await _body(response, received, cap_bytes) if response.status == 200 else b""
        return Answer(response.status, received, body)


async def _body(response: httpcore2.Response, headers: Mapping[str, str], cap_bytes: int) -> bytes:
    decoders = decoders_for(headers.get("content-encoding", ""))
    announced = headers.get("content-length", "")
    too_large = HopFailed(FetchReason.TOO_LARGE, f"the body is larger than {cap_bytes} bytes")
    if not decoders and announced.isdecimal() and int(announced) > cap_bytes:
        raise too_large
    body = bytearray()
    async with aclosing(response.aiter_stream()) as pieces:
        async for piece in pieces:
            for decoded in decode(decoders, piece):
                body += decoded
                if len(body) > cap_bytes:
                    raise too_large
    for decoder in decoders:
        decoder.finish()
    return bytes(body)


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _both_families_first(addresses: Sequence[str]) -> list[str]:
    # Where IPv6 leads nowhere, its addresses come first all the same: an IPv4 one must be among those that are tried.
    other = next((n for n, address in enumerate(addresses) if (":" in address) != (":" in addresses[0])), None)
    if other is None or other < DIALLED_ADDRESSES:
        return list(addresses)
    return [addresses[0], addresses[other], *addresses[1:other], *addresses[other + 1 :]]
