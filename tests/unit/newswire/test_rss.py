"""RSS 2.0 as the specification has it, whatever a title holds."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import feedparser
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from newswire import rss
from newswire.rss import Entry
from tests.fakes import NOW


def channel_of(*entries: Entry) -> Any:
    return etree.fromstring(rss.feed("Alerts of gaming", "urn:newswire:alerts:gaming", "All of them.", entries, built_at=NOW)).find(
        "channel"
    )


def test_a_feed_has_what_the_specification_asks_for() -> None:
    entry = Entry("a" * 32, "Minister & envoy <b>meet</b>", "https://nation.example/1?a=1&b=2", NOW, "PK with US.", ("high", "gaming"))
    channel = channel_of(entry, Entry("b" * 32, "", "javascript:alert(1)", NOW, ""))
    assert [child.tag for child in channel][:3] == ["title", "link", "description"]
    item, other = channel.findall("item")
    assert (item.findtext("title"), item.findtext("link")) == (entry.title, entry.url)
    assert (item.find("guid").get("isPermaLink"), item.findtext("guid")) == ("false", "a" * 32)
    assert parsedate_to_datetime(item.findtext("pubDate")) == NOW
    assert [one.text for one in item.findall("category")] == ["high", "gaming"]
    assert other.find("link") is None
    assert other.findtext("title")


def test_a_feed_reader_reads_it_without_a_complaint() -> None:
    read = feedparser.parse(rss.feed("T", "urn:x", "D", [Entry("id1", "中巴 ‎اردو <x>", "https://a.example/", NOW, "d")], built_at=NOW))
    assert not read.bozo
    assert read.version == "rss20"
    assert (read.entries[0].id, read.entries[0].guidislink, read.entries[0].link) == ("id1", False, "https://a.example/")


@given(st.text(max_size=50), st.text(max_size=50), st.integers(0, 4_000_000_000))
def test_any_text_gives_a_document_that_is_well_formed(title: str, said: str, at: int) -> None:
    (item,) = channel_of(Entry("g", title, f"https://a.example/{said}", datetime.fromtimestamp(at, UTC), said)).findall("item")
    assert item.findtext("guid") == "g"
