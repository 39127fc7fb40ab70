"""`newswire status` and `doctor` beside real processes: before anything ran, while the watch is whole, and after it was killed."""

import json
import time
from typing import Any

import pytest

from tests.acceptance.world import Entry, Web, World, wait_until_ready

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


def status(world: World) -> dict[str, Any]:
    """Return what `status --json` tells, its exit status held to it."""
    done = world.run("status", "--json", status=None)
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if told["whole"] else 1)
    return told


def concerns(told: dict[str, Any]) -> list[str]:
    return [one["concern"] for one in told["troubles"]]


def awaited(world: World, wanted: list[str]) -> dict[str, Any]:
    """Return the status as soon as it has these concerns; after a while as it then is."""
    deadline = time.monotonic() + 40
    while concerns(told := status(world)) != wanted and time.monotonic() < deadline:
        time.sleep(0.5)
    return told


def test_it_is_whole_while_it_runs_and_not_before_nor_after(world: World, web: Web) -> None:
    world.sources(web.feed("/feed", [Entry("A title", "A summary", web.base + "/a")]), outlet="Dawn", country="PK")
    world.allow_ports(web.port)
    embedded = "NEWSWIRE_BUS" not in world.environment
    assert concerns(status(world)) == (["never_ran"] if embedded else ["alert_stopped", "process_stopped"])
    assert not world.data.exists()

    running = world.start("run")
    wait_until_ready(running)
    told = awaited(world, [])
    assert (told["whole"], concerns(told)) == (True, [])
    assert [one["work"] for one in told["stages"]] == ["runs"] * 3
    assert (told["sources"]["by_state"]["ok"], told["bus"]["processes"]) == (1, 1 if embedded else None)

    beside = json.loads(world.run("doctor", "--json", status=None).stdout)
    looked_at = {"store", "bus", "two_newswires", "sqlite_files", "locks"} if embedded else {"store", "kafka", "postgresql"}
    found = {one["check"]: one["level"] for one in beside["findings"] if one["check"] in looked_at}
    assert found == dict.fromkeys(looked_at, "ok")
    assert running.poll() is None

    running.kill()
    running.communicate()
    # Kafka and the alerter's lease know of a death by silence alone.
    after = ["nothing_runs"] if embedded else ["alert_stopped", "process_stopped"]
    assert concerns(awaited(world, after)) == after
