import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.plain import plain_text


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("No markup", "No markup"),
        ("<p>One.</p><p>Two<br/>three</p>", "\n\nOne.\n\n\n\nTwo\n\nthree\n\n"),
        ("R&amp;D &lt;b&gt; &nbsp;&#8217;&hellip;", "R&D <b> \xa0’…"),
        ("a < b and c > d, 5 <6", "a < b and c > d, 5 <6"),
        ("<a title=\"x > y\" href='z'>link</a>", "link"),
        ("<script>alert('<p>')</script>kept<style>p{}</style>", "kept"),
        ("<SCRIPT >var a</script >after", "after"),
        ("before<script>never closed <p>", "before"),
        ("<!-- a <b> comment -->x<![CDATA[y]]><!doctype html>z<?pi?>", "xz"),
        ("<!-- never closed x > y", " y"),
        ("an <unclosed tag", "an <unclosed tag"),
        ('<a title="never closed>text</a> more', "text more"),
        ("<b>bo</b>ld", "bold"),
        ("&#xD800;&#999999999999999999999;ok", "ok"),
    ],
)
def test_markup_goes_and_text_stays(fragment: str, text: str) -> None:
    assert plain_text(fragment) == text


@given(st.text(alphabet="<>&;'\"/!-ab p#x1", max_size=80))
def test_any_fragment_gives_text(fragment: str) -> None:
    assert isinstance(plain_text(fragment), str)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    ["<", "&", "<a ", '<a "', "<a '", "<!--", "<![CDATA[", "<script>", "</script", "<script></script>", "<p>", "&#x", "&amp", '<a ">" '],
)
def test_no_fragment_takes_more_than_its_length(piece: str) -> None:
    # A quadratic step would take minutes on so many characters; the deadline of the test is the subject.
    plain_text(piece * (400_000 // len(piece)))
