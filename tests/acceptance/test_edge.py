"""The edge against everything hostile at once: real sockets, real children, and a good neighbour that must not notice."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path

import psutil
import pytest

from newswire.clock import SystemClock
from newswire.guard import Guard
from newswire.http import Fetched, FetchFailed, GuardedHttp, Request
from newswire.jail import Killed, KillReason, ProcessJail
from newswire.metrics import Metrics
from newswire.outcomes import FetchReason
from newswire.store import Store
from newswire.store.hosts import StoreSlots
from tests import hostile_server as hostile
from tests.hostile_server import HostileServer
from tests.jail_tasks import TASKS

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
HANGING = [f"127.0.1.{n}" for n in range(1, 201)]
MOST_GROWTH_BYTES = 100 << 20

BOMBED = """
import json, resource, sys
from ipaddress import ip_network
from newswire.clock import SystemClock
from newswire.guard import Guard
from newswire.http import GuardedHttp, Request
from newswire.metrics import Metrics

port, *paths = sys.argv[1:]
client = GuardedHttp(guard=Guard([ip_network("127.0.0.1/32")], [int(port)]), slots=None, metrics=Metrics(), user_agent="t", clock=SystemClock())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
futures = {path: client.submit(Request(f"http://127.0.0.1:{port}{path}", 8 << 20, 5.0)) for path in paths}
good = client.submit(Request(f"http://127.0.0.1:{port}/good", 8 << 20, 5.0)).result()
ends = {path: getattr(future.result(), "reason", "ok") for path, future in futures.items()}
client.close()
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
print(json.dumps({"good": good.status, "ends": ends, "grown": grown}))
"""


@pytest.fixture
def client(store: Store, good: HostileServer) -> Iterator[GuardedHttp]:
    clock = SystemClock()
    built = GuardedHttp(
        guard=Guard([ip_network("127.0.0.0/8")], [good.port]),
        slots=StoreSlots(store=store, clock=clock, owner="test", spacing_s=0.01),
        metrics=Metrics(),
        user_agent="newswire/test",
        clock=clock,
    )
    yield built
    built.close()


@pytest.fixture
def good() -> Iterator[HostileServer]:
    with HostileServer({"/feed": hostile.status(200, "", b"<rss/>")}) as server:
        yield server


def test_bombs_and_endless_answers_cost_no_memory_and_keep_nobody_waiting() -> None:
    ends = {
        "/gzip": FetchReason.TOO_LARGE,
        "/br": FetchReason.TOO_LARGE,
        "/zstd": FetchReason.TOO_LARGE,
        "/gzip-in-gzip": FetchReason.TOO_LARGE,
        "/redirect": "ok",
        "/chunked": FetchReason.TOO_LARGE,
        "/unframed": FetchReason.TOO_LARGE,
        "/endless-redirect": "ok",
        "/103": FetchReason.PROTOCOL,
        "/drip": FetchReason.DEADLINE,
        "/drip-header": FetchReason.DEADLINE,
        "/drip-103": FetchReason.DEADLINE,
        "/silence": FetchReason.DEADLINE,
    }
    scripts = {
        **dict(hostile.bombs()),
        "/good": hostile.status(200, "", b"<rss/>"),
        "/chunked": hostile.ENDLESS_CHUNKED,
        "/unframed": hostile.ENDLESS_UNFRAMED,
        "/endless-redirect": hostile.REDIRECT_WITH_ENDLESS_BODY,
        "/103": hostile.STORM_OF_103,
        "/drip": hostile.DRIP_BODY,
        "/drip-header": hostile.DRIP_HEADER,
        "/drip-103": hostile.DRIP_OF_103,
        "/silence": hostile.silence,
    }
    with HostileServer(scripts) as server:
        began = time.monotonic()
        run = subprocess.run(
            [sys.executable, "-c", BOMBED, str(server.port), *ends],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        took_s = time.monotonic() - began
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["ends"] == ends
    assert said["good"] == 200
    assert said["grown"] < MOST_GROWTH_BYTES
    assert took_s < 5.0 + 10.0  # the deadline of each, and the start of an interpreter on a busy machine


def test_two_hundred_hanging_hosts_do_not_hold_a_good_one(client: GuardedHttp, good: HostileServer) -> None:
    with ExitStack() as stack:
        for host in HANGING:  # the kernel accepts for them; nobody ever answers
            stack.enter_context(socket.create_server((host, good.port), backlog=8))
        hanging = [client.submit(Request(f"http://{host}:{good.port}/feed", 1_000_000, 20.0)) for host in HANGING]
        answer = client.submit(Request(good.url("/feed"), 1_000_000, 5.0)).result()
        assert isinstance(answer, Fetched), answer
        assert not wait(hanging, timeout=0, return_when=FIRST_COMPLETED).done
        client.close()
        assert all(future.cancelled() for future in hanging)


def test_a_host_that_asks_to_be_left_alone_is(client: GuardedHttp, good: HostileServer) -> None:
    good.scripts["/busy"] = hostile.status(429, "Retry-After: 3600\r\n")
    first = client.submit(Request(good.url("/busy"), 1000, 5.0)).result()
    second = client.submit(Request(good.url("/feed"), 1000, 5.0)).result()
    assert isinstance(first, FetchFailed)
    assert isinstance(second, FetchFailed)
    assert (first.reason, first.retry_after_s) == (FetchReason.RATE_LIMITED, 3600.0)
    assert second.reason is FetchReason.HOST_BUSY
    assert second.retry_after_s is not None
    assert 3590 < second.retry_after_s <= 3600
    assert len(good.requests) == 1


def test_a_page_that_hangs_the_parser_is_ended_and_the_next_is_read() -> None:
    jail = ProcessJail(tasks=TASKS, metrics=Metrics(), preload=("lxml.html",))
    page = b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">x</p>"
    hanging = jail.submit("tests.jail_tasks:parse_page", page, deadline_s=1.5)
    assert jail.submit("tests.jail_tasks:parse_page", b"<p>good</p>", deadline_s=5).result() == "good"
    assert not hanging.done()
    with pytest.raises(Killed) as raised:
        hanging.result(timeout=5)
    assert raised.value.reason is KillReason.DEADLINE
    assert jail.submit("tests.jail_tasks:parse_page", b"<p>next</p>", deadline_s=5).result() == "next"
    jail.close()


PARENT = """
from newswire.jail import ProcessJail
from newswire.metrics import Metrics
from tests.jail_tasks import TASKS
jail = ProcessJail(tasks=TASKS, metrics=Metrics(), workers=1, preload=())
print(jail.submit("tests.jail_tasks:whose", deadline_s=5).result(), flush=True)
jail.submit("tests.jail_tasks:hang", deadline_s=600).result()
"""


def test_children_die_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)}) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        server = child.parent()
        assert server is not None
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs([child, server], timeout=5)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
