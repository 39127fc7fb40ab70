"""Why the label was given: the features that weighed most, named, with the words that gave them."""

from collections.abc import Iterator, Mapping
from typing import Final

from newswire.records import Evidence, Label, Span
from processors.countries import zone_of
from processors.features import combined
from processors.reading import Mark, Reading, Sentence
from processors.signs import Judged, signs_of
from processors.taxonomy import Kind, Taxonomy
from processors.two_steps import Weighed
from processors.weights import Weights

_MOST: Final = 8
_LEAST: Final = 0.03  # of log-odds, under which a reason explains nothing
_LONGEST: Final = 240
_ZONES: Final = {"title": ("title",), "lead": ("lead",), "first": ("first",), "body": ("body",), "top": ("title", "lead", "first")}
_EVERYWHERE: Final = ("title", "lead", "first", "body")
# A single class points to its own word; what stands together points to the sentence.
_CLASSES: Final = {"A": "actors:", "F": "actors:", "E": "engagement:", "X": "frames:"}


# What a weight for engagement and one for the subject mean for each label (`processors.label.label_scores`).
_TURNED: Final = {Label.DIPLOMACY: (1.0, 1.0), Label.DOMESTIC: (-1.0, 1.0), Label.OTHER: (0.0, -1.0)}


def evidence_for(
    taxonomy: Taxonomy,
    reading: Reading,
    judged: Judged,
    *,
    weights: Weights,
    structure: Mapping[str, float],
    label: Label,
    answer: Weighed | None = None,
) -> tuple[Evidence, ...]:
    """Return the reasons for `label`, heaviest first, one for each sign whatever the zone; weights are in log-odds.

    Where the reader answered, the sentence that spoke most for the label in its reading is among them, as `reader`.
    """
    calibration = answer.calibration if answer else weights.alone
    for_engagement, for_subject = _TURNED[label]
    for_engagement, for_subject = for_engagement * calibration.engagement.evidence, for_subject * calibration.subject.evidence
    weighed: dict[str, tuple[float, str]] = {}
    for feature, value in structure.items():
        weight = value * (
            for_engagement * weights.engagement.weights.get(feature, 0.0) + for_subject * weights.subject.weights.get(feature, 0.0)
        )
        if not weight:
            continue
        zone, _, name = feature.partition(" ")
        if zone not in (*_ZONES, "all", "share"):
            continue
        total, best = weighed.get(name, (0.0, zone))
        # The features come in no order: what a reader sees of them must not depend on it.
        weighed[name] = (total + weight, min(best, zone, key=_nearness))
    out: list[Evidence] = []
    spans = _Spans(taxonomy, reading, judged)
    for name, (weight, zone) in sorted(weighed.items(), key=lambda pair: (-pair[1][0], pair[0])):
        if weight < _LEAST or len(out) >= _MOST:
            break
        span = spans.find(name, _ZONES.get(zone, _EVERYWHERE)) or spans.find(name, _EVERYWHERE)
        if span is not None:
            out.append(Evidence(name, round(weight, 3), span))
    if answer:
        out += _sentence_that_spoke(reading, answer, label)
    return tuple(sorted(out, key=lambda reason: -reason.weight))


def _sentence_that_spoke(reading: Reading, answer: Weighed, label: Label) -> Iterator[Evidence]:
    """Give the sentence that the reader weighed most for `label`: its answer is a sum over tokens, so each sentence's part is exact."""
    for_engagement, for_subject = _TURNED[label]
    parts = [
        for_engagement * answer.calibration.engagement.reader * part.engagement
        + for_subject * answer.calibration.subject.reader * part.subject
        for part in answer.answer.sentences
    ]
    best = max(range(len(parts)), key=lambda number: parts[number], default=None)
    if best is None or parts[best] < _LEAST:
        return
    sentence = answer.sentences[best].source
    start, end = _trimmed(reading.text_of(sentence.field), sentence.start, sentence.end)
    yield Evidence("reader", round(parts[best], 3), reading.span(sentence, start, end))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the stretch without the blanks around it, held short."""
    stretch = text[start:end]
    start += len(stretch) - len(stretch.lstrip())
    return start, min(start + len(stretch.strip()), start + _LONGEST)


def _nearness(zone: str) -> int:
    """Return how near to the headline a zone is, 0 the nearest; what is counted over the whole item has no place."""
    return list(_ZONES).index(zone) if zone in _ZONES else len(_ZONES)


class _Spans:
    """Finds the words of a sign; each sentence is looked at once."""

    def __init__(self, taxonomy: Taxonomy, reading: Reading, judged: Judged) -> None:
        self._reading, self._judged = reading, judged
        self._signs = [
            (zone_of(sentence), sentence, frozenset(combined(signs_of(taxonomy, sentence, reading, judged))))
            for sentence in reading.sentences[:24]
        ]

    def find(self, name: str, zones: tuple[str, ...]) -> Span | None:
        """Return the words of the first sentence in these zones that shows the sign."""
        for zone, sentence, names in self._signs:
            if zone in zones and name in names:
                start, end = self._words(name, sentence)
                return self._reading.span(sentence, start, end)
        return None

    def _words(self, name: str, sentence: Sentence) -> tuple[int, int]:
        group, _, rest = name.partition(":")
        if group in _CLASSES and "&" not in rest:
            marks = [m for m in sentence.marks if m.entry.kind is Kind.CUE and m.entry.key == _CLASSES[group] + rest]
        elif name == "S":
            marks = [m for m in sentence.marks if m.entry.kind is Kind.TOPIC or m.entry.key.startswith("subject:")]
        elif name.startswith("O:") and "&" not in name:
            marks = [m for m in sentence.marks if m.entry.kind is Kind.ORGANISATION]
        else:
            return _bounds(sentence.marks, sentence)
        return (marks[0].start, marks[0].end) if marks else _bounds(sentence.marks, sentence)


def _bounds(marks: tuple[Mark, ...], sentence: Sentence) -> tuple[int, int]:
    """Return the stretch from the first mark to the last, held short."""
    if not marks:
        return sentence.start, min(sentence.end, sentence.start + _LONGEST)
    start = marks[0].start
    end = max((m.end for m in marks if m.end - start <= _LONGEST), default=marks[0].end)
    return start, end
