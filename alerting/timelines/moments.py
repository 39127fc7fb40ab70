"""Times since the start of a timeline, as its file says them."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

from alerting.watchlists.faults import UnusableError
from newswire.field_types import seconds

_LONGEST: Final = timedelta(days=366)


def read_offset(raw: object) -> timedelta:
    """Return a time since the start (`0m`, `3m`, `1h30m`, `2d`).

    Raises:
        UnusableError: it is none; the text says what would be right.

    """
    if isinstance(raw, timedelta):
        return raw
    try:
        offset = timedelta(seconds=min(seconds(str(raw)), 2 * _LONGEST.total_seconds()))
    except ValueError:
        shown = str(raw)[:40]
        raise UnusableError(f"a time since the start is due here, such as 0m, 3m, 1h30m or 2d, not {shown!r}") from None
    if offset > _LONGEST:
        raise UnusableError(f"a timeline lasts {_LONGEST.days} days at most")
    return offset


Offset = Annotated[
    timedelta,
    BeforeValidator(read_offset),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": r"^(0|([0-9]+(\.[0-9]+)?[smhdw])+)$"}, {"const": 0}]}),
]


def offset_in_words(offset: timedelta) -> str:
    """Return the time since the start as a file would say it: `0m`, `3m`, `1h30m`, `2d`."""
    left = int(offset.total_seconds())
    parts = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0m"
