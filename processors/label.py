"""The arithmetic of the linear models: named features in, scores out. Nothing here knows what a feature means."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Multi:
    """A model of several classes: one row of weights, in the order of `classes`, by feature name."""

    classes: tuple[str, ...]
    intercepts: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]

    def margins(self, features: Features) -> list[float]:
        """Return one log-weight a class."""
        totals = list(self.intercepts)
        weights = self.weights
        for name, value in features.items():
            row = weights.get(name)
            if row is not None:
                for at, weight in enumerate(row):
                    totals[at] += value * weight
        return totals

    def scores(self, features: Features) -> dict[str, float]:
        """Return the probability of every class; they sum to 1."""
        return dict(zip(self.classes, softmax(self.margins(features)), strict=True))


def logistic(margin: float) -> float:
    """Return 1 / (1 + e^-margin) without overflow."""
    if margin >= 0:
        return 1.0 / (1.0 + math.exp(-min(margin, 700.0)))
    grown = math.exp(max(margin, -700.0))
    return grown / (1.0 + grown)


def softmax(margins: Sequence[float]) -> list[float]:
    """Return the margins as probabilities that sum to 1."""
    top = max(margins)
    grown = [math.exp(margin - top) for margin in margins]
    whole = sum(grown)
    return [value / whole for value in grown]
