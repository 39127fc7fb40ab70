"""The file of a new watchlist, made of four answers and a template: conditions, and a test each way that passes.

Pure. An answer is read to a value, or refused with what would be right; the same for a prompt and for an option.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.watchlists.faults import UnusableError
from alerting.watchlists.lists import Lists, fault_of_use
from alerting.watchlists.model import Status
from alerting.watchlists.terms import Phrase, read_term
from alerting.watchlists.vocabulary import Vocabulary, fault_of
from newswire.records import Severity
from newswire.strict_yaml import read_text

ANY: Final = "any"
NONE: Final = "none"

_HOMES: Final = ("PK", "US")  # the second where the first is the partner
_LINE: Final = 100
_POSITIVE: Final = "The minister and the foreign ambassador discuss {}"
_SILENT: Final = (
    "The minister and the foreign ambassador discuss a visit of students",
    "Two delegations talk about the weather of the season",
    "Guests from abroad are received at the airport",
)


@dataclass(frozen=True, slots=True)
class Countries:
    """Which states must be engaged. `written` is what stands behind `partners:`, empty where nothing is asked; `example` is one of them."""

    written: str
    example: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What a new watchlist is made of."""

    name: str
    title: str
    words: tuple[Phrase, ...]
    countries: Countries
    severity: Severity
    status: Status


def read_title(answer: str) -> str:
    """Return the title in one line.

    Raises:
        UnusableError: there is none.

    """
    if not (title := " ".join(answer.split())):
        raise UnusableError("a title is due, such as: Gaming industry with partner countries")
    return title


def read_words(answer: str) -> tuple[Phrase, ...]:
    """Return the terms of `gaming industry, video game*, =ITU`; none where nothing is written.

    Raises:
        UnusableError: one of them is no term.

    """
    found = (read_term(word.strip()) for word in re.split("[,،、，]", answer) if word.strip())
    return tuple(dict.fromkeys(term for term in found if isinstance(term, Phrase)))


def read_countries(answer: str, lists: Lists, vocabulary: Vocabulary) -> Countries:
    """Return the countries that a list's name, codes (`US, KR`), `any` or `none` stand for.

    Raises:
        UnusableError: there is no such list or country.

    """
    answer = answer.strip()
    if answer.lower() in {NONE, ""}:
        return Countries("", _HOMES[1])
    if answer.lower() == ANY:
        return Countries(ANY, _HOMES[1])
    if answer in lists:
        if (fault := fault_of_use(answer, "countries", lists)) is not None:
            raise UnusableError(fault)
        return Countries(answer, lists[answer].values[0])
    codes = _codes(answer.strip("[]"))
    for code in codes:
        if (fault := fault_of("countries", code, vocabulary)) is not None:
            names = sorted(name for name, found in lists.items() if found.kind == "countries")
            raise UnusableError(f"{fault}; or a list: {', '.join(names)}" if names else fault)
    return Countries(f"[{', '.join(codes)}]", codes[0]) if codes else Countries("", _HOMES[1])


def _codes(answer: str) -> list[str]:
    words = [word.strip() for word in re.split("[,،、，]", answer)]
    if len(words) == 1 and all(len(word) == 2 for word in answer.split()):
        words = answer.split()
    return list(dict.fromkeys(word.upper() if len(word) == 2 else word for word in words if word))


def new_file(template: str, answers: Answers) -> str:
    """Return the template with the answers in the place of each @WORD@.

    Raises:
        UnusableError: neither words nor countries are asked for, which would match everything.

    """
    if not answers.words and not answers.countries.written:
        raise UnusableError("name words to look for, or countries, or both: with neither every item would match")
    values = _values(answers)
    return re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]], template)


def _values(answers: Answers) -> Mapping[str, str]:
    partner = answers.countries.example
    asked = bool(answers.countries.written)
    said = answers.words[0].text if answers.words else "digital skills"
    because = [*(word.written for word in answers.words[:1]), *([f"partner {partner}"] if asked else [])]
    return {
        "NAME": answers.name,
        "TITLE": scalar(answers.title),
        "SEVERITY": answers.severity.value,
        "STATUS": answers.status.value,
        "WHEN": "\n".join(_when(answers)),
        "HOME": next(home for home in _HOMES if home != partner),
        "PARTNERS": f"[{partner}]",
        "POSITIVE_NAME": "one that must alert",
        "POSITIVE_TITLE": scalar(_POSITIVE.format(said)),
        "BECAUSE": _flow(because),
        "NEGATIVE_NAME": "none of the words" if answers.words else "no other country",
        "NEGATIVE_TITLE": scalar(_silent(answers.words)),
        "NEGATIVE_PARTNERS": f"[{partner}]" if answers.words else "[]",
    }


def _when(answers: Answers) -> Iterable[str]:
    if answers.words:
        written = [word.written for word in answers.words]
        line = f"  any: {_flow(written)}"
        hint = '# at least one is found; "=ITU" minds capitals, licen* is how a word begins, {list: NAME} a list of words'
        if len(line) <= _LINE:
            yield f"  {hint}"
            yield line
        else:
            yield f"  any: {hint}"
            yield from (f"    - {scalar(word)}" for word in written)
    else:
        yield "  # any: [one phrase, another phrase]  # and at least one of these is said"
    if answers.countries.written:
        yield f"  partners: {answers.countries.written} # a foreign state that is engaged is one of these: a list's name, [US, KR] or any"
    else:
        yield "  # partners: any  # and a foreign state is engaged: a list's name, [US, KR] or any"


def _silent(words: Sequence[Phrase]) -> str:
    """Return a headline in which none of the words stands."""
    spoken = [word.text.casefold() for word in words]
    return next((title for title in _SILENT if not any(word in title.casefold() for word in spoken)), _SILENT[-1])


def _flow(values: Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, values))}]"


def scalar(text: str) -> str:
    """Return the text as a YAML scalar, for a line or a list in brackets: plain where it reads back the same, else quoted."""
    document, faults = read_text(f"a: [{text}]\nb: {text}\n", "")
    if document is not None and not faults and document.values() == {"a": [text], "b": text}:
        return text
    return json.dumps(text, ensure_ascii=False)  # JSON's quoting is YAML's
