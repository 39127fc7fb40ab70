"""What no longer differs when a text is folded, and that every letter of the copy knows where it came from."""

import unicodedata
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.terms import Term, TermSearch, fold

LIVING: Final = (
    "DEVANAGARI",
    "BENGALI",
    "ORIYA",
    "TAMIL",
    "TELUGU",
    "KANNADA",
    "MALAYALAM",
    "SINHALA",
    "MYANMAR",
    "HIRAGANA",
    "KATAKANA",
    "HANGUL",
)


def found(term: Term, text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in TermSearch([term]).find(fold(text))]


def test_letters_in_pieces_fold_like_whole_ones() -> None:
    for code in range(0x700, 0xD800):
        whole = chr(code)
        if unicodedata.name(whole, "").startswith(LIVING) and unicodedata.normalize("NFD", whole) != whole:
            assert fold(unicodedata.normalize("NFD", whole)).text == fold(whole).text, hex(code)


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        (Term("게임"), unicodedata.normalize("NFD", "새 게임 산업"), [unicodedata.normalize("NFD", "게임")]),
        (Term("ゲーム"), "新ｹﾞｰﾑ業界", ["ｹﾞｰﾑ"]),
        (Term("ハス"), "バス " + unicodedata.normalize("NFD", "バス"), []),
        (Term("الأردن"), "ﺍﻷﺭﺩﻥ", ["ﺍﻷﺭﺩﻥ"]),  # presentation forms, with a ligature
        (Term("الأردن"), "للأردن وللأردن", ["للأردن", "للأردن"]),  # "for" swallows the article's alef
        (Term("الليل"), "لليل", ["لليل"]),
        (Term("5جی"), "۵جی ٥جی", ["۵جی", "٥جی"]),
        (Term("5G"), "५G १५G", ["५G"]),
        (Term("می\u200cشود"), "می\u200cشود، می شود، میشود", ["می\u200cشود", "می شود", "میشود"]),
        (Term("ITU", exact=True), "ＩＴＵ ｉｔｕ", ["ＩＴＵ"]),
        (Term("People's Daily", exact=True), "the People\u2019s Daily, the people\u2019s daily", ["People\u2019s Daily"]),
    ],
)
def test_a_term_is_found_in_every_spelling_of_its_script(term: Term, text: str, expected: list[str]) -> None:
    assert found(term, text) == expected


@given(st.text(st.sampled_from("aé\u0301게\u1100\u1161\u11a8ｹ\uff9eカ\u3099か\u09c7\u09be ५ﻷß\ud800  -"), max_size=12))
def test_every_letter_of_the_copy_knows_where_it_came_from(text: str) -> None:
    folded = fold(text)
    starts, ends = list(folded.starts), list(folded.ends)
    assert len(starts) == len(ends) == len(folded.text)
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    for letter, start, end in zip(folded.text, starts, ends, strict=True):
        assert 0 <= start < end <= len(text)
        assert letter in fold(text[start:end]).text


@given(st.text(st.sampled_from("aéIİßæ\u0301게ｹカか\u09c7 ५ﻷ\u200c\u0640\ud800\0  -’"), max_size=12))
def test_a_short_text_folds_as_it_does_within_a_long_one(text: str) -> None:
    short, long = fold(text), fold(text + "x" * 200)
    assert long.text == short.text + "x" * 200
    assert list(long.starts)[: len(short.text)] == list(short.starts)
    assert list(long.ends)[: len(short.text)] == list(short.ends)
