"""The demo's web server: `/feeds/N.xml` for each outlet, `/articles/ID` for each item, `/robots.txt`."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Thread
from typing import Final, Self

from newswire.demo.pages import article_page, feed_document

_MINUTES_APART: Final = 2
HOST: Final = "demo.localhost"
"""A name that needs no DNS: browsers, and Newswire, take it for this machine (RFC 6761)."""


@dataclass(frozen=True, slots=True)
class DemoItem:
    """One article of the demo, with the date it carries today."""

    item_id: str
    language: str
    outlet: str
    title: str
    summary: str
    text: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class DemoFeed:
    """One outlet's feed: where it is and what a source file would say of it."""

    url: str
    outlet: str
    language: str


def demo_items(now: datetime) -> tuple[DemoItem, ...]:
    """Return the demo's items, dated as if each had been published in the last hours before `now`, the first one latest."""
    lines = files("newswire.demo").joinpath("items.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return tuple(
        DemoItem(
            item_id=row["id"],
            language=row["lang"],
            outlet=row["outlet"],
            title=row["title"],
            summary=row["summary"],
            text=row["text"],
            published_at=now - timedelta(minutes=_MINUTES_APART * (index + 1)),
        )
        for index, row in enumerate(rows)
    )


class DemoSite:
    """A running web server on 127.0.0.1, on a port of the system's choice. Use it as a context manager."""

    def __init__(self, items: Sequence[DemoItem]) -> None:
        by_outlet: dict[str, list[DemoItem]] = defaultdict(list)
        for item in items:
            by_outlet[item.outlet].append(item)
        self._bodies: dict[str, tuple[str, Callable[[], str]]] = {
            "/robots.txt": ("text/plain", lambda: "User-agent: *\nDisallow: /private/\n")
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.feeds = tuple(self._add_outlet(number, outlet, listed) for number, (outlet, listed) in enumerate(by_outlet.items(), start=1))
        self._thread = Thread(target=self._server.serve_forever, name="demo-site", daemon=True)

    def article_url(self, item_id: str) -> str:
        """Return the address of an item's page."""
        return f"http://{HOST}:{self.port}/articles/{item_id}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _add_outlet(self, number: int, outlet: str, items: Sequence[DemoItem]) -> DemoFeed:
        path = f"/feeds/{number}.xml"
        language = items[0].language
        entries = [(item.title, item.summary, self.article_url(item.item_id), item.published_at) for item in items]
        self._bodies[path] = ("application/rss+xml", lambda: feed_document(outlet, language, entries))
        for item in items:
            related = [(other.title, self.article_url(other.item_id)) for other in items if other is not item]
            self._bodies[f"/articles/{item.item_id}"] = (
                "text/html",
                lambda item=item, related=related: article_page(  # type: ignore[misc]  # the defaults bind this turn of the loop
                    outlet=outlet, language=language, title=item.title, text=item.text, published_at=item.published_at, related=related
                ),
            )
        return DemoFeed(f"http://{HOST}:{self.port}{path}", outlet, language)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        bodies = self._bodies

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = bodies.get(self.path.partition("?")[0])
                if found is None:
                    self.send_error(404)
                    return
                kind, body = found
                encoded = body().encode("utf-8")
                self.send_response(200)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(encoded)))
                self.end_headers()
                self.wfile.write(encoded)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the standard library's
                """Say nothing: the terminal belongs to the alerts."""

        return Handler
