"""Bytes and what the server said of them → text. Pure.

In the order that survived the measurements (a parser left to guess turns a whole Urdu feed into mojibake for one bad byte): byte order mark,
HTTP charset, XML declaration, UTF-8, UTF-8 with a few bad bytes replaced, and only then a guess among the charsets of the feed's language.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from charset_normalizer import from_bytes

_SINGLE_BYTE: Final = (
    *(f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
    *(f"cp125{n}" for n in range(9)),
    *("cp437", "cp850", "cp852", "cp855", "cp866", "cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "tis-620"),
)
_MULTI_BYTE: Final = (
    *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "ascii"),
    *("gb2312", "gbk", "gb18030", "big5", "big5hkscs", "shift_jis", "cp932", "euc_jp", "iso2022_jp", "euc_kr", "cp949", "johab"),
)
_ALLOWED: Final = frozenset(codecs.lookup(name).name for name in (*_SINGLE_BYTE, *_MULTI_BYTE))
"""Codecs that turn bytes into text and do nothing else: `zlib_codec`, `idna`, `undefined`, `punycode` and the like are not among them."""

_SINGLE: Final = frozenset(codecs.lookup(name).name for name in _SINGLE_BYTE)
_WIDER: Final = {
    # What pages that declare the left mean in practice (https://encoding.spec.whatwg.org/#names-and-labels).
    codecs.lookup(narrow).name: wide
    for narrow, wide in {
        "ascii": "cp1252",
        "iso8859-1": "cp1252",
        "iso8859-9": "cp1254",
        "iso8859-11": "cp874",
        "tis-620": "cp874",
        "gb2312": "gb18030",
        "gbk": "gb18030",
        "big5": "big5hkscs",
        "shift_jis": "cp932",
        "euc_kr": "cp949",
    }.items()
}

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE_STARTS: Final = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)

_BY_LANGUAGE: Final[dict[str, tuple[str, ...]]] = {
    "ar": ("cp1256", "iso8859_6"),
    "fa": ("cp1256",),
    "ur": ("cp1256",),
    "ru": ("cp1251", "koi8_r", "cp866"),
    "uk": ("cp1251", "koi8_u"),
    "uz": ("cp1251", "cp1254", "cp1252"),
    "az": ("cp1254", "cp1251", "cp1252"),
    "bg": ("cp1251",),
    "tr": ("cp1254",),
    "zh": ("gb18030", "big5hkscs"),
    "ja": ("cp932", "euc_jp", "iso2022_jp"),
    "ko": ("cp949",),
    "th": ("cp874",),
    "vi": ("cp1258",),
    "el": ("cp1253",),
    "he": ("cp1255",),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr", "sl"), ("cp1250", "iso8859_2")),
    **dict.fromkeys(("en", "fr", "de", "es", "pt", "it", "nl", "sv", "no", "da", "fi", "id", "ms"), ("cp1252",)),
}
_ANY_LANGUAGE: Final = (
    "cp1252",
    "cp1256",
    "cp1251",
    "cp1254",
    "gb18030",
    "cp932",
    "cp949",
    "big5hkscs",
    "cp1250",
    "cp1253",
    "euc_jp",
    "koi8_r",
)
_SAMPLE_BYTES: Final = 65_536

_DECLARED: Final = re.compile(rb"""\A\s{0,64}<\?xml[^>]{0,256}?\bencoding\s{0,8}=\s{0,8}["']([A-Za-z0-9._:-]{1,40})["']""")
_CHARSET: Final = re.compile(r"""charset\s{0,8}=\s{0,8}["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_XML_DECLARATION: Final = re.compile(r"\A\s*<\?xml\b[^>]{0,512}\?>")

# XML 1.0 section 2.2: what may not stand in a document, and breaks a strict parser.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_REFERENCE: Final = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_PAIR: Final = re.compile(r"&#(?:[xX]([dD][89abAB][0-9a-fA-F]{2})|(5[56][0-9]{3}));&#(?:[xX]([dD][c-fC-F][0-9a-fA-F]{2})|(5[67][0-9]{3}));")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, without its XML declaration and without what no XML document may hold, and the codec that gave it."""

    text: str
    charset: str


def charset_of(content_type: str | None) -> str | None:
    """Return the charset that an HTTP Content-Type names, as written."""
    found = _CHARSET.search(content_type[:512]) if content_type else None
    return found[1] if found else None


def safe_codec(name: str | None) -> str | None:
    """Return the name of a codec that only turns bytes into text, the wide form of what was named; None for any other."""
    if not name:
        return None
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return _WIDER.get(known, known) if known in _ALLOWED else None


def decode(body: bytes, *, http_charset: str | None, language: str | None, guess: bool = True) -> Decoded | None:
    """Return the text, or None where nothing fits (with `guess=False`: where it would take a guess, which is slow on large bodies)."""
    found = _by_mark(body) or _by_word(body, http_charset) or _as_utf8(body)
    if found is None and guess:
        found = _by_guess(body, language)
    if found is None:
        return None
    text, charset = found
    return Decoded(drop_unusable(_XML_DECLARATION.sub("", text, count=1)), charset)


def drop_unusable(text: str) -> str:
    """Return the text without characters and references that no XML document may hold; a pair of surrogate references becomes its character."""
    if _NOT_XML.search(text):
        text = _NOT_XML.sub("", text)
    if "&#" in text:
        text = _REFERENCE.sub(_reference, _PAIR.sub(_paired, text))
    return text


def _paired(match: re.Match[str]) -> str:
    high, low = (_code(*match.group(n, n + 1)) for n in (1, 3))
    if 0xD800 <= high < 0xDC00 <= low < 0xE000:
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return match[0]


def _code(hexadecimal: str | None, decimal: str | None) -> int:
    digits = (hexadecimal or decimal or "").lstrip("0") or "0"
    if len(digits) > 7:  # past U+10FFFF in either notation, and int() is slow on thousands of digits
        return 0x110000
    return int(digits, 16 if hexadecimal else 10)


def _reference(match: re.Match[str]) -> str:
    code = _code(match[1], match[2])
    usable = code in (9, 10, 13) or 0x20 <= code < 0x7F or 0x80 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return match[0] if usable else ""


def _by_mark(body: bytes) -> tuple[str, str] | None:
    for mark, charset in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace"), charset
    for start, charset in _WIDE_STARTS:
        if body.startswith(start):
            return body.decode(charset, "replace"), charset
    return None


def _by_word(body: bytes, http_charset: str | None) -> tuple[str, str] | None:
    """Return the text by the first charset that is named and fits. A one-byte charset fits anything, so UTF-8 that is plainly there wins over it."""
    declared = _DECLARED.match(body)
    for name in (http_charset, declared[1].decode("ascii") if declared else None):
        charset = safe_codec(name)
        if charset is None or charset.startswith(("utf-16", "utf-32")):  # would have been known by its zero bytes
            continue
        single = codecs.lookup(charset).name in _SINGLE
        for candidate in ("utf-8", charset) if single else (charset,):
            try:
                return body.decode(candidate), candidate
            except (UnicodeDecodeError, ValueError):
                continue
        if single or charset == "utf-8":
            continue
        text = body.decode(charset, "replace")
        if _few_are_bad(text):
            return text, charset
    return None


def _as_utf8(body: bytes) -> tuple[str, str] | None:
    text = body.decode("utf-8", "replace")
    return (text, "utf-8") if _few_are_bad(text) else None


def _few_are_bad(text: str) -> bool:
    """Return whether under 2 % was replaced, and less than what came out right beyond ASCII: else the charset is another one."""
    bad = text.count("\ufffd")
    if not bad:
        return True
    return bad * 50 < len(text) and bad * 4 <= len(text.encode("utf-8")) - len(text) - 2 * bad


def _by_guess(body: bytes, language: str | None) -> tuple[str, str] | None:
    among: Sequence[str] = _BY_LANGUAGE.get((language or "")[:2].lower(), _ANY_LANGUAGE)
    if len(among) == 1:
        best: str | None = among[0]
    else:
        match = from_bytes(_beyond_ascii(body), cp_isolation=list(among), enable_fallback=False, preemptive_behaviour=False).best()
        best = match.encoding if match else None
    if best is None or b"\0" in body[:4096]:
        return None
    return body.decode(best, "replace"), best


def _beyond_ascii(body: bytes) -> bytes:
    """Return a sample with the lines that tell charsets apart: those with a byte beyond ASCII."""
    telling = b"\n".join(line for line in body.splitlines() if not line.isascii())
    return (telling or body)[:_SAMPLE_BYTES]
