"""What to do with one report: tell, join what was told, or hold; with a reason from a closed set.

Pure. The laws:

- one message per (story, receiver): the first report that matches opens it, what follows edits it, where a reader would see a difference;
- the same item's page report, a later item or a new revision joins; a receiver that a later match reaches gets a message of its own;
- a final report that no longer bears out what was told on its headline says so in the message (`not_supported`);
- a report that was decided before is a replay, which does nothing;
- a match that a silence holds tells and changes nothing, but a text that takes back what was told is told of all the same.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerting.gathered import Gathering
from alerting.message import Message, ShownWatchlist, joined, looks_the_same, opened, unsupported
from alerting.watchlists.telling import Explain
from newswire.outcomes import AlertReason, HoldReason, ReportOutcome
from newswire.records import Basis, Decision, DecisionKind, MessageKind, Report, Severity, Span, WatchlistVerdict

NEAREST_SHOWN: Final = 3
_ALL_FULL: Final[Mapping[str, Explain]] = {}
_PLACES: Final = {reason: place for place, reason in enumerate(HoldReason)}


@dataclass(frozen=True, slots=True)
class Match:
    """What a watchlist made of a report: the verdict, and what is needed to tell it. Those that did not match are the nearest misses."""

    verdict: WatchlistVerdict
    title: str
    spans: tuple[Span, ...]
    receivers: tuple[str, ...]  # by the routes and by the watchlist's own `to`; empty where it did not match
    explain: Explain = Explain.FULL  # what readers may see of the rule
    updates: bool = True  # whether later reports change what was told


@dataclass(frozen=True, slots=True)
class Told:
    """What a receiver has been told of a story, or soon will be: the newest row of the outbox, and its sequence."""

    message: Message
    sequence: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row to be put in the outbox."""

    receiver: str
    kind: MessageKind
    sequence: int
    message: Message
    gathered: Gathering | None = None  # a digest tells it; None: it is told by a message of its own
    grows: bool = False  # it is there already, and says this from now on


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision, its counted outcome, and the outbox rows that carry it out."""

    decision: Decision
    outcome: ReportOutcome
    rows: tuple[Row, ...] = ()


def decision_id_of(report: Report) -> str:
    """Return the id under which this report is decided once."""
    item = report.item
    key = f"decision\0{item.item_id}\0{item.revision}\0{report.basis}\0{report.final}"
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def may_tell(match: Match) -> bool:
    """Return whether this watchlist matched and nothing holds it back."""
    return match.verdict.matched and match.verdict.reason is None


def decide(
    report: Report,
    *,
    matches: Sequence[Match],
    story_id: str | None,
    told: Mapping[str, Told],
    now: datetime,
    explains: Mapping[str, Explain] = _ALL_FULL,
) -> Outcome:
    """Return what to do with the report.

    `told` is, by receiver, what was said of its story before; `explains` what each receiver may see of the rule: the stricter of its own
    and the watchlist's counts.
    """
    telling = [match for match in matches if may_tell(match)]
    if telling and story_id is not None:
        if not any(match.receivers for match in telling):
            silent = any(match.verdict.reason is HoldReason.SILENCED for match in matches)
            return _held(report, matches, story_id, HoldReason.SILENCED if silent else HoldReason.NO_RECEIVER, now)
        return _told(report, matches, story_id, told, now=now, explains=explains)
    lost = _no_longer_supported(report, matches, told, explains)
    if not lost:
        return _held(report, matches, story_id, _nearest_reason(matches), now)
    decision = _decision(
        report,
        _nearest(matches),
        now,
        story_id=story_id,
        kind=DecisionKind.JOIN,
        reason=AlertReason.NOT_SUPPORTED,
        severity=max((row.message.severity for row in lost), key=lambda one: one.rank),
        receivers=tuple(row.receiver for row in lost),
    )
    return Outcome(decision, ReportOutcome.JOINED, lost)


def _told(
    report: Report, matches: Sequence[Match], story_id: str, told: Mapping[str, Told], *, now: datetime, explains: Mapping[str, Explain]
) -> Outcome:
    telling = [match for match in matches if may_tell(match)]
    held = [match for match in matches if match.verdict.matched and not may_tell(match)]
    by_receiver: dict[str, list[Match]] = {}
    for match in telling:
        for receiver in match.receivers:
            by_receiver.setdefault(receiver, []).append(match)
    rows: list[Row] = []
    raised = False
    for receiver, reaching in by_receiver.items():
        seen = explains.get(receiver, Explain.FULL)
        shown = [_shown(match, seen) for match in reaching]
        spans = [span for match in reaching if _strictest(match, seen) is not Explain.NONE for span in match.spans]
        before = told.get(receiver)
        if before is None:
            rows.append(Row(receiver, MessageKind.PARENT, 0, opened(report, story_id, receiver, shown, spans)))
            continue
        if not any(match.updates for match in reaching):
            continue
        message = joined(before.message, report, shown, spans)
        if not looks_the_same(message, before.message):
            rows.append(Row(receiver, MessageKind.EDIT, before.sequence + 1, message))
            raised = raised or message.severity.rank > before.message.severity.rank
    opens = any(row.kind is MessageKind.PARENT for row in rows)
    decision = _decision(
        report,
        [*telling, *held],
        now,
        story_id=story_id,
        kind=DecisionKind.ALERT if opens else DecisionKind.JOIN,
        reason=_reason(report, told, raised=raised),
        severity=max((match.verdict.severity for match in telling), key=lambda one: one.rank),
        receivers=tuple(by_receiver),
    )
    return Outcome(decision, ReportOutcome.ALERTED if opens else ReportOutcome.JOINED, tuple(rows))


def _strictest(match: Match, receiver: Explain) -> Explain:
    return max(match.explain, receiver, key=lambda one: one.rank)


def _shown(match: Match, receiver: Explain) -> ShownWatchlist:
    """Return what a receiver sees of a watchlist that matched: the words of its rule only where both allow it."""
    because = match.verdict.because if _strictest(match, receiver) is Explain.FULL else ()
    return ShownWatchlist(match.verdict.watchlist, match.title, match.verdict.severity, because)


def _reason(report: Report, told: Mapping[str, Told], *, raised: bool) -> AlertReason:
    if not told:
        return AlertReason.MATCHED
    if raised:
        return AlertReason.SEVERITY_RAISED
    mine = [carrier for one in told.values() for carrier in one.message.carriers if carrier.item_id == report.item.item_id]
    if not mine:
        return AlertReason.SAME_STORY
    if any(carrier.revision == report.item.revision for carrier in mine):
        return AlertReason.MORE_EVIDENCE
    return AlertReason.REVISED


def _no_longer_supported(
    report: Report, matches: Sequence[Match], told: Mapping[str, Told], explains: Mapping[str, Explain]
) -> tuple[Row, ...]:
    """Return the edits that take back what was told on this item's headline.

    Only a final report can: a page's text, or a revised text of the feed. A watchlist that still matches but is staged, muted
    or past its age has not been contradicted.
    """
    if not report.final:
        return ()
    matching = {match.verdict.watchlist for match in matches if match.verdict.matched}
    rows = []
    for receiver, one in told.items():
        carrier = next((carrier for carrier in one.message.carriers if carrier.item_id == report.item.item_id), None)
        if carrier is None or not carrier.supports or any(shown.watchlist in matching for shown in one.message.watchlists):
            continue
        if report.basis is Basis.FEED and carrier.revision == report.item.revision:
            continue  # the same words: the watchlists have changed, not the text
        message = unsupported(one.message, report, _lacking(matches, one.message, explains.get(receiver, Explain.FULL)))
        if not looks_the_same(message, one.message):
            rows.append(Row(receiver, MessageKind.EDIT, one.sequence + 1, message))
    return tuple(rows)


def _lacking(matches: Sequence[Match], message: Message, receiver: Explain) -> str:
    """Return what the text lacks, in the words of the rule where the receiver may see them."""
    shown = {one.watchlist for one in message.watchlists}
    open_ = [match for match in matches if match.verdict.missed and _strictest(match, receiver) is Explain.FULL]
    own = [match.verdict for match in open_ if match.verdict.watchlist in shown]
    near = own or [match.verdict for match in _nearest(open_) if match.verdict.missed]
    return (near[0].missed if near else None) or "the words that matched are not in it"


def _held(report: Report, matches: Sequence[Match], story_id: str | None, reason: HoldReason, now: datetime) -> Outcome:
    return Outcome(_decision(report, _nearest(matches), now, story_id=story_id, kind=DecisionKind.HOLD, reason=reason), ReportOutcome.HELD)


def _nearest(matches: Sequence[Match]) -> list[Match]:
    """Return the watchlists that came furthest, whose first obstacle stands latest in the order of HoldReason: all that matched, at least."""
    shown = max(NEAREST_SHOWN, sum(match.verdict.matched for match in matches))
    return sorted(matches, key=lambda match: (-_obstacle(match), match.verdict.watchlist))[:shown]


def _nearest_reason(matches: Sequence[Match]) -> HoldReason:
    nearest = _nearest(matches)
    return (nearest[0].verdict.reason or HoldReason.CONDITION) if nearest else HoldReason.NO_WATCHLISTS


def _obstacle(match: Match) -> int:
    return len(_PLACES) if match.verdict.reason is None else _PLACES[match.verdict.reason]


def _decision(
    report: Report,
    matches: Sequence[Match],
    now: datetime,
    *,
    story_id: str | None,
    kind: DecisionKind,
    reason: AlertReason | HoldReason,
    severity: Severity | None = None,
    receivers: tuple[str, ...] = (),
) -> Decision:
    item = report.item
    return Decision(
        decision_id=decision_id_of(report),
        story_id=story_id,
        item_id=item.item_id,
        revision=item.revision,
        basis=report.basis,
        kind=kind,
        reason=reason,
        severity=severity,
        watchlists=tuple(match.verdict for match in matches),
        receivers=receivers,
        title=item.title,
        url=item.url,
        decided_at=now,
        trace_id=item.trace_id,
    )
