"""`newswire replay`: what would be decided, by a command that can tell nobody and moves nothing."""

import json
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import select

from newswire.bus import Message
from newswire.store.tables import METADATA
from newswire.topics import ALERTING_GROUP, ITEMS, PROCESSORS_GROUP, REPORTS, TOPICS
from tests.acceptance.test_five_articles import FIVE, serve_all
from tests.acceptance.world import Web, World
from tests.fake_slack import FakeSlack

pytestmark = pytest.mark.acceptance

NO_RECEIVER = """
import sys
from newswire.cli import main
sys.argv[1:] = {arguments}
try:
    main()
finally:
    there = [name for name in sys.modules if name.startswith(("slack_sdk", "alerting.receivers.", "alerting.sender", "alerting.publisher"))]
    print(f"loaded: {{there}}", file=sys.stderr)
"""


def everything(world: World) -> dict[str, Any]:
    """Return every row of the store, every record of the bus, and how far each group is."""
    with world.store() as store, store.read() as connection:
        rows: dict[str, Any] = {table.name: sorted(map(str, connection.execute(select(table)))) for table in METADATA.sorted_tables}
    with world.bus() as bus:
        rows |= {topic.name: sorted(map(str, bus.browse(topic))) for topic in TOPICS}
        rows["waiting"] = [bus.backlog(ITEMS, PROCESSORS_GROUP).records, bus.backlog(REPORTS, ALERTING_GROUP).records]
    return rows


@pytest.mark.timeout(120)
def test_it_says_what_would_be_decided_and_can_tell_nobody(world: World, web: Web, slack: FakeSlack) -> None:
    serve_all(world, web, slack)
    with world.bus() as bus:
        bus.publish(ITEMS, [Message("poison", b"not JSON")])
    before, calls = everything(world), list(slack.calls)
    assert before["waiting"] == [1, 0]

    script = NO_RECEIVER.format(arguments=["replay", "news.reports", "--json"])
    done = subprocess.run(
        [sys.executable, "-c", script], env=world.full_environment(), cwd=world.root, capture_output=True, text=True, check=True
    )
    assert "loaded: []" in done.stderr  # no receiver's code is even there
    *lines, last = map(json.loads, done.stdout.splitlines())
    assert len(lines) == last["summary"]["records"] == 10
    alerted = {line["title"]: line for line in lines if line["kind"] == "alert"}
    assert len(alerted) == len(slack.posted) == 4
    gaming = alerted[FIVE["demo-us-gaming"]["title"]]
    assert "gaming-partners" in gaming["watchlists"]
    assert gaming["receivers"]
    held = [line for line in lines if line["title"] == FIVE["demo-roundtable"]["title"] and line["basis"] == "page"]
    assert {(line["kind"], line["reason"]) for line in held} == {("hold", "label")}
    assert "label is domestic" in str(held[0]["missed"])

    out = world.root / "reports.jsonl"
    *lines, last = world.json_lines("replay", "news.items", "--since", "1h", "--out", str(out))
    assert last["summary"]["records"] == 6
    assert {"kind": "dead", "reason": "bad_record", "records": 1} in last["summary"]["ends"]
    assert len([line for line in lines if line["kind"] == "alert"]) >= 3
    assert {json.loads(line)["record"] for line in out.read_text("utf-8").splitlines()} == {"report"}
    there = lines[0]
    *some, _ = world.json_lines("replay", "news.items", "--from-offset", f"{there['partition']}:{there['offset']}")
    assert some[0] == there
    assert {line["partition"] for line in some} == {there["partition"]}
    assert world.json_lines("replay", "news.items", "--until", "1h")[-1]["summary"]["records"] == 0
    assert "nobody was told" in world.run("replay", "news.reports", "--limit", "3").stdout

    assert everything(world) == before
    assert slack.calls == calls


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("news.alerts",), "news.items or news.reports can be replayed"),
        (("news.items", "--since", "yesterday"), "a moment such as 2026-11-20T00:00"),
        (("news.items", "--from-offset", "3"), "PARTITION:OFFSET is due"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_words(tmp_path: Any, arguments: tuple[str, ...], words: str) -> None:
    refused = World(tmp_path).run("replay", *arguments, status=2)
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr
