"""What is gathered for digests: rows of the outbox that no message of their own tells.

A gathered row is the PARENT row of its story in state `gathered`, with the reason, the digest it waits for and when that is due. A digest
takes rows (`digest_id`) in the transaction that puts its own; they are told when the digest's last page is, and fail with it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, case, func, or_, select, update

from newswire.outcomes import GatherReason, SendOutcome, SendState
from newswire.records import MessageKind
from newswire.store.outbox import SUPERSEDED
from newswire.store.tables import outbox

OUTAGE_PREFIX: Final = "outage:"
OVERFLOW_PREFIX: Final = "overflow:"

OUTAGE_QUIET_S: Final = 60.0
"""A backlog has drained when nothing was added for so long."""
OUTAGE_MOST_S: Final = 600.0
"""However long a backlog takes, its first story waits no longer than this."""

_PARENT: Final = MessageKind.PARENT.value
_WAITS: Final = and_(outbox.c.gathered_for.is_not(None), outbox.c.digest_id.is_(None), outbox.c.state == SendState.GATHERED.value)
_WAITING: Final = select(outbox).where(_WAITS, outbox.c.next_try_at <= bindparam("now")).order_by(outbox.c.gathered_for, outbox.c.row_id)
_GATHERED: Final = (
    select(outbox)
    .where(_WAITS, or_(outbox.c.gathered_for == bindparam("name"), outbox.c.receiver == bindparam("name")))
    .order_by(outbox.c.row_id)
)
_TAKE: Final = update(outbox).where(_WAITS, outbox.c.gathered_for == bindparam("for_digest")).values(digest_id=bindparam("digest"))
_TAKEN: Final = select(outbox).where(outbox.c.digest_id == bindparam("digest"), outbox.c.kind == _PARENT).order_by(outbox.c.row_id)
_SETTLE: Final = update(outbox).where(
    outbox.c.digest_id == bindparam("digest"),
    outbox.c.gathered_for.is_not(None),
    outbox.c.state.in_((SendState.GATHERED.value, SendState.FAILED.value)),
)
_other: Final = outbox.alias("other")
_STANDINGS: Final = select(outbox.c.story_id, outbox.c.receiver, outbox.c.sequence, outbox.c.digest_id, outbox.c.state).where(
    outbox.c.story_id.in_(bindparam("story_ids", expanding=True)),
    outbox.c.kind == _PARENT,
    outbox.c.gathered_for.is_not(None),
    ~(
        select(_other.c.row_id)
        .where(
            _other.c.story_id == outbox.c.story_id,
            _other.c.receiver == outbox.c.receiver,
            _other.c.kind == _PARENT,
            _other.c.sequence > outbox.c.sequence,
        )
        .exists()
    ),
)
_RECENT: Final = (
    select(outbox.c.receiver, outbox.c.watchlists, outbox.c.created_at)
    .where(
        outbox.c.receiver.in_(bindparam("receivers", expanding=True)),
        outbox.c.created_at > bindparam("since"),
        outbox.c.gathered_for.is_(None),
        outbox.c.reason.is_distinct_from(SUPERSEDED),
        or_(
            outbox.c.kind == _PARENT,
            and_(outbox.c.kind == MessageKind.REPLY.value, outbox.c.message.contains('"in_channel":true', autoescape=True)),
        ),
    )
    .order_by(outbox.c.created_at, outbox.c.row_id)
)
_GROW: Final = (
    update(outbox)
    .where(
        outbox.c.story_id == bindparam("of_story"),
        outbox.c.receiver == bindparam("at_receiver"),
        outbox.c.kind == _PARENT,
        outbox.c.sequence == bindparam("at_sequence"),
        outbox.c.gathered_for.is_not(None),
    )
    .values(
        message=bindparam("new_message"),
        watchlists=bindparam("new_watchlists"),
        severity=bindparam("new_severity"),
        title=bindparam("new_title"),
        url=bindparam("new_url"),
    )
)
_OUTAGE_SINCE: Final = select(func.min(outbox.c.gathered_at)).where(_WAITS, outbox.c.gathered_for == bindparam("name"))
_HELD: Final = (
    select(outbox)
    .where(
        outbox.c.gathered_for.is_not(None),
        outbox.c.state == SendState.GATHERED.value,
        outbox.c.created_at >= bindparam("since"),
        outbox.c.created_at < bindparam("until"),
    )
    .order_by(outbox.c.created_at, outbox.c.row_id)
)
_OF_STORIES: Final = (
    select(outbox)
    .where(outbox.c.story_id.in_(bindparam("story_ids", expanding=True)), outbox.c.gathered_for.is_not(None), outbox.c.kind == _PARENT)
    .order_by(outbox.c.row_id)
)
_OPEN_DUE: Final = select(func.min(outbox.c.next_try_at)).where(
    _WAITS, outbox.c.gathered_for == bindparam("name"), outbox.c.next_try_at > bindparam("now")
)
_MOVE: Final = update(outbox).where(_WAITS, outbox.c.gathered_for == bindparam("name")).values(next_try_at=bindparam("due"))
WAITS_SINCE: Final = case((outbox.c.attempts == 0, outbox.c.next_try_at), else_=outbox.c.created_at)
"""Since when a row waits: of what was made due again by command, since then, until that is tried."""

_OLD: Final = (
    select(outbox.c.row_id, outbox.c.story_id, outbox.c.sequence)
    .where(
        outbox.c.receiver == bindparam("name"),
        outbox.c.kind == _PARENT,
        outbox.c.state == SendState.NEW.value,
        bindparam("before") > WAITS_SINCE,
    )
    .order_by(outbox.c.row_id)
)
_LATER: Final = (
    select(outbox)
    .where(
        outbox.c.story_id == bindparam("story"),
        outbox.c.receiver == bindparam("name"),
        outbox.c.kind.in_((_PARENT, MessageKind.EDIT.value)),
        outbox.c.sequence >= bindparam("first"),
        outbox.c.state == SendState.NEW.value,
    )
    .order_by(outbox.c.sequence.desc())
)
_SPOKEN_FOR: Final = (
    update(outbox)
    .where(
        outbox.c.story_id == bindparam("story"),
        outbox.c.receiver == bindparam("name"),
        outbox.c.state == SendState.NEW.value,
        or_(
            and_(outbox.c.kind.in_((_PARENT, MessageKind.EDIT.value)), outbox.c.sequence >= bindparam("first")),
            and_(outbox.c.kind == MessageKind.REPLY.value, outbox.c.alert_id.in_(bindparam("alerts", expanding=True))),
        ),
    )
    .values(state=SendState.SENT.value, reason=SUPERSEDED, outcome=SendOutcome.SENT.value, settled_at=bindparam("at"), published=True)
)
_AT_ONCE: Final = 500  # rows named in one statement


@dataclass(frozen=True, slots=True)
class GatheredRow:
    """A row that a digest tells; times are seconds since 1970 UTC."""

    row_id: int
    story_id: str
    receiver: str
    alert_id: str
    sequence: int
    item_id: str
    watchlists: tuple[str, ...]
    severity: str
    title: str
    url: str | None
    message: str  # JSON of the neutral message
    reason: GatherReason
    gathered_for: str
    due_at: float
    created_at: float


@dataclass(frozen=True, slots=True)
class DueDigest:
    """What waits for one digest, oldest first, and since when it is due."""

    gathered_for: str
    due_at: float
    rows: tuple[GatheredRow, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """How it stands with a row that a digest tells; times are seconds since 1970 UTC."""

    row: GatheredRow
    state: SendState
    reason: str | None  # the receiver's code, where it failed
    settled_at: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the newest first message of a story stands at a receiver, where a digest tells it."""

    sequence: int
    waits: bool  # False: a digest has taken it, or told it


