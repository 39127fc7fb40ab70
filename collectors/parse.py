"""The body of a feed → its entries: by the strict reader here where it is small and clean, in the jail where it is not."""

from dataclasses import dataclass
from typing import Final

from collectors.decode import Decoded, decode
from collectors.entries import Feed
from collectors.jsonfeed import looks_like_json, read_json
from collectors.lenient import read_lenient
from collectors.repair import mend_references
from collectors.strict import read_strict
from newswire.outcomes import ParseReason

SMALL_BYTES: Final = 512 * 1024
"""What is larger is read in the jail even where it is clean: the memory of a parse grows with it, and so does the time that others wait."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of a body before it is read."""

    http_charset: str | None
    language: str | None  # of the source's configuration
    country: str | None


@dataclass(frozen=True, slots=True)
class ParseFailed:
    """Why a body gave no entries."""

    reason: ParseReason
    detail: str


def read_at_once(body: bytes, hints: Hints) -> Feed | None:
    """Return the feed where it can be read here safely and surely; None where it has to go to the jail."""
    if len(body) > SMALL_BYTES:
        return None
    decoded = decode(body, http_charset=hints.http_charset, language=hints.language, guess=False)
    if decoded is None or looks_like_json(decoded.text):
        return None
    return _read_clean(decoded, hints)


def read_all(body: bytes, hints: Hints) -> Feed | ParseFailed:
    """Return the feed, by whichever reader can read it. Only for the jail: nothing bounds its time and memory."""
    decoded = decode(body, http_charset=hints.http_charset, language=hints.language)
    if decoded is None:
        return ParseFailed(ParseReason.UNDECODABLE, f"{len(body)} bytes in no charset that we know")
    if looks_like_json(decoded.text):
        return read_json(decoded.text, hints.country) or ParseFailed(ParseReason.NOT_A_FEED, "JSON, but no JSON Feed")
    clean = _read_clean(decoded, hints)
    if clean is not None:
        return clean
    try:
        feed = read_lenient(mend_references(decoded.text), decoded.charset, hints.country)
    except Exception as error:  # noqa: BLE001 -- feedparser raises UnicodeError, AssertionError and others on bytes that it does not expect
        return ParseFailed(ParseReason.PARSE_ERROR, f"feedparser raised {type(error).__name__}: {error}"[:300])
    return feed or ParseFailed(ParseReason.NOT_A_FEED, _what_it_is(decoded.text))


def _read_clean(decoded: Decoded, hints: Hints) -> Feed | None:
    clean = read_strict(decoded.text, decoded.charset, hints.country)
    if clean is not None:
        return clean
    mended = mend_references(decoded.text)
    return read_strict(mended, decoded.charset, hints.country) if mended != decoded.text else None


def _what_it_is(text: str) -> str:
    start = text.lstrip()[:200].lower()
    if not start:
        return "an empty document"
    if start.startswith(("<!doctype html", "<html")):
        return "an HTML page, not a feed"
    return "neither RSS nor Atom nor JSON Feed"
