"""One or two versions of the watchlists, side by side over the same reports, each report's own time as the clock.

Reads: reports, oldest first, with the time at which each was handled.
Writes: nothing. Of a report that told nobody nothing is kept but a count.
Never: reaches a receiver: each version is a `Rehearsal`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerting.backtest import Tally, Telling
from alerting.rehearsal import Rehearsal
from alerting.routes import Routes
from alerting.watchlists.compile import CompiledWatchlist, WatchlistSet
from alerting.watchlists.facts import facts_of
from alerting.watchlists.match import judge_watchlist
from newswire.bus import Delivered
from newswire.clock import ManualClock
from newswire.codec import encode
from newswire.records import Decision, Report
from newswire.topics import REPORTS

_MOST_REASONS: Final = 3


@dataclass(frozen=True, slots=True)
class Version:
    """Watchlists and routes, as they stand in one place."""

    name: str
    watchlists: WatchlistSet
    routes: Routes


@dataclass(frozen=True, slots=True)
class Dated:
    """A report, and when alerting handled it."""

    at: datetime
    report: Report


class BackTest:
    """One or two versions, and what each has told so far."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self.versions = tuple(versions)
        self.tallies = tuple(Tally() for _ in versions)

    def run(self, reports: Iterable[Dated]) -> Iterator[Dated]:
        """Yield each report once every version has decided on it."""
        with ExitStack() as stack:
            clock: ManualClock | None = None
            rehearsals: list[Rehearsal] = []
            for dated in reports:
                if clock is None:
                    clock = ManualClock(dated.at)
                    for version in self.versions:
                        rehearsal = Rehearsal(watchlists=version.watchlists, routes=version.routes, clock=clock)
                        rehearsals.append(stack.enter_context(rehearsal))
                clock.set(max(dated.at, clock.now()))
                self._decide(dated.report, rehearsals, clock.now())
                yield dated

    def _decide(self, report: Report, rehearsals: Sequence[Rehearsal], now: datetime) -> None:
        message = Delivered(REPORTS.name, 0, 0, report.item.item_id, encode(report), {}, now)
        decisions = [rehearsal.decide_next(report, message) for rehearsal in rehearsals]
        tellings = [tally.add(report, one, now) for tally, one in zip(self.tallies, decisions, strict=True)]
        if len(self.versions) == 1:
            return
        for n, telling in enumerate(tellings):
            if telling is not None:
                other = 1 - n
                self.tallies[n].explain(telling, why_silent(self.versions[other], telling, report, decisions[other], now))


def why_silent(version: Version, telling: Telling, report: Report, decision: Decision | None, now: datetime) -> str:
    """Return why a version does not tell what another one tells: for each of its watchlists the nearest miss."""
    known = {one.name: one for one in version.watchlists.watchlists}
    reasons = dict.fromkeys(_miss(version, known.get(name), report, decision, now) for name, _ in telling.because)
    return "; ".join(list(reasons)[:_MOST_REASONS])


def _miss(version: Version, watchlist: CompiledWatchlist | None, report: Report, decision: Decision | None, now: datetime) -> str:
    if watchlist is None:
        return "the watchlist is not there"
    verdict = judge_watchlist(watchlist, facts_of(version.watchlists.search, report), now).verdict
    if verdict.missed:
        return verdict.missed
    if decision is not None and decision.receivers:
        return "it matches too, as a part of another story"
    return "it matches too, and no route leads from it to a receiver"