@dataclass(frozen=True, slots=True)
class Recent:
    """A message that stands in a channel for itself, and the watchlists that caused it."""

    receiver: str
    watchlists: tuple[str, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Growth:
    """What a gathered row is to say from now on."""

    story_id: str
    receiver: str
    sequence: int
    watchlists: Sequence[str]
    severity: str
    title: str
    url: str | None
    message: str


def due(connection: Connection, now: float) -> list[DueDigest]:
    """Return what is due and was not taken, a digest each, the longest due first."""
    by_name: dict[str, list[GatheredRow]] = {}
    for row in connection.execute(_WAITING, {"now": now}):
        by_name.setdefault(row.gathered_for, []).append(_gathered(row))
    found = [DueDigest(name, min(row.due_at for row in rows), tuple(rows)) for name, rows in by_name.items()]
    return sorted(found, key=lambda one: (one.due_at, one.gathered_for))


def gathered(connection: Connection, name: str) -> list[GatheredRow]:
    """Return what waits for a digest (`morning`, `overflow:desk`), or at a receiver, due or not, oldest first."""
    return [_gathered(row) for row in connection.execute(_GATHERED, {"name": name})]


def take(connection: Connection, gathered_for: str, digest_id: str, row_ids: Sequence[int], at: float) -> int:  # noqa: ARG001 -- part of the seam: when it was taken is the DIGEST row's own time
    """Let the digest tell these rows; return how many there were that waited for it and that no other had taken."""
    values = {"for_digest": gathered_for, "digest": digest_id}
    return sum(
        connection.execute(_TAKE.where(outbox.c.row_id.in_(row_ids[n : n + _AT_ONCE])), values).rowcount
        for n in range(0, len(row_ids), _AT_ONCE)
    )


def taken(connection: Connection, digest_id: str) -> list[GatheredRow]:
    """Return the rows that a digest tells or told, oldest first."""
    return [_gathered(row) for row in connection.execute(_TAKEN, {"digest": digest_id})]


def settled(connection: Connection, digest_id: str, state: SendState, reason: str | None, at: float) -> int:
    """Note what became of the rows of a digest: sent with its last page, their own reason kept, or failed with its code; return how many."""
    if state is SendState.SENT:
        values: dict[str, object] = {"state": SendState.SENT.value, "outcome": SendOutcome.SENT.value}
    else:
        values = {"state": SendState.FAILED.value, "outcome": SendOutcome.REFUSED.value, "reason": (reason or "")[:64]}
    return connection.execute(_SETTLE.values(**values, settled_at=at, published=False), {"digest": digest_id}).rowcount


def held(connection: Connection, since: float, until: float) -> list[GatheredRow]:
    """Return what was gathered of alerts of [since, until) and is not told yet, oldest first."""
    return [_gathered(row) for row in connection.execute(_HELD, {"since": since, "until": until})]


def tellings(connection: Connection, story_ids: Sequence[str]) -> list[Telling]:
    """Return how it stands with all that digests tell, or told, of these stories, oldest first."""
    rows = connection.execute(_OF_STORIES, {"story_ids": list(story_ids)})
    return [Telling(_gathered(row), SendState(row.state), row.reason, row.settled_at) for row in rows]


def standings(connection: Connection, story_ids: Sequence[str]) -> dict[tuple[str, str], Standing]:
    """Return, by story and receiver, how the newest first message stands, where that one is told by a digest."""
    return {
        (row.story_id, row.receiver): Standing(row.sequence, row.state == SendState.GATHERED.value and row.digest_id is None)
        for row in connection.execute(_STANDINGS, {"story_ids": list(story_ids)})
    }


def recent(connection: Connection, receivers: Sequence[str], since: float) -> list[Recent]:
    """Return the messages that stand in these channels for themselves, put in after that time, oldest first; what digests tell is none."""
    rows = connection.execute(_RECENT, {"receivers": list(receivers), "since": since})
    return [Recent(row.receiver, tuple(json.loads(row.watchlists)), row.created_at) for row in rows]


def grow(connection: Connection, growths: Iterable[Growth]) -> None:
    """Let gathered rows say more, in the order given."""
    rows = [
        {
            "of_story": one.story_id,
            "at_receiver": one.receiver,
            "at_sequence": one.sequence,
            "new_message": one.message,
            "new_watchlists": json.dumps(list(one.watchlists)),
            "new_severity": one.severity,
            "new_title": one.title,
            "new_url": one.url,
        }
        for one in growths
    ]
    if rows:
        connection.execute(_GROW, rows)


def open_due(connection: Connection, gathered_for: str, now: float) -> float | None:
    """Return when the digest that gathers now is due next; None where nothing waits for it, or all that does is due."""
    moment: float | None = connection.execute(_OPEN_DUE, {"name": gathered_for, "now": now}).scalar()
    return moment


def outage_due(first: float, now: float) -> float:
    """Return when an outage's summary is due to which something is added now: when the backlog has drained, or after ten minutes."""
    return min(first + OUTAGE_MOST_S, now + OUTAGE_QUIET_S)


def postpone_outage(connection: Connection, gathered_for: str, now: float) -> float:
    """Move the summary, to which something was just added, to its next time; return that."""
    first = connection.execute(_OUTAGE_SINCE, {"name": gathered_for}).scalar()
    moment = outage_due(now if first is None else first, now)
    connection.execute(_MOVE, {"name": gathered_for, "due": moment})
    return moment


def gather_old(connection: Connection, receiver: str, before: float, at: float) -> int:
    """Gather what was put in before that time and could not be sent to this receiver, for one summary; return how many stories.

    Each becomes one gathered row that says what its newest edit would have; the edits and replies that were not sent need not be.
    """
    stories: dict[str, Row[Any, Any, Any]] = {}
    for row in connection.execute(_OLD, {"name": receiver, "before": before}):
        stories.setdefault(row.story_id, row)
    name = OUTAGE_PREFIX + receiver
    for story_id, first in stories.items():
        key = {"story": story_id, "name": receiver, "first": first.sequence}
        later = list(connection.execute(_LATER, key))
        alerts = sorted({row.alert_id for row in later})
        connection.execute(_SPOKEN_FOR, {**key, "alerts": alerts, "at": at})
        newest = later[0]
        connection.execute(
            update(outbox)
            .where(outbox.c.row_id == first.row_id)
            .values(
                # A first message is numbered after the edits that it speaks for, so that it is the newest of its story.
                sequence=first.sequence if newest.row_id == first.row_id else newest.sequence + 1,
                message=newest.message,
                watchlists=newest.watchlists,
                severity=newest.severity,
                title=newest.title,
                url=newest.url,
                state=SendState.GATHERED.value,
                reason=GatherReason.OUTAGE.value,
                outcome=None,
                settled_at=None,
                published=False,
                gathered_for=name,
                gathered_at=at,
                gather_reason=GatherReason.OUTAGE.value,
                next_try_at=at + OUTAGE_QUIET_S,
            )
        )
    if stories:
        postpone_outage(connection, name, at)
    return len(stories)


def _gathered(row: Row[Any]) -> GatheredRow:
    return GatheredRow(
        row_id=row.row_id,
        story_id=row.story_id,
        receiver=row.receiver,
        alert_id=row.alert_id,
        sequence=row.sequence,
        item_id=row.item_id,
        watchlists=tuple(json.loads(row.watchlists)),
        severity=row.severity,
        title=row.title,
        url=row.url,
        message=row.message,
        reason=GatherReason(row.gather_reason),
        gathered_for=row.gathered_for,
        due_at=row.next_try_at,
        created_at=row.created_at,
    )
