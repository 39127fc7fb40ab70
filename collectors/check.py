"""What a source gives today, for `newswire sources check` and `newswire sources add`: one fetch, one reading, nothing kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from collectors.dates import published_at
from collectors.decode import charset_of
from collectors.entries import Feed
from collectors.fetch import Validators, feed_request
from collectors.jailed import FIND_FEEDS, READ_FEED
from collectors.parse import Hints, ParseFailed, read_at_once
from collectors.sources import normalised_url
from newswire.http import Fetched, FetchFailed, Http
from newswire.jail import Jail, Killed, TaskRaised
from newswire.outcomes import FetchReason, ParseReason

_PARSE_DEADLINE_S: Final = 3.0
_WAIT_S: Final = 60.0  # past every deadline of a fetch: a future that never comes is a bug of the client
_CANDIDATES: Final = 5


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What one fetch of a source gave. `reason` and `detail` are set where it gave no feed."""

    url: str
    reason: FetchReason | ParseReason | None = None
    detail: str = ""
    final_url: str | None = None  # after redirects
    permanent_url: str | None = None  # what belongs in the configuration instead
    title: str = ""
    language: str = ""  # the feed's own word
    charset: str = ""
    reader: str = ""
    entries: int = 0
    newest: datetime | None = None
    took_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether a feed was read."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class _Page:
    """A body that is no feed, for a look at what it links to."""

    url: str
    body: bytes
    http_charset: str | None


def check_source(
    http: Http, jail: Jail, url: str, *, now: datetime, country: str | None = None, language: str | None = None
) -> SourceCheck:
    """Return what the source gives today, or why it gives nothing."""
    return _check(http, jail, url, now=now, country=country, language=language)[0]


def find_source(http: Http, jail: Jail, url: str, *, now: datetime) -> SourceCheck:
    """Return the check of the feed at an address, or of the first feed that works among those that the page there names as its own."""
    found, page = _check(http, jail, url, now=now)
    if page is None:
        return found
    try:
        named: list[str] = jail.submit(FIND_FEEDS, page.body, page.http_charset, page.url, deadline_s=_PARSE_DEADLINE_S).result(_WAIT_S)
    except (Killed, TaskRaised):
        return found
    for candidate in named[:_CANDIDATES]:
        other = check_source(http, jail, candidate, now=now)
        if other.ok:
            return other
    return found


def _check(
    http: Http, jail: Jail, url: str, *, now: datetime, country: str | None = None, language: str | None = None
) -> tuple[SourceCheck, _Page | None]:
    try:
        url = normalised_url(url)
    except ValueError as error:
        return SourceCheck(url, FetchReason.BAD_URL, str(error)), None
    fetched = http.submit(feed_request(url, Validators())).result(_WAIT_S)
    if isinstance(fetched, FetchFailed):
        return SourceCheck(url, fetched.reason, fetched.detail), None
    http_charset = charset_of(fetched.headers.get("content-type"))
    read = _read(jail, fetched.body, Hints(http_charset, language, country))
    if isinstance(read, ParseFailed):
        failed = SourceCheck(url, read.reason, read.detail, fetched.url, fetched.permanent_url, took_s=fetched.took_s)
        return failed, _Page(fetched.url, fetched.body, http_charset) if read.reason is ParseReason.NOT_A_FEED else None
    return _gave(url, fetched, read, now, country), None


def _read(jail: Jail, body: bytes, hints: Hints) -> Feed | ParseFailed:
    feed = read_at_once(body, hints)
    if feed is not None:
        return feed
    arguments = (body, hints.http_charset, hints.language, hints.country)
    try:
        read: Feed | ParseFailed = jail.submit(READ_FEED, *arguments, deadline_s=_PARSE_DEADLINE_S).result(_WAIT_S)
    except Killed as error:
        return ParseFailed(ParseReason.PARSE_KILLED, f"the parser was ended ({error.reason}) on {len(body)} bytes")
    except TaskRaised as error:
        return ParseFailed(ParseReason.PARSE_ERROR, str(error))
    return read


def _gave(url: str, fetched: Fetched, feed: Feed, now: datetime, country: str | None) -> SourceCheck:
    dated = [found for entry in feed.entries if (found := published_at(entry.dates, now=now, country=country)) is not None]
    return SourceCheck(
        url=url,
        final_url=fetched.url,
        permanent_url=fetched.permanent_url,
        title=feed.title,
        language=feed.language,
        charset=feed.charset,
        reader=feed.reader,
        entries=len(feed.entries) + feed.overflow,
        newest=max(dated, default=None),
        took_s=fetched.took_s,
    )
