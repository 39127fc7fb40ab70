"""What a scheduled digest says beside its alerts, as the store has it. Reads alone."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from alerting.digests.contents import DAYS_SHOWN, Facts, Gathered
from alerting.digests.period import Period
from alerting.digests.proof import Place, Watched, proof_of
from alerting.message import from_json
from newswire.outcomes import SendOutcome
from newswire.store import matches, silences, standings, watch
from newswire.store.digests import GatheredRow


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
    return [Gathered(from_json(row.message), row.reason, datetime.fromtimestamp(row.created_at, UTC)) for row in rows]


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
        refusing=refusing(connection),
    )


def refusing(connection: Connection) -> list[str]:
    """Return the receivers whose last answer was a refusal: of what waits, or of what was given up after the last that was sent."""
    return [
        name
        for name, one in standings.standings(connection).items()
        if one.trouble is SendOutcome.REFUSED or (one.last_failed_at is not None and one.last_failed_at > (one.last_sent_at or 0.0))
    ]
