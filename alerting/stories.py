"""Which items tell one story: incremental clustering by words, names, figures and by who engages whom.

Pure: an index is a function of the members given to it, so one that is loaded from the store places the next item as the one that was
lost would have. An item keeps its story for ever, and stories never merge: what was told stays told. The items that share the rarest words
and names with a new one are looked up (an inverted index), the likeliest of them decides (`stories_likeness`). Method and figures: research on
stories, B-cubed F1 (`benchmarks/bench_stories.py`).
"""

import hashlib
import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from alerting.stories_likeness import cosine, engage_others, features, log_odds, shipped_weights
from alerting.stories_member import Document, Member, apart_s
from alerting.stories_names import rarest_names, sounds_of_people
from alerting.stories_words import NAMES, Frequencies, count_stems, shipped_frequencies

WINDOW_S: Final = 5 * 86_400.0
"""Two items further apart than this do not tell one story."""

KEEP_S: Final = 2 * WINDOW_S
"""How far behind the newest member the index reaches: late items still find their story."""

LEAST_LOG_ODDS: Final = -3.5
"""What must speak for one story, in log-odds, where the index is empty."""

CROWD_LOG_ODDS: Final = 0.3
"""How much more must speak for it each time the index grows by e: the more happens in one week, the more is alike by chance."""

COPY: Final = 0.8
"""Least cosine of two items whose engaged states have none in common: they are copies, understood differently. Whom a minister meets is what tells
two calls of one day apart, however alike their words."""

CANDIDATES: Final = 24
"""Members looked at closely for each item: so many by words, and so many by names."""

HOLDERS_LOOKED_UP: Final = 500
"""A word or name that more members hold tells nothing, and is not looked up."""

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
    """The story of an item, and why; `nearest` is the member that it resembles, with the cosine of their words."""

    story_id: str
    similarity: float
    reason: PlacementReason
    nearest: str | None = None
    log_odds: float | None = None  # that the item and `nearest` tell one story


def story_id_of(item_id: str) -> str:
    """Return the id of the story that this item opens."""
    return hashlib.sha256(b"story\0" + item_id.encode()).hexdigest()[:32]


