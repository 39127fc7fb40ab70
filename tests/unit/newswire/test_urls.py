import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.urls import _CLEAN, URL_LIMIT, _parsed, canonical_url, item_id_of_guid, item_id_of_url, revision_of


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("HTTPS://Www.Dawn.com:443/news/1/a-b?utm_source=rss&id=5#comments", "https://www.dawn.com/news/1/a-b?id=5"),
        ("http://x.com", "http://x.com/"),
        ("story/7?b=2&a=1&fbclid=x", "https://base.org/feed/story/7?a=1&b=2"),
        ("//cdn.org/x", "https://cdn.org/x"),
        ("https://u:p@x.com:8443/a", "https://x.com:8443/a"),
        ("https://аpple.com/", "https://xn--pple-43d.com/"),
        ("https://x.com/a?partner=rss-feed", "https://x.com/a"),
        ("https://x.com/a?partner=42", "https://x.com/a?partner=42"),
        ("https://x.com/a b\n/c", "https://x.com/a%20b/c"),
        ("https://x.com/?p=123", "https://x.com/?p=123"),
        ("javascript:alert(1)", None),
        ("mailto:a@b.c", None),
        ("file:///etc/passwd", None),
        ("https://x.com\\@evil.com/", None),
        ("https://x.com:99999/", None),
        ("http://[::1", None),
        ("https://x.com/" + "a" * URL_LIMIT, None),
        ("", None),
    ],
)
def test_a_link_is_reduced_to_what_identifies_it(link: str, expected: str | None) -> None:
    assert canonical_url(link, "https://base.org/feed/") == expected


@given(st.text())
def test_any_text_gives_a_link_that_is_stable_or_none(link: str) -> None:
    canonical = canonical_url(link, "https://base.org/")
    assert canonical is None or canonical_url(canonical) == canonical


def test_identity_does_not_depend_on_tracking_order_or_scheme() -> None:
    links = ["https://a.com/x?id=1&page=2", "http://a.com/x?page=2&id=1&utm_campaign=z#top", "https://A.com/x?gclid=3&id=1&page=2"]
    assert len({item_id_of_url(canonical_url(link) or "") for link in links}) == 1
    assert item_id_of_guid("s1", "7") != item_id_of_guid("s2", "7")


def test_a_revision_changes_with_the_words_alone() -> None:
    assert revision_of("A  Title", "some\ntext") == revision_of("a title", "some text")
    assert revision_of("a title", "some text") != revision_of("a title some", "text")
    assert len(revision_of("\ud800", "")) == 16


@given(st.from_regex(_CLEAN, fullmatch=True).filter(lambda link: len(link) <= URL_LIMIT))
def test_the_short_way_and_the_long_way_agree(link: str) -> None:
    assert canonical_url(link) == _parsed(link, None) == canonical_url(link, "https://other.example/feed")
