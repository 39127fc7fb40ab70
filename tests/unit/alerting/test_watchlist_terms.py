from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.watchlists.faults import UnusableError
from alerting.watchlists.terms import ListOfTerms, Near, Phrase, read_term
from newswire.records import Field

P = Phrase


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("gaming industry", P("gaming industry", "gaming industry")),
        (" esports ", P("esports", "esports")),
        ("licen*", P("licen*", "licen", prefix=True)),
        ("video game*", P("video game*", "video game", prefix=True)),
        ("=ITU", P("=ITU", "ITU", exact=True)),
        ("=Telekom*", P("=Telekom*", "Telekom", prefix=True, exact=True)),
        ("C++", P("C++", "C++")),
        ("5G", P("5G", "5G")),
        ("电*", P("电*", "电", prefix=True)),
        ("网", P("网", "网")),
        ("ไทย*", P("ไทย*", "ไทย", prefix=True)),
        ("تنظيم*", P("تنظيم*", "تنظيم", prefix=True)),
        ({"phrase": "ITU", "case": "exact"}, P("ITU", "ITU", exact=True)),
        ({"phrase": "صناعة الألعاب", "lang": "ar"}, P("صناعة الألعاب", "صناعة الألعاب", language="ar")),
        ({"phrase": "esports", "in": "title"}, P("esports", "esports", field=Field.TITLE)),
        ({"phrase": "licen*", "in": "lead"}, P("licen*", "licen", prefix=True, field=Field.LEAD)),
        ({"list": "gaming-words"}, ListOfTerms("gaming-words")),
        (
            {"near": [["game*", "gaming"], ["tax"]], "within": "8", "in": "body"},
            Near(((P("game*", "game", prefix=True), P("gaming", "gaming")), (P("tax", "tax"),)), 8, Field.BODY),
        ),
        ({"near": [["loan"], ["bank"]]}, Near(((P("loan", "loan"),), (P("bank", "bank"),)), 10)),
        ({"near": [["قرض"], ["بنك"]], "lang": "ar"}, Near(((P("قرض", "قرض", language="ar"),), (P("بنك", "بنك", language="ar"),)), 10)),
    ],
)
def test_a_term_is_read(raw: object, read: object) -> None:
    assert read_term(raw) == read


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("gam*", "prefix 'gam*' is too short: at least 4 letters"),
        ("video ga*", "prefix 'ga*' is too short"),
        ("*", "goes right after a letter"),
        ("game *", "goes right after a letter"),
        ("tele*com", "only at the end"),
        ("", "needs a letter"),
        ("--", "needs a letter"),
        ("=", "needs a letter"),
        ("x", "single character"),
        ("7", "single character"),
        ("\bgame\b", "no regular expressions"),
        ("a" * 201, "at most 200"),
        (5, "not a number"),
        (None, "not nothing"),
        (True, "not true or false"),
        (["a"], "not a list"),
        ({}, "`phrase`, `near` or `list`"),
        ({"text": "x"}, "`phrase`, `near` or `list`"),
        ({"phrase": "game", "cas": "exact"}, "did you mean 'case'?"),
        ({"phrase": "game", "case": "lower"}, "can only be `exact`"),
        ({"phrase": 5}, "`phrase` is text, not a number"),
        ({"phrase": "game", "in": "titel"}, "did you mean 'title'?"),
        ({"phrase": "game", "lang": "arabic"}, "two letters"),
        ({"phrase": "game", "lang": "AR"}, "two letters"),
        ({"list": ["a"]}, "name of a file in config/lists"),
        ({"list": "a", "lang": "ar"}, "unknown key 'lang'"),
        ({"near": [["a b"]]}, "two lists of terms"),
        ({"near": [["game"], []]}, "two lists of terms"),
        ({"near": "game tax"}, "two lists of terms"),
        ({"near": [["game"], [{"list": "x"}]]}, "each term is text"),
        ({"near": [["game"], ["tax"]], "within": "80"}, "from 1 to 10, not '80'"),
        ({"near": [["game"], ["tax"]], "within": 0}, "from 1 to 10"),
        ({"near": [["ga*"], ["tax"]]}, "too short"),
    ],
)
def test_what_is_no_term_is_refused_with_what_would_be_right(raw: object, said: str) -> None:
    with pytest.raises(UnusableError) as refused:
        read_term(raw)
    assert said in str(refused.value)


_ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["phrase", "near", "list", "within", "in", "lang", "case", "x"]), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(_ANYTHING)
def test_whatever_stands_there_is_read_or_refused_in_words(raw: object) -> None:
    try:
        read_term(raw)
    except UnusableError as refused:
        said = str(refused)
    else:
        said = "read"
    assert said
