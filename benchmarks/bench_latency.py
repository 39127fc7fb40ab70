"""`make bench-latency`: from an entry first seen in a feed to its message accepted by Slack, under a steady load.

A web server (one process) lists 20 new articles a second in 40 feeds, each with its page; 0.2 of them a second and channel match a
watchlist, at random moments, each a story of its own. `newswire run` takes them through all stages, and posts to a Slack that speaks the
wire format (another process). Printed: p50 and p99 from seen to accepted, beside the limit, and the pieces: seen → reported → decided →
told, of what the feed's own text decided. Then the same on a real Kafka and PostgreSQL as three processes, where they can be started.
"""

import argparse
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml
from sqlalchemy import select

from benchmarks.bench_pipeline import articles, page_of, percentile
from newswire.demo.pages import feed_document
from newswire.records import Basis, MessageKind
from newswire.store import Store, archive, open_store
from newswire.store.engine import migrate
from newswire.store.tables import decisions, outbox
from tests.servers.kafka import FULL_SPEED, kafka_cluster
from tests.servers.postgres import postgres_server
from tests.servers.processes import ServerUnavailable

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

ROOT: Final = Path(__file__).resolve().parents[1]
ITEMS_A_S: Final = 20.0
ALERTS_A_S: Final = 0.2  # a channel
LIMIT_S: Final = 2.0
FEEDS: Final = 40
POLL_S: Final = 2.0
LISTED: Final = 20  # entries of a feed
WARM_S: Final = 15.0
SUBJECTS: Final = {"cables": "submarine cables", "games": "the gaming industry", "spectrum": "spectrum for 5G"}
"""A channel, a watchlist and a subject each."""
STATES: Final = [
    "Argentina",
    "Austria",
    "Belgium",
    "Brazil",
    "Bulgaria",
    "Cambodia",
    "Canada",
    "Chile",
    "Croatia",
    "Cuba",
    "Denmark",
    "Egypt",
    "Estonia",
    "Ethiopia",
    "Finland",
    "France",
    "Germany",
    "Ghana",
    "Greece",
    "Hungary",
    "Iceland",
    "Indonesia",
    "Iraq",
    "Ireland",
    "Italy",
    "Japan",
    "Kazakhstan",
    "Kenya",
    "Kuwait",
    "Laos",
    "Latvia",
    "Lithuania",
    "Luxembourg",
    "Malaysia",
    "Malta",
    "Mexico",
    "Moldova",
    "Mongolia",
    "Morocco",
    "Mozambique",
    "Myanmar",
    "Namibia",
    "Nepal",
    "Norway",
    "Peru",
    "Poland",
    "Portugal",
    "Qatar",
    "Romania",
    "Rwanda",
    "Senegal",
    "Serbia",
    "Singapore",
    "Slovakia",
    "Slovenia",
    "Spain",
    "Sweden",
    "Tajikistan",
    "Tanzania",
    "Thailand",
    "Tunisia",
    "Turkmenistan",
    "Uganda",
    "Ukraine",
    "Uruguay",
    "Uzbekistan",
    "Venezuela",
    "Vietnam",
    "Yemen",
    "Zambia",
    "Zimbabwe",
]


@dataclass(frozen=True, slots=True)
class Arrival:
    """An article, and when its feed lists it: seconds from the beginning."""

    at: float
    title: str
    summary: str
    text: str
    language: str


def arrivals(seconds: float) -> list[Arrival]:
    """Return what there is to read: corpus articles steadily, and at random moments, for each channel, one that its watchlist matches."""
    chance = random.Random(20261127)
    plain = [
        Arrival(number / ITEMS_A_S, one["title"], one["summary"], one["text"], one["language"])
        for number, one in enumerate(articles(int(seconds * ITEMS_A_S)))
    ]
    told = []
    states = chance.sample(STATES, len(STATES))
    for subject in SUBJECTS.values():
        at = chance.expovariate(ALERTS_A_S)
        while at < seconds and states:
            told.append(_matching(at, subject, states.pop()))
            at += chance.expovariate(ALERTS_A_S)
    return sorted([*plain, *told], key=lambda one: one.at)


def _matching(at: float, subject: str, state: str) -> Arrival:
    title = f"Pakistan and {state} sign accord on {subject}"
    summary = f"The minister of information technology of Pakistan received the ambassador of {state}. Both signed an accord on {subject}."
    text = f"{summary} The embassy of {state} said that a delegation of its ministry would visit Islamabad. " * 3
    return Arrival(at, title, summary, text, "en")


