import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.lookalikes import fault, meant, skeleton

KEYS = ("any", "all", "none", "at_least", "partners", "topics")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("аny", "the key 'аny' has a Cyrillic 'а'; write 'any'"),
        ("tοpics", "the key 'tοpics' has a Greek 'ο'; write 'topics'"),
        ("ａｌｌ", "the key 'ａｌｌ' has a full-width 'ａ'; write 'all'"),
        ("nonе", "the key 'nonе' has a Cyrillic 'е'; write 'none'"),
        ("an\u200by", "the key 'an\\u200by' has U+200B (zero width space); write 'any'"),
        ("any\u00a0", "the key 'any\\xa0' has U+00A0 (no-break space); write 'any'"),
        ("ány", "the key 'ány' has 'á', U+00E1 (latin small letter a with acute); write 'any'"),
        ("АNY", "the key 'АNY' has a Cyrillic 'А'; write 'any'"),
    ],
)
def test_the_letter_is_named(word: str, said: str) -> None:
    assert fault("key", word, KEYS) == said


@pytest.mark.parametrize("word", ["any", "anny", "слово", "спутник", "وزير", ""])
def test_what_looks_like_no_key_is_left_to_others(word: str) -> None:
    assert fault("key", word, KEYS) is None


@given(word=st.text(max_size=80), valid=st.lists(st.text(max_size=8), max_size=4))
def test_no_word_raises_and_what_is_meant_is_valid(word: str, valid: list[str]) -> None:
    skeleton(word)
    right = meant(word, valid)
    assert right is None or right in valid
    fault("word", word, valid)
