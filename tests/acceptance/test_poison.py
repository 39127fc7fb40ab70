"""Records that cannot be handled: each becomes one dead letter with its reason, nothing spins, and a person gets them back."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newswire.bus import Message
from newswire.codec import SCHEMA_HEADER, decode, encode, schema_of
from newswire.consumer import DeadLimit
from newswire.records import Item, Report
from newswire.topics import ITEMS, PROCESSORS_GROUP, REPORTS
from newswire.urls import item_id_of_url
from tests.acceptance.world import World
from tests.crash.fleet import busy_s, wait_until
from tests.examples import ITEM

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

NOT_JSON = b"\xff\xfe not a record \x00 at all"
UPGRADED = Path(__file__).with_name("upgraded.py")
LOOK_S = 4.0
IDLE_SHARE = 0.25  # of one core; a loop that spins takes all of it


def item(name: str) -> Item:
    url = f"https://news.example/{name}"
    return replace(ITEM, item_id=item_id_of_url(url), url=url, content="Its text is whole, and nothing more is to be had. " * 40)


def message_of(one: Item) -> Message:
    return Message(one.item_id, encode(one), {SCHEMA_HEADER: schema_of(Item)})


def newer(one: Item) -> Message:
    """Return the item as a release would write it that gave it one more field and the next schema."""
    raw = json.loads(encode(one))
    value = {"record": raw.pop("record"), "schema": raw.pop("schema") + 1, **raw, "mood": "calm"}
    return Message(one.item_id, json.dumps(value).encode(), {SCHEMA_HEADER: "item/2"})


def publish(world: World, messages: Sequence[Message]) -> None:
    with world.bus() as bus:
        bus.publish(ITEMS, messages)


def reported(world: World) -> set[str]:
    with world.bus() as bus:
        return {decode(Report, message.value).item.item_id for message in bus.browse(REPORTS)}


def backlog(world: World) -> int:
    with world.bus() as bus:
        return bus.backlog(ITEMS, PROCESSORS_GROUP).records


def letters(world: World) -> list[dict[str, Any]]:
    return world.json_lines("dead", "list")


@contextmanager
def running(world: World, command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a stage until the block's end, which it survives in good order."""
    log = world.root / "stage.log"
    with log.open("ab") as said:
        process = subprocess.Popen(command, env=world.full_environment(), cwd=world.root, stdout=said, stderr=said)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()[-3_000:]
    finally:
        process.kill()
        process.wait()


def test_poison_is_given_up_once_and_replayed_after_a_fix(world: World) -> None:
    before, after, later, future = item("before"), item("after"), item("later"), item("from-the-future")
    publish(world, [message_of(before), Message(before.item_id, NOT_JSON), newer(future), message_of(after)])
    with running(world, world.command("process")) as process:
        wait_until(lambda: reported(world) >= {before.item_id, after.item_id} and not backlog(world), limit_s=40, look_s=0.5)
        given_up = letters(world)
        assert sorted(letter["reason"] for letter in given_up) == ["bad_record", "unknown_schema"]
        assert all(letter["attempts"] == 1 and letter["stage"] == "read_feed" for letter in given_up)
        [too_new] = [letter for letter in given_up if letter["reason"] == "unknown_schema"]
        assert "item/2 is newer than item/1" in too_new["error"]
        used_s = busy_s(process.pid)
        time.sleep(LOOK_S)
        share = (busy_s(process.pid) - used_s) / LOOK_S
        assert share < IDLE_SHARE, f"{share:.0%} of a core with nothing to do"
        publish(world, [message_of(later)])
        wait_until(lambda: later.item_id in reported(world), limit_s=20, look_s=0.5)
        assert letters(world) == given_up
    with running(world, [sys.executable, str(UPGRADED), "process"]):
        assert f"back on {ITEMS.name}" in world.run("dead", "replay", too_new["dead_id"]).stdout
        wait_until(lambda: future.item_id in reported(world), limit_s=40, look_s=0.5)
        assert letters(world) == given_up
    steps = {step["stage"]: step["outcome"] for step in world.json("why", str(future.url))["stages"]}
    assert steps == {"read_feed": "reported_final"}


def test_a_stage_stops_before_it_has_poured_its_topic_into_the_dead_letters(world: World) -> None:
    most, records = DeadLimit().most, 60
    good = item("good")
    publish(world, [Message(good.item_id, NOT_JSON + bytes([n])) for n in range(records)])  # one key: one partition
    stopped = world.run("process", "--until-idle", status=1)
    assert f"more than {most} records in a row could not be handled" in stopped.stderr
    assert f"its records stay on {ITEMS.name}" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    given_up = len(letters(world))
    assert given_up <= most
    assert backlog(world) == records - given_up
    # A person has looked at `dead list`: it is another program's rubbish, of which there may be any amount.
    publish(world, [*(Message(good.item_id, NOT_JSON + bytes([n])) for n in range(records, 2 * records)), message_of(good)])
    world.run("process", "--until-idle", NEWSWIRE_DEAD_LIMIT="0")
    assert len(letters(world)) == 2 * records
    assert backlog(world) == 0
    assert good.item_id in reported(world)
