"""Which country a word means: names, adjectives, capitals, pairs, and the look-alikes."""

from pathlib import Path

import pytest

from newswire.records import Field
from processors.countries import candidates
from processors.reading import Reading, read
from processors.taxonomy import Taxonomy, load_taxonomy

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy(ROOT / "config/taxonomy")


def reading_of(taxonomy: Taxonomy, title: str, language: str = "en", body: str = "") -> Reading:
    return read(taxonomy, title=title, lead="", body=body, language=language)


def named(taxonomy: Taxonomy, title: str, language: str = "en", body: str = "") -> list[str]:
    found = candidates(taxonomy, reading_of(taxonomy, title, language, body))
    return sorted(code for code, candidate in found.items() if candidate.mentions)


@pytest.mark.parametrize(
    ("text", "language", "codes"),
    [
        ("US and UAE sign pact", "en", ["AE", "US"]),
        ("Pyongyang rejects North Korean charge", "en", ["KP"]),
        ("South Korea and Papua New Guinea", "en", ["KR", "PG"]),
        ("Kosovo joins talks", "en", ["XK"]),
        ("امریکی سفیر اور سعودی وزیر", "ur", ["SA", "US"]),
        ("السفير السعودي والوزير الباكستاني", "ar", ["PK", "SA"]),
        ("阿联酋与韩国签署协议", "zh", ["AE", "KR"]),
        ("中巴两国合作", "zh", ["CN", "PK"]),
        ("한·미 정상회담", "ko", ["KR", "US"]),
        ("ABD ile Güney Kore anlaştı", "tr", ["KR", "US"]),
        ("Переговоры с Китаем и узбекской делегацией", "ru", ["CN", "UZ"]),
        ("Le ministre saoudien et les Émirats", "fr", ["AE", "SA"]),
        ("Embajada de Estados Unidos en Perú", "es", ["PE", "US"]),
        ("Delegation aus Usbekistan in Berlin", "de", ["DE", "UZ"]),
        ("日米がインドと協力", "ja", ["IN", "JP", "US"]),
    ],
)
def test_names_of_many_languages_are_found(taxonomy: Taxonomy, text: str, language: str, codes: list[str]) -> None:
    assert named(taxonomy, text, language) == codes


@pytest.mark.parametrize(
    "text",
    [
        "tell us more about it",
        "a turkey and fine china on a polish table",
        "Jordan Bell and Chad Mercer sign for the Bulldogs",
        "WHO PAYS FOR OUR TOWERS? US",
        "The Indian Ocean is warm",
    ],
)
def test_look_alikes_are_no_countries(taxonomy: Taxonomy, text: str) -> None:
    assert named(taxonomy, text) == []


def test_a_doubtful_name_stands_in_company_of_its_own(taxonomy: Taxonomy) -> None:
    assert named(taxonomy, "Jordan signs pact", body="AMMAN: The minister in Amman said so.") == ["JO"]
    assert named(taxonomy, "Georgia joins forum", body="Tbilisi will host it.") == ["GE"]
    assert named(taxonomy, "Georgia wins again", body="The Bulldogs beat Alabama in Atlanta.") == []


def test_a_name_inside_a_company_is_not_the_state(taxonomy: Taxonomy) -> None:
    assert named(taxonomy, "China Mobile opens office") == []


def test_marks_stand_where_they_say(taxonomy: Taxonomy) -> None:
    title = "İstanbul: Güney Kore’nin büyükelçisi"
    reading = reading_of(taxonomy, title, "tr")
    words = {title[mark.start : mark.end] for sentence in reading.sentences for mark in sentence.marks}
    assert "Güney Kore" in words
    assert all(sentence.field is Field.TITLE for sentence in reading.sentences)
