"""Which term is found wherever another one is: cases in a table, and the law against the real search."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerting.watchlists.covering import Finder
from alerting.watchlists.terms import Phrase, read_term
from newswire.terms import Term, TermSearch, fold


def phrase(written: object) -> Phrase:
    term = read_term(written)
    assert isinstance(term, Phrase)
    return term


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("video game", "video game industry", True),
        ("video game", "video games", True),
        ("video games", "video game", False),
        ("video game*", "video games", True),
        ("video game*", "video game", True),
        ("video game", "video game*", False),
        ("gaming*", "gaming industry", True),
        ("gaming*", "igaming", False),
        ("game", "gamer", False),
        ("licen*", "software licence", True),
        ("policy*", "policy", False),  # `policy` also finds policies
        ("policy*", "=policy", True),
        ("polic*", "policy", True),
        ("e-sports", "E sports", True),
        ("Türkiye", "turkiye", True),
        ("ITU", "=ITU", True),
        ("=ITU", "ITU", False),
        ("=ITU", "=ITU council", True),
        ("=ITU", "=itu council", False),
        ("ITU", {"phrase": "ITU", "in": "title"}, True),
        ({"phrase": "ITU", "in": "title"}, "ITU", False),
        ({"phrase": "ITU", "in": "title"}, {"phrase": "ITU", "in": "lead"}, False),
        ("ITU", {"phrase": "ITU", "lang": "fr"}, True),
        ({"phrase": "ITU", "lang": "fr"}, "ITU", False),
        ({"phrase": "ITU", "lang": "fr"}, {"phrase": "ITU", "lang": "en"}, False),
        ("游戏", "游戏产业", True),
        ("产业", "游戏产业", True),
        ("الأردن", "وزير الأردن", True),
        ("الأردن", "والأردن", False),  # what may stand before the second may not stand before the first
        ("게임", "게임산업", True),
    ],
)
def test_what_covers_what(wide: object, narrow: object, covers: bool) -> None:
    assert (Finder([phrase(wide)]).covering(phrase(narrow)) == [0]) is covers


def test_words_near_each_other_are_covered_by_one_of_each_pair() -> None:
    near = read_term({"near": [["video game", "esports"], ["tax"]], "within": 5})
    assert not isinstance(near, Phrase)
    assert Finder([phrase("tax")]).covering(near) == [0]  # type: ignore[arg-type]  # no list of terms
    assert Finder([phrase("video game")]).covering(near) == []  # type: ignore[arg-type]  # as above
    assert Finder([phrase("esports"), phrase("game")]).covering(near) == [0, 1]  # type: ignore[arg-type]  # as above


WORDS = st.sampled_from(["game", "games", "policy", "tax", "box", "C++", "news", "Éa", "الأردن", "والأردن", "بال", "游戏", "产业", "게임"])
TEXTS = st.lists(WORDS, min_size=1, max_size=3).flatmap(lambda words: st.sampled_from([" ".join(words), "-".join(words), "".join(words)]))
PHRASES = st.builds(
    lambda text, prefix, exact: Phrase(text, text, prefix=prefix and not exact and text[-1].isalnum(), exact=exact),
    TEXTS,
    st.booleans(),
    st.booleans(),
)
EDGES = st.sampled_from(["", " ", "و", "ال", "ب", "x", "5", "-", ".", "s", "es", "ies", "ing", "产", "s x"])


@settings(max_examples=400, deadline=None)
@given(wide=PHRASES, narrow=PHRASES, before=EDGES, after=EDGES, upper=st.booleans(), plural=st.booleans())
@example(wide=Phrase("policy*", "policy", prefix=True), narrow=Phrase("policy", "policy"), before="", after="", upper=False, plural=True)
def test_where_the_narrow_term_is_found_the_wide_one_is_too(
    wide: Phrase, narrow: Phrase, before: str, after: str, upper: bool, plural: bool
) -> None:
    if Finder([wide]).covering(narrow):
        text = narrow.text[:-1] + "ies" if plural and narrow.text.endswith("y") else narrow.text
        text = before + (text.upper() if upper else text) + after
        if found(narrow, text):
            assert found(wide, text)


@settings(max_examples=100, deadline=None)
@given(one=PHRASES)
def test_every_term_covers_itself_and_the_first_of_its_likes_stands_for_all(one: Phrase) -> None:
    finder = Finder([one, replace(one)])
    assert [finder.first(0), finder.first(1)] == [0, 0]
    if not any("\u0600" < letter < "\u0700" for letter in one.text):
        assert finder.covering(one) == [0]


def found(one: Phrase, text: str) -> bool:
    term = Term(one.text, prefix=one.prefix, exact=one.exact, plural=not one.exact and not one.prefix)
    return bool(TermSearch([term]).find(fold(text), None))
