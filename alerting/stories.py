"""Which items tell one story: incremental TF-IDF over what they say, guarded by who engages whom.

Pure: an index is a function of the members given to it, so one that is loaded from the store places the next item as the one that was
lost would have. An item keeps its story for ever, and stories never merge: what was told stays told. Method and
figures: research on stories, B-cubed F1 (`benchmarks/bench_stories.py`).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from alerting.stories_words import Frequencies, count_stems, shipped_frequencies
from newswire.records import Label, Report

WINDOW_S: Final = 5 * 86_400.0
"""Two items further apart than this do not tell one story."""

KEEP_S: Final = 2 * WINDOW_S
"""How far behind the newest member the index reaches: late items still find their story."""

SIMILAR_SAME: Final = 0.12
"""Least cosine of two items in which the same states engage each other."""

SIMILAR: Final = 0.20
"""Least cosine of two items of which that is not known."""

SIMILAR_APART: Final = 0.8
"""Least cosine of two items whose engaged states have none in common: they are copies, understood differently."""

ACROSS_LANGUAGES_S: Final = 2 * 86_400.0
"""How close in time items of two languages must be; words cannot tell, so states, topic and label must agree."""

MEMBERS_KEPT: Final = 50
"""Members of one story that are compared; a story that everybody carries needs no more to be known again."""


class PlacementReason(StrEnum):
    """Why an item is in its story."""

    KNOWN_ITEM = "known_item"
    OPENED = "opened"
    SIMILAR = "similar"
    ACROSS_LANGUAGES = "across_languages"


@dataclass(frozen=True, slots=True)
class Placement:
    """The story of an item, and why; `nearest` is the member that it resembles, with the cosine."""

    story_id: str
    similarity: float
    reason: PlacementReason
    nearest: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What of an item is compared. Facts that are not known stay empty, and then decide nothing."""

    item_id: str
    title: str
    lead: str
    text: str
    dated_at: datetime | None
    language: str = ""
    diplomacy: bool = False
    home: str | None = None
    partners: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    """An item in its story, as it is kept in the store."""

    item_id: str
    story_id: str
    dated_at: float | None
    language: str
    diplomacy: bool
    home: str | None
    partners: frozenset[str]
    topics: frozenset[str]
    weights: dict[str, float]

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Member":
        """Return the member that `to_facts` wrote."""
        return cls(
            item_id=facts["item_id"],
            story_id=facts["story_id"],
            dated_at=facts["dated_at"],
            language=facts["language"],
            diplomacy=facts["diplomacy"],
            home=facts["home"],
            partners=frozenset(facts["partners"]),
            topics=frozenset(facts["topics"]),
            weights=facts["weights"],
        )

    def to_facts(self) -> dict[str, Any]:
        """Return the member as plain JSON data."""
        return {
            "item_id": self.item_id,
            "story_id": self.story_id,
            "dated_at": self.dated_at,
            "language": self.language,
            "diplomacy": self.diplomacy,
            "home": self.home,
            "partners": sorted(self.partners),
            "topics": sorted(self.topics),
            "weights": self.weights,
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
        diplomacy=report.label is Label.DIPLOMACY,
        home=report.home,
        partners=frozenset(report.partners),
        topics=frozenset(report.topics),
    )


def story_id_of(item_id: str) -> str:
    """Return the id of the story that this item opens."""
    return hashlib.sha256(b"story\0" + item_id.encode()).hexdigest()[:32]


