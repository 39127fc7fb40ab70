import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.extract import FULL_TEXT_CHARACTERS, breaks_off, carries_full_text, choose_text
from processors.extract_charset import charset_named, decode

ARABIC = "وقعت الوزارة مذكرة تفاهم"
RUSSIAN = "Министр принял посла"
KOREAN = "장관은 대사를 만났다"
TURKISH = "Bakan büyükelçiyi kabul etti, ığşç"


@pytest.mark.parametrize(
    ("text", "codec", "header", "declared"),
    [
        (ARABIC, "cp1256", "windows-1256", ""),
        (ARABIC, "cp1256", None, "windows-1256"),
        (ARABIC, "utf-8", "ISO-8859-1", "ISO-8859-1"),  # servers say that of anything: the bytes prove otherwise
        (RUSSIAN, "cp1251", "utf-8", "windows-1251"),  # the header's charset cannot read them
        (RUSSIAN, "koi8-r", "koi8-r", ""),
        (KOREAN, "cp949", "euc-kr", ""),
        (TURKISH, "cp1254", None, "iso-8859-9"),
        ("“quoted” – dash", "cp1252", "iso-8859-1", ""),  # WHATWG: Latin-1 is read as windows-1252
        ("数字经济合作", "gb18030", "gb2312", ""),
        ("デジタル庁", "cp932", "Shift_JIS", ""),
        (KOREAN, "utf-8", "zlib_codec", "utf-7"),  # codecs that are no charsets are never asked
        (KOREAN, "utf-8-sig", "euc-kr", ""),
        (KOREAN, "utf-16", None, ""),
    ],
)
def test_bytes_are_read_in_the_charset_they_are_in(text: str, codec: str, header: str | None, declared: str) -> None:
    page = f'<html><head><meta charset="{declared}"></head><body><p>{text}</p></body></html>'
    decoded, used = decode(page.encode(codec), header)
    assert text in decoded, used


def test_a_charset_that_nobody_names_is_guessed() -> None:
    page = f"<html><body>{RUSSIAN * 20}</body></html>".encode("cp1251")
    assert RUSSIAN in decode(page, None)[0]


def test_a_few_broken_bytes_do_not_change_the_charset() -> None:
    body = (RUSSIAN * 50).encode("cp1251")
    assert decode(body[:400] + b"\x98" + body[400:], "windows-1251")[1] == "cp1251"


def test_a_page_cut_in_the_middle_of_a_character_is_still_utf_8() -> None:
    assert decode((KOREAN * 40).encode()[:-1], "euc-kr")[1] == "utf-8"


@given(st.binary(max_size=300), st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["utf-7", "idna", "undefined", "rot13", "hex"])))
def test_no_bytes_and_no_label_raise(body: bytes, label: str | None) -> None:
    text, codec = decode(body, label)
    assert codecs.lookup(codec)
    assert isinstance(text, str)


def test_the_header_names_the_charset() -> None:
    assert charset_named("text/html; Charset='windows-1256'") == "windows-1256"
    assert charset_named("text/html") is None


@pytest.mark.parametrize("ending", ["…", " […]", "... [...]", " Read more →", "...more", "[…] Continue reading »", "(…)"])
def test_a_teaser_breaks_off(ending: str) -> None:
    assert breaks_off("The minister said" + ending) is (ending != "[…] Continue reading »")


def test_full_text_is_long_and_comes_to_an_end() -> None:
    whole = "word " * (FULL_TEXT_CHARACTERS // 5) + "end."
    assert carries_full_text(whole)
    assert not carries_full_text(whole + " […]")
    assert not carries_full_text(whole[:500])


@pytest.mark.parametrize(
    ("summary", "content", "page", "chosen"),
    [
        ("s" * 100, "", "p" * 900, "page"),
        ("s" * 100, "c" * 1000, "p" * 900, "page"),  # the whole article, a feed's footer less
        ("s" * 100, "c" * 3000, "p" * 900, "content"),  # a wall on the page
        ("s" * 100, "c" * 500 + "…", "p" * 300, "page"),  # both are cut: the page says more
        ("s" * 100, "c" * 900 + "…", "p" * 200, "content"),
        ("s" * 600, "", "p" * 90, "content"),  # a cookie wall; nothing is better than that
        ("", "", "p", "page"),
        ("s", "c", "", "content"),
    ],
)
def test_the_whole_of_the_two_is_chosen(summary: str, content: str, page: str, chosen: str) -> None:
    assert choose_text(summary, content, page) == {"page": page, "content": content}[chosen]
