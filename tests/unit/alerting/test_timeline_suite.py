"""The suite of timelines: those that ship, and those of odd zones, caps and digests; each is run once, and each can fail.

`config/tests/` is what a desk officer learns from, run on the real understanding. `tests/golden/timelines/` is a configuration folder
of its own, whose watchlists are as small as its questions.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerting.rehearsal import scratch_store
from alerting.timelines.channel import differences
from alerting.timelines.model import Expectation, Timeline
from alerting.timelines.run import DeskInForce, TimelineResult, run_timeline
from alerting.watchlists.inline_tests import Understand
from alerting.watchlists.load import DeskFiles, load_desk
from newswire.outcomes import AlertReason
from newswire.records import Severity
from newswire.store import Store
from newswire.strict_yaml import read
from tests.unit.alerting.desk import VOCABULARY, understand

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "config"
GOLDEN = ROOT / "tests" / "golden" / "timelines"
PATHS = {path.stem: path for folder in (SHIPPED, GOLDEN) for path in sorted((folder / "tests").glob("*.yaml"))}


class Suite:
    """Every timeline, and how it ends: each is run when it is first asked for, and once."""

    def __init__(self, shipped: DeskFiles, understood: Understand, store: Store) -> None:
        self._store = store
        golden = load_desk(GOLDEN, VOCABULARY, date(2026, 11, 2))
        self.timelines = dict(shipped.timelines) | dict(golden.timelines)
        self.faults = [*shipped.timeline_faults, *golden.faults, *golden.timeline_faults, *golden.warnings]
        self._desks = {
            name: (DeskInForce(files.watchlists, files.lists, files.routes), understands)
            for files, understands in ((shipped, understood), (golden, understand))
            for name in files.timelines
        }
        self._results: dict[str, TimelineResult] = {}

    def result(self, name: str) -> TimelineResult:
        if name not in self._results:
            self._results[name] = self.run(name, self.timelines[name])
        return self._results[name]

    def run(self, name: str, timeline: Timeline) -> TimelineResult:
        """Return how this timeline ends on the desk of the one that is called so."""
        desk, understands = self._desks[name]
        return run_timeline(name, timeline, desk, understands, self._store)


@pytest.fixture(scope="module")
def suite(shipped: DeskFiles, understood: Understand) -> Iterator[Suite]:
    with closing(scratch_store()) as store:
        yield Suite(shipped, understood, store)


def test_the_suite_is_as_large_as_it_is_meant_to_be(suite: Suite) -> None:
    assert suite.faults == []
    shipped = [path for path in PATHS.values() if path.is_relative_to(SHIPPED)]
    assert suite.timelines.keys() == PATHS.keys()
    assert len(PATHS) >= 60
    assert len(PATHS) == len(list((SHIPPED / "tests").iterdir())) + len(list((GOLDEN / "tests").iterdir()))  # no name twice
    assert 20 <= len(shipped) <= 30  # more is nothing that one reads


@pytest.mark.parametrize("name", PATHS)
def test_the_channel_sees_what_the_timeline_expects(suite: Suite, name: str) -> None:
    assert [one.fault for one in suite.result(name).failures] == []


OTHER: Mapping[str, Any] = {
    "receiver": "nobody",
    "watchlists": ("nobody",),
    "title": "zebra",
    "because": ("zebra",),
    "bold": ("zebra",),
    "says": ("zebra",),
    "outlets": 99,
}


def changed(one: Expectation, **update: Any) -> Expectation:
    return one.model_copy(update={one.kind.value: one.wanted.model_copy(update=update)})


def mutants(expected: tuple[Expectation, ...]) -> Iterator[tuple[str, list[Expectation]]]:
    """Yield the expectations with one taken away, put off, or wrong in one of the things that it asks."""
    yield "one more", [*expected, Expectation.model_validate({"at": "0m", "post": {"title": "zebra"}})]
    for n, one in enumerate(expected):
        before, after = expected[:n], expected[n + 1 :]
        yield f"without {n}", [*before, *after]
        yield f"{n} later", [*before, one.model_copy(update={"at": one.at + timedelta(seconds=1)}), *after]
        others = {key: other for key, other in OTHER.items() if getattr(one.wanted, key) is not None}
        if one.wanted.severity is not None:
            others["severity"] = Severity.INFO
        if one.wanted.reason is not None:
            others["reason"] = next(reason for reason in AlertReason if reason is not one.wanted.reason)
        for key, other in others.items():
            yield f"{n} with another {key}", [*before, changed(one, **{key: other}), *after]


@pytest.mark.parametrize("name", PATHS)
def test_no_expectation_of_a_timeline_can_be_taken_away_or_changed(suite: Suite, name: str) -> None:
    expected = suite.timelines[name].expect
    seen = [one for step in suite.result(name).steps for one in step.seen]
    assert expected or not seen
    assert [what for what, mutant in mutants(expected) if not differences(mutant, seen)] == []


SETTINGS = [
    ("silenced-for-an-hour", "for: 1h", "for: 2m"),
    ("silenced-below-critical", ", below: critical", ""),
    ("silence-of-a-story", "story: summit", "story: other"),
    ("silence-of-a-country", "for: 2h", "for: 2h1s"),
    ("staged-stays-silent", "staged}", "active}"),
    ("draft-muted-and-staged", "partners: muted", "partners: active"),
    ("told-anew-after-a-day", "realert: 24h", "realert: 26h"),
    ("realert-beside-a-digest", "realert: 24h", "realert: never"),
    ("updates-untold", "updates: none", "updates: thread"),
    ("updates-as-edits", "gaming-partners: {updates: edit}", "gaming-partners: {updates: message}"),
    ("the-most-talkative-counts", "update_every: 5m", "update_every: 6m"),
    ("over-the-cap", "per_hour: 2", "per_hour: 3"),
    ("cap-of-a-channel", "per_hour: 2", "per_hour: 3"),
    ("cap-of-one-of-two-watchlists", "partners: {cap: {per_hour: 2}}", "partners: {cap: {per_hour: 1}}"),
    ("cap-counts-updates-in-the-channel", "updates: message", "updates: thread"),
    ("cap-overflow-in-the-digest", 'at: "12:00"', 'at: "13:00"'),
    ("quiet-hours-wait-for-the-digest", "zone: Europe/Brussels, hours", "zone: Etc/GMT-2, hours"),  # the clocks of summer all year
    ("quiet-hours-clocks-go-forward", "zone: Europe/Brussels, hours", "zone: Etc/GMT-1, hours"),
    ("quiet-hours-clocks-go-back", 'at: "07:00", zone: Europe/Brussels', 'at: "07:00", zone: Etc/GMT-2'),
    ("midnight-that-does-not-come", "zone: Asia/Beirut, hours", "zone: Etc/GMT-2, hours"),
    ("digest-hour-that-does-not-come", 'at: "02:30"', 'at: "02:00"'),
    ("no-duty-on-the-weekend", "days: [mon, tue", "days: [sat, mon, tue"),
    ("duty-over-midnight", "days: [fri]", "days: [sat]"),
    ("digest-on-two-days", "days: [mon, thu]", "days: [mon, wed]"),
    ("rise-reaches-another-channel", "severity: [high, critical]", "severity: [high]"),
    ("rise-out-of-a-digest", "to: desk}\nitems", "to: morning}\nitems"),
    ("two-receivers-two-rights", "explain: none", "explain: words"),
    ("outage-of-less-than-six-hours", "waited: 6h1m", "waited: 6h"),
    ("older-than-max-age", "2026-05-29T07:00", "2026-05-29T08:00"),
]


@pytest.mark.parametrize(("name", "old", "new"), SETTINGS)
def test_a_timeline_fails_where_its_setting_is_another_one(suite: Suite, name: str, old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "changed.yaml"
    text = PATHS[name].read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    document, faults = read(path, "changed.yaml")
    assert document is not None
    assert faults == []
    assert not suite.run(name, Timeline.model_validate(document.values())).passed


def test_the_page_about_timelines_lists_every_one_of_them() -> None:
    page = (ROOT / "docs" / "timelines.md").read_text("utf-8")
    assert [name for name in PATHS if f"`{name}`" not in page] == []
