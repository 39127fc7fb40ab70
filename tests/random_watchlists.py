"""Random watchlists, lists and reports in eight scripts, made so that the one often matches the other."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from newswire.records import CountryMention, Field, Label, Report, Role, Span
from tests.slow_matcher import reduced
from tests.unit.alerting.desk import report

Words = tuple[str, ...]

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

BEFORE: Final = {
    "latin": ["un", "1", "_", "#", "“", "中", "한국", "و", "الـ", "ال", "СП", "/", "ЕС-"],
    "cyrillic": ["не", "1", "IT", "IT-", "«", "中", "_"],
    "arabic": ["و", "ف", "ب", "ك", "ل", "ال", "وال", "بال", "لل", "فلل", "ول", "بك", "ش", "وش", "5", "IT", "«", "بـ", "الال"],
    "devanagari": ["अ", "का", "1", "IT", "(", "中"],
    "han": ["中", "第", "1", "AI", "「", "ال"],
    "hangul": ["한국", "1", "IT", "(", "ア"],
    "thai": ["ไทย", "1", "IT", "(", "中"],
    "kana": ["日本", "1", "IT", "「", "ア"],
}
AFTER: Final = {
    "latin": ["s", "es", "ies", "ing", "1", "'s", "’s", "\u0301", "\u0301s", "™", "_", "的", "을", "ने", "ом", "ها", ".", "+"],
    "cyrillic": ["ом", "s", "1", "»", "\u0306", "-IT", "tech", "을"],
    "arabic": ["ة", "ي", "ها", "ات", "1", "IT", "۔", "،", "؟", "\u0650", "ـ", "»", "的"],
    "devanagari": ["ी", "ने", "्", "ों", "1", "IT", "।", ")", "\u093c", "的"],
    "han": ["业", "的", "1", "AI", "。", "」", "ے"],
    "hangul": ["을", "은", "사", "1", "IT", ")", "ー"],
    "thai": ["ไทย", "ๆ", "1", "IT", "ี", ")"],
    "kana": ["を", "業界", "1", "IT", "。", "ー"],
}
BETWEEN: Final = [
    *[" "] * 12,
    *[
        "  ",
        "-",
        " - ",
        "\u2011",
        "\u00a0",
        "\n",
        "",
        "",
        ", ",
        ",",
        "/",
        "; ",
        " and ",
        " one two ",
        " a b c d e f g h i ",
        " a b c d e f g h i j k ",
    ],
    *[". ", ".  ", "? ", "! ", "! a ", "? a ", ". a ", ".. ", "… ", ".” ", " 5. ", "۔ ", "؟ ", "। ", "॥", "。", "？"],
    *[
        " U.S. ",
        " U.S.-",
        " Dr. ",
        " Nov. 3 ",
        " Prof. X ",
        " 2.5 ",
        " O’Neill's ",
        " का कानूनी ",
        " من ",
        " 的 ",
        "与国际合作",
        " млн. ",
        " کا ",
    ],
]
CHANGES: Final[list[Callable[[str], str]]] = [
    str.upper,
    str.lower,
    str.capitalize,
    lambda word: word.replace(" ", "-"),
    lambda word: word.replace(" ", "  "),
    lambda word: word.replace(" ", "\u00a0").replace("-", "\u2011"),
    lambda word: word.replace("-", " "),
    lambda word: word.replace("'", "’"),
    lambda word: word.replace("é", "e\u0301").replace("ü", "u").replace("ё", "е"),
    lambda word: word.replace("é", "e"),
    lambda word: word.replace("أ", "ا").replace("ی", "ي").replace("ک", "ك").replace("ه", "ھ"),
    lambda word: word.removesuffix("y") + "ies",
    lambda word: word + ("es" if word[-1] in "xho" else "s"),
    lambda word: "لل" + word.removeprefix("ال"),
    lambda word: "ولل" + word.removeprefix("ال").removeprefix("ل"),
    lambda word: word[:-1],
    lambda word: word[1:],
    lambda word: word[:1] + "\u0640" + word[1:],
]


def script_of(word: str) -> str:
    return next(script for script, words in WORDS.items() if word in words)


def as_it_stands(word: str) -> list[str]:
    """Return what a text may hold where a word is watched: the word, half of the times, else changed, inflected or joined."""
    script = script_of(word)
    changed = [change(word) for change in CHANGES]
    joined = [before + word for before in BEFORE[script]] + [word + after for after in AFTER[script]]
    odd = [one for one in [*changed, *joined, *joined] if one != word]
    return [word] * (len(odd) // 2) + odd


def texts(words: Words) -> st.SearchStrategy[str]:
    """Return texts made of the watched words."""
    pieces = [piece for word in words for piece in as_it_stands(word)]
    return st.lists(st.tuples(st.sampled_from(pieces), st.sampled_from(BETWEEN)), min_size=1, max_size=6).map(
        lambda pairs: "".join(piece + between for piece, between in pairs).strip()
    )


def phrases(words: Words) -> list[str]:
    """Return terms that are text: a word, as it is or exactly as written, and prefixes of at least four letters."""
    prefixes = {
        word[:length] + "*" for word in words for length in (4, len(word)) if sum(map(str.isalpha, word[:length].split(" ")[-1])) > 3
    }
    prefixes |= {word[:1] + "*" for word in words if word[0] in "游税게"}
    return [*words, *words, *("=" + word for word in words), *sorted(prefixes)]


def terms(words: Words) -> st.SearchStrategy[Any]:
    """Return terms of all kinds."""
    known = phrases(words)
    plain: list[Any] = [*known, *known, *({"phrase": one} for one in known), {"list": "gaming-words"}]
    plain += [{"phrase": one, "case": "exact"} for one in words]
    narrowed = [{"in": "title"}, {"in": "body"}, {"in": "lead"}, {"lang": "en"}, {"lang": "ar"}, {"lang": "ar", "in": "body"}]
    plain += [{"phrase": one, **narrow} for one in known for narrow in narrowed]
    groups = [[one] for one in known] + [[one, other] for one in known for other in words if one != other]
    far: list[dict[str, Any]] = [{"within": within} for within in (1, 1, 2, 3, 9, 10)] + [
        {},
        {},
        {"within": 2, "in": "body"},
        {"lang": "ar"},
    ]
    near = st.tuples(st.sampled_from(groups), st.sampled_from(groups), st.sampled_from(far)).map(
        lambda three: {"near": [three[0], three[1]], **three[2]}
    )
    return st.one_of(st.sampled_from(plain), st.sampled_from(plain), near)


def blocks(words: Words, depth: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    """Return blocks of `when`: mostly one key that asks for words, and often one more."""
    term = terms(words)
    several = st.lists(term, min_size=1, max_size=3, unique_by=repr)
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
    asked_for = {key: value.map(lambda value, key=key: {key: value}) for key, value in (asking | {"none": several}).items()}
    one = term.map(lambda term: {"any": [term]})
    first = st.one_of(one, one, one, asked_for["any"], asked_for["all"], asked_for["at_least"], *(asked_for[key] for key in asking))
    more = st.one_of(*[st.just({})] * 8, asked_for["none"], asked_for["any"], *asked_for.values())
    return st.tuples(more, first).map(lambda both: both[0] | both[1])


SELECTIONS: Final = ("a1", "a2", "b", "c-d")
conditions: Final = st.recursive(
    st.sampled_from([*SELECTIONS, "1 of a*", "2 of a*", "all of a*", "all of c-d"]),
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.sampled_from(SELECTIONS).map("not {}".format),
        st.tuples(inner, inner).map(lambda both: f"{both[0]} and {both[1]}"),
        st.tuples(inner, inner).map(lambda both: f"{both[0]} or {both[1]}"),
        inner.map("({})".format),
    ),
    max_leaves=5,
)
asking_conditions: Final = conditions.filter(lambda text: not reduced(text, set(SELECTIONS), set()))
"""Conditions of exclusions alone are errors."""


def asked(words: Words) -> st.SearchStrategy[dict[str, Any]]:
    """Return what must hold: mostly `when`, else selections and a condition over them; with the severities of both."""
    block = blocks(words)
    selections = st.fixed_dictionaries(dict.fromkeys(SELECTIONS, block))
    when = st.builds(lambda when: {"when": when}, block)
    rising = st.builds(lambda when, rise: {"when": when, "severity_if": [{"if": rise, "set": "high"}]}, block, block)
    combined = st.builds(
        lambda several, condition, rise, block: {
            "selections": several,
            "condition": condition,
            "severity_if": [{"if": rise, "set": "critical"}, {"if": block, "set": "low"}],
        },
        selections,
        asking_conditions,
        conditions,
        block,
    )
    return st.one_of(when, when, when, when, rising, combined)


def watchlists(words: Words) -> st.SearchStrategy[dict[str, Any]]:
    """Return watchlists as they stand in files, most of them without a scope."""
    return st.tuples(asked(words), st.sampled_from(SCOPES)).map(lambda both: both[0] | both[1])


ANY: Final[dict[str, Any]] = {"label": "any"}
NARROWED: Final[list[dict[str, Any]]] = [
    {"min_score": 0.6},
    {"languages": ["en"]},
    {"languages": ["ar", "ur"]},
    {"sources": ["nation.example"]},
    {"sources": ["dawn.example"]},
    {"outlets": ["THE NATION", "Dawn"]},
    {"countries_of_outlet": "nordic"},
    {"countries_of_outlet": ["PK"]},
]
LABELLED: Final[list[dict[str, Any]]] = [{}, {}, {"label": "other"}, {"label": ["diplomacy", "domestic"]}, {"min_score": 0.8}]
SCOPES: Final = [ANY] * 16 + LABELLED + [ANY | narrowed for narrowed in NARROWED]


def reports(words: Words) -> st.SearchStrategy[Report]:
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
        st.sampled_from(
            [
                (("ai",), ("ITU",), ("Ali Khan",)),
                ((), (), ()),
                (("ai",), ("ITU",), ()),
                (("gaming",), (), ("Ali Khan",)),
                ((), (), tuple(PEOPLE)),
                (("ai", "gaming"), ("World Bank",), ()),
            ]
        ),
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
def cases_of(words: Words) -> st.SearchStrategy[tuple[list[dict[str, Any]], Report]]:
    """Return up to six watchlists and a report that speaks of the same few words."""
    return st.tuples(st.lists(watchlists(words), min_size=2, max_size=6), reports(words))


def _handfuls() -> list[Words]:
    """Return each word alone, two neighbouring words of each script, and one of each of three scripts; made once, since making strategies is slow."""
    of_one = [tuple(words[start : start + 2]) for words in WORDS.values() for start in range(len(words))]
    of_three = [tuple(WORDS[script][n % len(WORDS[script])] for script in (SCRIPTS + SCRIPTS)[n : n + 6 : 2]) for n in range(len(SCRIPTS))]
    alone = [(word,) for words in WORDS.values() for word in words]
    return alone + alone + of_one + of_three


cases: Final = st.sampled_from(_handfuls()).flatmap(cases_of)


@cache
def terms_of(script: str) -> tuple[Any, ...]:
    """Return many terms of one script: every phrase, exact and prefixed, and pairs near each other."""
    words = tuple(WORDS[script])
    pairs = [{"near": [[one], [other, words[0]]], "within": within} for one in words[:3] for other in words[:4] for within in (1, 2, 10)]
    return (*dict.fromkeys(phrases(words)), *({"phrase": one, "case": "exact", "lang": "ar"} for one in words), *pairs)


@cache
def _text_reports(script: str) -> st.SearchStrategy[Report]:
    body = texts(tuple(WORDS[script]))
    return st.builds(lambda title, text, language: report(title, text, language=language), body, body, st.sampled_from(["en", "ar"]))


texts_by_script: Final = st.sampled_from([*SCRIPTS, "latin", "arabic", "arabic"]).flatmap(
    lambda script: st.tuples(st.just(script), _text_reports(script))
)
