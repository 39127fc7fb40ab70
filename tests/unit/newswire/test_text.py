import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.text import clean, clean_line


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\u202egnp.exe\u202c b", "agnp.exe b"),
        ("\x1b[31mred\x00", "[31mred"),
        ("pay\u200bpal pay\u200cpal", "paypal paypal"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("z" + "\u0301" * 500, "z\u0301\u0301"),
        ("\ud83d\ude00 \ud800", "😀 ?"),
        ("one \t two\u00a0three\r\n \r\n\n four\u2028five", "one two three\n\nfour\nfive"),
        ("\u3164\u2800", ""),
        ("<!channel>", "<!channel>"),  # escaping belongs to each exit, not here
    ],
)
def test_foreign_text_is_cleaned(raw: str, expected: str) -> None:
    assert clean(raw, limit=1000) == expected


@given(st.text(), st.integers(1, 300))
def test_cleaning_holds_its_laws(text: str, limit: int) -> None:
    cleaned = clean(text, limit=limit)
    assert len(cleaned) <= limit
    assert clean(cleaned, limit=limit) == cleaned
    assert not [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")
    assert "\n" not in clean_line(text, limit=limit)


def test_the_work_is_bounded_whatever_arrives() -> None:
    assert clean("<" * 10_000_000, limit=300) == "<" * 300
