"""The alerting stage: reports in, decisions and outbox rows out, all of a batch in one store transaction.

Reads: `news.reports`; the set in force, once a batch; the stories, decisions and outbox rows so far.
Writes: archive, stories, decisions, matches, outbox, trail. Then, and only then, the offsets move.
Never: sends, or decides the same (item, revision, basis, final) twice.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from alerting.decide import Match, Outcome, Told, decide, decision_id_of
from alerting.desk import Desk
from alerting.gathering_stage import Gatherer, gather_reasons, gathered_facts, grow
from alerting.leadership import Leadership
from alerting.message import BECAUSE_LIMIT, from_json
from alerting.news import Manner
from alerting.outbox_entries import entries_of, said_in_threads
from alerting.returning import linked, returned_facts
from alerting.routes import Labelled, followers, reached
from alerting.silences import hold_back
from alerting.stories import KEEP_S, MEMBERS_KEPT, Placement, StoryIndex
from alerting.stories_member import Member, document_of
from alerting.stories_return import Return
from alerting.threads import Threads
from alerting.watchlists.match import Match as Found
from alerting.watchlists.match import held_back, match
from alerting.watchlists.model import Status
from alerting.watchlists.telling import Alerting
from newswire.bus import Delivered
from newswire.clock import Clock
from newswire.codec import decode
from newswire.crash import crash_point
from newswire.dead import dead_output
from newswire.metrics import Metrics
from newswire.outcomes import HoldReason, ReportOutcome, Stage
from newswire.records import Basis, DeadLetter, Decision, Item, Label, MessageKind, Report
from newswire.service import Handled, guard
from newswire.store import Store, archive, decisions, matches, outbox, silences, stories, trail, updates
from newswire.store.matches import Matched
from newswire.store.search import countries_of
from newswire.store.stories import Joining

_TICK: Final = timedelta(microseconds=1)  # keeps the decisions of one batch in their order

LOOK_BACK_S: Final = KEEP_S + 86_400.0
"""How far before the newest story the window is loaded: the index itself drops what is out of its reach."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A report, and what the watchlists made of it: all that can be worked out before the store is asked."""

    report: Report
    decision_id: str
    matches: tuple[Match, ...]
    holds: tuple[HoldReason | None, ...]  # of each match: why it told nobody, or would tell nobody if it were not staged
    clustered: bool
    outside: Mapping[str, str]  # by digest receiver: the calendar outside of which it came, where that alone sends it there


@dataclass(frozen=True, slots=True)
class _Decided:
    """A report on its way into the store."""

    judged: _Judged
    outcome: Outcome
    placement: Placement | None
    member: Member | None
    returned: Return | None  # the older story that comes back with it


