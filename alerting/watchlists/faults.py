"""What is wrong in a file of the desk, by the path of keys that leads there; the loader turns paths into lines."""

from dataclasses import dataclass


class UnusableError(ValueError):
    """What stands in the file cannot be used; the text says what would be right. Pydantic gathers these, so all come at once."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. A warning does not keep the watchlist from working."""

    path: tuple[str | int, ...]
    message: str
    warning: bool = False
