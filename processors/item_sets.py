"""The sets of items that figures are taken on: all, English, other languages, hard cases, or what `--by` asks for. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

UNSAID: Final = "und"
_FEW: Final = 3  # items of an outlet, under which it gets no row of its own


class By(StrEnum):
    """What `--by` tells items apart by."""

    LANGUAGE = "language"
    HARD = "hard"
    SOURCE = "source"


def sets_of(records: Sequence[Mapping[str, Any]], by: By | None = None) -> list[tuple[str, list[int]]]:
    """Return named sets of items by their places: all, then English, other languages and hard cases, or the sets that `by` asks for."""
    languages = [record.get("lang") or UNSAID for record in records]
    everything = ("all", list(range(len(records))))
    if by is By.LANGUAGE:
        return [everything, *_by_value(languages)]
    if by is By.HARD:
        return [everything, *_by_value(["hard" if record.get("hard") else "not hard" for record in records])]
    if by is By.SOURCE:
        outlets = [str(record.get("outlet") or "no outlet") for record in records]
        times = Counter(outlets)
        return [everything, *_by_value([name if times[name] >= _FEW else f"outlets of under {_FEW}" for name in outlets])]
    return [
        everything,
        ("English", [at for at, language in enumerate(languages) if language == "en"]),
        ("others", [at for at, language in enumerate(languages) if language not in ("en", UNSAID)]),
        ("hard", [at for at, record in enumerate(records) if record.get("hard")]),
    ]


def _by_value(values: Sequence[str]) -> list[tuple[str, list[int]]]:
    ordered = [value for value, _ in sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))]
    return [(value, [at for at, of in enumerate(values) if of == value]) for value in ordered]
