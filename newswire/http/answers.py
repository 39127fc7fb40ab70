"""What an answer means: redirects, statuses, Retry-After, and which headers may go out. Pure."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx2

from newswire.guard import Target
from newswire.http.wire import Answer, HopFailed
from newswire.outcomes import FetchReason

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
PERMANENT: Final = frozenset({301, 308})
HELD_BACK: Final = frozenset({429, 503})
"""Statuses that a Retry-After belongs to (RFC 9110, 10.2.3; RFC 6585, 4)."""

CONDITIONS: Final = frozenset({"if-none-match", "if-modified-since"})
SENT_ELSEWHERE: Final = CONDITIONS | {"accept", "accept-language"}
"""Request headers that follow a redirect to another host: never credentials."""

HOST_FAULTS: Final = frozenset({FetchReason.DNS, FetchReason.CONNECT, FetchReason.TLS, FetchReason.DEADLINE})
"""Failures that make the whole host wait, not the one URL."""

RETRY_AFTER_CAP_S: Final = 86_400.0
HEADER_LIMIT: Final = 1024

_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_OURS: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "user-agent", "te", "upgrade"})


def sendable(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the request headers in lower case, without those that cannot be sent.

    A validator comes from a server: one with control or non-ASCII characters, or endless, is dropped and the fetch is unconditional,
    where sending it would raise on every later poll.
    """
    kept = {}
    for raw_name, raw_value in headers.items():
        name, value = raw_name.lower(), raw_value.strip(" \t")
        if name not in _OURS and _NAME.fullmatch(name) and value.isascii() and value.isprintable() and 0 < len(value) <= HEADER_LIMIT:
            kept[name] = value
    return kept


def location(target: Target, answer: Answer) -> str:
    """Return where a redirect leads, as an absolute URL that is not yet checked.

    Raises:
        HopFailed: `redirect` where there is no place to go.

    """
    # Browsers read the header as UTF-8; it comes to us as Latin-1, which keeps every byte.
    raw = answer.headers.get("location", "").encode("latin-1").decode("utf-8", "replace").strip()
    if not raw:
        raise HopFailed(FetchReason.REDIRECT, f"status {answer.status} without a Location")
    try:
        return str(httpx2.URL(target.url).join(raw))
    except (httpx2.InvalidURL, ValueError, TypeError):
        raise HopFailed(FetchReason.REDIRECT, "the Location cannot be read") from None


def refusal(answer: Answer, *, conditional: bool, now: datetime) -> HopFailed | None:
    """Return why an answer that is no redirect gives nothing, or None for 200 and for a 304 that was asked for."""
    status = answer.status
    if status == HTTPStatus.OK or (status == HTTPStatus.NOT_MODIFIED and conditional):
        return None
    wait_s = retry_after_s(answer.headers, now)
    if status == HTTPStatus.GONE:
        reason = FetchReason.GONE
    elif status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait_s is not None):
        reason = FetchReason.RATE_LIMITED
    elif 400 <= status < 500:
        reason = FetchReason.HTTP_4XX
    elif 500 <= status < 600:
        reason = FetchReason.HTTP_5XX
    elif 300 <= status < 400 and status != HTTPStatus.NOT_MODIFIED:
        reason = FetchReason.REDIRECT
    else:
        reason = FetchReason.PROTOCOL
    return HopFailed(reason, f"the server answered {_named(status)}", retry_after_s=wait_s)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds of a Retry-After header, seconds or HTTP date, at most a day; None where none can be read."""
    value = headers.get("retry-after", "").strip()
    if not value or len(value) > 64:
        return None
    if value.isascii() and value.isdecimal():
        seconds = float(value)
    else:
        try:
            when = parsedate_to_datetime(value)
            seconds = ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), RETRY_AFTER_CAP_S) if math.isfinite(seconds) else RETRY_AFTER_CAP_S


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
