"""What a digest says, before it is laid out. Pure: what was gathered, what the store knows of the watch, and the period give the contents.

Nothing here is cut: every alert that was gathered is in it once, and who lays it out names each once.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from alerting.digests.period import Period, moment
from alerting.digests.proof import Proof, Sight
from alerting.message import Message, folded
from newswire.outcomes import DigestOccasion, GatherReason, HoldReason
from newswire.records import Severity
from newswire.silence import Silence
from newswire.store.matches import HeldStory

DAYS_SHOWN: Final = 14
HELD_LISTED: Final = 10

_HELD_WORDS: Final = {
    HoldReason.STAGED: "the watchlist is staged",
    HoldReason.MUTED: "the watchlist is muted",
    HoldReason.MAX_AGE: "older than the watchlist's max_age",
    HoldReason.BACKLOG: "undated, from a source's first poll",
    HoldReason.NO_RECEIVER: "the routes name nobody for it",
    HoldReason.SILENCED: "silenced",
}

_NOT_IN_FORCE: Final = frozenset({HoldReason.STAGED, HoldReason.MUTED})
"""What nobody expects to be told, and may be much: of what was held it is named last."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """An alert that the digest tells, why it is told here, and when it came."""

    message: Message
    reason: GatherReason
    at: datetime


@dataclass(frozen=True, slots=True)
class Block:
    """The alerts of a group on one topic, the most severe first. The topic is the alert's first; empty where none was understood."""

    topic: str
    alerts: tuple[Gathered, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts about one country: the first partner's, or where nobody is engaged, the outlet's; None where that is not known either."""

    country: str | None
    engaged: bool  # False: the country is the outlet's
    blocks: tuple[Block, ...]
    days: tuple[int, ...] = ()  # stories told that name the country, by local day, the last of them the digest's own

    @property
    def alerts(self) -> tuple[Gathered, ...]:
        """All of them, in the order in which they are shown."""
        return tuple(one for block in self.blocks for one in block.alerts)


@dataclass(frozen=True, slots=True)
class Held:
    """A story that watchlists matched and that they told nobody, and why, in words."""

    story: HeldStory  # as its most severe watchlist matched it
    why: str
    watchlists: tuple[str, ...]  # all that held it for the same reason


@dataclass(frozen=True, slots=True)
class HeldBack:
    """All that was held in the period: how much for each reason, and the most severe of it."""

    counts: tuple[tuple[HoldReason, int], ...] = ()
    listed: tuple[Held, ...] = ()

    @property
    def total(self) -> int:
        """How many stories that are, each counted once for every reason."""
        return sum(count for _, count in self.counts)


@dataclass(frozen=True, slots=True)
class ShownSilence:
    """A silence that ends within the next period, or that held something in this one."""

    silence: Silence
    stories: int  # that it held in the period
    ends_soon: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read for a scheduled digest beside the alerts themselves."""

    told: int = 0  # stories that watchlists told in the period, in messages of their own or gathered
    held: tuple[HeldStory, ...] = ()
    silences: tuple[Silence, ...] = ()  # every one that there ever was
    stories_by_country: Mapping[str, Mapping[str, float]] | None = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class DigestContents:
    """All that one digest says."""

    digest_id: str
    name: str  # of the digest, or of the receiver whose overflow or outage it is about
    occasion: DigestOccasion
    period: Period
    groups: tuple[Group, ...]
    told_at_once: int = 0
    held: HeldBack = HeldBack()
    silences: tuple[ShownSilence, ...] = ()
    proof: Proof | None = None

    @property
    def alerts(self) -> tuple[Gathered, ...]:
        """All of them, in the order of the groups."""
        return tuple(one for group in self.groups for one in group.alerts)

    @property
    def sight(self) -> Sight:
        """Whether the watch was whole; where nobody asked, nothing else is known."""
        return self.proof.sight if self.proof else Sight.WHOLE

    @property
    def severity(self) -> Severity:
        """The highest inside; a watch that was blind is told as highly as an alert."""
        floor = {Sight.WHOLE: Severity.INFO, Sight.DIM: Severity.MEDIUM, Sight.BLIND: Severity.HIGH}[self.sight]
        return max((floor, *(one.message.severity for one in self.alerts)), key=lambda one: one.rank)


def contents_of(
    digest_id: str, *, name: str, occasion: DigestOccasion, period: Period, gathered: Sequence[Gathered], facts: Facts | None = None
) -> DigestContents:
    """Return what the digest says; without facts it is about its alerts alone."""
    facts, gathered = facts or Facts(), _one_a_story(gathered)
    stories = {one.message.story_id for one in gathered}
    days = {code: _by_day(of_country, period) for code, of_country in (facts.stories_by_country or {}).items()}
    return DigestContents(
        digest_id,
        name,
        occasion,
        period,
        _groups(gathered, days),
        max(0, facts.told - len(stories)),
        _held_back(facts.held, {one.silence_id: one for one in facts.silences}, period),
        _silences(facts.silences, facts.held, period),
        facts.proof,
    )


def _one_a_story(gathered: Sequence[Gathered]) -> list[Gathered]:
    """Return the alerts, those of one story as one: what was over a channel's cap may have been gathered for the digest itself, too."""
    found: dict[str, Gathered] = {}
    for one in sorted(gathered, key=lambda one: -one.message.severity.rank):
        first = found.get(one.message.story_id)
        found[one.message.story_id] = one if first is None else replace(first, message=folded(first.message, one.message))
    return [found.pop(one.message.story_id) for one in gathered if one.message.story_id in found]


def _groups(gathered: Sequence[Gathered], days: Mapping[str, tuple[int, ...]]) -> tuple[Group, ...]:
    found: defaultdict[tuple[str | None, bool], list[Gathered]] = defaultdict(list)
    for one in gathered:
        message = one.message
        found[(message.partners[0], True) if message.partners else (message.country, False)].append(one)
    groups = [
        Group(country, engaged, _blocks(alerts), days.get(country or "", (0,) * DAYS_SHOWN) if days and country and engaged else ())
        for (country, engaged), alerts in found.items()
    ]
    return tuple(sorted(groups, key=lambda group: (*_weight(group.alerts), not group.engaged, group.country or "")))


def _blocks(alerts: Sequence[Gathered]) -> tuple[Block, ...]:
    found: defaultdict[str, list[Gathered]] = defaultdict(list)
    for one in alerts:
        found[one.message.topics[0] if one.message.topics else ""].append(one)
    blocks = [Block(topic, tuple(sorted(of_topic, key=by_severity))) for topic, of_topic in found.items()]
    return tuple(sorted(blocks, key=lambda block: (*_weight(block.alerts), not block.topic, block.topic)))


def _weight(alerts: Sequence[Gathered]) -> tuple[int, int]:
    """Return what puts the most severe before, and of equals those with more alerts."""
    return -max(one.message.severity.rank for one in alerts), -len(alerts)


def by_severity(one: Gathered) -> tuple[int, int, datetime, str]:
    """Return the key that puts the most severe first, then what most outlets carry, then the earliest."""
    outlets = {carrier.outlet for carrier in one.message.supporting}
    return -one.message.severity.rank, -len(outlets), one.at, one.message.alert_id


def _by_day(stories: Mapping[str, float], period: Period) -> tuple[int, ...]:
    zone = ZoneInfo(period.zone)
    counts = Counter(datetime.fromtimestamp(at, zone).date() for at in stories.values())
    return tuple(counts[day] for day in days_shown(period))


def days_shown(period: Period) -> tuple[date, ...]:
    """Return the local days that sparklines show, the last of them that on which the period ends."""
    last = period.until.astimezone(ZoneInfo(period.zone)).date()
    return tuple(last - timedelta(days=back) for back in reversed(range(DAYS_SHOWN)))


def _held_back(held: Sequence[HeldStory], silences: Mapping[str, Silence], period: Period) -> HeldBack:
    counts = Counter(reason for reason, _ in {(one.reason, one.story_id) for one in held})
    ranked = sorted(held, key=lambda one: (one.reason in _NOT_IN_FORCE, -one.severity.rank, -one.at, one.watchlist, one.story_id))
    alike: defaultdict[tuple[str, HoldReason, str | None], list[HeldStory]] = defaultdict(list)
    for story in ranked:
        alike[story.story_id, story.reason, story.silence_id].append(story)
    listed = []
    for of_story in list(alike.values())[:HELD_LISTED]:
        first = of_story[0]
        silence = silences.get(first.silence_id or "")
        why = _silenced(silence, period) if silence else _HELD_WORDS.get(first.reason, first.reason.value)
        listed.append(Held(first, why, tuple(one.watchlist for one in of_story)))
    return HeldBack(tuple((reason, counts[reason]) for reason in HoldReason if counts[reason]), tuple(listed))


def _silenced(silence: Silence, period: Period) -> str:
    return f"silenced by {silence.by} until {moment(silence.ended_at, period)}: {silence.why}"


def _silences(silences: Sequence[Silence], held: Sequence[HeldStory], period: Period) -> tuple[ShownSilence, ...]:
    following = (period.following or period.until + (period.until - period.since)).timestamp()
    now = period.until.timestamp()
    stories: defaultdict[str, set[str]] = defaultdict(set)
    for one in held:
        if one.silence_id:
            stories[one.silence_id].add(one.story_id)
    shown = [
        ShownSilence(one, len(stories[one.silence_id]), ends_soon=one.expired_at is None and now < one.ends_at <= following)
        for one in silences
    ]
    return tuple(
        sorted((one for one in shown if one.stories or one.ends_soon), key=lambda one: (one.silence.ended_at, one.silence.silence_id))
    )
