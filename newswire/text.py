"""Cleaning of foreign text, once, at the entrance: nothing that can ping, hide, reorder or move a cursor gets in.

The list of what is dropped follows Unicode's default-ignorable and bidi-control properties (UAX #44, UAX #9) and the
measured inputs of research on hostile titles: overrides, zero-width characters, towers of combining marks, lone surrogates.
"""

import re
import unicodedata
from functools import cache
from typing import Final

_INPUT_PER_LIMIT: Final = 8  # characters looked at per character wanted: a bound on the work, whatever arrives

_LINE_BREAKS: Final = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LONE_JOINER: Final = re.compile("(?<![\u0600-\u1fff\u2190-\U0001faff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0600-\u1fff\u2190-\U0001faff])")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SPACES: Final = re.compile("[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_ODD_SPACES: Final = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]|  ")
_AROUND_BREAK: Final = re.compile(" ?\n ?")
_PARAGRAPH: Final = re.compile("\n{2,}")


@cache
def _mark_towers() -> re.Pattern[str]:
    marks = "".join(chr(c) for c in range(0x300, 0x10000) if unicodedata.category(chr(c)) in ("Mn", "Me"))
    return re.compile(f"([{marks}]{{2}})[{marks}]+")


def clean(text: str, *, limit: int) -> str:
    r"""Return the text without control, bidi-override and zero-width characters, at most `limit` characters long.

    White space inside a line is folded to one space, blank lines to one paragraph break (`\n\n`); ZWJ and ZWNJ are kept where
    they join letters or emoji (Persian, Hindi, family emoji); more than two combining marks in a row are cut to two; lone
    surrogates become `?`. Cleaning twice changes nothing.
    """
    text = text[: limit * _INPUT_PER_LIMIT]
    ascii_only = text.isascii()
    # Looking whether a step is needed costs a fraction of doing it, and a first poll cleans thousands of texts that need none.
    if ascii_only and text.isprintable() and "  " not in text:
        return text.strip()[:limit].strip()
    if ascii_only:
        text = _CONTROLS.sub(" ", _LINE_BREAKS.sub("\n", text))
    else:
        if _SURROGATE.search(text):
            text = _SURROGATE.sub("?", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\ufffd", "?"))
        text = _CONTROLS.sub(" ", _LINE_BREAKS.sub("\n", text))
        text = _LONE_JOINER.sub("", _INVISIBLE.sub("", text))
        text = _mark_towers().sub(r"\1", text)
    if _ODD_SPACES.search(text):
        text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = _PARAGRAPH.sub("\n\n", _AROUND_BREAK.sub("\n", text))
    text = text.strip()[:limit]
    return (text if ascii_only else _LONE_JOINER.sub("", text)).strip()


def clean_line(text: str, *, limit: int) -> str:
    """Return the text cleaned as by `clean`, on one line."""
    return _SPACES.sub(" ", clean(text[: limit * _INPUT_PER_LIMIT].replace("\n", " ").replace("\r", " "), limit=limit).replace("\n", " "))[
        :limit
    ].strip()
