import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.decode import charset_of, decode, drop_unusable, safe_codec
from collectors.repair import mend_references

URDU = "پاکستان اور چین کا ٹیلی کام شعبے میں تعاون، وزیر نے سفیر سے ملاقات کی"


def text_of(body: bytes, http_charset: str | None = None, language: str | None = None) -> str:
    decoded = decode(body, http_charset=http_charset, language=language)
    assert decoded is not None
    return decoded.text


@pytest.mark.parametrize(
    "name",
    ["zlib_codec", "bz2", "base64", "rot13", "hex", "uu", "idna", "undefined", "punycode", "raw_unicode_escape", "mbcs", "x" * 40, "\0"],
)
def test_a_charset_that_is_no_charset_is_refused_and_the_text_read_all_the_same(name: str) -> None:
    assert safe_codec(name) is None
    assert text_of(b"<rss>" + URDU.encode(), http_charset=name) == "<rss>" + URDU


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("GB2312", "gb18030"),
        ("ISO-8859-1", "cp1252"),
        ("EUC-KR", "cp949"),
        ("Shift_JIS", "cp932"),
        ("utf8", "utf-8"),
        ("us-ascii", "cp1252"),
    ],
)
def test_a_charset_is_read_as_its_wide_form(name: str, codec: str) -> None:
    assert safe_codec(name) == codec


def test_the_charset_of_a_content_type() -> None:
    assert charset_of('text/xml; Charset="windows-1256"; x=y') == "windows-1256"
    assert charset_of("text/xml") is None
    assert charset_of(None) is None


@pytest.mark.parametrize(
    ("body", "http_charset", "language"),
    [
        (codecs.BOM_UTF8 + URDU.encode(), "iso-8859-1", None),
        (URDU.encode("utf-16"), None, None),
        (codecs.BOM_UTF32_BE + URDU.encode("utf-32-be"), None, None),
        (URDU.encode(), "windows-1252", None),  # the server's default, not the feed's charset
        (URDU.encode(), "utf-16", None),
    ],
)
def test_the_bytes_speak_louder_than_the_headers(body: bytes, http_charset: str | None, language: str | None) -> None:
    assert text_of(body, http_charset, language) == URDU


def test_one_bad_byte_costs_one_character() -> None:
    body = URDU.encode()
    assert text_of(body[:40] + b"\xff" + body[40:]).replace("\ufffd", "") == URDU
    broken = "中国与巴基斯坦签署备忘录".encode("gb18030") * 20 + b"\xff"
    assert text_of(broken, "gb2312").startswith("中国与巴基斯坦")


@pytest.mark.parametrize(
    ("text", "codec", "language"),
    [
        ("Министр связи встретился с послом, обсуждали спутники и кибербезопасность. " * 5, "cp1251", "ru"),
        ("중국과 사우디의 장관이 디지털 협력을 논의했다. " * 5, "cp949", "ko"),
        ("日本とパキスタンの大臣が覚書に署名した。通信分野で協力する。" * 5, "euc_jp", "ja"),
        ("Le ministre a signé un accord sur le numérique à Paris, après l’été. " * 3, "cp1252", "fr"),
        ("وزير الاتصالات يلتقي السفير ويبحث التعاون الرقمي " * 5, "cp1256", "ar"),
    ],
)
def test_an_undeclared_charset_is_guessed_among_those_of_the_language(text: str, codec: str, language: str) -> None:
    assert text_of(b"<rss>" + text.encode(codec), language=language) == "<rss>" + text


def test_no_guess_is_taken_where_none_is_wanted() -> None:
    assert decode("Министр связи".encode("cp1251"), http_charset=None, language="ru", guess=False) is None


@given(
    st.binary(max_size=300),
    st.sampled_from([None, "utf-8", "gb2312", "utf-16", "zlib_codec", "euc-kr"]),
    st.sampled_from([None, "ur", "xx"]),
)
def test_any_bytes_give_text_or_nothing(body: bytes, http_charset: str | None, language: str | None) -> None:
    decoded = decode(body, http_charset=http_charset, language=language)
    assert decoded is None or decoded.text.isascii() or decoded.text.encode("utf-8")


def test_unusable_characters_and_references_go() -> None:
    assert drop_unusable("a\x00b\x1b\ufffe&#0;&#x1B;&#27;&#xD800;&#1114112;&#x110000;&#" + "9" * 5000 + ";c&#10;&#x41;") == "abc&#10;&#x41;"
    assert drop_unusable("&#xD83D;&#xDE00;&#55357;&#56832;&#xDE00;") == "😀😀"


def test_stray_ampersands_and_named_characters_are_mended() -> None:
    assert mend_references("AT&T &amp; a&nbsp;b &rsquo; &lol; ?a=1&b=2 &LT; &#38; &") == (
        "AT&amp;T &amp; a\u00a0b ’ &amp;lol; ?a=1&amp;b=2 &lt; &#38; &amp;"
    )


@given(st.text(alphabet="&;#xabltgmpn1 <", max_size=60))
def test_mending_twice_changes_nothing(text: str) -> None:
    assert mend_references(mend_references(text)) == mend_references(text)
