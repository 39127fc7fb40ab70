import json
from pathlib import Path

import pytest
from lxml import html as lxml_html

from processors.extract import HTML_BYTES, TEXT_CHARACTERS
from processors.extract_chrome import drop_chrome, without_banners
from processors.extract_html import read_article
from tests.fake_pages import BODY, html_page

GOLDEN = Path(__file__).parents[2] / "golden" / "pages"
PAGES = sorted(GOLDEN.glob("*.html"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_body_is_read_and_what_stands_around_it_is_not(page: Path) -> None:
    wanted = json.loads(page.with_suffix(".json").read_text())
    article = read_article(page.read_bytes(), wanted["url"], wanted["charset_hint"])
    text = " ".join(article.text.split())
    assert [paragraph for paragraph in wanted["contains"] if " ".join(paragraph.split()) not in text] == []
    assert [stranger for stranger in wanted["absent"] if stranger in text] == []
    assert article.title == wanted["title"]
    assert article.language == wanted["language"]
    assert not article.text.startswith(wanted["title"])


def test_all_languages_of_the_promise_have_golden_pages() -> None:
    assert {page.stem[:2] for page in PAGES} >= {"en", "ur", "ar", "zh", "ko", "tr", "fr", "ru"}


def test_metadata_is_read_from_the_head() -> None:
    article = read_article(
        b"<html lang=fr><head><meta property=og:title content='Un titre'><link rel=canonical href='https://a.example/x'>"
        b"<meta property=article:published_time content='2026-01-02T03:04:05Z'></head><body><p>Texte</p></body></html>",
        "https://a.example/x?y",
        None,
    )
    assert (article.title, article.canonical, article.language, article.published) == (
        "Un titre",
        "https://a.example/x",
        "fr",
        "2026-01-02T03:04:05Z",
    )


def test_an_article_in_json_ld_alone_is_found() -> None:
    body = json.dumps({"@type": "NewsArticle", "articleBody": BODY})
    page = f"<html><head><script type='application/ld+json'>{body}</script></head><body><div id='root'></div></body></html>"
    assert BODY.strip() in read_article(page.encode(), "https://a.example/", None).text


def test_a_short_article_is_looked_at_twice() -> None:
    article = read_article(html_page("A short note of the ministry, and that is all there is to it.").encode(), "https://a.example/", None)
    assert article.thorough
    assert article.text == "A short note of the ministry, and that is all there is to it."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0" * 1000,
        bytes(range(256)) * 100,
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
        b"<",
        b"<html>",
        b"<!-- never closed",
        b"<svg><style><!--</style>",
        "<p>\ud83d".encode("utf-16", "surrogatepass"),
        b"<?xml version='1.0' encoding='punycode'?><html><body>x</body></html>",
        b"<html><body>" + b"<div>" * 5_000 + b"deep",
        b"&#xD800;&#0;&#x110000;<p>&#xD83D;&#xDE00;</p>",
    ],
    ids=range(12),
)
def test_garbage_gives_an_article_and_no_exception(body: bytes) -> None:
    article = read_article(body, "https://a.example/", "utf-7")
    article.text.encode("utf-8")


def test_text_comes_out_clean_and_bounded() -> None:
    long = "\u202egnp.exe\u200b \x1b[31m" + "sentence of words. " * 20_000
    article = read_article(html_page(long).encode(), "https://a.example/", None)
    assert len(article.text) <= TEXT_CHARACTERS
    assert not set("\u202e\u200b\x1b") & set(article.text)


def test_only_the_beginning_of_an_endless_page_is_parsed() -> None:
    page = html_page(BODY).encode().removesuffix(b"</body></html>") + b"<!-- " + b"x" * HTML_BYTES
    assert BODY.strip() in read_article(page, "https://a.example/", None).text


def cleared(body: str) -> str:
    tree = lxml_html.document_fromstring(f"<html><body>{body}</body></html>")
    drop_chrome(tree)
    return " ".join(str(tree.text_content()).split())


LINKS = "".join(f"<li><a href='/{n}'>Minister of country {n} meets an envoy</a></li>" for n in range(5))


@pytest.mark.parametrize(
    "around",
    [
        f"<ul>{LINKS}</ul>",
        f"<div><div><b>Latest</b></div><ol>{LINKS}</ol></div>",
        "<p>READ MORE: <a href='/x'>Envoy meets minister</a></p>",
        "<p><strong>Lire aussi :</strong> <a href='/x'>Un titre</a></p>",
        "<h3><a href='/x'>Envoy of Norway meets minister</a></h3>",
        "<div class='related-posts'><p>Envoy of Norway meets minister</p></div>",
        "<div id='onetrust-banner'><p>We value your privacy</p></div>",
        "<div role='dialog' aria-modal='true'><p>Choose</p></div>",
        f"<section id='comments'>{'<p>What about Norway?</p>' * 40}</section>",
        "<table><tr><td><a href='/1'>One headline here</a><br><a href='/2'>Another headline</a></td></tr></table>",
    ],
)
def test_what_is_not_the_article_goes(around: str) -> None:
    assert cleared(f"<div><h1>Headline</h1><p>{BODY}</p>{around}</div>") == f"Headline{BODY.strip()}" or (
        cleared(f"<div><h1>Headline</h1><p>{BODY}</p>{around}</div>") == f"Headline{BODY.strip()} Latest"
    )


@pytest.mark.parametrize(
    "article",
    [
        f"<div class='cookie-enabled related-sidebar-layout'><p>{BODY}</p></div>",  # a wrapper names what it holds beside
        f"<a href='/amp'><div><p>{BODY}</p></div></a>",  # the whole article is one link
        f"<p>{BODY}<a href='/x'>the ministry said in a statement</a> on Monday.</p>",
        f"<div><p>{BODY}</p><ul>{LINKS}{LINKS}{LINKS}</ul></div>",  # more links than article
        f"<article class='has-comments comments'><h1>Title</h1><p>{BODY}</p></article>",
        f"<div class='commentary'><p>{BODY}</p></div>",
        f"<p>{BODY}</p><p>See: the report of the ministry, in which all of this is said at length</p>",
    ],
)
def test_the_article_stays(article: str) -> None:
    assert BODY.strip() in cleared(article)


def test_banners_without_a_name_go_by_their_words() -> None:
    lines = ["The minister spoke.", "We use cookies to improve this site.", "Nous utilisons des cookies.", "Copyright © 2026 The Example"]
    assert without_banners(lines) == ["The minister spoke."]
