"""The second look, decided: what an answer from a site means for its page, when to ask again, and which words to read. Pure."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from newswire.http import Fetched, FetchFailed
from newswire.outcomes import FetchReason, PageReason
from newswire.records import Item
from newswire.store.pages import DuePage, Retry
from processors.extract import Article, choose_text

ATTEMPTS: Final = 5
WINDOW_S: Final = 6 * 3600.0
_FIRST_BACK_OFF_S: Final = 120.0
_BACK_OFF_FACTOR: Final = 4  # 2 minutes, 8, 32, 128
_HOST_BUSY_S: Final = 30.0  # where the client does not say
_HOST_BUSY_LEAST_S: Final = 1.0

_PASSING: Final = frozenset(
    (
        *(FetchReason.DNS, FetchReason.CONNECT, FetchReason.PROTOCOL, FetchReason.DEADLINE),
        *(FetchReason.HTTP_5XX, FetchReason.RATE_LIMITED, FetchReason.HOST_BUSY),
    )
)
"""What may be otherwise in an hour."""

_HTML: Final = frozenset(("text/html", "application/xhtml+xml", "text/plain", "text/xml", "application/xml"))
_SNIFFED_BYTES: Final = 1_024


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The page gives nothing, for good: a FetchReason, ParseReason or PageReason."""

    reason: str


def after_failure(page: DuePage, failed: FetchFailed, now: float) -> Retry | GivenUp:
    """Return when to ask for the page again, or that it is not asked for any more.

    A host that was merely busy costs no attempt. Nothing is asked for past `WINDOW_S` from when the page was first due.
    """
    if failed.reason not in _PASSING:
        return GivenUp(failed.reason)
    return again(page, failed.reason, now, failed.retry_after_s)


def again(page: DuePage, reason: FetchReason, now: float, retry_after_s: float | None) -> Retry | GivenUp:
    """Return the next attempt after a fault that may pass, or `attempts` where there is none."""
    asked_s = retry_after_s or 0.0
    if reason is FetchReason.HOST_BUSY:
        attempts, wait_s = page.attempts, max(_HOST_BUSY_LEAST_S, asked_s or _HOST_BUSY_S)
    else:
        attempts = page.attempts + 1
        wait_s = max(_FIRST_BACK_OFF_S * _BACK_OFF_FACTOR ** (attempts - 1), asked_s)
    if attempts >= ATTEMPTS or now + wait_s > page.added_at + WINDOW_S:
        return GivenUp(PageReason.ATTEMPTS)
    return Retry(page.key, attempts, now + wait_s, reason)


def unusable(page: DuePage, fetched: Fetched) -> GivenUp | None:
    """Return why an answer cannot hold the article, or None where it is to be read."""
    if _led_home(page.url, fetched.url):
        return GivenUp(FetchReason.REDIRECT)
    if not _is_html(fetched):
        return GivenUp(PageReason.NOT_HTML)
    return None if fetched.body.strip() else GivenUp(PageReason.NO_TEXT)


def body_text(item: Item, article: Article) -> str | GivenUp:
    """Return the page's text where it is to be read, or why the feed's own words are the better ones."""
    if not article.text:
        return GivenUp(PageReason.NO_TEXT)
    chosen = choose_text(item.summary, item.content, article.text)
    return chosen if chosen == article.text else GivenUp(PageReason.LESS_TEXT)


def _is_html(fetched: Fetched) -> bool:
    kind = fetched.headers.get("content-type", "").partition(";")[0].strip().lower()
    start = fetched.body[:_SNIFFED_BYTES]
    if start.startswith((b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"PK\x03\x04", b"GIF8")):
        return False
    # UTF-16 is the one charset of pages that has NULs, and it says so with a byte order mark.
    text = b"\0" not in start or start.startswith((b"\xff\xfe", b"\xfe\xff"))
    return text and (not kind or kind in _HTML)


def _led_home(asked: str, answered: str) -> bool:
    """Return whether a link to an article was redirected to a front page, as sites do with articles that they have taken down."""
    was, now = urlsplit(asked), urlsplit(answered)
    return was.path.strip("/") != "" and now.path.strip("/") == "" and not now.query
