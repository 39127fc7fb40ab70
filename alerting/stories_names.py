"""What of an item is the same in every language: how its names sound, and its figures.

A name is written as it sounds in each script (Усманов, عثمانوف, Usmanov), so a word's consonants, in Latin letters and folded where scripts fold them,
stand for it: `smnf`. That joins loan words and cognates too (telecomunicaciones, telecommunications). Figures are the same everywhere once digits and
separators are. How rare a sound is comes from the same two counts as for words (`stories_words`).
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from anyascii import anyascii

from alerting.stories_words import MARKS, Frequencies, count_all

TEXT_LIMIT: Final = 4_000
"""Characters of a body in which names are looked for: who met whom stands in its first paragraphs."""

TOP_SOUNDS: Final = 30
TOP_FIGURES: Final = 12

LEAST_CONSONANTS: Final = 3
MOST_CONSONANTS: Final = 5
"""Endings are cut off like this: most languages bend a name at its end."""

_WORD: Final = re.compile(rf"(?:[^\W\d_]|[{MARKS}]){{3,}}")
_FIGURE: Final = re.compile(r"\d+(?:[.,٫٬]\d+)*")
_THOUSANDS: Final = re.compile(r"[.,٬](?=\d{3}(?!\d))")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_UNSOUNDED: Final = re.compile(r"[\u0e00-\u0e7f\u3041-\u309f\u3400-\u9fff]+")
_KATAKANA: Final = re.compile(r"[\u30a1-\u30fa\u30fc]{3,}")
_ARTICLE: Final = re.compile("^[وفبكل]?(?:ال|لل)(?=...)")
_FOLDED: Final = (("sch", "s"), ("sh", "s"), ("ch", "s"), ("zh", "s"), ("kh", "k"), ("gh", "k"), ("ph", "f"), ("ts", "s"), ("tz", "s"))
_SOFT: Final = re.compile("c(?=[eiy])")
_LETTERS: Final = str.maketrans("bcgjqvxz", "pkkskfks", "aeiouhwy")


def names(text: str) -> Iterator[str]:
    """Yield how the words of the text sound (`~smnf`), then its figures (`#17.5`), in order; what is too short to tell anything is left out."""
    whole = unicodedata.normalize("NFKC", text).casefold()
    for word in _WORD.findall(whole):
        if word.isascii() or not _UNSOUNDED.search(word):
            found = _sound(word)
            if found:
                yield found
        else:
            for run in _KATAKANA.findall(word):
                found = _sound(run)
                if found:
                    yield found
    for figure in _FIGURE.findall(whole):
        found = _figure(figure)
        if found:
            yield found


def count_names(title: str, lead: str, text: str) -> Counter[str]:
    """Return how often each name and figure occurs, counted as words are."""
    return count_all(names, title, lead, text[:TEXT_LIMIT])


@lru_cache(maxsize=50_000)
def _sound(word: str) -> str | None:
    if not word.isascii():
        word = anyascii(_ARTICLE.sub("", word)).casefold()
    for letters, folded in _FOLDED:
        word = word.replace(letters, folded)
    sounds = "".join(letter for letter in _SOFT.sub("s", word).translate(_LETTERS) if letter.isascii() and letter.isalpha())
    single = "".join(letter for place, letter in enumerate(sounds) if place == 0 or sounds[place - 1] != letter)
    return f"~{single[:MOST_CONSONANTS]}" if len(single) >= LEAST_CONSONANTS else None


def _figure(written: str) -> str | None:
    """Return the figure in plain digits with a point; None for one digit and for a year, which half of all news share."""
    figure = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in written).replace("٫", ".")
    figure = _THOUSANDS.sub("", figure).replace(",", ".").replace("٬", "")
    return None if len(figure) < 2 or _YEAR.fullmatch(figure) else f"#{figure}"


def rarest_names(frequencies: Frequencies, title: str, lead: str, text: str) -> frozenset[str]:
    """Return the most telling names and figures of an item, by how rare they are in the shipped counts and how often it says them.

    By the shipped counts alone, so that an item is described in the same way whatever is in the window.
    """
    weights = {name: (1 + math.log(count)) * frequencies.shipped_rarity(name) for name, count in count_names(title, lead, text).items()}
    best = sorted((name for name, weight in weights.items() if weight > 0), key=lambda name: (-weights[name], name))
    sounds = [name for name in best if name.startswith("~")][:TOP_SOUNDS]
    figures = [name for name in best if name.startswith("#")][:TOP_FIGURES]
    return frozenset((*sounds, *figures))


def sounds_of_people(people: Iterable[str]) -> frozenset[str]:
    """Return how the last name of each sounds: first names are left out, written in full or with a letter, or not at all."""
    last = (sound for person in people for sound in list(names(person))[-1:])
    return frozenset(last)
