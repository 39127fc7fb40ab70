"""Feeds a second through the whole first stage, beside a bare httpx2 loop in the same run, from the same local server.

2,000 feeds of 30 items on as many loopback hosts. `all new` is their first poll: guarded fetch, read, decide, publish to the embedded bus
on disk, mark seen in SQLite; with `--servers` publish to a real Kafka, mark seen in a real PostgreSQL, both of this machine. `304` is the poll after it, with validators. The bare loop fetches the same bodies, 100 in flight, and does nothing
with them. With `--processes 2` two collectors share the sources by leases, as two `newswire collect` do.

    python -m benchmarks.bench_poll [--feeds 2000] [--processes 1] [--servers]
"""

import argparse
import asyncio
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import httpx2

from collectors.jailed import READ_FEED
from collectors.sources import Source, make_source
from collectors.stage import CollectWorker
from newswire.cli.compose import open_bus, open_topics
from newswire.clock import SystemClock
from newswire.guard import Guard
from newswire.http import GuardedHttp
from newswire.jail import ProcessJail
from newswire.metrics import Metrics
from newswire.settings import Settings, from_environment
from newswire.store import open_store
from newswire.store.engine import migrate
from newswire.store.hosts import StoreSlots
from newswire.topics import ITEMS
from tests.servers.kafka import FULL_SPEED, kafka_cluster
from tests.servers.postgres import postgres_server

ITEMS_A_FEED: Final = 30
IN_FLIGHT: Final = 100
SPACING_S: Final = 0.001  # not 0, which would take no slots
LEAD: Final = "The minister met the ambassador and discussed telecommunication, spectrum and data centres. " * 4


def hosts(count: int) -> list[str]:
    return [f"127.0.{10 + n // 250}.{1 + n % 250}" for n in range(count)]


@cache
def feed_of(host: str) -> bytes:
    items = "".join(
        f"<item><title>Pakistan and partner agree on plan {n} of {host}</title><link>https://news.example/{host}/story-{n}?utm_source=rss</link>"
        f"<guid isPermaLink='false'>{host}-{n}</guid><description>&lt;p&gt;{LEAD}&lt;/p&gt;</description>"
        f"<pubDate>Mon, 02 Nov 2026 10:{n:02d}:00 +0500</pubDate></item>"
        for n in range(ITEMS_A_FEED)
    )
    return f"<rss version='2.0'><channel><title>Feed of {host}</title><language>en</language>{items}</channel></rss>".encode()


