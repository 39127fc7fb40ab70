"""Done-when 4 of the fourth issue: many processes, one host with many feeds, and what that host's own log says of them."""

import asyncio
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import pytest

from newswire.store import Store, pages
from newswire.topics import GROUPS
from tests.acceptance.world import Entry, World, rss
from tests.measured import Say
from tests.servers.processes import free_ports

pytestmark = [pytest.mark.acceptance]

SPACING_S: Final = 0.3
SERVED_S: Final = 0.03
BUSY: Final = "127.9.9.9"
PAGE: Final = (
    "<html><body><article><h1>A page</h1>"
    + "<p>The minister met the ambassador, and both spoke of networks.</p>" * 5
    + "</article></body></html>"
)


@dataclass(frozen=True)
class Visit:
    """One request as the server saw it; `ended_at` is just before the last byte went out."""

    host: str
    path: str
    came_at: float
    ended_at: float


class ManyHosts:
    """One server on a port of all these loopback addresses: `answers` by host and path, `moved` by host and path to an address."""

    def __init__(self, addresses: list[str]) -> None:
        self.port = free_ports(1)[0]
        self.visits: list[Visit] = []
        self.answers: dict[tuple[str, str], tuple[str, str]] = {}
        self.moved: dict[tuple[str, str], str] = {}
        self._addresses = addresses
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def url(self, host: str, path: str) -> str:
        return f"http://{host}:{self.port}{path}"

    def __enter__(self) -> Self:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self._thread.start()
        assert self._up.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, self._addresses, self.port, backlog=512))
        self._up.set()
        self._loop.run_forever()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came_at = time.time()
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        host = writer.get_extra_info("sockname")[0]
        assert f"Host: {host}:{self.port}" in head
        if host == BUSY:
            await asyncio.sleep(SERVED_S)  # so that two at a time would be seen
        kind, text = self.answers.get((host, path), ("", ""))
        status = "302 Found" if (host, path) in self.moved else "200 OK" if kind else "404 Not Found"
        lines = [
            f"HTTP/1.1 {status}",
            "Connection: close",
            f"Content-Type: {kind or 'text/plain'}",
            f"Content-Length: {len(text.encode())}",
        ]
        lines += [f"Location: {self.moved[host, path]}"] if (host, path) in self.moved else []
        self.visits.append(Visit(host, path, came_at, time.time()))
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + text).encode())
        writer.close()


def web_of(count: int, busy: int) -> tuple[ManyHosts, list[str]]:
    """Return a web and its feeds, `busy` of them at the one host, of which five lead elsewhere; ten feeds and ten stories lead to it."""
    others = [f"127.1.{n // 250}.{1 + n % 250}" for n in range(count - busy)]
    web = ManyHosts([BUSY, *others])
    page = "text/html", PAGE
    same = "application/rss+xml", rss([Entry("The wire has a report", "One for all.", "https://wire.example/report.pdf")])
    stories = [[Entry(f"Minister meets envoy {n}.{m}", "They spoke.", web.url(BUSY, f"/story/{n}.{m}")) for m in "ab"] for n in range(10)]
    stories += [[Entry(f"Envoy meets minister {n}", "They spoke again.", web.url(others[n], "/story"))] for n in range(10)]
    web.answers = {(host, "/feed"): same for host in others}
    web.answers[BUSY, "/robots.txt"] = "text/plain", "User-agent: *\nDisallow: /never\n"
    for n in range(10):
        web.answers |= {(BUSY, f"/story/{n}.{m}"): page for m in "ab"}
        web.moved[others[n], "/story"] = web.url(BUSY, f"/moved/{n}")
        web.answers[BUSY, f"/moved/{n}"] = page
        web.moved[others[10 + n], "/feed"] = web.url(BUSY, f"/led/{n}")
        web.answers[BUSY, f"/led/{n}"] = same
    for n in range(busy):
        web.answers[BUSY, f"/feed/{n}"] = ("application/rss+xml", rss(stories[n])) if n < len(stories) else same
    for n in range(busy - 5, busy):
        web.moved[BUSY, f"/feed/{n}"] = web.url(others[n], "/other")
        web.answers[others[n], "/other"] = same
    return web, [*(web.url(host, "/feed") for host in others), *(web.url(BUSY, f"/feed/{n}") for n in range(busy))]


@pytest.mark.timeout(280)
def test_one_request_at_a_time_and_spaced_over_all_processes(world: World, say: Say) -> None:
    on_servers = world.environment.get("NEWSWIRE_BUS", "embedded") != "embedded"
    count, busy, collectors, processors = (2_000, 50, 4, 2) if on_servers else (300, 30, 2, 1)
    web, feeds = web_of(count, busy)
    world.environment |= {"NEWSWIRE_HOST_SPACING": f"{SPACING_S}s", "NEWSWIRE_POLL_FLOOR": "1h"}
    world.sources(*feeds)
    world.allow_ports(web.port)
    with web, ended_at_last(world, ["process"] * processors):
        began = time.monotonic()
        collecting = [world.start("collect", "--until-idle") for _ in range(collectors)]
        for one in collecting:
            _, said = one.communicate(timeout=240)
            assert one.returncode == 0, said[-3_000:]
        collected_s = time.monotonic() - began
        with world.bus() as bus, world.store() as store:
            while any(bus.backlog(topic, group).records for topic, group in GROUPS[:1]) or pages_owed(store):
                assert time.monotonic() - began < 240
                time.sleep(0.2)
        took_s = time.monotonic() - began
    visits = sorted((visit for visit in web.visits if visit.host == BUSY), key=lambda visit: visit.came_at)
    gaps = [later.came_at - earlier.ended_at for earlier, later in pairwise(visits)]
    most = max(sum(other.came_at <= visit.came_at < other.ended_at for other in visits) for visit in visits)
    paths = Counter(visit.path for visit in visits)
    say(
        f"{count} feeds, {collectors} collectors, {processors} processors: {len(web.visits)} requests, {len(visits)} to the one host; "
        f"smallest gap {min(gaps):.3f} s (spacing {SPACING_S:g} s), at most {most} at a time; "
        f"collected in {collected_s:.1f} s, all pages read in {took_s:.1f} s"
    )
    assert min(gaps) >= SPACING_S
    assert most == 1
    wanted = {f"/feed/{n}" for n in range(busy)} | {f"/{what}/{n}" for what in ("moved", "led") for n in range(10)}
    wanted |= {f"/story/{n}.{m}" for n in range(10) for m in "ab"}
    assert paths.keys() == wanted | {"/robots.txt"}
    assert {path: times for path, times in paths.items() if times > 1 and path != "/robots.txt"} == {}
    assert paths["/robots.txt"] <= processors
    assert {(visit.host, visit.path) for visit in web.visits} >= {(host, "/feed") for host, path in web.answers if path == "/other"}
    assert {visit.host for visit in web.visits if visit.path == "/feed"} == {host for host, path in web.answers if path == "/feed"}


@contextmanager
def ended_at_last(world: World, commands: list[str]) -> Iterator[None]:
    """A block during which these commands run; each must end well when told to."""
    running = [world.start(command) for command in commands]
    try:
        yield
    finally:
        for one in running:
            one.send_signal(signal.SIGTERM)
        said = [one.communicate(timeout=30)[1] for one in running]
    assert [one.returncode for one in running] == [0] * len(running), said[0][-3_000:]


def pages_owed(store: Store) -> int:
    with store.read() as connection:
        return pages.waiting(connection)[0]
