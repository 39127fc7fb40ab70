"""Why a watchlist did or did not tell of a report, condition by condition: the truth table of `newswire test` and `newswire why`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerting.watchlists import expression
from alerting.watchlists.compile import CompiledWatchlist
from alerting.watchlists.condition_kinds import Combined, Condition, OneOf
from alerting.watchlists.conditions import block_holds, judge, judge_block
from alerting.watchlists.expression import excluded_in
from alerting.watchlists.facts import Facts
from alerting.watchlists.in_words import say, say_block
from alerting.watchlists.judged import Judged
from alerting.watchlists.match import held_back, missed_before_conditions
from alerting.watchlists.nearest import some
from newswire.records import Label


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a watchlist asks of a report."""

    asks: str
    holds: bool
    why: str  # the words found and where, or the nearest miss
    depth: int = 0  # how many rows it is a part of
    optional: bool = False  # nothing is amiss where it does not hold: another severity

    @property
    def verdict(self) -> str:
        """`holds`, `fails`, or `no` where nothing hangs on it."""
        return "holds" if self.holds else "no" if self.optional else "fails"

    def __str__(self) -> str:
        return f"{'   ' * self.depth}{self.verdict:<5}  {self.asks}: {self.why}"


def truth_table(watchlist: CompiledWatchlist, facts: Facts, now: datetime) -> tuple[Row, ...]:
    """Return all that the watchlist asks of the report, in the order in which it is asked, whether or not an earlier row failed."""
    report = facts.report
    before = missed_before_conditions(watchlist, report)
    wanted = " or ".join(label for label in Label if label in watchlist.labels)
    is_so = f"label is {report.label} ({report.score:.2f}), language {report.language}, outlet {report.item.outlet or 'not given'}"
    first = Row(f"{wanted}, score at least {watchlist.min_score:g}, in scope", before is None, is_so if before is None else before[1])
    rows = [row for condition in watchlist.conditions for row in _rows(condition, facts)]
    rises = [
        Row(
            f"severity {rise.severity} where items {say_block(rise.conditions)}",
            block_holds(rise.conditions, facts),
            _why(judge_block("", rise.conditions, facts), facts),
            optional=True,
        )
        for rise in watchlist.rises
    ]
    back = held_back(watchlist, report.item, now)[1]
    return (first, *rows, *rises, Row("may tell", back is None, back or "nothing holds it back"))


def _rows(condition: Condition, facts: Facts, depth: int = 0) -> Iterator[Row]:
    """Yield the condition's row, and beneath it those of what it is made of; the selections of a `condition` stand before it."""
    judged = judge(condition, facts)
    if isinstance(condition, Combined):
        excluded = excluded_in(condition.expression, condition.selections)
        for name, block in condition.selections.items():
            yield from _selection(name, block, facts, depth, excluded=name in excluded)
        yield Row(f"condition: {expression.say(condition.expression)}", judged.holds, _why(judged, facts), depth)
        return
    yield Row(say(condition), judged.holds, _why(judged, facts), depth)
    if isinstance(condition, OneOf):
        for n, block in enumerate(condition.blocks, start=1):
            yield from _block(f"alternative {n}", block, facts, depth + 1)


def _selection(name: str, block: Sequence[Condition], facts: Facts, depth: int, *, excluded: bool) -> Iterator[Row]:
    if excluded:
        judged = judge_block(name, block, facts)
        why = f"is there: {_why(judged, facts)}" if judged.holds else f"is not there: {judged.missed}"
        yield Row(f"not {name}: {say_block(block)}", not judged.holds, why, depth)
    else:
        yield from _block(name, block, facts, depth)


def _block(name: str, block: Sequence[Condition], facts: Facts, depth: int) -> Iterator[Row]:
    judged = judge_block(name, block, facts)
    yield Row(f"{name}: {say_block(block)}", judged.holds, _why(judged, facts), depth)
    if len(block) > 1:
        for condition in block:
            yield from _rows(condition, facts, depth + 1)


def _why(judged: Judged, facts: Facts) -> str:
    if not judged.holds:
        return judged.missed
    if judged.key == "none":
        return "not one is found"
    places = [f"“{facts.span(spot).text}” in the {spot.field} at {spot.start}" for spot in judged.spots]
    said = some(judged.because, limit=6) or "holds"
    return f"{said} ({some(places, limit=4)})" if places else said


def lines(table: Iterable[Row]) -> list[str]:
    """Return the table as text, a line a row."""
    return [str(row) for row in table]
