"""Which older story one that is told for the first time returns to, and by which marks it is found again. Pure.

A story that nobody wrote of for five days is closed: what comes later opens another. Where that is the same matter come back, its first message
says so. A wrong link is worse than none, so more is asked than of two items of one day: the very same states engage each other, on a topic that
both have, both name one body, person or figure, and the likeness of `stories_likeness`, from which only the days in between are left out, must
speak for it by itself. What two names have in common by their sound, or two texts by the words of their trade, is not enough.
Figures: `benchmarks/bench_returns.py`, and `tests/golden/returning`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Final

from alerting.stories import WINDOW_S
from alerting.stories_likeness import FEATURES, features, log_odds, shipped_weights
from alerting.stories_member import Member
from alerting.stories_words import NAMES, WORDS, Frequencies, shipped_frequencies

REACH_S: Final = 60 * 86_400.0
"""How long after its last report a story can return."""

LEAST_LOG_ODDS: Final = 0.5
"""What must speak for a return: four points more than for one story where little happens (`stories.LEAST_LOG_ODDS`)."""

CANDIDATES: Final = 12
"""Older stories that are looked at: those that have most marks in common with the new one, the newest of them first."""

MEMBERS_COMPARED: Final = 10
"""Members of an older story that are looked at: its first tell what it was about."""

_DAYS: Final = FEATURES.index("days_apart")
_STATES_LIMIT: Final = 40  # characters of a mark
_ANCHOR_LIMIT: Final = 39


@dataclass(frozen=True, slots=True)
class OlderStory:
    """A story that was told, and could be the one."""

    story_id: str
    last_at: float  # date of its newest report, in seconds since 1970 UTC
    members: Sequence[Member]


@dataclass(frozen=True, slots=True)
class Return:
    """The story that an item returns to, with what speaks for it."""

    story_id: str
    nearest: str  # the item of that story
    log_odds: float


def marks_of(member: Member) -> tuple[str, ...]:
    """Return what a told story can be found again by: who engages whom, with each body, person and figure.

    The states stand in every mark, so that two capitals that meet every week are no crowd.
    """
    states = "-".join(sorted(member.states))
    if len(states) > _STATES_LIMIT:
        states = sha256(states.encode()).hexdigest()[:_STATES_LIMIT]
    return tuple(f"{states} {anchor[:_ANCHOR_LIMIT]}" for anchor in sorted(_anchors(member)))


def returns_to(alone: Member, candidates: Iterable[OlderStory]) -> Return | None:
    """Return the story that comes back with this item, None where none surely does."""
    weights, rarity = _weights(), _rarity(alone)
    best: Return | None = None
    for story in candidates:
        if not _within_reach(alone, story):
            continue
        for member in story.members[:MEMBERS_COMPARED]:
            if not _same_matter(alone, member):
                continue
            found = features(alone, member, rarity)
            odds = log_odds(weights, (*found[:_DAYS], 0.0, *found[_DAYS + 1 :]))
            if odds >= LEAST_LOG_ODDS and (best is None or (odds, story.story_id) > (best.log_odds, best.story_id)):
                best = Return(story.story_id, member.item_id, odds)
    return best


@cache
def _weights() -> tuple[float, ...]:
    return shipped_weights()


@cache
def _shipped(file: str) -> Frequencies:
    return shipped_frequencies(file)


def _within_reach(alone: Member, story: OlderStory) -> bool:
    """Return whether the story is closed, and not for too long: within the window it was looked at, and found to be another."""
    return alone.dated_at is not None and WINDOW_S < alone.dated_at - story.last_at <= REACH_S


def _same_matter(alone: Member, member: Member) -> bool:
    """Return whether the same engage each other on a topic that both have, and both name one body, person or figure; where no state is engaged, one body."""
    if alone.states != member.states or alone.topics.isdisjoint(member.topics):
        return False
    if not alone.partners:
        return not alone.organisations.isdisjoint(member.organisations)
    return not _anchors(alone).isdisjoint(_anchors(member))


def _anchors(member: Member) -> frozenset[str]:
    """Return the bodies, people and figures of a member, each marked as what it is."""
    figures = {name for name in member.names if name.startswith("#")}
    return frozenset({*(f"={name}" for name in member.organisations), *(f"!{name}" for name in member.people), *figures})


def _rarity(member: Member) -> dict[str, float]:
    """Return how rare the words and names of a member are, by the shipped counts alone: a link must not depend on what else is in the news."""
    words, names = _shipped(WORDS), _shipped(NAMES)
    return {stem: words.shipped_rarity(stem) for stem in member.weights} | {name: names.shipped_rarity(name) for name in member.names}
