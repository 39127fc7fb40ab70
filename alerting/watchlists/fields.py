"""The kinds of value that a watchlist's keys take, each of which reads what YAML gives or says what would be right."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

from pydantic import BeforeValidator, WithJsonSchema

from alerting.watchlists.expression import parse
from alerting.watchlists.faults import UnusableError
from alerting.watchlists.nearest import unknown
from newswire.field_types import seconds
from newswire.outcomes import HoldReason
from newswire.records import Label, Severity

MAX_WORDS: Final = 10_000  # in one list of a file

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


def _something(raw: object) -> object:
    if raw is None:
        raise UnusableError("nothing stands behind this key; write its value or take the key out")
    return raw


Maybe = Annotated[T | None, BeforeValidator(_something)]
"""A key that may be missing, but not empty: an empty one would be ignored in silence."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which values a condition accepts: those listed, those of the named list, or any at all."""

    values: tuple[str, ...] = ()
    list_name: str | None = None
    any: bool = False


def _text(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise UnusableError("text is due here")
    text = " ".join(str(raw).split())
    if not text:
        raise UnusableError("this is empty; text is due here")
    if len(text) > 2000:
        raise UnusableError(f"{len(text)} characters are too many; at most 2000")
    return text


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": "string", "minLength": 1})]


def _texts(raw: object) -> tuple[str, ...]:
    if isinstance(raw, str | int | float):
        return (_text(raw),)
    if not isinstance(raw, list | tuple):
        raise UnusableError("a list is due here: [one, two]")
    if not raw:
        raise UnusableError("this list is empty; take the key out, or name something")
    if len(raw) > MAX_WORDS:
        raise UnusableError(f"{len(raw)} entries are too many; at most {MAX_WORDS}")
    return tuple(_text(one) for one in raw)


_STRINGS: Final = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
_ONE_OR_MORE: Final = {"anyOf": [{"type": "string", "minLength": 1}, _STRINGS]}

Texts = Annotated[tuple[str, ...], BeforeValidator(_texts), WithJsonSchema(_ONE_OR_MORE)]
"""One text, or a list of them."""


def _words_of(raw: object) -> str:
    text = _text(raw)
    parse(text)
    return text


ConditionText = Annotated[str, BeforeValidator(_words_of), WithJsonSchema({"type": "string", "minLength": 1})]
"""A condition over selections, in which nothing but its names can be wrong any more."""


def _pins(raw: object) -> tuple[str, ...]:
    return () if isinstance(raw, list | tuple) and not raw else _texts(raw)


Pins = Annotated[tuple[str, ...], BeforeValidator(_pins), WithJsonSchema({"type": "array", "items": {"type": "string"}})]
"""What a test fixes as understood; an empty list says: nothing of this kind."""

TextsOrNone = Annotated[
    tuple[str, ...],
    BeforeValidator(_pins),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string", "minLength": 1}}]}),
]
"""One text, or a list of them; an empty list says: none at all."""


def _choice(raw: object) -> Choice:
    if isinstance(raw, Choice):
        return raw
    if isinstance(raw, str):
        name = _text(raw)
        return Choice(any=True) if name == "any" else Choice(list_name=name)
    if not isinstance(raw, list | tuple):
        raise UnusableError("the name of a list is due here, or [one, two], or `any`")
    return Choice(values=_texts(raw))


ChoiceField = Annotated[
    Choice,
    BeforeValidator(_choice),
    WithJsonSchema(_ONE_OR_MORE | {"description": "the name of a list in config/lists, [one, two], or any"}),
]


def _truth(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("true", "false"):
        return raw == "true"
    raise UnusableError(f"`true` or `false` is due here, not {raw!r}")


Truth = Annotated[bool, BeforeValidator(_truth), WithJsonSchema({"type": "boolean"})]


def one_of(enum: type[E], kind: str) -> Callable[[object], E]:
    """Return what reads a word of `enum`, called `kind` in faults."""

    def read(raw: object) -> E:
        if not isinstance(raw, str):
            raise UnusableError(f"a {kind} is due here: one of {', '.join(enum)}")
        if raw not in set(enum):
            raise UnusableError(unknown(kind, raw, enum))
        return enum(str(raw))

    return read


SeverityField = Annotated[Severity, BeforeValidator(one_of(Severity, "severity")), WithJsonSchema({"enum": [*map(str, Severity)]})]
LabelField = Annotated[Label, BeforeValidator(one_of(Label, "label")), WithJsonSchema({"enum": [*map(str, Label)]})]
HeldField = Annotated[HoldReason, BeforeValidator(one_of(HoldReason, "reason")), WithJsonSchema({"enum": [*map(str, HoldReason)]})]

ANY_LABEL: Final = frozenset(Label)
_LABELS: Final = [*map(str, Label), "any"]


def _labels(raw: object) -> frozenset[Label]:
    if isinstance(raw, frozenset):
        return raw
    words = _texts(raw)
    for word in words:
        if word not in _LABELS:
            raise UnusableError(unknown("label", word, _LABELS))
    return ANY_LABEL if "any" in words else frozenset(map(Label, words))


Labels = Annotated[
    frozenset[Label],
    BeforeValidator(_labels),
    WithJsonSchema({"anyOf": [{"enum": _LABELS}, {"type": "array", "items": {"enum": _LABELS}, "minItems": 1}]}),
]

_SEVERITIES: Final = [*map(str, Severity)]


def _severities(raw: object) -> frozenset[Severity]:
    if isinstance(raw, frozenset):
        return raw
    words = _texts(raw)
    for word in words:
        if word not in _SEVERITIES:
            raise UnusableError(unknown("severity", word, _SEVERITIES))
    return frozenset(map(Severity, words))


Severities = Annotated[
    frozenset[Severity],
    BeforeValidator(_severities),
    WithJsonSchema({"anyOf": [{"enum": _SEVERITIES}, {"type": "array", "items": {"enum": _SEVERITIES}, "minItems": 1}]}),
]


def _duration(raw: object) -> timedelta:
    if isinstance(raw, timedelta):
        return raw
    if not isinstance(raw, str):
        raise UnusableError(f"a duration is due here, such as 90m, 72h or 7d, not {raw!r}")
    length = timedelta(seconds=min(seconds(raw), _CENTURY_S))
    if not length:
        raise UnusableError("a duration of nothing holds everything back; write one such as 72h or 7d")
    return length


_CENTURY_S: Final = 100 * 365 * 86_400.0

Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?[smhdw])+$"})]


def duration_in_words(duration: timedelta) -> str:
    """Return the duration as a file would say it: 72h, 7d, 90s."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    if seconds:
        return f"{60 * minutes + seconds}s"
    if minutes % 1440 == 0 and minutes > 3 * 1440:
        return f"{minutes // 1440}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def _pause(raw: object) -> timedelta | None:
    if raw is None or raw == NEVER:
        return None
    try:
        return _duration(raw)
    except ValueError as error:
        raise UnusableError(f"{error}, or `never`") from None


NEVER: Final = "never"

Pause = Annotated[
    timedelta | None,
    BeforeValidator(_pause),
    WithJsonSchema({"anyOf": [{"const": NEVER}, {"type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?[smhdw])+$"}]}),
]
"""A duration, or `never`, which is None."""


def _day(raw: object) -> date:
    try:
        return raw if isinstance(raw, date) else date.fromisoformat(str(raw))
    except ValueError:
        raise UnusableError(f"a day is due here, such as 2027-03-01, not {raw!r}") from None


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


def _moment(raw: object) -> datetime:
    try:
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
    except ValueError:
        raise UnusableError(f"a day or a time is due here, such as 2026-11-02 or 2026-11-02T09:00:00Z, not {raw!r}") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string"})]


def _score(raw: object) -> float:
    try:
        score = float(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else -1.0
    except ValueError:
        score = -1.0
    if not 0 <= score <= 1:
        raise UnusableError(f"a number from 0 to 1 is due here, not {raw!r}")
    return score


Score = Annotated[float, BeforeValidator(_score), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]


def _count(raw: object) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool) and raw > 0:
        return raw
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and int(raw[:6]) > 0 and len(raw) < 6:
        return int(raw)
    raise UnusableError(f"a whole number from 1 is due here, not {raw!r}")


Count = Annotated[int, BeforeValidator(_count), WithJsonSchema({"type": "integer", "minimum": 1})]


def plain_schema(schema: dict[str, Any]) -> None:
    """Take out of a model's JSON Schema what an editor must not offer: derived titles, and `null` for a key that is left out."""
    schema.pop("title", None)
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        if not isinstance(field.get("default"), str | bool | int | float):
            field.pop("default", None)
        kinds = [kind for kind in field.get("anyOf", ()) if kind != {"type": "null"}]
        if len(kinds) == 1:
            del field["anyOf"]
            schema["properties"][name] = kinds[0] | field
        elif kinds:
            field["anyOf"] = kinds
