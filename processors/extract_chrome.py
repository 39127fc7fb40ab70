"""A page's tree without what stands around the article: consent banners, related headlines, link lists, readers' comments.

trafilatura alone lets related headlines through on each kind of page in tests/golden/pages; one of them is enough to give an
article a partner that it never names. So whatever is mostly links goes, at any depth, before the article is looked for.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

_AROUND: Final = re.compile(
    # Consent: the common banners by their own names, and the words that home-made ones use.
    r"cookie|consent|gdpr|onetrust|didomi|qc-cmp|sp_message|usercentrics|truste|cc-(?:window|banner|message)|privacy-(?:notice|bar|popup)|"
    # Other stories.
    r"(?:^|[\W_])(?:related|recommend|also[-_]?(?:read|like)|read[-_]?(?:more|also|next)|more[-_]?(?:news|stories|from|on)|most[-_]?(?:read|popular|viewed)|"
    r"popular[-_]posts|trending|latest[-_](?:news|posts|stories)|top[-_]?stories|you[-_](?:may|might)|yarpp|taboola|outbrain|mgid)|related-?(?:posts|articles|news)|"
    r"(?:^|[\W_])(?:breadcrumbs?|newsletter|subscri(?:be|ption)[-_](?:box|form|banner))(?:[\W_]|$)",
    re.IGNORECASE,
)
_COMMENTS: Final = re.compile(
    r"(?:^|\s)(?:comments?|cmts|comments?[-_](?:list|area|section|wrap(?:per)?|container|block|body|form)|fb-comments|disqus_thread|reader-?comments|respond)(?:\s|$)",
    re.IGNORECASE,
)
_WHOLE: Final = frozenset(("html", "body", "main", "article", "head", "script", "style"))
_UNREAD: Final = frozenset(("script", "style", "noscript", "template", "svg", "option"))
_BLOCKS: Final = frozenset(
    (
        *(
            "p",
            "div",
            "section",
            "aside",
            "nav",
            "header",
            "footer",
            "ul",
            "ol",
            "li",
            "dl",
            "dt",
            "dd",
            "table",
            "tbody",
            "tr",
            "td",
            "center",
        ),
        *("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "figcaption", "form"),
    )
)

_MOSTLY_LINKS: Final = 0.6  # of a block's characters
_LABELLED_LINK: Final = 0.3  # "Read more: Two ministers meet": a short label, a colon, a link
_LABEL_CHARACTERS: Final = 50
_LINK_CHARACTERS: Final = 300  # a longer link is a broken tag or a card around a whole article: it is text
_SHARE_AROUND: Final = 0.5  # a wrapper may carry such a class too; what surrounds the article is less than half of the page

_BANNER_BYTES: Final = 700  # bytes measure words alike in all scripts
_BANNER: Final = re.compile(
    r"(?:we|site|website|partners|our)\b.{0,40}\buses? (?:of )?cookies|accept (?:all )?cookies|cookie (?:policy|settings|preferences)|"
    r"enable (?:javascript|cookies)|(?:javascript|cookies) (?:is|are) disabled|"
    r"کوکیز (?:کا )?استعمال|ملفات تعريف الارتباط|使用\s*cookies?|쿠키(?:를|가)?.{0,10}사용|çerez(?:ler)?(?:i|in)? .{0,20}kullan|çerez politika|"
    r"utilis(?:e|ons|ent).{0,60}cookies|utiliza(?:mos)?.{0,40}cookies|verwende[nt].{0,40}cookies|использу(?:ем|ет).{0,30}cookie|файлы cookie|"
    r"all rights reserved|copyright (?:©|\(c\)|20\d\d)|© ?20\d\d|版权所有|جميع الحقوق محفوظة|جملہ حقوق|무단 ?전재|tüm hakları|все права защищены|"
    r"tous droits réservés|derechos reservados|direitos reservados|alle rechte vorbehalten|कॉपीराइट|"
    r"کوکی‌?ها استفاده|कुकीज़? का (?:उपयोग|इस्तेमाल)|কুকি ব্যবহার|クッキー.{0,10}使用|menggunakan cookie",
    re.IGNORECASE,
)


def drop_chrome(tree: Any) -> None:
    """Take out of the tree, in place, what is not the article. `tree` is an `lxml.html` document.

    First from the leaves up: blocks that are mostly links, each judged without what was dropped inside it, so that a column which
    holds the article beside a list of headlines stays. Then from the root down: what its own name gives away.
    """
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    text = _drop_links(elements)
    page = text[tree]
    gone: set[Any] = set()
    for element in elements:
        if element.getparent() in gone:
            gone.add(element)
        elif element.tag not in _WHOLE and _is_named_chrome(element, small=text[element] <= page * _SHARE_AROUND):
            gone.add(element)
            element.drop_tree()


def without_banners(lines: Iterable[str]) -> list[str]:
    """Return the lines that are no consent banner's and no imprint's: the last net, for those that no name gives away."""
    return [line for line in lines if len(line.encode()) > _BANNER_BYTES or not _BANNER.search(line)]


def _drop_links(elements: list[Any]) -> dict[Any, int]:
    """Drop the blocks that are mostly links; return, by element, the characters of the text that is left in it."""
    text: dict[Any, int] = defaultdict(int)
    links: dict[Any, int] = defaultdict(int)
    for element in reversed(elements):
        parent = element.getparent()
        if element.tag in _UNREAD:
            text[element] = 0
        else:
            text[element] += len((element.text or "").strip())
            if element.tag == "a" and text[element] <= _LINK_CHARACTERS and element.get("href") is not None:
                links[element] = text[element]
        if element.tag == "body" and links[element] >= max(1, text[element] * _MOSTLY_LINKS):
            for link in list(element.iter("a")):  # a front page, or one whose article comes by script
                link.drop_tree()
        if parent is None:
            continue
        text[parent] += len((element.tail or "").strip())
        if links[element] and element.tag in _BLOCKS and _is_links(element, text[element], links[element]):
            element.drop_tree()
        else:
            text[parent] += text[element]
            links[parent] += links[element]
    return text


def _is_links(element: Any, text: int, links: int) -> bool:
    if links >= text * _MOSTLY_LINKS:
        return True
    return links >= text * _LABELLED_LINK and text - links <= _LABEL_CHARACTERS and _labels(element)


def _is_named_chrome(element: Any, *, small: bool) -> bool:
    names = f"{element.get('id') or ''} {element.get('class') or ''}"
    if len(names) > 1:
        if small and _AROUND.search(names):
            return True
        if _COMMENTS.search(names) and element.find(".//h1") is None:
            return True
    return small and element.get("aria-modal") == "true"


def _labels(element: Any) -> bool:
    """Return whether the element is a label with a colon, then a link, then nothing."""
    words = str(element.text_content()).strip()
    link = next(element.iter("a")).text_content().strip()
    return words.endswith(link) and words[: -len(link) or None].rstrip().endswith((":", "："))
