"""A world in which some of everything happens, in processes that a real Prometheus scrapes: for the dashboards, their test and their pictures."""

import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Final

import yaml

from newswire.demo import DemoSite, demo_items
from tests.acceptance.test_back_pressure import Told
from tests.acceptance.world import Answer, Entry, Web, World
from tests.fake_slack import FakeSlack
from tests.servers.processes import free_ports
from tests.servers.prometheus import Prometheus, prometheus_server

FAULTS: Final = ("accept_then_reset", "rate_limited:1", "error:fatal_error", "ok", "http_503")
"""What Slack answers first: each of them is told all the same."""

TROUBLES: Final = {
    "/refuses": Answer(b"no", status=403),
    "/busy": Answer(b"later", status=429, headers={"Retry-After": "60"}),
    "/gone": Answer(b"gone", status=410),
    "/broken": Answer(b"oh", status=500),
    "/no-feed": Answer(b"<html><body>Buy now</body></html>"),
}
"""Sources that fail, each in its own way."""

_ROUTES: Final = """receivers:
  - {name: desk, slack: {channel: "#it-diplomacy"}}
  - {name: elsewhere, slack: {channel: "#archived"}}
  - {name: morning, digest: {to: desk, at: "07:00", zone: UTC}}
  - {name: terminal, terminal: {}}
route:
  to: morning
  routes:
    - {match: {tags: gaming}, to: elsewhere, continue: true}
    - {match: {severity: [medium, high, critical]}, to: desk}
fallback: terminal
"""
_PARTNERS: Final = ("South Korea", "Saudi Arabia", "China", "Germany", "Japan", "Turkey", "Malaysia", "Qatar", "France", "Uzbekistan")
_SUBJECTS: Final = (
    "submarine cables",
    "5G spectrum",
    "artificial intelligence",
    "data centres",
    "cyber security",
    "digital payments",
    "esports",
)
_COUNTRIES: Final = ("PK", "US", "CN", "DE", "GB", "SA")
_WAIT_S: Final = 60.0


@dataclass(frozen=True)
class Watched:
    """Processes that run, and the Prometheus that scrapes them under these names."""

    prometheus: Prometheus
    addresses: Mapping[str, str]
    publish: Callable[[], None]  # one more story, in the feeds of two outlets

    def exposed(self) -> str:
        """Return what all processes serve under /metrics."""
        texts = []
        for address in self.addresses.values():
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
                texts.append(answer.read().decode())
        return "".join(texts)

    def wait_for(self, *expressions: str, limit_s: float = _WAIT_S) -> None:
        """Return when each of these is more than nothing.

        Raises:
            AssertionError: it took too long; the message names those that are missing.

        """
        began = time.monotonic()
        while missing := [one for one in expressions if not any(sample.value > 0 for sample in self.prometheus.query(one))]:
            assert time.monotonic() - began < limit_s, f"never happened: {missing}"
            time.sleep(0.5)


@contextmanager
def watched(
    world: World,
    web: Web,
    slack: FakeSlack,
    stages: Sequence[Sequence[str]],
    *,
    rules: Sequence[Path] = (),
    scrape_s: float = 1,
    items: int = 40,
    age: timedelta = timedelta(0),
    settle_s: float = 0,
    troubles: Iterable[str] = (),
) -> Iterator[Watched]:
    """Yield a world that runs: `stages` are commands by process, `items` how many the demo lists and `age` how old they are, `troubles` names of bad sources.
    Prometheus first looks when they have run for `settle_s`: on most days the start was long ago.

    All has ended when it returns.
    """
    with ExitStack() as stack:
        site = stack.enter_context(DemoSite(demo_items(datetime.now(UTC) - age)[:items]))
        bad = stack.enter_context(Web("127.0.0.2"))  # a host of its own: what it asks of us holds back nobody else
        world.allow_ports(web.port, bad.port, site.port)
        world.slack(slack.url)
        (world.config / "routes.yaml").write_text(_ROUTES, encoding="utf-8")
        publish = _sources(world, web, bad, site, troubles)
        names = [words[0] for words in stages]
        addresses = {name: f"127.0.0.1:{port}" for name, port in zip(names, free_ports(len(names)), strict=True)}
        for name, words in zip(names, stages, strict=True):
            stack.callback(Told(world.start(*words, NEWSWIRE_HTTP_ADDRESS=addresses[name])).end)
        time.sleep(settle_s)
        prometheus = stack.enter_context(prometheus_server(world.root, addresses, rules=rules, scrape_s=scrape_s, evaluate_s=scrape_s))
        yield Watched(prometheus, addresses, publish)


def _sources(world: World, web: Web, bad: Web, site: DemoSite, troubles: Iterable[str]) -> Callable[[], None]:
    """Write the sources, good ones and bad ones, and return what publishes one more story."""
    listed: list[Entry] = []
    numbers = iter(range(10_000))
    lines = [
        {"url": feed.url, "outlet": feed.outlet, "language": feed.language, "interval": "20s"}
        | ({"country": country} if country != "GB" else {})  # some have no country
        for feed, country in zip(site.feeds, cycle(_COUNTRIES), strict=False)
    ]
    for path in troubles:
        bad.answers[path] = TROUBLES[path]
        lines.append({"url": bad.base + path, "outlet": f"Outlet {path}", "country": "PK", "interval": "10s"})
    lines += [
        {"url": web.base + path, "outlet": outlet, "country": "PK", "language": "en", "interval": "2s"}
        for path, outlet in (("/wire", "The Wire"), ("/echo", "The Echo"))
    ]
    (world.config / "sources" / "all.yaml").write_text(yaml.safe_dump({"sources": lines}, allow_unicode=True), encoding="utf-8")

    def publish() -> None:
        number = next(numbers)
        partner, subject = _PARTNERS[number % len(_PARTNERS)], _SUBJECTS[number % len(_SUBJECTS)]
        title = f"Pakistan, {partner} sign memorandum on {subject}, round {number}"
        text = (
            f"The minister of information technology received the ambassador of {partner}. Both sides signed a memorandum on {subject}.\n\n"
            * 3
        )
        now = datetime.now(UTC)
        listed.append(Entry(title, text[:120], web.page(f"/story/{number}", title, text), now))
        echoed = [Entry(one.title, one.summary, f"{one.link}?from=echo", one.published_at) for one in listed]
        web.feed("/wire", listed[-20:], ETag=f'"{number}"')
        for one in echoed[-1:]:
            path = one.link.removeprefix(web.base)
            web.answers[path] = web.answers[path.partition("?")[0]]
        web.feed("/echo", echoed[-20:])

    publish()
    return publish
