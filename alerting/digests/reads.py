"""What a scheduled digest says beside its alerts, as the store has it. Reads alone."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection

from alerting.digests.contents import DAYS_SHOWN, Facts, Gathered
from alerting.digests.period import Period
from alerting.digests.proof import Place, Watched, proof_of
from alerting.message import Message, ShownWatchlist, from_json
from newswire.outcomes import SendOutcome
from newswire.records import Label, Severity
from newswire.store import matches, silences, standings, watch
from newswire.store.digests import GatheredRow

_log = structlog.get_logger(__name__)


def facts(connection: Connection, period: Period, *, now: datetime, watchlists: int, places: Mapping[str, Place] | None) -> Facts:
    """Return what was told and held in the period, the silences, and the proof of the watch; without `places` there is no watch to prove."""
    since, until = period.since.timestamp(), period.until.timestamp()
    return Facts(
        told=watch.told(connection, since, until),
        held=tuple(matches.held(connection, since, until)),
        silences=tuple(silences.every(connection)),
        stories_by_country=watch.stories_by_country(connection, until - timedelta(days=DAYS_SHOWN).total_seconds(), until),
        proof=None
        if places is None
        else proof_of(_watched(connection, since, now.timestamp(), watchlists, places), since, now.timestamp()),
    )


def gathered(rows: Iterable[GatheredRow]) -> list[Gathered]:
    """Return rows that were gathered as the alerts that they hold."""
    return [Gathered(_message(row), row.reason, datetime.fromtimestamp(row.created_at, UTC)) for row in rows]


def _message(row: GatheredRow) -> Message:
    """Return the row's message; where it cannot be read, what the row's own columns say of it: one bad row must not keep a digest back."""
    try:
        return from_json(row.message)
    except ValueError as error:
        _log.error("a gathered message cannot be read, told by its headline", alert_id=row.alert_id, error=str(error)[:200])
    severity = Severity(row.severity)
    return Message(
        alert_id=row.alert_id,
        story_id=row.story_id,
        severity=severity,
        watchlists=tuple(ShownWatchlist(name, name, severity, ()) for name in row.watchlists),
        item_id=row.item_id,
        title=row.title,
        url=row.url,
        outlet="",
        country=None,
        language="",
        published_at=None,
        seen_at=datetime.fromtimestamp(row.created_at, UTC),
        label=Label.OTHER,
        score=0.0,
        home=None,
        partners=(),
        organisations=(),
        topics=(),
        quote=None,
        carriers=(),
    )


def _watched(connection: Connection, since: float, now: float, watchlists: int, places: Mapping[str, Place]) -> Watched:
    articles, reports = watch.read(connection, since, now)
    return Watched(
        states=watch.sources(connection, since, now),
        places=places,
        marks=watch.marks(connection, since, now),
        articles=articles,
        reports=reports,
        watchlists=watchlists,
        queues=watch.queues(connection, now),
        refusing=refusing(connection, now),
    )


def refusing(connection: Connection, now: float) -> list[str]:
    """Return the receivers whose last answer was a refusal: of what waits, or of what was given up after the last that was sent."""
    return [
        name
        for name, one in standings.standings(connection, now).items()
        if one.trouble is SendOutcome.REFUSED or (one.last_failed_at is not None and one.last_failed_at > (one.last_sent_at or 0.0))
    ]
