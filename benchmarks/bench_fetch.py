"""Requests a second of the guarded client beside a bare httpx2 loop, in the same run, from the same local server.

Both ask each of 1,000 loopback hosts once a round, 100 in flight, a new connection each time. The guarded client checks every address,
keeps one slot a host in a real SQLite store (two writes a fetch, committed in groups), bounds time and bytes; the bare loop does none of it.

    python benchmarks/bench_fetch.py [--rounds 5]
"""

import argparse
import asyncio
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Semaphore

import httpx2

from newswire.clock import SystemClock
from newswire.guard import Guard
from newswire.http import Fetched, FetchFailed, GuardedHttp, Request
from newswire.metrics import Metrics
from newswire.store import open_store
from newswire.store.hosts import StoreSlots

HOSTS = [f"127.0.{10 + n // 250}.{1 + n % 250}" for n in range(1_000)]
IN_FLIGHT = 100
SPACING_S = 0.001  # not 0, which would take no slots
NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nConnection: close\r\n\r\n'
BODY = b"x" * 25_000
WITH_BODY = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(BODY) + BODY


class Canned(asyncio.Protocol):
    """Answers each request by its path."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.WriteTransport)
        self.transport.write(WITH_BODY if data.startswith(b"GET /body") else NOT_MODIFIED)
        self.transport.close()


def serve(ready: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Canned, HOSTS[0], 0, backlog=512)
        port = server.sockets[0].getsockname()[1]
        others = await asyncio.get_running_loop().create_server(Canned, HOSTS[1:], port, backlog=512)
        ready.send(port)
        async with server, others:
            await asyncio.Event().wait()

    more_files()
    asyncio.run(run())


def more_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def bare(urls: list[str]) -> float:
    async def run() -> float:
        limits = httpx2.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=0)
        async with httpx2.AsyncClient(limits=limits, trust_env=False) as client:
            room = asyncio.Semaphore(IN_FLIGHT)

            async def one(url: str) -> None:
                async with room:
                    answer = await client.get(url, headers={"If-None-Match": '"1"'})
                    assert answer.status_code in (200, 304)

            began = time.perf_counter()
            await asyncio.gather(*map(one, urls))
            return time.perf_counter() - began

    return asyncio.run(run())


def guarded(client: GuardedHttp, urls: list[str]) -> float:
    room = Semaphore(IN_FLIGHT)
    answers: list[Fetched | FetchFailed] = []

    def done(future: "Future[Fetched | FetchFailed]") -> None:
        answers.append(future.result())
        room.release()

    began = time.perf_counter()
    for url in urls:
        room.acquire()
        client.submit(Request(url, 1_000_000, 30, {"If-None-Match": '"1"'})).add_done_callback(done)
    for _ in range(IN_FLIGHT):
        room.acquire()
    took_s = time.perf_counter() - began
    assert len(answers) == len(urls)
    assert all(isinstance(answer, Fetched) for answer in answers), next(a for a in answers if isinstance(a, FetchFailed))
    return took_s


def compare(name: str, urls: list[str], rounds: int, ours: Callable[[list[str]], float]) -> None:
    rates: dict[str, list[float]] = {"bare": [], "guarded": []}
    for _ in range(rounds):
        rates["bare"].append(len(urls) / bare(urls))
        rates["guarded"].append(len(urls) / ours(urls))
    ratio = statistics.median(mine / theirs for mine, theirs in zip(rates["guarded"], rates["bare"], strict=True))
    medians = {who: statistics.median(values) for who, values in rates.items()}
    print(f"{name:12} bare httpx2 {medians['bare']:6.0f}/s   guarded {medians['guarded']:6.0f}/s   ratio {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    more_files()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    port = here.recv()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'store.sqlite3'}")
        clock = SystemClock()
        client = GuardedHttp(
            guard=Guard([ip_network("127.0.0.0/8")], [port]),
            slots=StoreSlots(store=store, clock=clock, owner="bench", spacing_s=SPACING_S),
            metrics=Metrics(),
            user_agent="newswire-bench",
            clock=clock,
        )
        for name, path in (("304", "/same"), ("200, 25 kB", "/body")):
            compare(name, [f"http://{host}:{port}{path}" for host in HOSTS], rounds, lambda urls: guarded(client, urls))
        client.close()
        store.close()
    server.terminate()
    server.join()


if __name__ == "__main__":
    main()
