"""Which country a word means: names, adjectives, capitals, pairs, and the look-alikes."""

import pytest

from newswire.records import Field
from processors.countries import candidates
from processors.reading import Reading, read
from processors.taxonomy import Taxonomy


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
        ("چین اور متحدہ عرب امارات کے سفیر", "ur", ["AE", "CN"]),
        ("وزیر ارتباطات عراق و سفیر چین", "fa", ["CN", "IQ"]),
        ("भारत और जापान ने समझौता किया", "hi", ["IN", "JP"]),
        ("বাংলাদেশ ও চীনের মধ্যে চুক্তি", "bn", ["BD", "CN"]),
        ("Menteri Arab Saudi bertemu dubes Korea Selatan", "id", ["KR", "SA"]),
        ("Embaixador da China e ministro de Angola", "pt", ["AO", "CN"]),
        ("Hong Kong and Taiwan regulators", "en", ["HK", "TW"]),
        ("Niger and Nigeria share a cable", "en", ["NE", "NG"]),
        ("The Dominican Republic and Dominica, said Roseau: Dominica", "en", ["DM", "DO"]),
        ("DR Congo and the Republic of the Congo", "en", ["CD", "CG"]),
        ("Guinea-Bissau, Equatorial Guinea and Guinea: Conakry", "en", ["GN", "GQ", "GW"]),
        ("The Kremlin and the White House agree", "en", ["RU", "US"]),
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


@pytest.mark.parametrize(
    ("text", "language", "codes"),
    [
        ("中巴签署数字合作备忘录，巴西通信部长访华", "zh", ["BR", "CN"]),
        ("中乌举行磋商，乌拉圭工业部长出席", "zh", ["CN", "UY"]),
        ("中肯签约：肯尼亚大使会见部长", "zh", ["CN", "KE"]),
        ("巴方表示欢迎，巴基斯坦部长说", "zh", ["PK"]),
        ("中新社电", "zh", []),
        ("其中以5G为主，以色列企业参与", "zh", ["IL"]),
        ("台中市推動智慧城市", "zh", []),
        ("新方案公布", "zh", []),
        ("한-우즈베키스탄 IT 협력", "ko", ["KR", "UZ"]),
        ("또한 미국은 반대했다", "ko", ["US"]),
        ("日ケニア、デジタル協力で覚書", "ja", ["JP", "KE"]),
        ("8日ケニアで会談", "ja", ["KE"]),
    ],
)
def test_a_pair_is_read_by_the_full_names_of_the_item(taxonomy: Taxonomy, text: str, language: str, codes: list[str]) -> None:
    assert named(taxonomy, text, language) == codes


def test_the_full_name_may_stand_in_another_field(taxonomy: Taxonomy) -> None:
    assert named(taxonomy, "中巴深化合作", "zh", body="巴西利亚消息：巴西通信部长会见中方代表团。") == ["BR", "CN"]


def test_amman_is_not_oman_beside_jordan(taxonomy: Taxonomy) -> None:
    assert named(taxonomy, "عمان: الأردن يوقع اتفاقية", "ar") == ["JO"]
    assert named(taxonomy, "سلطنة عمان توقع اتفاقية", "ar") == ["OM"]
    assert named(taxonomy, "پاکستان اور عمان کے ریگولیٹر", "ur") == ["OM", "PK"]
    assert named(taxonomy, "همکاری ایران و عمان در مسقط", "fa") == ["IR", "OM"]


def test_a_cable_is_not_kabul(taxonomy: Taxonomy) -> None:
    assert named(taxonomy, "کابل دریایی تازه با قطر، طول کابل", "fa") == ["QA"]
    assert named(taxonomy, "وزیر مخابرات افغانستان در کابل", "fa") == ["AF"]
