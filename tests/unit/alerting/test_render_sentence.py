"""Who engages whom on what: the sentence, whatever is known and whatever is not."""

from collections.abc import Sequence

import pytest

from alerting.sentence import how_of, listed, sentence
from newswire.records import Evidence, Field, Span


@pytest.mark.parametrize(
    ("home", "partners", "bodies", "topics", "said"),
    [
        (
            "PK",
            ["US"],
            ["ITU"],
            ["gaming", "digital_government"],
            "Pakistan engages United States on gaming and digital government, with ITU",
        ),
        ("PK", ["US"], [], [], "Pakistan engages United States"),
        ("PK", ["SA", "BH", "KW"], [], ["ai"], "Pakistan engages Saudi Arabia, Bahrain and Kuwait on AI"),
        ("PK", [], ["World Bank"], ["broadband_5g"], "Pakistan engages World Bank on broadband & 5G"),
        ("KE", [], [], ["spectrum_licensing"], "Kenya, on spectrum & licensing"),
        ("KE", [], [], [], "Kenya"),
        (None, ["US", "CN"], ["WTO"], ["semiconductors"], "United States and China engage on semiconductors, with WTO"),
        (None, ["US"], [], ["semiconductors"], "United States is engaged on semiconductors"),
        (None, [], ["ITU", "GSMA"], ["connectivity"], "ITU and GSMA, on connectivity"),
        (None, [], ["ITU"], [], "ITU"),
        (None, [], [], ["ai"], "On AI"),
        (None, [], [], [], ""),
    ],
)
def test_whatever_is_known(home: str | None, partners: Sequence[str], bodies: Sequence[str], topics: Sequence[str], said: str) -> None:
    assert sentence(home=home, partners=partners, organisations=bodies, topics=topics, flags=False) == said


def test_countries_carry_their_flags() -> None:
    assert sentence(home="PK", partners=["US"], organisations=[], topics=["ai"]) == "🇵🇰 Pakistan engages 🇺🇸 United States on AI"


def test_a_long_list_is_cut() -> None:
    many = ["VN", "MY", "SG", "TH", "BN", "KH", "MM"]
    said = sentence(home="CN", partners=many, organisations=[f"Body {n}" for n in range(9)], topics=["ai"] * 6, flags=False)
    assert "Thailand, Brunei and 2 more on AI, AI, AI, AI and 2 more, with Body 0, Body 1, Body 2, Body 3 and 5 more" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), (["a", "b", "c", "d"], "a, b, c and 1 more")],
)
def test_listed(words: list[str], said: str) -> None:
    assert listed(words, 3) == said


def reason(name: str, field: Field = Field.TITLE, weight: float = 0.5) -> Evidence:
    return Evidence(name, weight, Span(field, 0, 4, "word"))


@pytest.mark.parametrize(
    ("evidence", "how"),
    [
        ([reason("A:minister", Field.BODY), reason("F:envoy&E:meet")], ("minister", "envoy", "talks")),
        ([reason("E:sign"), reason("abroad&E:dispute")], ("dispute", "agreement")),
        ([reason("E:sign", Field.BODY)], ()),  # of what the text says deep down, nobody knows whether it is of this matter
        ([Evidence("E:sign", 0.5)], ()),
        ([reason("E:sign", weight=-0.5), reason("X:sport"), reason("T:minister"), reason("E:agree")], ()),
    ],
)
def test_how_it_is_done_is_taken_from_the_reasons(evidence: list[Evidence], how: tuple[str, ...]) -> None:
    assert how_of(evidence) == how


def test_one_kind_of_people_alone_is_not_worth_a_word() -> None:
    def said(*how: str) -> str:
        return sentence(home="PK", partners=["US"], organisations=[], topics=[], how=how, flags=False)

    assert said("minister") == said("head of state or government") == "Pakistan engages United States"
    assert said("minister", "envoy", "talks") == "Pakistan engages United States: minister, envoy, talks"
    assert said("agreement") == "Pakistan engages United States: agreement"
