"""Calibration out of fold: scores that mean what they say, and what the first step may settle alone."""

import math
import random

import pytest

from newswire.records import Label
from processors.two_steps import AS_TRAINED, Margins

pytest.importorskip("sklearn", reason="calibration is fitted in training, which needs the extra `train`")

from processors.calibrate import LOST, Judgement, calibrate_alone, calibrate_both, fit_steps, truth_of


def _drawn(count: int, *, slope: float, seed: int = 3) -> list[Judgement]:
    """Items whose margins are `slope` times too bold, with a reader that knows a little more."""
    chance = random.Random(seed)
    out = []
    for _ in range(count):
        true = [chance.gauss(0, 2.0) for _ in range(2)]
        engaged, on_subject = (chance.random() < 1 / (1 + math.exp(-margin)) for margin in true)
        reader = [(1.0 if yes else -1.0) * chance.uniform(0.0, 3.0) for yes in (engaged, on_subject)]
        first = Margins(*(slope * margin for margin in true))
        out.append(Judgement(first, Margins(*reader), engaged, on_subject, engaged and on_subject))
    return out


def test_bold_margins_are_scaled_back_to_what_they_mean() -> None:
    alone = calibrate_alone(_drawn(4_000, slope=3.0))
    assert alone.engagement.evidence == pytest.approx(1 / 3, rel=0.15)
    assert alone.subject.evidence == pytest.approx(1 / 3, rel=0.15)
    assert abs(alone.engagement.offset) < 0.2


def test_a_reader_that_knows_more_makes_the_scores_surer() -> None:
    judged = _drawn(1_000, slope=1.0)
    both = calibrate_both(judged)
    alone = [abs(AS_TRAINED.scores(item.first)[Label.DIPLOMACY] - item.diplomacy) for item in judged]
    joint = [abs(both.scores(item.first, item.reader or Margins(0, 0))[Label.DIPLOMACY] - item.diplomacy) for item in judged]
    assert sum(joint) < 0.8 * sum(alone)


def test_the_first_step_loses_hardly_any_diplomacy() -> None:
    judged = _drawn(3_000, slope=1.0)
    alone = calibrate_alone(judged)
    steps = fit_steps(judged, alone)
    true = [item for item in judged if item.diplomacy]
    lost = sum(alone.scores(item.first)[Label.DIPLOMACY] < steps.low for item in true)
    assert lost <= LOST * len(true)
    assert 0.0 < steps.low < steps.high <= 1.0
    settled = [item for item in judged if alone.scores(item.first)[Label.DIPLOMACY] > steps.high]
    assert sum(not item.diplomacy for item in settled) <= 0.01 * len(settled)


@pytest.mark.parametrize(
    ("record", "truth"),
    [
        ({"label": "diplomacy", "partners": ["JP"]}, (True, True, True)),
        ({"label": "other", "partners": ["JP"]}, (True, False, False)),
        ({"label": "other", "partners": []}, (False, False, False)),
        ({"label": "domestic"}, (False, True, False)),
    ],
)
def test_the_label_answers_two_questions(record: dict[str, object], truth: tuple[bool, bool, bool]) -> None:
    assert truth_of(record) == truth
