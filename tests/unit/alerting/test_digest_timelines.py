"""Timelines that expect digests; those of calendars, caps and outages stand in `tests/golden/timelines`."""

from collections.abc import Mapping
from typing import Any

import pytest

from alerting.routes import Routes
from alerting.timelines.model import Timeline
from alerting.timelines.run import DeskInForce, TimelineResult, run_timeline
from alerting.watchlists.model import Watchlist
from tests.unit.alerting.desk import understand

QUARKS = {"title": "Quarks", "severity": "high", "label": "any", "max_age": "30d", "when": {"any": ["quark"]}}
DESK = {"name": "desk", "slack": {"channel": "#desk"}}
MORNING = {"name": "morning", "digest": {"to": "desk", "at": "07:00", "zone": "Europe/Brussels"}}
ON_DUTY = Routes.model_validate(
    {
        "receivers": [DESK, MORNING],
        "calendars": [{"name": "duty", "zone": "Europe/Brussels", "hours": ["08:00-20:00"]}],
        "route": {"to": "desk", "routes": [{"to": "desk", "during": "duty", "otherwise": "morning"}]},
    }
)
WORDS = ("almond", "banjo", "cactus", "dolphin", "emerald", "falcon", "glacier")


def step(at: str, n: int, **more: str) -> dict[str, Any]:
    return {"at": at, "outlet": "The Nation", "title": f"{WORDS[n]} quark {WORDS[-1 - n]}{n}", "text": f"{WORDS[n]} of the day", **more}


def run(start: str, *feed: Mapping[str, Any], routes: Routes, expect: list[dict[str, Any]], **alert: Any) -> TimelineResult:
    line = Timeline.model_validate({"title": "T", "start": start, "feed": feed, "expect": expect})
    quarks = Watchlist.model_validate(QUARKS | ({"alert": alert} if alert else {}))
    return run_timeline("t", line, DeskInForce({"quarks": quarks}, {}, routes), understand)


def faults(result: TimelineResult) -> list[str]:
    return [one.fault for one in result.failures]


@pytest.mark.parametrize(
    ("digest", "fault"), [({"title": "zebra"}, "without “zebra”"), ({"severity": "low"}, "its severity is high, not low")]
)
def test_a_digest_that_says_something_else_is_a_fault(digest: dict[str, Any], fault: str) -> None:
    result = run("2026-06-01T21:00:00Z", step("0m", 0), routes=ON_DUTY, expect=[{"at": "8h", "digest": digest}])
    (said,) = faults(result)
    assert fault in said


def test_a_digest_that_nobody_expected_is_a_fault_and_an_empty_one_is_not_seen() -> None:
    (said,) = faults(run("2026-06-01T21:00:00Z", step("0m", 0), step("3d12h", 1), routes=ON_DUTY, expect=[{"at": "3d12h", "post": {}}]))
    assert said.startswith("at 8h: expected nothing more, saw a digest at desk: “Digest morning: 1 story: 1 high; ")
