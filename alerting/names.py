"""The names that a reader knows: of countries and languages from CLDR, of topics in words, and flags. Pure."""

import json
from functools import cache
from importlib import resources
from typing import Final

from alerting.escape import plain

_CODE_LIMIT: Final = 8
_TOPIC_LIMIT: Final = 48
_WORDS: Final = {"ai": "AI", "it": "IT", "5g": "5G", "e": "e-", "data": "data"}
# What the words of an id do not say by themselves. With `&`, as in CLDR's "Bosnia & Herzegovina": an `and` would be lost in a list.
_TOPICS: Final = {
    "broadband_5g": "broadband & 5G",
    "cloud_data_centres": "cloud & data centres",
    "fintech_payments": "fintech & payments",
    "satellite_space": "satellites & space",
    "skills_training": "skills & training",
    "spectrum_licensing": "spectrum & licensing",
    "standards_governance": "standards & governance",
    "startups_innovation": "startups & innovation",
}


@cache
def _names() -> dict[str, dict[str, str]]:
    """Return CLDR's English names of countries and languages, by code."""
    names: dict[str, dict[str, str]] = json.loads(resources.files("alerting").joinpath("message_names.json").read_text(encoding="utf-8"))
    return names


def country_name(code: str) -> str:
    """Return the English name of a country."""
    return _names()["countries"].get(code, plain(code, limit=_CODE_LIMIT))


def language_name(code: str) -> str:
    """Return the English name of a language; empty where it is not known (`und`, BCP 47)."""
    return "" if code == "und" else _names()["languages"].get(code, plain(code, limit=_CODE_LIMIT))


def flag(code: str) -> str:
    """Return the country's flag, spelled with regional indicators (UTS #51)."""
    letters = [chr(0x1F1E6 + ord(letter) - ord("A")) for letter in code if "A" <= letter <= "Z"]
    return "".join(letters) if len(letters) == len(code) == 2 else ""


def flagged(code: str) -> str:
    """Return a country's flag and name: `🇵🇰 Pakistan`."""
    return f"{flag(code)} {country_name(code)}".strip()


def topic_name(topic: str) -> str:
    """Return a topic's id in words: `digital government`, `IT exports`."""
    words = _TOPICS.get(topic) or " ".join(_WORDS.get(word, word) for word in topic.split("_"))
    return plain(words.replace("e- ", "e-"), limit=_TOPIC_LIMIT)
