"""Whether a feed is a government's or an international body's own, by the name of its host. Pure.

Registries keep some names for governments: `gov.pk`, `go.jp`, `gob.mx`, `gouv.fr`, `admin.ch`; `int` is kept for bodies founded by treaty
(RFC 1591). A few bodies and governments live elsewhere; those are listed. Who is not recognised is told of as any other outlet.
"""

from typing import Final
from urllib.parse import urlsplit

_TOP_LEVEL: Final = frozenset({"gov", "mil", "int"})
_SECOND_LEVEL: Final = frozenset({"gov", "govt", "gob", "gouv", "gub", "mil"})
"""Kept for governments under the top level of every country that has them."""

_SUFFIXES: Final = frozenset(
    {
        *(f"go.{country}" for country in ("cr", "id", "jp", "ke", "kr", "th", "tz", "ug")),
        "admin.ch",
        "bund.de",
        "bundesregierung.de",
        "canada.ca",
        "europa.eu",
        "gc.ca",
        "government.nl",
        "gv.at",
        "regeringen.se",
        "regjeringen.no",
    }
)
_BODIES: Final = frozenset(
    {
        "adb.org",
        "aiib.org",
        "apec.org",
        "asean.org",
        "imf.org",
        "isdb.org",
        "oecd.org",
        "un.org",
        "undp.org",
        "unesco.org",
        "worldbank.org",
        "wto.org",
    }
)


def is_official(feed_url: str) -> bool:
    """Return whether the feed at this address is a government's or an international body's own."""
    try:
        host = (urlsplit(feed_url).hostname or "").removesuffix(".")
    except ValueError:
        return False
    labels = host.split(".")
    if len(labels) < 2:
        return False
    suffix = ".".join(labels[-2:])
    country = len(labels[-1]) == 2
    return labels[-1] in _TOP_LEVEL or (country and labels[-2] in _SECOND_LEVEL) or suffix in _SUFFIXES or suffix in _BODIES
