from typing import Any

import pytest

from newswire.outcomes import HoldReason
from newswire.records import CountryMention, Field, Label, Report, Role, Span
from tests.unit.alerting.desk import judged, report

LISTS: dict[str, dict[str, Any]] = {
    "partner-countries": {"countries": ["US", "CN"], "include": ["nordic"]},
    "nordic": {"countries": ["NO", "SE"]},
    "gaming-words": {"terms": ["esports", "video game*", {"list": "more-words"}]},
    "more-words": {"terms": [{"phrase": "صناعة الألعاب", "lang": "ar"}]},
    "bodies": {"organisations": ["ITU", "World Bank"]},
}
SEOUL = CountryMention("KR", Role.MENTIONED, Span(Field.TITLE, 0, 5, "Seoul"))

CASES: list[tuple[str, dict[str, Any], Report, tuple[str, ...]]] = [
    ("any, one of them", {"any": ["gaming industry", "esports"]}, report("The gaming industry grows"), ("gaming industry",)),
    ("any, both", {"any": ["gaming industry", "esports"]}, report("Esports and the gaming industry"), ("gaming industry", "esports")),
    ("any, in the lead", {"any": ["esports"]}, report("x", summary="on esports"), ("esports",)),
    ("any, in the body", {"any": ["esports"]}, report("x", "on esports"), ("esports",)),
    ("case folded", {"any": ["Gaming Industry"]}, report("GAMING INDUSTRY"), ("Gaming Industry",)),
    ("accents folded", {"any": ["Turkiye"]}, report("Türkiye"), ("Turkiye",)),
    ("hyphen for space", {"any": ["video game"]}, report("a video-game law"), ("video game",)),
    ("no-break hyphen", {"any": ["video game"]}, report("a video\u2011game law"), ("video game",)),
    ("line break for space", {"any": ["video game"]}, report("a video\ngame law"), ("video game",)),
    ("typographic quotes", {"any": ["men's league"]}, report("the men’s league"), ("men's league",)),
    ("plain plural", {"any": ["video game"]}, report("video games"), ("video game",)),
    ("plural in -ies", {"any": ["gaming industry"]}, report("gaming industries"), ("gaming industry",)),
    ("prefix", {"any": ["licen*"]}, report("licensing of mobile"), ("licen*",)),
    ("exact", {"any": ["=ITU"]}, report("The ITU met"), ("=ITU",)),
    ("exact by key", {"any": [{"phrase": "ITU", "case": "exact"}]}, report("The ITU met"), ("ITU",)),
    ("in the title", {"any": [{"phrase": "esports", "in": "title"}]}, report("Esports law"), ("esports",)),
    ("Arabic with the conjunction", {"any": [{"phrase": "الأردن", "lang": "ar"}]}, report("مصر والأردن", language="ar"), ("الأردن",)),
    ("Urdu", {"any": [{"phrase": "گیمنگ انڈسٹری", "lang": "ur"}]}, report("گیمنگ انڈسٹری میں تعاون", language="ur"), ("گیمنگ انڈسٹری",)),
    ("Chinese, inside a run", {"any": ["游戏产业"]}, report("发展游戏产业合作", language="zh"), ("游戏产业",)),
    ("Thai, inside a run", {"any": ["เกม"]}, report("อุตสาหกรรมเกมไทย", language="th"), ("เกม",)),
    ("a list of terms", {"any": [{"list": "gaming-words"}]}, report("Video gamers"), ("video game*",)),
    ("a list in a list", {"any": [{"list": "gaming-words"}]}, report("صناعة الألعاب", language="ar"), ("صناعة الألعاب",)),
    ("all", {"all": ["tax", "esports"]}, report("Tax", "on esports"), ("tax", "esports")),
    ("none", {"any": ["gaming industry"], "none": ["casino*"]}, report("gaming industry"), ("gaming industry",)),
    ("at least", {"at_least": {"n": 2, "of": ["tax", "esports", "law"]}}, report("A tax law"), ("tax", "law")),
    ("near", {"any": [{"near": [["game*"], ["tax"]], "within": 3}]}, report("A tax on all video games"), ("game* near tax",)),
    ("near, other order", {"any": [{"near": [["tax"], ["game*"]], "within": 3}]}, report("A tax on all video games"), ("tax near game*",)),
    ("near, past an abbreviation", {"any": [{"near": [["game*"], ["tax"]]}]}, report("games in the U.S. Tax office"), ("game* near tax",)),
    ("near in Chinese", {"any": [{"near": [["游戏"], ["征税"]]}]}, report("对网络游戏企业征税", language="zh"), ("游戏 near 征税",)),
    ("partners, listed", {"partners": ["US", "KR"]}, report(partners=("KR", "JP")), ("partner KR",)),
    ("partners, a list's name", {"partners": "partner-countries"}, report(partners=("CN",)), ("partner CN",)),
    ("partners, by an include", {"partners": "partner-countries"}, report(partners=("NO",)), ("partner NO",)),
    ("partners, Norway", {"partners": ["NO", "SE"]}, report(partners=("NO",)), ("partner NO",)),
    ("partners, any", {"partners": "any"}, report(partners=("BR",)), ("partner BR",)),
    ("countries, only named", {"countries": ["KR"]}, report("Seoul", countries=(SEOUL,)), ("country KR",)),
    ("countries, engaged", {"countries": ["KR"]}, report(partners=("KR",)), ("country KR",)),
    ("home", {"home": ["PK"]}, report(home="PK"), ("home PK",)),
    ("organisations", {"organisations": "bodies"}, report(organisations=("Huawei", "ITU")), ("organisation ITU",)),
    ("people", {"people": ["Doreen Bogdan-Martin"]}, report(people=("Doreen Bogdan-Martin",)), ("person Doreen Bogdan-Martin",)),
    ("topics", {"topics": ["gaming", "ai"]}, report(topics=("ai", "gaming")), ("topic ai", "topic gaming")),
    ("any_of", {"any_of": [{"any": ["esports"]}, {"topics": ["gaming"]}]}, report(topics=("gaming",)), ("topic gaming",)),
    ("several keys", {"any": ["esports"], "partners": ["US"], "home": ["PK"]}, report("esports", partners=("US",), home="PK"),
     ("esports", "partner US", "home PK")),
]  # fmt: skip


