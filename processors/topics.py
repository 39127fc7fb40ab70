"""The topics of an item: how often and where each topic's terms stand, weighed by one small model a topic."""

import math
from collections import Counter
from collections.abc import Mapping

from newswire.records import Field
from processors.label import Binary, Features
from processors.reading import Reading
from processors.taxonomy import Kind


def features_of(reading: Reading) -> dict[str, float]:
    """Return the counts of every topic's terms by field, and what share of all topic words each has."""
    counts: Counter[tuple[str, str]] = Counter()
    whole: Counter[str] = Counter()
    first: dict[str, int] = {}
    for order, sentence in enumerate(reading.sentences):
        zone = "opening" if sentence.field is Field.BODY and sentence.number < 2 else sentence.field.value
        for mark in sentence.marks:
            if mark.entry.kind is Kind.TOPIC:
                counts[zone, mark.entry.key] += 1
                whole[mark.entry.key] += 1
                first.setdefault(mark.entry.key, order)
    total = sum(whole.values())
    out = {f"{zone}:{topic}": math.log1p(count) for (zone, topic), count in counts.items()}
    for topic, count in whole.items():
        out[f"count:{topic}"] = math.log1p(count)
        out[f"share:{topic}"] = count / total
        out[f"present:{topic}"] = 1.0
        if count == max(whole.values()):
            out[f"most:{topic}"] = 1.0
    return out


def choose(models: Mapping[str, Binary], features: Features, *, least: float, at_least_one: bool) -> tuple[str, ...]:
    """Return the topics whose score is at least `least`, by falling score; the best one alone where none is and one must be."""
    scores = {topic: model.score(features) for topic, model in models.items()}
    chosen = sorted((topic for topic, score in scores.items() if score >= least), key=lambda topic: (-scores[topic], topic))
    if not chosen and at_least_one and features:
        chosen = [max(scores, key=lambda topic: (scores[topic], topic))]
    return tuple(chosen)
