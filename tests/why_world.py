"""A newsroom in this process: the real stages, composed as `newswire run` composes them, over a real store; only the network is made up."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any, Self

import structlog
import yaml

from newswire.cli import compose, compose_stages
from newswire.cli.compose import Ground
from newswire.cli.patience import Probes
from newswire.clock import ManualClock
from newswire.metrics import Metrics
from newswire.service import Worker
from newswire.settings import from_environment
from newswire.store import open_store
from tests.cli_in_process import shipped_understanding
from tests.fake_slack import FakeSlack
from tests.fakes import MemoryBus
from tests.fakes_http import FakeHttp, InlineJail

FEED = "https://www.nation.example/feed"
HOST = "https://nation.example"
TITLE = "Pakistan, US agree to boost cooperation in IT, telecom sector"
LEAD = "The minister of state for IT received the US ambassador in Islamabad."
BODY = (
    "Minister of State for IT Shaza Fatima Khawaja received the ambassador of the United States in Islamabad on Monday. "
    "They discussed the digitalisation of the judicial system and the promotion of the gaming industry in Pakistan. "
    "Both sides agreed to set up a joint working group on exports of software and on training in telecommunications, "
    "and to meet again in Washington before the end of the year to review its work."
)
GAMING: dict[str, Any] = {
    "title": "Gaming with partner countries",
    "severity": "high",
    "when": {"any": ["gaming industry"], "partners": ["US", "KR"]},
    "tests": [
        {"item": {"title": "US envoy and minister on the gaming industry", "label": "diplomacy", "partners": ["US"]}, "alert": True},
        {"item": {"title": "US envoy and minister on cables", "label": "diplomacy", "partners": ["US"]}, "alert": False},
    ],
}
DESK: dict[str, Any] = {"receivers": [{"name": "desk", "slack": {"channel": "#desk"}}], "route": {"to": "desk"}}


class Newsroom:
    """Sites and feeds that are made up, a folder with configuration and data, and the workers of all stages."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder, self.clock = folder, ManualClock(now)
        self.http, self.slack = FakeHttp(), FakeSlack()
        self.sources: list[dict[str, str]] = []
        self.write("routes.yaml", DESK)
        self._stack = ExitStack()
        self._workers: list[Worker] = []

    def __enter__(self) -> Self:
        self._stack.enter_context(self.slack)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "NEWSWIRE_CONFIG": str(self.folder / "config"),
            "NEWSWIRE_DATA": str(self.folder / "var"),
            "NEWSWIRE_SLACK_TOKEN": "xoxb-test",
            "NEWSWIRE_SLACK_URL": self.slack.url,
            "NEWSWIRE_DISK_LOW": "0",
        }

    def write(self, name: str, document: Any) -> None:
        path = self.folder / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")

    def watch(self, name: str = "gaming", **changes: Any) -> None:
        """Write a watchlist, by default the one on gaming with these keys changed."""
        self.write(f"watchlists/{name}.yaml", GAMING | changes)

    def source(self, url: str = FEED, outlet: str = "The Nation") -> None:
        self.sources.append({"url": url, "outlet": outlet, "country": "PK", "language": "en"})
        self.write("sources/test.yaml", {"sources": self.sources})

    def feed(self, *entries: str, url: str = FEED) -> None:
        listed = "".join(entries)
        self.http.serve(url, f'<rss version="2.0"><channel><title>News</title><link>{HOST}/</link>{listed}</channel></rss>')

    def entry(self, path: str = "/visit", *, title: str = TITLE, lead: str = LEAD, age: timedelta | None = timedelta(minutes=5)) -> str:
        """Return an entry of a feed; without an age it is undated."""
        dated = f"<pubDate>{format_datetime(self.clock.now() - age)}</pubDate>" if age is not None else ""
        return f"<item><title>{escape(title)}</title><link>{HOST}{path}</link><description>{escape(lead)}</description>{dated}</item>"

    def page(self, path: str = "/visit", *, title: str = TITLE, text: str = BODY) -> None:
        body = f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
        self.http.serve(HOST + path, body, headers={"content-type": "text/html; charset=utf-8"})

    def work(self, minutes: int = 1) -> None:
        """Let every stage do all that there is to do, this long."""
        workers = self._workers or self._compose()
        for _ in range(minutes * 6):
            for _ in range(4):
                for worker in workers:
                    worker.step()
            self.clock.set(self.clock.now() + timedelta(seconds=10))

    def _compose(self) -> list[Worker]:
        settings = from_environment(self.environment)
        store = open_store(settings.store_url)
        self._stack.callback(store.close)
        ground = Ground(
            settings, self.folder / "config", self.clock, Metrics(), structlog.get_logger(), store, MemoryBus(), "newsroom", Probes()
        )
        understanding, jail = shipped_understanding(), InlineJail()
        sources = compose.read_sources(ground.folder)
        desk = compose.keep_desk(ground, understanding)
        self._workers = [
            *compose_stages.collect_workers(ground, sources, self.http, jail, once=False),
            *compose_stages.process_workers(ground, understanding, self.http, jail),
            *compose_stages.alert_workers(ground, desk, self._stack, None),
        ]
        return self._workers
