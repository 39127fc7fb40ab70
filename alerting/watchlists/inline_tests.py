"""The tests that stand inside a watchlist, run through the real matching and whatever understanding is passed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerting.watchlists.compile import WatchlistSet
from alerting.watchlists.conditions import bearing_selections
from alerting.watchlists.explain import Row, truth_table
from alerting.watchlists.facts import facts_of
from alerting.watchlists.match import judge_watchlist
from alerting.watchlists.model import InlineItem, InlineTest, Status, Watchlist
from alerting.watchlists.nearest import quoted
from newswire.records import CountryMention, Field, Label, Report, Role, Span, WatchlistVerdict


@dataclass(frozen=True, slots=True)
class ItemFields:
    """What a test says of its item, to be understood. None: not given."""

    title: str
    summary: str
    text: str
    language: str | None
    published_at: datetime | None
    outlet: str | None
    source_url: str | None


Understand = Callable[[ItemFields], Report]
"""Gives the report that the processors would make of an item with these fields, first seen at the time of the tests."""


@dataclass(frozen=True, slots=True)
class InlineResult:
    """How one test ended. `table` says why, condition by condition."""

    watchlist: str
    test: str
    passed: bool
    fault: str  # empty where it passed
    table: tuple[Row, ...]


def run_tests(watchlists: WatchlistSet, sources: Mapping[str, Watchlist], understand: Understand, now: datetime) -> list[InlineResult]:
    """Return the result of every test of `sources`, in order. Drafts, staged and muted watchlists are tested as if they were active."""
    results: list[InlineResult] = []
    for name in sorted(sources):
        compiled = replace(watchlists.named(name), status=Status.ACTIVE)
        for n, test in enumerate(sources[name].tests, start=1):
            facts = facts_of(watchlists.search, pinned(understand(fields_of(test.item)), test.item))
            fault = _fault(test, judge_watchlist(compiled, facts, now).verdict, bearing_selections(compiled.conditions, facts))
            results.append(InlineResult(name, test.name or f"test {n}", not fault, fault, truth_table(compiled, facts, now)))
    return results


def _fault(test: InlineTest, verdict: WatchlistVerdict, selections: frozenset[str]) -> str:
    """Return how the verdict differs from what the test wants; empty where it does not. `selections` are those that bear it out."""
    alerts = verdict.matched and verdict.reason is None
    if test.alert and not alerts:
        return f"should alert, and is held ({verdict.reason}): {verdict.missed}"
    if not test.alert and alerts:
        return f"should stay silent, and alerts because of {quoted(verdict.because, last='and')}"
    if test.severity is not None and verdict.severity is not test.severity:
        return f"should alert as {test.severity}, and alerts as {verdict.severity}"
    missing = [word for word in test.because or () if word not in verdict.because and word not in selections]
    if missing:
        of = f" (the selections {', '.join(sorted(selections))})" if selections else ""
        return f"should alert because of {quoted(missing, last='and')}, and alerts because of {quoted(verdict.because, last='and')}{of}"
    if test.held is not None and verdict.reason is not test.held:
        return f"should be held for {test.held}, and is held for {verdict.reason}: {verdict.missed}"
    return ""


def fields_of(item: InlineItem) -> ItemFields:
    """Return what of a test's item is to be understood."""
    return ItemFields(
        title=item.title,
        summary=item.summary or "",
        text=item.text or "",
        language=item.lang,
        published_at=item.published,
        outlet=item.outlet,
        source_url=item.source,
    )


def pinned(report: Report, item: InlineItem) -> Report:
    """Return the report with everything that the test fixes in the place of what was understood."""
    fixed: dict[str, Any] = {}
    if item.label is not None or item.score is not None:
        label, score = item.label or report.label, 1.0 if item.score is None else item.score
        others = [other for other in Label if other is not label]
        fixed |= {"label": label, "score": score, "scores": {label: score, **dict.fromkeys(others, (1 - score) / len(others))}}
    if item.lang is not None:
        fixed["language"] = item.lang
    for key in ("home", "partners", "organisations", "people", "topics"):
        if (value := getattr(item, key)) is not None:
            fixed[key] = value
    if item.countries is not None:
        nowhere = Span(Field.TITLE, 0, 0, "")
        fixed["countries"] = tuple(CountryMention(code, Role.MENTIONED, nowhere) for code in item.countries)
    return replace(report, **fixed)
