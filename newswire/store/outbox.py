"""The outbox: what is to be said, to whom, in which order, and what became of it.

One row per (story, receiver, kind, sequence), `new → sending → sent | failed` (`newswire.store.outbox_sending`), or `gathered → sent | failed`
where a digest tells it (`newswire.store.digests`). Parents and edits of a
story share one sequence, 0 being how it is told first; a later edit holds all that an earlier one says. Replies have a sequence of their
own, as have the pages of a digest, whose id stands where a story's does.
"""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update

from newswire.outcomes import SendState
from newswire.records import MessageKind
from newswire.store.outbox_rows import Entry, Gathered, Queued, queued
from newswire.store.outbox_sending import (
    SUPERSEDED,
    channel_of,
    head_of,
    mark_again,
    mark_doubt,
    mark_failed,
    mark_sending,
    mark_sent,
    mark_spoken_for,
    next_due,
    pages,
    replace_message,
    sending,
    waiting_receivers,
)
from newswire.store.tables import decisions, outbox
from newswire.store.upsert import upsert

__all__ = [
    "SUPERSEDED",
    "Entry",
    "Gathered",
    "Queued",
    "alerts",
    "channel_of",
    "countries_in",
    "counts",
    "head_of",
    "mark_again",
    "mark_doubt",
    "mark_failed",
    "mark_published",
    "mark_sending",
    "mark_sent",
    "mark_spoken_for",
    "next_due",
    "next_sequence",
    "pages",
    "parent_of",
    "put",
    "replace_message",
    "revive",
    "sending",
    "told",
    "told_at",
    "unpublished",
    "waiting",
    "waiting_receivers",
]

_KEYS: Final = ("story_id", "receiver", "kind", "sequence")
_UNSETTLED: Final = (SendState.NEW.value, SendState.SENDING.value)

