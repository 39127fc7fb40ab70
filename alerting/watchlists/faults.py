"""What is wrong in a file of the desk, by the path of keys that leads there; the loader turns paths into lines."""

from collections.abc import Iterator
from dataclasses import dataclass


class UnusableError(ValueError):
    """What stands in the file cannot be used; the text says what would be right. Pydantic gathers these, so all come at once."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. A warning does not keep the watchlist from working."""

    path: tuple[str | int, ...]
    message: str
    warning: bool = False


def texts(raw: object) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield the texts of a key that takes one text or a list of them, each with the rest of its path."""
    if isinstance(raw, str) and raw:
        yield (), raw
    for n, one in enumerate(raw if isinstance(raw, list) else ()):
        if isinstance(one, str) and one:
            yield (n,), one
