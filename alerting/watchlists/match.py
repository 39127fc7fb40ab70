"""What the watchlists make of one report: who matched, on which words; and where nobody did, how near each came.

Pure: the same set, report and `now` give the same answer. The order of the tests is that of `HoldReason`: the cheap ones first.
"""

import heapq
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from alerting.watchlists.compile import CompiledWatchlist, Scope, WatchlistSet
from alerting.watchlists.conditions import block_holds, holds, judge
from alerting.watchlists.facts import Facts, facts_of
from alerting.watchlists.fields import duration_in_words
from alerting.watchlists.judged import Judged
from alerting.watchlists.model import Status
from alerting.watchlists.nearest import some
from newswire.outcomes import HoldReason
from newswire.records import Item, Label, Report, Severity, Span, WatchlistVerdict

NEAREST: Final = 3  # misses that are told, where nothing matched
_LOOKED_AT: Final = 16  # watchlists judged beside the triggered ones, to find the nearest misses of a report that triggers none
_ORDER: Final = {reason: place for place, reason in enumerate(HoldReason)}
_RANK: Final = {severity: severity.rank for severity in Severity}


QUEUES_KEEP: Final = timedelta(days=7)
"""How long a record can wait on the bus before it is dropped: for so long an item does not age."""


@dataclass(frozen=True, slots=True)
class Match:
    """A verdict, and where in the report the words stand that made it; spans are for rendering and empty where it did not match."""

    verdict: WatchlistVerdict
    watchlist: CompiledWatchlist
    spans: tuple[Span, ...] = ()

    @property
    def tells(self) -> bool:
        """Whether this watchlist matched and nothing holds it back."""
        return self.verdict.matched and self.verdict.reason is None


def match(watchlists: WatchlistSet, report: Report, now: datetime) -> list[Match]:
    """Return every watchlist that matched, those that may tell and the most severe first; where none did, the nearest misses.

    A match that is held (staged, muted, too old, backlog) has `matched` and its reason. Empty only where no watchlist is in force.
    """
    facts = facts_of(watchlists.search, report)
    triggered = _triggered(watchlists, facts)
    found = [watchlists.watchlists[n] for n in triggered if _matches(watchlists.watchlists[n], facts)]
    if found:
        matches = [judge_watchlist(one, facts, now) for one in found]
        return sorted(matches, key=lambda one: (one.verdict.reason is not None, -_RANK[one.verdict.severity], one.verdict.watchlist))
    others = (watchlists.live_by_label[report.label] or watchlists.live)[:_LOOKED_AT]
    missed = [watchlists.watchlists[n] for n in triggered.union(others)]
    nearest = heapq.nlargest(NEAREST, missed, key=lambda one: _nearness(one, facts))
    return [judge_watchlist(one, facts, now) for one in nearest]


def _triggered(watchlists: WatchlistSet, facts: Facts) -> set[int]:
    """Return the positions of the watchlists whose rarest condition may hold."""
    triggers = watchlists.triggers
    found: set[int] = set()
    for index in facts.spots:
        found.update(triggers.get(index, ()))
    for key, values in facts.understood.items():
        for value in values:
            found.update(triggers.get((key, value), ()))
        if values:
            found.update(triggers.get((key, "*"), ()))
    return found


def _matches(watchlist: CompiledWatchlist, facts: Facts) -> bool:
    report = facts.report
    return (
        report.label in watchlist.labels
        and report.score >= watchlist.min_score
        and block_holds(watchlist.conditions, facts)
        and _out_of_scope(watchlist.scope, report) is None
    )


def judge_watchlist(watchlist: CompiledWatchlist, facts: Facts, now: datetime) -> Match:
    """Return what this one watchlist makes of the report: the first test that fails, in the order of `HoldReason`, or the match."""
    miss = missed_before_conditions(watchlist, facts.report)
    if miss is None:
        judged: list[Judged] = []
        for condition in watchlist.conditions:
            judged.append(judge(condition, facts))
            if not judged[-1].holds:
                break
        else:
            return _matched(watchlist, facts, judged, now)
        miss = (HoldReason.CONDITION, judged[-1].missed)
    reason, missed = miss
    return Match(_verdict(watchlist, matched=False, reason=reason, missed=missed), watchlist)


def missed_before_conditions(watchlist: CompiledWatchlist, report: Report) -> tuple[HoldReason, str] | None:
    if (missed := _out_of_scope(watchlist.scope, report)) is not None:
        return HoldReason.SCOPE, missed
    if report.label not in watchlist.labels:
        wanted = " or ".join(label for label in Label if label in watchlist.labels)
        return HoldReason.LABEL, f"label is {report.label} ({report.score:.2f}), wants {wanted}"
    if report.score < watchlist.min_score:
        return HoldReason.SCORE, f"{report.label} scores {report.score:.2f}, wants at least {watchlist.min_score:g}"
    return None


