"""Collectors hold back where nobody takes what they bring, say so, and go on by themselves."""

import re
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable

import pytest

from tests.acceptance.world import Entry, Web, World

pytestmark = [pytest.mark.acceptance]


class Told:
    """A running command and the lines of its log, read as they come."""

    def __init__(self, running: "subprocess.Popen[str]") -> None:
        self.running, self.lines = running, list[str]()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.running.stderr is not None
        for line in self.running.stderr:
            self.lines.append(line)

    def said(self, words: str) -> str | None:
        return next((line for line in self.lines if words in line), None)

    def end(self) -> int:
        self.running.terminate()
        status = self.running.wait(20)
        self._thread.join()
        assert self.running.stdout is not None
        assert self.running.stderr is not None
        self.running.stdout.close()
        self.running.stderr.close()
        return status


def until(true: Callable[[], object], limit_s: float, told: Told) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < limit_s, "".join(told.lines[-20:])
        time.sleep(0.1)


@pytest.mark.timeout(150)
def test_collectors_slow_down_then_stop_while_nobody_processes_and_go_on_afterwards(world: World, web: Web) -> None:
    world.sources(
        web.feed("/feed", [Entry("Minister meets envoy", "They spoke.", "https://wire.example/report.pdf")], ETag='"1"'), interval="1s"
    )
    world.allow_ports(web.port)
    world.environment |= {"NEWSWIRE_SLOW_AFTER": "3s", "NEWSWIRE_STOP_AFTER": "9s", "NEWSWIRE_POLL_FLOOR": "0.5s"}
    collecting = Told(world.start("collect"))
    behind: list[Told] = []
    try:
        until(lambda: collecting.said("fewer feeds are polled"), 40, collecting)
        until(lambda: collecting.said("no feed is polled"), 30, collecting)
        line = collecting.said("no feed is polled") or ""
        assert "NEWSWIRE_STOP_AFTER is 9s" in line
        assert "start more `newswire process`" in line
        polled = len(web.requests)
        assert polled > 3
        address = re.findall(r"http://[^\"\s]+/metrics", "".join(collecting.lines))[0]
        time.sleep(3)
        assert len(web.requests) == polled
        with urllib.request.urlopen(address, timeout=5) as answer:
            assert 'newswire_collectors_pressure{cause="processors"} 1.0' in answer.read().decode()
        with urllib.request.urlopen(address.replace("/metrics", "/readyz"), timeout=5) as answer:
            assert answer.status == 200
        behind = [Told(world.start(command)) for command in ("process", "alert")]
        until(lambda: collecting.said("polling as usual again"), 60, collecting)
        until(lambda: len(web.requests) > polled + 1, 20, collecting)
    finally:
        statuses = [told.end() for told in (collecting, *behind)]
    assert statuses == [0] * len(statuses)


@pytest.mark.timeout(120)
def test_one_who_works_until_idle_ends_with_the_reason_where_the_disk_is_low(world: World, web: Web) -> None:
    if world.environment.get("NEWSWIRE_BUS", "embedded") != "embedded":
        world.environment["NEWSWIRE_DISK_LOW"] = "900000TB"  # nothing of ours is on this machine's disk
        world.sources(web.feed("/feed", []))
        world.allow_ports(web.port)
        world.run("collect", "--until-idle")
        assert [path for path, _ in web.requests] == ["/feed"]
        return
    world.sources(web.feed("/feed", []))
    world.allow_ports(web.port)
    done = world.run("collect", "--until-idle", status=1, timeout=100, NEWSWIRE_DISK_LOW="900000TB")
    assert "sources that are due were not polled: the disk of " in done.stderr
    assert "make room" in done.stderr
    assert web.requests == []
    world.run("collect", "--until-idle")
    assert [path for path, _ in web.requests] == ["/feed"]
