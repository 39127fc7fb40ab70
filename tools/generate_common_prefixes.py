"""Write `alerting/watchlists/common_prefixes.tsv`: the beginnings of words that a hundred common English words share.

    pip install symspellpy==6.10.1 && python tools/generate_common_prefixes.py

The words are the 40,000 most frequent of the English frequency dictionary that comes with symspellpy (MIT License, Wolf Garbe and
mmb L): Google Books Ngram's counts for the words of SCOWL. An educated reader knows about as many.
"""

from collections import defaultdict
from importlib.resources import files
from pathlib import Path
from typing import Final

_WORDS: Final = 40_000
_MANY: Final = 100
_LEAST_LETTERS: Final = 4  # a shorter prefix is refused anyway
_EXAMPLES: Final = 4
_TARGET: Final = Path(__file__).parents[1] / "alerting" / "watchlists" / "common_prefixes.tsv"


def common_words(dictionary: str) -> list[str]:
    """Return the most frequent words, those of letters alone, the most frequent first."""
    counted = [line.split() for line in dictionary.splitlines()]
    frequent = sorted(counted, key=lambda pair: (-int(pair[1]), pair[0]))[:_WORDS]
    return [word for word, _ in frequent if word.isalpha()]


def crowded(words: list[str]) -> dict[str, list[str]]:
    """Return each beginning that many of the words share, with those words."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in words:
        for length in range(_LEAST_LETTERS, len(word) + 1):
            found[word[:length]].append(word)
    return {prefix: sharing for prefix, sharing in sorted(found.items()) if len(sharing) >= _MANY}


if __name__ == "__main__":
    dictionary = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text("utf-8-sig")
    rows = [f"{prefix}\t{len(words)}\t{' '.join(words[:_EXAMPLES])}\n" for prefix, words in crowded(common_words(dictionary)).items()]
    head = (
        "# Beginnings that at least 100 of the 40,000 most frequent English words share: prefix, words, the most frequent of them.\n"
        "# From symspellpy's dictionary (MIT License), written by tools/generate_common_prefixes.py: do not edit.\n"
    )
    _TARGET.write_text(head + "".join(rows), "utf-8")
