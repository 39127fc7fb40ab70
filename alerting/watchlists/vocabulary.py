"""The words that conditions may choose from: what the understanding can find, and what a country's code may have been meant to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from alerting.watchlists.nearest import unknown
from newswire import lookalikes
from newswire.field_types import COUNTRY_CODES


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What is known, from the taxonomy. Where a set is empty its words cannot be checked, and all are let through."""

    countries: Mapping[str, str] = field(default_factory=dict)  # English names by code, for messages
    topics: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()  # ISO 639-1


_MEANT: Final = {
    "UK": "GB", "EL": "GR", "USA": "US", "UAE": "AE", "KSA": "SA", "PRC": "CN", "ROK": "KR", "DPRK": "KP", "GBR": "GB", "DEU": "DE",
    "FRA": "FR", "CHN": "CN", "PAK": "PK", "IND": "IN", "JPN": "JP", "TUR": "TR", "SAU": "SA", "ARE": "AE", "KOR": "KR", "RUS": "RU",
    "QAT": "QA", "MYS": "MY", "IDN": "ID", "IRN": "IR", "AFG": "AF", "BGD": "BD", "NOR": "NO", "SWE": "SE",
}  # fmt: skip
MAX_NAME: Final = 60  # characters; no country's name is longer
_GROUPS: Final = {"EU": "EU", "UN": "UN", "GCC": "GCC", "ASEAN": "ASEAN", "SCO": "SCO"}


def is_known(kind: str, value: str, vocabulary: Vocabulary) -> bool:
    """Return whether `value` is one of the words of that kind."""
    return value in _words(kind, vocabulary)[1]


def fault_of(kind: str, value: str, vocabulary: Vocabulary) -> str | None:
    """Return what is wrong with `value` as a country, topic, organisation, person or language; None where nothing is."""
    if kind == "countries":
        return _fault_of_country(value, vocabulary.countries)
    noun, words = _words(kind, vocabulary)
    return unknown(noun, value, words) if words and value not in words else None


def _words(kind: str, vocabulary: Vocabulary) -> tuple[str, frozenset[str]]:
    known = {
        "countries": ("country", COUNTRY_CODES),
        "topics": ("topic", vocabulary.topics),
        "organisations": ("organisation", vocabulary.organisations),
        "people": ("person", vocabulary.people),
        "languages": ("language", vocabulary.languages),
    }
    return known.get(kind, ("word", frozenset()))


def _fault_of_country(value: str, names: Mapping[str, str]) -> str | None:
    if value in COUNTRY_CODES:
        return None
    if len(value) > MAX_NAME:
        return f"{value[:MAX_NAME]!r}… is no country; write the two capital letters of ISO 3166-1, such as NO for Norway"
    if looks := lookalikes.fault("country", value, sorted(COUNTRY_CODES)):
        return looks
    if value.upper() in _GROUPS:
        return f"{value!r} is a body, not a country; write it under `organisations: [{_GROUPS[value.upper()]}]`"
    meant = value.upper() if value.upper() in COUNTRY_CODES else _MEANT.get(value.upper()) or _code_of_name(value, names)
    if meant is None:
        return f"unknown country {value!r}; write the two capital letters of ISO 3166-1, such as NO for Norway"
    named = f" ({names[meant]})" if meant in names else ""
    return f"unknown country {value!r}; did you mean {meant}{named}?"


def _code_of_name(value: str, names: Mapping[str, str]) -> str | None:
    codes = {name.casefold(): code for code, name in names.items()}
    near = get_close_matches(value.casefold(), codes, n=1, cutoff=0.75) if len(value) > 3 else []
    return codes[near[0]] if near else None
