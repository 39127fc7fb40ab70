"""A source: one feed that is watched, as `config/sources/*.yaml` names it."""

import hashlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

SOURCE_ID_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Source:
    """One configured source. `interval_s` is None where the schedule is left to decide."""

    source_id: str
    url: str
    outlet: str
    country: str | None = None
    language: str | None = None
    interval_s: float | None = None
    tags: tuple[str, ...] = ()


def make_source(
    url: str,
    *,
    outlet: str | None = None,
    country: str | None = None,
    language: str | None = None,
    interval_s: float | None = None,
    tags: tuple[str, ...] = (),
) -> Source:
    """Return the source at that address; without an outlet it is called by its host."""
    normalised = normalised_url(url)
    return Source(
        source_id=source_id_of(normalised),
        url=normalised,
        outlet=outlet or host_of(normalised).removeprefix("www."),
        country=country,
        language=language,
        interval_s=interval_s,
        tags=tags,
    )


def normalised_url(url: str) -> str:
    """Return the configured address with scheme and host in lower case, without fragment and default port; the query stays as it is written.

    Raises:
        ValueError: it is no http(s) address, or holds a user's name.

    """
    parts = urlsplit(url.strip())
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError("an address that begins with https:// or http:// is needed")
    host = (parts.hostname or "").rstrip(".")
    if not host or len(url) > 2_048 or any(c.isspace() for c in url.strip()):
        raise ValueError("this is no usable address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address must not hold a user's name or password")
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None and parts.port != {"http": 80, "https": 443}[parts.scheme.lower()]:
        netloc = f"{netloc}:{parts.port}"
    return urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", parts.query, ""))


def source_id_of(url: str) -> str:
    """Return the id of the source at a normalised address: 12 hex digits."""
    return hashlib.sha256(url.encode()).hexdigest()[:SOURCE_ID_DIGITS]


def host_of(url: str) -> str:
    """Return the host that an address is dialled at, in lower case."""
    return (urlsplit(url).hostname or "").rstrip(".")