_A_MESSAGE: Final = outbox.c.kind.in_((MessageKind.PARENT.value, MessageKind.EDIT.value))
_newest: Final = (
    select(outbox.c.story_id, outbox.c.receiver, func.max(outbox.c.sequence).label("sequence"))
    .where(outbox.c.story_id.in_(bindparam("story_ids", expanding=True)), _A_MESSAGE)
    .group_by(outbox.c.story_id, outbox.c.receiver)
    .subquery()
)
# Of a story with hundreds of edits the newest alone is read: each says all that was said before.
_TOLD: Final = (
    select(outbox.c.story_id, outbox.c.receiver, outbox.c.sequence, outbox.c.message)
    .join(_newest, and_(*(outbox.c[name] == _newest.c[name] for name in ("story_id", "receiver", "sequence"))))
    .where(_A_MESSAGE)
)
_of_story: Final = and_(outbox.c.story_id == bindparam("story_id"), outbox.c.receiver == bindparam("receiver"))
_NEWEST_PARENT: Final = (
    select(outbox).where(_of_story, outbox.c.kind == MessageKind.PARENT.value).order_by(outbox.c.sequence.desc()).limit(1)
)
_TOLD_AT: Final = (
    select(outbox.c.channel, outbox.c.reference)
    .where(
        _of_story,
        outbox.c.kind == MessageKind.PARENT.value,
        outbox.c.state == SendState.SENT.value,
        outbox.c.alert_id != bindparam("not_as"),
        outbox.c.channel.is_not(None),
        outbox.c.reference.is_not(None),
    )
    .order_by(outbox.c.sequence.desc())
    .limit(1)
)
_HIGHEST: Final = select(func.max(outbox.c.sequence)).where(_of_story, outbox.c.kind.in_(bindparam("kinds", expanding=True)))
_WAITING_COUNT: Final = select(
    func.count().label("rows"),
    # What was not tried yet waits since it was due: a reply gathers for a while before that.
    func.min(case((outbox.c.attempts == 0, outbox.c.next_try_at), else_=outbox.c.created_at)).label("oldest"),
).where(outbox.c.state.in_((SendState.NEW, SendState.SENDING)), or_(outbox.c.attempts > 0, outbox.c.next_try_at <= bindparam("now")))
_GATHERS: Final = and_(
    outbox.c.state == SendState.NEW.value,
    outbox.c.kind == MessageKind.REPLY.value,
    outbox.c.attempts == 0,
    outbox.c.next_try_at > bindparam("now"),
)
_COUNTS: Final = (
    select(outbox.c.receiver, outbox.c.state, func.count().label("rows"), func.count().filter(_GATHERS).label("gathers"))
    .where(outbox.c.state.in_((*_UNSETTLED, SendState.FAILED.value)))
    .group_by(outbox.c.receiver, outbox.c.state)
)
_UNPUBLISHED: Final = (
    select(outbox, decisions.c.record)
    .join(decisions, decisions.c.decision_id == outbox.c.decision_id, isouter=True)
    # Nearly all rows are sent: so said that the index of the few that are not published is used, and none of states.
    .where(outbox.c.published.is_(False), outbox.c.settled_at.is_not(None), outbox.c.state.not_in((*_UNSETTLED, SendState.GATHERED.value)))
    .order_by(outbox.c.settled_at, outbox.c.row_id)
    .limit(bindparam("most"))
)
_ALERTS: Final = (
    select(outbox)
    .where(outbox.c.kind == MessageKind.PARENT.value, outbox.c.created_at >= bindparam("since"), outbox.c.created_at < bindparam("until"))
    .order_by(outbox.c.created_at, outbox.c.row_id)
)
_LATEST_EDITS: Final = (
    select(outbox.c.alert_id, outbox.c.watchlists, outbox.c.severity, outbox.c.title, outbox.c.url, outbox.c.message)
    .where(outbox.c.kind == MessageKind.EDIT.value, outbox.c.created_at >= bindparam("since"))
    .order_by(outbox.c.sequence)
)
_REVIVE: Final = (
    update(outbox)
    .where(outbox.c.alert_id == bindparam("alert"), outbox.c.state == SendState.FAILED.value)
    .values(
        state=case((outbox.c.gathered_for.is_(None), SendState.NEW.value), else_=SendState.GATHERED.value),
        reason=outbox.c.gather_reason,
        outcome=None,
        settled_at=None,
        doubt_since=None,
        attempts=0,  # it waits since now: what is told anew by command is no news of an outage
        next_try_at=bindparam("at"),
        published=False,
        digest_id=None,
    )
)


def put(connection: Connection, entries: Iterable[Entry], at: float) -> None:
    """Put rows in the outbox, due at once where they do not say otherwise; one that is there already stays as it is."""
    if rows := [_row(one, at) for one in entries]:
        upsert(connection, outbox, rows, _KEYS)


def parent_of(connection: Connection, story_id: str, receiver: str) -> Queued | None:
    """Return the row by which the story was told last, or will be, in a message of its own."""
    row = connection.execute(_NEWEST_PARENT, {"story_id": story_id, "receiver": receiver}).first()
    return queued(row) if row else None


def told_at(connection: Connection, story_id: str, receiver: str, *, not_as: str) -> tuple[str, str] | None:
    """Return channel and reference of the newest message that told the story at the receiver, but by the alert `not_as`."""
    row = connection.execute(_TOLD_AT, {"story_id": story_id, "receiver": receiver, "not_as": not_as}).first()
    return (row.channel, row.reference) if row else None


def next_sequence(connection: Connection, story_id: str, receiver: str, kinds: Iterable[MessageKind]) -> int:
    """Return the sequence after the highest that the story has at the receiver, among these kinds that share it."""
    asked = {"story_id": story_id, "receiver": receiver, "kinds": [kind.value for kind in kinds]}
    highest: int | None = connection.execute(_HIGHEST, asked).scalar()
    return 0 if highest is None else highest + 1


def told(connection: Connection, story_ids: Sequence[str]) -> dict[str, dict[str, tuple[int, str]]]:
    """Return, by story and receiver, the newest sequence and its message: what was said, or soon will be."""
    found: dict[str, dict[str, tuple[int, str]]] = {}
    for row in connection.execute(_TOLD, {"story_ids": list(story_ids)}):
        found.setdefault(row.story_id, {})[row.receiver] = (row.sequence, row.message)
    return found


