"""`newswire status` and `doctor` beside real processes: before anything ran, while the watch is whole, and after it was killed."""

import json
import time
from typing import Any

import pytest

from tests.acceptance.world import Entry, Web, World, wait_until_ready

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]


def status(world: World) -> dict[str, Any]:
    """Return what `status --json` tells, its exit status held to it."""
    done = world.run("status", "--json", status=None)
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if told["whole"] else 1)
    return told


def concerns(told: dict[str, Any]) -> list[str]:
    return [one["concern"] for one in told["troubles"]]


def test_it_is_whole_while_it_runs_and_not_before_nor_after(world: World, web: Web) -> None:
    world.sources(web.feed("/feed", [Entry("A title", "A summary", web.base + "/a")]), outlet="Dawn", country="PK")
    world.allow_ports(web.port)
    assert concerns(status(world)) == ["never_ran"]
    assert not world.data.exists()

    running = world.start("run")
    wait_until_ready(running)
    deadline = time.monotonic() + 20
    while not (told := status(world))["whole"] and time.monotonic() < deadline:
        time.sleep(0.5)
    assert (told["whole"], concerns(told)) == (True, [])
    assert [one["work"] for one in told["stages"]] == ["runs"] * 3
    assert (told["sources"]["by_state"]["ok"], told["bus"]["processes"]) == (1, 1)

    beside = json.loads(world.run("doctor", "--json", status=None).stdout)
    found = {
        one["check"]: one["level"]
        for one in beside["findings"]
        if one["check"] in {"store", "bus", "two_newswires", "sqlite_files", "locks"}
    }
    assert found == {"store": "ok", "bus": "ok", "two_newswires": "ok", "sqlite_files": "ok", "locks": "ok"}
    assert running.poll() is None

    running.kill()
    running.communicate()
    assert concerns(status(world)) == ["nothing_runs"]
