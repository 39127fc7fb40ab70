"""What to do with one report: tell, join what was told, or hold; with a reason from a closed set.

Pure. The laws:

- one message per (story, receiver): the first report that matches opens it, what follows edits it, and a reply tells what it adds;
- the same item's page report, a later item or a new revision joins; a receiver that a later match reaches gets a message of its own;
- a final report that no longer bears out what was told on its headline says so in the message and in its thread (`not_supported`), at every
  receiver that was told on it and is not told of it again, whoever else is;
- a story that goes on is told anew where a watchlist asks for that and its message is old;
- a report that was decided before is a replay, which does nothing;
- a match that a silence holds tells and changes nothing, but a text that takes back what was told is told of all the same.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerting.message import LACKING, Message, ShownWatchlist, is_outdated, joined, opened, unsupported
from alerting.news import PLAIN_MANNER, Manner, manner_of
from alerting.said import Reply, Row, Said, Told
from alerting.watchlists.telling import Explain
from newswire.outcomes import AlertReason, HoldReason, ReportOutcome
from newswire.records import Basis, Decision, DecisionKind, MessageKind, Report, Severity, Span, WatchlistVerdict

__all__ = ["Match", "Outcome", "Reply", "Row", "Told", "decide", "decision_id_of", "may_tell"]

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
    manner: Manner = PLAIN_MANNER  # how later reports are told


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision, its counted outcome, and the outbox rows that carry it out."""

    decision: Decision
    outcome: ReportOutcome
    rows: tuple[Row, ...] = ()
    replies: tuple[Reply, ...] = ()


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
    said = Said(report, told, now)
    by_receiver = _by_receiver(matches)
    _take_back(said, report, matches, {name: one for name, one in told.items() if name not in by_receiver}, explains)
    if by_receiver and story_id is not None:
        taken_back = said.receivers
        _tell(said, report, by_receiver, story_id=story_id, told=told, explains=explains)
        return _told(said, report, matches, told, receivers=(*by_receiver, *taken_back), story_id=story_id, now=now)
    if not said.rows:
        return _held(report, matches, story_id, _silent_reason(matches, story_id), now)
    decision = _decision(
        report,
        _nearest(matches),
        now,
        story_id=story_id,
        kind=DecisionKind.JOIN,
        reason=AlertReason.NOT_SUPPORTED,
        severity=max((row.message.severity for row in said.rows), key=lambda one: one.rank),
        receivers=said.receivers,
    )
    return Outcome(decision, ReportOutcome.JOINED, tuple(said.rows), tuple(said.replies))


def _by_receiver(matches: Sequence[Match]) -> dict[str, list[Match]]:
    """Return the watchlists that tell each receiver now."""
    found: dict[str, list[Match]] = {}
    for match in matches:
        for receiver in match.receivers if may_tell(match) else ():
            found.setdefault(receiver, []).append(match)
    return found


def _tell(
    said: Said,
    report: Report,
    by_receiver: Mapping[str, Sequence[Match]],
    *,
    story_id: str,
    told: Mapping[str, Told],
    explains: Mapping[str, Explain],
) -> None:
    """Tell the receivers whom watchlists reach now."""
    for receiver, reaching in by_receiver.items():
        seen = explains.get(receiver, Explain.FULL)
        shown = [_shown(match, seen) for match in reaching]
        spans = [span for match in reaching if _strictest(match, seen) is not Explain.NONE for span in match.spans]
        before = told.get(receiver)
        if before is None:
            said.open(receiver, opened(report, story_id, receiver, shown, spans))
        else:
            said.join(receiver, joined(before.message, report, shown, spans), manner_of(match.manner for match in reaching))


def _told(
    said: Said,
    report: Report,
    matches: Sequence[Match],
    told: Mapping[str, Told],
    *,
    receivers: tuple[str, ...],
    story_id: str,
    now: datetime,
) -> Outcome:
    """Return the outcome of a report that watchlists tell."""
    telling = [match for match in matches if may_tell(match)]
    held = [match for match in matches if match.verdict.matched and not may_tell(match)]
    opens = any(row.kind is MessageKind.PARENT for row in said.rows)
    decision = _decision(
        report,
        [*telling, *held],
        now,
        story_id=story_id,
        kind=DecisionKind.ALERT if opens else DecisionKind.JOIN,
        reason=_reason(report, told, said),
        severity=max((match.verdict.severity for match in telling), key=lambda one: one.rank),
        receivers=receivers,
    )
    return Outcome(decision, ReportOutcome.ALERTED if opens else ReportOutcome.JOINED, tuple(said.rows), tuple(said.replies))


