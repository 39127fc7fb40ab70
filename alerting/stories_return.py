"""Which older story one that is told for the first time returns to, and by which marks it is found again. Pure.

A story that nobody wrote of for five days is closed: what comes later opens another. Where that is the same matter come back, its first message
says so. A wrong link is worse than none, so more is asked than of two items of one day: the very same states engage each other, on a topic that
both have, and the likeness of `stories_likeness`, from which only the days in between are left out, must speak for it by itself.
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

MARKS_KEPT: Final = 20
"""Names by which a told story can be found again: its rarest."""

CANDIDATES: Final = 12
SHARED_LEAST: Final = 2  # marks
MEMBERS_COMPARED: Final = 10
"""Members of an older story that are looked at: its first tell what it was about."""

_DAYS: Final = FEATURES.index("days_apart")
_STATES_LIMIT: Final = 40  # characters of a mark


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
    """Return what a told story can be found again by: who engages whom, with each of its rarest names, its bodies and people.

    The states stand in every mark, so that two capitals that meet every week are no crowd. Of a member that engages nobody there is no mark.
    """
    if not (member.partners or member.organisations):
        return ()
    states = "-".join(sorted(member.states))
    if len(states) > _STATES_LIMIT:
        states = sha256(states.encode()).hexdigest()[:_STATES_LIMIT]
    rarity = _shipped(NAMES).shipped_rarity
    rarest = sorted(member.names, key=lambda name: (-rarity(name), name))[:MARKS_KEPT]
    told = (*rarest, *(f"={name[:30]}" for name in sorted(member.organisations)), *(f"!{name}" for name in sorted(member.people)))
    return tuple(dict.fromkeys(f"{states} {name}" for name in told))


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
    """Return whether the same engage each other on a topic that both have; where no state is engaged, the same body."""
    if alone.states != member.states or alone.topics.isdisjoint(member.topics):
        return False
    return bool(alone.partners and member.partners) or not alone.organisations.isdisjoint(member.organisations)


def _rarity(member: Member) -> dict[str, float]:
    """Return how rare the words and names of a member are, by the shipped counts alone: a link must not depend on what else is in the news."""
    words, names = _shipped(WORDS), _shipped(NAMES)
    return {stem: words.shipped_rarity(stem) for stem in member.weights} | {name: names.shipped_rarity(name) for name in member.names}
