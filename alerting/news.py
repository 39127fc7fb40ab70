"""What a report adds to what a receiver was told, and how the watchlists that reach it want that told. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerting.message import TITLE_KEPT, Carrier, Message
from alerting.updates import Correction, NewReport, Update
from alerting.watchlists.telling import DEFAULT_UPDATE_EVERY, Updates
from newswire.records import Report

_LEAST_TALKATIVE_FIRST: Final = (Updates.NONE, Updates.EDIT, Updates.THREAD, Updates.MESSAGE)


@dataclass(frozen=True, slots=True)
class Manner:
    """How later reports of a story are told to a receiver."""

    updates: Updates = Updates.THREAD
    every: timedelta = DEFAULT_UPDATE_EVERY  # so long later reports are gathered for one reply
    realert: timedelta | None = None  # after so long a story that goes on is told anew

    @property
    def replies(self) -> bool:
        """Whether a message of its own tells of them."""
        return self.updates in (Updates.THREAD, Updates.MESSAGE)

    def is_due_anew(self, told_at: datetime | None, now: datetime) -> bool:
        """Return whether what was told then is to be told anew now."""
        return self.realert is not None and told_at is not None and now - told_at >= self.realert


PLAIN_MANNER: Final = Manner()
"""How a watchlist tells that says nothing of it."""


def manner_of(manners: Iterable[Manner]) -> Manner:
    """Return how a receiver is told that several watchlists reach: the most talkative counts, and the shortest times."""
    given = list(manners)
    if not given:
        return PLAIN_MANNER
    return Manner(
        updates=max((one.updates for one in given), key=_LEAST_TALKATIVE_FIRST.index),
        every=min(one.every for one in given),
        realert=min((one.realert for one in given if one.realert is not None), default=None),
    )


def news_of(before: Message, after: Message, report: Report, *, in_channel: bool = False) -> Update:
    """Return what `after`, which is `before` with this report in it, says that `before` did not; empty where that is nothing."""
    known = next((one for one in before.carriers if one.item_id == report.item.item_id), None)
    carrier = next((one for one in after.carriers if one.item_id == report.item.item_id), None)
    fresh = carrier if known is None else None  # past the limit of carriers there is neither: the alert stays one, and names no more
    was = {shown.watchlist for shown in before.watchlists}
    raised = after.severity.rank > before.severity.rank
    supporting = after.supporting
    return Update(
        alert_id=after.alert_id,
        story_id=after.story_id,
        title=after.title,
        url=after.url,
        severity=after.severity,
        outlets=len({one.outlet for one in supporting} or {after.outlet}),
        countries=len({one.country for one in supporting if one.country}),
        raised_from=before.severity if raised else None,
        partners=tuple(code for code in after.partners if code not in before.partners),
        watchlists=tuple(shown for shown in after.watchlists if shown.watchlist not in was),
        speaks_for=tuple(shown.watchlist for shown in after.watchlists),
        reports=() if fresh is None else (_new_report(before, fresh, report),),
        officials=() if fresh is None or not fresh.official or _was_there(before, fresh) else (fresh.outlet,),
        corrections=_corrections(before, known, carrier),
        withdrawn=_withdrawn(after, known, carrier),
        unsupported=after.unsupported if before.unsupported is None else None,
        supported_again=before.unsupported is not None and after.unsupported is None,
        in_channel=in_channel,
    )


def _new_report(before: Message, fresh: Carrier, report: Report) -> NewReport:
    again = any(one.outlet == fresh.outlet for one in before.carriers)
    return NewReport(fresh.item_id, fresh.outlet, fresh.country, fresh.title, fresh.url, report.language, again=again)


def _was_there(before: Message, official: Carrier) -> bool:
    return any(one.official and one.outlet == official.outlet for one in before.carriers)


def _corrections(before: Message, known: Carrier | None, carrier: Carrier | None) -> tuple[Correction, ...]:
    if known is None or carrier is None or known.revision == carrier.revision:
        return ()
    old = known.title or (before.title[:TITLE_KEPT] if known.item_id == before.item_id else carrier.title)
    return (Correction(carrier.item_id, carrier.outlet, carrier.url, old, carrier.title),)


def _withdrawn(after: Message, known: Carrier | None, carrier: Carrier | None) -> tuple[str, ...]:
    taken_back = known is not None and carrier is not None and known.supports and not carrier.supports
    return (carrier.outlet,) if taken_back and carrier is not None and after.unsupported is None else ()