def waiting(connection: Connection, now: float = math.inf) -> tuple[int, float | None]:
    """Return how many rows are not settled, and since when the oldest waits; with `now`, without those that wait untried for a later moment."""
    row = connection.execute(_WAITING_COUNT, {"now": now}).one()
    return row.rows, row.oldest


def counts(connection: Connection, now: float) -> dict[str, dict[SendState, int]]:
    """Return how many rows are new, sending and failed, by receiver; a reply that gathers until its time is gathered, and not new."""
    found: dict[str, dict[SendState, int]] = {}
    for row in connection.execute(_COUNTS, {"now": now}):
        of_receiver = found.setdefault(row.receiver, {})
        of_receiver[SendState(row.state)] = row.rows - row.gathers
        if row.gathers:
            of_receiver[SendState.GATHERED] = row.gathers
    return found


def revive(connection: Connection, alert_id: str, at: float) -> int:
    """Make the failed rows of an alert due again, by a digest what a digest was to tell; return how many there were."""
    return connection.execute(_REVIVE, {"alert": alert_id, "at": at}).rowcount


def unpublished(connection: Connection, most: int) -> list[Queued]:
    """Return settled rows whose delivery is not known to be on `news.alerts`, in the order in which they were settled."""
    return [queued(row) for row in connection.execute(_UNPUBLISHED, {"most": most})]


def mark_published(connection: Connection, row_ids: Sequence[int]) -> None:
    """Note that the deliveries of these rows are on `news.alerts`."""
    connection.execute(update(outbox).where(outbox.c.row_id.in_(row_ids)).values(published=True))


def alerts(connection: Connection, since: float | None = None, until: float | None = None) -> list[dict[str, Any]]:
    """Return one object per alert of [since, until), oldest first; `at` is in seconds since 1970 UTC.

    State and reason are the parent's; watchlists, severity, title and countries are the newest that were put in the outbox.
    """
    bound = {"since": since or 0.0}
    newest = {row.alert_id: row for row in connection.execute(_LATEST_EDITS, bound)}
    bound["until"] = math.inf if until is None else until
    found = []
    for parent in connection.execute(_ALERTS, bound):
        row = parent if parent.gathered_for else newest.get(parent.alert_id, parent)  # what is gathered has no edits: it grows
        found.append(
            {
                "alert_id": parent.alert_id,
                "story_id": parent.story_id,
                "watchlists": json.loads(row.watchlists),
                "severity": row.severity,
                "receiver": parent.receiver,
                "state": parent.state,
                "reason": parent.reason,
                "at": parent.created_at,
                "title": row.title,
                "url": row.url,
                "countries": countries_in(row.message),
            }
        )
    return found


def _row(one: Entry, at: float) -> dict[str, Any]:
    gathered = one.gathered
    return {
        "story_id": one.story_id,
        "receiver": one.receiver,
        "kind": one.kind.value,
        "sequence": one.sequence,
        "alert_id": one.alert_id,
        "decision_id": one.decision_id,
        "item_id": one.item_id,
        "revision": one.revision,
        "watchlists": json.dumps(list(one.watchlists)),
        "severity": one.severity,
        "title": one.title,
        "url": one.url,
        "message": one.message,
        "state": (SendState.GATHERED if gathered else SendState.NEW).value,
        "reason": gathered.reason.value if gathered else None,
        "attempts": 0,
        "next_try_at": gathered.due_at if gathered else at if one.due_at is None else one.due_at,
        "created_at": at,
        "published": False,
        "gathered_for": gathered.gathered_for if gathered else None,
        "gathered_at": at if gathered else None,
        "gather_reason": gathered.reason.value if gathered else None,
    }


def countries_in(message: str) -> list[str]:
    """Return home and partners of a message, home first."""
    told = json.loads(message)
    return [code for code in (told.get("home"), *told.get("partners", ())) if code]
