"""How the label's two steps are weighed: what the first settles alone, what it leaves to the reader, and what both say together. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from newswire.records import Label
from processors.label import label_scores, log_odds, logistic
from processors.reader_text import ReaderSentence
from processors.roles import Roles, roles_by


@dataclass(frozen=True, slots=True)
class Margins:
    """Log-odds of the label's two questions: is a foreign counterpart engaged, is it about IT, telecom or digital matters."""

    engagement: float
    subject: float


NOTHING: Margins = Margins(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Mix:
    """A calibrated answer to one question: log-odds are `offset` + `evidence` x the first step's + `reader` x the reader's."""

    offset: float
    evidence: float
    reader: float = 0.0

    def score(self, evidence: float, reader: float) -> float:
        """Return the probability of yes."""
        return logistic(self.offset + self.evidence * evidence + self.reader * reader)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The mix of each question."""

    engagement: Mix
    subject: Mix

    def scores(self, first: Margins, reader: Margins = NOTHING) -> dict[Label, float]:
        """Return the score of every label; they sum to 1."""
        return label_scores(
            self.engagement.score(first.engagement, reader.engagement),
            self.subject.score(first.subject, reader.subject),
        )


AS_TRAINED: Calibration = Calibration(Mix(0.0, 1.0), Mix(0.0, 1.0))
"""Where nothing was calibrated: the first step's own scores."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Which items the reader is asked about, and how its answers are weighed. Fitted out of fold by `newswire train --encoder`."""

    both: Calibration
    partner: Mix  # of a country's log-odds of being engaged
    low: float  # diplomacy's score by the first step under which it is settled: no
    high: float  # and over which it is settled: yes

    def leaves_open(self, scores: Mapping[Label, float]) -> bool:
        """Return whether the first step's scores do not settle if an item is diplomacy."""
        return self.low <= scores[Label.DIPLOMACY] <= self.high

    def partners(self, roles: Roles, answer: "Answer", *, least: float) -> Roles:
        """Return the roles with the countries that the reader saw judged by both steps."""
        scores = {
            code: self.partner.score(log_odds(score), answer.partners[code]) if code in answer.partners else score
            for code, score in roles.scores.items()
        }
        return roles_by(roles.home, scores, least=least)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reader says of an item: both questions, what each sentence read added to them, each foreign country's engagement, topics."""

    margins: Margins
    sentences: tuple[Margins, ...] = ()
    partners: Mapping[str, float] = field(default_factory=dict)  # log-odds by code, of the countries that it came to read
    topics: Mapping[str, float] = field(default_factory=dict)  # log-odds; not weighed, since the topics' own words measure better


@dataclass(frozen=True, slots=True)
class Weighed:
    """A reader's answer with the sentences that it read and the weights it has: what explains it."""

    answer: Answer
    sentences: tuple[ReaderSentence, ...]
    calibration: Calibration


class SecondStep(Protocol):
    """What reads an item whose label evidence leaves open. Thread-safe, deterministic."""

    @property
    def steps(self) -> Steps:
        """How its answers are weighed beside the first step's."""
        ...

    @property
    def version(self) -> str:
        """Twelve hex digits that change with the model."""
        ...

    def read(self, items: Sequence[Sequence[ReaderSentence]]) -> list[Answer]:
        """Return the answer to each item, given as its sentences."""
        ...


def calibration_of(facts: Mapping[str, Any]) -> Calibration:
    """Return what `calibration_facts` wrote; a missing part raises KeyError, a wrong one TypeError or ValueError."""
    return Calibration(_mix_of(facts["engagement"]), _mix_of(facts["subject"]))


def _mix_of(facts: Mapping[str, Any]) -> Mix:
    return Mix(**{name: float(value) for name, value in facts.items()})


def calibration_facts(calibration: Calibration) -> dict[str, Any]:
    """Return a calibration as plain JSON data, rounded to four places."""
    return {"engagement": _mix_facts(calibration.engagement), "subject": _mix_facts(calibration.subject)}


def _mix_facts(mix: Mix) -> dict[str, float]:
    return {"offset": round(mix.offset, 4), "evidence": round(mix.evidence, 4), "reader": round(mix.reader, 4)}


def steps_of(facts: Mapping[str, Any]) -> Steps:
    """Return what `steps_facts` wrote; errors as `calibration_of`."""
    return Steps(calibration_of(facts["both"]), _mix_of(facts["partner"]), float(facts["low"]), float(facts["high"]))


def steps_facts(steps: Steps) -> dict[str, Any]:
    """Return the steps as plain JSON data."""
    return {
        "both": calibration_facts(steps.both),
        "partner": _mix_facts(steps.partner),
        "low": round(steps.low, 4),
        "high": round(steps.high, 4),
    }
