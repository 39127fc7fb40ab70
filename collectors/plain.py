"""Markup in a feed's fields → plain text, in one linear pass. Pure, and safe on hostile input: no step looks back.

A feed's title or summary is a fragment, not a page: tags go, blocks become paragraph breaks, script and style go with what they hold.
"""

import html
import re
from typing import Final

from collectors.decode import drop_unusable

_BLOCKS: Final = re.compile(
    "address|article|aside|blockquote|br|caption|d[dlt]|div|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|nav|[ou]l|option|p|pre|"
    "section|table|tbody|t[dhr]|tfoot|thead"
)
_DROPPED: Final = re.compile("script|style|template|noscript|iframe|object|svg|math|head|textarea|select")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,40})(?![A-Za-z0-9:-])|<[!?]")
_TAG_END: Final = re.compile(r"""["'>]""")
_MARKUP: Final = re.compile(r"[<&]")


def plain_text(fragment: str) -> str:
    """Return the text of an HTML fragment. Paragraphs are two line breaks apart; `clean` folds the rest of the white space."""
    if not _MARKUP.search(fragment):
        return fragment
    text = _without_tags(fragment) if "<" in fragment else fragment
    return html.unescape(drop_unusable(text)) if "&" in text else text


def _without_tags(fragment: str) -> str:
    scan = _Scan(fragment)
    pieces: list[str] = []
    position = 0
    while (match := _TAG.search(fragment, position)) is not None:
        start = match.start()
        pieces.append(fragment[position:start])
        name = (match[2] or "").lower()
        position = scan.end_of_tag(start, match.end(), declaration=not name)
        if position < 0:  # no tag ends any more: the rest is text
            pieces.append(fragment[start:])
            return "".join(pieces)
        if _DROPPED.fullmatch(name) and not match[1] and fragment[position - 2 : position] != "/>":
            position = scan.end_of_element(name, position)
        elif _BLOCKS.fullmatch(name):
            pieces.append("\n\n")
    pieces.append(fragment[position:])
    return "".join(pieces)


class _Scan:
    """Looks ahead in one fragment and remembers what is not to be found any more, so that no stretch is searched twice in vain."""

    def __init__(self, fragment: str) -> None:
        self._text = fragment
        self._lower: str | None = None
        self._missing: set[str] = set()
        self._quotes = True

    def _find(self, wanted: str, start: int) -> int:
        if wanted in self._missing:
            return -1
        found = self._text.find(wanted, start)
        if found < 0:
            self._missing.add(wanted)
        return found

    def end_of_tag(self, start: int, position: int, *, declaration: bool) -> int:
        """Return the offset past the tag, comment or declaration that begins at `start`; -1 where none ends any more."""
        if declaration:
            for opening, closing in (("<!--", "-->"), ("<![CDATA[", "]]>")):
                if self._text.startswith(opening, start):
                    end = self._find(closing, position)
                    if end >= 0:
                        return end + len(closing)
            return self._find(">", position) + 1 or -1
        while self._quotes:
            match = _TAG_END.search(self._text, position)
            if match is None:
                break
            if match[0] == ">":
                return match.end()
            closing_quote = self._find(match[0], match.end())
            if closing_quote < 0:
                break
            position = closing_quote + 1
        # A quote that never closes: from here on quotes mean nothing, or every tag would be read to the end of the fragment.
        self._quotes = False
        return self._find(">", start) + 1 or -1

    def end_of_element(self, name: str, position: int) -> int:
        """Return the offset of the closing tag of an element whose content is not text; the end of the fragment where it never closes."""
        if self._lower is None:
            # Lower case by ASCII alone: str.lower() changes the length of a few letters, and offsets must stay.
            self._lower = self._text.translate({code: code + 32 for code in range(65, 91)})
        end = self._lower.find(f"</{name}", position)
        return len(self._text) if end < 0 else end
