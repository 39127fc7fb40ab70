"""Identity: canonical links, item ids, revisions. Pure, so that the same bytes give the same ids whoever read them."""

import hashlib
import re
import unicodedata
from typing import Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import courlan

URL_LIMIT: Final = 2048

# Beside those that courlan drops (utm_*, fbclid, gclid, ref, source …).
_TRACKERS: Final = re.compile(
    r"(?:at_(?:medium|campaign|link.*|custom\d*|format|ptr_name|bbc_team)|piwik_.*|hsa_.*|_hs.*|gclsrc|ttclid|igsh|li_fat_id|"
    r"ncid|ocid|cmpid|cmp|icid|spm|scm|rss|partner|guccounter|smid|sref|taid|trk|trkcampaign|__twitter_impression|amp)",
    re.IGNORECASE,
)
_TRACKER_VALUES: Final = re.compile(r"(?:rss|feed|twitter|facebook|newsletter|social|amp|homepage|xml).*", re.IGNORECASE)
_AMBIGUOUS: Final = frozenset({"cmp", "partner", "rss", "amp", "spm", "scm"})
_LABEL: Final = "(?!xn--)[a-z0-9]{1,30}(?:-[a-z0-9]{1,30})?"
_STEP: Final = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_UTM: Final = "utm_(?:source|medium|campaign|term|content)=[A-Za-z0-9_.-]*"
_CLEAN: Final = re.compile(
    rf"(https?://{_LABEL}(?:\.{_LABEL}){{1,4}}/(?:{_STEP}/)*(?:{_STEP})?)(?:\?{_UTM}(?:&{_UTM})*)?(?:#[A-Za-z0-9_-]*)?"
)
"""Links that are canonical but for what follows the first group: most of those in feeds, and told a tenth as fast by parsing them."""

_SPACE: Final = re.compile(r"\s+")
_LINE: Final = re.compile(r"[\t\r\n]+")


def _is_tracker(name: str, value: str) -> bool:
    if not _TRACKERS.fullmatch(name):
        return False
    # `partner=rss` says how the reader came; `partner=42` may say which page it is.
    return name.lower() not in _AMBIGUOUS or not value or bool(_TRACKER_VALUES.fullmatch(value))


def canonical_url(link: str, base: str | None = None) -> str | None:
    """Return the link without what does not identify the page, or None where it is no usable http(s) link.

    Joined with `base`; scheme and host in lower case, host as punycode; no userinfo, default port, fragment or tracking
    parameter; parameters sorted (courlan's normalisation, then our own list of trackers).
    """
    if len(link) > URL_LIMIT or not (link := link.strip()):
        return None
    clean = _CLEAN.fullmatch(link)
    return clean[1] if clean else _parsed(link, base)


def _parsed(link: str, base: str | None) -> str | None:
    link = _LINE.sub("", link).replace(" ", "%20")
    try:
        parts = urlsplit(urljoin(base, link) if base else link)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        if parts.scheme not in ("http", "https") or not host or "\\" in link:
            return None
        netloc = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return None
    if port is not None and port != {"http": 80, "https": 443}[parts.scheme]:
        netloc = f"{netloc}:{port}"
    query = urlencode(sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracker(*pair)))
    normalised = courlan.normalize_url(
        urlunsplit((parts.scheme, "host.invalid", parts.path or "/", query, "")), strict=False, trailing_slash=True
    )
    # The host stays out of courlan's hands: it would show punycode as Unicode, where `xn--pple-43d.com` looks like another name.
    canonical = str(normalised).replace("host.invalid", netloc, 1)
    return canonical if len(canonical) <= URL_LIMIT else None


def item_id_of_url(url: str) -> str:
    """Return the id of the item at a canonical URL: 32 hex digits. http and https are one page."""
    return hashlib.sha256(b"url\0" + url.partition("://")[2].encode()).hexdigest()[:32]


def item_id_of_guid(source_id: str, guid: str) -> str:
    """Return the id of an item that has no link: its raw guid, within its source. 32 hex digits."""
    return hashlib.sha256(f"guid\0{source_id}\0{guid}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def revision_of(title: str, text: str) -> str:
    """Return the revision of a title and a text: 16 hex digits, the same whatever their case and white space."""
    normalised = _SPACE.sub(" ", unicodedata.normalize("NFKC", f"{title}\0{text}").casefold())
    return hashlib.sha256(normalised.encode("utf-8", "surrogatepass")).hexdigest()[:16]
