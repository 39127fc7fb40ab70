"""How a source fares against its own past: the one judgement that notices, metrics and commands share. Pure."""

from dataclasses import dataclass
from typing import Final

from newswire.outcomes import FetchReason, SourceState
from newswire.store.source_health import SourceHealth

UNREAD_S: Final = 6 * 3_600.0
"""A source that was not read for so long, and for four of its own intervals, is in trouble; a shorter failure is everyday."""

FAILURES: Final = 3  # in a row, at least
NEVER_READ: Final = 5  # failures of a source that was never read

QUIET_LEAST_S: Final = 2 * 86_400.0
QUIET_TIMES: Final = 8.0
"""A source that is read well and brings nothing is silent after so many of its usual gaps, and not before `QUIET_LEAST_S`."""

GAPS: Final = 4  # between arrivals, from which a usual gap can be told

REFUSALS: Final = frozenset(
    {
        FetchReason.HTTP_4XX,
        FetchReason.ROBOTS,
        FetchReason.RATE_LIMITED,
        FetchReason.BLOCKED_ADDRESS,
        FetchReason.BLOCKED_PORT,
    }
)
"""What a source, or our own guard, answers where it refuses us."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a source fares. `lasting`: it has been so for long enough to be told to somebody."""

    state: SourceState
    lasting: bool
    since: float | None = None  # seconds since 1970 UTC
    usual_gap_s: float | None = None  # between arrivals, of a source that fell silent


def judged(source: SourceHealth) -> Judgement:
    """Return how a source fares, measured at its last poll: a watch that stood still is no fault of the source."""
    if source.gone_at is not None:
        return Judgement(SourceState.RETIRED, lasting=True, since=source.gone_at)
    if source.polled_at is None:
        return Judgement(SourceState.WAITING, lasting=False)
    if source.succeeded_at is None:
        return Judgement(_failing(source), lasting=source.failures >= NEVER_READ)
    return _read_before(source, source.polled_at, source.succeeded_at)


def _read_before(source: SourceHealth, polled_at: float, succeeded_at: float) -> Judgement:
    if source.failures >= FAILURES and polled_at - succeeded_at >= max(UNREAD_S, 4 * source.interval_s):
        return Judgement(_failing(source), lasting=True, since=succeeded_at)
    gap_s = _gap_s_of_silent(source, succeeded_at)
    if gap_s is not None:  # a failure of everyday ends no silence
        return Judgement(SourceState.SILENT, lasting=True, since=source.newest_at, usual_gap_s=gap_s)
    if source.failures:
        return Judgement(_failing(source), lasting=False, since=succeeded_at)
    return Judgement(SourceState.OK, lasting=False)


def _failing(source: SourceHealth) -> SourceState:
    return SourceState.BLOCKED if source.reason in REFUSALS else SourceState.FAILING


def _gap_s_of_silent(source: SourceHealth, succeeded_at: float) -> float | None:
    """Return the usual gap of a source that is read well and brings nothing for much longer than it ever did, else None."""
    if source.newest_at is None or source.first_at is None or source.moments <= GAPS:
        return None
    gap_s = (source.newest_at - source.first_at) / (source.moments - 1)
    return gap_s if succeeded_at - source.newest_at >= max(QUIET_LEAST_S, QUIET_TIMES * gap_s) else None
