"""What was understood of one item's words: everything that a `Report` says beside the item and its text."""

from dataclasses import dataclass

from newswire.records import CountryMention, DecidedBy, Evidence, Label


@dataclass(frozen=True, slots=True)
class Understood:
    """The fields of `Report` of the same names; spans point into the title, the summary and the text that were read."""

    language: str
    label: Label
    score: float  # of `label`, 0 to 1
    scores: dict[str, float]  # of every label; they sum to 1
    home: str | None
    partners: tuple[str, ...]
    countries: tuple[CountryMention, ...]
    organisations: tuple[str, ...]
    people: tuple[str, ...]
    topics: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    model: str  # version of weights and taxonomy, 12 hex digits
    decided_by: DecidedBy = DecidedBy.EVIDENCE
