"""The arithmetic of the linear models: named features in, scores out. Nothing here knows what a feature means."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from newswire.records import Label

Features = Mapping[str, float]


@dataclass(frozen=True)
class Binary:
    """A yes-or-no model: weights by feature name, in log-odds."""

    intercept: float
    weights: Mapping[str, float]

    def margin(self, features: Features) -> float:
        """Return the log-odds of yes."""
        weights = self.weights
        return self.intercept + sum(value * weights[name] for name, value in features.items() if name in weights)

    def score(self, features: Features) -> float:
        """Return the probability of yes, 0 to 1."""
        return logistic(self.margin(features))


def label_scores(engagement: float, subject: float) -> dict[Label, float]:
    """Return the score of every label from two answers: is a foreign counterpart engaged, and is the subject IT, telecom or digital.

    Both: diplomacy. The subject alone: domestic. Anything else: other. The scores sum to 1.
    """
    return {
        Label.DIPLOMACY: engagement * subject,
        Label.DOMESTIC: (1.0 - engagement) * subject,
        Label.OTHER: 1.0 - subject,
    }


def logistic(margin: float) -> float:
    """Return 1 / (1 + e^-margin) without overflow."""
    if margin >= 0:
        return 1.0 / (1.0 + math.exp(-min(margin, 700.0)))
    grown = math.exp(max(margin, -700.0))
    return grown / (1.0 + grown)


def log_odds(score: float) -> float:
    """Return ln(p / (1 - p)), held within 12 of 0."""
    bounded = min(max(score, 6.2e-6), 1.0 - 6.2e-6)
    return math.log(bounded / (1.0 - bounded))
