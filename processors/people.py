"""The officials an item names: the words after "minister", "ambassador", "chairman" that are a name. In scripts of two cases."""

import re
from collections.abc import Iterator
from typing import Final

from processors.reading import Reading, Sentence
from processors.taxonomy import Kind

_ROLES: Final = frozenset({"actors:minister", "actors:head", "actors:envoy", "actors:official", "actors:foreign_ministry"})
_REACH: Final = 90
_NAME: Final = re.compile(
    r"(?:(?:Al|al|El|el|bin|Bin|van|von|de|der|da|dos|Ul|ul)[- ])?"
    r"[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁ][\w'’.-]*(?:\s(?:(?:al|el|bin|van|von|de|der|da|dos|ul)[- ])?[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁ][\w'’-]*){1,3}"
)
_STOP: Final = frozenset(
    [
        "state",
        "federal",
        "information",
        "technology",
        "telecommunication",
        "telecommunications",
        "communications",
        "communication",
        "digital",
        "affairs",
        "foreign",
        "ministry",
        "minister",
        "ministers",
        "deputy",
        "prime",
        "president",
        "secretary",
        "department",
        "division",
        "economy",
        "innovation",
        "development",
        "transport",
        "science",
        "industry",
        "trade",
        "commerce",
        "investment",
        "external",
        "posts",
        "post",
        "media",
        "culture",
        "finance",
        "the",
        "and",
        "for",
        "of",
        "on",
        "in",
        "at",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "general",
        "director",
        "chairman",
        "chief",
        "executive",
        "republic",
        "kingdom",
        "government",
        "national",
        "authority",
        "commission",
        "committee",
        "assembly",
        "international",
        "ambassador",
        "high",
        "commissioner",
        "envoy",
        "house",
        "office",
        "union",
        "bank",
        "united",
        "nations",
        "forum",
        "summit",
    ]
)
_MOST: Final = 12


def people_of(reading: Reading) -> tuple[str, ...]:
    """Return the names that follow an official's title, in order, each once, at most a dozen."""
    found: dict[str, None] = {}
    for sentence in reading.sentences:
        for name in _names(reading, sentence):
            if not any(name in known for known in found):
                found[name] = None
            if len(found) >= _MOST:
                return tuple(found)
    return tuple(found)


def _names(reading: Reading, sentence: Sentence) -> Iterator[str]:
    text = reading.text_of(sentence.field)
    taken = [(m.start, m.end) for m in sentence.marks if m.entry.kind is not Kind.CITY]
    for mark in sentence.marks:
        if mark.entry.kind is not Kind.CUE or mark.entry.key not in _ROLES:
            continue
        end = min(sentence.end, mark.end + _REACH)
        for candidate in _NAME.finditer(text, mark.end, end):
            words = candidate.group().split()
            if any(word.casefold().strip(".") in _STOP for word in words):
                continue
            if any(start < candidate.end() and candidate.start() < stop for start, stop in taken):
                continue
            if candidate.end() == end < sentence.end:
                continue  # cut off by the reach
            yield candidate.group().rstrip(".,'’")
            break
