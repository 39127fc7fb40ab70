"""Bytes of a page to text: which charset, decided by us, never by a codec that the page may name freely."""

import codecs
import re
from typing import Final

from charset_normalizer import from_bytes

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

_CODECS: Final = {
    # The labels that the WHATWG Encoding Standard (section 4.2) gives a meaning other than Python's.
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "latin5": "cp1254",
    "iso-8859-8-i": "iso8859-8",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "iso-8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "windows-949": "cp949",
    "x-mac-cyrillic": "mac-cyrillic",
    # A page whose `meta` could be read as ASCII is not UTF-16, whatever it says.
    "utf-16": "utf-8",
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
    "unicode": "utf-8",
}
_SAFE: Final = re.compile(
    r"utf-8|cp(125[0-8]|866|874|932|949)|iso8859-([2-9]|1[0-6])|koi8-[ru]|gb18030|big5hkscs|euc_jp|iso2022_jp|mac-(roman|cyrillic)"
)
"""The codecs a page may ask for: plain text ones. `zlib_codec`, `utf-7`, `idna` and the like raise or are attacks (reliability.md 2.2)."""

_META: Final = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_XML: Final = re.compile(rb"""^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})""")
_HEADER: Final = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_HEAD_BYTES: Final = 4_096  # browsers look for `meta` in the first 1,024; many pages have it later
_SAMPLE_BYTES: Final = 16_384  # enough for charset_normalizer, which is slow


def charset_named(content_type: str) -> str | None:
    """Return the charset that a Content-Type header names, as it stands there."""
    found = _HEADER.search(content_type[:500])
    return found[1] if found else None


def decode(body: bytes, charset_hint: str | None) -> tuple[str, str]:
    """Return the text and the codec it was read with. Never raises: what cannot be read becomes U+FFFD.

    In order: a byte order mark; UTF-8 where the bytes prove it (servers say ISO-8859-1 of anything); the header; `meta`; a guess.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace"), codec
    ascii_only = body.isascii()
    if not ascii_only and _reads(body, "utf-8"):
        return _decoded(body, "utf-8"), "utf-8"
    for label in (charset_hint, _declared(body)):
        named = _codec(label)
        if named is not None and named != "utf-8" and _reads(body, named):
            return _decoded(body, named), named
    named = "utf-8" if ascii_only else _guessed(body)
    return _decoded(body, named), named


def _declared(body: bytes) -> str | None:
    found = _XML.search(body[:200]) or _META.search(body[:_HEAD_BYTES])
    return found[1].decode("ascii") if found else None


def _codec(label: str | None) -> str | None:
    """Return Python's name of the codec that a label stands for, where it is one that a page may use."""
    if not label:
        return None
    name = label.strip().lower()
    try:
        name = codecs.lookup(_CODECS.get(name, name)).name
    except (LookupError, ValueError):
        return None
    name = _CODECS.get(name, name)  # `latin_1` and other spellings that only Python knows
    return name if _SAFE.fullmatch(name) else None


def _reads(body: bytes, codec: str) -> bool:
    """Return whether the bytes are text of this charset, but for a character cut at the end; one stray byte in 200 is forgiven."""
    wrong = _decoded(body, codec).count("\N{REPLACEMENT CHARACTER}")
    return wrong * 200 <= len(body) - len(body.decode("ascii", "ignore"))


def _decoded(body: bytes, codec: str) -> str:
    return codecs.getincrementaldecoder(codec)("replace").decode(body)


def _guessed(body: bytes) -> str:
    """Return the likeliest codec of bytes that nobody vouches for."""
    start = next((place for place, byte in enumerate(body) if byte > 0x7F), 0)
    best = from_bytes(body[start : start + _SAMPLE_BYTES]).best()
    guessed = _codec(best.encoding) if best is not None else None
    return guessed or "utf-8"
