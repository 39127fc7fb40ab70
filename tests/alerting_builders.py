"""Reports, watchlists and a leadership that always leads, for the tests of alerting."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from alerting.decide import Match
from alerting.routes import Routes
from alerting.watchlists.compile import WatchlistSet, compile_watchlists
from alerting.watchlists.model import Watchlist
from newswire.bus import Delivered
from newswire.codec import encode
from newswire.outcomes import HoldReason
from newswire.records import Basis, Evidence, Field, Item, Label, Report, Severity, Span, WatchlistVerdict
from newswire.store.matches import Matched
from newswire.topics import REPORTS
from tests.fakes import NOW

LEAD = "The minister of state for IT received the US ambassador in Islamabad."
BODY = (
    "Digitalisation of the judicial system and the promotion of the gaming industry were discussed. "
    "Both sides agreed to set up a joint working group on exports."
)


def a_report(
    key: str = "one",
    *,
    title: str = "Pakistan, US agree to boost cooperation in IT, telecom sector",
    lead: str = LEAD,
    text: str = BODY,
    revision: str = "r1",
    basis: Basis = Basis.FEED,
    final: bool = False,
    label: Label = Label.DIPLOMACY,
    score: float = 0.97,
    home: str | None = "PK",
    partners: Sequence[str] = ("US",),
    topics: Sequence[str] = ("gaming", "digital_government"),
    organisations: Sequence[str] = (),
    outlet: str = "The Nation",
    country: str | None = "PK",
    language: str = "en",
    url: str | None = None,
    published_at: datetime | None = NOW - timedelta(minutes=5),
    backlog: bool = False,
    evidence: Sequence[Evidence] = (),
) -> Report:
    item_id = sha256(key.encode()).hexdigest()[:32]
    item = Item(
        item_id=item_id,
        revision=sha256(revision.encode()).hexdigest()[:16],
        source_id="0123456789ab",
        source_url="https://nation.example/feed",
        outlet=outlet,
        outlet_country=country,
        language_hint=None,
        url=url if url is not None else f"https://nation.example/{key}",
        guid=None,
        title=title,
        summary=lead,
        content="",
        published_at=published_at,
        seen_at=NOW - timedelta(seconds=30),
        backlog=backlog,
        trace_id=f"trace-{key}",
    )
    rest = (1 - score) / 2
    return Report(
        item=item,
        basis=basis,
        final=final,
        text=text,
        language=language,
        label=label,
        score=score,
        scores={one.value: score if one is label else rest for one in Label},
        home=home,
        partners=tuple(partners),
        countries=(),
        organisations=tuple(organisations),
        people=(),
        topics=tuple(topics),
        evidence=tuple(evidence),
        model="0123456789ab",
        reported_at=NOW,
    )


def page_of(report: Report, **changes: Any) -> Report:
    """Return the page report that follows a feed report."""
    return replace(report, basis=Basis.PAGE, final=True, **changes)


def span_of(report: Report, word: str, field: Field = Field.BODY) -> Span:
    text = {Field.TITLE: report.item.title, Field.LEAD: report.item.summary, Field.BODY: report.text}[field]
    start = text.index(word)
    return Span(field, start, start + len(word), word)


def a_match(
    name: str = "gaming",
    *,
    title: str = "Gaming industry with partner countries",
    severity: Severity = Severity.HIGH,
    because: Sequence[str] = ("gaming industry", "partner US"),
    receivers: Sequence[str] = ("desk",),
    spans: Sequence[Span] = (),
    held: HoldReason | None = None,
) -> Match:
    verdict = WatchlistVerdict(name, "0123456789ab", severity, matched=True, reason=held, because=tuple(because), missed=None)
    return Match(verdict, title, tuple(spans), tuple(receivers) if held is None else ())


def a_miss(
    name: str = "gaming", *, reason: HoldReason = HoldReason.LABEL, missed: str = "label is domestic (0.93), wants diplomacy"
) -> Match:
    verdict = WatchlistVerdict(name, "0123456789ab", Severity.HIGH, matched=False, reason=reason, because=(), missed=missed)
    return Match(verdict, "Gaming industry", (), ())


GAMING = {
    "title": "Gaming industry with partner countries",
    "severity": "high",
    "when": {"any": ["gaming industry"], "partners": ["US", "KR"]},
}
TELECOM = {"title": "Telecom with anybody", "severity": "medium", "when": {"any": ["spectrum", "5G"], "partners": "any"}}


def a_set(**watchlists: Any) -> WatchlistSet:
    return compile_watchlists({name: Watchlist.model_validate(one) for name, one in watchlists.items()}, {})


def routes_to(*names: str) -> Routes:
    return Routes.model_validate(
        {"receivers": [{"name": name, "slack": {"channel": f"#{name}"}} for name in names], "route": {"to": list(names)}},
    )


def delivered(*reports: Report) -> list[Delivered]:
    return [Delivered(REPORTS.name, 0, n, one.item.item_id, encode(one), {}, NOW) for n, one in enumerate(reports)]


class AlwaysLeading:
    """The leadership of a process that is alone."""

    epoch = 1

    def leading(self) -> bool:
        return True

    def check(self, connection: Connection) -> int:
        return self.epoch

    def resign(self) -> None:
        """Hold nothing."""


A_MATCH_KEPT = Matched(
    watchlist="gaming",
    item_id="a" * 32,
    revision="1" * 16,
    basis=Basis.FEED,
    final=False,
    story_id="s1",
    severity=Severity.HIGH,
    reason=None,
    content_hash="0123456789ab",
    because=("gaming industry", "partner US"),
    title="Minister meets envoy",
    url="https://nation.example/1",
    outlet="The Nation",
)
"""What the store keeps of a match: plain values, for tests to change."""
