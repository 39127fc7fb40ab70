"""How an item's words weigh in the comparison of stories: stems, and how common each is.

A word's first nine letters stand for it, which folds most endings in most languages without a table per language; scripts
that write no spaces give overlapping pairs of characters. How common a stem is comes from two counts: the shipped one, of the
training corpus (`stories_words.tsv`, written by `benchmarks/bench_stories.py --write-words`), and the running one of the stories in the
window, which learns what everybody writes about today.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

WORDS: Final = "stories_words.tsv"
NAMES: Final = "stories_names.tsv"

STEM_LETTERS: Final = 9
TOP_WEIGHTS: Final = 60
TEXT_LIMIT: Final = 20_000
"""Characters of a body that are read: what an article says first is what tells its story."""

MARKS: Final = "\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0900-\u0963\u0966-\u109f"
"""Vowel signs and other marks: Python's `\\w` ends a word of Hindi, Bengali or Tamil at each of them."""

_WORD: Final = re.compile(rf"(?:[^\W_]|[{MARKS}])+")
_UNSPACED: Final = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


def stems(text: str) -> Iterator[str]:
    """Yield the stems of the text in order: words cut to nine letters, pairs of characters where a script writes no spaces."""
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        position = 0
        for run in _UNSPACED.finditer(word):
            if run.start() > position:
                yield word[position : run.start()][:STEM_LETTERS]
            characters = run.group()
            for start in range(max(1, len(characters) - 1)):
                yield characters[start : start + 2]
            position = run.end()
        if position < len(word):
            yield word[position:][:STEM_LETTERS]


def count_stems(title: str, lead: str, text: str) -> Counter[str]:
    """Return how often each stem occurs, counted as `count_all` does."""
    return count_all(stems, title, lead, text[:TEXT_LIMIT])


def count_all(terms_of: Callable[[str], Iterable[str]], title: str, lead: str, text: str) -> Counter[str]:
    """Return how often each term occurs; the title counts twice, since a headline says what the story is."""
    counts = Counter(terms_of(title))
    counts.update(counts.copy())
    counts.update(terms_of(lead))
    counts.update(terms_of(text))
    return counts


@dataclass(slots=True)
class Frequencies:
    """How many documents hold each stem: `shipped` of `shipped_documents` never change, `running` follows the window."""

    shipped: Mapping[str, int]
    shipped_documents: int
    running: Counter[str] = field(default_factory=Counter)
    running_documents: int = 0

    def add(self, document: Iterable[str]) -> None:
        """Count a document's stems, each given once."""
        self.running.update(iter(document))  # the keys: of a mapping, a Counter would add the values
        self.running_documents += 1

    def remove(self, document: Iterable[str]) -> None:
        """Take back what `add` counted."""
        for stem in document:
            self.running[stem] -= 1
            if not self.running[stem]:
                del self.running[stem]
        self.running_documents -= 1

    def rarity(self, stem: str) -> float:
        """Return the stem's inverse document frequency (natural logarithm), 0 for a word of every document.

        The larger of the shipped share and the share of both counts together: a window holds only the weightiest stems of its
        documents, and must not make a common word rare.
        """
        shipped = self.shipped.get(stem, 0)
        documents = self.shipped_documents + self.running_documents + 1
        together = (shipped + self.running.get(stem, 0) + 1) / documents
        return -math.log(min(1.0, max(together, shipped / max(1, self.shipped_documents))))

    def shipped_rarity(self, stem: str) -> float:
        """Return the stem's inverse document frequency by the shipped counts alone."""
        return -math.log(min(1.0, (self.shipped.get(stem, 0) + 1) / (self.shipped_documents + 1)))

    def weigh(self, counts: Mapping[str, int]) -> dict[str, float]:
        """Return the document's weightiest stems as a vector of length 1, rounded so that a stored copy equals it."""
        weights = {stem: (1 + math.log(count)) * self.rarity(stem) for stem, count in counts.items()}
        best = sorted(weights.items(), key=lambda weight: (-weight[1], weight[0]))[:TOP_WEIGHTS]
        length = math.sqrt(sum(weight * weight for _, weight in best)) or 1.0
        return {stem: round(weight / length, 4) for stem, weight in best if weight > 0}


def shipped_frequencies(file: str = WORDS) -> Frequencies:
    """Return the frequencies that Newswire carries, of words or of names, with nothing running yet."""
    lines = resources.files("alerting").joinpath(file).read_text(encoding="utf-8").splitlines()
    documents = int(lines[0].split("\t")[1])
    shipped = {}
    for line in lines[1:]:
        stem, count = line.split("\t")
        shipped[stem] = int(count)
    return Frequencies(shipped, documents)
