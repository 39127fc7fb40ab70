"""Which silence holds a match back, and how that is said. Pure.

A silence only ever takes away: it holds matches that would tell, and no others. So what is staged, muted or too old keeps that reason, and a
message that the full text no longer bears out is corrected whatever is silenced, because no match stands behind a correction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from alerting.decide import Match, may_tell
from alerting.watchlists.match import source_names
from newswire.outcomes import HoldReason, SilenceState
from newswire.records import Label, Report, Severity
from newswire.silence import Kind, Silence

ENDING: Final = timedelta(hours=1)
"""A silence that ends within this time is warned of."""


@dataclass(frozen=True, slots=True)
class MatchFacts:
    """What silences look at: one watchlist's match of one report."""

    watchlist: str
    severity: Severity
    story_id: str | None
    countries: frozenset[str]
    outlets: frozenset[str]  # all the names that the outlet and its source go by, with case folded
    label: Label


def match_facts(match: Match, report: Report, story_id: str | None) -> MatchFacts:
    """Return what silences look at in a match."""
    home = (report.home,) if report.home else ()
    return MatchFacts(
        watchlist=match.verdict.watchlist,
        severity=match.verdict.severity,
        story_id=story_id,
        countries=frozenset((*home, *report.partners)),
        outlets=frozenset(name.casefold() for name in (report.item.outlet, *source_names(report.item))),
        label=report.label,
    )


def silenced(silences: Iterable[Silence], facts: MatchFacts, now: datetime) -> Silence | None:
    """Return the silence that holds the match: of several the one that ends last; None where none does."""
    at = now.timestamp()
    holding = [one for one in silences if one.in_force(at) and fits(one, facts)]
    return max(holding, key=lambda one: (one.ends_at, one.silence_id), default=None)


def fits(silence: Silence, facts: MatchFacts) -> bool:
    """Return whether all that the silence asks for is there, whenever it is in force. One that asks for nothing fits nothing."""
    if silence.below is not None and facts.severity.rank >= silence.below.rank:
        return False
    there: Mapping[str, frozenset[str]] = {
        Kind.WATCHLIST: frozenset({facts.watchlist}),
        Kind.STORY: frozenset({facts.story_id} if facts.story_id else ()),
        Kind.COUNTRY: facts.countries,
        Kind.OUTLET: facts.outlets,
        Kind.LABEL: frozenset({facts.label.value}),
    }
    return bool(silence.matchers) and all(
        not there.get(kind, frozenset()).isdisjoint(map(str.casefold, values) if kind == Kind.OUTLET else values)
        for kind, values in silence.matchers.items()
    )


def hold_back(
    silences: Sequence[Silence], matches: Sequence[Match], report: Report, story_id: str | None, now: datetime
) -> tuple[Match, ...]:
    """Return the matches, those that would tell and that a silence fits held with its id and its words."""
    if not silences:
        return tuple(matches)
    return tuple(_held(silences, match, report, story_id, now) for match in matches)


def _held(silences: Sequence[Silence], match: Match, report: Report, story_id: str | None, now: datetime) -> Match:
    if not may_tell(match) or not match.receivers:
        return match
    silence = silenced(silences, match_facts(match, report, story_id), now)
    if silence is None:
        return match
    verdict = replace(match.verdict, reason=HoldReason.SILENCED, missed=in_words(silence, now), silence_id=silence.silence_id)
    return replace(match, verdict=verdict, receivers=())


def in_words(silence: Silence, now: datetime) -> str:
    """Return why a match is held: `silenced by Ayesha until 14:00 UTC: summit week`."""
    return f"silenced by {silence.by} until {moment_in_words(silence.ends_at, now)}: {silence.why}"


def moment_in_words(at: float, now: datetime) -> str:
    """Return `14:00 UTC`, and the day before it where it is not today's."""
    moment, today = datetime.fromtimestamp(at, UTC), now.astimezone(UTC).date()
    if moment.date() == today:
        return f"{moment:%H:%M} UTC"
    return f"{moment:%d %b %H:%M} UTC" if moment.year == today.year else f"{moment:%d %b %Y %H:%M} UTC"


def state_of(silence: Silence, now: datetime) -> SilenceState:
    """Return how a silence stands."""
    at = now.timestamp()
    if at >= silence.ended_at:
        return SilenceState.ENDED if silence.expired_at is None else SilenceState.EXPIRED
    if at < silence.begins_at:
        return SilenceState.PENDING
    return SilenceState.ENDING if silence.ends_at - at <= ENDING.total_seconds() else SilenceState.ACTIVE


def said_of(silence: Silence) -> str:
    """Return what it holds, in words: `watchlist gaming and country US or KR, below critical`."""
    given = sorted(silence.matchers.items(), key=lambda one: list(Kind).index(Kind(one[0])))
    asked = " and ".join(f"{kind} {' or '.join(values)}" for kind, values in given)
    return f"{asked}, below {silence.below}" if silence.below is not None else asked
