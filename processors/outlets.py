"""Where an outlet sits, by the list of outlets, by its address, or by the country or town that its name holds."""

import re
from collections.abc import Iterator
from typing import Final

from newswire.terms import fold
from processors.source_country import country_of_url
from processors.taxonomy import Kind, Taxonomy

_READ: Final = 200
_NAMES: Final = frozenset({Kind.COUNTRY, Kind.ADJECTIVE, Kind.CAPITAL})
_BRACKETED: Final = re.compile(r"[(（]([^()（）]{2,60})[)）]")
_ADDRESS: Final = re.compile(r"\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b", re.IGNORECASE)
# What an outlet adds to its name for an edition, a language or its kind: "Trend Türkçe", "صحيفة الوطن", "ایلنا آنلاین".
_EDITIONS: Final = re.compile(
    r"^(?:the|daily|جريدة|صحيفة|بوابة|موقع|روزنامہ|روزنامه|خبرگزاری|دی)\s+"
    r"|\s+(?:in\s+)?(?:english|türkçe|urdu|arabic|hindi|online|digital|news|media|business|agency|اردو|عربي|عربية|آنلاین|أونلاين|نیوز|हिंदी|हिन्दी|বাংলা)$",
    re.IGNORECASE,
)
_SCRIPTS: Final = (
    (re.compile("[؀-ۿ]"), ("ar", "ur", "fa")),
    (re.compile("[Ѐ-ӿ]"), ("ru",)),
    (re.compile("[一-鿿]"), ("zh", "ja")),
    (re.compile("[가-힣]"), ("ko",)),
    (re.compile("[ऀ-ॿ]"), ("hi",)),
    (re.compile("[ঀ-৿]"), ("bn",)),
)
_LATIN: Final = ("en", "fr", "es", "pt", "de", "tr", "id")
_EDITIONS_CUT: Final = 3
_SHORTEST_FORM: Final = 4  # "The Sun" is not the "Sun" of the Maldives
# Outlets of one country that name another one are known by the list; a name of fewer letters is too often a common word.
_LEAST_LETTERS: Final = 4
_LEAST_LETTERS_DENSE: Final = 2
_WORDS: Final = frozenset({"island", "sur"})  # that name a country in one language and a thing in another, or in English


def country_of_outlet(taxonomy: Taxonomy, outlet: str) -> str | None:
    """Return where an outlet sits; None where its name does not tell ("Reuters")."""
    if not outlet.strip():
        return None
    name = outlet[:_READ]
    bracketed = _BRACKETED.search(name)
    if bracketed:  # "The Nation (Lagos)" is not the one of Lahore
        place = _place(taxonomy, bracketed.group(1))
        if place:
            return place
        name = _BRACKETED.sub(" ", name)
    for known in _forms(name):
        code = taxonomy.outlets.get(fold(known).text.strip())
        if code:
            return code
    address = _ADDRESS.search(name)
    return (country_of_url(f"https://{address.group()}") if address else None) or _place(taxonomy, name)


def _forms(name: str) -> Iterator[str]:
    """Give a name as it stands, then without the words of its edition, one after the other."""
    form = name.strip()
    yield form
    for _ in range(_EDITIONS_CUT):
        shorter = _EDITIONS.sub("", form, count=1).strip()
        if shorter == form or len(shorter) < _SHORTEST_FORM:
            return
        form = shorter
        yield form


def _place(taxonomy: Taxonomy, name: str) -> str | None:
    """Return the country that a name holds ("Times of Oman"), else that of a town ("Tribune de Genève")."""
    languages = next((languages for script, languages in _SCRIPTS if script.search(name)), _LATIN)
    least = _LEAST_LETTERS if languages is _LATIN else _LEAST_LETTERS_DENSE
    folded = fold(name)
    town = None
    for language in languages:
        for hit in taxonomy.search.find(folded, language):
            entry = taxonomy.entries[hit.term]
            if hit.end - hit.start < least or folded.original[hit.start : hit.end].casefold() in _WORDS:
                continue
            if entry.kind in _NAMES:
                return entry.key
            if entry.kind is Kind.CITY and town is None:
                town = entry.key
    return town