class StoryIndex:
    """The members within reach, by item, by stem and by name. `place` reads, `add` writes; nothing else changes it."""

    def __init__(
        self,
        members: Iterable[Member] = (),
        words: Frequencies | None = None,
        names: Frequencies | None = None,
        weights: tuple[float, ...] | None = None,
    ) -> None:
        self._words = words or shipped_frequencies()
        self._names = names or shipped_frequencies(NAMES)
        self._weights = weights or shipped_weights()
        self._members: dict[str, Member] = {}
        self._by_stem: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._by_name: defaultdict[str, set[str]] = defaultdict(set)
        self._by_story: defaultdict[str, set[str]] = defaultdict(set)
        self._horizon = float("-inf")
        for member in members:
            self.add(member)

    def __len__(self) -> int:
        return len(self._members)

    def place(self, document: Document, known_story: str | None = None) -> tuple[Placement, Member]:
        """Return the document's story, and the member to `add` once that is stored; `known_story` is the one its item is in already."""
        alone = Member(
            item_id=document.item_id,
            story_id=story_id_of(document.item_id),
            dated_at=document.dated_at.astimezone(UTC).timestamp() if document.dated_at else None,
            language=document.language,
            label=document.label,
            home=document.home,
            partners=document.partners,
            topics=document.topics,
            weights=self._words.weigh(count_stems(document.title, document.lead, document.text)),
            names=rarest_names(self._names, document.title, document.lead, document.text),
            organisations=document.organisations,
            people=sounds_of_people(document.people),
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
        self._words.add(member.weights)
        self._names.add(member.names)
        for stem, weight in member.weights.items():
            self._by_stem[stem][member.item_id] = weight
        for name in _looked_up(member):
            self._by_name[name].add(member.item_id)

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
        self._words.remove(member.weights)
        self._names.remove(member.names)
        for stem in member.weights:
            holders = self._by_stem[stem]
            del holders[item_id]
            if not holders:
                del self._by_stem[stem]
        for name in _looked_up(member):
            named = self._by_name[name]
            named.discard(item_id)
            if not named:
                del self._by_name[name]

    def _placement(self, alone: Member) -> Placement:
        known = self._members.get(alone.item_id)
        if known is not None:
            return Placement(known.story_id, 1.0, PlacementReason.KNOWN_ITEM, alone.item_id)
        rarity = self._rarity(alone)
        best: tuple[float, str] | None = None
        for item_id in self.candidates(alone):
            member = self._members[item_id]
            if engage_others(alone, member) and cosine(alone, member) < COPY:
                continue
            odds = log_odds(self._weights, features(alone, member, rarity))
            best = max(best or (odds, item_id), (odds, item_id))
        if best is None or best[0] < LEAST_LOG_ODDS + CROWD_LOG_ODDS * math.log1p(len(self._members)):
            return Placement(alone.story_id, 0.0, PlacementReason.OPENED)
        nearest = self._members[best[1]]
        reason = PlacementReason.SIMILAR if nearest.language == alone.language else PlacementReason.ACROSS_LANGUAGES
        return Placement(nearest.story_id, cosine(alone, nearest), reason, nearest.item_id, best[0])

    def _rarity(self, member: Member) -> dict[str, float]:
        return {stem: self._words.rarity(stem) for stem in member.weights} | {name: self._names.rarity(name) for name in member.names}

    def candidates(self, alone: Member) -> set[str]:
        """Return the items within the window that share most with it: by words, and by names and states."""
        by_words: defaultdict[str, float] = defaultdict(float)
        for stem, weight in alone.weights.items():
            holders = self._by_stem.get(stem, {})
            if len(holders) <= HOLDERS_LOOKED_UP:
                for item_id, other in holders.items():
                    by_words[item_id] += weight * other
        by_names: defaultdict[str, float] = defaultdict(float)
        # In order, so that equal sums are equal after a restart too.
        for name in sorted(_looked_up(alone)):
            named = self._by_name.get(name, set())
            if len(named) <= HOLDERS_LOOKED_UP:
                worth = _STATES_WORTH if name.startswith("@") else self._names.rarity(name)
                for item_id in named:
                    by_names[item_id] += worth
        found: set[str] = set()
        for scores in (by_words, by_names):
            within = ((-score, item_id) for item_id, score in scores.items() if apart_s(alone, self._members[item_id]) <= WINDOW_S)
            found.update(item_id for _, item_id in heapq.nsmallest(CANDIDATES, within))
        return found


_STATES_WORTH: Final = 10.0
"""Two items in which the same states engage each other are looked at like two that share two rare names."""


def _looked_up(member: Member) -> frozenset[str]:
    """Return the names of a member, and the states that engage each other in it as one more: they find it in any language."""
    states = member.states
    return member.names | {"@" + "-".join(sorted(states))} if len(states) > 1 else member.names


def cluster(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a story id for each record: id, title, summary, text, published, and what was understood of it where that is known.

    That is `lang`, `label`, `home`, `partners`, `topics`, `organisations` and `people`; anything but `id` and `title` may be missing or empty.
    """
    return cluster_documents([document_of_record(record) for record in records])


def cluster_documents(documents: Sequence[Document], weights: tuple[float, ...] | None = None) -> list[str]:
    """Return a story id for each document, as if they had come in order of their dates."""
    index = StoryIndex(weights=weights)
    stories: dict[int, str] = {}
    oldest = datetime.min.replace(tzinfo=UTC)
    for place in sorted(range(len(documents)), key=lambda place: (documents[place].dated_at or oldest, place)):
        placement, member = index.place(documents[place])
        index.add(member)
        stories[place] = placement.story_id
    return [stories[place] for place in range(len(documents))]


def document_of_record(record: Mapping[str, Any]) -> Document:
    """Return what of a record is compared."""
    return Document(
        item_id=str(record["id"]),
        title=str(record["title"]),
        lead=str(record.get("summary") or ""),
        text=str(record.get("text") or ""),
        dated_at=_moment(record.get("published")),
        language=str(record.get("lang") or ""),
        label=str(record.get("label") or ""),
        home=record.get("home") or None,
        partners=frozenset(record.get("partners") or ()),
        topics=frozenset(record.get("topics") or ()),
        organisations=frozenset(record.get("organisations") or ()),
        people=tuple(record.get("people") or ()),
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
