"""`make bench-reader`: what the second step costs on a realistic day, and where every item is read (`--quick` for a trial).

1. The share of a realistic day (`benchmarks.realistic_mix`: 1 item in 50 about the subject) that the first step leaves to the reader, and the
   items a second through both steps on the machine's cores, beside the first step alone.
2. Items a second where the reader is asked about every English item, one by one as they arrive.
3. Resident memory of both steps, beside the first alone.

What the first step costs in recall is measured out of fold: `newswire evaluate --cross-validate` says it under its table.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from benchmarks.realistic_mix import realistic_mix
from newswire.records import DecidedBy
from processors.language import LanguageReader
from processors.reader import Reader
from processors.reader_text import LANGUAGE, ReaderSentence
from processors.taxonomy import load_taxonomy
from processors.two_steps import Answer
from processors.understand import MODEL_FOLDER, TAXONOMY_FOLDER, Understanding
from processors.weights import FILE, load_weights

CONFIG = Path(__file__).resolve().parents[1] / "config"
SEED = 20261127
MIX_LEAST = 60.0
ALL_LEAST = 20.0
ROUNDS = 3


class EveryItem:
    """The reader, asked about every item of its language."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.steps = replace(reader.steps, low=0.0, high=1.0)
        self.version = reader.version

    def read(self, items: Sequence[Sequence[ReaderSentence]]) -> list[Answer]:
        return self._reader.read(items)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="500 items: a trial, not a figure")
    options = parser.parse_args()
    count = 500 if options.quick else options.items
    taxonomy, language, weights = load_taxonomy(CONFIG / TAXONOMY_FOLDER), LanguageReader(), load_weights(CONFIG / MODEL_FOLDER / FILE)
    first = Understanding(taxonomy, language, weights)
    mix = realistic_mix(count, SEED)
    read(first, mix[:200])
    before = resident_mib()
    reader = Reader.load(CONFIG / MODEL_FOLDER)
    if reader is None:
        raise SystemExit("there is no reader in config/model: newswire train --encoder makes one")
    both = Understanding(taxonomy, language, weights, reader)
    asked = sum(found.decided_by is DecidedBy.READER for found in (both.read(**item) for item in map(words_of, mix)))
    print(f"{count:,} items of a realistic day, 1 in 50 about the subject: the reader is asked about {asked} ({asked / count:.1%})")
    print(f"resident memory: the first step {before:.0f} MiB, both {resident_mib():.0f} MiB")
    alone, together = (max(len(mix) / read(one, mix) for _ in range(ROUNDS)) for one in (first, both))
    print(f"that day: {together:.0f} items/s through both steps (limit {MIX_LEAST:.0f}), {alone:.0f} through the first alone")
    english = [item for item in realistic_mix(count * 5, SEED + 1) if item["subject"] and item["lang"] == LANGUAGE][
        : 50 if options.quick else 200
    ]
    every = Understanding(taxonomy, language, weights, EveryItem(reader))
    rate = max(len(english) / read(every, english) for _ in range(ROUNDS))
    print(f"every item read: {rate:.0f} items/s, {len(english)} English items about the subject (limit {ALL_LEAST:.0f})")


def words_of(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("title", "summary", "text", "outlet")}


def read(understanding: Understanding, items: Sequence[dict[str, Any]]) -> float:
    """Return the seconds that all items take, one after the other, on as many cores as the reader uses."""
    start = time.perf_counter()
    for item in items:
        understanding.read(**words_of(item))
    return time.perf_counter() - start


def resident_mib() -> float:
    return psutil.Process().memory_info().rss / 2**20


if __name__ == "__main__":
    main()
