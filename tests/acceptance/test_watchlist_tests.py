"""`newswire test` as a desk officer runs it: in the real process, on a copy of the shipped configuration."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.acceptance.world import World

pytestmark = pytest.mark.acceptance

GAMING = "watchlists/gaming-partners.yaml"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A copy of the shipped configuration; no bus and no store is asked, so one world is enough."""
    return World(tmp_path)


def change(world: World, name: str, old: str, new: str) -> None:
    """Change the first `old` of what a file asks for, and leave its tests as they are."""
    path = world.config / name
    before, when, after = path.read_text().partition("\nwhen:")
    assert old in after.partition("\ntests:")[0]
    path.write_text(before + when + after.replace(old, new, 1))


def test_one_term_changed_in_a_shipped_watchlist_fails_with_the_truth_table(world: World) -> None:
    assert world.run("test", "gaming-partners").stdout.endswith(" timelines passed.\n")
    change(world, GAMING, "gaming industry", "gaming commerce")
    done = world.run("test", "gaming-partners", "--junit", "results.xml", status=1)
    test, _, timelines = done.stdout.partition("✗ timeline")
    assert "✗ gaming-partners: the US and the gaming industry\n  should alert because of 'gaming industry', and alerts because of" in test
    assert "\n    holds  diplomacy, score at least 0.5" in test
    assert "\n       fails  alternative 1: say 'gaming commerce'" in test
    assert "\n       holds  alternative 2: are about gaming" in test
    assert "\n    holds  engage one of the " in test
    assert "second-outlet: A second outlet carries the story" in timelines
    assert "\n  at 0m: the post at desk is not as expected: it is because of" in timelines
    assert "\n         fails  alternative 1: say 'gaming commerce'" in timelines
    assert "\n  What the channel saw:\n    0m     feed  “Pakistan, US agree" in timelines
    assert "Traceback" not in done.stderr

    cases = ET.fromstring((world.root / "results.xml").read_bytes()).findall("testcase")
    failures = {case.get("name"): case.find("failure") for case in cases}
    assert failures["staged-stays-silent"] is None
    assert "fails  alternative 1: say 'gaming commerce'" in (getattr(failures["the US and the gaming industry"], "text", None) or "")


def test_programs_get_the_same_as_json_and_a_timeline_can_be_run_alone(world: World) -> None:
    told = json.loads(world.run("test", "second-outlet", "--json").stdout)
    assert (told["tests"], told["passed"], told["failed"]) == ([], 1, 0)
    (timeline,) = told["timelines"]
    assert (timeline["timeline"], timeline["passed"], timeline["failures"]) == ("second-outlet", True, [])
    assert any("an edit at desk" in line and "2 outlets" in line for line in timeline["seen"])


def test_a_fault_in_a_timeline_is_found_by_check_and_by_test(world: World) -> None:
    path = world.config / "tests" / "second-outlet.yaml"
    path.write_text(path.read_text().replace("receiver: desk", "receiver: desc", 1))
    for command in ("check", "test"):
        done = world.run(command, status=2)
        assert "second-outlet.yaml:" in done.stderr
        assert "unknown receiver 'desc'; did you mean 'desk'?" in done.stderr
