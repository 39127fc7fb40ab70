"""Which stories are told by a digest instead of at once. Pure.

The laws:

- what a route sends to a digest waits for that digest's next time (`digest`; `calendar` where it came by a route's `otherwise` alone);
- what lay in queues of our own for more than six hours before it was decided is told in one summary (`outage`);
- a watchlist has so many messages an hour at each receiver, and a receiver so many in all; a story over that waits for the digest that goes
  to that receiver, or for one of its own when there is room again (`capped`). A story that several watchlists tell passes where one of them
  has room. Nothing is dropped, and what is said of stories already told is not counted;
- a story that waits grows: later reports are added to what its digest will tell;
- a story that a digest told is told again, at the same receiver, only where a later report says something new by the laws of
  `alerting.told`.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from alerting.digests.schedule import next_time
from alerting.gathered import Full, Gathering
from alerting.message import Message, alert_id_of
from alerting.routes import Receiver, Routes
from alerting.said import Reply, Row
from alerting.told import changes, told_of
from newswire.outcomes import GatherReason
from newswire.records import MessageKind
from newswire.store.digests import OUTAGE_PREFIX, OUTAGE_QUIET_S, OVERFLOW_PREFIX, Recent

OLD: Final = timedelta(hours=6)
"""News that lay in our own queues for longer is told in one summary."""

HOUR_S: Final = 3_600.0


@dataclass(slots=True)
class Rooms:
    """What stands in each channel of the last hour, and so how much room there is. It counts what is added to it."""

    _of_receiver: dict[str, list[float]] = field(default_factory=dict)
    _of_watchlist: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, told: Recent) -> None:
        """Count a message that stands in a channel for itself."""
        insort(self._of_receiver.setdefault(told.receiver, []), told.at)
        for watchlist in told.watchlists:
            insort(self._of_watchlist.setdefault((told.receiver, watchlist), []), told.at)

    def full(self, receiver: str, cap: int | None, caps: Mapping[str, int], now: float) -> Full | None:
        """Return the cap that leaves no room for a message of these watchlists, None where there is room.

        `cap` is the receiver's own (None: it has none), `caps` those of the watchlists, one of which must have room. Of several the one
        that has room again first is returned.
        """
        reached = [Full(name, most, _until(self._of_watchlist.get((receiver, name), ()), most, now)) for name, most in caps.items()]
        first = min(reached, key=lambda one: one.until, default=None)
        open_again = datetime.fromtimestamp(now, UTC)
        watchlist = first if first is not None and first.until > open_again else None
        own = None if cap is None else Full(None, cap, _until(self._of_receiver.get(receiver, ()), cap, now))
        if own is not None and own.until > open_again and (watchlist is None or own.until > watchlist.until):
            return own
        return watchlist


def _until(times: Sequence[float], most: int, now: float) -> datetime:
    """Return when fewer than `most` of these moments will lie within the hour before; `now` where that is so already.

    Moments of the future do not count: the clock was set back, and nobody is to wait until it has caught up.
    """
    begin, end = bisect_right(times, now - HOUR_S), bisect_right(times, now)
    return datetime.fromtimestamp(now if end - begin < most else times[end - most] + HOUR_S, UTC)


def gathered_for(receiver: Receiver, *, outside: Mapping[str, str], seen_at: datetime, now: datetime) -> Gathering | None:
    """Return how a story is told that a digest is to tell whatever room there is; None where it is told at once, if there is room.

    `outside` names, by receiver, the calendar outside of which the story came, where that is the only reason why it is told there.
    """
    if receiver.digest is not None:
        calendar = outside.get(receiver.name)
        reason = GatherReason.CALENDAR if calendar else GatherReason.DIGEST
        return Gathering(receiver.name, reason, next_time(receiver.digest, now), receiver.digest.zone, calendar)
    if now - seen_at > OLD:
        return Gathering(OUTAGE_PREFIX + receiver.name, GatherReason.OUTAGE, now + timedelta(seconds=OUTAGE_QUIET_S))
    return None


def capped(receiver: Receiver, full: Full, routes: Routes, open_due: datetime | None, now: datetime) -> Gathering:
    """Return how a story over a cap is told: by the digest that goes to this receiver next, or by one of the overflow.

    `open_due` is when the overflow that waits already is told, which takes this story with it where that is no later.
    """
    digests = [
        (next_time(one.digest, now), one.name, one.digest.zone) for one in routes.receivers if one.digest and one.digest.to == receiver.name
    ]
    if digests:
        due_at, name, zone = min(digests)
        return Gathering(name, GatherReason.CAPPED, due_at, zone, full=full)
    return Gathering(OVERFLOW_PREFIX + receiver.name, GatherReason.CAPPED, min(open_due or full.until, full.until), full=full)


def grown(row: Row, sequence: int) -> Row:
    """Return the row by which a story that a digest tells says more."""
    return replace(row, kind=MessageKind.PARENT, sequence=sequence, message=replace(row.message, threaded=False), grows=True)


def told_again(row: Row) -> Row:
    """Return the row by which a story that a digest told is told once more at its receiver."""
    alert_id = alert_id_of(row.message.story_id, row.receiver, row.sequence)
    return replace(row, kind=MessageKind.PARENT, message=replace(row.message, alert_id=alert_id, threaded=False))


def says_news(before: Message, after: Message) -> bool:
    """Return whether a reader whom a digest told of the story would want to hear of this: severity, a partner, whether it is borne out."""
    return bool(changes(told_of(before), after))


def caused_by(rows: Iterable[Row], replies: Iterable[Reply], at: float) -> Iterable[Recent]:
    """Yield the messages among these that stand in a channel for themselves."""
    for row in rows:
        if row.kind is MessageKind.PARENT and row.gathered is None and not row.grows:
            yield Recent(row.receiver, tuple(shown.watchlist for shown in row.message.watchlists), at)
    for reply in replies:
        if reply.update.in_channel:
            yield Recent(reply.receiver, tuple(reply.update.speaks_for), at)
