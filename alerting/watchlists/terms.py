"""What a watchlist looks for in a text: phrases, named lists of them, and two groups of words near each other.

The syntax is that of WATCHLISTS.md "Conditions". Reading a term gives a value or says what is wrong with it;
finding terms is the work of `newswire.terms`.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from alerting.watchlists.faults import UnusableError
from alerting.watchlists.nearest import unknown
from newswire.records import Field

MAX_LENGTH: Final = 200
MAX_WITHIN: Final = 10
PREFIX_LETTERS: Final = 4  # a shorter prefix begins too many words: `gam*` is also gamble, gamma, gamut
_SPACES: Final = re.compile(r"[ \n\t\u00a0]+")
_SPACELESS: Final = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "HANGUL")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row. `written` is the term as it stands in the file, for messages."""

    written: str
    text: str
    prefix: bool = False
    exact: bool = False
    field: Field | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """A phrase of each of two groups, at most `within` words apart, in either order, inside one sentence."""

    groups: tuple[tuple[Phrase, ...], tuple[Phrase, ...]]
    within: int
    field: Field | None = None

    @property
    def written(self) -> str:
        """The term in words, for messages: `game*/gaming near tax/licen*`."""
        left, right = ("/".join(phrase.written for phrase in group) for group in self.groups)
        return f"{left} near {right}"


@dataclass(frozen=True, slots=True)
class ListOfTerms:
    """All the terms of a named list."""

    name: str


TermLike = Phrase | Near | ListOfTerms


def read_term(raw: object) -> TermLike:
    """Return the term that stands in the file as text or as a map.

    Raises:
        UnusableError: says what is wrong and what would be right.

    """
    if isinstance(raw, Phrase | Near | ListOfTerms):
        return raw
    if isinstance(raw, str):
        return _phrase(raw)
    if not isinstance(raw, Mapping):
        raise UnusableError(f'a term is text or a map, not {_kind(raw)}; write a number in quotes: "5"')
    for key, read in (("phrase", _phrase_map), ("near", _near), ("list", _list)):
        if key in raw:
            return read(raw)
    raise UnusableError("a term that is a map has the key `phrase`, `near` or `list`")


def _phrase(written: str, *, exact: bool = False, field: Field | None = None, language: str | None = None) -> Phrase:
    text = written = _SPACES.sub(" ", written).strip()  # a phrase may go over two lines of the file
    if text.startswith("="):
        exact, text = True, text[1:].strip()
    prefix = text.endswith("*")
    text = text.removesuffix("*")
    if prefix:
        _check_prefix(text, written)
    _check_text(text, written)
    return Phrase(written, text, prefix=prefix, exact=exact, field=field, language=language)


def _check_text(text: str, written: str) -> None:
    if len(text) > MAX_LENGTH:
        raise UnusableError(f"a term of {len(text)} characters is too long; at most {MAX_LENGTH}")
    if any(unicodedata.category(char) == "Cc" for char in text):
        raise UnusableError(
            f"control character in {written!r}; in double quotes `\\b` is a backspace: there are no regular expressions here"
        )
    if "*" in text:
        raise UnusableError(f"`*` stands only at the end of a term, not as in {written!r}")
    letters = [char for char in text if char.isalnum()]
    if not letters:
        raise UnusableError(f"a term needs a letter or a digit; {written!r} has none")
    if len(text) == 1 and not _spaceless(text):
        raise UnusableError(f"{written!r} is a single character, which is found everywhere; write a longer term")


def _check_prefix(text: str, written: str) -> None:
    if not text or not (text[-1].isalnum() or unicodedata.category(text[-1]).startswith("M")):
        raise UnusableError(f"`*` goes right after a letter: {written!r}")
    last = text.replace("-", " ").split()[-1]
    letters = [char for char in last if char.isalnum() or unicodedata.category(char).startswith("M")]  # Hindi vowels are marks
    if len(letters) < PREFIX_LETTERS and not any(_spaceless(char) for char in letters):
        raise UnusableError(
            f"the prefix {last + '*'!r} is too short: at least {PREFIX_LETTERS} letters before `*`; write the words out instead"
        )


