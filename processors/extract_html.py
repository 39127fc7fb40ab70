"""The article text of a page's bytes, by trafilatura on a tree that we parsed and cleared. Runs in the jail only: it can hang and swell."""

import logging
import re
from typing import Any, Final

from lxml import html as lxml_html
from lxml.etree import LxmlError
from trafilatura import bare_extraction

from newswire.text import clean, clean_line
from processors.extract import HTML_BYTES, TEXT_CHARACTERS, Article
from processors.extract_charset import decode
from processors.extract_chrome import drop_chrome, without_banners

_FAST_ENOUGH: Final = 200  # characters; where the fast pass finds fewer, the full one looks again
_TITLE_CHARACTERS: Final = 1_000
_URL_CHARACTERS: Final = 2_048
_CELL_EDGE: Final = re.compile(r" ?\| ?")  # a table's cells come between bars; a layout table's cell is a column of the page
_PARSER: Final = lxml_html.HTMLParser(
    encoding="utf-8",
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
    default_doctype=False,
    no_network=True,
    huge_tree=False,
)

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it warns of each page without text; we count them


def read_article(body: bytes, url: str, charset_hint: str | None) -> Article:
    """Return what the page's bytes hold. The text is empty where they are no HTML or hold no article.

    The settings of trafilatura are those that lose nothing in any language: `favor_precision` empties Urdu pages, `deduplicate` empties
    the second outlet's copy, `with_metadata` runs regular expressions that a page can make hang.
    """
    page, charset = decode(body[:HTML_BYTES], charset_hint)
    tree = _parsed(page)
    if tree is None:
        return Article("", None, None, None, None, charset, thorough=False)
    title = _title(tree)
    canonical = _attribute(tree, "//head/link[@rel='canonical']/@href", _URL_CHARACTERS)
    language = _attribute(tree, "/html/@lang", 35)
    published = _attribute(tree, "//head/meta[@property='article:published_time']/@content", 40)
    drop_chrome(tree)
    text = _body(tree, url, title, fast=True)
    thorough = len(text) < _FAST_ENOUGH
    if thorough and (again := _parsed(page)) is not None:  # trafilatura has taken the tree apart
        drop_chrome(again)
        text = max(text, _body(again, url, title, fast=False), key=len)
    return Article(text, title, canonical, language, published, charset, thorough)


def _parsed(page: str) -> Any | None:
    # Bytes in the encoding that the parser is told: a page's own declaration is then void, and a str with one would be refused.
    try:
        tree = lxml_html.document_fromstring(page.encode("utf-8", "replace"), parser=_PARSER)
    except (LxmlError, ValueError):
        return None
    return tree if tree.find("body") is not None else None


def _body(tree: Any, url: str, title: str | None, *, fast: bool) -> str:
    document: Any = bare_extraction(tree, url=url, fast=fast, with_metadata=False, include_comments=False)
    if document is None or not document.text:
        return ""
    lines = clean(_CELL_EDGE.sub("\n", document.text), limit=TEXT_CHARACTERS).split("\n")
    if title is not None and lines[0] == title:
        del lines[0]  # the headline is read as the title: it is not evidence twice
    return clean("\n".join(without_banners(lines)), limit=TEXT_CHARACTERS)


def _title(tree: Any) -> str | None:
    named = _attribute(tree, "//head/meta[@property='og:title']/@content", _TITLE_CHARACTERS)
    if named is not None:
        return named
    heading = tree.find(".//h1")
    return clean_line(heading.text_content(), limit=_TITLE_CHARACTERS) or None if heading is not None else None


def _attribute(tree: Any, path: str, limit: int) -> str | None:
    found = tree.xpath(path)
    return clean_line(str(found[0]), limit=limit) or None if found else None
