"""The one client that fetches from the world: deadline, redirects by hand, host slots, one counted end for each fetch."""

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx2

from newswire.clock import Clock
from newswire.guard import BlockedUrl, Guard, Target, without_userinfo
from newswire.http.answers import (
    CONDITIONS,
    HELD_BACK,
    HOST_FAULTS,
    PERMANENT,
    REDIRECTS,
    SENT_ELSEWHERE,
    location,
    refusal,
    retry_after_s,
    sendable,
)
from newswire.http.port import Fetched, FetchFailed, HostSlots, Request
from newswire.http.slots import SlotKeeper
from newswire.http.wire import Answer, HopFailed, Resolve, Resolver, Wire
from newswire.metrics import Metrics
from newswire.outcomes import FetchReason

_log: Final = logging.getLogger(__name__)


class GuardedHttp:
    """The one `Http` that dials: one daemon thread with an asyncio loop, for all stages of a process."""

    def __init__(
        self,
        *,
        guard: Guard,
        slots: HostSlots | None,
        metrics: Metrics,
        user_agent: str,
        clock: Clock,
        connections: int = 400,
        resolver: Resolve | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        for vendor in ("httpx2", "httpcore2"):
            logging.getLogger(vendor).setLevel(logging.WARNING)  # below it they log URLs with their queries
        self._guard = guard
        self._metrics = metrics
        self._clock = clock
        self._connections = asyncio.Semaphore(connections)
        self._resolver = Resolver(resolver)
        self._user_agent = user_agent
        self._ssl_context = ssl_context or httpx2.create_ssl_context(trust_env=False)
        self._wire = self._wire_through(guard)
        self._slots = SlotKeeper(slots) if slots is not None else None
        self._lock = threading.Lock()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="http", daemon=True)
        self._thread.start()
        self.self_test()

    def submit(self, request: Request) -> "Future[Fetched | FetchFailed]":
        """Start the fetch and return its future, which never raises but for cancellation; after `close` it is cancelled already."""
        with self._lock:
            if not self._closed:
                return asyncio.run_coroutine_threadsafe(self._counted(request), self._loop)
        ended: Future[Fetched | FetchFailed] = Future()
        ended.cancel()
        ended.set_running_or_notify_cancel()  # `cancel` alone does not wake who waits for it
        return ended

    def close(self) -> None:
        """Cancel what is in flight, give its slots back, and end the loop's thread."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._wind_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._resolver.close()

    def self_test(self) -> None:
        """Prove that a loopback dial is refused where nothing allows it, by the same code that dials everything else.

        Raises:
            RuntimeError: a connection was made. Nothing may be fetched by such a client.

        """
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            port = listener.getsockname()[1]
            target = Target("http", "127.0.0.1", port, b"/")
            attempt = asyncio.run_coroutine_threadsafe(self._wire_through(Guard(allow_ports=[port])).get(target, {}, 1), self._loop)
            refused = isinstance(failed := attempt.exception(), HopFailed) and failed.reason is FetchReason.BLOCKED_ADDRESS
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                connected = False
            else:
                connected = True
        if connected or not refused:
            self.close()
            raise RuntimeError("the address guard is not in force: a dial to 127.0.0.1 was not refused; check the version of httpcore2")

    def _wire_through(self, guard: Guard) -> Wire:
        return Wire(guard=guard, resolver=self._resolver, user_agent=self._user_agent, ssl_context=self._ssl_context)

    async def _wind_up(self) -> None:
        ours = {asyncio.current_task(), self._slots.settling if self._slots is not None else None}
        fetches = asyncio.all_tasks() - ours
        for task in fetches:
            task.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)
        if self._slots is not None:
            await self._slots.close()

    async def _counted(self, request: Request) -> Fetched | FetchFailed:
        self._metrics.fetches_in.labels(request.kind).inc()
        reason, began = FetchReason.CANCELLED, self._clock.monotonic()
        try:
            result = await self._bounded(request)
            if isinstance(result, FetchFailed):
                reason = result.reason
            else:
                reason = FetchReason.NOT_MODIFIED if result.status == HTTPStatus.NOT_MODIFIED else FetchReason.OK
                self._metrics.fetched_bytes.labels(request.kind).inc(len(result.body))
            return result
        finally:
            self._metrics.fetches.labels(request.kind, reason).inc()
            self._metrics.fetch_seconds.labels(request.kind).observe(max(0.0, self._clock.monotonic() - began))

    async def _bounded(self, request: Request) -> Fetched | FetchFailed:
        trail = _Trail(request.url)
        try:
            async with asyncio.timeout(request.deadline_s):
                return await self._follow(request, trail)
        except TimeoutError:
            failed = HopFailed(FetchReason.DEADLINE, f"not done within {request.deadline_s:g} s")
        except HopFailed as error:
            failed = error
        except Exception as error:  # noqa: BLE001 -- one bad answer must not stop the rest, whatever it is
            _log.warning("the fetch of %s ended in a way that nobody foresaw", without_userinfo(trail.url), exc_info=True)
            failed = HopFailed(FetchReason.PROTOCOL, f"unforeseen: {type(error).__name__}")
        return FetchFailed(without_userinfo(trail.url), failed.reason, failed.detail, trail.status, failed.retry_after_s)

    async def _follow(self, request: Request, trail: "_Trail") -> Fetched | FetchFailed:
        started = self._clock.monotonic()
        expires = self._loop.time() + request.deadline_s
        headers = {"accept": "*/*"} | sendable(request.headers)
        permanent = True
        visited: set[str] = set()
        previous: Target | None = None
        while len(visited) <= request.max_redirects:
            target = self._guard.target(trail.url)
            if isinstance(target, BlockedUrl):
                of_redirect = visited and target.reason is FetchReason.BAD_URL
                raise HopFailed(FetchReason.REDIRECT if of_redirect else target.reason, target.detail)
            trail.url = target.url
            if target.url in visited:
                raise HopFailed(FetchReason.REDIRECT, "the redirects run in a circle")
            visited.add(target.url)
            if previous is not None and (previous.scheme, previous.slot) != (target.scheme, target.slot):
                headers = {name: value for name, value in headers.items() if name in SENT_ELSEWHERE}
            answer = await self._visit(target, headers, request.cap_bytes, expires)
            trail.status = answer.status
            if answer.status not in REDIRECTS:
                failed = refusal(answer, conditional=bool(CONDITIONS & headers.keys()), now=self._clock.now())
                if failed is not None:
                    raise failed
                learned = target.url if permanent and len(visited) > 1 else None
                took_s = self._clock.monotonic() - started
                return Fetched(target.url, answer.status, answer.headers, answer.body, learned, took_s)
            permanent = permanent and answer.status in PERMANENT
            trail.url = location(target, answer)
            if request.hand_back:
                return FetchFailed(target.url, FetchReason.REDIRECTED, "it leads elsewhere", answer.status, led_to=trail.url)
            previous = target
        raise HopFailed(FetchReason.REDIRECT, f"more than {request.max_redirects} redirects")

    async def _visit(self, target: Target, headers: Mapping[str, str], cap_bytes: int, expires: float) -> Answer:
        if self._slots is not None:
            await self._slots.acquire(target.slot, expires)
        at_fault, asked_s = False, None
        try:
            async with self._connections:
                at_fault = True  # of a deadline that passes from here on, the host is the cause
                answer = await self._wire.get(target, headers, cap_bytes)
            if answer.status in HELD_BACK:
                asked_s = retry_after_s(answer.headers, self._clock.now())
            at_fault = answer.status in HELD_BACK or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        except HopFailed as failed:
            at_fault = failed.reason in HOST_FAULTS
            raise
        else:
            return answer
        finally:
            if self._slots is not None:
                self._slots.release(target.slot, retry_after_s=asked_s, failed=at_fault and not self._closed)


@dataclass(slots=True)
class _Trail:
    """How far a fetch has come, for the message where its deadline cuts it off."""

    url: str
    status: int | None = None
