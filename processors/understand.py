"""What an item is about: language, countries and their roles, bodies, people, topics, and the label with its evidence.

`Understanding` is loaded once and is pure: the same words give the same answer, whatever was read before.
"""

import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from newswire.records import DecidedBy, Label
from processors import organisations, roles, topics
from processors.countries import Candidate, candidates
from processors.evidence import evidence_for
from processors.features import structure
from processors.label import logistic
from processors.language import LANGUAGES, LanguageReader
from processors.outlets import country_of_outlet
from processors.people import people_of
from processors.reader import Reader
from processors.reader_text import LANGUAGE, reader_text
from processors.reading import LEAD_READ, TEXT_READ, TITLE_READ, Reading, read
from processors.signs import Judged
from processors.taxonomy import Taxonomy, load_taxonomy
from processors.two_steps import Margins, SecondStep, Weighed
from processors.understood import Understood
from processors.weights import FILE, Weights, load_weights
from processors.words import weighed_words, words

TAXONOMY_FOLDER: Final = "taxonomy"
MODEL_FOLDER: Final = "model"
_HALVES: Final = re.compile("[\ud800-\udfff]")


class Understanding:
    """The taxonomy, the language reader and the weights, held together."""

    def __init__(self, taxonomy: Taxonomy, language: LanguageReader, weights: Weights, reader: SecondStep | None = None) -> None:
        self._taxonomy, self._language, self._weights, self._reader = taxonomy, language, weights, reader
        self._topics = topics.TopicModels(weights.topics)
        parts = (taxonomy.version, weights.version, *((reader.version,) if reader else ()))
        self.version = hashlib.sha256(":".join(parts).encode()).hexdigest()[:12]

    @classmethod
    def load(cls, folder: Path, *, reads: bool = True) -> "Understanding":
        """Return the understanding of a configuration folder (it holds `taxonomy/` and `model/`).

        It has no reader where the folder holds none, or where none is wanted: `reads` is False where only names are looked up.

        Raises:
            ConfigurationError: a file is missing or broken.

        """
        model = folder / MODEL_FOLDER
        with ThreadPoolExecutor(max_workers=1) as beside:
            language = beside.submit(
                LanguageReader
            )  # what it unpacks and the encoder's making hold no lock of Python's: half a second less
            reader = beside.submit(Reader.load, model) if reads else None
            taxonomy, weights = load_taxonomy(folder / TAXONOMY_FOLDER), load_weights(model / FILE)
            return cls(taxonomy, language.result(), weights, reader.result() if reader else None)

    def read(
        self,
        *,
        title: str,
        summary: str = "",
        text: str = "",
        language_hint: str | None = None,
        outlet_country: str | None = None,
        outlet: str = "",
    ) -> Understood:
        """Return what the item says. Any part may be empty; text past 20,000 characters is not looked at."""
        title_read, lead, body = title[:TITLE_READ], summary[:LEAD_READ], text[:TEXT_READ]
        language = self._language.identify(f"{title_read}\n{lead}\n{body}", language_hint)
        reading = read(
            self._taxonomy, title=title_read, lead=lead, body=body, language=language, outlet_country=outlet_country, outlet=outlet
        )
        return self.understand(reading)

    def understand(self, reading: Reading, reader: SecondStep | None = None) -> Understood:
        """Return what an item that was read says; `reader` stands in for the second step where it is given."""
        weights = self._weights
        named = candidates(self._taxonomy, reading)
        judged, engaged = judge(self._taxonomy, weights, reading, named)
        first, found = first_step(self._taxonomy, weights, reading, judged)
        of_topics = topics.features_of(reading)
        second = reader or self._reader
        scores, answer = self._settle(reading, judged, first, second)
        label = max(scores, key=lambda name: scores[name])
        parts = judged.roles
        if answer and second:
            parts = second.steps.partners(judged.roles, answer.answer, least=weights.least["partner"])
        by_topic = {topic: logistic(margin) for topic, margin in self._topics.margins(of_topics).items()} if of_topics else {}
        chosen = topics.choose(by_topic, least=weights.least["topic"], at_least_one=label is not Label.OTHER)
        return Understood(
            language=reading.language,
            label=label,
            score=scores[label],
            scores={name.value: score for name, score in scores.items()},
            home=parts.home,
            partners=parts.partners,
            countries=roles.mentions(reading, named, parts),
            organisations=engaged,
            people=people_of(reading),
            topics=chosen,
            evidence=evidence_for(self._taxonomy, reading, judged, weights=weights, structure=found, label=label, answer=answer),
            model=self.version,
            decided_by=DecidedBy.READER if answer else DecidedBy.EVIDENCE,
        )

    def _settle(
        self, reading: Reading, judged: Judged, first: Margins, reader: SecondStep | None
    ) -> tuple[dict[Label, float], Weighed | None]:
        """Return the scores of every label, and what the reader answered where it was asked."""
        scores = self._weights.alone.scores(first)
        if reader is None or reading.language != LANGUAGE or not reader.steps.leaves_open(scores):
            return scores, None
        # Half a character, which no tokenizer takes, is read as an unknown one.
        text = tuple(replace(one, text=_HALVES.sub("\ufffd", one.text)) for one in reader_text(reading, judged))
        (answer,) = reader.read([text])
        steps = reader.steps
        return steps.both.scores(first, answer.margins), Weighed(answer, text, steps.both)

    @property
    def has_reader(self) -> bool:
        """Whether items that evidence leaves open are read by the encoder."""
        return self._reader is not None

    def was_trained_on(self, path: Path) -> bool:
        """Return whether the weights were trained on a labelled file of this name."""
        return path.name in self._weights.provenance.get("corpus", {})

    def country_of_outlet(self, outlet: str) -> str | None:
        """Return where an outlet sits, by its name; None where the name does not tell."""
        return country_of_outlet(self._taxonomy, outlet)

    @property
    def countries(self) -> Mapping[str, str]:
        """The English name of every country that can be found, by its code."""
        return self._taxonomy.country_names

    @property
    def organisations(self) -> frozenset[str]:
        """The short names of the organisations that can be found."""
        return frozenset(self._taxonomy.organisations)

    @property
    def topics(self) -> frozenset[str]:
        """The topics that can be found."""
        return frozenset(self._taxonomy.topics)

    @property
    def languages(self) -> frozenset[str]:
        """The languages that are told apart."""
        return frozenset(LANGUAGES)


def judge(taxonomy: Taxonomy, weights: Weights, reading: Reading, named: dict[str, Candidate]) -> tuple[Judged, tuple[str, ...]]:
    """Return who plays which role, and the organisations engaged: what the label's features stand on."""
    parts = roles.judge_roles(weights.home, weights.partner, reading, named, least=weights.least["partner"])
    about = organisations.features_of(taxonomy, reading, organisations.candidates(reading), named, parts)
    engaged, scores = organisations.choose(weights.organisation, about, least=weights.least["organisation"])
    standing = frozenset(code for code, candidate in named.items() if candidate.mentions)
    return Judged(parts, standing, scores), engaged


def first_step(taxonomy: Taxonomy, weights: Weights, reading: Reading, judged: Judged) -> tuple[Margins, dict[str, float]]:
    """Return the linear model's answers to both questions, and the named evidence that they stand on beside the words."""
    found = structure(taxonomy, reading, judged)
    features = {**found, **weighed_words(words(taxonomy, reading, judged), weights.idf)}
    return Margins(weights.engagement.margin(features), weights.subject.margin(features)), found
