"""The first look: a report from what the feed carries, and whether the article page is owed a second one. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from newswire.outcomes import NoPageReason
from newswire.records import Basis, Item, Report
from processors.extract import carries_full_text
from processors.report import Understanding, make_report

_NO_PAGES: Final = (
    *(".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".zip", ".epub"),
    *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".mp3", ".m4a", ".ogg", ".wav", ".mp4", ".m3u8", ".mov", ".webm"),
)


@dataclass(frozen=True, slots=True)
class FeedLook:
    """The feed's report, and why no page is fetched for it (None: its page is due)."""

    item: Item
    report: Report
    no_page: NoPageReason | None


def look_at_feed(understanding: Understanding, item: Item, now: datetime) -> FeedLook:
    """Return the report made from the feed's own words. It is final where nothing more is to be had."""
    no_page = why_no_page(item)
    report = make_report(understanding, item, item.content, basis=Basis.FEED, final=no_page is not None, now=now)
    return FeedLook(item, report, no_page)


def final_without_page(understanding: Understanding, item: Item, now: datetime, page_failure: str) -> Report:
    """Return the feed's own report, made final because its page failed for good."""
    return make_report(understanding, item, item.content, basis=Basis.FEED, final=True, now=now, page_failure=page_failure)


def why_no_page(item: Item) -> NoPageReason | None:
    """Return why the item's page need not or cannot be read, or None where it is to be fetched."""
    if item.url is None:
        return NoPageReason.NO_URL
    parts = urlsplit(item.url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.lower().endswith(_NO_PAGES):
        return NoPageReason.NOT_A_PAGE
    whole = carries_full_text(item.content) or carries_full_text(item.summary)
    return NoPageReason.FULL_TEXT if whole else None
