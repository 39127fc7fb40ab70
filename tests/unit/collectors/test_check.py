from datetime import UTC, datetime

import pytest

from collectors.check import check_source, find_source
from newswire.jail import Killed, KillReason
from newswire.outcomes import FetchReason, ParseReason
from tests.fakes import NOW
from tests.fakes_http import FakeHttp, InlineJail

FEED = (
    '<rss version="2.0"><channel><title>News</title><language>en</language>'
    "<item><title>A</title><link>https://n.example/a</link><pubDate>Sun, 01 Nov 2026 10:00:00 GMT</pubDate></item>"
    "<item><title>B</title><link>https://n.example/b</link><pubDate>Mon, 02 Nov 2026 10:00:00 PKT</pubDate></item></channel></rss>"
)


@pytest.fixture
def http() -> FakeHttp:
    return FakeHttp()


@pytest.fixture
def jail() -> InlineJail:
    return InlineJail()


def test_a_check_says_what_the_feed_gives(http: FakeHttp, jail: InlineJail) -> None:
    http.serve("https://n.example/feed", FEED, permanent_url="https://new.example/feed")
    found = check_source(http, jail, "https://N.example/feed#top", now=NOW)
    assert found.ok
    assert (found.entries, found.title, found.language, found.charset, found.reader) == (2, "News", "en", "utf-8", "strict")
    assert found.newest == datetime(2026, 11, 2, 5, 0, tzinfo=UTC)
    assert found.permanent_url == "https://new.example/feed"


def test_a_check_says_why_there_is_no_feed(http: FakeHttp, jail: InlineJail) -> None:
    http.fail("https://n.example/down", FetchReason.DNS)
    http.serve("https://n.example/page", "<html><p>No feed here</p></html>")
    assert check_source(http, jail, "https://n.example/down", now=NOW).reason is FetchReason.DNS
    assert check_source(http, jail, "https://n.example/page", now=NOW).reason is ParseReason.NOT_A_FEED
    assert check_source(http, jail, "file:///etc/passwd", now=NOW).reason is FetchReason.BAD_URL
    jail.kill = Killed(KillReason.MEMORY, "read_feed")
    assert check_source(http, jail, "https://n.example/page", now=NOW).reason is ParseReason.PARSE_KILLED


def test_the_feed_is_found_that_a_page_names(http: FakeHttp, jail: InlineJail) -> None:
    http.serve(
        "https://n.example/",
        """<!doctype html><head><link rel=alternate type="application/rss+xml" href="javascript:x">
        <link rel="alternate" type="application/rss+xml" href="/broken"><link rel="stylesheet" href="/s.css">
        <link rel="ALTERNATE home" type="application/rss+xml; charset=utf-8" href="feed?x=1&amp;y=2"></head>""",
    )
    http.serve("https://n.example/feed?x=1&y=2", FEED)
    found = find_source(http, jail, "https://n.example/", now=NOW)
    assert found.ok
    assert found.url == "https://n.example/feed?x=1&y=2"


def test_a_page_that_names_no_feed_is_said_to_be_none(http: FakeHttp, jail: InlineJail) -> None:
    http.serve("https://n.example/", "<html><head></head></html>")
    assert find_source(http, jail, "https://n.example/", now=NOW).reason is ParseReason.NOT_A_FEED
