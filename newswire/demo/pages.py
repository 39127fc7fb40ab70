"""What the demo's web looks like: an RSS document and an article page with all that surrounds real articles. Pure."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Final

_ELSEWHERE: Final = (
    "US and China trade blows over chip exports, ministers to meet",
    "Gaming industry awards: the winners in pictures",
    "Saudi delegation signs memorandum on football academies",
    "Ten phones to buy this month",
)

_PAGE: Final = """<!DOCTYPE html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<title>{title} - {outlet}</title>
<meta property="og:title" content="{title}">
<meta property="article:published_time" content="{published}">
<script>window.dataLayer = window.dataLayer || [];</script>
<style>nav a {{ margin-right: 1em }}</style>
</head>
<body>
<div id="cookie-consent" class="cookie-banner" role="dialog"><p>We and our partners use cookies to store information
on your device, to measure our audience and to agree with you on personalised advertising. You can change your mind at any time.</p>
<button>Accept all</button><button>Reject</button></div>
<header><a href="/">{outlet}</a>
<nav><ul><li><a href="/world">World</a></li><li><a href="/china">China</a></li><li><a href="/us">US</a></li>
<li><a href="/tech">Technology</a></li>
<li><a href="/gaming">Gaming</a></li><li><a href="/sport">Sport</a></li></ul></nav></header>
<main>
<article>
<h1>{title}</h1>
<p class="byline"><time datetime="{published}">{published}</time></p>
{paragraphs}
</article>
<aside class="related"><h2>Read more</h2><ul>
{related}
</ul></aside>
<section id="comments" class="comments"><h2>Comments</h2><p class="comment">First!</p></section>
</main>
<footer><p>Copyright {outlet}. All rights reserved. Subscribe to our newsletter.</p></footer>
</body>
</html>
"""


def article_page(*, outlet: str, language: str, title: str, text: str, published_at: datetime, related: Sequence[tuple[str, str]]) -> str:
    """Return an article page: cookie banner, navigation, the article, related headlines, comments and footer around it."""
    links = [*related[:4], *((headline, f"/elsewhere/{number}") for number, headline in enumerate(_ELSEWHERE))]
    return _PAGE.format(
        language=escape(language),
        direction="rtl" if language in ("ar", "fa", "ur") else "ltr",
        title=escape(title),
        outlet=escape(outlet),
        published=published_at.isoformat(timespec="seconds"),
        paragraphs="\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph.strip()),
        related="\n".join(f'<li><a href="{escape(url)}">{escape(headline)}</a></li>' for headline, url in links),
    )


def feed_document(outlet: str, language: str, entries: Sequence[tuple[str, str, str, datetime]]) -> str:
    """Return an RSS 2.0 document of (title, summary, link, date) entries."""
    items = "\n".join(
        f"<item><title>{escape(title)}</title><description>{escape(summary)}</description><link>{escape(link)}</link>"
        f'<guid isPermaLink="true">{escape(link)}</guid><pubDate>{format_datetime(published_at)}</pubDate></item>'
        for title, summary, link, published_at in entries
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>{escape(outlet)}</title><language>{escape(language)}</language><link>/</link><description>{escape(outlet)}</description>\n"
        f"{items}\n</channel></rss>\n"
    )
