"""Timelines with digests: quiet hours over both changes of the clocks, a cap, an outage."""

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
ALWAYS = Routes.model_validate({"receivers": [DESK], "route": {"to": "desk"}})
WORDS = ("almond", "banjo", "cactus", "dolphin", "emerald", "falcon", "glacier")


def step(at: str, n: int, **more: str) -> dict[str, Any]:
    return {"at": at, "outlet": "The Nation", "title": f"{WORDS[n]} quark {WORDS[-1 - n]}{n}", "text": f"{WORDS[n]} of the day", **more}


def run(start: str, *feed: Mapping[str, Any], routes: Routes, expect: list[dict[str, Any]], **alert: Any) -> TimelineResult:
    line = Timeline.model_validate({"title": "T", "start": start, "feed": feed, "expect": expect})
    quarks = Watchlist.model_validate(QUARKS | ({"alert": alert} if alert else {}))
    return run_timeline("t", line, DeskInForce({"quarks": quarks}, {}, routes), understand)


def faults(result: TimelineResult) -> list[str]:
    return [one.fault for one in result.failures]


def test_quiet_hours_over_the_night_in_which_the_clocks_go_back() -> None:
    result = run(
        "2026-10-24T17:30:00Z",  # 19:30 in Brussels
        step("0m", 0),
        step("1h", 1),
        step("13h", 2),  # 07:30 in Brussels now; it would be 08:30 by the clocks of the day before
        step("13h31m", 3),
        routes=ON_DUTY,
        expect=[
            {"at": "0m", "post": {"receiver": "desk", "title": "almond"}},
            {
                "at": "12h30m",
                "digest": {"receiver": "desk", "title": "banjo", "says": "came at Sat 20:30, outside of duty", "severity": "high"},
            },
            {"at": "13h31m", "post": {"receiver": "desk", "title": "dolphin"}},
            {"at": "36h30m", "digest": {"receiver": "desk", "title": "cactus", "watchlists": "quarks"}},
        ],
    )
    assert faults(result) == []
    assert [one.silence for one in result.steps if one.silence] == ["it waits for the digest morning (calendar)"] * 2


def test_quiet_hours_over_the_night_in_which_the_clocks_go_forward() -> None:
    result = run(
        "2026-03-28T18:30:00Z",  # 19:30 in Brussels
        step("0m", 0),
        step("1h", 1),
        step("11h31m", 2),  # 08:01 in Brussels: duty, an hour sooner than by the clocks of the day before
        routes=ON_DUTY,
        expect=[
            {"at": "0m", "post": {"receiver": "desk"}},
            {"at": "10h30m", "digest": {"receiver": "desk", "title": "banjo"}},
            {"at": "11h31m", "post": {"receiver": "desk", "title": "cactus"}},
        ],
    )
    assert faults(result) == []


def test_what_is_over_the_cap_is_told_when_there_is_room_again() -> None:
    result = run(
        "2026-06-01T08:00:00Z",
        *(step(f"{n}m", n) for n in range(5)),
        step("70m", 5),
        routes=ALWAYS,
        expect=[
            {"at": "0m", "post": {"title": "almond"}},
            {"at": "1m", "post": {"title": "banjo"}},
            {
                "at": "1h",
                "digest": {"receiver": "desk", "title": "Over the cap at desk: 3 stories", "says": ["cactus", "dolphin", "emerald"]},
            },
            {"at": "70m", "post": {"title": "falcon"}},
        ],
        cap={"per_hour": 2},
    )
    assert faults(result) == []


def test_what_waited_for_hours_is_told_in_one_summary() -> None:
    result = run(
        "2026-06-01T08:00:00Z",
        *(step("0m", n, waited=f"{7 + n}h") for n in range(3)),
        step("30s", 3, waited="8h"),
        step("1m", 4, waited="5h"),
        routes=ALWAYS,
        expect=[
            {"at": "1m", "post": {"title": "emerald"}},
            {
                "at": "1m30s",
                "digest": {
                    "receiver": "desk",
                    "title": "After an outage, at desk: 4 stories",
                    "says": ["almond", "waited 9 h in an outage"],
                },
            },
        ],
    )
    assert faults(result) == []


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
