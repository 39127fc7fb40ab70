"""The strict reader and feedparser must give equal entries for every document that the strict one reads: made-up feeds beside the golden ones."""

from xml.sax.saxutils import escape, quoteattr

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.lenient import read_lenient
from collectors.strict import read_strict

WORDS = st.text(alphabet="ab é ی中& <>;'\"\n#1", max_size=25)
TITLES = WORDS.map(lambda words: f"T{words}")
LINKS = st.sampled_from(
    ["https://x.example/a?b=1&c=2", "/a b", "a", "", " https://x.example/é ", "tag:x,2026:1", "https://x.example/&amp;d=1"]
)
DATES = st.sampled_from(["", "Mon, 02 Nov 2026 10:00:00 PKT", "2026-11-02T10:00:00Z", " yesterday "])


def element(name: str, text: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{escape(text)}</{name}>"


RSS_FIELDS = st.one_of(
    LINKS.map(lambda link: element("link", link)),
    st.tuples(LINKS, st.sampled_from(["", ' isPermaLink="true"', ' isPermaLink="false"'])).map(lambda two: element("guid", two[0], two[1])),
    WORDS.map(lambda text: element("description", text)),
    WORDS.map(lambda text: f"<description><![CDATA[<p>{text.replace(']]>', '')}</p>]]></description>"),
    WORDS.map(lambda text: element("content:encoded", text)),
    DATES.map(lambda date: element("pubDate", date)),
    DATES.map(lambda date: element("dc:date", date)),
    WORDS.map(lambda text: element("category", text)),
    WORDS.map(lambda text: element("dc:creator", text)),
    WORDS.map(lambda text: element("media:title", text)),
    WORDS.map(lambda text: element("media:description", text)),
    LINKS.map(lambda link: f'<media:content url={quoteattr(link)} medium="image"/>'),
    st.tuples(WORDS, st.sampled_from(["title", "description", "credit"])).map(
        lambda two: f'<media:group><media:content url="u">{element("media:" + two[1], two[0])}</media:content></media:group>'
    ),
    LINKS.map(lambda link: f"<enclosure url={quoteattr(link)}/>"),
    LINKS.map(lambda link: f'<atom:link rel="self" href={quoteattr(link)}/>'),
    LINKS.map(lambda link: element("source", "Outlet", f" url={quoteattr(link)}")),
    LINKS.map(lambda link: element("feedburner:origLink", link)),
)
RSS_ITEMS = st.tuples(TITLES, st.lists(RSS_FIELDS, max_size=6)).flatmap(
    lambda item: st.permutations([element("title", item[0]), *item[1]]).map(lambda fields: f"<item>{''.join(fields)}</item>")
)
NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)

ATOM_FIELDS = st.one_of(
    st.tuples(
        LINKS, st.sampled_from(["", ' rel="alternate"', ' rel="self"', ' rel="related"', ' type="text/html"', ' type="application/pdf"'])
    ).map(lambda two: f"<link href={quoteattr(two[0])}{two[1]}/>"),
    LINKS.map(lambda link: element("id", link)),
    st.tuples(WORDS, st.sampled_from(["", ' type="html"', ' type="text"'])).map(lambda two: element("summary", two[0], two[1])),
    st.tuples(WORDS, st.sampled_from(["", ' type="html"', ' type="text"'])).map(lambda two: element("content", two[0], two[1])),
    DATES.map(lambda date: element("published", date)),
    DATES.map(lambda date: element("updated", date)),
    WORDS.map(lambda text: f"<author>{element('name', text)}</author>"),
    WORDS.map(lambda text: f"<category term={quoteattr(text)}/>"),
)
ATOM_ENTRIES = st.tuples(TITLES, st.lists(ATOM_FIELDS, max_size=6)).flatmap(
    lambda entry: st.permutations([element("title", entry[0]), *entry[1]]).map(lambda fields: f"<entry>{''.join(fields)}</entry>")
)


def same(document: str) -> None:
    strict = read_strict(document, "utf-8")
    if strict is None:
        return
    lenient = read_lenient(document, "utf-8")
    assert lenient is not None
    assert lenient.entries == strict.entries


@settings(max_examples=60, deadline=None)
@given(st.lists(RSS_ITEMS, min_size=1, max_size=3))
def test_rss_reads_the_same(items: list[str]) -> None:
    same(f'<rss version="2.0" {NAMESPACES}><channel><title>T</title><link>https://x.example/</link>{"".join(items)}</channel></rss>')


@settings(max_examples=60, deadline=None)
@given(st.lists(ATOM_ENTRIES, min_size=1, max_size=3))
def test_atom_reads_the_same(entries: list[str]) -> None:
    same(f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>urn:x</id>{"".join(entries)}</feed>')
