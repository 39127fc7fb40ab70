from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.timelines.channel import Seen, differences
from alerting.timelines.model import Expectation, Kind
from alerting.timelines.moments import offset_in_words, read_offset
from newswire.records import Severity

POST = Seen(
    at=timedelta(),
    kind=Kind.POST,
    receiver="desk",
    watchlists=("gaming",),
    severity=Severity.HIGH,
    title="Ministers meet",
    because=("esports", "partner US"),
    outlets=1,
    reason="matched",
    bold=("esports",),
)
EDIT = replace(POST, at=timedelta(minutes=3), kind=Kind.EDIT, outlets=2, reason="same_story")


def expect(at: str, kind: str, **wanted: Any) -> Expectation:
    return Expectation.model_validate({"at": at, kind: wanted})


def faults(expected: Sequence[Expectation], *seen: Seen) -> list[str]:
    return [one.fault for one in differences(expected, seen)]


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"receiver": "desk"},
        {"watchlists": "gaming"},
        {"severity": "high"},
        {"title": "ministers MEET"},
        {"because": ["partner US"]},
        {"bold": "esports"},
        {"outlets": "1"},
        {"reason": "matched"},
    ],
)
def test_what_is_asked_for_and_seen_is_no_difference(wanted: dict[str, Any]) -> None:
    assert faults([expect("0m", "post", **wanted)], POST) == []


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"receiver": "ops"}, "it is at desk, not at ops"),
        ({"watchlists": ["gaming", "cables"]}, "it speaks for gaming, not for cables"),
        ({"severity": "low"}, "its severity is high, not low"),
        ({"title": "envoy"}, "its headline is “Ministers meet”, without “envoy”"),
        ({"because": ["esports", "topic ai"]}, "it is because of 'esports' and 'partner US', not of 'topic ai'"),
        ({"because": []}, "it is because of 'esports' and 'partner US', not of nothing"),
        ({"bold": ["gaming"]}, "it shows in bold 'esports', not 'gaming'"),
        ({"bold": []}, "it shows in bold 'esports', not nothing"),
        ({"outlets": "2"}, "it counts 1 outlet, not 2"),
        ({"reason": "revised"}, "its reason is matched, not revised"),
        ({"severity": "low", "outlets": "3"}, "its severity is high, not low; it counts 1 outlet, not 3"),
    ],
)
def test_what_is_seen_in_another_way_is_told_by_what_differs(wanted: dict[str, Any], said: str) -> None:
    assert faults([expect("0m", "post", **wanted)], POST) == [f"at 0m: the post at desk is not as expected: {said}"]


def test_another_kind_at_the_moment_is_told_beside_what_was_expected() -> None:
    (fault,) = faults([expect("0m", "edit", receiver="desk")], POST)
    assert fault == (
        "at 0m: expected an edit at desk, saw a post at desk: “Ministers meet” (high, gaming, because of 'esports' and 'partner US', 1 outlet, matched)"
    )


def test_what_never_came_what_came_at_another_time_and_what_came_unasked() -> None:
    wanted = {"watchlists": "gaming", "severity": "high", "title": "Ministers", "because": "esports", "outlets": "1", "reason": "matched"}
    assert faults([expect("1h", "digest", receiver="morning", **wanted)], POST) == [
        "at 0m: expected nothing more, saw a post at desk: “Ministers meet” (high, gaming, because of 'esports' and 'partner US', 1 outlet, matched)",
        "at 1h: expected a digest at morning (for gaming, high, “Ministers” in its headline, because of 'esports', 1 outlet, matched), saw nothing",
    ]
    early, _ = faults([expect("3m", "edit"), expect("2m", "edit")], EDIT, replace(EDIT, at=timedelta(minutes=5)))
    assert early == "at 2m: expected an edit, saw nothing then; it came at 5m"


def test_a_vague_expectation_does_not_take_what_a_strict_one_needs() -> None:
    low = replace(POST, severity=Severity.LOW)
    expected = [expect("0m", "post", receiver="desk"), expect("0m", "post", severity="high")]
    for seen in permutations([POST, low]):
        for asked in permutations(expected):
            assert faults(asked, *seen) == []


@given(st.lists(st.sampled_from([POST, EDIT, replace(POST, severity=Severity.LOW), replace(EDIT, receiver="ops")]), max_size=6), st.data())
def test_expecting_just_what_is_seen_passes_in_any_order_and_one_more_or_less_never_does(seen: list[Seen], data: st.DataObject) -> None:
    exact = [
        expect(offset_in_words(one.at), one.kind, receiver=one.receiver, severity=one.severity, outlets=str(one.outlets)) for one in seen
    ]
    expected = data.draw(st.permutations(exact))
    assert faults(expected, *seen) == []
    assert len(faults([*expected, expect("3m", "reply")], *seen)) == 1
    if seen:
        assert len(faults(expected[1:], *seen)) == 1


@given(st.integers(0, 366 * 86_400))
def test_a_time_since_the_start_reads_back_as_it_was_said(seconds: int) -> None:
    offset = timedelta(seconds=seconds)
    assert read_offset(offset_in_words(offset)) == offset