class StoryIndex:
    """The members within reach, by item and by stem. `place` reads, `add` writes; nothing else changes it."""

    def __init__(self, members: Iterable[Member] = (), frequencies: Frequencies | None = None) -> None:
        self._frequencies = frequencies or shipped_frequencies()
        self._members: dict[str, Member] = {}
        self._by_stem: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._by_story: defaultdict[str, set[str]] = defaultdict(set)
        self._horizon = float("-inf")
        for member in members:
            self.add(member)

    def __len__(self) -> int:
        return len(self._members)

    def place(self, document: Document, known_story: str | None = None) -> tuple[Placement, Member]:
        """Return the document's story, and the member to `add` once that is stored; `known_story` is the one its item is in already."""
        weights = self._frequencies.weigh(count_stems(document.title, document.lead, document.text))
        alone = Member(
            item_id=document.item_id,
            story_id=story_id_of(document.item_id),
            dated_at=document.dated_at.astimezone(UTC).timestamp() if document.dated_at else None,
            language=document.language,
            diplomacy=document.diplomacy,
            home=document.home,
            partners=document.partners,
            topics=document.topics,
            weights=weights,
        )
        placement = Placement(known_story, 1.0, PlacementReason.KNOWN_ITEM, alone.item_id) if known_story else self._placement(alone)
        return placement, replace(alone, story_id=placement.story_id)

    def add(self, member: Member) -> None:
        """Keep a member; one of the same item is replaced. A story that has its fill keeps no more."""
        if member.dated_at is not None:
            # Whole days, so that the order in which members came does not matter.
            self._move_horizon((member.dated_at - KEEP_S) // 86_400 * 86_400)
        of_story = self._by_story[member.story_id]
        if member.item_id not in of_story and len(of_story) >= MEMBERS_KEPT:
            return
        of_story.add(member.item_id)
        self._remove(member.item_id)
        if _before(member, self._horizon):
            return
        self._members[member.item_id] = member
        self._frequencies.add(member.weights)
        for stem, weight in member.weights.items():
            self._by_stem[stem][member.item_id] = weight

    def _move_horizon(self, horizon: float) -> None:
        if horizon <= self._horizon:
            return
        self._horizon = horizon
        for item_id in [kept.item_id for kept in self._members.values() if _before(kept, horizon)]:
            self._remove(item_id)
        within = {member.story_id for member in self._members.values()}
        for story_id in [story_id for story_id in self._by_story if story_id not in within]:
            del self._by_story[story_id]

    def _remove(self, item_id: str) -> None:
        member = self._members.pop(item_id, None)
        if member is None:
            return
        self._frequencies.remove(member.weights)
        for stem in member.weights:
            holders = self._by_stem[stem]
            del holders[item_id]
            if not holders:
                del self._by_stem[stem]

    def _placement(self, alone: Member) -> Placement:
        known = self._members.get(alone.item_id)
        if known is not None:
            return Placement(known.story_id, 1.0, PlacementReason.KNOWN_ITEM, alone.item_id)
        best: tuple[float, float, str] | None = None
        for item_id, similarity in self._similarities(alone).items():
            if similarity < SIMILAR_SAME:
                continue
            member = self._members[item_id]
            needed = _similarity_needed(alone, member)
            if similarity >= needed and _apart_s(alone, member) <= WINDOW_S:
                best = max(best or (0.0, 0.0, ""), (similarity / needed, similarity, item_id))
        if best is not None:
            return Placement(self._members[best[2]].story_id, best[1], PlacementReason.SIMILAR, best[2])
        abroad = [member for member in self._members.values() if _same_event_in_another_language(alone, member)]
        if abroad and len({member.story_id for member in abroad}) == 1:
            nearest = min(abroad, key=lambda member: (_apart_s(alone, member), member.item_id))
            return Placement(nearest.story_id, 0.0, PlacementReason.ACROSS_LANGUAGES, nearest.item_id)
        return Placement(alone.story_id, 0.0, PlacementReason.OPENED)

    def _similarities(self, alone: Member) -> dict[str, float]:
        sums: defaultdict[str, float] = defaultdict(float)
        for stem, weight in alone.weights.items():
            for item_id, other in self._by_stem.get(stem, {}).items():
                sums[item_id] += weight * other
        return sums


def cluster(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a story id for each record: id, title, summary, text, published, and what was understood of it where that is known.

    That is `lang`, `label`, `home`, `partners` and `topics`; anything but `id` and `title` may be missing or empty.
    """
    return cluster_documents([_document_of_record(record) for record in records])


def cluster_documents(documents: Sequence[Document]) -> list[str]:
    """Return a story id for each document, as if they had come in order of their dates."""
    index = StoryIndex()
    stories: dict[int, str] = {}
    oldest = datetime.min.replace(tzinfo=UTC)
    for place in sorted(range(len(documents)), key=lambda place: (documents[place].dated_at or oldest, place)):
        placement, member = index.place(documents[place])
        index.add(member)
        stories[place] = placement.story_id
    return [stories[place] for place in range(len(documents))]


def _document_of_record(record: Mapping[str, Any]) -> Document:
    return Document(
        item_id=str(record["id"]),
        title=str(record["title"]),
        lead=str(record.get("summary") or ""),
        text=str(record.get("text") or ""),
        dated_at=_moment(record.get("published")),
        language=str(record.get("lang") or ""),
        diplomacy=record.get("label") == Label.DIPLOMACY,
        home=record.get("home") or None,
        partners=frozenset(record.get("partners") or ()),
        topics=frozenset(record.get("topics") or ()),
    )


def _moment(given: object) -> datetime | None:
    """Return the moment that an ISO 8601 date or time names, midnight and UTC where it says no more; None where it names none."""
    if isinstance(given, datetime):
        moment = given
    else:
        try:
            moment = datetime.fromisoformat(str(given or ""))
        except ValueError:
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _before(member: Member, horizon: float) -> bool:
    return member.dated_at is not None and member.dated_at < horizon


def _apart_s(one: Member, other: Member) -> float:
    if one.dated_at is None or other.dated_at is None:
        return 0.0
    return abs(one.dated_at - other.dated_at)


def _similarity_needed(one: Member, other: Member) -> float:
    """Two capitals tell one story with home and partner exchanged: what is compared is who engages whom."""
    if len(one.states) > 1 and one.states == other.states:
        return SIMILAR_SAME
    if one.partners and other.partners and not one.partners & other.partners:
        exchanged = one.home in other.partners and other.home in one.partners
        return SIMILAR if exchanged else SIMILAR_APART
    return SIMILAR


def _same_event_in_another_language(one: Member, other: Member) -> bool:
    return (
        one.language != other.language
        and one.diplomacy
        and other.diplomacy
        and len(one.states) > 1
        and one.states == other.states
        and bool(one.topics & other.topics)
        and _apart_s(one, other) <= ACROSS_LANGUAGES_S
    )