def _strictest(match: Match, receiver: Explain) -> Explain:
    return max(match.explain, receiver, key=lambda one: one.rank)


def _shown(match: Match, receiver: Explain) -> ShownWatchlist:
    """Return what a receiver sees of a watchlist that matched: the words of its rule only where both allow it."""
    because = match.verdict.because if _strictest(match, receiver) is Explain.FULL else ()
    return ShownWatchlist(match.verdict.watchlist, match.title, match.verdict.severity, because)


def _reason(report: Report, told: Mapping[str, Told], said: Said) -> AlertReason:
    if not told:
        return AlertReason.MATCHED
    if said.raises:
        return AlertReason.SEVERITY_RAISED
    if said.tells_anew:
        return AlertReason.REALERT
    mine = [carrier for one in told.values() for carrier in one.message.carriers if carrier.item_id == report.item.item_id]
    if not mine:
        return AlertReason.SAME_STORY
    if any(carrier.revision == report.item.revision for carrier in mine):
        return AlertReason.MORE_EVIDENCE
    return AlertReason.REVISED


def _take_back(said: Said, report: Report, matches: Sequence[Match], told: Mapping[str, Told], explains: Mapping[str, Explain]) -> None:
    """Take back what was told on this item's headline.

    Only a final report can: a page's text, or a revised text of the feed. A watchlist that still matches but is staged, muted
    or past its age has not been contradicted.
    """
    if not report.final:
        return
    matching = {match.verdict.watchlist for match in matches if match.verdict.matched}
    for receiver, one in told.items():
        carrier = next((carrier for carrier in one.message.carriers if carrier.item_id == report.item.item_id), None)
        if carrier is None or not carrier.supports or any(shown.watchlist in matching for shown in one.message.watchlists):
            continue
        if (report.basis is Basis.FEED and carrier.revision == report.item.revision) or is_outdated(one.message, report):
            continue  # the same words: the watchlists have changed, not the text; or words that were replaced since
        lacking = _lacking(matches, one.message, explains.get(receiver, Explain.FULL))
        spoken_for = {shown.watchlist for shown in one.message.watchlists}
        manner = manner_of(match.manner for match in matches if match.verdict.watchlist in spoken_for)
        said.take_back(receiver, unsupported(one.message, report, lacking), manner)


def _lacking(matches: Sequence[Match], message: Message, receiver: Explain) -> str:
    """Return what the text lacks, in the words of the rule where the receiver may see them."""
    shown = {one.watchlist for one in message.watchlists}
    open_ = [match for match in matches if match.verdict.missed and _strictest(match, receiver) is Explain.FULL]
    own = [match.verdict for match in open_ if match.verdict.watchlist in shown]
    near = own or [match.verdict for match in _nearest(open_) if match.verdict.missed]
    return (near[0].missed if near else None) or LACKING


def _held(report: Report, matches: Sequence[Match], story_id: str | None, reason: HoldReason, now: datetime) -> Outcome:
    return Outcome(_decision(report, _nearest(matches), now, story_id=story_id, kind=DecisionKind.HOLD, reason=reason), ReportOutcome.HELD)


def _nearest(matches: Sequence[Match]) -> list[Match]:
    """Return the watchlists that came furthest, whose first obstacle stands latest in the order of HoldReason: all that matched, at least."""
    shown = max(NEAREST_SHOWN, sum(match.verdict.matched for match in matches))
    return sorted(matches, key=lambda match: (-_obstacle(match), match.verdict.watchlist))[:shown]


def _silent_reason(matches: Sequence[Match], story_id: str | None) -> HoldReason:
    if story_id is not None and any(may_tell(match) for match in matches):
        silent = any(match.verdict.reason is HoldReason.SILENCED for match in matches)
        return HoldReason.SILENCED if silent else HoldReason.NO_RECEIVER
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
