"""The words of topics: what counts as the subject, what only leans towards a topic, and in how many languages."""

from collections import Counter

import pytest

from processors.reading import read
from processors.taxonomy import Kind, Taxonomy
from processors.topics import features_of

REVIEWED = ["en", "ur", "ar", "zh", "fa", "hi", "bn", "ko", "ja", "tr", "fr", "ru", "es", "de", "pt", "id"]
LEAST_TERMS = 6  # of one topic in one language, both kinds together


def test_every_topic_has_its_words_in_every_language(taxonomy: Taxonomy) -> None:
    spread: Counter[tuple[str, str]] = Counter()
    for term, entry in zip(taxonomy.search._terms, taxonomy.entries, strict=True):
        if entry.kind in (Kind.TOPIC, Kind.TOPIC_HINT):
            spread[entry.key, term.language or "en"] += 1
    thin = {(topic, language): spread[topic, language] for topic in taxonomy.topics for language in REVIEWED}
    assert {place: count for place, count in thin.items() if count < LEAST_TERMS} == {}


@pytest.mark.parametrize(
    ("language", "title", "expected"),
    [
        ("en", "A tower and a cable", {"title:?broadband_5g", "title:?submarine_cables", "submarine_cables=cable"}),
        ("en", "Deepfake rules agreed", {"title:ai", "ai=deepfake", "present:ai"}),
        ("fr", "Des câbles pour l'île", {"title:?submarine_cables", "submarine_cables=câble"}),
    ],
)
def test_words_of_both_kinds_are_counted_apart(taxonomy: Taxonomy, language: str, title: str, expected: set[str]) -> None:
    found = features_of(read(taxonomy, title=title, lead="", body="", language=language))
    assert expected <= found.keys()


def test_words_that_only_lean_are_no_marks(taxonomy: Taxonomy) -> None:
    (sentence,) = read(taxonomy, title="A tower", lead="", body="", language="en").sentences
    assert not sentence.marks
    assert sentence.hints
