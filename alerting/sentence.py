"""One English sentence that says who engages whom on what, whatever language the headline is in. Pure.

It is made of the structured facts alone, so that it claims no more than was understood: the verb is always `engages`, for who visited whom
or whether a talk became a treaty is not known. What the report's own words say of that stands behind the colon, as nouns.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from alerting.escape import plain
from alerting.names import country_name, flagged, topic_name
from newswire.records import Evidence, Field

NAME_LIMIT: Final = 48
COUNTRIES_SHOWN: Final = 5
BODIES_SHOWN: Final = 4
TOPICS_SHOWN: Final = 4
_KINDS_KEPT: Final = 3

# The classes of config/taxonomy/cues.yaml that tell a reader something, most telling first, and what to call them.
_ACTORS: Final = {
    "head": "head of state or government",
    "minister": "minister",
    "envoy": "envoy",
    "delegation": "delegation",
}
_ACTS: Final = {
    "ban": "restrictions",
    "dispute": "dispute",
    "sign": "agreement",
    "fund": "funding",
    "negotiate": "negotiations",
    "visit": "visit",
    "meet": "talks",
    "letter": "letter",
}


def sentence(
    *,
    home: str | None,
    partners: Sequence[str],
    organisations: Sequence[str],
    topics: Sequence[str],
    how: Sequence[str] = (),
    flags: bool = True,
) -> str:
    """Return who engages whom on what: `🇵🇰 Pakistan engages 🇺🇸 United States on gaming, with ITU: minister, talks`.

    Empty where neither a country, nor a body, nor a topic is known. `how` is what `how_of` gave.
    """
    named: Callable[[str], str] = flagged if flags else country_name
    abroad = [named(code) for code in partners]
    bodies = [plain(name, limit=NAME_LIMIT) for name in organisations]
    on = f" on {listed([topic_name(topic) for topic in topics], TOPICS_SHOWN)}" if topics else ""
    line = _who(named(home) if home else "", abroad, bodies, on)
    nouns = [plain(noun, limit=NAME_LIMIT) for noun in how]
    # One kind of people alone says nothing: a minister is in nearly every such report.
    telling = len(nouns) > 1 or any(noun in _ACTS.values() for noun in nouns)
    return f"{line}: {', '.join(nouns)}" if line and telling else line


def how_of(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """Return the kinds of people who act and, where the headline says so, what they do: `("minister", "envoy", "talks")`.

    Taken from the reasons for the label. A verb deep in the text may be of another matter: it counts in the headline alone.
    """
    actors: set[str] = set()
    acts: set[str] = set()
    for reason in evidence:
        if reason.weight <= 0:
            continue
        in_title = reason.span is not None and reason.span.field is Field.TITLE
        for part in reason.name.split("&"):
            letter, _, kind = part.partition(":")
            if letter in {"A", "F"} and kind in _ACTORS:
                actors.add(kind)
            elif letter == "E" and kind in _ACTS and in_title:
                acts.add(kind)
    return (*_first(_ACTORS, actors), *_first(_ACTS, acts))


def listed(words: Sequence[str], most: int) -> str:
    """Return the words as a sentence lists them, the first `most` of them: `A, B and 3 more`."""
    shown = list(words) if len(words) <= most else [*words[:most], f"{len(words) - most} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _who(home: str, abroad: list[str], bodies: list[str], on: str) -> str:
    with_bodies = f", with {listed(bodies, BODIES_SHOWN)}" if bodies and abroad else ""
    if home:
        engaged = listed(abroad, COUNTRIES_SHOWN) or listed(bodies, BODIES_SHOWN)
        return f"{home} engages {engaged}{on}{with_bodies}" if engaged else f"{home},{on}".removesuffix(",")
    if abroad:
        return f"{listed(abroad, COUNTRIES_SHOWN)} {'engage' if len(abroad) > 1 else 'is engaged'}{on}{with_bodies}"
    return f"{listed(bodies, BODIES_SHOWN)},{on}".removesuffix(",") if bodies else on.replace(" on ", "On ", 1)


def _first(names: dict[str, str], found: set[str]) -> list[str]:
    return [name for kind, name in names.items() if kind in found][:_KINDS_KEPT]
