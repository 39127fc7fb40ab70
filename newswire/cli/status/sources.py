"""How the sources stand: each in one state, the countries of which none answers, the worst few with their reason. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.digests.proof import failure_in_words
from newswire.cli.status.facts import Place
from newswire.cli.status.words import length
from newswire.outcomes import SourceState
from newswire.source_state import Judgement, judged
from newswire.store.source_health import SourceHealth

WORST: Final = 5

BLIND_S: Final = 3_600.0
"""As deploy/prometheus/rules/alarms.yaml has it (NewswireCountryBlind)."""


_DARK: Final = frozenset({SourceState.FAILING, SourceState.SILENT, SourceState.BLOCKED, SourceState.RETIRED})
_ASKED: Final = frozenset({SourceState.OK, SourceState.FAILING, SourceState.SILENT, SourceState.BLOCKED})


@dataclass(frozen=True, slots=True)
class Bad:
    """A source that brings nothing: why, and since when (None: it never did)."""

    outlet: str
    country: str | None
    state: SourceState
    why: str
    since: float | None
    lasting: bool  # it is worth a notice: not the everyday failure of a poll or two


@dataclass(frozen=True, slots=True)
class Sources:
    """All of them."""

    total: int
    by_state: Mapping[SourceState, int]
    countries: int
    blind: tuple[str, ...]  # countries of which no source has brought anything for `BLIND_S`
    worst: tuple[Bad, ...]  # at most `WORST`

    @property
    def failing_share(self) -> float:
        """Which part of those that are asked, and were asked before, gives nothing."""
        asked = sum(self.by_state[state] for state in _ASKED)
        return 1 - self.by_state[SourceState.OK] / asked if asked else 0.0


def sources_of(known: Sequence[SourceHealth], places: Mapping[str, Place], now: float) -> Sources:
    """Return how the sources stand; those that are configured and that the store does not know yet wait."""
    found = [_judged(source, places.get(source.source_id, Place(source.host, None))) for source in known]
    new = places.keys() - {source.source_id for source in known}
    found += [_waiting(places[source_id]) for source_id in new]
    by_state = Counter(one.state for one in found)
    by_country: defaultdict[str, list[Bad]] = defaultdict(list)
    for one in found:
        if one.country is not None:
            by_country[one.country].append(one)
    return Sources(
        total=len(found),
        by_state={state: by_state[state] for state in SourceState},
        countries=len(by_country),
        blind=tuple(sorted(country for country, theirs in by_country.items() if all(_is_dark(one, now) for one in theirs))),
        worst=tuple(sorted((one for one in found if one.state in _DARK), key=_badness)[:WORST]),
    )


def _is_dark(one: Bad, now: float) -> bool:
    return one.state in _DARK and (one.since is None or now - one.since >= BLIND_S)


def _waiting(place: Place) -> Bad:
    return Bad(place.outlet, place.country, SourceState.WAITING, "not polled yet", None, lasting=False)


def _judged(source: SourceHealth, place: Place) -> Bad:
    found = judged(source)
    return Bad(place.outlet, place.country, found.state, _why(source, found), found.since, lasting=found.lasting)


def _why(source: SourceHealth, found: Judgement) -> str:
    match found.state:
        case SourceState.OK:
            return ""
        case SourceState.WAITING:
            return "not polled yet"
        case SourceState.RETIRED:
            return "gone for good (410)"
        case SourceState.SILENT:
            return f"nothing new, where something came every {length(found.usual_gap_s or 0.0)}"
        case _:
            return failure_in_words(source.reason or "not read")


def _badness(one: Bad) -> tuple[bool, float, str]:
    """Return what sorts the worst first: what lasts, and of that what has for longest."""
    return not one.lasting, one.since if one.since is not None else 0.0, one.outlet
