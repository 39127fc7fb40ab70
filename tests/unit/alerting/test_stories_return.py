"""Which stories return: thirty labelled pairs, the laws that keep a link from being wrong, and the marks by which an old story is found."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.stories import WINDOW_S, StoryIndex, document_of_record
from alerting.stories_member import Member
from alerting.stories_return import REACH_S, OlderStory, marks_of, returns_to
from newswire.store import Store, story_marks
from newswire.store.stories import Joining, join
from tests.fakes import NOW
from tests.measured import Say

AT = NOW.timestamp()
PAIRS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "golden" / "returning" / "pairs.json").read_text(encoding="utf-8"))
LEAST_PRECISION, LEAST_RECALL = 1.0, 0.8


@cache
def index() -> StoryIndex:
    return StoryIndex()


def member(record: dict[str, Any], *, key: str, at: datetime) -> Member:
    document = document_of_record({**record, "id": key, "label": "diplomacy", "published": at.isoformat()})
    return index().place(document)[1]


def pair(one: dict[str, Any]) -> tuple[Member, OlderStory]:
    old = member(one["old"], key="old", at=NOW - timedelta(days=one["days"]))
    return member(one["new"], key="new", at=NOW), OlderStory("o" * 32, old.dated_at or 0, [old])


def test_precision_and_recall_on_the_labelled_pairs(say: Say) -> None:
    linked = {one["name"]: returns_to(*_one_candidate(one)) is not None for one in PAIRS}
    returning = {one["name"] for one in PAIRS if one["returns"]}
    right = sum(linked[name] for name in returning)
    precision, recall = right / sum(linked.values()), right / len(returning)
    say(f"{len(PAIRS)} pairs, {len(returning)} of them return: precision {precision:.2f}, recall {recall:.2f}")
    assert (precision >= LEAST_PRECISION, recall >= LEAST_RECALL) == (True, True), linked


def _one_candidate(one: dict[str, Any]) -> tuple[Member, list[OlderStory]]:
    new, old = pair(one)
    return new, [old]


@pytest.mark.parametrize("one", [one for one in PAIRS if one["returns"]], ids=lambda one: one["name"])
def test_what_returns_is_found_by_its_marks(one: dict[str, Any]) -> None:
    new, old = pair(one)
    assert set(marks_of(new)) & set(marks_of(old.members[0]))


RETURNING = next(one for one in PAIRS if one["name"] == "an IT park with a Korean loan breaks ground")


@pytest.mark.parametrize(
    ("apart_s", "linked"), [(0.0, False), (WINDOW_S, False), (WINDOW_S + 1, True), (REACH_S, True), (REACH_S + 1, False)]
)
def test_a_story_returns_once_it_is_closed_and_not_after_two_months(apart_s: float, *, linked: bool) -> None:
    new, old = pair(RETURNING)
    assert (returns_to(new, [replace(old, last_at=AT - apart_s)]) is not None) is linked


def test_an_item_without_a_date_returns_to_nothing() -> None:
    new, old = pair(RETURNING)
    assert returns_to(replace(new, dated_at=None), [old]) is None


@given(st.sampled_from(PAIRS))
def test_other_parties_or_another_topic_are_another_story_however_alike_the_words(one: dict[str, Any]) -> None:
    _, old = pair(one)
    same_words, other = replace(old.members[0], item_id="new", dated_at=AT), frozenset({"XX"})
    for changed in (replace(same_words, home="XX"), replace(same_words, partners=other), replace(same_words, topics=other)):
        assert returns_to(changed, [old]) is None


def test_of_several_the_likeliest_is_named_whatever_their_order() -> None:
    new, old = pair(RETURNING)
    weaker = replace(old, story_id="p" * 32, members=[replace(old.members[0], names=frozenset())])
    for candidates in ([old, weaker], [weaker, old]):
        found = returns_to(new, candidates)
        assert found is not None
        assert found.story_id == old.story_id


def test_where_no_state_is_engaged_the_same_body_must_be() -> None:
    new, old = pair(RETURNING)
    bank = frozenset({"World Bank"})
    alone, before = (
        replace(new, partners=frozenset(), organisations=bank),
        replace(old.members[0], partners=frozenset(), organisations=bank),
    )
    assert returns_to(alone, [replace(old, members=[before])]) is not None
    assert returns_to(alone, [replace(old, members=[replace(before, organisations=frozenset())])]) is None


def test_words_alone_without_a_body_person_or_figure_in_common_make_no_return() -> None:
    new, old = pair(RETURNING)
    alone = replace(new, organisations=frozenset(), people=frozenset(), names=frozenset(name for name in new.names if name[0] != "#"))
    assert returns_to(alone, [old]) is None
    assert marks_of(alone) == ()


def test_a_mark_fits_its_column_however_many_states_meet() -> None:
    new, _ = pair(RETURNING)
    crowd = replace(new, partners=frozenset(f"{a}{b}" for a in "ABCDE" for b in "ABCDEFG"), organisations=frozenset({"x" * 500}))
    assert marks_of(crowd)
    assert max(map(len, marks_of(crowd))) <= 80


def test_the_store_finds_told_stories_by_what_they_share(store: Store) -> None:
    new, old = pair(RETURNING)
    kept = replace(old.members[0], story_id="o" * 32)
    with store.begin() as connection:
        join(connection, [Joining("o" * 32, "old", "Old", AT - 9 * 86_400, kept.to_facts())], AT, members_kept=50)
        story_marks.keep(connection, "o" * 32, marks_of(kept), AT - 9 * 86_400)
        story_marks.keep(connection, "o" * 32, marks_of(kept), AT - 9 * 86_400)  # told to a second receiver
        story_marks.keep(connection, "p" * 32, [marks_of(kept)[0]], AT)
    marks = marks_of(new)
    with store.read() as connection:
        (found,) = story_marks.sharing(connection, marks, AT - REACH_S, 5)
        assert (found.story_id, found.last_at) == ("o" * 32, AT - 9 * 86_400)
        assert Member.from_facts(found.members[0]) == kept
        assert story_marks.sharing(connection, marks, AT - 86_400, 5) == []
        assert story_marks.sharing(connection, (), 0, 5) == []
        assert story_marks.first_told(connection, "o" * 32) == {}
