"""What a search finds in texts of many scripts, before any database: cut, asked, marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.search_excerpt import excerpt
from newswire.search_query import LONGEST_QUERY, MOST_PARTS, Query, marks, parse
from newswire.search_tokens import BETWEEN_FIELDS, LONGEST_WORD, WORDS_A_TEXT, tokens, words_of


def test_words_are_folded_and_cut_by_their_script() -> None:
    assert words_of(["Émigré café, İSTANBUL 5G-network_x"]) == ["emigre", "cafe", "istanbul", "5g", "network", "x"]
    assert words_of(["网络安全 5G网络"]) == ["网络", "络安", "安全", "全", "5g", "网络", "络"]
    assert words_of(["پاکستان اور ٹیلی کام"])[0] == words_of(["باكستان".replace("ب", "پ")])[0]
    assert words_of(["हिन्दी में"]) == ["हिन्दी", "में"]
    assert words_of(["one", "two"]) == ["one", BETWEEN_FIELDS, "two"]
    assert words_of(["…!?", ""]) == []


def test_hostile_texts_give_bounded_words() -> None:
    assert [len(word) for word in words_of(["a" * 150_000])] == [LONGEST_WORD]
    assert len(words_of(["字" * 300_000, "b c"])) == WORDS_A_TEXT


@given(st.text(max_size=80))
def test_words_are_those_of_the_tokens(text: str) -> None:
    assert words_of([text]) == [token.word for token in tokens(text)]


@given(st.text(max_size=80))
def test_tokens_stand_where_they_say(text: str) -> None:
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert token.word
        assert " " not in token.word


def found(query: str, text: str) -> list[str]:
    """Return the words marked."""
    return [text[start:end] for start, end in marks(parse(query), text)]


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("spectrum", "The SPECTRUM auction", ["SPECTRUM"]),
        ("cafe", "Das Café und das CAFÉ", ["Café", "CAFÉ"]),
        ('"submarine cable"', "a submarine-cable; cables by submarine", ["submarine-cable"]),
        ("licen*", "Licensing of licences, not silence", ["Licensing", "licences"]),
        ('"spectrum licen*"', "spectrum licences", ["spectrum licences"]),
        ('"spectrum licen"*', "spectrum licences", ["spectrum licences"]),
        ("الأردن", "وفد من وزارة في الاردن والأردن", ["الاردن", "والأردن"]),
        ("پاکستان", "پاكستان اور بھارت", ["پاكستان"]),
        ("网络安全", "中国网络安全法", ["网络安全"]),
        ("网", "互联网和网络", ["网", "网"]),
        ("安全法", "网络安全和方法", []),
        ("5G网络", "建设5G网络", ["5G网络"]),
        ("한국", "한국에서는", ["한국"]),
        ("C++", "C and c", ["C", "c"]),
        ("spectrum -huawei", "spectrum and Huawei", ["spectrum"]),
    ],
)
def test_what_is_marked(query: str, text: str, marked: list[str]) -> None:
    assert found(query, text) == marked


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "name a word to search for"),
        ('" "', "no letter or digit"),
        ("-huawei", "only leave out"),
        ('"submarine cable', "a quotation mark is missing"),
        ("a*b", "at the end of a word"),
        ("x*", "at least 2 letters"),
        ("gaming OR chips", "OR is no operator here"),
        ("a " * (MOST_PARTS + 1), f"at most {MOST_PARTS}"),
        ("a" * (LONGEST_QUERY + 1), f"at most {LONGEST_QUERY}"),
    ],
)
def test_a_bad_query_says_what_would_be_right(query: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(query)


@given(st.text(max_size=60), st.text(max_size=120))
def test_any_line_is_a_query_or_a_fault(query: str, text: str) -> None:
    try:
        asked = parse(query)
    except ValueError:
        return
    assert isinstance(asked, Query)
    shown = excerpt(text, marks(asked, text))
    assert all(0 <= start < end <= len(shown.text) for start, end in shown.marks)


def test_an_excerpt_is_cut_at_words_around_what_was_found() -> None:
    text = "nothing here at all " * 40 + "the gaming industry and the gaming exports " + "nor there " * 60
    shown = excerpt(text, marks(parse("gaming"), text))
    assert shown.text.startswith("… ")
    assert shown.text.endswith(" …")
    assert len(shown.text) <= 224
    assert [shown.text[start:end] for start, end in shown.marks] == ["gaming", "gaming"]
    assert excerpt("short", []).text == "short"