def serve(coming: Sequence[Arrival], begins_at: float, ready: "Connection") -> None:
    """Serve the feeds and the pages of what has come by now."""
    of_feed = [list(enumerate(coming))[feed::FEEDS] for feed in range(FEEDS)]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, number = self.path[1:].partition("/")
            if kind not in {"f", "a"}:
                self.send_error(404)
                return
            body = (self._feed(int(number)) if kind == "f" else self._page(int(number))).encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{'application/rss+xml' if kind == 'f' else 'text/html'}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _feed(self, feed: int) -> str:
            port, now = server.server_port, time.time()
            there = [(number, one) for number, one in of_feed[feed] if begins_at + one.at <= now][-LISTED:]
            listed = [
                (one.title, one.summary, f"http://127.0.{feed}.1:{port}/a/{number}", datetime.fromtimestamp(begins_at + one.at, UTC))
                for number, one in there
            ]
            return feed_document("Bench", "en", listed)

        def _page(self, number: int) -> str:
            one = coming[number]
            article = {"title": one.title, "text": one.text, "language": one.language}
            return page_of(article, datetime.fromtimestamp(begins_at + one.at, UTC))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the standard library's
            pass

    server = ThreadingHTTPServer(("", 0), Handler)
    server.daemon_threads = True
    ready.send(server.server_address[1])
    server.serve_forever()


@dataclass(frozen=True, slots=True)
class Told:
    """One message: the moments on its way, seconds since 1970."""

    seen: float
    reported: float
    decided: float
    told: float


def told(store: Store, since: float) -> tuple[list[Told], int, int]:
    """Return the messages of items seen since then that the feed's text decided; how many the page decided, and how many are untold."""
    parents = (
        select(outbox.c.item_id, outbox.c.settled_at, decisions.c.decided_at, decisions.c.basis)
        .join(decisions, decisions.c.decision_id == outbox.c.decision_id)
        .where(outbox.c.kind == MessageKind.PARENT.value)
    )
    found, by_page, untold = [], 0, 0
    with store.read() as connection:
        for row in connection.execute(parents).all():
            report = next(one for one in archive.of_item(connection, row.item_id) if one.basis.value == row.basis)
            seen = report.item.seen_at.timestamp()
            if seen < since:
                continue
            untold += row.settled_at is None
            by_page += row.basis == Basis.PAGE.value
            if row.settled_at is not None and row.basis == Basis.FEED.value:
                found.append(Told(seen, report.reported_at.timestamp(), row.decided_at, row.settled_at))
    return found, by_page, untold


