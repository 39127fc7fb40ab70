"""`newswire backtest` over what a real run archived: it says what was told, tells nobody, and changes nothing."""

import json
import subprocess
import sys

import pytest

from tests.acceptance.test_five_articles import serve_all
from tests.acceptance.test_replay import NO_RECEIVER, everything
from tests.acceptance.world import Web, World
from tests.fake_slack import FakeSlack

pytestmark = pytest.mark.acceptance


@pytest.mark.timeout(120)
def test_it_says_what_was_told_and_can_tell_nobody(world: World, web: Web, slack: FakeSlack) -> None:
    serve_all(world, web, slack)
    before, calls = everything(world), list(slack.calls)
    assert slack.posted

    script = NO_RECEIVER.format(arguments=["backtest", "--json"])
    done = subprocess.run(
        [sys.executable, "-c", script], env=world.full_environment(), cwd=world.root, capture_output=True, text=True, check=True
    )
    assert "loaded: []" in done.stderr  # no receiver's code is even there
    told = json.loads(done.stdout)
    assert told["reports"] == 10
    assert {one["url"] for one in told["new"]["stories"]} == {alert["url"] for alert in world.json_lines("alerts")}

    assert everything(world) == before
    assert slack.calls == calls
