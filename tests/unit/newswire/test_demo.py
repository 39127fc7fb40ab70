import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newswire.demo import DemoSite, demo_items
from newswire.demo.site import HOST
from newswire.http.wire import resolve_by_system

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CORPUS = Path(__file__).parents[3] / "corpus"


def test_a_hundred_items_are_the_corpus_to_the_letter() -> None:
    rows = [json.loads(line) for path in CORPUS.glob("*.jsonl") for line in path.read_text("utf-8").splitlines()]
    known = {row["id"]: (row["title"], row["summary"], row["text"]) for row in rows}
    items = demo_items(NOW)
    own = [item for item in items if item.item_id.startswith("demo-")]
    assert len(own) == 5
    assert len(items) == 105
    assert all(known[item.item_id] == (item.title, item.summary, item.text) for item in items if item not in own)
    assert all(NOW - timedelta(hours=24) < item.published_at < NOW for item in items)


def _dialled(url: str) -> str:
    """Return the address as it is dialled: not every system's resolver knows the names of RFC 6761, Newswire's client does."""
    return url.replace(HOST, "127.0.0.1")


def test_names_below_localhost_are_this_machine() -> None:
    assert resolve_by_system(HOST, 80) == ["127.0.0.1"]


def test_the_site_serves_feeds_and_pages_on_loopback() -> None:
    with DemoSite(demo_items(NOW)[:8]) as site:
        for feed in site.feeds:
            with urllib.request.urlopen(_dialled(feed.url), timeout=5) as answer:
                assert answer.headers["Content-Type"].startswith("application/rss+xml")
                assert b"<item>" in answer.read()
        with urllib.request.urlopen(_dialled(site.article_url("demo-us-gaming")), timeout=5) as answer:
            page = answer.read().decode()
        assert "gaming industry with American help" in page
        assert "cookie" in page
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(_dialled(site.article_url("nothing")), timeout=5)
        missing.value.close()
