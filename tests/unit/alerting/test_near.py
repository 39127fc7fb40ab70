"""Words near each other: how they are counted in each script, and how much work a text of nothing but such words makes."""

from typing import Any

import pytest

from tests.unit.alerting.desk import judged, report

GAMES_AND_TAX = {"near": [["game*", "gaming"], ["tax"]], "within": "8"}


def near(left: str, right: str, within: int, **keys: str) -> dict[str, Any]:
    return {"near": [[left], [right]], "within": str(within), **keys}


@pytest.mark.parametrize(
    ("term", "language", "text", "found"),
    [
        (near("licen*", "tax", 1), "en", "licences a tax", ["licences", "tax"]),  # the rest of the word is no word between
        (near("licen*", "tax", 1), "en", "licences on a tax", []),
        (near("gaming", "tax", 1), "en", "gaming\u2019s new tax", ["gaming", "tax"]),
        (near("gaming", "tax", 1), "en", "gaming 3.5 tax", ["gaming", "tax"]),
        (near("الألعاب", "الأردن", 1), "ar", "الألعاب في والأردن", ["الألعاب", "الأردن"]),  # "and" is a part of the word
        (near("गेमिंग", "कर", 2), "hi", "गेमिंग अंतर्राष्ट्रीय प्रौद्योगिकी कर", ["गेमिंग", "कर"]),
        (near("गेमिंग", "कर", 1), "hi", "गेमिंग अंतर्राष्ट्रीय प्रौद्योगिकी कर", []),
        (near("گیمنگ", "ٹیکس", 1), "fa", "گیمنگ می\u200cشود ٹیکس", ["گیمنگ", "ٹیکس"]),
        (near("游戏", "税", 2), "zh", "游戏产业税", ["游戏", "税"]),
        (near("tax", "gaming", 1), "en", "Gaming a b c tax. Gaming tax", ["Gaming", "tax"]),
        (near("gaming tax", "tax", 3), "en", "the gaming tax", []),  # a word is not near itself
        (near("gaming", "tax", 3, **{"in": "title"}), "en", "gaming tax", []),
        (near("gaming", "tax", 3, lang="fr"), "en", "gaming tax", []),
    ],
)
def test_words_between_are_counted_as_a_reader_would(term: dict[str, Any], language: str, text: str, found: list[str]) -> None:
    match = judged({"any": [term]}, report(text=text, language=language))
    assert [span.text for span in match.spans] == found
    assert match.verdict.matched is bool(found)


def test_the_title_and_the_lead_are_two_sentences() -> None:
    assert not judged({"any": [GAMES_AND_TAX]}, report("Minister likes gaming", summary="Tax is up")).verdict.matched


@pytest.mark.timeout(20)  # a deadline is the subject: comparing each with each took minutes
@pytest.mark.parametrize(
    "text", ["Game " * 5_000 + "over. " + "Tax " * 5_000, "Game. Tax. " * 5_000, "a" * 100_000 + " game " + "b" * 100_000]
)
def test_a_text_of_nothing_but_such_words_is_soon_read(text: str) -> None:
    assert not judged({"any": [GAMES_AND_TAX]}, report(text=text)).verdict.matched


def test_what_is_shown_of_a_beginning_is_the_whole_word() -> None:
    spans = judged({"any": ["licen*"]}, report("Licensing deal signed")).spans
    assert [(span.start, span.end, span.text) for span in spans] == [(0, 9, "Licensing")]


def test_the_vowel_signs_of_hindi_count_as_letters_of_a_beginning() -> None:
    assert judged({"any": ["तकनी*"]}, report("तकनीकी सहयोग", language="hi")).verdict.matched
