"""One conditional GET: what is asked of a source, and what its answer tells for the next one. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from newswire.http import Request
from newswire.outcomes import FetchKind

BODY_CAP_BYTES: Final = 8 * 1024 * 1024
DEADLINE_S: Final = 30.0
ACCEPT: Final = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
REDIRECTS_BELIEVED: Final = 3
_VALIDATOR_LIMIT: Final = 1_024


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of the body that we have: sent back byte for byte, quotes and `W/` included."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Redirects:
    """The permanent redirect learned, and the one that is being believed: adopted after three polls that saw the same."""

    learned_url: str | None = None
    target: str | None = None
    count: int = 0


def feed_request(url: str, validators: Validators) -> Request:
    """Return the GET for a feed, conditional where something is known of it."""
    headers = {"accept": ACCEPT}
    if validators.etag is not None:
        headers["if-none-match"] = validators.etag
    if validators.last_modified is not None:
        headers["if-modified-since"] = validators.last_modified
    return Request(url=url, cap_bytes=BODY_CAP_BYTES, deadline_s=DEADLINE_S, headers=headers, kind=FetchKind.FEED)


def validators_of(headers: Mapping[str, str], body_hash: str | None) -> Validators:
    """Return what to send back next time; a validator that could not be sent as it came is dropped."""
    return Validators(_sendable(headers.get("etag")), _sendable(headers.get("last-modified")), body_hash)


def hash_of(body: bytes) -> str:
    """Return the hash by which a body is known again, for servers that ignore both validators."""
    return hashlib.sha256(body).hexdigest()


def followed(before: Redirects, configured_url: str, permanent_url: str | None) -> Redirects:
    """Return what is known of the source's permanent redirects after an answer; `permanent_url` is where this one led, if it did."""
    if permanent_url is None or permanent_url == (before.learned_url or configured_url):
        return Redirects(before.learned_url)
    count = before.count + 1 if permanent_url == before.target else 1
    if count >= REDIRECTS_BELIEVED:
        return Redirects(permanent_url)
    return Redirects(before.learned_url, permanent_url, count)


def _sendable(value: str | None) -> str | None:
    if value and len(value) <= _VALIDATOR_LIMIT and all(" " <= character <= "~" for character in value):
        return value
    return None
