"""What the first step settles, what it leaves to the reader, and what both say together."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.records import DecidedBy, Label
from processors.reader_text import ReaderSentence, reader_text
from processors.reading import read
from processors.roles import Roles
from processors.signs import Judged
from processors.taxonomy import Taxonomy
from processors.two_steps import (
    AS_TRAINED,
    Answer,
    Calibration,
    Margins,
    Mix,
    Steps,
    calibration_facts,
    calibration_of,
    steps_facts,
    steps_of,
)
from processors.understand import Understanding

MARGINS = st.builds(Margins, st.floats(-30, 30), st.floats(-30, 30))
BOTH = Calibration(Mix(-0.25, 1.0, 0.5), Mix(0.125, 1.5, 0.75))
PARTNER = Mix(0.0, 0.5, 0.5)
DIPLOMACY = {
    "title": "Telecom minister meets Japanese ambassador on 5G",
    "text": "NAIROBI: Kenya's telecom minister met the Japanese ambassador on Monday. They agreed to train engineers in 5G networks.",
}


class FakeReader:
    """A second step that gives one answer to whatever it is asked, and keeps what that was."""

    version = "fake"

    def __init__(
        self, margins: Margins, *, low: float = 0.0, high: float = 1.0, partners: Mapping[str, float] = MappingProxyType({})
    ) -> None:
        self.steps = Steps(BOTH, PARTNER, low, high)
        self.asked: list[Sequence[ReaderSentence]] = []
        self._margins, self._partners = margins, partners

    def read(self, items: Sequence[Sequence[ReaderSentence]]) -> list[Answer]:
        self.asked += items
        parts = Margins(self._margins.engagement / 2, self._margins.subject / 2)
        return [Answer(self._margins, (parts, parts), self._partners) for _ in items]


@given(MARGINS, MARGINS)
def test_the_scores_of_the_labels_sum_to_one(first: Margins, reader: Margins) -> None:
    for scores in (AS_TRAINED.scores(first), BOTH.scores(first, reader)):
        assert math.isclose(sum(scores.values()), 1.0, abs_tol=1e-9)
        assert all(0.0 <= score <= 1.0 for score in scores.values())


@given(MARGINS)
def test_a_surer_reader_makes_diplomacy_likelier(first: Margins) -> None:
    rising = [BOTH.scores(first, Margins(step, step))[Label.DIPLOMACY] for step in (-4.0, -1.0, 0.0, 1.0, 4.0)]
    assert all(before <= after for before, after in pairwise(rising))


def test_what_is_clear_is_settled_and_the_rest_is_open() -> None:
    steps = Steps(BOTH, PARTNER, low=0.1, high=0.9)
    opened = [steps.leaves_open({Label.DIPLOMACY: score}) for score in (0.05, 0.1, 0.5, 0.9, 0.95)]
    assert opened == [False, True, True, True, False]


def test_what_is_written_is_read_again() -> None:
    steps = Steps(BOTH, PARTNER, low=0.0125, high=0.9875)
    assert steps_of(steps_facts(steps)) == steps
    assert calibration_of(calibration_facts(BOTH)) == BOTH
    with pytest.raises(KeyError, match="subject"):
        calibration_of({"engagement": {"offset": 0.0, "evidence": 1.0}})


def test_the_reader_decides_what_evidence_leaves_open_and_says_by_which_sentence(understanding: Understanding) -> None:
    sure = FakeReader(Margins(40.0, 40.0))
    found = _with(understanding, sure).read(**DIPLOMACY)
    assert (found.label, found.decided_by) == (Label.DIPLOMACY, DecidedBy.READER)
    assert found.evidence[0].name == "reader"
    assert found.evidence[0].span is not None
    assert found.evidence[0].span.text == DIPLOMACY["title"]
    denied = _with(understanding, FakeReader(Margins(0.0, -80.0))).read(**DIPLOMACY)
    assert denied.label is Label.OTHER


def test_the_reader_is_not_asked_about_what_evidence_settles(understanding: Understanding) -> None:
    idle = FakeReader(Margins(40.0, 40.0), low=0.2, high=0.3)
    found = _with(understanding, idle).read(title="Striker scores twice as Lions win the cup", summary="A late goal decided the final.")
    assert (idle.asked, found.decided_by, found.label) == ([], DecidedBy.EVIDENCE, Label.OTHER)


def test_the_reader_is_not_asked_about_languages_that_it_does_not_read(understanding: Understanding) -> None:
    idle = FakeReader(Margins(40.0, 40.0))
    found = _with(understanding, idle).read(title="وزیر آئی ٹی سے چین کے سفیر کی ملاقات", summary="ٹیلی کام کے شعبے میں تعاون پر بات ہوئی۔")
    assert (idle.asked, found.language, found.decided_by) == ([], "ur", DecidedBy.EVIDENCE)


def test_the_reader_has_a_say_on_who_is_engaged(understanding: Understanding) -> None:
    alone = _without(understanding).read(**DIPLOMACY)
    assert alone.partners == ("JP",)
    denied = _with(understanding, FakeReader(Margins(4.0, 4.0), partners={"JP": -30.0})).read(**DIPLOMACY)
    assert denied.partners == ()
    assert {mention.code: mention.role for mention in denied.countries} == {"KE": "home", "JP": "mentioned"}


def test_a_reader_makes_another_model(understanding: Understanding) -> None:
    assert _with(understanding, FakeReader(Margins(0.0, 0.0))).version != _without(understanding).version


def test_the_reader_sees_roles_and_no_names_of_countries(taxonomy: Taxonomy) -> None:
    reading = read(
        taxonomy, title="Kenya and Japan agree", lead="Japanese envoy visits Mombasa", body="Talks in Tokyo go on.", language="en"
    )
    judged = Judged(Roles("KE", ("JP",), {"JP": 0.9}), frozenset({"KE", "JP"}), {})
    text = reader_text(reading, judged)
    assert [one.text for one in text] == [
        "homeland and foreign country agree",
        "foreign envoy visits town",
        "Talks in foreign capital go on.",
    ]
    assert [one.source.field.value for one in text] == ["title", "lead", "body"]
    named = [one.text[country.start : country.end] for one in text for country in one.abroad if country.code == "JP"]
    assert named == ["foreign country", "foreign", "foreign capital"]
    # A name that stands for no country stays: Jordan the player.
    assert reader_text(reading, Judged(Roles("KE", (), {}), frozenset({"KE"}), {}))[0].text == "homeland and Japan agree"


def _with(understanding: Understanding, reader: FakeReader) -> Understanding:
    return Understanding(understanding._taxonomy, understanding._language, understanding._weights, reader)


def _without(understanding: Understanding) -> Understanding:
    return Understanding(understanding._taxonomy, understanding._language, understanding._weights)
