"""Counts as a row of bars. Pure."""

from collections.abc import Sequence
from typing import Final

_BARS: Final = "▁▂▃▅▇"


def sparkline(counts: Sequence[int]) -> str:
    """Return a bar for each count, the highest for the greatest of them; the lowest bar is for nothing alone."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] if count > 0 else _BARS[0] for count in counts)
