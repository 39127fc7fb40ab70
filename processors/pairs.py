"""Countries written by one character: 中巴, 한·미, 日米, 巴方, 驻巴. Which one is meant, the full names in the same item tell first."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from processors.taxonomy import Taxonomy

_OWN: Final = {"zh": frozenset("中台臺"), "ja": frozenset("日"), "ko": frozenset("한")}
"""How a language's own countries stand in a pair: beside them one more character is company enough."""

# What follows a pair that does not hold the own country: both, relations, trade, talks, summit.
_AFTER_PAIR: Final = re.compile("[两兩关關双雙会會贸貿协協合양정両首经經磋签簽]")
_PLACES: Final = frozenset(["台中", "臺中", "中台", "中臺", "中东", "中東", "中南", "中西", "中北", "中土", "日本", "中国", "中國"])
"""Two such characters that are a word of their own: Taichung, the Middle East."""

_NO_PAIR_BEFORE: Final = re.compile("[社网網年]")  # 中新社, 中老年
_COMMON: Final = frozenset("以也不多几幾所约約海北南东東西中黑立文安圣聖科保")
"""First characters of full names (以色列, 科威特) that make other words beside 中: 其中以, 中科院, 中文."""

_SIDES: Final = re.compile("(?P<who>.)方(?![案便法面向式针形式程块言])|[驻駐](?P<where>.)(?=[大使领領总總])")
_SIDES_ALWAYS: Final = frozenset("中美日韩韓俄英")
_JOINED: Final = re.compile(r"(?P<own>[中日한])[·・‧\-]?")
_NAMED_IN_FULL: Final = 2  # characters at least


class Pair(NamedTuple):
    """A country found by a character: its code and where the character stands."""

    code: str
    start: int
    end: int


def initials(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return which country each first character stands for, from (words, code) of full names; the one named most, then first, wins."""
    counts = Counter((words[0], code) for words, code in names if len(words) >= _NAMED_IN_FULL and "\u4e00" <= words[0] <= "\u9fff")
    out: dict[str, str] = {}
    for (character, code), _ in counts.most_common():
        out.setdefault(character, code)
    return out


def pairs_of(taxonomy: Taxonomy, text: str, language: str, known: Mapping[str, str], names: Sequence[tuple[int, str]]) -> Iterator[Pair]:
    """Give the countries of paired names, of sides (巴方) and posts (驻巴大使), and the own country joined to a full name (日ケニア).

    One character alone is a common word. `known` is what `initials` told, `names` the start and code of each full name in the text.
    """
    usual = taxonomy.pairs.get(language)
    if not usual:
        return
    own = _OWN.get(language, frozenset())
    table = {**usual, **{character: code for character, code in known.items() if character not in own and character not in _COMMON}}
    row, one = _patterns(tuple(sorted(table)))
    for found in row.finditer(text):
        if found.group() in _PLACES or _NO_PAIR_BEFORE.match(text, found.end()):
            continue
        parts = list(one.finditer(text, found.start(), found.end()))
        if any(part.group() in own for part in parts) or _AFTER_PAIR.match(text, found.end()):
            yield from (Pair(table[part.group()], part.start(), part.end()) for part in parts)
    yield from _sides(text, table, known)
    rows = {at for found in row.finditer(text) for at in range(*found.span())}
    starts = {start for start, code in names if code != usual[next(iter(usual))]}
    for found in _JOINED.finditer(text):
        if (
            found.start() not in rows
            and found.group("own") in own
            and found.end() in starts
            and not _inside_word(text, found.start(), language)
        ):
            yield Pair(table[found.group("own")], found.start("own"), found.end("own"))


def _sides(text: str, table: Mapping[str, str], known: Mapping[str, str]) -> Iterator[Pair]:
    for found in _SIDES.finditer(text):
        name = "who" if found.group("who") else "where"
        character = found.group(name)
        if character in known or (character in _SIDES_ALWAYS and character in table):
            yield Pair(table[character], found.start(name), found.end(name))


def _inside_word(text: str, start: int, language: str) -> bool:
    """Return whether the own character is the end of another word: "8日ケニア" is a date, "또한 미국" an adverb."""
    before = text[start - 1 : start]
    return before.isdigit() or (language == "ko" and before.isalpha())


@cache
def _patterns(characters: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    one = "|".join(sorted(map(re.escape, characters), key=lambda word: (-len(word), word)))
    return re.compile(f"(?:{one})[·・‧-]?(?:{one})(?:[·・‧-]?(?:{one}))?"), re.compile(one)
