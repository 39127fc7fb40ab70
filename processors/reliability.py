"""Whether a score means what it says: of items given 0.8, eight in ten should be right. Pure.

The expected calibration error is the mean distance between score and share right over ten equal bins, weighed by their items
(Naeini et al. 2015); the Brier score is the mean squared distance of the three scores from the truth, 0 to 2 (Brier 1950).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from newswire.records import Label
from processors.scores import Record

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The items whose score lies in [low, high)."""

    low: float
    high: float
    items: int
    score: float  # their mean
    right: float  # the share whose label is right


@dataclass(frozen=True, slots=True)
class Reliability:
    """The bins that hold items, in order, and what they come to."""

    bins: tuple[Bin, ...]
    expected_error: float
    brier: float

    def as_json(self) -> dict[str, Any]:
        """Return the figures, rounded to three places."""
        bins = [{name: round(value, 3) for name, value in asdict(one).items()} for one in self.bins]
        return {"bins": bins, "expected_calibration_error": round(self.expected_error, 3), "brier": round(self.brier, 3)}

    def as_text(self) -> str:
        """Return a table for a terminal."""
        lines = ["Reliability of the label's score", "  score        items   mean  right"]
        lines += [f"  {one.low:.1f} to {one.high:.1f}  {one.items:>7}  {one.score:.3f}  {one.right:.3f}" for one in self.bins]
        return "\n".join([*lines, f"  expected calibration error {self.expected_error:.3f}, Brier score {self.brier:.3f}"])


def reliability_of(records: Sequence[Record], predictions: Sequence[Record]) -> Reliability:
    """Return how the scores of predictions, which stand in the order of the records, agree with the labels."""
    told = [(float(found["score"]), record["label"] == found["label"]) for record, found in zip(records, predictions, strict=True)]
    bins = []
    for number in range(BINS):
        inside = [pair for pair in told if min(int(pair[0] * BINS), BINS - 1) == number]
        if inside:
            scores, right = sum(score for score, _ in inside) / len(inside), sum(right for _, right in inside) / len(inside)
            bins.append(Bin(number / BINS, (number + 1) / BINS, len(inside), scores, right))
    error = sum(one.items * abs(one.score - one.right) for one in bins) / max(1, len(told))
    brier = sum(
        (found["scores"][label.value] - (record["label"] == label.value)) ** 2
        for record, found in zip(records, predictions, strict=True)
        for label in Label
    )
    return Reliability(tuple(bins), error, brier / max(1, len(told)))
