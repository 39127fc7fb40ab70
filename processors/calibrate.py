"""From margins out of fold to calibrated steps: Platt scaling of both steps together, and what the first may settle alone.

Platt 1999, "Probabilistic outputs for support vector machines". Imports scikit-learn (extra `train`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from newswire.records import Label
from processors.two_steps import Calibration, Margins, Mix, Steps

LOST: Final = 0.004
"""Share of diplomacy items that the first step may settle as no."""

WRONG: Final = 0.004
"""Share of what the first step settles as yes that may be wrong."""

READER_SHARE: Final = 0.7
"""What the reader's log-odds weigh beside the first step's, for both questions. Fitted freely, each question's weight follows the minimal
pairs that train, and measured items lose; 0.5 to 1.0 measure alike."""

_STRENGTH: Final = 10.0  # scikit-learn's C: two or three parameters need no more
_DIPLOMACY: Final = Label.DIPLOMACY.value
_OTHER: Final = Label.OTHER.value


@dataclass(frozen=True, slots=True)
class Judgement:
    """An item's answers by models that did not see it, and what would have been right."""

    first: Margins
    reader: Margins | None
    engaged: bool
    on_subject: bool
    diplomacy: bool
    countries: tuple["Told", ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A foreign country's log-odds of being engaged, by both steps, and the truth."""

    evidence: float
    reader: float
    true: bool


def truth_of(record: Mapping[str, Any]) -> tuple[bool, bool, bool]:
    """Return if a foreign counterpart is engaged, if it is about IT, telecom or digital matters, and if it is diplomacy."""
    label = record["label"]
    engaged = label == _DIPLOMACY or (label == _OTHER and bool(record.get("partners")))
    return engaged, label != _OTHER, label == _DIPLOMACY


def calibrate_alone(judged: Sequence[Judgement]) -> Calibration:
    """Return the calibration of the first step by itself."""
    return Calibration(
        _mix([item.first.engagement for item in judged], [item.engaged for item in judged]),
        _mix([item.first.subject for item in judged], [item.on_subject for item in judged]),
    )


def calibrate_both(judged: Sequence[Judgement]) -> Calibration:
    """Return the calibration of both steps together, on the items that the reader has answered."""
    answered = [(item, item.reader) for item in judged if item.reader is not None]
    return Calibration(
        _mix(
            [item.first.engagement + READER_SHARE * reader.engagement for item, reader in answered],
            [i.engaged for i, _ in answered],
            READER_SHARE,
        ),
        _mix(
            [item.first.subject + READER_SHARE * reader.subject for item, reader in answered],
            [i.on_subject for i, _ in answered],
            READER_SHARE,
        ),
    )


def fit_steps(judged: Sequence[Judgement], alone: Calibration) -> Steps:
    """Return both steps' calibration, and the scores of diplomacy between which the first step leaves an item open."""
    answered = [item for item in judged if item.reader is not None]
    scores = [alone.scores(item.first)[Label.DIPLOMACY] for item in answered]
    yes = sorted(score for score, item in zip(scores, answered, strict=True) if item.diplomacy)
    low = yes[int(LOST * len(yes))] if yes else 0.0
    partner = _mix_of_two([one for item in judged if item.engaged for one in item.countries])
    return Steps(
        calibrate_both(judged),
        partner,
        low,
        _high(sorted(zip(scores, (item.diplomacy for item in answered), strict=True), reverse=True)),
    )


def _high(falling: Sequence[tuple[float, bool]]) -> float:
    """Return the least score above which hardly any item is wrong."""
    high, wrong = 1.0, 0
    for number, (score, right) in enumerate(falling, start=1):
        wrong += not right
        if wrong > max(WRONG * number, 0.0):
            break
        high = score
    return high


def _mix_of_two(told: Sequence[Told]) -> Mix:
    if len({one.true for one in told}) < 2:
        return Mix(0.0, 1.0)
    rows = np.array([[one.evidence, one.reader] for one in told])
    model = LogisticRegression(C=_STRENGTH, max_iter=1_000).fit(rows, np.array([one.true for one in told]))
    return Mix(float(model.intercept_[0]), *(float(weight) for weight in model.coef_[0]))


def _mix(margins: Sequence[float], truth: Sequence[bool], reader_share: float = 0.0) -> Mix:
    model = LogisticRegression(C=_STRENGTH, max_iter=1_000).fit(np.array(margins)[:, None], np.array(truth))
    slope = float(model.coef_[0][0])
    return Mix(float(model.intercept_[0]), slope, slope * reader_share)
