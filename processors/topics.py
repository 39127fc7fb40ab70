"""The topics of an item: which words of which topics stand where, and in what company, weighed by one small model a topic.

Names read as evidence: `title:ai` counts words of a topic in the title, `title:?ai` words that only lean towards it (`also` in topics.yaml);
`ai=deepfake` is a word itself, as written; `top:engagement:train` a cue in title or lead; `with:ITU` a body that is named.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from newswire.records import Field
from processors.label import Binary, Features
from processors.reading import Mark, Reading, Sentence
from processors.taxonomy import Kind

_CUE_SCALE: Final = 0.5  # what company weighs beside the topics' own words, before regularisation


def features_of(reading: Reading) -> dict[str, float]:
    """Return the counts of every topic's words by field, the share each topic has of them, the words themselves, and their company."""
    sure: Counter[tuple[str, str]] = Counter()
    leaning: Counter[tuple[str, str]] = Counter()
    single: Counter[str] = Counter()
    company: Counter[str] = Counter()
    for sentence in reading.sentences:
        zone = "opening" if sentence.field is Field.BODY and sentence.number < 2 else sentence.field.value
        text = reading.text_of(sentence.field)
        for mark in sentence.marks:
            if mark.entry.kind is Kind.TOPIC:
                sure[zone, mark.entry.key] += 1
                single[_word(text, mark)] += 1
        for mark in sentence.hints:
            leaning[zone, f"?{mark.entry.key}"] += 1
            single[_word(text, mark)] += 1
        company.update(_company(sentence))
    out = {**dict(_counted(sure)), **dict(_counted(leaning))}
    out.update({name: math.log1p(count) for name, count in single.items()})
    out.update({name: math.log1p(count) * _CUE_SCALE for name, count in company.items()})
    return out


def _word(text: str, mark: Mark) -> str:
    return f"{mark.entry.key}={text[mark.start : mark.end].casefold()}"


def _company(sentence: Sentence) -> Iterator[str]:
    """Give the cues of a sentence by whether it stands at the top, and the bodies it names."""
    zone = "body" if sentence.field is Field.BODY else "top"
    for mark in sentence.marks:
        if mark.entry.kind is Kind.CUE:
            yield f"{zone}:{mark.entry.key}"
        elif mark.entry.kind is Kind.ORGANISATION:
            yield f"with:{mark.entry.key}"


def _counted(counts: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, float]]:
    whole: Counter[str] = Counter()
    for (zone, topic), count in counts.items():
        yield f"{zone}:{topic}", math.log1p(count)
        whole[topic] += count
    total, most = sum(whole.values()), max(whole.values(), default=0)
    for topic, count in whole.items():
        yield f"count:{topic}", math.log1p(count)
        yield f"share:{topic}", count / total
        yield f"present:{topic}", 1.0
        if count == most:
            yield f"most:{topic}", 1.0


class TopicModels:
    """One small model a topic, turned over: by feature, so that an item costs as much as it holds and not as many topics as there are."""

    def __init__(self, models: Mapping[str, Binary]) -> None:
        self._intercepts = {topic: model.intercept for topic, model in models.items()}
        self._by_feature: dict[str, list[tuple[str, float]]] = {}
        for topic, model in models.items():
            for name, weight in model.weights.items():
                self._by_feature.setdefault(name, []).append((topic, weight))

    def margins(self, features: Features) -> dict[str, float]:
        """Return each topic's log-odds."""
        out = dict(self._intercepts)
        for name, value in features.items():
            for topic, weight in self._by_feature.get(name, ()):
                out[topic] += value * weight
        return out


def choose(scores: Mapping[str, float], *, least: float, at_least_one: bool) -> tuple[str, ...]:
    """Return the topics whose score is at least `least`, by falling score; the best one alone where none is and one must be."""
    chosen = sorted((topic for topic, score in scores.items() if score >= least), key=lambda topic: (-scores[topic], topic))
    if not chosen and at_least_one and scores:
        chosen = [max(scores, key=lambda topic: (scores[topic], topic))]
    return tuple(chosen)
