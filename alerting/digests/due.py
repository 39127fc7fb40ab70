"""Which digests are due now, to whom, about which time. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from alerting.digests.period import Period
from alerting.digests.schedule import last_time, next_time
from alerting.routes import Digest, Receiver, Routes
from newswire.outcomes import DigestOccasion
from newswire.store.digest_times import DigestTime
from newswire.store.digests import OUTAGE_PREFIX, OVERFLOW_PREFIX
from newswire.store.watch import Waiting

_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A digest that is to be told now."""

    gathered_for: str  # whose rows it tells
    name: str  # how it is called: the digest's name, or the receiver's
    occasion: DigestOccasion
    receiver: Receiver  # who hears it
    period: Period
    due_at: float


def schedule_of(digest: Digest) -> str:
    """Return a schedule as text: of two equal ones the times are the same. Who hears it does not matter."""
    return f"{digest.at} {','.join(digest.days) if digest.days else 'daily'} {digest.zone}"


def schedules_of(routes: Routes) -> dict[str, str]:
    """Return the schedule of each digest, by its name."""
    return {one.name: schedule_of(one.digest) for one in routes.receivers if one.digest is not None}


def scheduled_due(routes: Routes, known: Mapping[str, DigestTime], now: datetime) -> list[Due]:
    """Return the digests of which a time has passed that was not told, each for the newest such time alone.

    It tells of all the time since the last one that was told: after a downtime over several times there is one digest, not several.
    """
    receivers = {one.name: one for one in routes.receivers}
    found = []
    for one in routes.receivers:
        if one.digest is None:
            continue
        time, to = known.get(one.name), receivers.get(one.digest.to)
        if time is None or time.schedule != schedule_of(one.digest) or to is None or to.digest is not None:
            continue
        due = last_time(one.digest, now + _MOMENT)
        since = datetime.fromtimestamp(time.first_at if time.told_at is None else time.told_at, UTC)
        if due.timestamp() > max(time.first_at, time.told_at or time.first_at):
            period = Period(since, due, one.digest.zone, next_time(one.digest, due))
            found.append(Due(one.name, one.name, DigestOccasion.SCHEDULED, to, period, due.timestamp()))
    return found


def gathered_due(routes: Routes, waiting: Iterable[Waiting], now: datetime) -> list[Due]:
    """Return the overflows and outages that are due, and what was gathered for a digest that is none any more."""
    receivers = {one.name: one for one in routes.receivers}
    found = []
    for group in waiting:
        occasion, name = _named(group.gathered_for)
        hears = _hears(receivers, name)
        if group.due_at > now.timestamp() or hears is None or (occasion is DigestOccasion.SCHEDULED and receivers[name].digest is not None):
            continue
        occasion = DigestOccasion.OVERFLOW if occasion is DigestOccasion.SCHEDULED else occasion
        period = Period(datetime.fromtimestamp(group.first_at, UTC), now, zone_for(routes, hears.name))
        found.append(Due(group.gathered_for, name, occasion, hears, period, group.due_at))
    return found


def orphans(routes: Routes, waiting: Iterable[Waiting]) -> list[str]:
    """Return of the groups that wait those that nobody in force would hear."""
    receivers = {one.name: one for one in routes.receivers}
    return [group.gathered_for for group in waiting if _hears(receivers, _named(group.gathered_for)[1]) is None]


def zone_for(routes: Routes, receiver: str) -> str:
    """Return the zone by whose clocks a receiver is told: that of its digest, else that of the first calendar, else UTC."""
    zones = [one.digest.zone for one in routes.receivers if one.digest is not None and one.digest.to == receiver]
    return next(iter([*zones, *(calendar.zone for calendar in routes.calendars)]), "UTC")


def digest_id_of(due: Due, row_ids: Sequence[int]) -> str:
    """Return the id of a digest, by its name, its time and what it tells: no row is ever taken by a digest that went out before it."""
    parts = ["digest", due.gathered_for, f"{due.due_at:.3f}", *map(str, row_ids)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _named(gathered_for: str) -> tuple[DigestOccasion, str]:
    """Return for what occasion rows were gathered, and the name of the receiver that it goes by."""
    for prefix, occasion in ((OVERFLOW_PREFIX, DigestOccasion.OVERFLOW), (OUTAGE_PREFIX, DigestOccasion.OUTAGE)):
        if gathered_for.startswith(prefix):
            return occasion, gathered_for.removeprefix(prefix)
    return DigestOccasion.SCHEDULED, gathered_for


def _hears(receivers: Mapping[str, Receiver], name: str) -> Receiver | None:
    """Return the receiver of that name, of a digest the one that hears it: what was gathered before it became the one or the other too."""
    named = receivers.get(name)
    hears = named if named is None or named.digest is None else receivers.get(named.digest.to)
    return hears if hears is not None and hears.digest is None else None
