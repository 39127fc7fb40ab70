"""What a page gave, and which words to read: the page's, or those that the feed carried. Pure; the parsing is `extract_html`'s."""

from dataclasses import dataclass
from typing import Final

HTML_BYTES: Final = 2_000_000
"""How much of a page is parsed: extraction time grows faster than size (reliability.md 2.4)."""

TEXT_CHARACTERS: Final = 200_000
"""How much text is kept of a page."""

FULL_TEXT_CHARACTERS: Final = 1_200
"""A feed entry of at least this length that does not break off is the whole article."""

_SHARE_OF_WHOLE: Final = 0.8
_SHARE_OF_TEASER: Final = 0.5
"""A page's text shorter than this share of what the feed carried is a wall, a teaser, or another page's leftovers."""

_BREAKS_OFF: Final = ("…", "...", "→", ">>", "›", "more", "[&#8230;")
_AFTER_THE_END: Final = " \n\t])）】»"


@dataclass(frozen=True, slots=True)
class Article:
    """What was read from one page. `text` is clean and empty where nothing was found; the rest is as the page says, unchecked."""

    text: str
    title: str | None  # og:title, else the first heading
    canonical: str | None
    language: str | None  # of the `html` element
    published: str | None  # article:published_time
    charset: str  # the codec it was decoded with
    thorough: bool  # the fast pass found too little, so the full one ran


def breaks_off(text: str) -> bool:
    """Return whether a feed's text ends as a teaser does: an ellipsis, an arrow, or a link to the rest."""
    return text.rstrip(_AFTER_THE_END).endswith(_BREAKS_OFF)


def carries_full_text(content: str) -> bool:
    """Return whether the feed's own content is the whole article, so that no page needs to be fetched."""
    return len(content) >= FULL_TEXT_CHARACTERS and not breaks_off(content)


def choose_text(feed_summary: str, feed_content: str, page_text: str) -> str:
    """Return the body to read: the page's text where it is the whole, else the feed's content, which may be empty.

    The summary is never the body, since it is read beside the body in any case; it only tells how much a page should hold.
    """
    carried = feed_content or feed_summary
    share = _SHARE_OF_TEASER if breaks_off(carried) else _SHARE_OF_WHOLE
    return page_text if page_text and len(page_text) >= share * len(carried) else feed_content
