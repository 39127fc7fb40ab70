"""The proof of the watch: what was read, what answered, what waits; and whether silence means that nothing happened. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alerting.digests.watch import MISSING_S, Gap, gaps, is_blind
from newswire.outcomes import FetchReason, ParseReason
from newswire.store.watch import Mark, Queues, SourceState

LATE_S: Final = 3_600.0
"""What has waited for so long is late, and is said to be."""

_FEW: Final = 2
"""Of so few sources of one country the loss of one is said, but hides no country."""


class Sight(StrEnum):
    """Whether silence means that nothing happened."""

    WHOLE = "whole"
    DIM = "dim"  # most was seen: a country's sources do not answer, something is late, or somebody could not be told
    BLIND = "blind"  # for a while, or now, next to nothing was seen


_FAILURES: Final[Mapping[str, str]] = {
    FetchReason.BLOCKED_ADDRESS: "its address is not public; NEWSWIRE_ALLOW_NETWORKS can allow it",
    FetchReason.BLOCKED_PORT: "its port is neither 80 nor 443; NEWSWIRE_ALLOW_PORTS can allow it",
    FetchReason.CONNECT: "cannot be reached",
    FetchReason.DNS: "its host is not found",
    FetchReason.DEADLINE: "answers too slowly",
    FetchReason.HTTP_4XX: "refuses us, or has moved (4xx)",
    FetchReason.HTTP_5XX: "answers with errors (5xx)",
    FetchReason.RATE_LIMITED: "asks us to come later",
    FetchReason.ROBOTS: "its robots.txt forbids it",
    FetchReason.TLS: "its certificate or TLS fails",
    ParseReason.NOT_A_FEED: "is no feed any more",
}


def failure_in_words(reason: str) -> str:
    """Return why a source could not be read, as a person says it; a reason without such words stands for itself."""
    return _FAILURES.get(reason, reason)


@dataclass(frozen=True, slots=True)
class Place:
    """Who publishes a source, and where."""

    outlet: str
    country: str | None


@dataclass(frozen=True, slots=True)
class SilentSource:
    """A source that does not answer, since when and why."""

    outlet: str
    country: str | None
    succeeded_at: float | None  # seconds since 1970 UTC
    why: str
    fell_silent: bool  # in the period: it had answered at its beginning, or in it


@dataclass(frozen=True, slots=True)
class SilentCountry:
    """The sources of one country that do not answer, of how many."""

    country: str | None
    sources: int
    silent: tuple[SilentSource, ...]

    @property
    def hidden(self) -> bool:
        """Whether so few of its sources answer that its silence means nothing."""
        return self.sources > _FEW and is_blind(self.sources, self.sources - len(self.silent))


@dataclass(frozen=True, slots=True)
class Proof:
    """What was watched in a period, and how the watch stands at its end."""

    sources: int
    polled: int  # of these, in the period
    answering: int  # of these, now
    articles: int  # whose reports were decided in the period
    reports: int
    watchlists: int  # in force
    queues: Queues
    at: float  # when all this was so
    gaps: tuple[Gap, ...] = ()
    silent: tuple[SilentCountry, ...] = ()
    refusing: tuple[str, ...] = ()  # receivers

    @property
    def queue_s(self) -> float:
        """For how long the oldest that waits has been due."""
        return self.queues.age_s(self.at)

    @property
    def sight(self) -> Sight:
        """Whether silence means that nothing happened."""
        if any(gap.length_s >= MISSING_S for gap in self.gaps) or is_blind(self.sources, self.answering):
            return Sight.BLIND
        if self.gaps or self.refusing or not self.watchlists or self.queue_s > LATE_S or any(one.hidden for one in self.silent):
            return Sight.DIM
        return Sight.WHOLE


@dataclass(frozen=True, slots=True)
class Watched:
    """What the store and the desk say of the watch."""

    states: Sequence[SourceState]
    places: Mapping[str, Place]  # by source id
    marks: Sequence[Mark]
    articles: int
    reports: int
    watchlists: int
    queues: Queues
    refusing: Sequence[str] = ()


def proof_of(watched: Watched, since: float, until: float) -> Proof:
    """Return the proof of the watch for [since, until)."""
    live = [one for one in watched.states if one.gone_at is None]
    return Proof(
        sources=len(live),
        polled=sum(one.polled_at >= since for one in live),
        answering=sum(one.answers for one in live),
        articles=watched.articles,
        reports=watched.reports,
        watchlists=watched.watchlists,
        queues=watched.queues,
        at=until,
        gaps=gaps(watched.marks, since, until),
        silent=_silent(watched.states, watched.places, since),
        refusing=tuple(sorted(watched.refusing)),
    )


def _silent(states: Sequence[SourceState], places: Mapping[str, Place], since: float) -> tuple[SilentCountry, ...]:
    counts: defaultdict[str | None, int] = defaultdict(int)
    silent: defaultdict[str | None, list[SilentSource]] = defaultdict(list)
    for state in states:
        place = places.get(state.source_id, Place(state.host, None))
        counts[place.country] += 1
        if not state.answers:
            fell = state.succeeded_at is not None and state.succeeded_at >= since
            silent[place.country].append(SilentSource(place.outlet, place.country, state.succeeded_at, _why(state), fell))
    found = [
        SilentCountry(country, counts[country], tuple(sorted(of_country, key=lambda one: (not one.fell_silent, one.outlet))))
        for country, of_country in silent.items()
    ]
    return tuple(sorted(found, key=lambda one: (not one.hidden, -len(one.silent), one.country or "~")))


def _why(state: SourceState) -> str:
    if state.gone_at is not None:
        return "gone for good, no longer polled"
    if state.failures:
        return _FAILURES.get(state.reason or "", f"fails ({(state.reason or 'no reason').replace('_', ' ')})")
    return "not polled in time" if state.entries else "lists no entries"
