"""What a site's robots.txt (RFC 9309) lets us fetch. Pure; the fetching is `pages_stage`'s.

`Crawl-delay` is no part of RFC 9309, and old enough to be meant: where it is longer than `NEWSWIRE_HOST_SPACING` it is that host's spacing, up
to a minute, for all that is fetched from it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from protego import Protego

from newswire.http import Fetched, FetchFailed
from newswire.outcomes import FetchReason

PRODUCT_TOKEN: Final = "newswire"  # noqa: S105 -- the name by which robots.txt knows us (RFC 9309 section 2.2.1), no secret
PARSED_BYTES: Final = 512_000  # RFC 9309 section 2.5 asks for at least 500 KiB
FETCHED_BYTES: Final = 2_000_000

DELAY_CAP_S: Final = 60.0

_KEPT_S: Final = 86_400.0  # RFC 9309 section 2.4: at most 24 hours
_UNREACHABLE_S: Final = 300.0

_UNREACHABLE: Final = frozenset(
    (
        *(FetchReason.DNS, FetchReason.CONNECT, FetchReason.TLS, FetchReason.PROTOCOL, FetchReason.DEADLINE),
        *(FetchReason.HTTP_5XX, FetchReason.RATE_LIMITED, FetchReason.HOST_BUSY),
    )
)


class Verdict(Enum):
    """What a robots.txt, or its absence, says of a whole host."""

    ALLOWED = "allowed"  # every path
    RULES = "rules"  # some; ask `allowed`
    REFUSED = "refused"  # none: a file too large to be read is nobody's permission
    WAIT = "wait"  # not known now


@dataclass(frozen=True, slots=True)
class Robots:
    """The last robots.txt of a host: its text where it was read, how the fetch ended, and until when this holds (seconds since 1970)."""

    text: str
    reason: FetchReason
    until: float
    delay_s: float | None = None  # what its Crawl-delay asks of us, within the cap


def robots_url(url: str) -> str:
    """Return where the robots.txt of this page's host stands."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"


def learned(answer: Fetched | FetchFailed, known: Robots | None, now: float) -> Robots:
    """Return what the host's robots.txt is from now on. An unreachable one leaves in force what was read before (RFC 9309 section 2.4)."""
    if isinstance(answer, Fetched):
        return Robots(answer.body[:PARSED_BYTES].decode("utf-8-sig", "replace").replace("\0", ""), FetchReason.OK, now + _KEPT_S)
    if answer.reason in _UNREACHABLE:
        wait_s = max(_UNREACHABLE_S, min(answer.retry_after_s or 0.0, _KEPT_S))
        if known is not None and known.reason is FetchReason.OK:
            return Robots(known.text, known.reason, now + wait_s, known.delay_s)
        return Robots("", answer.reason, now + wait_s)
    return Robots("", answer.reason, now + _KEPT_S)


def verdict(robots: Robots) -> Verdict:
    """Return what holds for the whole host: 4xx and what cannot be followed allow everything, 5xx and silence make us wait."""
    if robots.reason is FetchReason.OK:
        return Verdict.RULES if robots.text.strip() else Verdict.ALLOWED
    if robots.reason is FetchReason.TOO_LARGE:
        return Verdict.REFUSED
    return Verdict.WAIT if robots.reason in _UNREACHABLE else Verdict.ALLOWED


def allowed(robots_text: str, url: str, agent: str = PRODUCT_TOKEN) -> bool:
    """Return whether the rules let `agent` fetch the URL: longest rule wins, `*` and `$` as in RFC 9309.

    Its time grows with agents times rules, so a foreign file goes through the jail.
    """
    return bool(Protego.parse(robots_text).can_fetch(url, agent))


def asks_for_delay(robots_text: str) -> bool:
    """Return whether a Crawl-delay may stand in the file, for anybody: then it is worth the reading."""
    return "crawl-delay" in robots_text.lower()


def delay(robots_text: str, agent: str = PRODUCT_TOKEN) -> float | None:
    """Return the seconds that the file's Crawl-delay asks of `agent` between two requests. For the jail, as `allowed`."""
    asked = Protego.parse(robots_text).crawl_delay(agent)
    return None if asked is None else float(asked)


def patience(asked_s: float) -> float | None:
    """Return the seconds between two requests that are granted to a Crawl-delay."""
    return min(float(asked_s), DELAY_CAP_S) if asked_s > 0 else None