def _spaceless(char: str) -> bool:
    return unicodedata.name(char, "").startswith(_SPACELESS)


def _phrase_map(raw: Mapping[Any, Any]) -> Phrase:
    _keys(raw, ("phrase", "case", "in", "lang"))
    if not isinstance(raw["phrase"], str):
        raise UnusableError(f"`phrase` is text, not {_kind(raw['phrase'])}")
    if raw.get("case", "exact") != "exact":
        raise UnusableError(f"`case` can only be `exact`, not {raw['case']!r}; leave it out to find any case")
    return _phrase(raw["phrase"], exact="case" in raw, field=_field(raw), language=_language(raw))


def _near(raw: Mapping[Any, Any]) -> Near:
    _keys(raw, ("near", "within", "in", "lang"))
    groups = raw["near"]
    if not isinstance(groups, list | tuple) or len(groups) != 2 or not all(isinstance(g, list | tuple) and g for g in groups):
        raise UnusableError("`near` is two lists of terms: {near: [[game*, gaming], [tax, licen*]], within: 8}")
    within = _whole_number(raw.get("within", MAX_WITHIN))
    if within is None or not 1 <= within <= MAX_WITHIN:
        raise UnusableError(f"`within` is a whole number of words from 1 to {MAX_WITHIN}, not {raw['within']!r}")
    field, language = _field(raw), _language(raw)
    left, right = (tuple(_plain(term, language) for term in group) for group in groups)
    return Near((left, right), within, field)


def _plain(raw: object, language: str | None) -> Phrase:
    if not isinstance(raw, str):
        raise UnusableError(f"inside `near` each term is text, not {_kind(raw)}")
    return _phrase(raw, language=language)


def _list(raw: Mapping[Any, Any]) -> ListOfTerms:
    _keys(raw, ("list",))
    if not isinstance(raw["list"], str):
        raise UnusableError(f"`list` is the name of a file in config/lists, not {_kind(raw['list'])}")
    return ListOfTerms(raw["list"])


def _keys(raw: Mapping[Any, Any], known: tuple[str, ...]) -> None:
    for key in raw:
        if key not in known:
            raise UnusableError(unknown("key", str(key), known))


def _field(raw: Mapping[Any, Any]) -> Field | None:
    if "in" not in raw:
        return None
    if not isinstance(raw["in"], str) or raw["in"] not in set(Field):
        raise UnusableError(unknown("field", str(raw["in"]), Field))
    return Field(raw["in"])


def _language(raw: Mapping[Any, Any]) -> str | None:
    language = raw.get("lang")
    if language is not None and not (isinstance(language, str) and len(language) == 2 and language.isascii() and language.islower()):
        raise UnusableError(f"`lang` is a language's two letters (ISO 639-1), such as `ar`, not {language!r}")
    return language


def _whole_number(raw: object) -> int | None:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    return int(raw) if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 6 else None


def _kind(raw: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a map", type(None): "nothing"}
    return "text" if isinstance(raw, str) else names.get(type(raw), type(raw).__name__)


_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH + 2}
_LANG: Final = {"type": "string", "pattern": "^[a-z]{2}$"}
_IN: Final = {"enum": [str(field) for field in Field]}


def _map(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [required], "additionalProperties": False}


TERM_SCHEMA: Final[dict[str, Any]] = {
    "description": 'gaming industry, licen*, "=ITU", {phrase: ITU, case: exact, in: title, lang: en}, {list: x}, {near: [[x], [y]]}',
    "anyOf": [
        _TEXT,
        _map("phrase", phrase=_TEXT, case={"const": "exact"}, lang=_LANG, **{"in": _IN}),
        _map(
            "near",
            near={"type": "array", "items": {"type": "array", "items": _TEXT, "minItems": 1}, "minItems": 2, "maxItems": 2},
            within={"type": "integer", "minimum": 1, "maximum": MAX_WITHIN},
            lang=_LANG,
            **{"in": _IN},
        ),
        _map("list", list={"type": "string"}),
    ],
}

Term = Annotated[TermLike, BeforeValidator(read_term), WithJsonSchema(TERM_SCHEMA)]
"""A term as a field of a model."""