def _matched(watchlist: CompiledWatchlist, facts: Facts, judged: list[Judged], now: datetime) -> Match:
    severity, raised = _severity(watchlist, facts)
    judged = [*judged, *raised]
    because = tuple(dict.fromkeys(word for one in judged for word in one.because))
    spots = sorted(
        {spot for one in judged for spot in one.spots}, key=lambda spot: (list(facts.texts).index(spot.field), spot.start, spot.end)
    )
    reason, missed = held_back(watchlist, facts.report.item, now)
    verdict = _verdict(watchlist, matched=True, reason=reason, because=because, missed=missed, severity=severity)
    return Match(verdict, watchlist, tuple(facts.span(spot) for spot in spots))


def _severity(watchlist: CompiledWatchlist, facts: Facts) -> tuple[Severity, list[Judged]]:
    """Return how severe a match is, and what says so beside the match itself: the first of `severity_if` that holds."""
    for rise in watchlist.rises:
        if block_holds(rise.conditions, facts):
            return rise.severity, [judge(condition, facts) for condition in rise.conditions]
    return watchlist.severity, []


def held_back(watchlist: CompiledWatchlist, item: Item, now: datetime) -> tuple[HoldReason | None, str | None]:
    if watchlist.status is Status.STAGED:
        return HoldReason.STAGED, "the watchlist is staged: counted, not sent"
    if watchlist.status is Status.MUTED:
        return HoldReason.MUTED, "the watchlist is muted"
    age = now - item.dated_at
    # What waited in our own queues is told late rather than never.
    waited = min(now - item.seen_at, QUEUES_KEEP)
    if age - waited > watchlist.max_age:
        how = "published" if item.published_at else "first seen"
        return HoldReason.MAX_AGE, f"{how} {_ago(age)} ago, max_age is {duration_in_words(watchlist.max_age)}"
    if item.backlog and item.published_at is None:
        return HoldReason.BACKLOG, "an undated entry of the source's first poll, which may be of any age"
    return None, None


def _verdict(
    watchlist: CompiledWatchlist,
    *,
    matched: bool,
    reason: HoldReason | None,
    because: tuple[str, ...] = (),
    missed: str | None = None,
    severity: Severity | None = None,
) -> WatchlistVerdict:
    return WatchlistVerdict(watchlist.name, watchlist.content_hash, severity or watchlist.severity, matched, reason, because, missed)


def _out_of_scope(scope: Scope, report: Report) -> str | None:
    """Return which test of the scope fails, in words; None where all hold."""
    item = report.item
    if scope.languages is not None and report.language not in scope.languages:
        return f"language is {report.language}, wants {some(sorted(scope.languages), limit=6)}"
    if scope.sources is not None and scope.sources.isdisjoint(source_names(item)):
        return f"source {item.source_url} is not among those watched"
    if scope.outlets is not None and item.outlet.casefold() not in scope.outlets:
        return f"outlet {item.outlet} is not among those watched"
    if scope.countries is not None and item.outlet_country not in scope.countries:
        return f"outlet's country is {item.outlet_country or 'not known'}, wants {some(sorted(scope.countries), limit=6)}"
    return None


def source_names(item: Item) -> frozenset[str]:
    """Return what a source may be called in `sources`, in small letters: its address, its host with and without `www.`, its id."""
    host = urlsplit(item.source_url).hostname or ""
    return frozenset({item.source_url.casefold(), host, host.removeprefix("www."), item.source_id})


def _nearness(watchlist: CompiledWatchlist, facts: Facts) -> tuple[int, float, int, str]:
    """Order watchlists that missed: the one that failed latest, and then the one most of whose conditions hold, is the nearest."""
    held = 0
    for condition in watchlist.conditions:
        held += holds(condition, facts)
    return _ORDER[_failed_at(watchlist, facts.report)], held / len(watchlist.conditions), _RANK[watchlist.severity], watchlist.name


def _failed_at(watchlist: CompiledWatchlist, report: Report) -> HoldReason:
    if _out_of_scope(watchlist.scope, report) is not None:
        return HoldReason.SCOPE
    if report.label not in watchlist.labels:
        return HoldReason.LABEL
    return HoldReason.SCORE if report.score < watchlist.min_score else HoldReason.CONDITION


def _ago(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    count, unit = (hours // 24, "day") if hours >= 48 else (hours, "hour") if hours else (int(age.total_seconds() // 60), "minute")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