class Served(asyncio.Protocol):
    """Answers with the feed of the address that was dialled, or 304 to any validator."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if b"if-none-match" in data.lower():
            self.transport.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nConnection: close\r\n\r\n')
        else:
            body = feed_of(self.transport.get_extra_info("sockname")[0])
            head = f'HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: "1"\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n'
            self.transport.write(head.encode() + body)
        self.transport.close()


def serve(count: int, ready: Connection) -> None:
    for host in hosts(count):
        feed_of(host)  # made before the watch starts

    async def run() -> None:
        loop = asyncio.get_running_loop()
        first, *others = hosts(count)
        server = await loop.create_server(Served, first, 0, backlog=512)
        port = server.sockets[0].getsockname()[1]
        more = await loop.create_server(Served, others, port, backlog=512)
        ready.send(port)
        async with server, more:
            await asyncio.Event().wait()

    more_files()
    asyncio.run(run())


def more_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def bare(urls: list[str], headers: dict[str, str]) -> float:
    async def run() -> float:
        limits = httpx2.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=0)
        async with httpx2.AsyncClient(limits=limits, trust_env=False) as client:
            room = asyncio.Semaphore(IN_FLIGHT)

            async def one(url: str) -> None:
                async with room:
                    assert (await client.get(url, headers=headers)).status_code in (200, 304)

            began = time.perf_counter()
            await asyncio.gather(*map(one, urls))
            return time.perf_counter() - began

    return asyncio.run(run())


def collect(
    settings: Settings, sources: list[Source], port: int, owner: str, *, together: Any = None, done: Any = None
) -> dict[str, float]:
    """Poll every due source once; return what the metrics counted, and the time and processor time that it took."""
    more_files()
    clock, metrics = SystemClock(), Metrics()
    store = open_store(settings.store_url)
    bus = open_bus(settings, clock)
    http = GuardedHttp(
        guard=Guard([ip_network("127.0.0.0/8")], [port]),
        slots=StoreSlots(store=store, clock=clock, owner=owner, spacing_s=SPACING_S),
        metrics=metrics,
        user_agent="newswire-bench",
        clock=clock,
    )
    jail = ProcessJail(tasks=(READ_FEED,), metrics=metrics, workers=1)
    worker = CollectWorker(
        sources=sources, store=store, bus=bus, http=http, jail=jail, clock=clock, metrics=metrics, owner=owner, floor_s=0, once=True
    )
    if together is not None:
        together.wait()
    began, busy_from = time.perf_counter(), time.process_time()
    while True:
        wait_s = worker.step()
        if wait_s and worker.idle():
            break
        time.sleep(wait_s)
    took_s = time.perf_counter() - began
    worker.close()
    counted = {"took_s": took_s, "busy_s": time.process_time() - busy_from}
    for family in metrics.registry.collect():
        for sample in family.samples:
            key = sample.name + "".join(f" {value}" for value in sample.labels.values())
            counted[key] = counted.get(key, 0.0) + sample.value
    http.close()
    jail.close()
    bus.close()
    store.close()
    if done is not None:
        done.put(counted)
    return counted


def collect_all(settings: Settings, sources: list[Source], port: int, *, processes: int, kind: str) -> tuple[float, float]:
    """Return the seconds that the slowest process took and the processor time of all; check that no feed was left out."""
    if processes == 1:
        results = [collect(settings, sources, port, "bench")]
    else:
        context = multiprocessing.get_context("spawn")
        done, together = context.Queue(), context.Barrier(processes)
        children = [
            context.Process(target=collect, args=(settings, sources, port, f"bench-{n}"), kwargs={"together": together, "done": done})
            for n in range(processes)
        ]
        for child in children:
            child.start()
        results = [done.get() for _ in children]
        for child in children:
            child.join()
    polled = sum(result.get(f"newswire_collectors_polls_total {kind}", 0) for result in results)
    assert polled >= len(sources), f"{polled} of {len(sources)} polls ended as {kind}"
    return max(result["took_s"] for result in results), sum(result["busy_s"] for result in results)


@contextmanager
def standing(*, servers: bool) -> Iterator[Settings]:
    """Yield the settings of an empty bus and an empty store, their topics and tables made before the watch starts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {"NEWSWIRE_DATA": str(folder)}
        if servers:
            kafka, postgres = stack.enter_context(kafka_cluster(java=FULL_SPEED)), stack.enter_context(postgres_server())
            environment |= {
                "NEWSWIRE_BUS": f"kafka://{kafka.servers}",
                "NEWSWIRE_STORE": postgres.url,
                "NEWSWIRE_KAFKA_NUM_PARTITIONS": "6",
            }
        settings = from_environment(environment)
        migrate(settings.store_url)
        if servers:
            with open_topics(settings) as topics:
                topics.create()
        yield settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=2_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--servers", action="store_true", help="on a real Kafka and PostgreSQL")
    options = parser.parse_args()
    more_files()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(options.feeds, there), daemon=True)
    server.start()
    port = here.recv()
    urls = [f"http://{host}:{port}/feed" for host in hosts(options.feeds)]
    sources = [make_source(url, outlet="Bench", country="PK", language="en") for url in urls]
    with standing(servers=options.servers) as settings:
        for what, kind, headers in (("all new", "read ok", {}), ("304", "unchanged not_modified", {"If-None-Match": '"1"'})):
            bare_s = bare(urls, headers)
            took_s, busy_s = collect_all(settings, sources, port, processes=options.processes, kind=kind)
            rates = f"bare httpx2 {len(urls) / bare_s:5.0f} feeds/s   newswire {len(urls) / took_s:5.0f} feeds/s in {options.processes} process(es)"
            print(f"{what:8} {rates}   ratio {bare_s / took_s:.2f}   {busy_s / len(urls) * 1000:.2f} ms of processor time a feed")
        bus = open_bus(settings, SystemClock())
        published = [message.key for message in bus.browse(ITEMS)]
        bus.close()
        assert len(published) == len(set(published)) == len(urls) * ITEMS_A_FEED, f"{len(published)} items on the bus"
        print(f"{len(published)} items on the bus, each once")
    server.terminate()
    server.join()


if __name__ == "__main__":
    main()
