"""Marks and the stretches that they do not bear out."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.digests.watch import MARK_EVERY_S, MISSING_S, Gap, GapKind, gaps, is_blind
from newswire.store.watch import Mark
from tests.digest_builders import DUE, SINCE, hours, marks

SINCE_S, DUE_S = SINCE.timestamp(), DUE.timestamp()


def test_a_whole_watch_has_no_gap() -> None:
    assert gaps(marks(), SINCE_S, DUE_S) == ()
    assert gaps(marks(sources=0, answered=0), SINCE_S, DUE_S) == ()  # nothing was watched: that is said, but it is no gap


def test_missing_marks_are_a_stop_from_the_last_one_to_the_next() -> None:
    kept = [*marks(until=hours(8)), *marks(since=hours(5))]
    assert gaps(kept, SINCE_S, DUE_S) == (Gap(hours(8).timestamp(), hours(5).timestamp(), GapKind.STOPPED),)


def test_few_answers_are_blindness_from_the_last_whole_mark_to_the_next() -> None:
    kept = [
        *marks(until=hours(8)),
        *marks(answered=3, since=hours(8) + timedelta(minutes=5), until=hours(5)),
        *marks(since=hours(5) + timedelta(minutes=5)),
    ]
    (gap,) = gaps(kept, SINCE_S, DUE_S)
    assert (gap.kind, gap.answered, gap.sources) == (GapKind.DEAF, 3, 118)
    assert gap.begins_at == hours(8).timestamp()
    assert gap.ends_at == hours(5).timestamp() + 300


def test_sources_that_are_overdue_after_a_stop_belong_to_it() -> None:
    kept = [*marks(until=hours(8)), *marks(answered=0, since=hours(5), until=hours(5)), *marks(since=hours(5) + timedelta(minutes=5))]
    (gap,) = gaps(kept, SINCE_S, DUE_S)
    assert (gap.kind, gap.begins_at, gap.ends_at) == (GapKind.STOPPED, hours(8).timestamp(), hours(5).timestamp() + 300)


def test_what_was_before_the_first_mark_is_not_known() -> None:
    assert gaps(marks(since=hours(3)), SINCE_S, DUE_S) == ()
    assert gaps((), SINCE_S, DUE_S) == ()


def test_a_mark_from_before_the_period_bears_out_its_beginning() -> None:
    before = Mark(SINCE_S - 7_200, 118, 118, 1, 1, 0.0)
    (gap,) = gaps([before, *marks(since=hours(20))], SINCE_S, DUE_S)
    assert (gap.begins_at, gap.ends_at) == (SINCE_S, hours(20).timestamp())


def test_a_watch_that_stopped_and_did_not_come_back() -> None:
    assert gaps(marks(until=hours(2)), SINCE_S, DUE_S) == (Gap(hours(2).timestamp(), DUE_S, GapKind.STOPPED),)


@pytest.mark.parametrize(("sources", "answered", "blind"), [(118, 59, False), (118, 58, True), (1, 0, True), (1, 1, False), (0, 0, True)])
def test_blind_is_fewer_than_half(sources: int, answered: int, *, blind: bool) -> None:
    assert is_blind(sources, answered) is blind


@given(st.lists(st.tuples(st.floats(1, 7_200), st.integers(0, 10)), max_size=60))
def test_gaps_are_apart_in_order_and_inside_and_hold_every_stretch_without_marks(steps: list[tuple[float, int]]) -> None:
    at, kept = SINCE_S - 3_600, []
    for step, answered in steps:
        at += step
        kept.append(Mark(at, 10, answered, 0, 0, 0.0))
    found = gaps(kept, SINCE_S, DUE_S)
    assert all(SINCE_S <= gap.begins_at < gap.ends_at <= DUE_S for gap in found)
    assert all(one.ends_at < other.begins_at for one, other in pairwise(found))
    for one, other in pairwise(kept):
        middle = (one.at + other.at) / 2
        if SINCE_S < middle < DUE_S and other.at - one.at > MISSING_S:
            assert any(gap.begins_at <= middle <= gap.ends_at for gap in found)
    for mark in kept:
        if SINCE_S < mark.at < DUE_S and mark.answered < 5:
            assert any(gap.begins_at <= mark.at <= gap.ends_at for gap in found)


def test_a_restart_within_two_marks_is_no_gap() -> None:
    kept = [*marks(until=hours(8)), *marks(since=hours(8) + timedelta(seconds=2 * MARK_EVERY_S))]
    assert gaps(kept, SINCE_S, DUE_S) == ()
