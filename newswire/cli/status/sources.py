"""How the sources stand: each in one state, the countries of which none answers, the worst few with their reason. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alerting.digests.proof import failure_in_words
from alerting.notices.source_rules import trouble_of
from newswire.cli.status.facts import Place
from newswire.outcomes import NoticeKind
from newswire.store.source_health import SourceHealth

WORST: Final = 5


class State(StrEnum):
    """How one source stands, the worst first."""

    BLOCKED = "blocked"  # it refuses us: 401, 403, 429, robots.txt
    SILENT = "silent"  # it answers, and has brought nothing for much longer than ever
    FAILING = "failing"
    RETIRED = "retired"  # 410
    WAITING = "waiting"  # never polled
    OK = "ok"


_DARK: Final = frozenset({State.BLOCKED, State.SILENT, State.FAILING, State.RETIRED})


@dataclass(frozen=True, slots=True)
class Bad:
    """A source that brings nothing: why, and since when (None: it never did)."""

    outlet: str
    country: str | None
    state: State
    why: str
    since: float | None
    lasting: bool  # it is worth a notice: not the everyday failure of a poll or two


@dataclass(frozen=True, slots=True)
class Sources:
    """All of them."""

    total: int
    by_state: Mapping[State, int]
    countries: int
    blind: tuple[str, ...]  # countries of which no source brings anything, for long
    worst: tuple[Bad, ...]  # at most `WORST`
    dark: int  # in trouble that lasts


def sources_of(known: Sequence[SourceHealth], places: Mapping[str, Place]) -> Sources:
    """Return how the sources stand; those that are configured and that the store does not know yet wait."""
    by_state: Counter[State] = Counter()
    lasting_by_country: defaultdict[str, list[bool]] = defaultdict(list)
    bad: list[Bad] = []
    for source in known:
        place = places.get(source.source_id, Place(source.host, None))
        one = _judged(source, place)
        by_state[one.state] += 1
        if one.state in _DARK:
            bad.append(one)
        if place.country is not None:
            lasting_by_country[place.country].append(one.lasting)
    new = places.keys() - {source.source_id for source in known}
    by_state[State.WAITING] += len(new)
    for source_id in new:
        if (country := places[source_id].country) is not None:
            lasting_by_country[country].append(False)
    return Sources(
        total=by_state.total(),
        by_state={state: by_state[state] for state in State},
        countries=len(lasting_by_country),
        blind=tuple(sorted(country for country, lasting in lasting_by_country.items() if all(lasting))),
        worst=tuple(sorted(bad, key=_badness)[:WORST]),
        dark=sum(one.lasting for one in bad),
    )


def _judged(source: SourceHealth, place: Place) -> Bad:
    trouble = trouble_of(source)
    if trouble is not None:
        state = {
            NoticeKind.SOURCES_RETIRED: State.RETIRED,
            NoticeKind.SOURCES_BLOCKED: State.BLOCKED,
        }.get(trouble.kind, State.FAILING if source.failures else State.SILENT)
        return Bad(place.outlet, place.country, state, trouble.cause, trouble.since, lasting=True)
    if source.polled_at is None:
        return Bad(place.outlet, place.country, State.WAITING, "not polled yet", None, lasting=False)
    if source.failures:
        why = failure_in_words(source.reason or "not read")
        return Bad(place.outlet, place.country, State.FAILING, why, source.succeeded_at, lasting=False)
    return Bad(place.outlet, place.country, State.OK, "", source.succeeded_at, lasting=False)


def _badness(one: Bad) -> tuple[bool, float, str]:
    """Return what sorts the worst first: what lasts, and of that what has for longest."""
    return not one.lasting, one.since if one.since is not None else 0.0, one.outlet
