"""Runs timelines: the alerting stage rehearsed on a moved clock, and what the channel saw of it beside what was expected."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from alerting.bulletin import Bulletin, text_of
from alerting.message import Message
from alerting.rehearsal import Rehearsal, Telling, scratch_store
from alerting.render_words import earlier_line, quote_parts
from alerting.routes import Routes
from alerting.timelines.channel import Difference, Seen, differences
from alerting.timelines.feed import Given, reports_of
from alerting.timelines.model import Kind, Timeline
from alerting.updates import Update, laid_out
from alerting.watchlists.compile import WatchlistSet, compile_watchlists
from alerting.watchlists.explain import Row, truth_table
from alerting.watchlists.facts import facts_of
from alerting.watchlists.inline_tests import Understand
from alerting.watchlists.model import NamedList, Watchlist
from newswire.bus import Delivered
from newswire.clock import ManualClock
from newswire.codec import encode
from newswire.records import Decision, DecisionKind, MessageKind
from newswire.silence import Silence
from newswire.store import Store
from newswire.topics import REPORTS

_KINDS: Final = {MessageKind.PARENT: Kind.POST, MessageKind.EDIT: Kind.EDIT, MessageKind.REPLY: Kind.REPLY, MessageKind.DIGEST: Kind.DIGEST}
_TABLES_SHOWN: Final = 3  # of one difference


@dataclass(frozen=True, slots=True)
class Table:
    """What one watchlist asked of one report of the timeline."""

    watchlist: str
    title: str
    at: timedelta
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """One difference from what was expected, in words, and why it came to be."""

    fault: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What the channel saw at one moment; `given` is the report that was handed over (None: only time had passed)."""

    at: timedelta
    given: Given | None
    seen: tuple[Seen, ...]
    silence: str  # why nothing was seen, or empty