@pytest.mark.parametrize(("when", "seen", "because"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_condition_holds_because_of_what_was_found(when: dict[str, Any], seen: Report, because: tuple[str, ...]) -> None:
    found = judged(when, seen, lists=LISTS)
    assert (found.verdict.matched, found.verdict.because, found.verdict.missed) == (True, because, None)


MISSES: list[tuple[str, dict[str, Any], Report, str]] = [
    ("any", {"any": ["gaming industry", "video game*", "esports"]}, report("Chess"),
     "none of 'gaming industry', 'video game*' and 'esports' is found"),
    ("any, one term", {"any": ["esports"]}, report("Chess"), "'esports' is not found"),
    ("any, many", {"any": [f"word{n}" for n in range(20)]}, report("x"),
     "none of 'word0', 'word1', 'word2', 'word3', 'word4', 'word5' and 14 more is found"),
    ("inside a word", {"any": ["tax"]}, report("A taxi and a syntax"), "'tax' is not found"),
    ("digits are word characters", {"any": ["5G"]}, report("A 15G and a 5G2"), "'5G' is not found"),
    ("prefix is no suffix", {"any": ["licen*"]}, report("sublicense"), "'licen*' is not found"),
    ("exact, other case", {"any": ["=ITU"]}, report("it u itu Itu"), "'=ITU' is not found"),
    ("another field", {"any": [{"phrase": "esports", "in": "title"}]}, report("x", "esports"), "'esports' is not found"),
    ("another language", {"any": [{"phrase": "esports", "lang": "fr"}]}, report("esports"), "'esports' is not found"),
    ("all", {"all": ["tax", "law", "esports"]}, report("a tax"), "'law' and 'esports' are not found"),
    ("none", {"any": ["gaming industry"], "none": ["casino*", "bet"]}, report("casinos in the gaming industry"),
     "'casino*' is found, which `none` excludes"),
    ("at least", {"at_least": {"n": 2, "of": ["tax", "law"]}}, report("a tax"), "1 of the 2 wanted is found among 'tax' and 'law'"),
    ("near, in two sentences", {"any": [{"near": [["game*"], ["tax"]]}]}, report("Games began. Tax rose."),
     "'game* near tax' is not found"),
    ("near, in two lines", {"any": [{"near": [["game*"], ["tax"]]}]}, report("Games\n\nTax"), "'game* near tax' is not found"),
    ("near, in two Urdu sentences", {"any": [{"near": [["کھیل"], ["ٹیکس"]]}]}, report("کھیل شروع۔ ٹیکس", language="ur"),
     "'کھیل near ٹیکس' is not found"),
    ("near, too far", {"any": [{"near": [["game*"], ["tax"]], "within": 2}]}, report("games of one two tax"),
     "'game* near tax' is not found"),
    ("near, in two fields", {"any": [{"near": [["game*"], ["tax"]]}]}, report("games", "tax"), "'game* near tax' is not found"),
    ("partners", {"partners": "partner-countries"}, report(partners=("KR",)), "engages KR, not in partner-countries"),
    ("partners, listed", {"partners": ["US", "CN"]}, report(partners=("KR", "JP")), "engages KR, JP, not in US, CN"),
    ("partners, nobody", {"partners": "partner-countries"}, report(), "engages no foreign country, wants partner-countries"),
    ("partners, only named", {"partners": ["KR"]}, report("Seoul", countries=(SEOUL,)), "engages no foreign country, wants KR"),
    ("countries", {"countries": ["US"]}, report("Seoul", countries=(SEOUL,)), "names KR, not in US"),
    ("home", {"home": ["IN"]}, report(home="PK"), "the engaging government is PK, not in IN"),
    ("organisations", {"organisations": "bodies"}, report(organisations=("Huawei",)), "engages Huawei, not in bodies"),
    ("people", {"people": ["A B"]}, report(), "names nobody known, wants A B"),
    ("topics", {"topics": ["ai"]}, report(topics=("gaming",)), "is about gaming, not in ai"),
    ("any_of", {"any_of": [{"any": ["esports"], "home": ["PK"]}, {"topics": ["ai"]}]}, report(home="PK"),
     "none of 2 alternatives holds; the nearest: 'esports' is not found"),
    ("the first that fails", {"any": ["esports"], "partners": ["US"]}, report("Chess"), "'esports' is not found"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "seen", "missed"), [case[1:] for case in MISSES], ids=[case[0] for case in MISSES])
def test_a_condition_that_fails_says_by_how_little(when: dict[str, Any], seen: Report, missed: str) -> None:
    found = judged(when, seen, lists=LISTS)
    assert (found.verdict.matched, found.verdict.reason, found.verdict.missed) == (False, HoldReason.CONDITION, missed)
    assert (found.verdict.because, found.spans) == ((), ())


def test_spans_are_the_words_as_they_stand_in_title_lead_and_body() -> None:
    seen = report(
        "Esports law",
        "The gaming industries met.",
        summary="On ESPORTS",
        partners=("KR",),
        countries=(CountryMention("KR", Role.PARTNER, Span(Field.BODY, 0, 3, "The")),),
    )
    found = judged({"any": ["gaming industry", "esports"], "partners": ["KR"]}, seen)
    assert [(span.field, span.text) for span in found.spans] == [
        (Field.TITLE, "Esports"),
        (Field.LEAD, "ESPORTS"),
        (Field.BODY, "The"),
        (Field.BODY, "gaming industries"),
    ]
    assert all(
        span.text in (seen.item.title, seen.item.summary, seen.text)[list(Field).index(span.field)][span.start : span.end]
        for span in found.spans
    )


def test_words_near_each_other_are_both_evidence() -> None:
    found = judged({"any": [{"near": [["game*"], ["tax"]]}]}, report("A tax on video games"))
    assert [span.text for span in found.spans] == ["tax", "games"]


def test_an_exclusion_is_never_evidence() -> None:
    when = {"any_of": [{"any": ["gaming industry"], "none": ["poker"]}, {"any": ["poker"]}], "none": ["casino"]}
    found = judged(when, report("gaming industry"))
    assert found.verdict.because == ("gaming industry",)
    assert [span.text for span in found.spans] == ["gaming industry"]


@pytest.mark.parametrize(
    ("label", "seen", "missed"),
    [
        ("diplomacy", Label.DOMESTIC, "label is domestic (0.93), wants diplomacy"),
        (["diplomacy", "domestic"], Label.OTHER, "label is other (0.93), wants diplomacy or domestic"),
    ],
)
def test_a_label_that_is_not_wanted(label: object, seen: Label, missed: str) -> None:
    found = judged({"any": ["esports"]}, report("esports", label=seen, score=0.93), label=label)
    assert (found.verdict.reason, found.verdict.missed) == (HoldReason.LABEL, missed)


def test_any_label_asks_for_no_score() -> None:
    assert judged({"any": ["esports"]}, report("esports", label=Label.OTHER, score=0.2), label="any").verdict.matched


@pytest.mark.parametrize(("keys", "least"), [({}, "0.5"), ({"min_score": "0.8"}, "0.8")])
def test_a_score_that_is_too_low(keys: dict[str, Any], least: str) -> None:
    found = judged({"any": ["esports"]}, report("esports", score=0.41), **keys)
    assert (found.verdict.reason, found.verdict.missed) == (HoldReason.SCORE, f"diplomacy scores 0.41, wants at least {least}")


@pytest.mark.parametrize(
    ("scope", "missed"),
    [
        ({"languages": ["ur", "ar"]}, "language is en, wants ar, ur"),
        ({"sources": ["dawn.example"]}, "source https://www.nation.example/feed is not among those watched"),
        ({"outlets": ["Dawn"]}, "outlet The Nation is not among those watched"),
        ({"countries_of_outlet": ["IN"]}, "outlet's country is PK, wants IN"),
    ],
)
def test_what_is_out_of_scope(scope: dict[str, Any], missed: str) -> None:
    found = judged({"any": ["esports"]}, report("esports", label=Label.OTHER), **scope)
    assert (found.verdict.reason, found.verdict.missed) == (HoldReason.SCOPE, missed)


@pytest.mark.parametrize(
    "scope",
    [
        {"languages": ["en"]},
        {"sources": ["nation.example"]},
        {"sources": ["https://www.nation.example/feed"]},
        {"sources": ["a1b2c3d4e5f6"]},
        {"outlets": ["the nation"]},
        {"countries_of_outlet": ["PK"]},
        {"countries_of_outlet": "any"},
    ],
)
def test_what_is_in_scope(scope: dict[str, Any]) -> None:
    assert judged({"any": ["esports"]}, report("esports"), **scope).verdict.matched
