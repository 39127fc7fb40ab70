"""Random watchlists, lists and reports in eight scripts, made so that the one often matches the other."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from newswire.records import CountryMention, Field, Label, Report, Role, Span
from tests.unit.alerting.desk import report

WORDS: Final = {
    "latin": ["tax", "game", "video game", "gaming industry", "fintech", "veto", "ITU", "café", "5G", "e-commerce", "l'accord", "Türkiye"],
    "cyrillic": ["Китай", "лицензия", "самолёт", "игровая отрасль", "зв'язок"],
    "arabic": ["الأردن", "ألعاب", "صناعة الألعاب", "اللجنة", "وزارة", "کھیل", "ٹیکس", "کوریا", "گیمنگ انڈسٹری"],
    "devanagari": ["खेल", "कानून", "कर", "खेल उद्योग", "यूक्रेन"],
    "han": ["游戏", "游戏产业", "税", "5G网络"],
    "hangul": ["게임", "게임산업", "게임 산업", "세금"],
    "thai": ["เกม", "อุตสาหกรรมเกม"],
    "kana": ["ゲーム", "取り引き"],
}
SCRIPTS: Final = tuple(WORDS)
COUNTRIES: Final = ["US", "NO", "KR", "PK"]
TOPICS: Final = ["ai", "gaming"]
BODIES: Final = ["ITU", "World Bank"]
PEOPLE: Final = ["Doreen Bogdan-Martin", "Ali Khan"]
LANGUAGES: Final = ["en", "ar"]

LISTS: Final[dict[str, dict[str, Any]]] = {
    "partner-countries": {"countries": ["US"], "include": ["nordic"]},
    "nordic": {"countries": ["NO"]},
    "gaming-words": {"terms": ["game", "tax", "licen*", "ألعاب"], "include": ["more-words"]},
    "more-words": {"terms": [{"phrase": "游戏", "in": "body"}, "=ITU", {"near": [["खेल"], ["कर"]], "within": 3}]},
    "bodies": {"organisations": ["ITU"], "include": ["banks"]},
    "banks": {"organisations": ["World Bank"]},
    "envoys": {"people": ["Ali Khan"]},
}

BEFORE: Final = ["un", "1", "و", "وال", "لل", "ب", "ول", "بك", "ش", "الـ", "#", "«", "中", "한국", "ज", "СП", "_", "“"]
AFTER: Final = [
    "s",
    "es",
    "ing",
    "n",
    "1",
    "'s",
    "’s",
    "ة",
    "ي",
    "ها",
    "ी",
    "ने",
    "ом",
    "을",
    "的",
    "ไทย",
    "\u0301",
    "™",
    "_",
    ".",
    ",",
    "”",
    "»",
]
BETWEEN: Final = [
    " ", " ", " ", " ", "  ", "-", "\u2011", "\u00a0", "\n", "", ", ", "/", ". ", ".  ", "? ", "! a", "… ", "۔ ", "؟ ", "।", "。", " and ",
    " U.S. ", " Dr. ", " Nov. 3 ", ".” ", " का ", " من ", " 的 ", " one two ", " of the 2.5 ", " млн. ", " کا ", "; ",
]  # fmt: skip
CHANGES: Final[list[Callable[[str], str]]] = [
    str.upper,
    str.lower,
    str.capitalize,
    lambda word: word.replace(" ", "-"),
    lambda word: word.replace(" ", "  "),
    lambda word: word.replace("-", "\u2011"),
    lambda word: word.replace("'", "’"),
    lambda word: word.replace("é", "e\u0301").replace("ü", "u"),
    lambda word: word.replace("أ", "ا").replace("ی", "ي").replace("ک", "ك").replace("ه", "ھ"),
    lambda word: word.removesuffix("y") + "ies",
    lambda word: "لل" + word.removeprefix("ال"),
    lambda word: word[:-1],
    lambda word: word[1:],
    lambda word: word[:1] + "\u0640" + word[1:],
]


def phrases(words: list[str]) -> st.SearchStrategy[str]:
    """Return terms that are text: a word, exactly as written, or a prefix of at least four letters."""
    prefixes = [
        word[:length] + "*" for word in words for length in {4, len(word)} if sum(map(str.isalpha, word[:length].split(" ")[-1])) > 3
    ]
    prefixes += [word[:1] + "*" for word in words if word[0] in "游税게"]
    return st.sampled_from([*words, *words, *words, *("=" + word for word in words), *prefixes])


def terms(words: list[str]) -> st.SearchStrategy[Any]:
    phrase = phrases(words)
    group = st.lists(phrase, min_size=1, max_size=2)
    narrowed = {"in": st.sampled_from(["title", "lead", "body"]), "lang": st.sampled_from(LANGUAGES)}
    return st.one_of(
        phrase,
        phrase,
        phrase,
        st.fixed_dictionaries({"phrase": phrase}, optional={**narrowed, "case": st.just("exact")}),
        st.fixed_dictionaries({"near": st.tuples(group, group).map(list)}, optional={**narrowed, "within": st.integers(1, 10)}),
        st.just({"list": "gaming-words"}),
    )


def blocks(words: list[str], depth: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    """Return blocks of `when`: one key that asks for something, and up to two more."""
    several = st.lists(terms(words), min_size=1, max_size=3, unique_by=repr)
    countries = st.sampled_from(["any", "partner-countries", ["US", "KR"], ["NO"], ["PK", "NO", "US"]])
    asking: dict[str, st.SearchStrategy[Any]] = {
        "any": several,
        "all": several,
        "at_least": several.flatmap(lambda of: st.fixed_dictionaries({"n": st.integers(1, len(of)), "of": st.just(of)})),
        "partners": countries,
        "countries": countries,
        "home": countries,
        "organisations": st.sampled_from(["any", "bodies", ["ITU"]]),
        "people": st.sampled_from(["any", "envoys", PEOPLE]),
        "topics": st.sampled_from(["any", ["ai"], TOPICS]),
    }
    if depth:
        asking["any_of"] = st.lists(blocks(words, depth - 1), min_size=1, max_size=2)
    word_keys = ("any", "any", "any", "all", "at_least")
    first = st.sampled_from([*word_keys, *asking]).flatmap(lambda key: st.fixed_dictionaries({key: asking[key]}))
    more = st.lists(st.sampled_from([*asking, "none"]), max_size=1).flatmap(
        lambda keys: st.fixed_dictionaries({key: (asking | {"none": several})[key] for key in keys})
    )
    return st.tuples(more, first).map(lambda both: both[0] | both[1])


def watchlists(words: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return watchlists as they stand in files, most of them without a scope."""
    return st.fixed_dictionaries(
        {"when": blocks(words), "label": st.sampled_from(["diplomacy", "any", "any", ["diplomacy", "domestic"], "other"])}
    ).flatmap(lambda plain: st.sampled_from(SCOPES).map(lambda scope: plain | scope))