class ReportHandler:
    """What the alerting stage does with a batch of reports."""

    def __init__(
        self,
        *,
        desk: Callable[[], Desk],
        store: Store,
        clock: Clock,
        metrics: Metrics,
        leadership: Leadership,
    ) -> None:
        self._desk = desk
        self._store, self._clock, self._metrics, self._leadership = store, clock, metrics, leadership
        self._index: StoryIndex | None = None  # of the stories in the store; None: to be loaded
        self._index_epoch = -1

    def handle(self, messages: Sequence[Delivered]) -> Handled:
        now = self._clock.now()
        desk = self._desk()  # once: the whole batch is decided on one set
        judged: list[_Judged] = []
        letters: list[DeadLetter] = []
        for message in messages:
            work = partial(_judge, message.value, desk, now)
            result = guard(Stage.ALERT, message, self._clock, work)
            if isinstance(result, DeadLetter):
                letters.append(result)
            else:
                judged.append(result)
        decided = self._decide(judged, now, desk)
        crash_point("alert_after_store")
        # Counted only now: a batch that raised above comes again, and is to be counted once.
        self._count(decided, replayed=len(judged) - len(decided))
        return Handled([dead_output(letter) for letter in letters], after=partial(self._count_dead, letters))

    def _decide(self, judged: Sequence[_Judged], now: datetime, desk: Desk) -> list[_Decided]:
        """Return what is decided on the reports that were not decided before, durably."""
        if not judged:
            return []
        try:
            with self._store.begin() as connection:
                self._forget_unless(self._leadership.check(connection))
                known = decisions.known(connection, [one.decision_id for one in judged])
                fresh = list({one.decision_id: one for one in judged if one.decision_id not in known}.values())
                decided = self._decide_fresh(connection, fresh, now, desk) if fresh else []
        except BaseException:
            self._index = None  # it may hold what was rolled back
            raise
        return decided

    def _decide_fresh(self, connection: Connection, fresh: Sequence[_Judged], now: datetime, desk: Desk) -> list[_Decided]:
        index = self._loaded(connection)
        of_items = stories.of_items(connection, [one.report.item.item_id for one in fresh])
        placed = [self._place(index, one, of_items) for one in fresh]
        story_ids = {placement.story_id for placement, _ in placed if placement is not None}
        threads = Threads(updates.threads(connection, sorted(story_ids)), now)
        told = _told(connection, story_ids, threads)
        decided = []
        quiet = silences.current(connection, now.timestamp())
        explains, places = desk.routes.explains(), desk.routes.places()
        gatherer = Gatherer(connection, desk, sorted(story_ids), now)
        for n, (judged, (placement, member)) in enumerate(zip(fresh, placed, strict=True)):
            story_id = placement.story_id if placement else None
            of_story = told.setdefault(story_id or "", {})
            one = replace(judged, matches=hold_back(quiet, judged.matches, judged.report, story_id, now))
            outcome = decide(
                one.report, matches=one.matches, story_id=story_id, told=of_story, now=now + n * _TICK, explains=explains, places=places
            )
            item = one.report.item
            outcome = gatherer.gathered(outcome, item.seen_at, of_story, one.outside)
            outcome, returned = linked(connection, outcome, member, told_before=bool(of_story))
            for row in outcome.rows:
                before = of_story.get(row.receiver) if row.kind is MessageKind.EDIT or row.grows else None
                fresh_told = Told(row.message, 0, told_at=None if row.gathered else now, has_thread=row.gathered is None)
                of_story[row.receiver] = replace(before or fresh_told, message=row.message, sequence=row.sequence)
            for reply in outcome.replies:
                threads.add(reply, decision_id=one.decision_id, item_id=item.item_id, revision=item.revision)
            decided.append(_Decided(one, outcome, placement, member, returned))
        _write(connection, decided, threads, now.timestamp())
        return decided

    def _place(self, index: StoryIndex, one: _Judged, of_items: dict[str, str]) -> tuple[Placement | None, Member | None]:
        """Return the report's story; a report that is not clustered has one only where its item was placed before."""
        item_id = one.report.item.item_id
        if not one.clustered and item_id not in of_items:
            return None, None
        placement, member = index.place(document_of(one.report), of_items.get(item_id))
        of_items[item_id] = placement.story_id
        index.add(member)
        return placement, member

    def _forget_unless(self, epoch: int) -> None:
        """Drop the index where another process may have been the alerter since it was loaded."""
        if epoch != self._index_epoch:
            self._index, self._index_epoch = None, epoch

    def _loaded(self, connection: Connection) -> StoryIndex:
        if self._index is None:
            newest = stories.newest_at(connection)
            facts = stories.facts_since(connection, newest - LOOK_BACK_S) if newest is not None else ()
            self._index = StoryIndex(Member.from_facts(one) for one in facts)
        return self._index

    def _count(self, decided: Sequence[_Decided], *, replayed: int) -> None:
        metrics, now = self._metrics, self._clock.now()
        metrics.reports_in.inc(len(decided) + replayed)
        if replayed:
            metrics.reports.labels(ReportOutcome.REPLAYED, "").inc(replayed)
        for one in decided:
            report = one.judged.report
            metrics.reports.labels(one.outcome.outcome, one.outcome.decision.reason).inc()
            metrics.seen_to_decided.labels(report.waited_for).observe(max(0.0, (now - report.item.seen_at).total_seconds()))
            for reason in gather_reasons(one.outcome.rows):
                metrics.gathered.labels(reason).inc()
            for found in one.judged.matches:
                if found.verdict.matched:
                    metrics.matches.labels(found.verdict.watchlist).inc()
            self._count_watchlists(one.outcome)

    def _count_dead(self, letters: Sequence[DeadLetter]) -> None:
        crash_point("alert_after_commit")
        self._metrics.reports_in.inc(len(letters))
        for letter in letters:
            self._metrics.reports.labels(ReportOutcome.DEAD, letter.reason).inc()

    def _count_watchlists(self, outcome: Outcome) -> None:
        """Count the alert under the watchlists that tell it, and the report under those that held it or nearly matched."""
        decision = outcome.decision
        for verdict in decision.watchlists:
            told = verdict.matched and verdict.reason is None
            if told and outcome.outcome is ReportOutcome.ALERTED:
                self._metrics.alerts.labels(verdict.watchlist, verdict.severity).inc()
            elif not told or outcome.outcome is ReportOutcome.HELD:
                self._metrics.held.labels(verdict.watchlist, verdict.reason or decision.reason).inc()


def _judge(value: bytes, desk: Desk, now: datetime) -> _Judged:
    report = decode(Report, value)
    made, holds, inside, outside = [], [], set[str](), dict[str, str]()
    for found in match(desk.watchlists, report, now):
        of, verdict = found.watchlist, found.verdict
        labelled = Labelled(verdict.severity, report.label, of.name, of.tags)
        who = reached(desk.routes, labelled, of.to, at=now) if verdict.matched else ()
        receivers = tuple(one.receiver for one in who)
        told = receivers if found.tells else ()
        inside.update(one.receiver for one in who if found.tells and one.calendar is None)
        outside.update({one.receiver: one.calendar for one in who if found.tells and one.calendar is not None})
        follow = followers(desk.routes, labelled, of.to, at=now) if told else ()
        made.append(Match(verdict, of.title, found.spans, told, of.alert.explain, _manner(of.alert), follow))
        holds.append(_hold(found, receivers, report.item, now))
    clustered = report.label is Label.DIPLOMACY or any(one.verdict.matched for one in made)
    only_outside = {receiver: calendar for receiver, calendar in outside.items() if receiver not in inside}
    return _Judged(report, decision_id_of(report), tuple(made), tuple(holds), clustered, only_outside)


