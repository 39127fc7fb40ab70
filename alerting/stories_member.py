"""What of an item is compared (`Document`), and what is kept of it in its story (`Member`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newswire.records import Label, Report


@dataclass(frozen=True, slots=True)
class Document:
    """What of an item is compared. Facts that are not known stay empty, and then decide nothing."""

    item_id: str
    title: str
    lead: str
    text: str
    dated_at: datetime | None
    language: str = ""
    label: str = ""
    home: str | None = None
    partners: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """An item in its story, as it is kept in the store."""

    item_id: str
    story_id: str
    dated_at: float | None
    language: str
    label: str
    home: str | None
    partners: frozenset[str]
    topics: frozenset[str]
    weights: dict[str, float]
    names: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Member":
        """Return the member that `to_facts` wrote, of this release or of an earlier one, which kept less."""
        return cls(
            item_id=facts["item_id"],
            story_id=facts["story_id"],
            dated_at=facts["dated_at"],
            language=facts["language"],
            # Earlier releases kept only whether it was diplomacy.
            label=facts.get("label") or (Label.DIPLOMACY.value if facts.get("diplomacy") else ""),
            home=facts["home"],
            partners=frozenset(facts["partners"]),
            topics=frozenset(facts["topics"]),
            weights=facts["weights"],
            names=frozenset(facts.get("names", ())),
            organisations=frozenset(facts.get("organisations", ())),
            people=frozenset(facts.get("people", ())),
        )

    def to_facts(self) -> dict[str, Any]:
        """Return the member as plain JSON data."""
        return {
            "item_id": self.item_id,
            "story_id": self.story_id,
            "dated_at": self.dated_at,
            "language": self.language,
            "label": self.label,
            "home": self.home,
            "partners": sorted(self.partners),
            "topics": sorted(self.topics),
            "weights": self.weights,
            "names": sorted(self.names),
            "organisations": sorted(self.organisations),
            "people": sorted(self.people),
        }

    @property
    def states(self) -> frozenset[str]:
        """The states that engage each other in it."""
        return self.partners | {self.home} if self.home else self.partners


def document_of(report: Report) -> Document:
    """Return what of a report is compared."""
    item = report.item
    return Document(
        item_id=item.item_id,
        title=item.title,
        lead=item.summary,
        text=report.text,
        dated_at=item.dated_at,
        language=report.language,
        label=report.label.value,
        home=report.home,
        partners=frozenset(report.partners),
        topics=frozenset(report.topics),
        organisations=frozenset(report.organisations),
        people=report.people,
    )


def apart_s(one: Member, other: Member) -> float:
    """Return how many seconds lie between two members; 0 where one has no date."""
    if one.dated_at is None or other.dated_at is None:
        return 0.0
    return abs(one.dated_at - other.dated_at)
