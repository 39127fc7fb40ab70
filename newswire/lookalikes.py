"""Letters that look like others: `аny` with a Cyrillic `а`, `ａny` in full width, one with something invisible in it.

The pairs are those of Unicode's confusables.txt (UTS #39) that end in a letter of ASCII, for the alphabets that people type beside it.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_LOOKS_LIKE: Final = str.maketrans(
    dict(zip("авеһіјкмнорстухԁԛԝӏѕАВЕКМНОРСТУХЅІЈ", "abehijkmhopctyxdqwlsABEKMHOPCTYXSIJ", strict=True))
    | dict(zip("αοριντυκχγεηΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aopivtukxyenABEZHIKMNOPTYX", strict=True))
    | dict(zip("օոսհıɑɡſ", "onuhiags", strict=True))
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)
_ALPHABETS: Final = {"CYRILLIC": "a Cyrillic", "GREEK": "a Greek", "ARMENIAN": "an Armenian", "FULLWIDTH": "a full-width"}
_LONGEST: Final = 60  # characters; no word of ours is longer


@lru_cache(maxsize=4_096)  # valid words are asked for again with each wrong one
def skeleton(word: str) -> str:
    """Return the word as it looks, in letters of ASCII as far as they go and without what cannot be seen."""
    looks = unicodedata.normalize("NFKD", word[:_LONGEST].translate(_LOOKS_LIKE)).translate(_LOOKS_LIKE)
    return "".join(character for character in looks if unicodedata.category(character) not in {"Cf", "Mn"}).strip().casefold()


def meant(word: str, valid: Iterable[str]) -> str | None:
    """Return the valid word that `word` looks just like, though it is spelt with other letters; None where there is none."""
    if word.isascii() or len(word) > _LONGEST:
        return None
    looks = skeleton(word)
    return next((one for one in valid if one != word and skeleton(one) == looks), None)


def fault(kind: str, word: str, valid: Iterable[str]) -> str | None:
    """Return which letter of `word` is not what it looks like, and what to write; None where `word` looks like no valid word."""
    right = meant(word, valid)
    strange = next((character for character in word if not character.isascii() and character not in (right or "")), None)
    if right is None or strange is None:
        return None
    shown = "".join(character if character.isprintable() else _escaped(character) for character in word)
    return f"the {kind} '{shown}' has {called(strange)}; write '{right}'"


def called(character: str) -> str:
    """Return what to call a letter that is not what it looks like: `a Cyrillic 'а'`."""
    name = unicodedata.name(character, "a control character")
    alphabet = _ALPHABETS.get(name.split()[0])
    if alphabet is not None:
        return f"{alphabet} '{character}'"
    shown = f"'{character}', " if character.isprintable() and not unicodedata.combining(character) else ""
    return f"{shown}U+{ord(character):04X} ({name.lower()})"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