@contextmanager
def world(folder: Path, seconds: float) -> Iterator[tuple[dict[str, str], float]]:
    """Yield the environment of a Newswire that watches all this, and when the first article comes."""
    context = multiprocessing.get_context("spawn")
    begins_at = time.time() + 12.0  # by then it runs
    parent, child = context.Pipe()
    web = context.Process(target=serve, args=(arrivals(seconds), begins_at, child), daemon=True)
    web.start()
    slack = subprocess.Popen(
        [sys.executable, "-m", "tests.fake_slack", "--log", str(folder / "slack.jsonl")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if not parent.poll(60):
            sys.exit("the web server did not start")
        port = parent.recv()
        assert slack.stdout is not None
        url = slack.stdout.readline().strip()
        _configure(folder / "config", port)
        yield (
            {
                **{name: value for name, value in os.environ.items() if not name.startswith("NEWSWIRE_")},
                "NEWSWIRE_CONFIG": str(folder / "config"),
                "NEWSWIRE_DATA": str(folder / "var"),
                "NEWSWIRE_ALLOW_NETWORKS": "127.0.0.0/8",
                "NEWSWIRE_ALLOW_PORTS": str(port),
                "NEWSWIRE_HOST_SPACING": "0s",
                "NEWSWIRE_POLL_FLOOR": "0s",
                "NEWSWIRE_HTTP_ADDRESS": "127.0.0.1:0",
                "NEWSWIRE_SLACK_TOKEN": "xoxb-bench",
                "NEWSWIRE_SLACK_URL": url,
                "NEWSWIRE_DISK_LOW": "0",
                "PYTHONPATH": str(ROOT),
            },
            begins_at,
        )
    finally:
        web.terminate()
        slack.terminate()
        slack.wait()


def _configure(config: Path, port: int) -> None:
    for name in ("sources", "watchlists"):
        (config / name).mkdir(parents=True)
    for name in ("taxonomy", "model"):
        (config / name).symlink_to(ROOT / "config" / name)
    sources = [
        {"url": f"http://127.0.{feed}.1:{port}/f/{feed}", "outlet": f"Bench {feed}", "interval": f"{POLL_S:.0f}s"} for feed in range(FEEDS)
    ]
    (config / "sources" / "bench.yaml").write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")
    for name, subject in SUBJECTS.items():
        when = {"all": [f"sign accord on {subject}"], "home": ["PK"]}
        test = {"item": {"title": f"Pakistan and Norway sign accord on {subject}", "label": "diplomacy", "home": "PK"}, "alert": True}
        watchlist = {"title": name, "severity": "high", "when": when, "tests": [test]}
        (config / "watchlists" / f"{name}.yaml").write_text(yaml.safe_dump(watchlist), encoding="utf-8")
    receivers = [{"name": name, "slack": {"channel": f"#{name}"}} for name in (*SUBJECTS, "rest")]
    routes = [{"match": {"watchlist": name}, "to": name} for name in SUBJECTS]
    (config / "routes.yaml").write_text(
        yaml.safe_dump({"receivers": receivers, "route": {"to": "rest", "routes": routes}}), encoding="utf-8"
    )


@contextmanager
def running(commands: Sequence[str], environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Yield while these commands of Newswire run; they are told to end afterwards. One that ended before is an error."""
    started = []
    try:
        for command in commands:
            with (folder / f"{command}.log").open("wb") as log:
                started.append(
                    subprocess.Popen([sys.executable, "-m", "newswire", command], env=environment, cwd=folder, stdout=log, stderr=log)
                )
        yield
        for command, process in zip(commands, started, strict=True):
            if process.poll() is not None:
                sys.exit(f"newswire {command} has ended:\n{(folder / f'{command}.log').read_text('utf-8')[-4_000:]}")
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def measure(name: str, commands: Sequence[str], seconds: float, servers: Mapping[str, str]) -> bool:
    """Run it, print the figures, and return whether the limit holds."""
    with tempfile.TemporaryDirectory() as place, world(Path(place), WARM_S + seconds) as (ours, begins_at):
        folder, environment = Path(place), {**ours, **servers}
        if servers:
            subprocess.run([sys.executable, "-m", "newswire", "topics", "create"], env=environment, cwd=folder, check=True, stdout=2)
        with running(commands, environment, folder):
            time.sleep(max(0.0, begins_at + WARM_S + seconds + 10.0 - time.time()))
        store = open_store(environment.get("NEWSWIRE_STORE", f"sqlite:///{folder / 'var' / 'newswire.sqlite3'}"))
        messages, by_page, untold = told(store, begins_at + WARM_S)
        store.close()
    return report(name, messages, by_page, untold)


def report(name: str, messages: Sequence[Told], by_page: int, untold: int) -> bool:
    """Print the figures and return whether the limit holds."""
    pieces = {
        "seen → reported": [one.reported - one.seen for one in messages],
        "reported → decided": [one.decided - one.reported for one in messages],
        "decided → accepted": [one.told - one.decided for one in messages],
    }
    whole = sorted(one.told - one.seen for one in messages)
    p99 = percentile(whole, 0.99)
    load = os.getloadavg()[0]
    print(
        f"{name}: {ITEMS_A_S:.0f} items/s, {ALERTS_A_S} alerts/s in each of {len(SUBJECTS)} channels; {os.cpu_count()} cores, load {load:.1f}"
    )
    print(f"messages                  {len(messages):>8,} decided by the feed's text, {by_page} by the page, {untold} untold at the end")
    print(f"seen → accepted by Slack  {percentile(whole, 0.5):>8.2f} s p50   {p99:.2f} s p99   (limit: p99 < {LIMIT_S:g} s)")
    for piece, values in pieces.items():
        ordered = sorted(values)
        print(f"  {piece:<23} {percentile(ordered, 0.5):>8.2f} s p50   {percentile(ordered, 0.99):.2f} s p99")
    return bool(messages) and not untold and p99 < LIMIT_S


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=75.0, help="of the steady load that is measured")
    parser.add_argument("--pair", choices=("embedded", "servers", "both"), default="both")
    options = parser.parse_args()
    holds = True
    if options.pair != "servers":
        holds = measure("SQLite, one process", ["run"], options.seconds, {})
    if options.pair != "embedded":
        holds = on_servers(options.seconds) and holds
    sys.exit(0 if holds else 1)


def on_servers(seconds: float) -> bool:
    """Measure on Kafka and PostgreSQL; say why not where they cannot be started."""
    try:
        with ExitStack() as stack:
            kafka = stack.enter_context(kafka_cluster(java=FULL_SPEED))
            url = stack.enter_context(postgres_server()).new_database()
            migrate(url)
            return measure(
                "Kafka and PostgreSQL, three processes",
                ["collect", "process", "alert"],
                seconds,
                {"NEWSWIRE_BUS": f"kafka://{kafka.servers}", "NEWSWIRE_STORE": url},
            )
    except ServerUnavailable as error:
        print(f"Kafka and PostgreSQL: not measured: {error}")
        return True


if __name__ == "__main__":
    main()
