"""Why a watchlist did or did not tell of a report, condition by condition: the truth table of `newswire test` and `newswire why`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alerting.watchlists.compile import CompiledWatchlist
from alerting.watchlists.conditions import Judged, judge
from alerting.watchlists.facts import Facts
from alerting.watchlists.in_words import say
from alerting.watchlists.match import held_back, missed_before_conditions
from alerting.watchlists.nearest import some
from newswire.records import Label


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a watchlist asks of a report."""

    asks: str
    holds: bool
    why: str  # the words found and where, or the nearest miss

    def __str__(self) -> str:
        return f"{'holds' if self.holds else 'fails'}  {self.asks}: {self.why}"


def truth_table(watchlist: CompiledWatchlist, facts: Facts, now: datetime) -> tuple[Row, ...]:
    """Return all that the watchlist asks of the report, in the order in which it is asked, whether or not an earlier row failed."""
    report = facts.report
    before = missed_before_conditions(watchlist, report)
    wanted = " or ".join(label for label in Label if label in watchlist.labels)
    is_so = f"label is {report.label} ({report.score:.2f}), language {report.language}, outlet {report.item.outlet or 'not given'}"
    first = Row(f"{wanted}, score at least {watchlist.min_score:g}, in scope", before is None, is_so if before is None else before[1])
    rows = [Row(say(condition), one.holds, _why(one, facts)) for condition in watchlist.conditions for one in (judge(condition, facts),)]
    back = held_back(watchlist, report.item, now)[1]
    return (first, *rows, Row("may tell", back is None, back or "nothing holds it back"))


def _why(judged: Judged, facts: Facts) -> str:
    if not judged.holds:
        return judged.missed
    if judged.key == "none":
        return "not one is found"
    places = [f"“{facts.span(spot).text}” in the {spot.field} at {spot.start}" for spot in judged.spots]
    said = some(judged.because, limit=6)
    return f"{said} ({some(places, limit=4)})" if places else said


def lines(table: Iterable[Row]) -> list[str]:
    """Return the table as text, a line a row."""
    return [str(row) for row in table]