@dataclass(frozen=True, slots=True)
class TimelineResult:
    """How one timeline ended. `steps` is the whole of what the channel saw."""

    name: str
    title: str
    failures: tuple[Failure, ...]
    steps: tuple[Step, ...]

    @property
    def passed(self) -> bool:
        """Whether all that was expected was seen, and nothing else."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class DeskInForce:
    """What the desk wrote, as timelines are run on it."""

    watchlists: Mapping[str, Watchlist]
    lists: Mapping[str, NamedList]
    routes: Routes

    def compiled(self, timeline: Timeline) -> WatchlistSet:
        """Return the watchlists that are in force in this timeline, with the status that they have there."""
        chosen = self.watchlists if timeline.watchlists is None else {name: self.watchlists[name] for name in timeline.watchlists}
        as_here = {name: one.model_copy(update=_as_here(timeline, name)) for name, one in chosen.items()}
        return compile_watchlists(as_here, self.lists)


def _as_here(timeline: Timeline, name: str) -> dict[str, object]:
    """Return what of a watchlist is another thing in this timeline than in its own file."""
    given = {"status": timeline.status.get(name), "alert": timeline.alert.get(name)}
    return {key: value for key, value in given.items() if value is not None}


def run_timelines(timelines: Mapping[str, Timeline], desk: DeskInForce, understand: Understand) -> list[TimelineResult]:
    """Return how each timeline ends, in order of their names; one knows nothing of another."""
    with closing(scratch_store()) as store:
        return [run_timeline(name, timelines[name], desk, understand, store) for name in sorted(timelines)]


def run_timeline(name: str, timeline: Timeline, desk: DeskInForce, understand: Understand, store: Store | None = None) -> TimelineResult:
    """Return what the channel would see of the timeline, and how that differs from what it expects.

    A `store` is one of `scratch_store`, which is emptied; without it the timeline makes one of its own.
    """
    watchlists = desk.compiled(timeline)
    given = reports_of(timeline, understand)
    clock = ManualClock(timeline.start)
    steps: list[Step] = []
    with Rehearsal(watchlists=watchlists, routes=timeline.routes or desk.routes, clock=clock, store=store) as rehearsal:
        rehearsal.silence(one.begun(timeline.start.timestamp()) for one in timeline.silences if one.story is None)
        for moment in _moments(timeline):
            while (due := _next_due(timeline, rehearsal)) is not None and due < moment:
                clock.set(timeline.start + due)
                steps += _passed(due, rehearsal)
            clock.set(timeline.start + moment)
            steps += _passed(moment, rehearsal)
            rehearsal.silence(_of_stories(moment, timeline, given, rehearsal))
            steps += [_handed(n, one, rehearsal) for n, one in enumerate(given) if one.at == moment]
    seen = [one for step in steps for one in step.seen]
    failures = tuple(Failure(one.fault, _tables(one, given, timeline, watchlists)) for one in differences(timeline.expect, seen))
    return TimelineResult(name, timeline.title, failures, tuple(steps))


def _moments(timeline: Timeline) -> list[timedelta]:
    silences = (one.from_ for one in timeline.silences if one.story is not None)
    return sorted({timeline.until, *silences, *(step.at for step in timeline.feed), *(one.at for one in timeline.expect)})


def _of_stories(moment: timedelta, timeline: Timeline, given: Sequence[Given], rehearsal: Rehearsal) -> list[Silence]:
    """Return the silences of stories that begin now: which story an item is in is known once it was seen."""
    beginning = [one for one in timeline.silences if one.story is not None and one.from_ == moment]
    return [one.begun(timeline.start.timestamp(), rehearsal.story_of(_seen_before(moment, one.story, given))) for one in beginning]


def _seen_before(moment: timedelta, name: str | None, given: Sequence[Given]) -> list[str]:
    return [one.report.item.item_id for one in given if one.item == name and one.at < moment]


def _next_due(timeline: Timeline, rehearsal: Rehearsal) -> timedelta | None:
    """Return when the next reply or digest is due that still gathers."""
    due_at = rehearsal.next_due_at()
    return None if due_at is None else datetime.fromtimestamp(due_at, UTC) - timeline.start


def _passed(moment: timedelta, rehearsal: Rehearsal) -> list[Step]:
    """Return what was seen only because time had passed."""
    seen = _all_seen(moment, rehearsal.tellings(), "", None)
    return [Step(moment, None, seen, "")] if seen else []


def _handed(n: int, given: Given, rehearsal: Rehearsal) -> Step:
    report = given.report
    (decision,) = rehearsal.decide([Delivered(REPORTS.name, 0, n, report.item.item_id, encode(report), {}, report.reported_at)])
    reason = decision.reason.value if decision else ""
    seen = _all_seen(given.at, rehearsal.tellings(), reason, n)
    waits = ", ".join(f"it waits for the digest {name} ({why})" for name, why in rehearsal.gathered())
    return Step(given.at, given, seen, "" if seen else waits or _silence(decision, report.reported_at))


def _silence(decision: Decision | None, now: datetime) -> str:
    """Return why a report changed nothing that a reader would see."""
    if decision is None:
        return "the alerting stage gave it up"
    if decision.decided_at < now:
        return "the same words of the same item came before"
    if decision.kind is not DecisionKind.HOLD:
        return f"{decision.reason}: it adds nothing that a reader would see"
    nearest = next((verdict for verdict in decision.watchlists if verdict.missed), None)
    return f"held, {decision.reason}" + (f": {nearest.watchlist}: {nearest.missed}" if nearest else "")


def _all_seen(at: timedelta, tellings: Sequence[Telling], reason: str, given: int | None) -> tuple[Seen, ...]:
    """Return what is seen, the pages of a digest as one."""
    found: list[Seen] = []
    for telling in tellings:
        told = telling.message
        if not isinstance(told, Bulletin):
            found.append(_seen(at, telling, told, reason, given))
        elif told.sequence:
            first = found.pop()
            watchlists = tuple(dict.fromkeys((*first.watchlists, *told.watchlists)))
            found.append(replace(first, says=f"{first.says} · {_said(told)}", watchlists=watchlists))
        else:
            found.append(
                Seen(at, Kind.DIGEST, telling.receiver, told.watchlists, told.severity, told.fallback, (), 0, "", says=_said(told))
            )
    return tuple(found)


def _seen(at: timedelta, telling: Telling, told: Message | Update, reason: str, given: int | None) -> Seen:
    return Seen(
        at=at,
        kind=_KINDS[telling.kind],
        receiver=telling.receiver,
        watchlists=told.speaks_for if isinstance(told, Update) else tuple(shown.watchlist for shown in told.watchlists),
        severity=told.severity,
        title=told.title,
        because=tuple(dict.fromkeys(word for shown in told.watchlists for word in shown.because)),
        outlets=told.outlets if isinstance(told, Update) else len({one.outlet for one in told.supporting} or {told.outlet}),
        reason=reason,
        given=given,
        says=_said(laid_out(told)) if isinstance(told, Update) else _earlier(told),
        bold=() if isinstance(told, Update) else tuple(text for text, marked in quote_parts(told) if marked),
    )


def _earlier(told: Message) -> str:
    """Return what a message says of an earlier one, as its readers see it; empty where it says nothing."""
    return text_of(earlier_line(told.earlier)) if told.earlier is not None else ""


def _said(bulletin: Bulletin) -> str:
    return " · ".join(text_of(line) for line in (bulletin.heading, *bulletin.lines))


def _tables(difference: Difference, given: Sequence[Given], timeline: Timeline, watchlists: WatchlistSet) -> tuple[Table, ...]:
    """Return the truth tables that explain a difference: of the watchlists it is about, for the reports that came at its moment."""
    seen, expected = difference.seen, difference.expected
    if seen is not None and seen.given is not None:
        reports = [given[seen.given]]
    else:
        before = [one for one in given if one.at <= difference.at]
        reports = [one for one in before if one.at == difference.at] or before[-1:]
    wanted = expected.wanted.watchlists if expected is not None else None
    names = wanted or (seen.watchlists if seen is not None else None) or timeline.watchlists or [one.name for one in watchlists.watchlists]
    tables = []
    for one in reports:
        facts = facts_of(watchlists.search, one.report)
        for name in names:
            rows = truth_table(watchlists.named(name), facts, timeline.start + one.at)
            tables.append(Table(name, one.report.item.title, one.at, rows))
    tables.sort(key=lambda table: -sum(row.holds for row in table.rows) / len(table.rows))
    return tuple(tables[:_TABLES_SHOWN])
