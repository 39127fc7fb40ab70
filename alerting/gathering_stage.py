"""The alerting stage's part of gathering: what a batch of decisions says at once, and what digests will say, inside its transaction.

Reads: how stories stand at digests, what the channels had within the hour.
Writes: what gathered rows say when they grow, when an outage's summary is due.
Never: asks for more than the batch needs. A batch that opens no alert asks for nothing but how its stories stand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from alerting.decide import Outcome
from alerting.desk import Desk
from alerting.gathered import Gathering
from alerting.gathering import HOUR_S, Rooms, capped, caused_by, gathered_for, grown, says_news, told_again
from alerting.message import Message, to_json
from alerting.said import Row, Told
from alerting.watchlists.telling import DEFAULT_CAP
from newswire.outcomes import GatherReason
from newswire.records import MessageKind
from newswire.store import digests
from newswire.store.digests import OVERFLOW_PREFIX, Growth, Standing
from newswire.store.outbox import Gathered


class Gatherer:
    """Says of each outcome of a batch, in order, what is told at once: the caps count what the batch said before."""

    def __init__(self, connection: Connection, desk: Desk, story_ids: Sequence[str], now: datetime) -> None:
        self._connection, self._now = connection, now
        self._routes = desk.routes
        self._receivers = {one.name: one for one in desk.routes.receivers}
        self._caps = {one.name: one.alert.cap.per_hour for one in desk.watchlists.watchlists}
        self._standings = digests.standings(connection, story_ids) if story_ids else {}
        self._rooms, self._counted = Rooms(), set[str]()
        self._open: dict[str, datetime] = {}

    def gathered(self, outcome: Outcome, seen_at: datetime, told: Mapping[str, Told], outside: Mapping[str, str]) -> Outcome:
        """Return the outcome with its rows as they are to be stored: told at once, gathered, or grown where a digest tells the story."""
        if not outcome.rows and not outcome.replies:
            return outcome
        replies = tuple(one for one in outcome.replies if (one.update.story_id, one.receiver) not in self._standings)
        for one in caused_by((), replies, self._now.timestamp()):
            self._rooms.add(one)
        return replace(outcome, rows=tuple(self._placed(row, seen_at, told, outside) for row in outcome.rows), replies=replies)

    def _placed(self, row: Row, seen_at: datetime, told: Mapping[str, Told], outside: Mapping[str, str]) -> Row:
        key = (row.message.story_id, row.receiver)
        standing = self._standings.get(key)
        if standing is not None:
            before = told.get(row.receiver)
            is_no_news = row.kind is not MessageKind.PARENT and before is not None and not says_news(before.message, row.message)
            if standing.waits or is_no_news or self._is_told_elsewhere(row):
                return grown(row, standing.sequence)
            row = told_again(row)
        elif row.kind is not MessageKind.PARENT:
            return row
        placed = replace(row, gathered=self._way(row, seen_at, outside))
        if placed.gathered is not None:
            self._standings[key] = Standing(placed.sequence, waits=True)
        else:
            self._standings.pop(key, None)
            for one in caused_by([placed], (), self._now.timestamp()):
                self._rooms.add(one)
        return placed

    def _is_told_elsewhere(self, row: Row) -> bool:
        """Return whether a digest that told the story need not tell it again: it reaches somebody else at once by now."""
        receiver = self._receivers.get(row.receiver)
        return row.follows and receiver is not None and receiver.digest is not None

    def _way(self, row: Row, seen_at: datetime, outside: Mapping[str, str]) -> Gathering | None:
        receiver = self._receivers.get(row.receiver)
        if receiver is None:
            return None
        way = gathered_for(receiver, outside=outside, seen_at=seen_at, now=self._now)
        if way is not None:
            return way
        self._count(receiver.name)
        caps = self._caps_of(row.message)
        full = self._rooms.full(receiver.name, receiver.per_hour, caps, self._now.timestamp())
        if full is None:
            return None
        way = capped(receiver, full, self._routes, self._open_due(OVERFLOW_PREFIX + receiver.name), self._now)
        self._open.setdefault(way.gathered_for, way.due_at)
        return way

    def _count(self, receiver: str) -> None:
        """Ask once what the receiver had within the hour."""
        if receiver not in self._counted:
            self._counted.add(receiver)
            for told in digests.recent(self._connection, [receiver], self._now.timestamp() - HOUR_S):
                self._rooms.add(told)

    def _caps_of(self, message: Message) -> dict[str, int]:
        return {shown.watchlist: self._caps.get(shown.watchlist, DEFAULT_CAP) for shown in message.watchlists}

    def _open_due(self, name: str) -> datetime | None:
        if name not in self._open and (due := digests.open_due(self._connection, name, self._now.timestamp())) is not None:
            self._open[name] = datetime.fromtimestamp(due, UTC)
        return self._open.get(name)


def stored(gathering: Gathering | None) -> Gathered | None:
    """Return how a row of the outbox is gathered."""
    return None if gathering is None else Gathered(gathering.gathered_for, gathering.reason, gathering.due_at.timestamp())


def gathered_facts(rows: Iterable[Row]) -> dict[str, Any]:
    """Return what the trail keeps of the rows that digests tell; nothing where there are none."""
    found = [row.gathered.facts(row.receiver) for row in rows if row.gathered is not None]
    return {"gathered": found} if found else {}


def gather_reasons(rows: Iterable[Row]) -> list[GatherReason]:
    """Return why each of the rows is left to a digest that is."""
    return [row.gathered.reason for row in rows if row.gathered is not None]


def grow(connection: Connection, rows: Iterable[Row], at: float) -> None:
    """Let gathered rows say more that do, and put the summaries off to which something was added."""
    rows = list(rows)
    digests.grow(connection, [_growth(row) for row in rows if row.grows])
    added = {row.gathered.gathered_for for row in rows if row.gathered is not None and row.gathered.reason is GatherReason.OUTAGE}
    for name in sorted(added):
        digests.postpone_outage(connection, name, at)


def _growth(row: Row) -> Growth:
    message = row.message
    watchlists = [shown.watchlist for shown in message.watchlists]
    return Growth(
        message.story_id, row.receiver, row.sequence, watchlists, message.severity.value, message.title, message.url, to_json(message)
    )