SCOPES: Final[list[dict[str, Any]]] = [
    *[{}] * 8,
    {"min_score": 0.8},
    {"languages": ["en"]},
    {"languages": ["ar", "ur"]},
    {"sources": ["nation.example"]},
    {"sources": ["dawn.example"]},
    {"outlets": ["THE NATION", "Dawn"]},
    {"countries_of_outlet": "nordic"},
    {"countries_of_outlet": ["PK"]},
]


@st.composite
def texts(draw: st.DrawFn, words: list[str]) -> str:
    """Return a text made of watched words, changed, inflected and joined."""
    text = ""
    for kind, word in draw(st.lists(st.tuples(st.sampled_from("wwwwwcbax"), st.sampled_from(words)), max_size=5)):
        if kind == "c":
            word = draw(st.sampled_from(CHANGES))(word)  # noqa: PLW2901 - the word as it stands in the text
        elif kind == "b":
            word = draw(st.sampled_from(BEFORE)) + word  # noqa: PLW2901
        elif kind == "a":
            word += draw(st.sampled_from(AFTER))  # noqa: PLW2901
        elif kind == "x":
            word = draw(st.sampled_from(["чай", "minister", "و", "合作", "a"]))  # noqa: PLW2901
        text += word + draw(st.sampled_from(BETWEEN))
    return text.strip()


def reports(words: list[str]) -> st.SearchStrategy[Report]:
    text = texts(words)
    return st.builds(
        _report,
        st.tuples(text, text, text),
        st.sampled_from(["en", "en", "ar"]),
        st.sampled_from([Label.DIPLOMACY, Label.DIPLOMACY, Label.DIPLOMACY, Label.DOMESTIC, Label.OTHER]),
        st.sampled_from([0.97, 0.97, 0.7, 0.4]),
        st.lists(st.sampled_from(COUNTRIES), max_size=2, unique=True),
        st.sampled_from([(), (), ("KR",), ("US", "PK")]),
        st.sampled_from([None, "PK", "NO"]),
        st.sampled_from([((), (), ()), (("ai",), ("ITU",), ()), (("gaming",), (), ("Ali Khan",)), (("ai", "gaming"), ("World Bank",), ())]),
    )


def _report(
    fields: tuple[str, str, str],
    language: str,
    label: Label,
    score: float,
    partners: list[str],
    named: tuple[str, ...],
    home: str | None,
    kinds: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
) -> Report:
    return report(
        fields[0].replace("\n", " "),
        fields[2],
        summary=fields[1],
        language=language,
        label=label,
        score=score,
        partners=tuple(partners),
        countries=tuple(CountryMention(code, Role.MENTIONED, Span(Field.TITLE, 0, 0, "")) for code in named),
        home=home,
        topics=kinds[0],
        organisations=kinds[1],
        people=kinds[2],
    )


@cache
def cases_of(words: tuple[str, ...]) -> st.SearchStrategy[tuple[list[dict[str, Any]], Report]]:
    """Return up to four watchlists and a report that speaks of the same few words."""
    return st.tuples(st.lists(watchlists(list(words)), min_size=1, max_size=4), reports(list(words)))


def _handfuls() -> list[tuple[str, ...]]:
    """Return three neighbouring words of each script, and one of each of three scripts; made once, since making strategies is slow."""
    of_one = [tuple(words[start : start + 3]) for words in WORDS.values() for start in range(0, len(words), 2)]
    of_three = [tuple(WORDS[script][n % len(WORDS[script])] for script in (SCRIPTS + SCRIPTS)[n : n + 6 : 2]) for n in range(len(SCRIPTS))]
    return of_one + of_three


cases: Final = st.sampled_from(_handfuls()).flatmap(cases_of)
