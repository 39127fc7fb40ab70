"""The words that conditions may choose from: what the understanding can find, and what a country's code might have been meant to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from alerting.watchlists.nearest import unknown


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What is known, from the taxonomy. Where a set is empty its words cannot be checked, and all are let through."""

    countries: Mapping[str, str] = field(default_factory=dict)  # ISO 3166-1 alpha-2 code → English name
    topics: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()  # ISO 639-1


_MEANT: Final = {
    "UK": "GB", "EL": "GR", "KOS": "XK",
    "USA": "US", "UAE": "AE", "KSA": "SA", "PRC": "CN", "ROK": "KR", "DPRK": "KP", "GBR": "GB", "DEU": "DE", "FRA": "FR", "CHN": "CN",
    "PAK": "PK", "IND": "IN", "JPN": "JP", "TUR": "TR", "SAU": "SA", "ARE": "AE", "KOR": "KR", "RUS": "RU", "QAT": "QA", "MYS": "MY",
}  # fmt: skip
_GROUPS: Final = {"EU": "European Union", "UN": "United Nations", "GCC": "GCC", "ASEAN": "ASEAN", "SCO": "SCO"}


def fault_of(kind: str, value: str, vocabulary: Vocabulary) -> str | None:
    """Return what is wrong with `value` as a country, topic, organisation, person or language; None where nothing is."""
    if kind == "countries":
        return _fault_of_country(value, vocabulary.countries)
    known: Mapping[str, tuple[str, frozenset[str]]] = {
        "topics": ("topic", vocabulary.topics),
        "organisations": ("organisation", vocabulary.organisations),
        "people": ("person", vocabulary.people),
        "languages": ("language", vocabulary.languages),
    }
    noun, words = known.get(kind, ("word", frozenset()))
    return unknown(noun, value, words) if words and value not in words else None


def _fault_of_country(value: str, countries: Mapping[str, str]) -> str | None:
    if value in countries:
        return None
    if value.upper() in _GROUPS:
        return f"{value!r} is a body, not a country; write it under `organisations: [{_GROUPS[value.upper()]}]`"
    meant = value.upper() if value.upper() in countries else _MEANT.get(value.upper()) or _code_of_name(value, countries)
    if meant is not None:
        return f"unknown country {value!r}; did you mean {meant} ({countries.get(meant, value)})?"
    if not countries and len(value) == 2 and value.isascii() and value.isupper():
        return None
    return f"unknown country {value!r}; write the two capital letters of ISO 3166-1, such as NO for Norway"


def _code_of_name(value: str, countries: Mapping[str, str]) -> str | None:
    near = unknown("country", value, countries.values())
    return next((code for code, name in countries.items() if near.endswith(f"did you mean {name!r}?")), None) if len(value) > 3 else None
