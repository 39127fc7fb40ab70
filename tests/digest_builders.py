"""Gathered alerts, marks and proofs, for the tests of digests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from alerting.digests.contents import DigestContents, Facts, Gathered, contents_of
from alerting.digests.period import Period
from alerting.digests.proof import Place, Proof, Watched, proof_of
from alerting.digests.watch import MARK_EVERY_S
from alerting.message import Carrier, Message, ShownWatchlist
from newswire.outcomes import DigestOccasion, GatherReason, HoldReason
from newswire.records import Basis, Label, Severity
from newswire.silence import Silence
from newswire.store.matches import HeldStory
from newswire.store.watch import Mark, Queues, SourceState

DUE = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)  # 07:00 in Karachi, a Friday
SINCE = DUE - timedelta(days=1)
PERIOD = Period(SINCE, DUE, "Asia/Karachi", DUE + timedelta(days=3))


def hours(before: float) -> datetime:
    """Return the moment so many hours before the digest is due."""
    return DUE - timedelta(hours=before)


def an_alert(
    key: str,
    *,
    title: str = "Pakistan, US agree to boost cooperation in IT",
    severity: Severity = Severity.MEDIUM,
    partners: Sequence[str] = ("US",),
    topics: Sequence[str] = ("it_exports",),
    outlets: Sequence[tuple[str, str | None]] = (("The Nation", "PK"),),
    watchlist: str = "Gaming industry with partner countries",
    reason: GatherReason = GatherReason.DIGEST,
    at: datetime | None = None,
    url: str | None = "https://nation.example/story",
    unsupported: str | None = None,
) -> Gathered:
    digest = sha256(key.encode()).hexdigest()[:32]
    came = at or hours(5)
    outlet, country = outlets[0]
    shown = ShownWatchlist(watchlist.lower().replace(" ", "-")[:40], watchlist, severity, ("gaming industry", "partner US"))
    message = Message(
        alert_id=digest,
        story_id=digest[::-1],
        severity=severity,
        watchlists=(shown,),
        item_id=digest,
        title=title,
        url=f"{url}/{key}" if url else None,
        outlet=outlet,
        country=country,
        language="en",
        published_at=came - timedelta(minutes=4),
        seen_at=came - timedelta(minutes=1),
        label=Label.DIPLOMACY,
        score=0.97,
        home="PK",
        partners=tuple(partners),
        organisations=(),
        topics=tuple(topics),
        quote=None,
        carriers=tuple(Carrier(f"{digest}-{n}", "r1", Basis.FEED, name, code, None) for n, (name, code) in enumerate(outlets)),
        unsupported=unsupported,
    )
    return Gathered(message, reason, came)


def a_held(key: str, reason: HoldReason, *, severity: Severity = Severity.MEDIUM, silence: str | None = None) -> HeldStory:
    return HeldStory(
        watchlist="gaming",
        story_id=sha256(key.encode()).hexdigest()[:32],
        at=hours(6).timestamp(),
        severity=severity,
        reason=reason,
        item_id=key,
        title=f"Minister opens the gaming fair, {key}",
        url=f"https://dawn.example/{key}",
        outlet="Dawn",
        because=("gaming industry",),
        countries=("PK",),
        articles=1,
        silence_id=silence,
    )


def a_silence(
    *, ends: datetime, by: str = "Ayesha", why: str = "summit week", country: str = "KR", expired: datetime | None = None
) -> Silence:
    made = Silence({"country": (country,)}, hours(30).timestamp(), ends.timestamp(), by, why, hours(30).timestamp())
    return replace(made, expired_at=expired.timestamp(), expired_by=by) if expired else made


def marks(
    *, sources: int = 118, answered: int = 118, since: datetime = SINCE, until: datetime = DUE, every_s: float = MARK_EVERY_S
) -> list[Mark]:
    count = int((until - since).total_seconds() // every_s)
    return [Mark(since.timestamp() + n * every_s, sources, answered, 11, 20, 0.4) for n in range(count + 1)]


def source(
    n: int, *, answers: bool = True, reason: str | None = None, failures: int = 0, silent_since: datetime | None = None
) -> SourceState:
    read = (silent_since or hours(0.05)).timestamp()
    return SourceState(
        f"{n:012}", f"news{n}.example", answers, reason, failures, 30, hours(0.05).timestamp(), read, DUE.timestamp() + 300, None
    )


EVERY_SOURCE: Final = tuple(source(number) for number in range(118))
NOTHING_LATE: Final = Queues(None, None, 3)


def a_proof(
    states: Sequence[SourceState] = EVERY_SOURCE,
    *,
    countries: Sequence[str] = ("PK", "IN", "US", "CN", "TR", "SA", "AE", "GB", "JP", "KR"),
    of_marks: Sequence[Mark] | None = None,
    articles: int = 3_212,
    watchlists: int = 41,
    queues: Queues = NOTHING_LATE,
    refusing: Sequence[str] = (),
) -> Proof:
    places = {one.source_id: Place(f"Outlet {n + 1}", countries[n % len(countries)]) for n, one in enumerate(states)}
    kept = marks() if of_marks is None else of_marks
    return proof_of(
        Watched(states, places, kept, articles, 2 * articles - 304, watchlists, queues, refusing), SINCE.timestamp(), DUE.timestamp()
    )


def a_digest(
    *alerts: Gathered,
    occasion: DigestOccasion = DigestOccasion.SCHEDULED,
    name: str = "morning",
    facts: Facts | None = None,
    period: Period = PERIOD,
) -> DigestContents:
    return contents_of(sha256(name.encode()).hexdigest()[:32], name=name, occasion=occasion, period=period, gathered=alerts, facts=facts)


def facts(
    proof: Proof | None = None,
    *,
    told: int = 0,
    held: Sequence[HeldStory] = (),
    silences: Sequence[Silence] = (),
    days: dict[str, Sequence[int]] | None = None,
) -> Facts:
    """Return facts; `days` counts stories by country for the last days, the digest's own last."""
    stories = {
        code: {f"{code}-{back}-{n}": hours(24 * back + 1).timestamp() for back, count in enumerate(reversed(counts)) for n in range(count)}
        for code, counts in (days or {}).items()
    }
    return Facts(told, tuple(held), tuple(silences), stories, proof or a_proof())
