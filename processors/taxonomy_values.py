"""The single values of the taxonomy's files: terms, names, languages, codes, each with what an editor knows of it."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypeAliasType

from newswire import lookalikes
from newswire.field_types import COUNTRY_CODES, CountryCode
from newswire.terms import fold
from processors.language import LANGUAGES

MAY_MISS: Final = ConfigDict(extra="forbid", frozen=True)
"""The `model_config` of what the files hold: as strict as any, and a key that is not there is empty. One that is there holds something."""

_LETTER: Final = re.compile("[^\\W_\u0640]")  # one that folding keeps: tatweel is no letter there
_LONGEST: Final = 100  # characters of a term; the longest that ships has 60


def _term(text: str) -> str:
    inner = text.removeprefix("=").removesuffix("*")
    if "*" in inner or not inner.strip():
        raise ValueError(
            f"'{text[:40]}' is no term; write words, with = before them where case counts and * after them where letters may follow"
        )
    if not _LETTER.search(inner) and not fold(inner).text.strip():
        raise ValueError(f"nothing of '{text[:40]}' is left to look for; write a word of letters")
    return text


def _each_once(words: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for word in words:
        if word in seen:
            raise ValueError(f"'{word[:40]}' stands here twice; take one out")
        seen.add(word)
    return words


def _spoken(code: str) -> str:
    if code in LANGUAGES:
        return code
    if looks := lookalikes.fault("language", code, LANGUAGES):
        raise ValueError(looks)
    raise ValueError(f"unknown language '{code[:40]}'; {', '.join(sorted(LANGUAGES))} are told apart")


def _topic(name: str) -> str:
    if re.fullmatch("[a-z0-9_]+", name):
        return name
    raise ValueError(f"a topic is named in small letters, digits and _, not '{name[:40]}'")


def _character(text: str) -> str:
    if len(text) == 1:
        return text
    raise ValueError(f"one character is due here, not '{text[:40]}'")


Term = Annotated[
    str,
    Field(max_length=_LONGEST),
    AfterValidator(_term),
    WithJsonSchema({"type": "string", "pattern": r"^(?!=?\s*\*?$)[^*]+\*?$", "maxLength": _LONGEST}),
]
"""A word or a name to look for: `ambassador`, `minister*`, `=US`."""

Name = Annotated[str, Field(min_length=1, max_length=_LONGEST)]
Terms = Annotated[tuple[Term, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True}), AfterValidator(_each_once)]
Names = Annotated[tuple[Name, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True}), AfterValidator(_each_once)]
Country = Annotated[CountryCode, WithJsonSchema({"type": "string", "enum": sorted(COUNTRY_CODES)})]
Language = Annotated[str, AfterValidator(_spoken), WithJsonSchema({"type": "string", "enum": sorted(LANGUAGES)})]
"""A language that articles are told to be in; words of another one would never be looked for."""

TopicName = Annotated[str, AfterValidator(_topic), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9_]+$"})]
Character = Annotated[str, AfterValidator(_character), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1})]
ByLanguage = TypeAliasType("ByLanguage", Annotated[dict[Language, Terms], Field(min_length=1)])
