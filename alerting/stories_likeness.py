"""How likely two items tell one story: a small logistic model over what they share, with weights that a person can read.

No single sign is enough: two calls on one minister share most words, two languages share none. So words, names, figures, states, people,
topic and date each speak for or against (`stories_likeness.tsv`, one weight a line, in log-odds), fitted on pairs of the corpus with the
facts that the processors understood out of fold (`benchmarks/fit_stories.py`).
"""

import math
from collections.abc import Mapping
from importlib import resources
from typing import Final

from alerting.stories_member import Member, apart_s

FEATURES: Final = (
    "always",
    "words_cosine",
    "words_shared",
    "names_shared",
    "figures_shared",
    "people_shared",
    "states_shared",
    "states_exchanged",
    "states_apart",
    "organisations_apart",
    "same_label",
    "topics_shared",
    "topics_apart",
    "days_apart",
    "other_language",
)

_DAY_S: Final = 86_400.0
_RARE: Final = 5.0
"""The rarity of one telling word: what is shared counts in units of it, and each further one for less."""


def shipped_weights() -> tuple[float, ...]:
    """Return the weights that Newswire carries, in the order of `FEATURES`."""
    lines = resources.files("alerting").joinpath("stories_likeness.tsv").read_text(encoding="utf-8").splitlines()
    weights = {name: float(weight) for name, weight in (line.split("\t") for line in lines)}
    return tuple(weights[name] for name in FEATURES)


def features(one: Member, other: Member, rarity: Mapping[str, float]) -> tuple[float, ...]:
    """Return what speaks for one story and against it, in the order of `FEATURES`; `rarity` is that of the stems and names of `one`."""
    words = one.weights.keys() & other.weights.keys()
    names = one.names & other.names
    figures = {name for name in names if name.startswith("#")}
    states, others = one.states, other.states
    exchanged = one.home in other.partners and other.home in one.partners
    return (
        1.0,
        math.sqrt(cosine(one, other)),
        _surprise(words, rarity),
        _surprise(names - figures, rarity),
        _surprise(figures, rarity),
        float(not one.people.isdisjoint(other.people)),
        _overlap(states, others),
        float(exchanged),
        _apart(states, others),
        _apart(one.organisations, other.organisations),
        float(one.label == other.label),
        _overlap(one.topics, other.topics),
        _apart(one.topics, other.topics),
        apart_s(one, other) / _DAY_S,
        float(one.language != other.language),
    )


def log_odds(weights: tuple[float, ...], found: tuple[float, ...]) -> float:
    """Return the log-odds that the two tell one story; rounded, so that no order of adding can decide."""
    return round(sum(weight * value for weight, value in zip(weights, found, strict=True)), 6)


def engage_others(one: Member, other: Member) -> bool:
    """Return whether the two engage states of which they share none; two capitals that tell one story exchange home and partner."""
    exchanged = one.home in other.partners and other.home in one.partners
    return bool(one.partners) and bool(other.partners) and one.partners.isdisjoint(other.partners) and not exchanged


def cosine(one: Member, other: Member) -> float:
    """Return the cosine of the words of two members, 0 to 1."""
    shared = sorted(one.weights.keys() & other.weights.keys())
    return min(1.0, sum(one.weights[stem] * other.weights[stem] for stem in shared))


def _surprise(shared: "frozenset[str] | set[str]", rarity: Mapping[str, float]) -> float:
    return math.log1p(sum(sorted(rarity[key] for key in shared)) / _RARE)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    together = one | other
    return len(one & other) / len(together) if together else 0.0


def _apart(one: frozenset[str], other: frozenset[str]) -> float:
    return float(bool(one) and bool(other) and one.isdisjoint(other))
