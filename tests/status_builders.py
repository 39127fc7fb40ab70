"""Facts for the tests of `newswire status`: a watch that is whole, and what is told of it differently."""

from dataclasses import replace
from typing import Any

from newswire.cli.status.facts import (
    BusFacts,
    DigestFacts,
    DiskFacts,
    Facts,
    FileFacts,
    LocalFacts,
    Place,
    Queue,
    ReceiverFacts,
    SizeFacts,
    StoreFacts,
)
from newswire.errors import Fault
from newswire.outcomes import FetchReason
from newswire.silence import Silence
from newswire.store.at_work import AtWork, Hearer, LastAlert, Lead, Overdue
from newswire.store.sizes import Kept, Sizes
from newswire.store.source_health import SourceHealth
from newswire.store.standings import Overdue as Late
from tests.fakes import NOW

AT = NOW.timestamp()
SIZES = Sizes(
    12_300_000,
    {"archive": 8_000_000, "seen": 1_200_000, "trail": 900_000},
    {"reports": Kept(AT - 60 * 86_400, AT), "decisions": Kept(None, None)},
)


def a_source(name: str, **told: Any) -> SourceHealth:
    """Return a source that was read a minute ago and brings something every hour."""
    url = f"https://{name}.example/feed"
    read = SourceHealth(name, url, f"{name}.example", 600.0, None, 0, AT - 60, AT - 60, None, 20, AT - 72_000, AT - 600)
    return replace(read, **told)


def a_dead_source(name: str, reason: str = FetchReason.CONNECT, *, hours: float = 30) -> SourceHealth:
    return a_source(name, reason=reason, failures=12, succeeded_at=AT - hours * 3_600)


def an_alert(title: str = "Pakistan, US agree to boost cooperation in IT, telecom sector", **told: Any) -> LastAlert:
    alert = LastAlert("a" * 32, title, "high", ("gaming-industry",), AT - 180, (Hearer("desk", "sent", None, AT - 179),))
    return replace(alert, **told)


def work(**told: Any) -> AtWork:
    at_work = AtWork(
        polled_at=AT - 60,
        sources_due=Overdue(0, None),
        pages=4,
        pages_due_since=AT - 30,
        collecting=(("node-1-4242-0a1b2c3d", 3),),
        reading=(("node-1-4242-0a1b2c3d", 2),),
        lead=Lead("node-1-4242-0a1b2c3d", AT + 8, 3),
        alerts=[an_alert()],
    )
    return replace(at_work, **told)


def a_receiver(name: str = "desk", **told: Any) -> ReceiverFacts:
    one = ReceiverFacts(name, "slack", "#it-diplomacy", "ok", None, None, None, 0, 0, 0, "2026-11-02T08:57:00+00:00")
    return replace(one, **told)


def store(**told: Any) -> StoreFacts:
    sources = [a_source("dawn"), a_source("nation"), a_source("state-dept")]
    facts = StoreFacts(sources, work(), {}, {}, (), (), backup_at=AT - 40_000, sizes=SIZES)
    return replace(facts, **told)


def bus(**told: Any) -> BusFacts:
    queues = (Queue("news.items", "processors", 0, None, 1), Queue("news.reports", "alerting", 0, None, 1))
    return replace(BusFacts(queues, 1, 0, None), **told)


def files(**told: Any) -> FileFacts:
    places = {"dawn": Place("Dawn", "PK"), "nation": Place("The Nation", "PK"), "state-dept": Place("State Department", "US")}
    facts = FileFacts("config", places, (), {"gaming-industry": "active", "spectrum": "active", "cables": "staged"}, (), ())
    return replace(facts, **told)


def local(**told: Any) -> LocalFacts:
    stages = ("alert", "collect", "process")
    here = LocalFacts("127.0.0.1:9464", ours=True, ready=True, version="0.1.0", stages=stages, files_in_force=True)
    return replace(here, **told)


def whole(**told: Any) -> Facts:
    """Return the facts of a watch in which nothing is amiss."""
    facts = Facts(
        now=NOW,
        store=store(),
        bus=bus(),
        local=local(),
        files=files(),
        receivers=(a_receiver(),),
        sizes=SizeFacts(4_100_000, (DiskFacts("var", 61_000_000_000, 100_000_000_000, 5e9),)),
        store_shown="var/newswire.sqlite3",
        bus_shown="embedded, var/bus.sqlite3",
    )
    return replace(facts, **told)


def troubled() -> Facts:
    """Return a bad night: a receiver that refuses, one that is late, sources that are silent, files with faults."""
    return whole(
        store=store(
            sources=[a_dead_source("dawn", FetchReason.HTTP_4XX), a_dead_source("nation", hours=9), a_source("state-dept")],
            overdue={"desk": Late(AT - 9_000, 12), "archive": Late(AT - 1_200, 3)},
            silences=[Silence({"watchlist": ("cables",)}, AT - 60, AT + 7_200, "ada@desk", "tender in progress", AT - 60)],
            work=work(
                alerts=[
                    an_alert(
                        "سلطنة عُمان وإيران توسعان تعاونهما في البنية الأساسية للاتصالات",
                        hearers=(Hearer("desk", "new", None, None), Hearer("archive", "sent", None, AT)),
                    ),
                    an_alert(),
                ]
            ),
            backup_at=AT - 3 * 86_400,
        ),
        bus=bus(dead=3, dead_newest_at=AT - 900),
        files=files(
            faults=(Fault("config/watchlists/spectrum.yaml", 12, 5, "unknown country 'Pakstan'; did you mean Pakistan?"),),
            digests=(DigestFacts("morning", "desk", AT + 79_200),),
        ),
        receivers=(
            a_receiver(
                "archive",
                kind="webhook",
                state="unreachable",
                why="connection_refused",
                do="nothing listens there: look at host and port",
                waiting=3,
            ),
            a_receiver(
                state="refused",
                why="invalid_auth",
                do="Slack does not take the token: look it up in the app's page (docs/slack.md), set NEWSWIRE_SLACK_TOKEN, and start Newswire anew",
                waiting=12,
            ),
        ),
    )