def _manner(alert: Alerting) -> Manner:
    return Manner(alert.updates, alert.update_every, alert.realert)


def _told(connection: Connection, story_ids: Collection[str], threads: Threads) -> dict[str, dict[str, Told]]:
    """Return what was said of these stories, by receiver."""
    return {
        story_id: {
            receiver: Told(from_json(text), sequence, threads.told_at(story_id, receiver), threads.has_thread(story_id, receiver))
            for receiver, (sequence, text) in of_story.items()
        }
        for story_id, of_story in outbox.told(connection, sorted(story_ids)).items()
    }


def _hold(found: Found, receivers: Sequence[str], item: Item, now: datetime) -> HoldReason | None:
    """Return why the match tells nobody, None where it tells; of a staged watchlist `staged` alone means that it would tell."""
    reason = found.verdict.reason
    if reason is HoldReason.STAGED:
        reason, _ = held_back(replace(found.watchlist, status=Status.ACTIVE), item, now)
        return reason or (HoldReason.STAGED if receivers else HoldReason.NO_RECEIVER)
    return reason or (None if receivers else HoldReason.NO_RECEIVER)


def _write(connection: Connection, decided: Sequence[_Decided], threads: Threads, at: float) -> None:
    archive.keep(connection, [archive.Archived(one.judged.report, one.outcome.decision.story_id) for one in decided], at)
    joining = [_joining(one) for one in decided if one.placement is not None]
    stories.join(connection, [one for one in joining if one is not None], at, members_kept=MEMBERS_KEPT)
    decisions.keep(connection, [one.outcome.decision for one in decided])
    matches.keep(connection, [row for one in decided for row in _matched(one)], at)
    outbox.put(connection, [entry for one in decided for entry in entries_of(one.outcome)], at)
    grow(connection, [row for one in decided for row in one.outcome.rows], at)
    said_in_threads(connection, threads, at)
    trail.record(connection, [_step(one, at) for one in decided])


def _joining(one: _Decided) -> Joining | None:
    item = one.judged.report.item
    if one.placement is None or one.member is None:
        return None
    return Joining(one.placement.story_id, item.item_id, item.title, item.dated_at.timestamp(), one.member.to_facts())


def _matched(one: _Decided) -> list[Matched]:
    report, story_id = one.judged.report, one.outcome.decision.story_id
    item = report.item
    return [
        Matched(
            watchlist=found.verdict.watchlist,
            item_id=item.item_id,
            revision=item.revision,
            basis=report.basis,
            final=report.final,
            story_id=story_id,
            severity=found.verdict.severity,
            reason=HoldReason.SILENCED if found.verdict.silence_id else hold,
            content_hash=found.verdict.content_hash,
            because=found.verdict.because[:BECAUSE_LIMIT],
            title=item.title,
            url=item.url,
            outlet=item.outlet,
            countries=countries_of(report),
            silence_id=found.verdict.silence_id,
        )
        for found, hold in zip(one.judged.matches, one.judged.holds, strict=True)
        if found.verdict.matched and story_id is not None
    ]


def _step(one: _Decided, at: float) -> trail.Step:
    report, decision = one.judged.report, one.outcome.decision
    # A page that failed for good gives a second report of the feed's text; the first look's step stays beside it.
    step = "feed_final" if report.basis is Basis.FEED and report.page_failure else report.basis.value
    return trail.Step(
        report.item.item_id,
        report.item.revision,
        Stage.ALERT,
        step,
        one.outcome.outcome.value,
        decision.reason.value,
        _detail(decision, one.placement) | gathered_facts(one.outcome.rows) | returned_facts(one.returned),
        at,
    )


def _detail(decision: Decision, placement: Placement | None) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "kind": decision.kind.value,
        "severity": decision.severity.value if decision.severity else None,
        "receivers": list(decision.receivers),
        "watchlists": [
            {
                "watchlist": verdict.watchlist,
                "matched": verdict.matched,
                "reason": verdict.reason.value if verdict.reason else None,
                "because": list(verdict.because),
                "missed": verdict.missed,
                **({"silence_id": verdict.silence_id} if verdict.silence_id else {}),
            }
            for verdict in decision.watchlists
        ],
    }
    if placement is not None:
        detail["story"] = {
            "story_id": placement.story_id,
            "reason": placement.reason.value,
            "similarity": round(placement.similarity, 3),
            "log_odds": None if placement.log_odds is None else round(placement.log_odds, 2),
            "nearest": placement.nearest,
        }
    return detail
