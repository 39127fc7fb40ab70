"""What would be right: the valid word nearest to the one that somebody wrote."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from newswire import lookalikes

_SHOWN: Final = 60


def unknown(kind: str, word: str, choices: Iterable[str]) -> str:
    """Return the fault for a word that is none of `choices`, with the nearest of them, or with all where they are few."""
    known = sorted({str(choice) for choice in choices})
    word = word if len(word) <= _SHOWN else word[: _SHOWN - 1] + "…"  # comparing costs the square of the length
    if looks := lookalikes.fault(kind, word, known):
        return looks
    near = get_close_matches(word.casefold(), {choice.casefold() for choice in known}, n=1, cutoff=0.6)
    if near:
        return f"unknown {kind} {word!r}; did you mean {next(choice for choice in known if choice.casefold() == near[0])!r}?"
    if not known:
        return f"unknown {kind} {word!r}; there is none yet"
    return f"unknown {kind} {word!r}; one of: {some(known, limit=12)}"


def some(words: Iterable[str], *, limit: int, joint: str = ", ") -> str:
    """Return the words in a row, the first `limit` of them and how many more."""
    listed = list(words)
    row = joint.join(listed[:limit])
    return row if len(listed) <= limit else f"{row} and {len(listed) - limit} more"


def quoted(words: Iterable[str], *, limit: int = 6, last: str = "or") -> str:
    """Return `'a', 'b' or 'c'`, the first `limit` of the words and how many more; `nothing` where there is none."""
    listed = list(words)
    if not listed:
        return "nothing"
    shown = [f"'{word}'" for word in listed[:limit]]
    if len(listed) > limit:
        return f"{', '.join(shown)} {last} {len(listed) - limit} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {last} {shown[-1]}"
