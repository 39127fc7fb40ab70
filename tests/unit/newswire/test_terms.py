import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.terms import Term, TermSearch, fold


def found(term: Term, text: str, language: str | None = None) -> list[str]:
    return [text[hit.start : hit.end] for hit in TermSearch([term]).find(fold(text), language)]


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        (
            Term("gaming industry"),
            "The GAMING  industry; gaming-industry, gaming\u2011industry",
            ["GAMING  industry", "gaming-industry", "gaming\u2011industry"],
        ),
        (Term("gaming industry"), "a gaming industryman, endgaming industry", []),
        (Term("gaming industry", plural=True), "gaming industries", ["gaming industries"]),
        (Term("video game", plural=True), "Video games, video-game", ["Video games", "video-game"]),
        (Term("licen", prefix=True), "Licensing, licence, unlicensed", ["Licen", "licen"]),
        (Term("Türkiye"), "TURKIYE and Türkiye", ["TURKIYE", "Türkiye"]),
        (Term("İstanbul"), "istanbul, ISTANBUL, İSTANBUL", ["istanbul", "ISTANBUL", "İSTANBUL"]),
        (Term("ITU", exact=True), "ITU itu Itu ITUs", ["ITU"]),
        (Term("US", exact=True), "US-led, the US. us, USA, U\u200cS", ["US", "US", "U\u200cS"][:2]),
        (Term("5G"), "5G, 15G, 5Gs, 5g", ["5G", "5g"]),
        (Term("Pakistan"), "Pakistan's, Pakistani", ["Pakistan"]),
        (Term("5G"), "\ud83d5G \udc00 5G", ["5G", "5G"]),
        (Term("l'accord"), "l\u2019accord", ["l\u2019accord"]),
        (Term("C++"), "C++ and C", ["C++"]),
        (Term("AI"), "AI合作 与AI", ["AI", "AI"]),
        (Term("游戏"), "中国游戏产业", ["游戏"]),
        (Term("게임산업"), "한국게임산업을", ["게임산업"]),
        (Term("صناعة الألعاب"), "وصناعة الألعاب", ["صناعة الألعاب"]),
        (Term("ألعاب"), "والألعاب بالالعاب للألعاب", ["ألعاب", "العاب", "ألعاب"][:3]),
        (Term("وزير"), "الوزير ووزير كوزير شوزير وزيرة", ["وزير", "وزير", "وزير"]),
        (Term("کوریا"), "كوريا", ["كوريا"]),
        (Term("Китай"), "КИТАЙ, Китаем", ["КИТАЙ"]),
        (Term("Китай", language="uk"), "Китай", []),
        (Term("यूक्रेन"), "यूक्रेन यूक्रेनी", ["यूक्रेन"]),
    ],
)
def test_a_term_is_found_by_the_rules_of_its_script(term: Term, text: str, expected: list[str]) -> None:
    assert found(term, text, "en") == expected


def test_overlapping_terms_are_all_found_in_order() -> None:
    text = "South Korea"
    hits = TermSearch([Term("Korea"), Term("South Korea"), Term("South Korea")]).find(fold(text))
    assert [(hit.term, text[hit.start : hit.end]) for hit in hits] == [(1, "South Korea"), (2, "South Korea"), (0, "Korea")]


def test_no_terms_find_nothing() -> None:
    assert TermSearch([]).find(fold("anything")) == []
    assert TermSearch([Term(" - ")]).find(fold("a - b")) == []


@given(st.text())
def test_folding_keeps_the_way_back(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)
    assert "  " not in folded.text


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1), st.text(), st.text())
def test_a_term_is_found_between_spaces_wherever_it_stands(word: str, before: str, after: str) -> None:
    text = f"{before} {word} {after}"
    if fold(word).text.strip():
        assert any(
            hit.start <= len(before) + 1 and hit.end >= len(before) + 1 + len(word) for hit in TermSearch([Term(word)]).find(fold(text))
        )


_STRANGE = (
    "ab C\u00e9\u2019\u2026\u00df\u0130\u00e6 \u00a0-\n\u2011\u200c\u0640\ufdfa\u00bd\u064e\u06cc\u0915\u093f\u6e38\u1100\U0001f600\ud800\0"
)


@given(st.text() | st.text(st.sampled_from(_STRANGE)) | st.text(st.sampled_from("ab C\t-\n'`")))
def test_a_text_folds_as_its_characters_do_one_by_one(text: str) -> None:
    letters: list[str] = []
    places: list[list[int]] = []
    for offset, character in enumerate(text):
        for letter in fold(character).text:
            if letter == " " and letters[-1:] == [" "]:
                places[-1][1] = offset + 1
            else:
                letters.append(letter)
                places.append([offset, offset + 1])
    folded = fold(text)
    assert folded.text == "".join(letters)
    assert [[start, end] for start, end in zip(folded.starts, folded.ends, strict=True)] == places


def test_offsets_are_plain_numbers_whatever_was_folded() -> None:
    for text in ("a b", "a  b", "é  b", "… b"):
        assert {type(place) for hit in TermSearch([Term("b")]).find(fold(text)) for place in (hit.start, hit.end)} == {int}


@pytest.mark.parametrize("last", ["x", "9", "+", "_"])
def test_a_word_of_ascii_ends_before_whatever_is_no_letter_digit_or_underscore(last: str) -> None:
    search = TermSearch([Term(f"x{last}")])
    for outside in map(chr, range(128)):
        goes_on = last.isalnum() and (outside.isalnum() or outside == "_")
        assert bool(search.find(fold(f"x{last}{outside}"))) is not goes_on, outside
        begins_before = outside.isalnum() or outside == "_"
        assert bool(search.find(fold(f"{outside}x{last}"))) is not begins_before, outside
